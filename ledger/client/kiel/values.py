"""What one cell means: a number, a day or an interval, a text, an address. What cannot be read is not guessed.

Every reading that is not the cell itself says so with a flag; the flag's detail is what stood there.
"""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from ledger.events.observations import Flag
from ledger.events.values import When

DETAIL_CHARACTERS_MAX: Final = 300
ADDRESS_CHARACTERS_MAX: Final = 400
"""Behind the scheme, as evidence may have them."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_STATED: Final = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ][0-9:.]{5,15})?")
_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})")
_NAMED_MONTH: Final = re.compile(r"([a-z]{3,9})\.? ([0-9]{4})")
_SLASHED: Final = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
_NOT_AFTER: Final = re.compile(r"(?:until|before|by|not after|as of|up to)\b[ :,]*(.+)")
_RANGE: Final = re.compile(r"(.{6,12}?) ?(?:/|\u2013|to| - ) ?(.{6,12})")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Negative(ValueError):
    """A number below zero: no claim of something committed or delivered."""


def number(text: str) -> str | None:
    """Return a stated number as an event writes it, with all its decimals; None for what is no number.

    Raises Negative. `1.000.00`, `1,000`, `NaN` and `dozens` are no numbers here: what they mean is a guess.
    """
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    if value < 0:
        raise Negative(f"{text} is below zero")
    written = text if _STATED.fullmatch(text) else f"{abs(value):f}"
    return written if _STATED.fullmatch(written) else None


def shown(text: str) -> str:
    """Return a text as the detail of a flag."""
    return readable(text)[:DETAIL_CHARACTERS_MAX] or "(invisible)"


def readable(text: str) -> str:
    """Return a text without what cannot be seen, in composed form, with one kind of space and one of line end."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    spaced = "".join(" " if unicodedata.category(one) == "Zs" or one == "\t" else one for one in unified)
    visible = "".join(one for one in spaced if one == "\n" or one.isprintable())
    return unicodedata.normalize("NFC", visible).strip()


def bounded(text: str, characters_max: int) -> tuple[str | None, tuple[Flag, ...]]:
    """Return a text that an event can hold, None for nothing, and what had to be done to it."""
    kept = readable(text)
    flags = () if kept == text else (Flag("text_cleaned"),)
    if len(kept) > characters_max:
        return kept[:characters_max].rstrip(), (*flags, Flag("text_shortened", f"{len(kept)} characters"))
    return kept or None, flags


def address(text: str) -> tuple[str | None, tuple[Flag, ...]]:
    """Return the address that a cell holds, with what no address may have written as percent signs, or None."""
    kept = readable(text)
    encoded = quote(kept, safe="%/:?#[]@!$&'()*+,;=~")
    if not kept:
        return None, ()
    scheme, _, rest = encoded.partition("://")
    if scheme not in ("http", "https") or not 3 <= len(rest) <= ADDRESS_CHARACTERS_MAX:
        return None, (Flag("address_unusable", shown(kept)),)
    return encoded, () if encoded == text else (Flag("address_encoded"),)


@dataclass(frozen=True, slots=True)
class Dated:
    """When something was announced, as far as it is known, and what had to be said of it."""

    when: When | None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """The first and the last day that a release covers."""

    first: date
    last: date


def announced(day: str, until: str, precision: str, period: Period) -> Dated:
    """Return when a row says that it was announced.

    With `precision`, the days are as the csv has them; without it, `day` is what stands in a cell of the workbook. What
    is only known to be no later than a day is the interval from the first day of the release. A day after the release
    was closed is no day on which anything had been announced: none is taken, and what stood there is the flag's detail.
    """
    found = _interval(day, until, precision) if precision else _in_words(day)
    if isinstance(found, Dated):
        return found
    first, last, known = found
    if last > period.last:
        written = f"{known} {last}" if known in ("not_after", "range") else f"{last}"
        return Dated(None, (Flag("date_after_release", written),))
    if known == "not_after":
        first = min(period.first, last)
    if known == "day":
        return Dated(When(first, last, "day"))
    return Dated(When(first, last, "month" if known == "month" else "interval"), (Flag("fuzzy_date", known),))


_Found = tuple[date, date, str] | Dated
_UNKNOWN: Final = Dated(None, (Flag("fuzzy_date", "unknown"),))


def _interval(first: str, last: str, precision: str) -> _Found:
    if precision == "unknown" and not first and not last:
        return _UNKNOWN
    until = _day(last)
    since = _day(first) if first else until
    is_sound = until is not None and since is not None and since <= until
    if not is_sound or precision not in ("day", "month", "range", "not_after"):
        return _unreadable(f"{first}/{last} {precision}")
    assert since is not None
    assert until is not None
    if (precision == "day" and since != until) or (precision == "month" and _month_of(since) != _month_of(until)):
        return since, until, "range"
    return since, until, precision


def _in_words(text: str) -> _Found:
    """Read a cell of the workbook. A day and a month that could be each other are not told apart."""
    said = " ".join(text.casefold().replace(",", " ").split())
    if not said:
        return _UNKNOWN
    if (day := _day(said)) is not None:
        return day, day, "day"
    if (month := _month(said)) is not None:
        return *month, "month"
    if (until := _NOT_AFTER.fullmatch(said)) and (last := _day(until[1]) or _last_of(until[1])):
        return last, last, "not_after"
    if (between := _RANGE.fullmatch(said)) and (first := _day(between[1])) and (last := _day(between[2])):
        return (first, last, "range") if first <= last else _unreadable(text)
    return _unreadable(text)


def _unreadable(text: str) -> Dated:
    return Dated(None, (Flag("date_unreadable", shown(text)),))


def _day(text: str) -> date | None:
    if found := _DAY.fullmatch(text):
        return _date(*found.groups())
    if found := _SLASHED.fullmatch(text):
        one, other, year = found.groups()
        if int(one) > 12 or one == other:
            return _date(year, other, one)
        if int(other) > 12:
            return _date(year, one, other)
    return None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month(text: str) -> tuple[date, date] | None:
    if found := _MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
    elif (found := _NAMED_MONTH.fullmatch(text)) and found[1][:3] in _MONTHS:
        year, month = int(found[2]), _MONTHS.index(found[1][:3]) + 1
    else:
        return None
    if not 1 <= month <= 12 or not 1900 <= year <= 9999:
        return None
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _month_of(day: date) -> tuple[int, int]:
    return day.year, day.month


def _last_of(text: str) -> date | None:
    month = _month(text)
    return month[1] if month is not None else None
