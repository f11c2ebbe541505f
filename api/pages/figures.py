"""Figures for people: what the same unit adds up to, and the acts behind a figure, one by one.

A figure is addressed by what it is of, so that its explanation is computed again and lists the acts that it names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from api.pages.looking import Content, Looking
from api.pages.visits import checked_id, not_found
from projections.answers import GuarantorSummary, Obligation, SummaryLine
from projections.figures import Amount, Figure, Measure, figure, total
from projections.obligations import obligations_of
from projections.pages import CommitmentPage, LineShown, commitment_page, delivery_page
from projections.summary import summary_of
from projections.totals import TotalsLine

HEADLINES: Final = ("committed", "delivered", "acknowledged", "overdue")
"""The four figures that stand beside each other and never become one."""

BESIDE: Final = (
    *("disputed", "lapsed", "suspended", "released", "beyond_commitment"),
    *("voluntary", "voluntary_acknowledged", "reimbursements"),
)
OF_OBLIGATION: Final = (
    *(*HEADLINES, "promised", "due", "open", "unanswered", "disputed"),
    *("under_way", "suspended", "overdue_in_suspension", "lapsed", "released", "beyond_commitment", "reimbursements"),
)
OF_LINE: Final = ("claimed", "acknowledged", "disputed", "unanswered")


@dataclass(frozen=True)
class UnitLine:
    """The headline figures of one guarantor in one unit, all categories together."""

    kind: str
    unit: str
    figures: dict[str, Figure]


def by_unit(summary: GuarantorSummary) -> list[UnitLine]:
    """Return a summary with the categories added up, money first, by unit."""
    units = dict.fromkeys((line.kind, line.unit) for line in summary.lines)
    return [
        UnitLine(kind, unit, {name: _sum(summary.lines, kind, unit, name) for name in HEADLINES})
        for kind, unit in sorted(units)
    ]


def _sum(lines: Iterable[SummaryLine], kind: str, unit: str, name: str) -> Figure:
    shown: list[Figure] = [getattr(line, name) for line in lines if (line.kind, line.unit) == (kind, unit)]
    amounts = (Amount(Fraction(one.amount), frozenset(one.events)) for one in shown)
    return figure(total(amounts), Measure(kind, unit))


def beside(line: SummaryLine | TotalsLine) -> list[tuple[str, Figure]]:
    """Return what stands beside the headline figures of a line and is not nothing."""
    return [(name, shown) for name in BESIDE if is_something(shown := getattr(line, name))]


def of_obligation(one: Obligation) -> list[tuple[str, Figure | None]]:
    """Return the figures of an obligation: the four headlines always, the others where they are not nothing.

    What was promised is left out where all of it is committed.
    """
    always = HEADLINES if one.kind != "undisclosed" else ()
    is_bound = one.promised is not None and one.committed is not None and one.promised.amount == one.committed.amount
    names = [name for name in OF_OBLIGATION if not (name == "promised" and is_bound)]
    every: list[tuple[str, Figure | None]] = [(name, getattr(one, name)) for name in names]
    return [(name, shown) for name, shown in every if name in always or is_something(shown)]


def of_whole(page: CommitmentPage) -> list[tuple[str, Figure]]:
    """Return the figures of a commitment with several obligors as a whole, the headlines first."""
    names = [*HEADLINES, *(name for name in page.whole if name not in HEADLINES)]
    shown = ((name, page.whole.get(name)) for name in names)
    return [(name, one) for name, one in shown if one is not None and (name in HEADLINES or is_something(one))]


def is_something(shown: Figure | None) -> bool:
    """Return whether there is an amount, and it is more than nothing."""
    return shown is not None and Fraction(shown.amount) != 0


def explained_guarantor(looking: Looking, party: str, name: str) -> Content:
    """Return the acts behind a figure of a summary: of one unit, and of one category if the address names it."""
    query = looking.visit.query
    if looking.known.party(checked_id(party)) is None or name not in (*HEADLINES, *BESIDE):
        raise not_found(name)
    lines = summary_of(looking.known, party).lines
    kind, unit, category = query.get("kind", ""), query.get("unit", ""), query.get("category")
    found = [one for one in lines if (one.kind, one.unit) == (kind, unit) and category in (None, one.category)]
    if not found:
        raise not_found(unit)
    back = {"path": f"/guarantors/{party}", "text": looking.name(party), "language": None}
    shown = _sum(found, kind, unit, name)
    return explained(looking, name, shown, kind, unit) | {"back": back, "category": category, "guarantor": party}


def explained_commitment(looking: Looking, commitment: str, name: str) -> Content:
    """Return the acts behind a figure of a commitment: of one obligor if the address names it, else of the whole."""
    history = looking.known.history(f"commitment/{checked_id(commitment)}")
    whole = commitment_page(looking.known, history) if history is not None else None
    if whole is None:
        raise not_found(commitment)
    guarantor = looking.visit.query.get("guarantor")
    if guarantor is None:
        shown = whole.whole.get(name)
    else:
        owed = next((one for one in whole.obligations if one.guarantor == guarantor), None)
        shown = getattr(owed, name) if owed is not None and name in OF_OBLIGATION else None
    if shown is None or whole.unit is None:
        raise not_found(name)
    kind = "money" if whole.kind in ("money", "formula") else "units"
    title = looking.commitment_title(commitment)
    back = {"path": f"/commitments/{commitment}", "text": title.text, "language": title.language}
    return explained(looking, name, shown, kind, whole.unit) | {"back": back, "category": None, "guarantor": guarantor}


def explained_delivery(looking: Looking, delivery: str, name: str) -> Content:
    """Return the acts behind a figure of one line of a delivery."""
    history = looking.known.history(f"delivery/{checked_id(delivery)}")
    given = looking.known.given([history]) if history is not None else []
    lines: tuple[LineShown, ...] = delivery_page(looking.known, given[0]).lines if given else ()
    line = next((one for one in lines if str(one.line) == looking.visit.query.get("line")), None)
    if line is None or name not in OF_LINE:
        raise not_found(name)
    kind = "money" if line.kind == "money" else "units"
    back = {"path": f"/deliveries/{delivery}", "text": delivery, "language": None}
    content = explained(looking, name, getattr(line, name), kind, line.unit)
    return content | {"back": back, "category": None, "guarantor": given[0].view.party}


def explained(looking: Looking, name: str, shown: Figure, kind: str, unit: str) -> Content:
    """Return a figure and the acts behind it, in the order of the log; whoever asks adds what it is a figure of."""
    acts = looking.rows.acts_of(shown.events)
    return {
        "name": name,
        "figure": shown,
        "kind": kind,
        "unit": unit,
        "acts": sorted(acts.values(), key=lambda act: act.position),
    }


def owed_by(looking: Looking, party: str) -> list[tuple[str, list[tuple[str, list[Obligation]]]]]:
    """Return what a party owes, by instrument, then by category: [(instrument, [(category, obligations)])]."""
    owed = obligations_of(looking.known, party)
    looking.fetch_instruments(one.instrument for one in owed)
    grouped: dict[str, dict[str, list[Obligation]]] = {}
    for one in owed:
        grouped.setdefault(one.instrument, {}).setdefault(one.category, []).append(one)
    return [(instrument, sorted(categories.items())) for instrument, categories in sorted(grouped.items())]
