"""What was found wrong, where, and how grave it is.

A finding names a table and a row in it. Some prove damage; one says that something is missing that a crash may have
left out; some only inform. Details are kept of the first ones, all are counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger.audit.findings import EXIT_CODES, Lie, Verdict

DETAILED_MAX: Final = 1_000
SHOWN_CHARACTERS_MAX: Final = 300


class Kind(StrEnum):
    """What can be wrong beside the lies of an audit. Permanent codes."""

    UNREADABLE = "unreadable"
    ROW_MISSING = "row_missing"
    ROW_EXTRA = "row_extra"
    COLUMN_WRONG = "column_wrong"
    BYTES_CHANGED = "bytes_changed"
    HASH_WRONG = "hash_wrong"
    HASH_DISPUTED = "hash_disputed"
    INDEX_WRONG = "index_wrong"
    GUARD_MISSING = "guard_missing"
    CHECKSUM_FAILED = "checksum_failed"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKSUMS_OFF = "checksums_off"
    FORM_DIFFERS = "form_differs"
    LEFT_OVER = "left_over"
    NOT_CHECKED = "not_checked"


class Level(StrEnum):
    """How grave a finding is."""

    DAMAGE = "damage"
    MISSING = "missing"
    NOTE = "note"


_LEVELS: Final[Mapping[Kind | Lie, Level]] = MappingProxyType(
    {
        # After a crash between commit and sealing there is none until somebody asks for a receipt.
        Kind.CHECKPOINT_MISSING: Level.MISSING,
        Kind.CHECKSUMS_OFF: Level.NOTE,
        Kind.FORM_DIFFERS: Level.NOTE,
        Kind.LEFT_OVER: Level.NOTE,
        Kind.NOT_CHECKED: Level.NOTE,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `key` names the row in `table`, such as `entries` `17` or `tiles` `0/3 hash 12`."""

    kind: Kind | Lie
    table: str
    key: str
    expected: str
    got: str

    @property
    def level(self) -> Level:
        return _LEVELS.get(self.kind, Level.DAMAGE)


class Enough(Exception):
    """Raised after the first finding where only the first is wanted."""


@dataclass(slots=True)
class Findings:
    """What was found so far. With `only_first`, `add` raises Enough at the first that is more than a note."""

    only_first: bool = False
    details: list[Finding] = field(default_factory=list)
    counts: Counter[tuple[Level, str]] = field(default_factory=Counter)

    def add(self, kind: Kind | Lie, table: str, key: object, expected: str, got: str) -> None:
        """Keep a finding. Raises Enough."""
        finding = Finding(kind, table, str(key), _cut(expected), _cut(got))
        self.counts[finding.level, kind.value] += 1
        if len(self.details) < DETAILED_MAX:
            self.details.append(finding)
        if self.only_first and finding.level is not Level.NOTE:
            raise Enough

    def compare(self, table: str, key: object, expected: Mapping[str, object], got: Mapping[str, object]) -> bool:
        """Compare columns by name, a finding for each that differs. Tell whether all are as expected."""
        differing = [name for name, value in expected.items() if got[name] != value]
        for name in differing:
            self.add(Kind.COLUMN_WRONG, table, f"{key}, {name}", shown(expected[name]), shown(got[name]))
        return not differing

    def absorb(self, other: "Findings") -> None:
        """Take over what was found elsewhere. Raises Enough."""
        kept: Counter[tuple[Level, str]] = Counter((one.level, one.kind.value) for one in other.details)
        for one in other.details:
            self.add(one.kind, one.table, one.key, one.expected, one.got)
        self.counts.update(other.counts - kept)

    @property
    def total(self) -> int:
        """How many findings there are, notes left out."""
        return sum(count for (level, _), count in self.counts.items() if level is not Level.NOTE)

    @property
    def verdict(self) -> Verdict:
        levels = {level for level, _ in self.counts}
        if Level.DAMAGE in levels:
            return Verdict.INVALID
        return Verdict.UNDECIDED if Level.MISSING in levels else Verdict.VALID


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was compared, how often, and with what."""

    what: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a check. `reason` is why it could not be made, `counts` how many findings of which kind there are."""

    target: str
    verdict: Verdict
    tree_size: int | None = None
    root: str | None = None
    checked: tuple[Checked, ...] = ()
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]


def shown(value: object) -> str:
    """Return a column's value for a message: bytes in hexadecimal, text as it is quoted."""
    return value.hex() if isinstance(value, bytes) else ascii(value) if isinstance(value, str) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}… ({len(text)} characters)"
