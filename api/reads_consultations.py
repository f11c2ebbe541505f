"""Crises and consultations: what was notified, what it forced, and who has answered by the instant asked about."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.reads_answers import Found, answer, one, page_of, require
from api.reads_asked import Asking, Paging
from api.reads_documentation import listing, single
from api.reads_records import EntityFilter, selected
from ledger.rules.history import History
from projections.consultations import ConsultationPage, consultation_page, consultations_of, mergers
from projections.crises import CrisisPage, crisis_page, returns
from projections.reading import Known
from projections.stored_rows import StoredRows

CRISIS: Final = r"^[a-z0-9][a-z0-9-]{1,39}$"
CrisisFilter = Annotated[str | None, Query(pattern=CRISIS, description="only what this crisis opened")]
CrisisId = Annotated[str, Path(pattern=CRISIS, examples=["attack-2026-06"])]
ConsultationId = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9][a-z0-9-]{1,39}\.[a-z0-9][a-z0-9.-]{1,79}$",
        description="crisis, a full stop, instrument",
        examples=["attack-2026-06.uk-2024"],
    ),
]

router = APIRouter()


@router.get("/v1/crises", **listing(CrisisPage, "Notified aggressions", by_instant=True))
def list_crises(asked: Asking, page: Paging) -> Response:
    """What the beneficiary has notified, the consultations that this opened, and the measures that it brought back."""

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(pages(known, rows), page, lambda item: item.crisis)

    def pages(known: Known, rows: StoredRows) -> Iterator[CrisisPage]:
        returned = returns(known)
        for states in selected(rows, "crisis", page, None):
            shown = (crisis_page(known, history, returned) for history in known.take(states))
            yield from (item for item in shown if item is not None)

    return answer(asked, compute, by_instant=True)


@router.get("/v1/crises/{crisis}", **single(CrisisPage, "A notified aggression", by_instant=True))
def show_crisis(asked: Asking, crisis: CrisisId) -> Response:
    """A notified aggression, and what the rules forced by it in the same transaction."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"crisis/{crisis}"), "a crisis", crisis)
        return one(require(crisis_page(known, history, returns(known)), f"a crisis by {asked_by(known)}", crisis))

    return answer(asked, compute, by_instant=True)


@router.get("/v1/consultations", **listing(ConsultationPage, "Consultations", by_instant=True))
def list_consultations(
    asked: Asking,
    page: Paging,
    party: Annotated[
        str | None, Query(pattern=r"^[a-z][a-z0-9-]{1,31}$", description="only where it has to answer, or has answered")
    ] = None,
    crisis: CrisisFilter = None,
    instrument: EntityFilter = None,
    state: Annotated[Literal["open", "merged", "closed"] | None, Query(description="only in this state")] = None,
) -> Response:
    """Consultations with their clocks: who convened, joined, decided, declined, is silent, is late, has missed it."""

    def compute(known: Known, rows: StoredRows) -> Found:
        return page_of(pages(known, rows), page, lambda item: item.consultation)

    def batches(known: Known, rows: StoredRows) -> Iterator[list[History]]:
        if crisis is not None:
            after = f"consultation/{page.after or ''}"
            yield [history for history in consultations_of(known, crisis) if history.stream > after]
            return
        chosen = rows.of_instrument("consultation", instrument) if instrument is not None else None
        if chosen is None and party is not None:
            chosen = rows.of_party("consultation", party)
        for states in selected(rows, "consultation", page, chosen):
            yield known.take(states)

    def pages(known: Known, rows: StoredRows) -> Iterator[ConsultationPage]:
        merged = mergers(known)
        for histories in batches(known, rows):
            shown = (consultation_page(known, history, merged) for history in histories)
            yield from (item for item in shown if item is not None and wanted(item))

    def wanted(item: ConsultationPage) -> bool:
        return (
            (party is None or any(answered.party == party for answered in item.answers))
            and (instrument is None or item.instrument == instrument)
            and (state is None or item.state == state)
        )

    return answer(asked, compute, by_instant=True)


@router.get("/v1/consultations/{consultation}", **single(ConsultationPage, "A consultation", by_instant=True))
def show_consultation(asked: Asking, consultation: ConsultationId) -> Response:
    """A consultation: its clock, and what every guarantor has done by the instant. A missed deadline needs no act."""

    def compute(known: Known, _: StoredRows) -> Found:
        history = require(known.history(f"consultation/{consultation}"), "a consultation", consultation)
        found = consultation_page(known, history, mergers(known))
        return one(require(found, f"a consultation by {asked_by(known)}", consultation))

    return answer(asked, compute, by_instant=True)


def asked_by(known: Known) -> str:
    """Return the instant that is asked about, to the second, for a message."""
    return known.instant.isoformat(timespec="seconds")
