"""Logs as an operator could write them, honest or not: entries chained over envelopes, and a checkpoint over those.

Nothing here judges: `record` is the one honest ledger, which keeps only what the rules admit.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from ledger.audit.ahead import Ahead
from ledger.audit.audit import Audited, Pins, audit
from ledger.audit.auditor import Auditor
from ledger.audit.export import ExportDirectory, write_export
from ledger.audit.findings import Finding, LieFound
from ledger.audit.source import Line, Source
from ledger.events.refusals import Refused
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, Entry, build_entry, parse_entry
from ledger.log.note import Ed25519NoteSigner
from ledger.log.tree import EMPTY, leaf_hash
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import MemoryCompact
from ledger.signing import dsse
from ledger.signing.verify import verify
from ledger.signing.workers import Workers
from tests.acts import ISSUED_AT, ORIGIN, Office

RECORDED_AT = ISSUED_AT + timedelta(days=1)
STEP = timedelta(hours=7)


@dataclass(frozen=True)
class Log:
    """A whole log in memory, which is a source of its own. `entries` are raw."""

    entries: tuple[bytes, ...]
    note: bytes
    name: str = "a log in memory"

    def checkpoint(self) -> bytes:
        return self.note

    def entries_of(self) -> list[Entry]:
        return [parse_entry(raw) for raw in self.entries]

    def with_entries(self, entries: Sequence[bytes]) -> "Log":
        """Return other entries under the same checkpoint."""
        return replace(self, entries=tuple(entries))


@dataclass(frozen=True)
class LogSource:
    """`log` as an audit reads it."""

    log: Log

    @property
    def name(self) -> str:
        return self.log.name

    def checkpoint(self) -> bytes:
        return self.log.note

    def entries(self, tree_size: int) -> Iterator[Line]:
        for number, raw in enumerate(self.log.entries, start=1):
            yield Line(raw, f"entry {number}", 0)


def checkpoint_over(
    entries: Sequence[bytes], signer: Ed25519NoteSigner, *, origin: str = ORIGIN, size: int | None = None
) -> bytes:
    """Return the note that `signer` puts under `entries`; `size` lies about how many there are."""
    tree, _ = EMPTY.append(map(leaf_hash, entries))
    return sign_checkpoint(Checkpoint(origin, len(entries) if size is None else size, tree.root), signer)


def chained(envelopes: Sequence[bytes], times: Sequence[datetime] | None = None) -> list[bytes]:
    """Return the entries of a log that says nothing but `envelopes`, whatever they are."""
    entries: list[bytes] = []
    previous = GENESIS_PREVIOUS
    for number, envelope in enumerate(envelopes):
        at = RECORDED_AT + number * STEP if times is None else times[number]
        entry = build_entry(number + 1, at, previous, envelope)
        entries.append(entry.raw)
        previous = entry.sha256
    return entries


def log_of(envelopes: Sequence[bytes], signer: Ed25519NoteSigner, times: Sequence[datetime] | None = None) -> Log:
    """Return a log whose chain, tree and checkpoint are in order, whatever its acts are."""
    entries = chained(envelopes, times)
    return Log(tuple(entries), checkpoint_over(entries, signer))


class Recorder:
    """The honest ledger: takes what the rules admit, one `step` of time after another. `times` are those of entries."""

    def __init__(self, step: timedelta = STEP) -> None:
        self.compact = MemoryCompact()
        self.envelopes: list[bytes] = []
        self.times: list[datetime] = []
        self._step = step

    def record(self, raw: bytes) -> Refused | None:
        """Record one envelope, or return why not."""
        envelope = dsse.parse(raw)
        verified = verify(envelope, keys_of(self.compact, envelope.event), ledger=ORIGIN)
        at = RECORDED_AT + len(self.envelopes) * self._step
        outcome = decide(self.compact, verified, at)
        if isinstance(outcome, Refused):
            return outcome
        self.envelopes.append(raw)
        self.times.append(at)
        self.compact.apply(outcome, len(self.envelopes), at)
        return None

    def offer(self, signer: Office, event_type: str, /, **fields: object) -> str | None:
        """Have `signer` sign and submit its next act. Return the event's id, or None if it was refused."""
        payload = signer.payload(event_type, event_id=None, **fields)
        if self.record(signer.signed(payload)) is not None:
            return None
        signer.sequence += 1
        signer.previous = sha256(payload).hexdigest()
        return dsse.parse(self.envelopes[-1]).event.id


def audited(source: Source | Log, pins: Pins | None = None, auditor: Auditor | None = None) -> Audited:
    """Return what the auditor proves. Raises LieFound, Undecidable."""
    read = LogSource(source) if isinstance(source, Log) else source
    return audit(read, pins or Pins(), auditor or _auditor(), lambda followed: None)


def _auditor() -> Auditor:
    """Return a new auditor; with AUDIT_WORKERS=2 in the environment one that looks ahead, a few lines at a time."""
    count = os.environ.get("AUDIT_WORKERS")
    return Auditor(None, Ahead(_workers(int(count)), alone=1, chunk_lines=7).examined) if count else Auditor()


@cache
def _workers(count: int) -> Workers:
    return Workers(count)


def lie_of(source: Source | Log, pins: Pins | None = None) -> Finding:
    """Return the lie that the auditor finds. Fails if it finds none."""
    try:
        audited(source, pins)
    except LieFound as found:
        return found.finding
    raise AssertionError("expected a lie to be found; the audit found none")


def exported(log: Log, directory: Path) -> ExportDirectory:
    """Write `log` as an export."""
    write_export(directory, log.entries, log.note)
    return ExportDirectory(directory)
