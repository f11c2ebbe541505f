"""What all guarantors come to, at one time and over time, and the rates by which money is shown in one currency.

The original amount is the authoritative one; a conversion names its rate, the day of the rate and why it was taken.
"""

import re
from datetime import date
from typing import Annotated, Final, Literal

from dateutil.relativedelta import relativedelta
from fastapi import APIRouter, Query
from starlette.responses import Response

from api.problems import Problem, Trouble
from api.reads_answers import Found, answer, one, require
from api.reads_asked import FIRST_DAY, LAST_DAY, Asking
from api.reads_documentation import single
from api.reads_records import CategoryFilter, PartyFilter
from ledger.events.currencies import exponent
from ledger.events.values import check_decimals
from projections.conversion import SERIES_DEFAULT, Conversion, Exchange, Publication, last_publication
from projections.reading import Known
from projections.statistics import MONTHS, POINTS_MAX, Statistics, Step, TooManyPoints, Wanted, statistics
from projections.stored_rows import StoredRows
from projections.totals import Totals, totals

POINTS_DEFAULT: Final = 12

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY: Final = r"^[A-Z]{3}$"

Institutions = Annotated[
    Literal["with", "without"], Query(description="the European Union and its institutions, beside its members")
]
Into = Annotated[
    str | None,
    Query(alias="in", pattern=_CURRENCY, description="show money in this currency as well", examples=["EUR"]),
]
Series = Annotated[
    str, Query(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$", description="whose rates", examples=[SERIES_DEFAULT])
]
Currency = Annotated[str, Query(pattern=_CURRENCY, description="ISO 4217 code")]
Day = Annotated[str | None, Query(description="a day, YYYY-MM-DD; default: that of as_of", examples=["2026-06-30"])]

router = APIRouter()


@router.get("/v1/totals", **single(Totals, "All guarantors together"))
def show_totals(
    asked: Asking, eu_institutions: Institutions = "with", into: Into = None, series: Series = SERIES_DEFAULT
) -> Response:
    """All guarantors together, by category and unit: each unit once, a reimbursement beside and never as a delivery.

    With `in`, money is shown in that currency as well, by the rates of the day of `as_of`; what has no rate is named.
    """
    _check_currency("in", into)

    def compute(known: Known, _: StoredRows) -> Found:
        exchange = Exchange(known, into, series, known.as_of) if into is not None else None
        found = totals(known, eu_institutions, exchange)
        return one(found, found.lines)

    return answer(asked, compute)


@router.get("/v1/statistics", **single(Statistics, "Totals over time"))
def show_statistics(
    asked: Asking,
    since: Annotated[
        str | None, Query(alias="from", description="a day in the first period; default: twelve periods in all")
    ] = None,
    until: Annotated[str | None, Query(description="the last day; default: that of as_of")] = None,
    step: Annotated[Step, Query(description="the length of a period")] = "month",
    category: CategoryFilter = None,
    party: PartyFilter = None,
    eu_institutions: Institutions = "with",
    into: Into = None,
    series: Series = SERIES_DEFAULT,
) -> Response:
    """Committed, delivered, acknowledged and overdue at the end of each period, all as known at one tree size.

    As a table: one line for each point, category and unit.
    """
    _check_currency("in", into)
    last = _day("until", until) if until is not None else asked.as_of
    first = _day("from", since) if since is not None else _twelve_periods(last, step)
    if first > last:
        raise Problem(Trouble.QUERY_INVALID, "from on or before until", f"{first} and {last}")
    wanted = Wanted(
        since=first,
        until=last,
        step=step,
        party=party,
        category=category,
        eu_institutions=eu_institutions,
        into=into,
        series=series,
    )

    def compute(_: Known, rows: StoredRows) -> Found:
        try:
            found = statistics(rows, wanted)
        except TooManyPoints as error:
            expected = f"at most {POINTS_MAX} points: a longer step, or a shorter time"
            raise Problem(Trouble.QUERY_INVALID, expected, f"{error.points} or more") from None
        return one(found, found.rows)

    return answer(asked, compute)


@router.get("/v1/rates", **single(Publication, "The last published rates"))
def show_rates(asked: Asking, series: Series = SERIES_DEFAULT, on: Day = None) -> Response:
    """The last publication of a series on or before a day. A publication that is too old to convert by is none."""
    day = _day("on", on) if on is not None else asked.as_of

    def compute(known: Known, _: StoredRows) -> Found:
        return one(require(last_publication(known, series, day), f"rates of {series} on or before {day}", "none"))

    return answer(asked, compute)


@router.get("/v1/rates/conversion", **single(Conversion, "An amount in another currency"))
def show_conversion(
    asked: Asking,
    amount: Annotated[str, Query(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?$", examples=["75000000000.00"])],
    currency: Annotated[Currency, Query(alias="from", examples=["SEK"])],
    into: Annotated[Currency, Query(examples=["EUR"])],
    on: Day = None,
    series: Series = SERIES_DEFAULT,
) -> Response:
    """An amount in another currency by the last rate published on or before a day, or by an irrevocable one.

    Without a rate there is no conversion: none is guessed, and none is crossed from two others.
    """
    _check_currency("from", currency)
    _check_currency("into", into)
    _check_amount(amount, currency)
    day = _day("on", on) if on is not None else asked.as_of

    def compute(known: Known, _: StoredRows) -> Found:
        found = Exchange(known, into, series, day).of(amount, currency)
        return one(require(found, f"a rate of {currency} for one {into} in {series} on or before {day}", "none"))

    return answer(asked, compute)


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise Problem(Trouble.QUERY_INVALID, f"{name} as YYYY-MM-DD, from {FIRST_DAY} to {LAST_DAY}", ascii(text[:60]))
    return day


def _twelve_periods(last: date, step: Step) -> date:
    return max(last.replace(day=1) - relativedelta(months=MONTHS[step] * (POINTS_DEFAULT - 1)), FIRST_DAY)


def _check_currency(name: str, code: str | None) -> None:
    if code is not None and exponent(code) is None:
        raise Problem(Trouble.QUERY_INVALID, f"{name} as a currency of ISO 4217", code)


def _check_amount(amount: str, currency: str) -> None:
    try:
        check_decimals(amount, currency)
    except ValueError as error:
        raise Problem(Trouble.QUERY_INVALID, "amount with the decimals of its currency", str(error)) from None
