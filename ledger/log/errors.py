"""What is raised when bytes of the log, or proofs about them, are not what they claim to be.

Every message says what was expected and what came, in printable ASCII and short, whoever wrote the bytes.
"""

from typing import Final

SHOWN_BYTES_MAX: Final = 60
"""How much of somebody else's text a message repeats."""


class LogInvalid(Exception):
    """Not what it claims to be.

    expected exactly 32 bytes of root; got 31 bytes
    """

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected = expected
        self.got = got

    def __reduce__(self) -> tuple[type["LogInvalid"], tuple[str, str]]:
        # An exception is made again from its message alone unless it says otherwise: it could not leave its process.
        return type(self), (self.expected, self.got)


class EntryMalformed(LogInvalid):
    """Bytes that are no entry of the log."""


class TileInvalid(LogInvalid):
    """A tile that lacks hashes it should hold, or a path that names no tile."""


class ProofInvalid(LogInvalid):
    """A proof that does not prove what was asked."""


class NoteInvalid(LogInvalid):
    """A note or a verifier key that is malformed, or that no known key signed."""


class NotSigned(NoteInvalid):
    """A note without a line by any key that is believed; none of its lines was found false."""


class CheckpointInvalid(LogInvalid):
    """A text that is no checkpoint, or that of another log."""


class PolicyInvalid(LogInvalid):
    """A policy file that is malformed, or that refers to what it does not define."""


class ReceiptInvalid(LogInvalid):
    """A receipt that is malformed or belongs to another entry."""


class BundleInvalid(LogInvalid):
    """A bundle that is malformed, or whose entries do not show what it is for."""


class StatementInvalid(LogInvalid):
    """A statement that is malformed, not signed by the ledger, or not borne out by what stands with it."""


class CoseMalformed(LogInvalid):
    """Bytes that are no deterministic CBOR, or no COSE of the expected shape."""


def shown(data: bytes) -> str:
    """Return the beginning of `data` as a printable ASCII literal, such as `b'007'`."""
    return repr(data) if len(data) <= SHOWN_BYTES_MAX else f"{data[:SHOWN_BYTES_MAX]!r}..."
