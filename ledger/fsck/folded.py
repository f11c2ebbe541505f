"""The folded states against the auditor's own, and the evidence of conflicts against keys that must have signed it.

Of evidence only what it says itself can be checked: nothing in the log counts it, so a piece that is gone is not
missed.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping

import msgspec

from ledger.audit.findings import Lie
from ledger.events.refusals import Rejected
from ledger.fsck.findings import Findings, Kind
from ledger.fsck.judges import Ruled
from ledger.fsck.merge import merged
from ledger.fsck.shelf import Shelved
from ledger.rules.compact import authority, decode_state, encode_state
from ledger.signing.dsse import parse
from ledger.signing.verify import verify
from ledger.store.evidence import CONFLICTS_PER_AUTHORITY_MAX, CONFLICTS_PER_EVENT_MAX
from ledger.store.inspection import ConflictRow, Inspection, Unreadable

STREAMS = "streams"
CONFLICTS = "conflicts"
ROWS_AT_ONCE = 200


def check_streams(tables: Inspection, judge: Ruled, ends: "Ends", found: Findings) -> int:
    """Compare every folded state. In a snapshot of the same tree size. Return how many there are."""
    compared = 0
    derived = ((state.name.encode(), state) for state in judge.shelf.states())
    stored = ((name.encode(), (state, changed_at)) for name, state, changed_at in tables.streams())
    try:
        for name, expected, got in merged(derived, stored):
            if got is None:
                found.add(Kind.ROW_MISSING, STREAMS, name.decode(), "the state that follows from the log", "none")
            elif expected is None:
                said = "only streams in which something was recorded"
                found.add(Kind.ROW_EXTRA, STREAMS, name.decode(), said, "another")
            else:
                _check_stream(expected, *got, ends, found)
                compared += 1
    except Unreadable as error:
        found.add(Kind.UNREADABLE, STREAMS, f"after {compared} rows", "rows", str(error))
    return compared


class Ends:
    """Where batches ended, in order: what changed a stream is dated by the end of its batch."""

    def __init__(self) -> None:
        self._ends = array("q")

    def add(self, position: int) -> None:
        self._ends.append(position)

    def of(self, position: int) -> int:
        """Return the end of the batch in which the entry at `position` was recorded."""
        at = bisect_left(self._ends, position)
        return self._ends[at] if at < len(self._ends) else position


def _check_stream(expected: Shelved, state: bytes, changed_at: int, ends: Ends, found: Findings) -> None:
    check_state(STREAMS, f"{expected.name}, state", expected.state, state, found)
    until = ends.of(expected.changed_at)
    if changed_at != until:
        got = str(changed_at)
        found.add(Kind.COLUMN_WRONG, STREAMS, f"{expected.name}, changed_at", str(until), got)


def check_state(table: str, key: str, expected: bytes, got: bytes, found: Findings) -> None:
    """Compare a stored state with the one that follows. The same state in another form is a note, not damage."""
    if expected == got:
        return
    try:
        again = encode_state(decode_state(got))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        found.add(Kind.COLUMN_WRONG, table, key, _around(expected, 0), f"no state: {error}")
        return
    if again == expected:
        said = "the same state as another version of the program writes it, or with something that is not read"
        found.add(Kind.FORM_DIFFERS, table, key, "the state as it is written now", said)
        return
    at = next((at for at, pair in enumerate(zip(expected, got, strict=False)) if pair[0] != pair[1]), len(expected))
    found.add(Kind.COLUMN_WRONG, table, key, _around(expected, at), _around(got, at))


def _around(state: bytes, at: int) -> str:
    begin = max(0, at - 40)
    return f"{state[begin : at + 40]!r} at byte {begin} of {len(state)}"


def check_conflicts(tables: Inspection, judge: Ruled, found: Findings) -> int:
    """Ask of each piece of evidence what makes it one. In a snapshot. Return how many there are."""
    events: dict[str, int] = {}
    authorities: dict[str, int] = {}
    count = 0
    for row in _conflicts(tables, found):
        _check_conflict(row, tables, judge, found)
        count += 1
        events = {row.event_id: events.get(row.event_id, 0) + 1}
        authorities[row.authority] = authorities.get(row.authority, 0) + 1
        _check_bound(row.event_id, events, CONFLICTS_PER_EVENT_MAX, found)
    for name in authorities:
        _check_bound(name, authorities, CONFLICTS_PER_AUTHORITY_MAX, found)
    return count


def _conflicts(tables: Inspection, found: Findings) -> Iterator[ConflictRow]:
    after = ("", b"")
    try:
        while rows := tables.conflicts(after, ROWS_AT_ONCE):
            yield from rows
            after = (rows[-1].event_id, rows[-1].payload_sha256)
    except Unreadable as error:
        found.add(Kind.UNREADABLE, CONFLICTS, f"after {after[0]}", "rows", str(error))


def _check_bound(name: str, counts: Mapping[str, int], most: int, found: Findings) -> None:
    if counts[name] == most + 1:
        found.add(Kind.ROW_EXTRA, CONFLICTS, name, f"at most {most} pieces", "more")


def _check_conflict(row: ConflictRow, tables: Inspection, judge: Ruled, found: Findings) -> None:
    key = f"{row.event_id} {row.payload_sha256.hex()}"
    try:
        envelope = parse(row.envelope)
    except Rejected as rejected:
        found.add(Lie.ENVELOPE_INVALID, CONFLICTS, key, rejected.refused.expected, rejected.refused.got)
        return
    event = envelope.event
    expected = {
        "event_id": event.id,
        "payload_sha256": bytes.fromhex(envelope.payload_sha256),
        "authority": event.authority,
    }
    got = {"event_id": row.event_id, "payload_sha256": row.payload_sha256, "authority": row.authority}
    if not found.compare(CONFLICTS, key, expected, got):
        return
    state = authority(judge.compact, event.authority)
    if state is None and not judge.is_sound:
        found.add(Kind.NOT_CHECKED, CONFLICTS, key, "the keys of its authority", "a log that does not hold before them")
        return
    try:
        verify(envelope, lambda _: state.keys if state is not None else None, ledger=judge.auditor.origin)
    except Rejected as rejected:
        got_said = f"{rejected.refused.got} ({rejected.refused.refusal})"
        found.add(Lie.SIGNATURE_INVALID, CONFLICTS, key, rejected.refused.expected, got_said)
        return
    _check_first(row, key, tables, found)


def _check_first(row: ConflictRow, key: str, tables: Inspection, found: Findings) -> None:
    """The act that it conflicts with is in the log, says something else, and came before."""
    position = tables.positions_of([row.event_id]).get(row.event_id)
    first = tables.entries(position, position) if position is not None else []
    if not first:
        found.add(Kind.ROW_EXTRA, CONFLICTS, key, "an act of that id in the log", "none")
    elif first[0].payload_sha256 == row.payload_sha256:
        found.add(Kind.ROW_EXTRA, CONFLICTS, key, f"another payload than that of entry {position}", "the same")
    elif row.recorded_at < first[0].recorded_at:
        expected = f"from {first[0].recorded_at.isoformat()} on, the time of entry {position}"
        found.add(Kind.COLUMN_WRONG, CONFLICTS, f"{key}, recorded_at", expected, row.recorded_at.isoformat())
