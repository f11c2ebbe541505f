"""Lists of logs to be witnessed, as the witness network publishes them (`logs/v0`). Pure."""

from typing import Final

from ledger.log.checkpoint import Checkpoint
from ledger.log.errors import LogInvalid, shown
from ledger.log.note import VerifierKey, parse_vkey
from ledger.log.tree import EMPTY_ROOT

HEADER: Final = "logs/v0"
LIST_BYTES_MAX: Final = 16 * 1024 * 1024
UNUSED: Final = frozenset({"bastion", "qpd", "contact"})
"""What a list says beside keys and origins. Rates are kept by the proxy before the witness."""


class LogListInvalid(LogInvalid):
    """Bytes that are no list of logs."""


def parse_log_list(raw: bytes) -> list[tuple[str, VerifierKey]]:
    """Return the origin and the key of each log of the list, in its order:

        # 10qps-1Mlogs
        logs/v0

        vkey example.com/log+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
        origin none
        qpd 86400
        contact https://example.com/contact

    The origin `none`, or none at all, is the name of the key. Raises LogListInvalid, NoteInvalid for a key and
    CheckpointInvalid for an origin that no checkpoint can have; then nothing of the list is to be used.
    """
    if len(raw) > LIST_BYTES_MAX:
        raise LogListInvalid(f"at most {LIST_BYTES_MAX} bytes", f"{len(raw)} bytes")
    header, *lines = _lines(raw) or [""]
    if header != HEADER:
        raise LogListInvalid(f"a list that begins with {HEADER}", shown(header.encode()))
    logs: list[tuple[str, VerifierKey]] = []
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "vkey":
            vkey = parse_vkey(value)
            logs.append((checked_origin(vkey.name), vkey))
        elif not logs or word not in UNUSED | {"origin"}:
            raise LogListInvalid("vkey, then origin, bastion, qpd or contact", shown(line.encode()))
        elif word == "origin" and value != "none":
            logs[-1] = (checked_origin(value), logs[-1][1])
    return logs


def checked_origin(origin: str) -> str:
    """Return `origin` if a checkpoint can have it. Raises CheckpointInvalid."""
    return Checkpoint(origin, 0, EMPTY_ROOT).origin


def _lines(raw: bytes) -> list[str]:
    try:
        lines = raw.decode().split("\n")
    except UnicodeDecodeError as error:
        raise LogListInvalid("UTF-8", f"byte 0x{raw[error.start]:02x} at offset {error.start}") from None
    return [line for line in lines if line.strip() and not line.startswith("#")]
