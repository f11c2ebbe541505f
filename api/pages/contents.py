"""What each page shows: the answers of the read models, in the order in which a reader wants them."""

from hashlib import sha256

from api.pages import crises, sanctions
from api.pages.figures import HEADLINES, beside, by_unit, of_obligation, of_whole, owed_by
from api.pages.languages import alphabetical
from api.pages.looking import Content, Looking
from api.pages.visits import checked_id, not_found
from api.witnesses import witnesses_of
from ledger.events.deliveries import DeliveryDisputed
from ledger.rules.compact import Authority
from ledger.rules.history import History
from projections.overdue import overdue
from projections.pages import commitment_page, delivery_page
from projections.pages_of_record import AdherenceShown, InstrumentPage, authority_page, instrument_page, party_page
from projections.summary import summaries, summary_of


def home(looking: Looking) -> Content:
    """Every guarantor in one row for each unit, and how far the ledger goes."""
    found = sorted(summaries(looking.known), key=lambda one: alphabetical(looking.name(one.guarantor)))
    return {
        "notices": crises.notices(looking),
        "guarantors": [(one, by_unit(one)) for one in found],
        "headlines": HEADLINES,
        "checkpoint_size": looking.service.newest.tree_size,
        "parties_count": len(looking.parties),
        "instruments_count": len(looking.rows.of_kind("instrument")),
    }


def guarantor(looking: Looking, party: str) -> Content:
    """One guarantor: its summary and its obligations."""
    view = looking.known.party(checked_id(party))
    if view is None:
        raise not_found(party)
    summary = summary_of(looking.known, party)
    return {
        "party": party,
        "roles": view.roles,
        "summary": summary,
        "has_beside": any(beside(line) or line.indeterminate for line in summary.lines),
        "owed": owed_by(looking, party),
        "headlines": HEADLINES,
        "beside": beside,
        "figures_of": of_obligation,
        "programmes": sanctions.of_party(looking, party),
        "consultations": crises.of_party(looking, party),
    }


def commitment(looking: Looking, commitment_id: str) -> Content:
    """One commitment: its terms over time, and what each obligor owes under it."""
    page = commitment_page(looking.known, _history(looking, "commitment", commitment_id))
    if page is None:
        raise not_found(commitment_id)
    made = looking.known.commitment(commitment_id)
    notes = [act.event.note for act in _history(looking, "commitment", commitment_id).acts if act.event.note]
    return {
        "page": page,
        "terms": made.view.terms if made is not None else None,
        "note": notes[0] if notes else {},
        "whole": of_whole(page),
        "figures_of": of_obligation,
    }


def instruments(looking: Looking) -> Content:
    """Every text, and where it stands."""
    histories = looking.known.take(looking.rows.of_kind("instrument"))
    pages = [page for one in histories if (page := instrument_page(looking.known, one)) is not None]
    pages.sort(key=lambda page: alphabetical(looking.instrument_title(page.instrument).text))
    return {"pages": [(page, force_of(page)) for page in pages]}


def force_of(page: InstrumentPage) -> str:
    """Return where a text stands as a whole: a code of kind `force`."""
    signed = [one for one in page.parties if one.signed_on is not None]
    bound = [one for one in page.parties if one.is_bound]
    if page.termination is not None:
        return "terminated"
    if not signed:
        return "never_signed"
    if page.profile.effect == "none":
        return "no_effect"
    if not bound:
        return "ended" if any(one.bound_from is not None for one in signed) else "signed_not_in_force"
    if page.read_as is not None:
        return "read_as_in_force"
    return "in_force" if len(bound) == len(page.parties) else "in_force_for_some"


def adherence_of(page: InstrumentPage, one: AdherenceShown) -> str:
    """Return where a text stands for one of its parties: a code of kind `adherence`."""
    if one.signed_on is None:
        return "never_signed"
    if page.profile.effect == "none":
        return "no_effect"
    if one.is_bound:
        if one.is_suspended:
            return "suspended"
        return "withdrawing" if one.withdraws_on is not None else "bound"
    if one.bound_from is None:
        return "ratified_not_in_force" if one.ratified_on is not None else "signed_not_in_force"
    if one.bound_until is None:
        return "not_yet_bound"
    return "withdrawn" if one.withdraws_on == one.bound_until else "ended"


def instrument(looking: Looking, instrument_id: str) -> Content:
    """One text: who signed, who is bound since when, what was promised in it."""
    history = _history(looking, "instrument", instrument_id)
    page = instrument_page(looking.known, history)
    if page is None:
        raise not_found(instrument_id)
    others = looking.known.take(looking.rows.of_kind("instrument"))
    texts = (looking.known.instrument(one.stream.partition("/")[2]) for one in others)
    registered = next((act.event for act in history.acts if act.event.id == page.registered_in), None)
    return {
        "page": page,
        "force": force_of(page),
        "adherences": [(one, adherence_of(page, one)) for one in page.parties],
        "consultations": crises.of_instrument(looking, page.instrument),
        "children": [text.id for text in texts if text is not None and text.parent == page.instrument],
        "note": registered.note if registered is not None else {},
        "evidence": registered.evidence if registered is not None else (),
    }


def delivery(looking: Looking, delivery_id: str) -> Content:
    """One delivery: what is claimed, and what the beneficiary says of it."""
    history = _history(looking, "delivery", delivery_id)
    given = looking.known.given([history])
    if not given:
        raise not_found(delivery_id)
    return {
        "page": delivery_page(looking.known, given[0]),
        "evidence": [one for act in history.acts for one in act.event.evidence],
        "notes": [act.event.note for act in history.acts if act.event.note],
        "statements": [
            act.event.statement
            for act in history.acts
            if isinstance(act.event, DeliveryDisputed) and act.standing == "effective"
        ],
    }


def party(looking: Looking, party_id: str) -> Content:
    """One party: its names, its roles, and who may sign for it."""
    page = party_page(looking.known, _history(looking, "party", party_id))
    if page is None:
        raise not_found(party_id)
    states = looking.rows.of_party("authority", party_id).values()
    authorities = [authority_page(looking.known, one, ()) for one in states if isinstance(one, Authority)]
    looking.fetch_instruments(page.instruments)
    return {
        "page": page,
        "authorities": authorities,
        "programmes": sanctions.of_party(looking, party_id),
        "instruments": [(one, looking.instrument_title(one)) for one in page.instruments],
        "commitments": [(one, looking.commitment_title(one)) for one in page.commitments],
    }


def late(looking: Looking) -> Content:
    """Who is late, worst first."""
    found = overdue(looking.known)
    looking.fetch_instruments(one.instrument for one in found)
    return {"late": found}


def verifying(looking: Looking) -> Content:
    """How an outsider checks everything."""
    first = looking.service.log.entry(1)
    digest = sha256(first).hexdigest() if first is not None else None
    return {
        "log_vkey": looking.log_vkey,
        "first_sha256": digest,
        "witnesses": witnesses_of(looking.service),
    }


def about(looking: Looking) -> Content:
    """What this is and what it is not."""
    return {}


def _history(looking: Looking, kind: str, entity: str) -> History:
    history = looking.known.history(f"{kind}/{checked_id(entity)}")
    if history is None:
        raise not_found(entity)
    return history
