"""Rates as they were published, and conversion by them: the last publication on or before the day, never a later one.

A retired currency converts by its irrevocable rate from the day on which it was replaced. Where nobody published a
rate, there is none: no rate is guessed, and the original amount stays the authoritative one.

Publications are kept by series and month, so that a new one does not rewrite decades of old ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, Literal

from ledger.events.currencies import exponent, irrevocable
from ledger.events.rates import RatesPublished
from ledger.rules.compact import Compact, history
from ledger.rules.history import History, effective, kept

DAYS_BACK_MAX: Final = 31
"""How old a publication may be and still be the last one: longer than any run of holidays."""

_EXACT_ENOUGH: Final = Context(prec=80)
"""More digits than any sum of amounts has, divided by the smallest rate that can be written."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """So many `units` of `currency` for one unit of `base`, of the day `on`, and why this one was taken.

    `event_id` is the publication's; None where the rate is no published one.
    """

    currency: str
    base: str
    units: Decimal
    on: date
    rule: Literal["published_on_or_before", "irrevocable", "same_currency"]
    source: str
    event_id: str | None = None


def stream_id(series: str, on: date) -> str:
    """Return the part of a stream's name that follows `rates/`: series and month, such as ecb.2026-06."""
    return f"{series}.{on:%Y-%m}"


@kept
def publications(record: History | None) -> tuple[RatesPublished, ...]:
    """Return the publications of a stream that count, the latest day first."""
    found = (item.event for item in effective(record) if isinstance(item.event, RatesPublished))
    return tuple(sorted(found, key=lambda one: one.on, reverse=True))


def quoted(compact: Compact, series: str, currency: str, into: str, on: date) -> Quoted | None:
    """Return the rate of `currency` for one `into` on a day: irrevocable, or the last published until then, or None."""
    if currency == into:
        return Quoted(currency, into, Decimal(1), on, "same_currency", "the same currency")
    fixed = irrevocable(currency)
    if fixed is not None and fixed.for_one == into and on >= fixed.since:
        return Quoted(currency, into, fixed.units, fixed.since, "irrevocable", "irrevocable conversion rate")
    for publication in published_until(compact, series, on):
        units = next((one.rate for one in publication.rates if one.currency == currency), None)
        if publication.base == into and units is not None:
            title = publication.source.title
            return Quoted(
                currency, into, Decimal(units), publication.on, "published_on_or_before", title, publication.id
            )
    return None


def published_until(compact: Compact, series: str, on: date) -> Iterator[RatesPublished]:
    """Yield the publications of the last days until `on`, the latest first."""
    first = on - timedelta(days=DAYS_BACK_MAX)
    for name in streams_until(series, on):
        yield from (one for one in publications(history(compact, "rates", name)) if first <= one.on <= on)


def streams_until(series: str, on: date) -> tuple[str, ...]:
    """Return the ids of the streams that hold the publications of the last days until `on`, the latest month first."""
    days = (on - timedelta(days=back) for back in range(DAYS_BACK_MAX + 1))
    return tuple(dict.fromkeys(stream_id(series, day) for day in days))


def converted(amount: Decimal, rate: Quoted) -> Decimal:
    """Return `amount` of the quoted currency in its base, to the base's own decimals, half to even."""
    whole = _EXACT_ENOUGH.divide(amount, rate.units)
    return whole.quantize(Decimal(1).scaleb(-(exponent(rate.base) or 0)), ROUND_HALF_EVEN, _EXACT_ENOUGH)
