"""Numbers, days, instants and amounts as a language writes them. What is written stays exact: nothing is rounded."""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton
from babel.lists import format_list
from babel.numbers import format_compact_decimal, format_decimal, get_currency_name
from babel.units import format_unit
from markupsafe import Markup

from api.pages.languages import Language, catalogue
from ledger.events.values import When

LONG_DAY: Final = "d MMMM y"
SHORT_DAY: Final = "d MMM y"

HOURS_COUNTED_MAX: Final = 100
"""Up to so many hours a span is written in hours, as the clocks of the Compact count; beyond, in whole days."""

_LOCALES: Final = {"en": "en_GB", "uk": "uk_UA"}
_SPACE: Final = "\N{NO-BREAK SPACE}"
_FRACTION_SLASH: Final = "\N{FRACTION SLASH}"
_YEAR: Final = "\N{CYRILLIC SMALL LETTER ER}"
_YEAR_MARK: Final = re.compile(rf"\s{_YEAR}{_YEAR}?\.$")


class Writing:
    """How one language writes things."""

    def __init__(self, language: Language) -> None:
        self._locale = Locale.parse(_LOCALES[language])
        self._messages = catalogue(language)

    def label(self, kind: str, code: str) -> str:
        """Return the word for a code: `label("category", "air_defence")`."""
        return self._messages.pgettext(kind, code)

    def number(self, amount: str | int) -> str:
        """Return an amount as it is, grouped: `2,500,000,000`, `0.50`, `5 1/3`. Zero cents are left out."""
        text = str(amount)
        if "/" in text:
            return self._mixed(*map(int, text.split("/")))
        decimals = len(text.partition(".")[2]) if text.partition(".")[2].strip("0") else 0
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(Decimal(text), format=pattern, locale=self._locale)

    def _mixed(self, above: int, below: int) -> str:
        whole, rest = divmod(above, below)
        fraction = f"{rest}{_FRACTION_SLASH}{below}"
        return f"{self.number(whole)}{_SPACE}{fraction}" if whole else fraction

    def compact(self, amount: Fraction) -> str:
        """Return an amount as the axis of a chart has it: `2.5bn`, `2,5 млрд`. Not for figures: it may be rounded."""
        number = Decimal(amount.numerator) / amount.denominator
        return format_compact_decimal(number, format_type="short", locale=self._locale, fraction_digits=2)

    def period(self, first: date, step: str) -> str:
        """Return the name of a calendar period: `January 2026`, `Q1 2026`, `2026`."""
        skeleton = {"month": "yMMM", "quarter": "yQQQ", "year": "y"}[step]
        return _without_era(str(format_skeleton(skeleton, first, locale=self._locale)))

    def currency(self, code: str) -> str:
        """Return the name of a currency."""
        return get_currency_name(code, locale=self._locale)

    def money(self, amount: str, code: str) -> str:
        """Return an amount with its currency: `GBP 2,500,000`, `2 500 000 GBP`."""
        parts = (code, self.number(amount)) if self._locale.language == "en" else (self.number(amount), code)
        return _SPACE.join(parts)

    def day(self, day: date) -> Markup:
        """Return a day in full, marked up."""
        return _timed(day.isoformat(), format_date(day, LONG_DAY, locale=self._locale))

    def short_day(self, day: date) -> Markup:
        """Return a day as tables have it."""
        return _timed(day.isoformat(), format_date(day, SHORT_DAY, locale=self._locale))

    def instant(self, instant: datetime) -> Markup:
        """Return an instant to the second, in UTC."""
        at = instant.astimezone(UTC)
        shown = f"{format_date(at.date(), SHORT_DAY, locale=self._locale)}, {at:%H:%M:%S}{_SPACE}UTC"
        return _timed(at.isoformat().replace("+00:00", "Z"), shown)

    def span(self, seconds: int) -> str:
        """Return how long something is, whichever way: `161 days`, `28 hours 5 minutes`, `4 minutes 59 seconds`.

        What is less than the last of these units is left out: the instants beside it are exact.
        """
        hours, rest = divmod(abs(seconds), 3600)
        if hours >= HOURS_COUNTED_MAX:
            return self._counted(hours // 24, "day")
        last = (rest % 60, "second") if not hours else (0, "second")
        counted = [(count, unit) for count, unit in ((hours, "hour"), (rest // 60, "minute"), last) if count]
        return " ".join(self._counted(count, unit) for count, unit in counted or [last])

    def _counted(self, count: int, unit: str) -> str:
        return format_unit(count, f"duration-{unit}", length="long", locale=self._locale)

    def when(self, when: When) -> str:
        """Return an interval of days as precisely as it is known, and no more."""
        if when.precision == "day":
            return format_date(when.first, SHORT_DAY, locale=self._locale)
        if when.precision == "fiscal_year":
            return self._messages.gettext("financial year %(days)s") % {"days": self._interval(when)}
        if skeleton := self._calendar_skeleton(when):
            return _without_era(str(format_skeleton(skeleton, when.first, locale=self._locale)))
        return self._interval(when)

    def _calendar_skeleton(self, when: When) -> str | None:
        first, last = when.first, when.last
        if first.day != 1 or last.day != monthrange(last.year, last.month)[1] or first.year != last.year:
            return None
        match when.precision, first.month, last.month - first.month:
            case "month", _, 0:
                return "yMMMM"
            case "quarter", 1 | 4 | 7 | 10, 2:
                return "yQQQQ"
            case "year", 1, 11:
                return "y"
            case _:
                return None

    def _interval(self, when: When) -> str:
        return _without_era(format_interval(when.first, when.last, "yMMMd", locale=self._locale))

    def listed(self, items: Sequence[str]) -> str:
        """Return words as a list in a sentence."""
        return format_list(list(items), locale=self._locale)


def _without_era(text: str) -> str:
    """Leave out the Ukrainian abbreviation of "year": its full stop would end sentences that go on."""
    return _YEAR_MARK.sub("", text)


def _timed(machine: str, shown: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine, shown)
