"""What the acts come to: guarantors and what they owe, who is late, every act in order.

Each address takes `as_of` (what was true on a day) and `known_at` (as the ledger knew it then), and answers as JSON,
CSV or NDJSON. Every figure names the events behind it.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.parameters import Party
from api.problems import Problem, Trouble
from api.reads_answers import Found, after_key, answer, one, page_of, require
from api.reads_asked import Asking, Page, Paging
from api.reads_consultations import router as consultations
from api.reads_digests import router as digests
from api.reads_documentation import listing, single
from api.reads_needs import router as needs
from api.reads_observations import router as observations
from api.reads_records import router as records
from api.reads_sanctions import router as sanctions
from api.reads_totals import router as totals
from ledger.events.registry import EVENT_TYPES
from ledger.events.values import Category
from projections.answers import GuarantorSummary, Obligation
from projections.obligations_page import obligations_from
from projections.overdue import Overdue, overdue
from projections.owing import CLOSED
from projections.pages_of_record import ActShown, act_shown
from projections.reading import Known
from projections.stored_rows import FeedFilter, StoredRows
from projections.summary import summaries, summary_of

PartyFilter = Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{1,31}$", description="only of this party")]
InstrumentFilter = Annotated[
    str | None, Query(pattern=r"^[a-z0-9][a-z0-9.-]{1,79}$", description="only under this instrument")
]
CategoryFilter = Annotated[Category | None, Query(description="only of this category")]

router = APIRouter(tags=["projections"])
router.include_router(records)
router.include_router(sanctions)
router.include_router(consultations)
router.include_router(observations)
router.include_router(needs)
router.include_router(totals)
router.include_router(digests)


@router.get("/v1/guarantors", **listing(GuarantorSummary, "Every guarantor at a glance"))
def list_guarantors(asked: Asking, page: Paging) -> Response:
    """Every guarantor: committed, delivered, acknowledged, overdue, by category and unit. Never one percentage."""
    return answer(
        asked,
        lambda known, _: page_of(
            after_key(summaries(known), page, lambda item: item.guarantor), page, lambda item: item.guarantor
        ),
    )


@router.get("/v1/guarantors/{party}", **single(GuarantorSummary, "One guarantor at a glance"))
def show_guarantor(asked: Asking, party: Party) -> Response:
    """One guarantor at a glance. As a table: one line for each category and unit."""

    def compute(known: Known, _: StoredRows) -> Found:
        require(known.party(party), "a party", party)
        summary = summary_of(known, party)
        return one(summary, summary.lines)

    return answer(asked, compute)


@router.get("/v1/guarantors/{party}/obligations", **listing(Obligation, "What a guarantor owes"))
def list_obligations(
    asked: Asking,
    page: Paging,
    party: Party,
    state: Annotated[
        Literal["open", "closed", "all"], Query(description="closed: fulfilled, ended, or lapsed, and nothing overdue")
    ] = "all",
    category: CategoryFilter = None,
    instrument: InstrumentFilter = None,
) -> Response:
    """What a guarantor owes under each commitment, in its own share: due, delivered, acknowledged, overdue, pending."""

    def compute(known: Known, rows: StoredRows) -> Found:
        require(known.party(party), "a party", party)
        wanted = (
            item
            for item in obligations_from(known, rows, party, page.after, page.limit + 1)
            if (category is None or item.category == category)
            and (instrument is None or item.instrument == instrument)
            and (state == "all" or (state == "open") == is_open(item))
        )
        return page_of(after_key(wanted, page, _commitment), page, _commitment)

    return answer(asked, compute)


def is_open(item: Obligation) -> bool:
    """Return whether something is still owed, or may be."""
    return item.state not in CLOSED or item.overdue_since is not None


def _commitment(item: Obligation) -> str:
    return item.commitment


@router.get("/v1/overdue", **listing(Overdue, "Who is late, worst first"))
def list_overdue(
    asked: Asking,
    page: Paging,
    party: PartyFilter = None,
    instrument: InstrumentFilter = None,
    category: CategoryFilter = None,
) -> Response:
    """Who is late, the longest first. Only exact figures and floors can be, and only after the last possible day."""

    def compute(known: Known, _: StoredRows) -> Found:
        wanted = (
            item
            for item in overdue(known)
            if (party is None or item.guarantor == party)
            and (instrument is None or item.instrument == instrument)
            and (category is None or item.category == category)
        )
        return page_of(after_key(wanted, page, _late), page, _late)

    return answer(asked, compute)


def _late(item: Overdue) -> str:
    return f"{item.commitment}/{item.guarantor}"


@router.get("/v1/feed", **listing(ActShown, "Every act, in the order of the log"))
def list_acts(
    asked: Asking,
    page: Paging,
    party: PartyFilter = None,
    instrument: InstrumentFilter = None,
    type: Annotated[str | None, Query(description="a type such as delivery.recorded, or delivery.*")] = None,
    order: Annotated[Literal["oldest", "newest"], Query(description="which acts come first")] = "oldest",
) -> Response:
    """Every act in the order in which it was recorded: what the depositary circulates to every party."""
    _check_type(type)
    position = _position(page)

    def compute(_: Known, rows: StoredRows) -> Found:
        found = rows.feed(
            FeedFilter(
                party=party,
                instrument=instrument,
                type=type,
                after=position,
                limit=page.limit + 1,
                descending=order == "newest",
            )
        )
        return page_of([act_shown(act) for act in found], page, lambda item: str(item.position))

    return answer(asked, compute)


def _position(page: Page) -> int | None:
    if page.after is not None and not (page.after.isascii() and page.after.isdecimal() and len(page.after) < 16):
        raise Problem(Trouble.QUERY_INVALID, "after as a position", ascii(page.after))
    return int(page.after) if page.after is not None else None


def _check_type(wanted: str | None) -> None:
    streams = {f"{name.partition('.')[0]}.*" for name in EVENT_TYPES}
    if wanted is not None and wanted not in EVENT_TYPES and wanted not in streams:
        raise Problem(
            Trouble.QUERY_INVALID, "a type of /v1/schemas, or a stream such as delivery.*", ascii(wanted[:60])
        )
