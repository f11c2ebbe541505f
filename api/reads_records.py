"""Pages of truth: each commitment, delivery, instrument, party and authority, with its timeline; and the lists of them.

Lists are in the order of the ids; a page begins after the id that the last one ended with.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.parameters import Office, Party
from api.reads_answers import Found, answer, one, page_of, require
from api.reads_asked import Asking, Page, Paging
from api.reads_documentation import listing, single
from ledger.events.parties import Role
from ledger.events.values import Category
from ledger.rules.compact import Authority
from projections.obligations import fetch_around
from projections.pages import CommitmentPage, DeliveryPage, commitment_page, delivery_page
from projections.pages_of_record import (
    AuthorityPage,
    InstrumentPage,
    PartyPage,
    authority_page,
    instrument_page,
    party_page,
)
from projections.reading import Known
from projections.rows import States
from projections.stored_rows import FeedFilter, StoredRows

SCANNED_AT_ONCE: Final = 200
"""How many states are read before it is known how many of them a filter leaves."""

TIMELINE_MAX: Final = 500

Entity = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9.-]{1,79}$", examples=["p-uk-1"])]
EntityFilter = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9.-]{1,79}$")]
PartyFilter = Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{1,31}$", description="only what concerns it")]
CategoryFilter = Annotated[Category | None, Query(description="only of this category")]

router = APIRouter()


def selected(rows: StoredRows, kind: str, page: Page, chosen: States | None) -> Iterator[States]:
    """Yield the states of a kind after the cursor, in batches: those that were chosen, or all."""
    after = f"{kind}/{page.after}" if page.after is not None else ""
    if chosen is not None:
        yield {stream: state for stream, state in chosen.items() if stream > after}
        return
    while states := rows.of_kind(kind, after, SCANNED_AT_ONCE):
        yield states
        after = next(reversed(states))


@router.get("/v1/commitments", **listing(CommitmentPage, "Commitments"))
def list_commitments(
    asked: Asking,
    page: Paging,
    party: PartyFilter = None,
    instrument: EntityFilter = None,
    category: CategoryFilter = None,
    state: Annotated[str | None, Query(pattern="^[a-z_]{1,40}$", description="only in this state")] = None,
) -> Response:
    """Commitments, each with the figures of the whole and the obligation of each obligor."""

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(pages(known, rows), page, lambda item: item.commitment)

    def chosen(rows: StoredRows) -> States | None:
        if instrument is not None:
            return rows.of_instrument("commitment", instrument)
        return rows.of_party("commitment", party) if party is not None else None

    def pages(known: Known, rows: StoredRows) -> Iterator[CommitmentPage]:
        for states in selected(rows, "commitment", page, chosen(rows)):
            histories = known.take(states)
            fetch_around(known, histories)
            shown = (commitment_page(known, history) for history in histories)
            yield from (item for item in shown if item is not None and wanted(item))

    def wanted(item: CommitmentPage) -> bool:
        return (
            (party is None or party in item.obligors)
            and (category is None or item.category == category)
            and (state is None or any(owed.state == state for owed in item.obligations))
        )

    return answer(asked, compute)


@router.get("/v1/commitments/{commitment}", **single(CommitmentPage, "A commitment"))
def show_commitment(asked: Asking, commitment: Entity) -> Response:
    """A commitment: its terms over time, its figures, its obligors, its timeline. The id of a merged one resolves."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"commitment/{commitment}"), "a commitment", commitment)
        fetch_around(known, [history])
        return one(require(commitment_page(known, history), f"a commitment by {known.as_of}", commitment))

    return answer(asked, compute)


@router.get("/v1/deliveries", **listing(DeliveryPage, "Deliveries"))
def list_deliveries(
    asked: Asking,
    page: Paging,
    party: PartyFilter = None,
    commitment: EntityFilter = None,
    category: CategoryFilter = None,
    state: Annotated[Literal["recorded", "voided", "duplicate"] | None, Query(description="only these")] = None,
) -> Response:
    """Deliveries: what was claimed, at which milestone, and what the beneficiary said of each line."""

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(pages(known, rows), page, lambda item: item.delivery)

    def chosen(rows: StoredRows) -> States | None:
        if commitment is not None:
            return rows.of_commitments("delivery", [commitment])
        return rows.of_party("delivery", party) if party is not None else None

    def pages(known: Known, rows: StoredRows) -> Iterator[DeliveryPage]:
        for states in selected(rows, "delivery", page, chosen(rows)):
            given = known.given(known.take(states))
            known.fetch(f"commitment/{item.view.commitment}" for item in given if item.view.commitment is not None)
            shown = (delivery_page(known, item) for item in given)
            yield from (item for item in shown if wanted(item))

    def wanted(item: DeliveryPage) -> bool:
        return (
            (party is None or item.party == party)
            and (category is None or item.category == category)
            and (state is None or item.state == state)
        )

    return answer(asked, compute)


@router.get("/v1/deliveries/{delivery}", **single(DeliveryPage, "A delivery"))
def show_delivery(asked: Asking, delivery: Entity) -> Response:
    """A delivery: claimed, acknowledged and disputed are always figures of their own."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"delivery/{delivery}"), "a delivery", delivery)
        given = next(iter(known.given([history])), None)
        return one(delivery_page(known, require(given, f"a delivery by {known.as_of}", delivery)))

    return answer(asked, compute)


@router.get("/v1/instruments", **listing(InstrumentPage, "Instruments"))
def list_instruments(
    asked: Asking,
    page: Paging,
    party: PartyFilter = None,
    kind: Annotated[Literal["compact", "bilateral", "treaty", "declaration"] | None, Query()] = None,
) -> Response:
    """The texts, with what each party did about them and since when they bind it."""

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(pages(known, rows), page, lambda item: item.instrument)

    def pages(known: Known, rows: StoredRows) -> Iterator[InstrumentPage]:
        chosen = rows.of_party("instrument", party) if party is not None else None
        for states in selected(rows, "instrument", page, chosen):
            shown = (instrument_page(known, history) for history in known.take(states))
            yield from (item for item in shown if item is not None and (kind is None or item.kind == kind))

    return answer(asked, compute)


@router.get("/v1/instruments/{instrument}", **single(InstrumentPage, "An instrument"))
def show_instrument(asked: Asking, instrument: Entity) -> Response:
    """A text: who signed, who is bound since and until when, its commitments, its timeline."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"instrument/{instrument}"), "an instrument", instrument)
        return one(require(instrument_page(known, history), f"an instrument by {known.as_of}", instrument))

    return answer(asked, compute)


@router.get("/v1/parties", **listing(PartyPage, "Parties"))
def list_parties(
    asked: Asking, page: Paging, role: Annotated[Role | None, Query(description="only in this role")] = None
) -> Response:
    """The parties, under the names in use on the day."""

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(pages(known, rows), page, lambda item: item.party)

    def pages(known: Known, rows: StoredRows) -> Iterator[PartyPage]:
        for states in selected(rows, "party", page, None):
            shown = (party_page(known, history) for history in known.take(states))
            yield from (item for item in shown if item is not None and (role is None or role in item.roles))

    return answer(asked, compute)


@router.get("/v1/parties/{party}", **single(PartyPage, "A party"))
def show_party(asked: Asking, party: Party) -> Response:
    """A party under all its names, its roles, and what it takes part in."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"party/{party}"), "a party", party)
        return one(require(party_page(known, history), f"a party by {known.as_of}", party))

    return answer(asked, compute)


@router.get("/v1/authorities", **listing(AuthorityPage, "Authorities"))
def list_authorities(asked: Asking, page: Paging, party: PartyFilter = None) -> Response:
    """Who may sign for whom: offices, mandates and keys."""

    def compute(known: Known, rows: StoredRows) -> Found:
        batches = selected(rows, "authority", page, rows.of_party("authority", party) if party is not None else None)
        found = (state for states in batches for state in states.values() if isinstance(state, Authority))
        return page_of((_authority(known, rows, state) for state in found), page, lambda item: item.authority)

    return answer(asked, compute)


@router.get("/v1/authorities/{party}/{office}", **single(AuthorityPage, "An authority"))
def show_authority(asked: Asking, party: Party, office: Office) -> Response:
    """An office: its mandate, its keys, its place in its own chain, and the acts by which it was granted or ended."""

    def compute(known: Known, rows: StoredRows) -> Found:
        name = f"{party}/{office}"
        state = rows.states([f"authority/{name}"]).get(f"authority/{name}")
        found = require(state if isinstance(state, Authority) else None, "an authority", name)
        return one(_authority(known, rows, found))

    return answer(asked, compute)


def _authority(known: Known, rows: StoredRows, state: Authority) -> AuthorityPage:
    acts = rows.feed(FeedFilter(stream=f"authority/{state.id}", limit=TIMELINE_MAX))
    return authority_page(known, state, acts)
