"""What all guarantors have promised and done, by category and unit; with or without the institutions of the EU.

Each unit is counted once: a joint commitment by its shares, an envelope without its parts, a reimbursement not at all
but beside what was delivered. Amounts of money can be shown in one currency as well, each line by its own named rate;
a line without a rate says so and is in no converted sum.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from ledger.rules.parties import Party
from projections.answers import Obligation
from projections.conversion import Exchange, RateShown
from projections.counting import BESIDE, HEADLINES, SUMMED, Counted, Line, count, given_figures
from projections.figures import Amount, Figure, Measure, figure, total
from projections.obligations import every_obligation
from projections.reading import Known
from projections.summary import NOT_IN_EFFECT

EU_CODE: Final = "EUE"
"""The code of the European Union, which is reserved in ISO 3166-1 and which its institutions carry here as well."""

Institutions = Literal["with", "without"]


class ConvertedLine(Struct, frozen=True, kw_only=True):
    """The headline figures of a line in another currency, rounded to its own decimals, and the rate."""

    into: str
    committed: Figure
    delivered: Figure
    acknowledged: Figure
    overdue: Figure
    rate: RateShown


class TotalsLine(Struct, frozen=True, kw_only=True):
    """What one category in one unit comes to. `converted`: null where none was asked for, or there is no rate.

    Delivered and acknowledged hold no reimbursement and nothing voluntary; both stand beside.
    """

    category: str
    kind: Literal["money", "units"]
    unit: str
    committed: Figure
    delivered: Figure
    acknowledged: Figure
    overdue: Figure
    disputed: Figure
    lapsed: Figure
    suspended: Figure
    released: Figure
    beyond_commitment: Figure
    reimbursements: Figure
    voluntary: Figure
    voluntary_acknowledged: Figure
    indeterminate: int
    guarantors: tuple[str, ...]
    commitments: tuple[str, ...]
    converted: ConvertedLine | None


class ConvertedSum(Struct, frozen=True, kw_only=True):
    """The lines of money of one category, added up in one currency. `without_rate`: the currencies that are not in it.

    The category `null` is all of them together.
    """

    category: str | None
    into: str
    committed: Figure
    delivered: Figure
    acknowledged: Figure
    overdue: Figure
    currencies: tuple[str, ...]
    without_rate: tuple[str, ...]


class Totals(Struct, frozen=True, kw_only=True):
    """All guarantors together. `institutions`: the institutions of the EU that owe or gave something.

    `rates_on`: the day whose rates were taken; null where no conversion was asked for.
    """

    eu_institutions: Institutions
    institutions: tuple[str, ...]
    lines: tuple[TotalsLine, ...]
    undisclosed: int
    undisclosed_commitments: tuple[str, ...]
    indeterminate: int
    commitments: int
    not_in_effect: int
    pending: int
    into: str | None
    series: str | None
    rates_on: date | None
    converted: tuple[ConvertedSum, ...]
    without_rate: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tallied:
    """What was counted, of which obligations, and which institutions of the EU there are among the parties."""

    counted: Counted
    owed: Sequence[Obligation]
    institutions: frozenset[str]


def is_eu_institution(party: Party, on: date) -> bool:
    """Return whether a party is the European Union or one of its institutions: an organisation with its code that day.

    The name tells nothing, and a role can end while obligations go on: neither is asked.
    """
    codes = (one for one in party.codes if one.code == EU_CODE)
    in_use = any((one.since is None or one.since <= on) and (one.until is None or on <= one.until) for one in codes)
    return party.kind == "organisation" and in_use


def tallied(known: Known, eu_institutions: Institutions, party: str | None = None) -> Tallied:
    """Return what all guarantors come to, or `party` alone."""
    owed = every_obligation(known)
    given = known.given(known.take(known.rows.of_kind("delivery")))
    parties = dict.fromkeys((*(one.guarantor for one in owed), *(one.view.party for one in given)))
    known.fetch(f"party/{one}" for one in parties)
    views = ((one, known.party(one)) for one in parties)
    institutions = frozenset(one for one, view in views if view is not None and is_eu_institution(view, known.as_of))
    left_out = institutions if eu_institutions == "without" else frozenset()

    def counts(one: str) -> bool:
        return one not in left_out and party in (None, one)

    return Tallied(count(known, owed, given, counts), [one for one in owed if counts(one.guarantor)], institutions)


def totals(known: Known, eu_institutions: Institutions, exchange: Exchange | None = None) -> Totals:
    """Return what all guarantors come to; with an exchange, money in its currency as well."""
    found = tallied(known, eu_institutions)
    lines = tuple(_line(category, measure, line, exchange) for category, measure, line in found.counted.sorted())
    sums = tuple(converted_sums(lines, exchange.into)) if exchange is not None else ()
    undisclosed = tuple(sorted(found.counted.undisclosed))
    return Totals(
        eu_institutions=eu_institutions,
        institutions=tuple(sorted(found.institutions)),
        lines=lines,
        undisclosed=len(undisclosed),
        undisclosed_commitments=undisclosed,
        indeterminate=len({one.commitment for one in found.owed if one.indeterminate_parts}),
        commitments=len({one.commitment for one in found.owed}),
        not_in_effect=len({one.commitment for one in found.owed if one.state in NOT_IN_EFFECT}),
        pending=len({act.event for one in found.owed for act in one.pending}),
        into=exchange.into if exchange is not None else None,
        series=exchange.series if exchange is not None else None,
        rates_on=exchange.on if exchange is not None else None,
        converted=sums,
        without_rate=sums[-1].without_rate if sums else (),
    )


def _line(category: str, measure: Measure, line: Line, exchange: Exchange | None) -> TotalsLine:
    shown = given_figures(line, measure, (*SUMMED, *BESIDE))
    return TotalsLine(
        category=category,
        kind="money" if measure.kind == "money" else "units",
        unit=measure.unit,
        indeterminate=line.indeterminate,
        guarantors=tuple(sorted(line.guarantors)),
        commitments=tuple(line.commitments),
        converted=converted_line(shown, measure, exchange),
        **shown,
    )


def converted_line(shown: dict[str, Figure], measure: Measure, exchange: Exchange | None) -> ConvertedLine | None:
    """Return the headline figures among `shown` in another currency; None where there is nothing to convert by."""
    rate = exchange.quoted(measure.unit) if exchange is not None and measure.kind == "money" else None
    if exchange is None or rate is None:
        return None
    headlines = {name: exchange.converted(shown[name], rate) for name in HEADLINES}
    return ConvertedLine(into=exchange.into, rate=exchange.shown(rate), **headlines)


def converted_sums(lines: Iterable[TotalsLine], into: str) -> Iterable[ConvertedSum]:
    """Yield the sum of each category that has money in it, by category, then that of all of them."""
    money = [line for line in lines if line.kind == "money"]
    for category in sorted({line.category for line in money}):
        yield _sum(category, [line for line in money if line.category == category], into)
    yield _sum(None, money, into)


def _sum(category: str | None, lines: Sequence[TotalsLine], into: str) -> ConvertedSum:
    shown = [line.converted for line in lines if line.converted is not None]
    measure = Measure("money", into)
    sums = {name: figure(total(_amount(getattr(one, name)) for one in shown), measure) for name in HEADLINES}
    return ConvertedSum(
        category=category,
        into=into,
        currencies=tuple(sorted({line.unit for line in lines if line.converted is not None})),
        without_rate=tuple(sorted({line.unit for line in lines if line.converted is None})),
        **sums,
    )


def _amount(shown: Figure) -> Amount:
    return Amount(Fraction(shown.amount), frozenset(shown.events))
