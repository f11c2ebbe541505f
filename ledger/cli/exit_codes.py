"""What the process says when it ends, so that a script can tell a lie from a broken line.

0  valid, or done
1  proven invalid: a signature, a proof, an entry or an act is not what it should be
2  usage: the command, a file of the caller's own or an address is wrong
3  undecidable: nothing is known, because something could not be reached or is missing
4  not authorised: the key, the passphrase or the mandate does not allow it
"""

from enum import IntEnum
from typing import Final

from ledger.client.errors import AnswerMalformed, ClientError, LedgerRefused, NotThere, Unreachable
from ledger.client.scenario import ScenarioError
from ledger.events.refusals import Refusal, Rejected
from ledger.log.errors import LogInvalid
from ledger.signing.keys import BadSignature


class ExitCode(IntEnum):
    """The five ways to end."""

    VALID = 0
    INVALID = 1
    USAGE = 2
    UNDECIDABLE = 3
    NOT_AUTHORISED = 4


class KeyLocked(ClientError):
    """A private key that this passphrase does not open."""


MANDATE_REFUSALS: Final = frozenset(
    {
        Refusal.AUTHORITY_UNKNOWN,
        Refusal.KEY_UNKNOWN,
        Refusal.THRESHOLD_NOT_MET,
        Refusal.AUTHORITY_NOT_OF_PARTY,
        Refusal.AUTHORITY_REVOKED,
        Refusal.AUTHORITY_CONTESTED,
        Refusal.AUTHORITY_NOT_YET_VALID,
        Refusal.AUTHORITY_EXPIRED,
        Refusal.SERVICE_KEY_ONLY,
        Refusal.SIGNER_NOT_ENTITLED,
        Refusal.OUT_OF_SCOPE,
        Refusal.OVER_CAP,
    }
)
"""Refusals that say: not by you."""

REFUSALS: Final = frozenset(Refusal)
HTTP_NOT_AUTHORISED: Final = frozenset({401, 403})


def exit_code_of(error: Exception) -> ExitCode | None:
    """Return how an expected error ends the process; None for one that nobody expected."""
    match error:
        case KeyLocked():
            return ExitCode.NOT_AUTHORISED
        case LedgerRefused():
            return exit_code_of_refusal(error.problem.code, error.problem.status)
        case Unreachable() | NotThere() | AnswerMalformed():
            return ExitCode.UNDECIDABLE
        case ClientError() | ScenarioError():
            return ExitCode.USAGE
        case Rejected() | LogInvalid() | BadSignature():
            return ExitCode.INVALID
        case OSError():
            return ExitCode.UNDECIDABLE
        case _:
            return None


def exit_code_of_refusal(code: str, status: int) -> ExitCode:
    """Return how a refusal ends the process."""
    if code in MANDATE_REFUSALS or status in HTTP_NOT_AUTHORISED:
        return ExitCode.NOT_AUTHORISED
    # Everything else that a ledger answers is about the request: a parameter, a length, a media type.
    return ExitCode.INVALID if code in REFUSALS else ExitCode.USAGE
