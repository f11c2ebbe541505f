"""The whole audit of an export or a server: the log by `ledger.audit`, then the figures that were derived from it.

The figures are derived again from the entries alone, by the functions that answer everybody else, and compared: an
export's file byte by byte, a server's answers guarantor by guarantor. Their day is that of the last entry, so that no
byte of the file is free.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.audit.ahead import auditor_by
from ledger.audit.audit import Audited, Pins, audit
from ledger.audit.auditor import Auditor, Followed
from ledger.audit.copies import opened_copy
from ledger.audit.export import PROJECTIONS, ExportDirectory, add_file
from ledger.audit.findings import (
    Finding,
    Lie,
    LieFound,
    Proved,
    Report,
    Undecidable,
    Verdict,
    invalid,
    readable,
    undecided,
)
from ledger.audit.source import Source
from ledger.audit.tile_source import TileSource
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.client.source import LedgerUrl, only_tiles
from ledger.rules.memory import MemoryCompact
from ledger.signing.process import undisturbed
from ledger.signing.workers import Workers
from projections.audited_answers import KnownAt, check_digests, check_every_answer
from projections.audited_file import (
    agreed,
    check_file,
    guarantors_of,
    known_from,
    obligations_answer,
    parts_of,
)
from projections.digests import DIGESTS_TREE_SIZE_MAX, Digests, digests
from projections.plain import first_difference

SHOWN_BYTES: Final = 40
NO_FIGURES: Final = f"There is no {PROJECTIONS}: no figure was compared."

HERE: Final = Workers(0)
"""No process but this one. With `workers` the lines of a long log are examined by them; nothing else differs."""

Watch = Callable[[Followed], None]


def audit_export(directory: Path, pins: Pins, watch: Watch) -> Report:
    """Return what was proved about the export in `directory`, its figures included."""
    return _of_export(ExportDirectory(directory), pins, watch, auditor_by(HERE))


def _of_export(source: ExportDirectory, pins: Pins, watch: Watch, auditor: Auditor) -> Report:
    def figures(audited: Audited) -> tuple[list[Proved], list[str]]:
        strangers = source.strangers()
        assumed = [f"No part of an export, and not read: {', '.join(strangers)}."] if strangers else []
        with source.opened_projections() as written:
            if written is None:
                return [], [NO_FIGURES, *assumed]
            return [check_file(audited, written)], assumed

    return _report(source, pins, watch, figures, auditor)


def audit_files(path: Path, pins: Pins, watch: Watch, workers: Workers = HERE) -> Report:
    """Return what was proved about a copy: an export, a folder of tiles or a zip of one, as its form tells."""
    try:
        with opened_copy(path) as source:
            if isinstance(source, TileSource):
                return audit_tiles(source, pins, watch, workers)
            return _of_export(source, pins, watch, auditor_by(workers))
    except LieFound as lie:
        return invalid(str(path), lie.finding)
    except Undecidable as reason:
        return undecided(str(path), str(reason))


def audit_tiles(source: TileSource, pins: Pins, watch: Watch, workers: Workers = HERE) -> Report:
    """Return what was proved about a folder of tiles, each of its files included. No figures are stated there."""

    def tiles(audited: Audited) -> tuple[list[Proved], list[str]]:
        proved = source.compared()
        strangers = source.strangers(audited.checkpoint.tree_size)
        return [proved], [NO_FIGURES, *([strangers] if strangers is not None else [])]

    return _report(source, pins, watch, tiles, auditor_by(workers))


def audit_url(
    client: LedgerClient, pins: Pins, watch: Watch, workers: Workers = HERE, *, every_answer: bool = False
) -> Report:
    """Return what was proved about the ledger that `client` speaks to, its answers included.

    Obligations are compared one by one, the other answers by their digests; with `every_answer` these one by one too.
    Where there are only files of tiles, as behind the web server of a mirror, it is about those.
    """
    if (tiles := only_tiles(client)) is not None:
        return audit_tiles(tiles, pins, watch, workers)
    auditor = auditor_by(workers)
    known_at = KnownAt(auditor, acts_max=None if every_answer else DIGESTS_TREE_SIZE_MAX)

    def figures(audited: Audited) -> tuple[list[Proved], list[str]]:
        proved = [check_answers(audited, client)]
        by_digest, assumed = check_digests(audited, known_at, client)
        one_by_one = [check_every_answer(audited, known_at, client)] if every_answer else []
        return [*proved, *by_digest, *one_by_one], assumed

    def watched(followed: Followed) -> None:
        known_at.take(followed)
        watch(followed)

    source = LedgerUrl(client, witnessed=pins.policy is not None and bool(pins.policy.witnesses))
    return _report(source, pins, watched, figures, auditor)


def digests_at(directory: Path, tree_size: int | None, as_of: date | None) -> tuple[Report, Digests | None]:
    """Audit an export, and return the digests of all answers at a tree size as of a day; None if it was not valid.

    Without a tree size that of the export, without a day that of the last entry that counts.
    """
    auditor = Auditor(MemoryCompact())
    known_at = KnownAt(auditor, tree_size)
    found: list[Digests] = []

    def figures(audited: Audited) -> tuple[list[Proved], list[str]]:
        if tree_size is not None and len(known_at.acts) < tree_size:
            raise Undecidable(f"expected {tree_size} entries; the export has {audited.checkpoint.tree_size}")
        assert known_at.recorded_at is not None
        found.append(digests(known_at.whole(as_of or known_at.recorded_at.date())))
        return [], []

    report = _report(ExportDirectory(directory), Pins(), known_at.take, figures, auditor)
    return report, found[0] if found else None


def _unwatched(followed: Followed) -> None:
    """Nobody wants to be told."""


def write_projections(directory: Path, workers: Workers = HERE, watch: Watch = _unwatched) -> Report:
    """Audit the entries of an export and, unless they are refused, put the figures that follow from them beside them.

    The report says nothing of the figures: nobody else has stated any.
    """

    def write(audited: Audited) -> tuple[list[Proved], list[str]]:
        add_file(directory, PROJECTIONS, (part.raw for part in parts_of(audited, known_from(audited))))
        return [], []

    return _report(ExportDirectory(directory), Pins(), watch, write, auditor_by(workers))


def _report(
    source: Source,
    pins: Pins,
    watch: Watch,
    figures: Callable[[Audited], tuple[list[Proved], list[str]]],
    auditor: Auditor,
) -> Report:
    try:
        audited = audit(source, pins, auditor, watch)
        with undisturbed():
            proved, assumed = figures(audited)
    except LieFound as lie:
        return invalid(source.name, lie.finding)
    except Undecidable as reason:
        return undecided(source.name, str(reason))
    return Report(
        source.name,
        Verdict.VALID,
        audited.checkpoint.origin,
        audited.checkpoint.tree_size,
        audited.checkpoint.root.hex(),
        (*audited.proved, *proved),
        (*audited.assumed, *assumed),
    )


def check_answers(audited: Audited, client: LedgerClient) -> Proved:
    """Return the line of the report if the server answers for every guarantor what follows from the entries.

    Raises LieFound; Undecidable where it does not answer.
    """
    known = known_from(audited)
    guarantors = guarantors_of(known)
    query: dict[str, str | int] = {"as_of": known.as_of.isoformat(), "known_at": audited.checkpoint.tree_size}
    for party in guarantors:
        path = f"/v1/guarantors/{party}/obligations"
        try:
            answer = client.read_all(path, query)
        except ClientError as error:
            raise Undecidable(str(error)) from None
        _check_answer(f"{client.connection.url}{path}", query, obligations_answer(known, party), answer)
    return agreed(len(guarantors), known, "the server's answers")


def _check_answer(place: str, query: dict[str, str | int], derived: object, answer: dict[str, Any]) -> None:
    """Raise LieFound unless the answer is about the times asked for and says what was derived."""
    expected = _plain({**query, "data": derived})
    got = _plain({"as_of": answer.get("as_of"), "known_at": answer.get("known_at"), "data": answer.get("data")})
    if expected != got:
        at = first_difference(expected, got)
        evidence = {"derived": readable(expected), "answered": readable(got)}
        raise LieFound(Finding(Lie.PROJECTION_WRONG, place, None, _excerpt(expected, at), _excerpt(got, at), evidence))


def _plain(value: object) -> bytes:
    """Return one form of a JSON value, for comparison only: a server may order members as it likes."""
    return msgspec.json.encode(value, order="sorted")


def _excerpt(data: bytes, at: int) -> str:
    """Return what stands around a place, or that it is the end."""
    begin = max(0, at - SHOWN_BYTES)
    return ascii(readable(data[begin : at + SHOWN_BYTES])) if at < len(data) else "the end"
