"""What a cosigner signs of a checkpoint (C2SP tlog-cosignature), and the strict reading of the lines that it takes.

Bytes only: who signs them, and with what, is decided elsewhere.
"""

import re
from typing import Final

from ledger.log.errors import CheckpointInvalid, shown
from ledger.log.tiles import HASH_BYTES, TREE_SIZE_MAX
from ledger.signing.encoding import from_base64

TIMESTAMP_MAX: Final = 2**63 - 1
NAME_BYTES_MAX: Final = 255
"""A subtree message writes the lengths of the cosigner's name and of the origin as one byte each."""

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_SUBTREE: Final = b"subtree/v1\n\0"


def parse_decimal(text: str) -> int:
    """Return a number from 0 to 2**63 - 1 without sign or leading zeros. Raises ValueError for all else."""
    if not _DECIMAL.fullmatch(text) or int(text) > TREE_SIZE_MAX:
        raise ValueError(f"expected a decimal of 0 to {TREE_SIZE_MAX}; got {shown(text.encode(errors='replace'))}")
    return int(text)


def checkpoint_fields(text: bytes) -> tuple[str, int, bytes]:
    """Return origin, tree size and root of a text of exactly these three lines, spelled in the one way there is.

    Raises CheckpointInvalid for all else; whether origin and root can be those of a log is not looked at.
    """
    try:
        origin, size, root, rest = text.decode().split("\n")
    except ValueError:
        raise CheckpointInvalid("exactly three lines of UTF-8, each ended by a line feed", shown(text)) from None
    if rest:
        raise CheckpointInvalid("a line feed after the third line and nothing else", shown(rest.encode()))
    try:
        return origin, parse_decimal(size), from_base64(root)
    except ValueError as error:
        raise CheckpointInvalid("origin, decimal size and base64 root", f"{shown(text)}: {error}") from None


def cosignature_message(text: bytes, timestamp: int) -> bytes:
    """Return what an Ed25519 cosigner (type 0x04) signs of the checkpoint `text` at `timestamp`, in POSIX seconds:

        cosignature/v1
        time 1679315147
        ledger.example/compact
        1742
        3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

    It does not name the cosigner. Raises ValueError for a time outside 0 to 2**63 - 1.
    """
    _check_timestamp(timestamp)
    return f"cosignature/v1\ntime {timestamp}\n".encode() + text


def subtree_message(name: str, timestamp: int, origin: str, start: int, end: int, hash_: bytes) -> bytes:
    """Return what the ML-DSA-44 cosigner `name` (type 0x06) signs of the leaves `start` to `end` of the log `origin`.

    `hash_` is the root of that subtree; of a checkpoint, `start` is 0, `end` the tree size and `hash_` the root.
    Layout: `subtree/v1\\n\\0`, name, time, origin, start, end, hash; texts after their length in one byte, numbers in
    eight bytes, big-endian. Raises ValueError for a text that is empty or above 255 bytes, for numbers outside 0 to
    2**63 - 1 or in the wrong order, for a time other than 0 where `start` is not 0, and for a hash of other than 32
    bytes.
    """
    _check_timestamp(timestamp)
    if not 0 <= start <= end <= TREE_SIZE_MAX:
        raise ValueError(f"expected 0 <= start <= end <= {TREE_SIZE_MAX}; got {start}, {end}")
    if start and timestamp:
        raise ValueError(f"expected time 0 for a subtree that does not start at 0; got {timestamp}")
    if len(hash_) != HASH_BYTES:
        raise ValueError(f"expected a hash of {HASH_BYTES} bytes; got {len(hash_)}")
    return b"".join(
        (
            _SUBTREE,
            _with_length(name),
            timestamp.to_bytes(8),
            _with_length(origin),
            start.to_bytes(8),
            end.to_bytes(8),
            hash_,
        )
    )


def checkpoint_message(name: str, timestamp: int, text: bytes) -> bytes:
    """Return the subtree message of the whole tree of the checkpoint `text`.

    Raises CheckpointInvalid if the text is none, and ValueError as `subtree_message` does.
    """
    origin, tree_size, root = checkpoint_fields(text)
    return subtree_message(name, timestamp, origin, 0, tree_size, root)


def _check_timestamp(timestamp: int) -> None:
    if not 0 <= timestamp <= TIMESTAMP_MAX:
        raise ValueError(f"expected a time of 0 to {TIMESTAMP_MAX} seconds; got {timestamp}")


def _with_length(text: str) -> bytes:
    encoded = text.encode()
    if not 1 <= len(encoded) <= NAME_BYTES_MAX:
        raise ValueError(f"expected a name of 1 to {NAME_BYTES_MAX} bytes; got {len(encoded)}")
    return bytes([len(encoded)]) + encoded
