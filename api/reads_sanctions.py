"""Sanctions in force, and not: each measure at the instant that is asked about, by party, programme and id."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.reads_answers import Found, after_key, answer, one, page_of, require
from api.reads_asked import Asking, Paging
from api.reads_documentation import listing, single
from api.reads_records import Entity, PartyFilter
from ledger.rules.measures import MeasureState
from projections.reading import Known
from projections.sanctions import MeasurePage, measure_page, measures
from projections.stored_rows import StoredRows

router = APIRouter()


@router.get("/v1/measures", **listing(MeasurePage, "Measures of sanctions", by_instant=True))
def list_measures(
    asked: Asking,
    page: Paging,
    party: PartyFilter = None,
    programme: Annotated[
        str | None, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{1,39}$", description="only of this programme")
    ] = None,
    state: Annotated[MeasureState | None, Query(description="only in this state")] = None,
    in_force: Annotated[
        bool | None, Query(description="true: only what is in force, in part included; false: only what is not")
    ] = None,
) -> Response:
    """Sanctions by party and programme: default rule, renewal due, snapback armed, reinstated, act pending."""

    def compute(known: Known, _: StoredRows) -> Found:
        wanted = (
            item
            for item in measures(known, party)
            if (programme is None or item.programme == programme)
            and (state is None or item.state == state)
            and (in_force is None or item.is_in_force == in_force)
        )
        return page_of(after_key(wanted, page, _measure), page, _measure)

    return answer(asked, compute, by_instant=True)


def _measure(item: MeasurePage) -> str:
    return item.measure


@router.get("/v1/measures/{measure}", **single(MeasurePage, "A measure of sanctions", by_instant=True))
def show_measure(asked: Asking, measure: Entity) -> Response:
    """A measure: its parts, its default rule, what came back and why, what was lifted too early, its timeline."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"measure/{measure}"), "a measure", measure)
        return one(require(measure_page(known, history), "a measure that was adopted", measure))

    return answer(asked, compute, by_instant=True)
