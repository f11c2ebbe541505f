"""The cosignatures of witnesses in their table: verified lines under checkpoints, of each key the latest.

They are kept beside the checkpoints, never in them: what the log signed for a tree size stays what it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One signature line with its line feed, which key it is by, and when that signed, in POSIX seconds.

    `key` is the name and the id of the key: witness.example/gb+5f3a91c2
    """

    key: str
    timestamp: int
    line: bytes


def keep_cosignatures(cursor: Cursor[tuple[Any, ...]], tree_size: int, cosignatures: Iterable[Cosignature]) -> None:
    """Store lines under the checkpoint of `tree_size`; an earlier one of the same key gives way."""
    cursor.executemany(
        "INSERT INTO public.cosignatures (tree_size, key, cosigned_at, line) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (key, tree_size) DO UPDATE SET cosigned_at = excluded.cosigned_at, line = excluded.line"
        " WHERE excluded.cosigned_at > cosignatures.cosigned_at",
        [(tree_size, one.key, one.timestamp, one.line) for one in cosignatures],
    )


def read_cosignatures(cursor: Cursor[tuple[Any, ...]], tree_size: int) -> list[Cosignature]:
    """Return the lines under the checkpoint of `tree_size`, by their keys' names."""
    cursor.execute(
        "SELECT key, cosigned_at, line FROM public.cosignatures WHERE tree_size = %s ORDER BY key",
        [tree_size],
        binary=True,
    )
    return [Cosignature(*row) for row in cursor.fetchall()]


def cosigned_sizes(cursor: Cursor[tuple[Any, ...]], at_least: int, limit: int) -> list[int]:
    """Return at most `limit` tree sizes from `at_least` on that somebody cosigned, the largest first."""
    cursor.execute(
        "SELECT DISTINCT tree_size FROM public.cosignatures WHERE tree_size >= %s ORDER BY tree_size DESC LIMIT %s",
        [at_least, limit],
    )
    return [size for (size,) in cursor.fetchall()]


def read_newest(cursor: Cursor[tuple[Any, ...]], keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the largest tree size that each of `keys` cosigned, and when it did so last."""
    cursor.execute(
        "SELECT wanted.key, newest.* FROM unnest(%s::text[]) AS wanted (key) CROSS JOIN LATERAL ("
        "SELECT tree_size, cosigned_at FROM public.cosignatures WHERE key = wanted.key"
        " ORDER BY tree_size DESC LIMIT 1) AS newest",
        [list(keys)],
    )
    return {key: (size, at) for key, size, at in cursor.fetchall()}
