"""From a source to what is proved about it, or the first lie.

What an audit proves, it proves from a checkpoint that the log's own keys signed over every entry that was read. Those
keys are named by the first entry, or by one that adopts others since; whoever knows the first entry's SHA-256 or a key
from elsewhere pins it, and whoever does not is told that the anchor was believed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.audit.auditor import Auditor, Followed
from ledger.audit.findings import Finding, Lie, LieFound, Proved, Undecidable, readable, words
from ledger.audit.older import Older
from ledger.audit.signers import PLACE, Signers, check_signers, check_trust, check_unread
from ledger.audit.source import Line, Source
from ledger.audit.stated import Said
from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.entry import Entry
from ledger.log.errors import LogInvalid
from ledger.log.note import Note, VerifierKey, parse_note
from ledger.log.policy import Policy
from ledger.rules.compact import Opened, opened
from ledger.rules.forced import next_due
from ledger.rules.memory import Overlay
from ledger.signing.process import undisturbed

ANCHOR_BELIEVED: Final = (
    "The anchor was taken from the log itself: neither a key (--vkey) nor the SHA-256 of entry 1 (--anchor) was given. "
    "This shows that the log agrees with itself, not that it is the log that you mean."
)


@dataclass(frozen=True, slots=True)
class Pins:
    """What the auditor knows from elsewhere. `anchor`: SHA-256 of entry 1; `since`: a checkpoint kept from before.

    `policy` says which logs are believed, and which witnesses must have cosigned. `statements`: statements about
    authorities, whole files or envelopes alone.
    """

    vkeys: tuple[VerifierKey, ...] = ()
    anchor: str | None = None
    since: bytes | None = None
    policy: Policy | None = None
    statements: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Audited:
    """A source in which no lie was found. `compact` is the whole state at `checkpoint`, folded from its entries."""

    checkpoint: Checkpoint
    recorded_at: datetime
    compact: Overlay
    proved: tuple[Proved, ...]
    assumed: tuple[str, ...]


@undisturbed()
def audit(source: Source, pins: Pins, auditor: Auditor, watch: Callable[[Followed], None]) -> Audited:
    """Return what was proved about `source`; `watch` is told of each entry that came through. `auditor` is new.

    1. The checkpoint is a well-formed note: CHECKPOINT_MALFORMED
    2. It does not fall behind an older one that the auditor kept: HISTORY_REWRITTEN
    3. Each entry passes the steps of `Auditor.take`
    4. The first is the pinned one: ANCHOR_WRONG
    5. The tree has, at the older checkpoint's size, its root: HISTORY_REWRITTEN
    6. Each key of the log in force at the checkpoint's size signed it once, each pinned key did, no other under the
       log's name, and no line by one of the policy's keys is false: CHECKPOINT_NOT_SIGNED
    7. There are as many entries as the checkpoint states: TREE_SIZE_WRONG
    8. Their tree has its root: ROOT_WRONG
    9. No act is left that the rules force after the last one: CONSEQUENCE_MISSING
    10. What the ledger stated about an authority at a tree size was so then: STATEMENT_WRONG

    Raises LieFound with the first lie; Undecidable if the source cannot be read or the log is empty and, where no lie
    was found, if a pinned key was replaced or the policy is not met.
    """
    raw = source.checkpoint()
    note, claimed = _read_checkpoint(raw)
    older = Older.read(pins.since) if pins.since is not None else None
    if older is not None:
        older.check_origin_and_size(claimed, raw)
    statements = [Said.read(one) for one in pins.statements]
    first: Entry | None = None
    signers: Signers | None = None
    for followed in _followed(auditor, source, note, claimed, raw):
        if first is None:
            first = followed.entry
            _check_anchor(first, pins.anchor)
        if older is not None:
            older.check_root(auditor, raw)
        if auditor.position == claimed.tree_size:
            signers = check_signers(raw, note, claimed, _opened(auditor), pins.vkeys, pins.policy)
        for said in statements:
            said.take(followed, auditor, raw)
        watch(followed)
    if first is None and claimed.tree_size == 0:
        raise Undecidable("the log is empty: there is nothing to audit, and nothing says whose it is")
    if first is None or signers is None:
        if first is not None:
            check_unread(raw, note, _opened(auditor))
        raise _lie(Lie.TREE_SIZE_WRONG, raw, f"{claimed.tree_size} entries", f"{auditor.position} entries")
    root = auditor.tree.root
    if root != claimed.root:
        raise _lie(Lie.ROOT_WRONG, raw, f"root {claimed.root.hex()}, as signed", f"{root.hex()} from the entries")
    if (due := next_due(auditor.compact)) is not None:
        expected = f"{due.act.type} of {due.act.subject}, which {due.act.cause} forces, before the log was sealed"
        raise _lie(Lie.CONSEQUENCE_MISSING, raw, expected, f"an end after {auditor.position} entries")
    assert auditor.recorded_at is not None
    trusted = check_trust(raw, signers, _opened(auditor), pins.vkeys, pins.policy)
    kept = [*([older.proved()] if older is not None else []), *(said.proved(claimed) for said in statements)]
    proved = (*_proved(auditor, first, claimed), *signers.proved(), *trusted, *kept)
    return Audited(claimed, auditor.recorded_at, auditor.compact, proved, (*_assumed(pins), *signers.assumed()))


def _followed(auditor: Auditor, source: Source, note: Note, claimed: Checkpoint, raw: bytes) -> Iterator[Followed]:
    """Yield each entry as it came through. Raises LieFound; Undecidable if the source ends before its time."""
    try:
        yield from auditor.follow(_no_more_than(claimed, raw, source.entries(claimed.tree_size)))
    except Undecidable:
        # What is missing proves nothing, but what was read may disown the checkpoint.
        if auditor.position:
            check_unread(raw, note, _opened(auditor))
        raise


def _opened(auditor: Auditor) -> Opened:
    ledger = opened(auditor.compact)
    assert ledger is not None
    return ledger


def _read_checkpoint(raw: bytes) -> tuple[Note, Checkpoint]:
    try:
        note = parse_note(raw)
        return note, parse_checkpoint(note.text)
    except LogInvalid as error:
        raise _lie(Lie.CHECKPOINT_MALFORMED, raw, *words(error)) from None


def _no_more_than(claimed: Checkpoint, raw: bytes, lines: Iterator[Line]) -> Iterator[Line]:
    """Yield the lines; an entry beyond the checkpoint is a lie before it is looked at."""
    for position, line in enumerate(lines, start=1):
        if position > claimed.tree_size:
            evidence = {"checkpoint": readable(raw), "entry": readable(line.raw)}
            expected = f"{claimed.tree_size} entries and no more"
            raise LieFound(Finding(Lie.TREE_SIZE_WRONG, line.place, position, expected, "another entry", evidence))
        yield line


def _check_anchor(entry: Entry, anchor: str | None) -> None:
    if anchor is not None and entry.sha256 != anchor:
        evidence = {"entry": readable(entry.raw)}
        raise LieFound(Finding(Lie.ANCHOR_WRONG, "entry 1", 1, f"the pinned SHA-256 {anchor}", entry.sha256, evidence))


def _lie(lie: Lie, checkpoint: bytes, expected: str, got: str) -> LieFound:
    return LieFound(Finding(lie, PLACE, None, expected, got, {"checkpoint": readable(checkpoint)}))


def _proved(auditor: Auditor, first: Entry, claimed: Checkpoint) -> tuple[Proved, ...]:
    count = auditor.position
    assert auditor.recorded_at is not None
    times = f"from {first.recorded_at.isoformat()} to {auditor.recorded_at.isoformat()}"
    return (
        Proved("entries", count, f"in their one form, positions 1 to {count} without a gap"),
        Proved("hash chain", count, f"every entry names the one before; the last is {auditor.last_sha256}"),
        Proved("times", count, f"never backwards, {times}"),
        Proved("acts", count, f"canonical, known, each id once, all for {claimed.origin}"),
        Proved("signatures", auditor.signatures, "each by a key of the authority that stood at its position"),
        Proved(
            "own chains",
            len(auditor.authorities),
            "authorities whose acts are numbered from 1 without a gap, each naming the one before",
        ),
        Proved("admissions", count, f"decided again under rule set {_opened(auditor).rules}, all admitted"),
        Proved("tree", claimed.tree_size, f"RFC 6962 root {claimed.root.hex()}"),
    )


def _assumed(pins: Pins) -> tuple[str, ...]:
    # A policy that lists logs was met, so one of those that it lists signed.
    pinned = pins.vkeys or pins.anchor is not None or (pins.policy is not None and pins.policy.logs)
    return () if pinned else (ANCHOR_BELIEVED,)
