"""What the beneficiary needs and how much of it is covered, and what is to come within days of an instant."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.parameters import Whole
from api.reads_answers import Found, after_key, answer, one, page_of, require
from api.reads_asked import Asking, Paging
from api.reads_documentation import listing, single
from api.reads_records import CategoryFilter, Entity, PartyFilter, selected
from projections.coverage import Coverage, RequirementPage, coverage, requirement_page
from projections.horizon import DAYS_DEFAULT, DAYS_MAX, Coming, Upcoming
from projections.reading import Known
from projections.stored_rows import StoredRows
from projections.upcoming import upcoming

router = APIRouter()


@router.get("/v1/requirements", **listing(RequirementPage, "What the beneficiary needs"))
def list_requirements(
    asked: Asking,
    page: Paging,
    category: CategoryFilter = None,
    state: Annotated[Literal["open", "overdue", "met"] | None, Query(description="only in this state")] = None,
) -> Response:
    """Requirements as the beneficiary stated them last. Overdue: needed by a day that has passed, and not met."""

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(pages(known, rows), page, lambda item: item.requirement)

    def pages(known: Known, rows: StoredRows) -> Iterator[RequirementPage]:
        for states in selected(rows, "requirement", page, None):
            shown = (requirement_page(known, history) for history in known.take(states))
            yield from (item for item in shown if item is not None and wanted(item))

    def wanted(item: RequirementPage) -> bool:
        return category in (None, item.category) and state in (None, item.state)

    return answer(asked, compute)


@router.get("/v1/requirements/{requirement}", **single(RequirementPage, "A requirement"))
def show_requirement(asked: Asking, requirement: Entity) -> Response:
    """A requirement: what was stated and revised, since when it is met, its timeline."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"requirement/{requirement}"), "a requirement", requirement)
        return one(require(requirement_page(known, history), f"a requirement by {known.as_of}", requirement))

    return answer(asked, compute)


@router.get("/v1/coverage", **listing(Coverage, "What is required, promised and delivered, per capability"))
def list_coverage(
    asked: Asking,
    page: Paging,
    category: CategoryFilter = None,
    required: Annotated[
        Literal["stated", "all"],
        Query(description="stated: only capabilities in which something is or was required"),
    ] = "all",
) -> Response:
    """Per capability (category and unit): required, committed, delivered, acknowledged, and what is missing."""

    def compute(known: Known, _: StoredRows) -> Found:
        wanted = (
            item
            for item in coverage(known)
            if category in (None, item.category) and (required == "all" or item.requirements)
        )
        return page_of(after_key(wanted, page, _capability), page, _capability)

    return answer(asked, compute)


def _capability(item: Coverage) -> str:
    return f"{item.category}/{item.kind}/{item.unit}"


@router.get("/v1/upcoming", **listing(Upcoming, "What is to come, soonest first", by_instant=True))
def list_upcoming(
    asked: Asking,
    page: Paging,
    days: Annotated[Whole, Query(ge=1, le=DAYS_MAX, description="how many days from the instant on")] = DAYS_DEFAULT,
    party: PartyFilter = None,
    kind: Annotated[Coming | None, Query(description="only of this kind")] = None,
) -> Response:
    """What is to come: parts falling due, renewals, returns, ends of easings, texts and mandates, open deadlines.

    A fuzzy date is judged on its last possible day and shown with its precision.
    """

    def compute(known: Known, _: StoredRows) -> Found:
        wanted = (
            item
            for item in upcoming(known, days)
            if (party is None or party in item.parties) and kind in (None, item.kind)
        )
        return page_of(after_key(wanted, page, _coming), page, _coming)

    return answer(asked, compute, by_instant=True)


def _coming(item: Upcoming) -> str:
    return item.key
