"""Sums of what observers say, in the observers' own figures: by observer, release, claim and level, never across them.

A total and its breakdown are never added up, nor two releases, nor units of different things: only where the source
itself adds the units of its weapon systems is there a number of units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal
from urllib.parse import urlencode

from msgspec import Struct

from ledger.rules.observations import Observation
from projections.figures import ZERO, Measure, written
from projections.observed import ObservationFilter

By = Literal["category", "party", "level"]

_PLAIN = Measure("units", "")


class QuantitiesSaid(Struct, frozen=True):
    """How many claims state a quantity, and how many do not, each in its way."""

    disclosed: int
    undisclosed: int
    not_stated: int
    unparsable: int


class Compared(Struct, frozen=True):
    """Where both are disclosed: how many deliveries are as much as was committed on the same line, less, or more."""

    both: int
    equal: int
    less: int
    more: int


class ObservedTotal(Struct, frozen=True, kw_only=True):
    """What one observer's release adds up to. `href` lists the claims behind it.

    `sum_eur` is of the amounts in euros that the source states, with all their decimals; `without_sum_eur` claims have
    none. `units` are there for systems only. `donors` and `activities` are counted once each, so they do not add up
    over categories.
    """

    observer: str
    release: str
    claim: str
    level: str
    category: str | None
    about: str | None
    party_id: str | None
    claims: int
    activities: int
    donors: int
    sum_eur: str | None
    without_sum_eur: int
    units: str | None
    quantities: QuantitiesSaid
    compared: Compared | None
    flagged: int
    adopted: int
    href: str


@dataclass(frozen=True, slots=True)
class _Key:
    observer: str
    release: str
    claim: str
    level: str
    category: str
    about: str
    party_id: str


def observed_totals(views: Iterable[Observation], wanted: ObservationFilter, by: By) -> list[ObservedTotal]:
    """Return the totals of the `wanted` among the claims: by category, by party and category, or of each level.

    The others are what deliveries are compared with.
    """
    groups: dict[_Key, list[Observation]] = {}
    every: dict[tuple[object, ...], Observation] = {}
    for view in views:
        if wanted.takes(view):
            groups.setdefault(_key(view, by), []).append(view)
        every[(*_line(view), view.recorded.claim)] = view
    order = sorted(groups, key=lambda key: tuple(getattr(key, name) for name in _Key.__dataclass_fields__))
    return [_total(key, groups[key], every) for key in order]


def _key(view: Observation, by: By) -> _Key:
    event = view.recorded
    is_of_party = by == "party"
    return _Key(
        event.party,
        event.release,
        event.claim,
        event.level,
        "" if by == "level" else event.category.value,
        event.about if is_of_party else "",
        (event.party_id or "") if is_of_party else "",
    )


def _line(view: Observation) -> tuple[object, ...]:
    """Return what a commitment and its delivery have in common."""
    event = view.recorded
    item = event.quantity.item if event.quantity is not None and event.activity is None else None
    return event.party, event.release, event.level, event.activity, event.line, event.about, item


def _total(key: _Key, views: Sequence[Observation], every: dict[tuple[object, ...], Observation]) -> ObservedTotal:
    events = [view.recorded for view in views]
    euros = [Fraction(event.sum_eur) for event in events if event.sum_eur is not None]
    said = [event.quantity.status for event in events if event.quantity is not None]
    units = [quantity for view in views if (quantity := _disclosed(view)) is not None]
    return ObservedTotal(
        observer=key.observer,
        release=key.release,
        claim=key.claim,
        level=key.level,
        category=key.category or None,
        about=key.about or None,
        party_id=key.party_id or None,
        claims=len(views),
        activities=len({event.activity for event in events if event.activity is not None}),
        donors=len({event.about for event in events}),
        sum_eur=written(sum(euros, ZERO), _PLAIN) if euros else None,
        without_sum_eur=len(events) - len(euros),
        units=written(sum(units, ZERO), _PLAIN) if key.level == "system_total" else None,
        quantities=QuantitiesSaid(
            *(said.count(status) for status in ("disclosed", "undisclosed", "not_stated", "unparsable"))
        ),
        compared=_compared(views, every) if key.claim == "delivered" and said else None,
        flagged=sum(bool(event.flags) for event in events),
        adopted=sum(view.adopted_by is not None for view in views),
        href=_href(key),
    )


def _disclosed(view: Observation) -> Fraction | None:
    quantity = view.recorded.quantity
    return Fraction(quantity.quantity) if quantity is not None and quantity.quantity is not None else None


def _compared(views: Sequence[Observation], every: dict[tuple[object, ...], Observation]) -> Compared:
    pairs = []
    for view in views:
        promised = every.get((*_line(view), "committed"))
        committed = _disclosed(promised) if promised is not None else None
        delivered = _disclosed(view)
        if committed is not None and delivered is not None:
            pairs.append((committed, delivered))
    return Compared(
        len(pairs),
        sum(delivered == committed for committed, delivered in pairs),
        sum(delivered < committed for committed, delivered in pairs),
        sum(delivered > committed for committed, delivered in pairs),
    )


def _href(key: _Key) -> str:
    query = {"observer": key.observer, "source": key.release, "claim": key.claim, "level": key.level}
    query |= {name: value for name, value in (("category", key.category), ("about", key.about)) if value}
    return f"/v1/observations?{urlencode(query)}"
