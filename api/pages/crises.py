"""Crises and their consultations: what was notified, which clocks run, who has answered, and what came back.

A deadline that passes needs no act: everything here is read at the instant that is asked about.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from api.pages.looking import Content, Looking
from api.pages.visits import checked_id, not_found
from ledger.rules.history import History
from projections.consultations import ConsultationPage, consultation_page, consultations_of, mergers
from projections.crises import CrisisPage, crisis_page, returns

ANNOUNCED_FOR: Final = timedelta(days=30)
"""How long after its receipt an aggression is announced on the first page; longer while a consultation is open."""


@dataclass(frozen=True)
class Clock:
    """The deadlines that several open consultations of a crisis share."""

    convene_by: datetime
    convene_seconds_left: int
    decide_by: datetime | None
    decide_seconds_left: int | None
    consultations: int


@dataclass(frozen=True)
class Notice:
    """What the first page says of a crisis."""

    crisis: CrisisPage
    open: int
    merged: int
    clocks: list[Clock]


def notices(looking: Looking) -> list[Notice]:
    """Return the crises of which an open consultation tells, or that were notified lately; the newest first."""
    crises, found = _crises(looking), []
    histories = [one for page in crises for one in consultations_of(looking.known, page.crisis)]
    opened = _pages(looking, histories) if histories else []
    for page in crises:
        pages = [one for one in opened if one.crisis == page.crisis]
        running = [one for one in pages if one.state == "open"]
        if running or looking.known.instant - page.received_at < ANNOUNCED_FOR:
            merged = sum(one.state == "merged" for one in pages)
            found.append(Notice(page, len(running), merged, _clocks(running)))
    return found


def _crises(looking: Looking) -> list[CrisisPage]:
    histories = looking.known.take(looking.rows.of_kind("crisis"))
    returned = returns(looking.known) if histories else {}
    pages = (crisis_page(looking.known, one, returned) for one in histories)
    return sorted((one for one in pages if one is not None), key=lambda one: one.received_at, reverse=True)


def _pages(looking: Looking, histories: Iterable[History]) -> list[ConsultationPage]:
    merged = mergers(looking.known)
    pages = (consultation_page(looking.known, one, merged) for one in histories)
    return [one for one in pages if one is not None]


def _clocks(pages: Iterable[ConsultationPage]) -> list[Clock]:
    shared: dict[tuple[datetime, datetime | None], list[ConsultationPage]] = {}
    for one in pages:
        shared.setdefault((one.convene_by, one.decide_by), []).append(one)
    return [
        Clock(convene_by, same[0].convene_seconds_left, decide_by, same[0].decide_seconds_left, len(same))
        for (convene_by, decide_by), same in sorted(shared.items(), key=lambda item: item[0][0])
    ]


def consultations(looking: Looking) -> Content:
    """Return every notified aggression and every consultation, the newest first; of one party if the form says so."""
    wanted = looking.visit.query.get("party", "").strip()
    if wanted:
        checked_id(wanted)
    pages = _pages(looking, looking.known.take(looking.rows.of_kind("consultation")))
    shown = [one for one in pages if not wanted or any(answer.party == wanted for answer in one.answers)]
    looking.fetch_instruments(one.instrument for one in shown)
    return {
        "crises": _crises(looking),
        "pages": sorted(shown, key=lambda one: one.t0, reverse=True),
        "wanted": {"party": wanted},
        "parties": looking.names({answer.party for one in pages for answer in one.answers}),
    }


def consultation(looking: Looking, consultation_id: str) -> Content:
    """Return one consultation: its clock, the answer of every guarantor, its timeline."""
    history = looking.known.history(f"consultation/{checked_id(consultation_id)}")
    found = _pages(looking, [history]) if history is not None else []
    if history is None or not found:
        raise not_found(consultation_id)
    page = found[0]
    looking.acts(page.events)
    return {"page": page, "notes": [act.event.note for act in history.acts if act.event.note]}


def crisis(looking: Looking, crisis_id: str) -> Content:
    """Return one crisis: the notification, the clocks that it started with every answer, and what it brought back."""
    history = looking.known.history(f"crisis/{checked_id(crisis_id)}")
    page = crisis_page(looking.known, history, returns(looking.known)) if history is not None else None
    if history is None or page is None:
        raise not_found(crisis_id)
    pages = _pages(looking, consultations_of(looking.known, crisis_id))
    looking.fetch_instruments(one.instrument for one in pages)
    return {
        "page": page,
        "pages": sorted(pages, key=lambda one: one.convene_by),
        "evidence": [one for act in history.acts for one in act.event.evidence],
        "notes": [act.event.note for act in history.acts if act.event.note],
    }


def of_party(looking: Looking, party: str) -> list[ConsultationPage]:
    """Return the consultations in which a party has to answer, or has answered; the newest first."""
    found = _pages(looking, looking.known.take(looking.rows.of_party("consultation", party)))
    asked = [one for one in found if any(answer.party == party for answer in one.answers)]
    looking.fetch_instruments(one.instrument for one in asked)
    return sorted(asked, key=lambda one: one.t0, reverse=True)


def of_instrument(looking: Looking, instrument: str) -> list[ConsultationPage]:
    """Return the consultations under an instrument, the newest first."""
    found = _pages(looking, looking.known.take(looking.rows.of_instrument("consultation", instrument)))
    return sorted(found, key=lambda one: one.t0, reverse=True)
