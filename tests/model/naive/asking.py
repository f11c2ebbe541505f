"""Whose consent an act needs when it is recorded: of those that the rules name, whoever has not signed it himself."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.model.naive.docket import REMARKS, Act, Payload, Reading, acting_for, amended, read_with, streams_of
from tests.model.naive.handovers import handover
from tests.model.naive.lessening import is_less
from tests.model.naive.promises import Promise, Terms, promise
from tests.model.naive.texts import Spell, text

BENEFICIARY = "ua"
DEPOSITARY = "depositary"


def asked_in(reading: Reading, payload: Payload) -> tuple[str, ...]:
    """Return whose consent an act needs as the acts before it read; each once, by name.

    `reading.now` is when the act is recorded.
    """
    agreed = acting_for(reading, payload["party"])
    return tuple(sorted({party for party in _concerned(reading, payload) if party not in agreed}))


def _concerned(reading: Reading, payload: Payload) -> list[str]:
    match payload["type"]:
        case "commitment.made":
            return [*_obligors(payload["terms"]), *_hosts(reading, payload["terms"], None)]
        case "commitment.amended" | "commitment.resolved" | "commitment.withdrawn":
            return _about_terms(reading, payload)
        case "commitment.converted" | "commitment.merged":
            named = [payload["commitment"], *payload.get("absorbed", [])]
            before = [promise(reading, one) for one in named]
            assert before[0] is not None
            parties = [party for one in before if one is not None for party in one.obligors]
            hosts = _hosts(reading, payload["terms"], before[0].terms)
            return [*parties, *_obligors(payload["terms"]), *hosts, BENEFICIARY]
        case "dispute.settled":
            found = handover(reading, payload["delivery"])
            assert found is not None
            return [found.party, BENEFICIARY]
        case "instrument.extended" | "instrument.amended" | "instrument.terminated":
            return _of_the_text(reading, payload)
        case "party.succeeded":
            return [DEPOSITARY]
        case "act.corrected":
            return _by_correction(reading, payload)
        case _:
            pass
    return []


def _obligors(terms: Terms) -> list[str]:
    return [one["party"] for one in terms["obligors"]]


def _about_terms(reading: Reading, payload: Payload) -> list[str]:
    found = promise(reading, payload["commitment"])
    assert found is not None
    match payload["type"]:
        case "commitment.resolved":
            return found.obligors
        case "commitment.withdrawn":
            return [*found.obligors, BENEFICIARY]
        case _:
            pass
    new = payload["terms"]
    return [*_agreeing(found.terms, new), *_hosts(reading, new, found.terms)]


def _agreeing(old: Terms, new: Terms) -> list[str]:
    return [*_obligors(old), *_obligors(new), *([BENEFICIARY] if is_less(old, new) else [])]


def _hosts(reading: Reading, terms: Terms, before: Terms | None) -> list[str]:
    """Return whose commitment these terms would newly be counted in, where it is somebody else's."""
    part_of = terms.get("part_of")
    if not part_of or (before is not None and before.get("part_of") == part_of):
        return []
    whole = going_on(reading, part_of["commitment"])
    return whole.obligors if whole is not None and not set(_obligors(terms)) <= set(whole.obligors) else []


def going_on(reading: Reading, commitment: str) -> Promise | None:
    """Return a commitment, or what it went on as after a merger."""
    found = promise(reading, commitment)
    while found is not None and found.state == "merged" and found.became is not None:
        found = promise(reading, found.became)
    return found


def _of_the_text(reading: Reading, payload: Payload) -> list[str]:
    """Return every other signatory that has not left; as long as nobody else has signed, all parties that are named."""
    found = text(reading, payload["instrument"])
    assert found is not None
    assert reading.now is not None
    now = reading.now.date()
    signer = payload.get("in_place_of") or payload["party"]
    others = [one for one in found.parties if one != signer and not _has_left(found.spell(one), now)]
    return [one for one in others if one in found.signatories] or others


def _has_left(spell: Spell, day: date) -> bool:
    return spell.leaves is not None and spell.leaves <= day


def _by_correction(reading: Reading, payload: Payload) -> list[str]:
    """Return who had agreed to the act, and who would have to agree to it as corrected."""
    root, field, before, after = corrected(reading, payload)
    if field.startswith(REMARKS) and root.type != "instrument.terminated":
        return list(root.asked)
    earlier = as_it_stood_before(reading, root)
    asked = [*root.asked, *asked_in(earlier, after)]
    match root.type:
        case "commitment.made" | "commitment.amended":
            asked += _agreeing(before["terms"], after["terms"])
        case "commitment.resolved" if _resolves_less(before, after):
            asked.append(BENEFICIARY)
        case "commitment.waived" if _waives_less(before, after):
            found = promise(reading, before["commitment"])
            asked += found.obligors if found is not None else []
        case "instrument.registered":
            found_text = text(reading, before["instrument"])
            asked += found_text.signatories if found_text is not None else []
        case _:
            pass
    return asked


def corrected(reading: Reading, payload: Payload) -> tuple[Act, str, Payload, Payload]:
    """Return the act that a correction is about in the end, the field there, and the act as read before and after."""
    target = reading.docket.by_id[payload["act"]]
    before = reading.payload(target)
    after = amended(before, payload["field"], payload.get("new"))
    assert after is not None
    if target.type != "act.corrected":
        return target, payload["field"], before, after
    # The correction as corrected takes the place of the one that stands.
    root = changed = target
    while root.type == "act.corrected":
        root = reading.docket.by_id[root.payload["act"]]
    field = payload["field"] if not payload["field"].startswith("/new") else reading.payload(target)["field"]
    while field.startswith("/new"):
        target = reading.docket.by_id[target.payload["act"]]
        field = reading.payload(target)["field"]
    return root, field, reading.payload(root), _with(reading, root, changed, after)


def _with(reading: Reading, act: Act, changed: Act, to: Payload) -> Payload:
    """Return an act as read with its corrections, of which one reads differently."""
    found = act.payload
    for one in reading.corrections(act):
        change = to if one.id == changed.id else _with(reading, one, changed, to)
        found = read_with(found, change)
    return found


def as_it_stood_before(reading: Reading, root: Act) -> Reading:
    """Return a reading in which what an act is about stands as it stood before the act."""
    stream = next(streams_of(root.payload), "")

    def is_later(act: Act) -> bool:
        # What was repudiated since counts for nothing, whenever it is asked about.
        is_judgement = act.type == "act.repudiated"
        return act.position >= root.position and not is_judgement and _is_of(reading, act, stream)

    return Reading(reading.docket, reading.size, without=is_later, now=reading.now)


def _is_of(reading: Reading, act: Act, stream: str) -> bool:
    while "act" in act.payload:
        act = reading.docket.by_id[act.payload["act"]]
    return next(streams_of(act.payload), "") == stream


def _resolves_less(before: dict[str, Any], after: dict[str, Any]) -> bool:
    same = (before["period"], before["currency"]) == (after["period"], after["currency"])
    return not same or Fraction(after["amount"]) < Fraction(before["amount"])


def _waives_less(before: dict[str, Any], after: dict[str, Any]) -> bool:
    if not after.get("amount"):
        return False
    return not before.get("amount") or Fraction(after["amount"]) < Fraction(before["amount"])
