"""Signed acts in files: one envelope, or one on each line.

An envelope is canonical JSON and holds no line feed, so a line is an envelope, and its bytes are never touched.
"""

from pathlib import Path
from typing import BinaryIO, Final

from ledger.client.errors import ClientError
from ledger.signing.dsse import ENVELOPE_BYTES_MAX

ENVELOPES_MAX: Final = 100_000
ENVELOPE_BEGINS: Final = b'{"payload":'
"""How every envelope begins, since the members of canonical JSON are sorted."""


def read_envelopes(path: Path) -> list[bytes]:
    """Return the lines of a file. Raises ClientError for none, for too many and for one that is too long."""
    try:
        with path.open("rb") as file:
            return read_lines(file, str(path))
    except FileNotFoundError:
        raise ClientError(f"a signed act at {path}", "no such file", "Sign it with gledger event sign.") from None


def read_lines(file: BinaryIO, name: str) -> list[bytes]:
    """Return the envelopes that `file` holds, one a line; the line feed after the last may be missing."""
    envelopes: list[bytes] = []
    while line := file.readline(ENVELOPE_BYTES_MAX + 2):
        if len(line.rstrip(b"\n")) > ENVELOPE_BYTES_MAX:
            raise ClientError(f"{name}: envelopes of at most {ENVELOPE_BYTES_MAX} bytes", "a longer line", "Sign less.")
        if line == b"\n":
            continue
        envelopes.append(line.removesuffix(b"\n"))
        if len(envelopes) > ENVELOPES_MAX:
            raise ClientError(f"{name}: at most {ENVELOPES_MAX} acts", "more", "Submit them in parts.")
    if not envelopes:
        raise ClientError(f"{name}: a signed act", "an empty file", "Sign one with gledger event sign.")
    return envelopes


def is_envelope(path: Path) -> bool:
    """Tell whether the file begins as an envelope does. Raises ClientError if there is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(ENVELOPE_BEGINS)) == ENVELOPE_BEGINS
    except FileNotFoundError:
        raise ClientError(f"a draft or envelope at {path}", "no such file", "Draft it: gledger event draft.") from None
