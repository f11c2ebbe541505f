"""Does a text bind this obligor on this day, and if not, why not? The words for it are the states of an obligation.

A signatory is not yet a party. Where no source states when a text takes effect, signature by the obligor is taken, and
every answer says so. What falls due before the effect of a text ends stays due.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ledger.events.terms import Terms
from ledger.events.values import When
from ledger.rules.commitments import Commitment
from ledger.rules.instruments import Instrument, Suspension

Basis = Literal["on_signature", "on_ratification", "provisional_application", "none", "not_stated"]


@dataclass(frozen=True, slots=True)
class Effect:
    """How a text stands towards one obligor for one commitment. `until` is the first day without effect.

    `ended_by` says what ended it: withdrawal, termination or term. `survives`: accession ended the text, not this.
    """

    standing: Literal["in_effect", "not_signed", "not_in_force", "no_effect"]
    basis: Basis
    since: date | None = None
    until: date | None = None
    ended_by: Literal["withdrawal", "termination", "term"] | None = None
    survives: bool = False
    suspensions: tuple[Suspension, ...] = ()
    moves_due_dates: bool = False
    events: tuple[str, ...] = ()

    def suspended_on(self, day: date) -> bool:
        """Return whether the obligor's performance is suspended on a day."""
        return any(one.since <= day and (one.until is None or day < one.until) for one in self.suspensions)

    def due_on(self, when: When) -> date | None:
        """Return the last day on which a part can be delivered in time; None while a suspension holds it back.

        A suspension moves it only if the text says so, and only if it had not passed when the suspension began.
        """
        last = when.last
        if not self.moves_due_dates:
            return last
        for one in self.suspensions:
            if last < one.since:
                continue
            if one.until is None:
                return None
            last += one.until - one.since
        return last


def effect_of(text: Instrument | None, party: str, view: Commitment, as_of: date) -> Effect:
    """Return how `text` stands towards `party` on a day, for this commitment."""
    if text is None:
        return Effect("not_in_force", "not_stated")
    text, terms = text.as_made(party, view.made_on), view.terms
    adherence = text.adherence(party)
    survives = text.termination == "accession" and _survives(text, terms)
    read = replace(text, terminated_on=None) if survives else text
    since, basis = read.bound_from(party), _basis(text, party)
    signed = adherence.signed_on is not None and adherence.signed_on <= as_of
    if text.profile.effect == "none":
        standing: Literal["in_effect", "not_signed", "not_in_force", "no_effect"] = "no_effect"
    elif not signed:
        standing = "not_signed"
    elif since is None or since > as_of:
        standing = "not_in_force"
    else:
        standing = "in_effect"
    until = read.bound_until(party) if standing == "in_effect" else None
    return Effect(
        standing,
        basis,
        since=since,
        until=until,
        ended_by=_ended_by(read, party, until) if until is not None and until <= as_of else None,
        survives=survives,
        suspensions=adherence.suspensions,
        moves_due_dates=text.profile.suspension_moves_due_dates,
        events=(text.registered_in, *adherence.events),
    )


def _survives(text: Instrument, terms: Terms) -> bool:
    match text.profile.accession_ends:
        case "nothing":
            return True
        case "whole":
            return False
        case "part" | "not_stated":
            return terms.category in text.profile.survives_accession


def _basis(text: Instrument, party: str) -> Basis:
    provisional = text.adherence(party).provisional_on
    if text.profile.effect == "on_ratification" and provisional is not None:
        return "on_ratification" if text.bound_from(party) != provisional else "provisional_application"
    return text.profile.effect


def _ended_by(text: Instrument, party: str, until: date) -> Literal["withdrawal", "termination", "term"]:
    if text.adherence(party).withdraws_on == until:
        return "withdrawal"
    return "termination" if text.terminated_on == until else "term"
