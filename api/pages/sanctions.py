"""Sanctions: every measure by party and programme at the instant that is asked about; one measure with its parts."""

from collections.abc import Iterable
from typing import Final, get_args

from api.pages.languages import alphabetical
from api.pages.looking import Content, Looking
from api.pages.visits import PageError, checked_id, not_found
from ledger.rules.measures import MeasureState
from projections.sanctions import MeasurePage, measure_page, measures

STATES: Final = get_args(MeasureState)

Programmes = list[tuple[str, list[MeasurePage]]]


def sanctions(looking: Looking) -> Content:
    """Return the measures that the form asks for, by party and programme."""
    asked = {name: looking.visit.query.get(name, "").strip() for name in ("party", "programme", "state")}
    if asked["state"] and asked["state"] not in STATES:
        raise PageError(400, "state_unknown", asked["state"])
    every = list(measures(looking.known))
    found = [
        one
        for one in every
        if asked["party"] in ("", one.party)
        and asked["programme"] in ("", one.programme)
        and asked["state"] in ("", one.state)
    ]
    return {
        "wanted": asked,
        "every": every,
        "found": found,
        "in_force": sum(one.is_in_force for one in found),
        "by_party": [(party, by_programme(looking, found, party)) for party in _parties(looking, found)],
        "parties": _parties(looking, every),
        "programmes": sorted({one.programme for one in every}),
        "states": STATES,
    }


def _parties(looking: Looking, found: Iterable[MeasurePage]) -> list[str]:
    return looking.names({one.party for one in found})


def by_programme(looking: Looking, found: Iterable[MeasurePage], party: str) -> Programmes:
    """Return the measures of a party by programme, within it in the alphabetical order of their titles."""

    def title(one: MeasurePage) -> tuple[int, ...]:
        return alphabetical(looking.titled(one.measure, one.title).text)

    grouped: dict[str, list[MeasurePage]] = {}
    for one in found:
        if one.party == party:
            grouped.setdefault(one.programme, []).append(one)
    return [(programme, sorted(group, key=title)) for programme, group in sorted(grouped.items())]


def measure(looking: Looking, measure_id: str) -> Content:
    """Return one measure: its parts, what silence does, what came back, what was lifted early, its timeline."""
    history = looking.known.history(f"measure/{checked_id(measure_id)}")
    page = measure_page(looking.known, history) if history is not None else None
    if history is None or page is None:
        raise not_found(measure_id)
    looking.acts([*page.events, *(event for one in page.reinstated for event in one.events)])
    return {
        "page": page,
        "what": {one.part: one.what for one in page.parts},
        "conditions": {one.condition: one.what for one in page.exit_conditions},
        "evidence": [one for act in history.acts for one in act.event.evidence],
        "notes": [act.event.note for act in history.acts if act.event.note],
        "crises": {one.cause: looking.crisis_of(one.cause) for one in page.reinstated},
    }


def of_party(looking: Looking, party: str) -> Programmes:
    """Return the measures of one party, by programme."""
    return by_programme(looking, measures(looking.known, party), party)
