"""What observers say, beside what parties say of themselves: claims by their ids, one claim, and what they add up to.

None of it is a figure of the party that it is about. Claims of which there is a later reading are left out of totals,
and of lists unless they are asked for.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.reads_answers import Found, after_key, answer, one, page_of, require
from api.reads_asked import Asking, Paging
from api.reads_documentation import listing, single
from api.reads_records import CategoryFilter, Entity, EntityFilter, PartyFilter, selected
from ledger.events.observations import Claim, Level
from projections.observed import (
    ObservationFilter,
    ObservationPage,
    ObservationShown,
    observation_page,
    observation_shown,
    observed,
)
from projections.observed_totals import By, ObservedTotal, observed_totals
from projections.reading import Known
from projections.rows import States
from projections.stored_rows import StoredRows

router = APIRouter()


def _wanted(
    party: Annotated[PartyFilter, Query(description="only about this party of the ledger")] = None,
    about: Annotated[str | None, Query(max_length=40, description="only about whom the source names so")] = None,
    observer: Annotated[PartyFilter, Query(description="only of this observer")] = None,
    source: Annotated[EntityFilter, Query(description="only of this release of a source")] = None,
    claim: Annotated[Claim | None, Query(description="what was committed, or what was delivered")] = None,
    level: Annotated[Level | None, Query(description="totals of activities, their items, or systems")] = None,
    category: CategoryFilter = None,
    flag: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{1,39}$", description="only with this flag")] = None,
    adopted: Annotated[bool | None, Query(description="true: only what the party said is right")] = None,
) -> ObservationFilter:
    return ObservationFilter(
        party=party,
        about=about,
        observer=observer,
        release=source,
        claim=claim,
        level=level,
        category=category,
        flag=flag,
        adopted=adopted,
    )


Wanted = Annotated[ObservationFilter, Depends(_wanted)]


def _chosen(rows: StoredRows, wanted: ObservationFilter) -> States | None:
    party = wanted.party or wanted.observer
    return rows.of_party("observation", party) if party is not None else None


@router.get("/v1/observations", **listing(ObservationShown, "What observers say"))
def list_observations(
    asked: Asking,
    page: Paging,
    wanted: Wanted,
    replaced: Annotated[bool, Query(description="also claims of which there is a later reading")] = False,
) -> Response:
    """Claims of observers, each in the words and figures of its source, with what had to be said of its row."""
    taken = replace(wanted, replaced=replaced)

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(found(known, rows), page, lambda item: item.observation)

    def found(known: Known, rows: StoredRows) -> Iterator[ObservationShown]:
        for states in selected(rows, "observation", page, _chosen(rows, wanted)):
            yield from map(observation_shown, observed(known, known.take(states), taken))

    return answer(asked, compute)


@router.get("/v1/observations/totals", **listing(ObservedTotal, "What the claims of observers add up to"))
def list_totals(
    asked: Asking,
    page: Paging,
    wanted: Wanted,
    by: Annotated[By, Query(description="a line per category, per party and category, or per level")] = "category",
) -> Response:
    """Totals by observer, release, claim and level, which are never summed across any of these."""

    def compute(known: Known, rows: StoredRows) -> Found:
        chosen = _chosen(rows, wanted)
        states = chosen if chosen is not None else rows.of_kind("observation")
        # Not only what is wanted: deliveries are compared with what was committed.
        views = [found.view for found in observed(known, known.take(states), ObservationFilter())]
        return page_of(after_key(observed_totals(views, wanted, by), page, _href), page, _href)

    return answer(asked, compute)


def _href(item: ObservedTotal) -> str:
    return item.href.partition("?")[2]


@router.get("/v1/observations/{observation}", **single(ObservationPage, "What an observer says"))
def show_observation(asked: Asking, observation: Entity) -> Response:
    """One claim: its source, what it is about, who adopted it, what replaced it, its timeline."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"observation/{observation}"), "an observation", observation)
        found = next(observed(known, [history], ObservationFilter(replaced=True)), None)
        return one(observation_page(known, require(found, "an observation recorded by then", observation)))

    return answer(asked, compute)
