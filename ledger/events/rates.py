"""The stream `rates`: published exchange rates with their source. Conversion reads them; it never invents one."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.values import CurrencyCode, Source

RateText = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,9})\.[0-9]{1,8}$(?!\n)",
        description="units of the currency for one unit of the base",
        examples=["11.4211"],
    ),
]
SourceKey = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$(?!\n)", description="key of the publisher's series", examples=["ecb"]),
]


class Rate(Struct, frozen=True, forbid_unknown_fields=True):
    """{"currency": "SEK", "rate": "11.4211"}: so many SEK for one unit of the base."""

    currency: CurrencyCode
    rate: RateText

    def __post_init__(self) -> None:
        if Decimal(self.rate) == 0:
            raise ValueError("a rate is more than nothing")


class RatesPublished(Event, frozen=True, kw_only=True, tag="rates.published"):
    """The rates of one publication day, by the depositary or an observer, from a named source."""

    series: SourceKey
    source: Source
    on: date
    base: CurrencyCode
    rates: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=200)]
