"""From a source to what is proved about it, or the first lie.

What an audit proves, it proves from a checkpoint that the log's own keys signed over every entry that was read. Those
keys are named by the first entry; whoever knows that entry's SHA-256 or a key from elsewhere pins it, and whoever does
not is told that the anchor was believed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ledger.audit.findings import Finding, Lie, LieFound, Proved, Undecidable, readable, words
from ledger.audit.follower import Followed, Follower
from ledger.audit.source import Line, Source
from ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.log.errors import LogInvalid
from ledger.log.note import KeyKind, Note, VerifierKey, parse_note, parse_vkey
from ledger.rules.compact import Compact, opened

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Pins:
    """What the auditor knows from elsewhere. `anchor`: SHA-256 of entry 1; `since`: a checkpoint kept from before."""

    vkeys: tuple[VerifierKey, ...] = ()
    anchor: str | None = None
    since: bytes | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """A source in which no lie was found. `compact` is the whole state at `checkpoint`, folded from its entries."""

    checkpoint: Checkpoint
    recorded_at: datetime
    compact: Compact
    proved: tuple[Proved, ...]
    assumed: tuple[str, ...]


def audit(source: Source, pins: Pins, watch: Callable[[Followed], None], follower: Follower) -> Audited:
    """Return what was proved about `source`; `watch` is told of each entry that came through every step.

    1. The checkpoint is a well-formed note over a tree with entries: CHECKPOINT_MALFORMED
    2. Each entry passes the steps of `Follower.take`; the first is the pinned one: ANCHOR_WRONG
    3. Every line under the checkpoint is by a key of the log, or a pinned one, and verifies, and all pinned keys signed:
       CHECKPOINT_NOT_SIGNED
    4. The tree that an older checkpoint of the auditor's states is the beginning of this one: HISTORY_REWRITTEN
    5. There are as many entries as the checkpoint states: TREE_SIZE_WRONG
    6. Their tree has its root: ROOT_WRONG

    Raises LieFound with the first lie; Undecidable if the source cannot be read, or holds nothing. `follower` is new.
    """
    raw = source.checkpoint()
    note, claimed = _read_checkpoint(raw, CHECKPOINT)
    older = _Older.read(pins.since)
    first: datetime | None = None
    for followed in follower.follow(_at_most(source.entries(claimed.tree_size), claimed, raw)):
        if followed.entry.position == 1:
            first = followed.entry.recorded_at
            _check_anchor(followed, pins.anchor)
            _check_signers(raw, note, claimed, follower, pins.vkeys)
        older.check(follower, claimed)
        watch(followed)
    if first is None:
        _nothing(claimed, raw)
    if follower.position != claimed.tree_size:
        got = f"{follower.position} entries"
        raise _checkpoint_lie(Lie.TREE_SIZE_WRONG, raw, f"{claimed.tree_size} entries", got)
    older.check_reached(claimed)
    root = follower.tree.root
    if root != claimed.root:
        expected = f"root {claimed.root.hex()}, which is signed"
        raise _checkpoint_lie(Lie.ROOT_WRONG, raw, expected, f"{root.hex()} from the entries")
    assert first is not None
    assert follower.recorded_at is not None
    proved = (*_proved(follower, claimed, note, first), *older.proved())
    return Audited(claimed, follower.recorded_at, follower.compact, proved, _assumed(pins))


def _read_checkpoint(raw: bytes, place: str) -> tuple[Note, Checkpoint]:
    try:
        note = parse_note(raw)
        return note, parse_checkpoint(note.text)
    except LogInvalid as error:
        raise LieFound(
            Finding(Lie.CHECKPOINT_MALFORMED, place, None, *words(error), {"checkpoint": readable(raw)})
        ) from None


def _at_most(lines: Iterator[Line], claimed: Checkpoint, raw: bytes) -> Iterator[Line]:
    """Yield the lines; an entry more than the checkpoint states is a lie before it is looked at."""
    for count, line in enumerate(lines, start=1):
        if count > claimed.tree_size:
            expected = f"{claimed.tree_size} entries"
            evidence = {"checkpoint": readable(raw), "entry": readable(line.raw)}
            raise LieFound(Finding(Lie.TREE_SIZE_WRONG, line.place, count, expected, "another one", evidence))
        yield line


def _nothing(claimed: Checkpoint, raw: bytes) -> None:
    if claimed.tree_size:
        raise _checkpoint_lie(Lie.TREE_SIZE_WRONG, raw, f"{claimed.tree_size} entries", "0 entries")
    raise Undecidable("the log is empty: there is nothing to audit, and nothing that says whose it is")


def _check_anchor(followed: Followed, anchor: str | None) -> None:
    entry = followed.entry
    if anchor is not None and entry.sha256 != anchor:
        evidence = {"entry": readable(entry.raw)}
        raise LieFound(
            Finding(Lie.ANCHOR_WRONG, "entry 1", 1, f"the pinned SHA-256 {anchor}", entry.sha256, evidence)
        )


def _check_signers(
    raw: bytes, note: Note, claimed: Checkpoint, follower: Follower, pinned: tuple[VerifierKey, ...]
) -> None:
    """Raise LieFound unless the log signed `note`, every pinned key did, and no line is by anybody else.

    A line that nobody here can verify could be changed without anybody noticing, so it is refused.
    """
    ledger = opened(follower.compact)
    assert ledger is not None
    try:
        own = tuple(map(parse_vkey, ledger.log_keys))
        open_checkpoint(raw, ledger.origin, own)
        # Each pinned key by itself, since one line by one of several would be enough otherwise.
        for vkey in pinned:
            open_checkpoint(raw, vkey.name, (vkey,)) if vkey.name == ledger.origin else verify_one(note, vkey)
    except LogInvalid as error:
        raise _checkpoint_lie(Lie.CHECKPOINT_NOT_SIGNED, raw, *words(error)) from None
    known = {(key.name, key.key_id) for key in (*own, *pinned) if key.kind is KeyKind.ED25519}
    seen: set[tuple[str, bytes]] = set()
    for line in note.signatures:
        signer = (line.name, line.key_id)
        if signer not in known or signer in seen:
            expected = "lines by keys of the log and pinned keys, one by each"
            raise _checkpoint_lie(
                Lie.CHECKPOINT_NOT_SIGNED, raw, expected, f"a line by {line.name}+{line.key_id.hex()}"
            )
        seen.add(signer)
