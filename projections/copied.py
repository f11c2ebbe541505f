"""Rows into the tables of the projections, by binary COPY."""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final, LiteralString

import psycopg

from ledger.rules.compact import encode_state
from ledger.store.binary_copy import NULL, copy_in, field, moment, name, names
from projections.folding import ActRow, RowVersion

_COPY_ROWS: Final[LiteralString] = (
    "COPY projection_rows (generation, from_position, until_position, stream, kind, parties, instrument, commitment,"
    " state) FROM STDIN (FORMAT BINARY)"
)
_COPY_ACTS: Final[LiteralString] = (
    "COPY projection_acts (generation, position, recorded_at, sequence, event_id, payload_sha256, stream, type, party,"
    " authority, parties, instrument, pending_on) FROM STDIN (FORMAT BINARY)"
)

_ROW: Final = Struct("!hiqiq")
_ACT: Final = Struct("!hiqiqiqiq")
"""The number of columns, then those of eight bytes, each after its length."""

_NUMBER: Final = Struct("!iq")


def copy_rows(
    connection: psycopg.Connection, generation: int, rows: Sequence[RowVersion], until: Iterable[int | None]
) -> None:
    """Append rows of streams, each with the position of the one that replaces it."""
    copied = [_row(generation, *one) for one in zip(rows, until, strict=True)]
    copy_in(connection.cursor(), _COPY_ROWS, copied)


def copy_acts(connection: psycopg.Connection, generation: int, acts: Iterable[ActRow]) -> None:
    """Append rows of acts."""
    copy_in(connection.cursor(), _COPY_ACTS, [_act(generation, act) for act in acts])


def _row(generation: int, row: RowVersion, until: int | None) -> bytes:
    links = row.links
    return b"".join(
        (
            _ROW.pack(9, 8, generation, 8, row.from_position),
            _NUMBER.pack(8, until) if until is not None else NULL,
            field(row.stream.encode()),
            name(row.kind),
            names(links.parties),
            name(links.instrument),
            name(links.commitment),
            field(encode_state(row.state)),
        )
    )


def _act(generation: int, act: ActRow) -> bytes:
    return b"".join(
        (
            _ACT.pack(13, 8, generation, 8, act.position, 8, moment(act.recorded_at), 8, act.sequence),
            field(act.event_id.encode()),
            field(act.payload_sha256.encode()),
            field(act.stream.encode()),
            name(act.type),
            name(act.party),
            name(act.authority),
            names(act.parties),
            name(act.instrument),
            names(act.pending_on),
        )
    )
