"""What only the rows around a row tell: the usual spelling, dates that were filled down, what may be there twice."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal

from ledger.client.kiel.stated import Stated
from ledger.client.kiel.values import Period, shown
from ledger.events.observations import Flag

Spelled = Literal["item", "subtype", "specific"]
SPELLED: Final[tuple[Spelled, ...]] = ("item", "subtype", "specific")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a file says of each of its rows. `usual`: the spelling by column and text in lower case."""

    usual: Mapping[tuple[str, str], str]
    filled: Mapping[tuple[str, str], str]
    twins: Mapping[tuple[str, ...], str]

    def spelled(self, stated: Stated, column: Spelled) -> tuple[str, list[Flag]]:
        """Return a text as the file spells it most often; another spelling is kept in the flag."""
        text: str = getattr(stated, column)
        usual = self.usual.get((column, text.casefold()), text)
        return usual, [] if usual == text else [Flag("letter_case", shown(f"{column}: {text}"))]

    def flags(self, stated: Stated) -> list[Flag]:
        """Return what the rows around say of this one."""
        flags = []
        if (above := self.filled.get((stated.activity, stated.line))) is not None:
            flags.append(Flag("date_drag_filled", above))
        if (twin := self.twins.get(stated.identity)) is not None:
            flags.append(Flag("possible_duplicate", shown(twin)))
        return flags


def surroundings_of(stated: Sequence[Stated], period: Period) -> Surroundings:
    """Return what the rows of a file say of each other."""
    return Surroundings(_usual(stated), _filled(stated, period), _twins(stated))


def _usual(stated: Iterable[Stated]) -> dict[tuple[str, str], str]:
    times: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in stated:
        # The item beside a total repeats that of its first line, so it has no vote.
        for column in SPELLED if one.level != "activity_total" else ("specific",):
            text: str = getattr(one, column)
            if text:
                times[column, text.casefold()][text] += 1
    return {key: min(found, key=lambda text: (-found[text], text)) for key, found in times.items()}


def _filled(stated: Iterable[Stated], period: Period) -> dict[tuple[str, str], str]:
    """Return the lines whose day goes on from that of the line above, by a day or a year, to beyond the release."""
    days: dict[str, dict[int, date]] = defaultdict(dict)
    for one in stated:
        text = one.until or one.day
        if one.activity and one.line.isdecimal() and (day := _iso(text)) is not None:
            days[one.activity].setdefault(int(one.line), day)
    filled = {}
    for activity, by_line in days.items():
        lines = sorted(by_line)
        for above, line in pairwise(lines):
            step = _step(by_line[above], by_line[line])
            if step is not None and by_line[line] > period.last:
                filled[activity, str(line)] = f"a {step} after line {above}: {by_line[line]}"
    return filled


def _step(before: date, after: date) -> str | None:
    if (after - before).days == 1:
        return "day"
    same_day = (before.month, before.day) == (after.month, after.day)
    return "year" if same_day and after.year == before.year + 1 else None


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _twins(stated: Iterable[Stated]) -> dict[tuple[str, ...], str]:
    """Return the claims that say what an earlier one says: a sum on one day, or an item and number in one activity."""
    first: dict[tuple[str, ...], Stated] = {}
    twins = {}
    says: tuple[str, ...]
    for one in stated:
        if one.level == "activity_total" and one.amount and (one.until or one.day):
            says = (one.claim, one.donor, one.general, one.until or one.day, one.currency, one.amount)
        elif one.level == "in_kind_item" and one.quantity:
            says = (one.claim, one.activity, one.item.casefold(), one.until or one.day, one.quantity)
        else:
            continue
        earlier = first.setdefault((one.level, *says), one)
        if earlier is not one and earlier.key != one.key:
            twins[one.identity] = f"as {earlier.activity} line {earlier.line}"
    return twins
