"""`projections.json`: every guarantor's obligations as they follow from audited entries, one guarantor at a time.

    {"as_of":"2026-11-24","known_at":1742,"obligations":{"gb":[...],"uk":[...]},"origin":"...","root":"9f86..."}

Canonical JSON (RFC 8785) without a line feed. It is written and compared in parts, so that the figures of a large log
never stand in memory together: the head, each guarantor, the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final

import msgspec

from ledger.audit.audit import Audited
from ledger.audit.export import PROJECTIONS
from ledger.audit.findings import Finding, Lie, LieFound, Proved, readable
from ledger.events.canonical import canonical_bytes
from projections.folded_rows import rows_at
from projections.obligations import obligations_of, proposed
from projections.plain import first_difference
from projections.reading import Known
from projections.summary import GUARANTOR_ROLES

SHOWN_BYTES: Final = 40
COMMITMENTS_AT_ONCE: Final = 500


def known_from(audited: Audited) -> Known:
    """Return what the audited entries say, as of the day of the last of them."""
    rows = rows_at(audited.compact, audited.checkpoint.tree_size, audited.recorded_at)
    return Known(rows, audited.recorded_at.date())


def guarantors_of(known: Known) -> list[str]:
    """Return the ids of the parties that are guarantors on that day or owe something, in order.

    Those of `projections.summary.summaries`, found without their figures and a part of the commitments at a time.
    """
    found: set[str] = set()
    after = ""
    while states := known.rows.of_kind("commitment", after, COMMITMENTS_AT_ONCE):
        part = _afresh(known)
        for history in part.take(states):
            made = part.commitment(history.stream.partition("/")[2])
            view = made.view if made is not None else proposed(history, part.as_of)
            if view is not None:
                found.update(obligor.party for obligor in view.terms.obligors)
        after = max(states)
    for history in known.take(known.rows.of_kind("party")):
        party_id = history.stream.partition("/")[2]
        party = known.party(party_id)
        if party is not None and GUARANTOR_ROLES & set(party.roles):
            found.add(party_id)
    return sorted(found)


def obligations_answer(known: Known, party: str) -> list[dict[str, Any]]:
    """Return the obligations of a guarantor as they stand in answers: plain JSON values. Nothing of it stays read."""
    plain: list[dict[str, Any]] = msgspec.to_builtins(obligations_of(_afresh(known), party), str_keys=True)
    return list(plain)


def _afresh(known: Known) -> Known:
    """Return the same rows as of the same day, with nothing read yet."""
    return Known(known.rows, known.as_of, known.at)


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of the file. `guarantor`: whose figures they are; None for the head and the end."""

    raw: bytes
    guarantor: str | None = None


def parts_of(audited: Audited, known: Known) -> Iterator[Part]:
    """Yield the parts of which the file consists."""
    head = {"as_of": known.as_of.isoformat(), "known_at": audited.checkpoint.tree_size}
    yield Part(canonical_bytes(head)[:-1] + b',"obligations":{')
    comma = b""
    for party in guarantors_of(known):
        member = canonical_bytes(party) + b":" + canonical_bytes(obligations_answer(known, party))
        yield Part(comma + member, party)
        comma = b","
    end = {"origin": audited.checkpoint.origin, "root": audited.checkpoint.root.hex()}
    yield Part(b"}," + canonical_bytes(end)[1:])


def projections_bytes(audited: Audited) -> bytes:
    """Return all of the file as it follows from the audited entries. Only where it is known to be small."""
    return b"".join(part.raw for part in parts_of(audited, known_from(audited)))


def check_file(audited: Audited, written: bytes | BinaryIO) -> Proved:
    """Return the line of the report if `written` is what follows from the entries. Raises LieFound."""
    file = BytesIO(written) if isinstance(written, bytes) else written
    known = known_from(audited)
    guarantors = offset = 0
    before, parts = b"", parts_of(audited, known)
    for part in parts:
        got = file.read(len(part.raw))
        if got != part.raw:
            at = first_difference(part.raw, got)
            around = before + part.raw + next(parts, Part(b"")).raw[:SHOWN_BYTES]
            raise _wrong(audited, part, _excerpt(around, len(before) + at), file, offset + at)
        guarantors += part.guarantor is not None
        offset += len(part.raw)
        before = (before + part.raw)[-SHOWN_BYTES:]
    if file.read(1):
        raise _wrong(audited, Part(b""), _excerpt(before, len(before)), file, offset)
    return agreed(guarantors, known, f"{PROJECTIONS}, {offset} bytes")


def _wrong(audited: Audited, part: Part, derived: str, file: BinaryIO, at: int) -> LieFound:
    """Return the lie: at the byte `at` of the file stands something else than what was `derived`."""
    begin = max(0, at - SHOWN_BYTES)
    file.seek(begin)
    got = _excerpt(file.read(at - begin + SHOWN_BYTES), at - begin)
    evidence = {"known_at": str(audited.checkpoint.tree_size), "derived": readable(part.raw)}
    if part.guarantor is not None:
        evidence["guarantor"] = part.guarantor
    return LieFound(Finding(Lie.PROJECTION_WRONG, f"{PROJECTIONS}, byte {at}", None, derived, got, evidence))


def agreed(guarantors: int, known: Known, where: str) -> Proved:
    """Return the line of the report about figures that are what was derived."""
    return Proved("obligations", guarantors, f"guarantors' figures as of {known.as_of}, derived again, equal {where}")


def _excerpt(data: bytes, at: int) -> str:
    """Return what stands around a place, or that it is the end."""
    begin = max(0, at - SHOWN_BYTES)
    return ascii(readable(data[begin : at + SHOWN_BYTES])) if at < len(data) else "the end"
