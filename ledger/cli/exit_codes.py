"""What the process says when it ends, so that a script can tell a lie from a broken line.

0  valid, or done
1  proven invalid: a signature, a proof, an entry or an act is not what it should be
2  usage: the command, a file of the caller's own or an address is wrong
3  undecidable: nothing is known, because something could not be reached or is missing
4  not authorised: the key, the passphrase or the mandate does not allow it
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The five ways to end."""

    VALID = 0
    INVALID = 1
    USAGE = 2
    UNDECIDABLE = 3
    NOT_AUTHORISED = 4
