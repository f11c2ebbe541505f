"""The way out for a database that was put back: the entries that it lost, brought back from any copy.

What comes back is what was published, to the byte: the whole copy is audited first and must hold the newest head that
the ledger has published; then each missing entry is decided and chained again, and is refused unless it is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from ledger.audit.audit import Audited, Pins, audit
from ledger.audit.auditor import Auditor, Followed
from ledger.audit.findings import Undecidable
from ledger.audit.source import Source
from ledger.events.refusals import Refused
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.entry import Entry, parse_entry
from ledger.log.errors import LogInvalid
from ledger.log.note import parse_note
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import Overlay
from ledger.signing.dsse import parse
from ledger.signing.verify import verify
from ledger.store.appending import Decided, Locked
from ledger.store.errors import StoreInconsistent
from ledger.store.heads import Kept
from ledger.store.log import StoredLog

BATCH_MAX: Final = 1_000
"""Entries of one transaction. Those of one batch have one time, so no transaction has more times than one."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`audited` is what was proved of the copy; `before` and `after` are tree sizes of the database."""

    audited: Audited
    before: int
    after: int


def restore(log: StoredLog, source: Source, kept: Kept | None, watch: Callable[[Followed], None]) -> Restored:
    """Append to `log` the entries of `source` that it lacks; `kept` is the newest head that was published.

    Raises LieFound if the copy is false, or holds another history than the published one; Undecidable if it ends
    before the newest head; StoreInconsistent if the database holds something else than the copy, or would.
    """
    _require_long_enough(source, kept)
    audited = audit(source, Pins(since=kept.note if kept is not None else None), Auditor(), watch)
    tree_size = audited.checkpoint.tree_size
    before = log.head().tree_size
    entries = (parse_entry(line.raw) for line in source.entries(tree_size))
    _require_same(log, islice(entries, min(before, tree_size)))
    for _, batch in groupby(entries, key=lambda entry: entry.recorded_at):
        while part := list(islice(batch, BATCH_MAX)):
            _append(log, part)
    return Restored(audited, before, log.head().tree_size)


def _require_long_enough(source: Source, kept: Kept | None) -> None:
    """Raise Undecidable if the copy is shorter than what was published: it is no lie, and no help."""
    if kept is None:
        return
    try:
        claimed = parse_checkpoint(parse_note(source.checkpoint()).text)
    except LogInvalid:
        # The audit says it better.
        return
    if claimed.origin == kept.checkpoint.origin and claimed.tree_size < kept.checkpoint.tree_size:
        raise Undecidable(
            f"{source.name} ends at {claimed.tree_size} entries; {kept.checkpoint.tree_size} were published. "
            "Restore from a later copy"
        )


def _require_same(log: StoredLog, entries: Iterator[Entry]) -> None:
    """Raise StoreInconsistent at the first of `entries` that the database does not hold at its position."""
    while page := list(islice(entries, BATCH_MAX)):
        held = log.entries(page[0].entry_index, len(page))
        for number, entry in enumerate(page):
            if number >= len(held) or held[number] != entry.raw:
                raise StoreInconsistent(
                    f"expected entry {entry.position} of the copy in the database, found another. Nothing is restored; "
                    "begin with an empty database, or with an earlier state of this one"
                )


def _append(log: StoredLog, batch: list[Entry]) -> None:
    """Append a batch in one transaction; nothing of it, and StoreInconsistent, if it would come out different."""
    envelopes = [parse(entry.envelope) for entry in batch]

    def decide_again(locked: Locked) -> Decided:
        first = batch[0]
        place = (locked.head.tree_size, locked.head.last_sha256, locked.recorded_at)
        if place != (first.entry_index, first.previous, first.recorded_at):
            raise StoreInconsistent(f"expected to append entry {first.position} of the copy; the log has moved on")
        overlay = Overlay(locked.compact)
        admitted = []
        for envelope, entry in zip(envelopes, batch, strict=True):
            # The audit has shown that every act names this ledger.
            verified = verify(envelope, keys_of(overlay, envelope.event), ledger=envelope.event.ledger)
            outcome = decide(overlay, verified, first.recorded_at)
            if isinstance(outcome, Refused):
                raise StoreInconsistent(f"expected entry {entry.position} to be admitted again: {outcome}")
            overlay.apply(outcome, entry.position, first.recorded_at)
            admitted.append(outcome)
        return Decided(admitted, overlay, ())

    log.application.append(envelopes, decide_again, lambda: batch[0].recorded_at)
