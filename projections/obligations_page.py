"""What one guarantor owes, from a commitment on: only the commitments that are shown are read, and of those only what
was not judged before on the same rows is judged.

The obligations are those of `projections.obligations`, each one the same.
"""

from collections.abc import Iterator, Sequence

from ledger.rules.history import History
from projections.answers import Obligation
from projections.judged import Used
from projections.obligations import fetch_around, obligations_under
from projections.reading import Known
from projections.stored_rows import StoredRows


def obligations_from(
    known: Known, rows: StoredRows, party: str, first: str | None, at_once: int
) -> Iterator[Obligation]:
    """Yield what a party owes, by commitment id, from that of commitment `first` on; None: from the first of all.

    `known` reads from `rows`. So many commitments are judged at once as `at_once` says, and no more than are asked for.
    """
    after = f"commitment/{first}" if first is not None else ""
    histories = known.take(rows.states([after]))
    while True:
        yield from (one for one in _judged(known, rows, histories) if one.guarantor == party)
        histories = known.take(rows.of_party("commitment", party, after, at_once))
        if not histories:
            return
        after = histories[-1].stream


def _judged(known: Known, rows: StoredRows, histories: Sequence[History]) -> Iterator[Obligation]:
    """Yield the obligations under commitments, judging only those that were not judged before."""
    ids = {history.stream: history.stream.partition("/")[2] for history in histories}
    again = rows.judged.again(rows, known.as_of, ids.values())
    changed = [history for history in histories if ids[history.stream] not in again]
    fetch_around(known, changed)
    fresh = {ids[history.stream]: _judged_now(known, history) for history in changed}
    rows.judged.keep(rows, known.as_of, fresh)
    for one in ids.values():
        yield from again[one] if one in again else fresh[one][0]


def _judged_now(known: Known, history: History) -> tuple[tuple[Obligation, ...], Used]:
    known.used = used = Used({history.stream})
    try:
        return obligations_under(known, history), used
    finally:
        known.used = None
