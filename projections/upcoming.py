"""What is to come within so many days of an instant, soonest first: deadlines, renewals, ends and returns.

Nothing here is a promise of what will be: an act that is recorded meanwhile can renew, extend, deliver or revoke.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from ledger.events.measures import MeasureRenewed, Snapback
from ledger.events.values import Texts
from ledger.rules.compact import Authority
from ledger.rules.crises import Consultation, consultation
from ledger.rules.history import History, effective
from ledger.rules.instruments import Instrument
from ledger.rules.measures import Measure, Relief, instant_of, measure
from ledger.rules.requirements import requirement
from projections.coverage import requirement_page
from projections.falling_due import falling_due
from projections.horizon import Coming, Upcoming, Window
from projections.reading import Known, explained

NO_LANGUAGE = "und"
"""ISO 639 code of a text whose language nobody states, such as the name of an office."""


def upcoming(known: Known, days: int) -> tuple[Upcoming, ...]:
    """Return what is to come within so many days of the instant that is asked about."""
    window = Window(known.instant, days)
    found = [
        *falling_due(known, window),
        *_requirements(known, window),
        *_measures(known, window),
        *_instruments(known, window),
        *_consultations(known, window),
        *_mandates(known, window),
    ]
    return tuple(sorted(found, key=lambda one: one.order))


def _requirements(known: Known, window: Window) -> Iterator[Upcoming]:
    for history in known.take(known.rows.of_kind("requirement")):
        view = requirement(history, known.as_of)
        page = requirement_page(known, history)
        if view is None or page is None or view.met_on is not None or view.needed_by is None:
            continue
        if window.has_due_day(view.needed_by.last):
            yield Upcoming(
                kind=Coming.REQUIREMENT_NEEDED,
                on=view.needed_by.last,
                when=view.needed_by,
                days=window.until(view.needed_by.last),
                about="requirement",
                id=view.id,
                title=view.title,
                parties=(view.party,),
                category=view.category,
                amount=page.quantity,
                unit=view.unit,
                events=page.events,
            )


def _measures(known: Known, window: Window) -> Iterator[Upcoming]:
    for history in known.take(known.rows.of_kind("measure")):
        view = measure(history, window.instant)
        if view is not None and view.state not in ("lapsed", "lifted"):
            yield from _of_measure(view, history, window)
        elif view is not None:
            # What was lifted can still return, if its rule says so.
            yield from _returns(view, window)


def _of_measure(view: Measure, history: History, window: Window) -> Iterator[Upcoming]:
    whole = tuple(one.part for one in view.adopted.parts)
    if view.expires_at is not None and window.has_change(view.expires_at):
        renewed = [
            item.event.id
            for item in effective(history)
            if isinstance(item.event, MeasureRenewed) and instant_of(item) <= view.at
        ]
        behind = explained(history, [view.adopted.id, *renewed])
        yield _measure_item(view, window, Coming.MEASURE_RENEWAL, view.expires_at, whole, behind)
    rule = view.default_rule
    if isinstance(rule, Snapback) and rule.ends_at is not None and window.has_change(rule.ends_at):
        yield _measure_item(view, window, Coming.SNAPBACK_ENDS, rule.ends_at, whole, [view.adopted.id])
    for until, reliefs in _ending(view, window).items():
        parts = tuple(part for part in whole if any(one.part == part for one in reliefs))
        behind = explained(history, [one.event_id for one in reliefs])
        yield _measure_item(view, window, Coming.RELIEF_ENDS, until, parts, behind)
    yield from _returns(view, window)


def _returns(view: Measure, window: Window) -> Iterator[Upcoming]:
    for returning in view.announced:
        if window.has_change(returning.effective_at):
            behind = (returning.cause, returning.event_id)
            yield _measure_item(view, window, Coming.REINSTATEMENT, returning.effective_at, returning.parts, behind)


def _ending(view: Measure, window: Window) -> dict[datetime, list[Relief]]:
    """Return the reliefs that end by themselves, by their end: not those that a reinstatement ends."""
    found: dict[datetime, list[Relief]] = {}
    returning = {(part, one.effective_at) for one in view.announced for part in one.parts}
    for one in view.reliefs:
        if one.until is None or one.until <= one.since or (one.part, one.until) in returning:
            continue
        if window.has_change(one.until):
            found.setdefault(one.until, []).append(one)
    return found


def _measure_item(
    view: Measure, window: Window, kind: Coming, at: datetime, parts: tuple[str, ...], events: Iterable[str]
) -> Upcoming:
    return Upcoming(
        kind=kind,
        on=at.date(),
        at=at,
        days=window.until(at.date()),
        about="measure",
        id=view.id,
        title=view.adopted.title,
        parties=(view.party,),
        measure_parts=parts,
        events=tuple(sorted(events)),
    )


def _instruments(known: Known, window: Window) -> Iterator[Upcoming]:
    histories = known.take(known.rows.of_kind("instrument"))
    for history in histories:
        text = known.instrument(history.stream.partition("/")[2])
        if text is None or text.terminated_on is not None:
            continue
        ending: dict[date, list[str]] = {}
        for party in text.parties:
            day = _binding_until(text, party, window)
            if day is None:
                continue
            if day == text.adherence(party).withdraws_on:
                yield _instrument_item(text, window, Coming.WITHDRAWAL, day, [party])
            else:
                ending.setdefault(day, []).append(party)
        for day, parties in ending.items():
            yield _instrument_item(text, window, Coming.TERM_ENDS, day, parties)


def _binding_until(text: Instrument, party: str, window: Window) -> date | None:
    """Return the first day on which a text that binds or will bind a party no longer does, if that is to come."""
    since, day = text.bound_from(party), text.bound_until(party)
    if day is None or not window.has_first_day(day):
        return None
    notified = text.adherence(party).withdraws_on is not None
    return day if notified or (since is not None and since < day) else None


def _instrument_item(text: Instrument, window: Window, kind: Coming, day: date, parties: list[str]) -> Upcoming:
    behind = {event for party in parties for event in text.adherence(party).events}
    return Upcoming(
        kind=kind,
        on=day,
        days=window.until(day),
        about="instrument",
        id=text.id,
        title=text.title,
        parties=tuple(parties),
        instrument=text.id,
        events=tuple(sorted({text.registered_in, *behind})),
    )


def _consultations(known: Known, window: Window) -> Iterator[Upcoming]:
    for history in known.take(known.rows.of_kind("consultation")):
        view = consultation(history, window.instant)
        if view is None or view.opened.t0 > window.instant:
            continue
        title = _title_of(known, view.opened.instrument)
        if view.convened_at is None and window.has_deadline(view.opened.convene_by):
            parties = view.opened.guarantors
            yield _clock_item(view, window, Coming.CONVENE_BY, view.opened.convene_by, parties, title)
        waiting = tuple(one.party for one in view.answers if one.standing not in ("decided", "declined"))
        by = view.opened.decide_by
        if waiting and by is not None and window.has_deadline(by):
            yield _clock_item(view, window, Coming.DECIDE_BY, by, waiting, title)


def _title_of(known: Known, instrument: str) -> Texts:
    text = known.instrument(instrument)
    return text.title if text is not None else {}


def _clock_item(
    view: Consultation, window: Window, kind: Coming, at: datetime, parties: tuple[str, ...], title: Texts
) -> Upcoming:
    return Upcoming(
        kind=kind,
        on=at.date(),
        at=at,
        days=window.until(at.date()),
        about="consultation",
        id=view.id,
        title=title,
        parties=parties,
        instrument=view.opened.instrument,
        events=tuple(sorted({view.opened.id, view.opened.cause})),
    )


def _mandates(known: Known, window: Window) -> Iterator[Upcoming]:
    for state in known.rows.of_kind("authority").values():
        if not isinstance(state, Authority) or state.valid_until is None or state.revoked_at is not None:
            continue
        if window.has_change(state.valid_until):
            yield Upcoming(
                kind=Coming.MANDATE_EXPIRES,
                on=state.valid_until.date(),
                at=state.valid_until,
                days=window.until(state.valid_until.date()),
                about="authority",
                id=state.id,
                title={NO_LANGUAGE: state.office},
                parties=(state.party,),
                events=(state.granted_in,),
            )
