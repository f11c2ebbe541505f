"""What an audit comes to: a line for each thing proved, or the first lie, or why nothing could be decided.

A verdict is `valid` only where an audit ran to its end; there is no other way to construct one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ledger.events.refusals import Rejected
from ledger.log.errors import LogInvalid


class Lie(StrEnum):
    """What was found to be false. Permanent codes, in the order of docs/audit.md."""

    CHECKPOINT_MALFORMED = "checkpoint_malformed"
    HISTORY_REWRITTEN = "history_rewritten"
    EXPORT_MALFORMED = "export_malformed"
    ENTRY_MALFORMED = "entry_malformed"
    POSITION_WRONG = "position_wrong"
    CHAIN_BROKEN = "chain_broken"
    TIME_REVERSED = "time_reversed"
    ENVELOPE_INVALID = "envelope_invalid"
    ANCHOR_WRONG = "anchor_wrong"
    EVENT_REPEATED = "event_repeated"
    SIGNATURE_INVALID = "signature_invalid"
    SEQUENCE_BROKEN = "sequence_broken"
    NOT_ADMISSIBLE = "not_admissible"
    CHECKPOINT_NOT_SIGNED = "checkpoint_not_signed"
    TREE_SIZE_WRONG = "tree_size_wrong"
    ROOT_WRONG = "root_wrong"
    CONSEQUENCE_MISSING = "consequence_missing"
    STATEMENT_WRONG = "statement_wrong"
    TILE_WRONG = "tile_wrong"
    PROJECTION_WRONG = "projection_wrong"


class Verdict(StrEnum):
    """The three ends of an audit."""

    VALID = "valid"
    INVALID = "invalid"
    UNDECIDED = "undecided"


EXIT_CODES: Final[Mapping[Verdict, int]] = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.UNDECIDED: 3}


@dataclass(frozen=True, slots=True)
class Finding:
    """One lie. `place` is a file or URL with the offset in bytes; `position` counts entries from 1.

    `evidence` holds, by name, what a third party needs to see it too: the entry's text, the signed checkpoint.
    """

    lie: Lie
    place: str
    position: int | None
    expected: str
    got: str
    evidence: Mapping[str, str] = field(default_factory=dict)


class LieFound(Exception):
    """Raised at the first lie; nothing after it is looked at."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.lie} at {finding.place}: expected {finding.expected}; got {finding.got}")
        self.finding = finding


class Undecidable(Exception):
    """Neither proved nor disproved: a file is missing, a server does not answer, there is nothing to audit."""


@dataclass(frozen=True, slots=True)
class Proved:
    """One thing that holds, for how many, and in which words."""

    what: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """The end of an audit. Made by `valid`, `invalid` and `undecided`."""

    target: str
    verdict: Verdict
    origin: str | None = None
    tree_size: int | None = None
    root: str | None = None
    proved: tuple[Proved, ...] = ()
    assumed: tuple[str, ...] = ()
    finding: Finding | None = None
    reason: str | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]


def invalid(target: str, finding: Finding) -> Report:
    """Return the report of a lie."""
    return Report(target, Verdict.INVALID, finding=finding)


def undecided(target: str, reason: str) -> Report:
    """Return the report of an audit that could not be made."""
    return Report(target, Verdict.UNDECIDED, reason=reason)


def words(error: LogInvalid | Rejected) -> tuple[str, str]:
    """Return what was expected and what came, a refusal with its code before it."""
    if isinstance(error, LogInvalid):
        return error.expected, error.got
    return error.refused.expected, f"{error.refused.got} ({error.refused.refusal})"


def readable(raw: bytes) -> str:
    """Return bytes as text for a report; what is no UTF-8 stays visible as an escape."""
    return raw.decode(errors="backslashreplace")
