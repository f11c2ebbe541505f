"""Amounts in another currency, each with the rate that was taken: its source, its day, why that one, and its event.

The original amount stays the authoritative one. A rate is never guessed: where nobody published one, there is none.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct

from ledger.events.rates import Rate
from ledger.events.values import Source
from ledger.rules.compact import Recorded, State
from ledger.rules.rates import Quoted, converted, published_until, quoted, stream_id
from projections.figures import Figure
from projections.reading import Known, explained

SERIES_DEFAULT: Final = "ecb"


class RateShown(Struct, frozen=True, kw_only=True):
    """So many `units` of `currency` for one unit of `into`, of the day `on`, and by which rule that day was taken.

    `series` and `event` are of the publication; null where the rate is no published one.
    """

    currency: str
    into: str
    units: str
    on: date
    rule: Literal["published_on_or_before", "irrevocable", "same_currency"]
    series: str | None
    source: str
    event: str | None


class Conversion(Struct, frozen=True, kw_only=True):
    """An amount and what it comes to on a day, by the rate that is shown."""

    amount: str
    currency: str
    into: str
    on: date
    converted: Figure
    rate: RateShown


class Publication(Struct, frozen=True, kw_only=True):
    """The rates of one publication day, with corrections: units of each currency for one unit of the base."""

    series: str
    on: date
    base: str
    source: Source
    published_by: str
    rates: tuple[Rate, ...]
    event: str
    events: tuple[str, ...]


@dataclass(frozen=True)
class _Streams:
    """What was known, as the rules read it. Rates are found by series and month, never by an event or a signer."""

    known: Known

    def get(self, stream: str) -> State | None:
        history = self.known.history(stream)
        return Recorded(history=history) if history is not None else None

    def locate(self, event_id: str) -> str | None:
        raise AssertionError(f"a rate is not found by the event {event_id}")

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        raise AssertionError(f"a rate is not found by what {authority} signed since {since}")


@dataclass
class Exchange:
    """Converts into one currency, by one series, on one day. Each rate is looked up once."""

    known: Known
    into: str
    series: str
    on: date
    _quoted: dict[str, Quoted | None] = field(default_factory=dict)

    def quoted(self, currency: str) -> Quoted | None:
        """Return the rate of a currency, or None where there is none."""
        if currency not in self._quoted:
            self._quoted[currency] = quoted(_Streams(self.known), self.series, currency, self.into, self.on)
        return self._quoted[currency]

    def shown(self, rate: Quoted) -> RateShown:
        return RateShown(
            currency=rate.currency,
            into=rate.base,
            units=f"{rate.units:f}",
            on=rate.on,
            rule=rate.rule,
            series=self.series if rate.event_id is not None else None,
            source=rate.source,
            event=rate.event_id,
        )

    def converted(self, shown: Figure, rate: Quoted) -> Figure:
        """Return a figure of the rate's currency in the other, with the publication among the events behind it."""
        amount = converted(Decimal(shown.amount), rate)
        if not shown.events:
            return Figure(f"{amount:f}")
        return Figure(f"{amount:f}", tuple(sorted({*shown.events, *self._behind(rate)})))

    def of(self, amount: str, currency: str) -> Conversion | None:
        """Return what an amount comes to; None where there is no rate."""
        rate = self.quoted(currency)
        if rate is None:
            return None
        return Conversion(
            amount=amount,
            currency=currency,
            into=self.into,
            on=self.on,
            converted=Figure(f"{converted(Decimal(amount), rate):f}", tuple(sorted(self._behind(rate)))),
            rate=self.shown(rate),
        )

    def _behind(self, rate: Quoted) -> frozenset[str]:
        if rate.event_id is None:
            return frozenset()
        history = self.known.history(f"rates/{stream_id(self.series, rate.on)}")
        assert history is not None
        return explained(history, [rate.event_id])


def last_publication(known: Known, series: str, on: date) -> Publication | None:
    """Return the last publication of a series on or before a day, as far back as a conversion looks; else None."""
    found = next(published_until(_Streams(known), series, on), None)
    if found is None:
        return None
    history = known.history(f"rates/{stream_id(series, found.on)}")
    assert history is not None
    return Publication(
        series=series,
        on=found.on,
        base=found.base,
        source=found.source,
        published_by=found.party,
        rates=found.rates,
        event=found.id,
        events=tuple(sorted(explained(history, [found.id]))),
    )
