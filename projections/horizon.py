"""What is to come, as an answer has it, and the window in which it is looked for.

A day on which something falls due lasts until its end, and belongs to the window as long as it has not passed. A change
takes effect at its instant, or at the beginning of its day, and is to come only before that. Fuzzy dates are judged on
their last possible day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from ledger.events.values import Texts, When
from projections.figures import Figure
from projections.reading import end_of

DAYS_DEFAULT: Final = 90
DAYS_MAX: Final = 366


class Coming(StrEnum):
    """What can be to come."""

    OBLIGATION_DUE = "obligation_due"
    CAP_ENDS = "cap_ends"
    TARGET_ENDS = "target_ends"
    REQUIREMENT_NEEDED = "requirement_needed"
    MEASURE_RENEWAL = "measure_renewal"
    RELIEF_ENDS = "relief_ends"
    REINSTATEMENT = "reinstatement"
    SNAPBACK_ENDS = "snapback_ends"
    WITHDRAWAL = "withdrawal"
    TERM_ENDS = "term_ends"
    CONVENE_BY = "convene_by"
    DECIDE_BY = "decide_by"
    MANDATE_EXPIRES = "mandate_expires"


DUE: Final = frozenset(
    {Coming.OBLIGATION_DUE, Coming.CAP_ENDS, Coming.TARGET_ENDS, Coming.REQUIREMENT_NEEDED},
)
"""What is in time until the end of its day. Of the others, those that name a day take effect when it begins."""

About = Literal["commitment", "requirement", "measure", "instrument", "consultation", "authority"]


class Upcoming(Struct, frozen=True, kw_only=True):
    """One thing to come. `on` is its day, `at` its instant where it has one, `when` what is known of a fuzzy date.

    `parties`: who has to act, or whom it concerns. `about` and `id` name the thing; `part` numbers a dated part of a
    commitment, `measure_parts` are keys within a measure. `counted_in`: the envelope that shows the part as well.
    """

    kind: Coming
    on: date
    at: datetime | None = None
    when: When | None = None
    days: int
    about: About
    id: str
    title: Texts
    parties: tuple[str, ...]
    instrument: str | None = None
    category: str | None = None
    amount: Figure | None = None
    unit: str | None = None
    part: int | None = None
    measure_parts: tuple[str, ...] = ()
    counted_in: str | None = None
    events: tuple[str, ...]

    @property
    def key(self) -> str:
        """What tells one item of an answer from every other."""
        one = self.parties[0] if len(self.parties) == 1 else ""
        time = self.at.isoformat() if self.at is not None else self.on.isoformat()
        return f"{time}/{self.kind}/{self.id}/{one}/{self.part or 0}"

    @property
    def order(self) -> tuple[datetime, str]:
        """Soonest first: a deadline of a day at its end, a change of a day at its beginning."""
        if self.at is not None:
            return self.at, self.key
        return (end_of(self.on) if self.kind in DUE else beginning_of(self.on)), self.key


def beginning_of(day: date) -> datetime:
    """Return the first instant of a day in UTC."""
    return datetime.combine(day, time.min, UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """So many days from an instant on. Days are counted from the instant's own."""

    instant: datetime
    days: int

    @property
    def first_day(self) -> date:
        return self.instant.date()

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=self.days)

    @property
    def ends(self) -> datetime:
        return self.instant + timedelta(days=self.days)

    def has_due_day(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    def has_first_day(self, day: date) -> bool:
        """Whether a day from which something holds is to come."""
        return self.first_day < day <= self.last_day

    def has_deadline(self, at: datetime) -> bool:
        return self.instant <= at <= self.ends

    def has_change(self, at: datetime) -> bool:
        return self.instant < at <= self.ends

    def until(self, day: date) -> int:
        return (day - self.first_day).days
