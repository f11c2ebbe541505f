"""A part of the work: every bit of some entries, judged, and written down entry by entry.

Whoever is interrupted begins again after the last entry that was written down whole:

    {"entry":17,"flips":8712,"lies":{"entry_malformed":2914,"signature_invalid":611},"missed":[]}

Entry 0 is the checkpoint. `missed` holds the numbers of bits, from 0, whose change no audit found: a failure.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ledger.audit.auditor import Auditor
from ledger.audit.export import CHECKPOINT, ENTRIES
from ledger.audit.findings import Finding
from tests.flips.judge import Judge, bits

SAY_SECONDS = 10.0


class Tried(msgspec.Struct, frozen=True):
    """Every bit of one entry, and by which lie its change was found."""

    entry: int
    flips: int
    lies: dict[str, int]
    missed: list[int]


@dataclass(frozen=True, slots=True)
class Part:
    """Part `number` of `of`, from 1, of the work on the export in `directory`."""

    directory: Path
    number: int
    of: int

    @property
    def results(self) -> Path:
        return self.directory / f"flips-{self.number}-of-{self.of}.ndjson"

    def entries(self, count: int) -> range:
        """Return which of `count` entries, and of the checkpoint (0), are of this part."""
        return range((count + 1) * (self.number - 1) // self.of, (count + 1) * self.number // self.of)

    def done(self) -> list[Tried]:
        """Return what was written down; half a line, left by an interruption, is cut off."""
        if not self.results.exists():
            return []
        *lines, _ = self.results.read_bytes().split(b"\n")
        self.results.write_bytes(b"".join(line + b"\n" for line in lines))
        return [msgspec.json.decode(line, type=Tried) for line in lines]


@dataclass
class Speed:
    """How many changes were judged since when, said now and then."""

    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)
    flips: int = 0

    def count(self, tried: Tried, last: int) -> None:
        self.flips += tried.flips
        now = time.monotonic()
        if now - self.said >= SAY_SECONDS:
            self.said = now
            rate = self.flips / (now - self.began)
            self.say(f"entry {tried.entry} of {last}: {self.flips:,} flips, {rate:,.0f} a second")


def run(part: Part, say: Callable[[str], None]) -> list[Tried]:
    """Judge what of the part was not judged before, and return all of it."""
    judge = Judge(*_read(part.directory), Auditor())
    entries = part.entries(len(judge))
    done = part.done()
    speed = Speed(say)
    with part.results.open("ab") as file:
        for entry in entries[len(done) :]:
            done.append(tried(judge, entry))
            file.write(msgspec.json.encode(done[-1]) + b"\n")
            file.flush()
            speed.count(done[-1], entries[-1])
    return done


def tried(judge: Judge, entry: int, step: int = 1) -> Tried:
    """Change every bit of every `step`th byte of one entry (0: the checkpoint), one at a time."""
    judge.advance(max(entry - 1, 0))
    lies: Counter[str] = Counter()
    missed = []
    flips = -1
    for flips, finding in enumerate(_judged(judge, entry, step)):
        if finding is None:
            missed.append(flips)
        else:
            lies[finding.lie] += 1
    return Tried(entry, flips + 1, dict(lies), missed)


def _judged(judge: Judge, entry: int, step: int) -> Iterator[Finding | None]:
    return map(judge.of_line, bits(judge.line, step)) if entry else map(judge.of_note, bits(judge.note, step))


def _read(directory: Path) -> tuple[bytes, bytes]:
    return (directory / ENTRIES).read_bytes(), (directory / CHECKPOINT).read_bytes()
