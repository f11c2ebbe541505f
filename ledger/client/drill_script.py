"""The script of a drill: what is set up once, what is eased, who is attacked, who answers how.

Pure: the number of the drill and every instant are given. All that it writes says that it is an exercise, and no
measure that anybody has adopted is touched: what is eased and comes back are copies with the rule that the Compact
proposes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.client.draft import Draft
from ledger.client.scenario import Office, Scenario, ScenarioError, Step

PLACE: Final = "drill"
EXERCISE: Final = "EXERCISE"
INSTRUMENT: Final = "exercise-compact"
MEASURE: Final = "exercise-{}"
TEXT_CHARACTERS_MAX: Final = 300

CLOCK: Final = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
"""What the recommendations of 2022 propose."""

CAST: Final = ("gb", "ca", "us", "eu", "fr", "pl")
"""Who has a part. The parts go round with the number of the drill and say nothing about any government."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A sourced measure, and what becomes of its copy: parts lifted once and for all, and what each drill eases."""

    measure: str
    after_days: int = 0
    lifted: tuple[str, ...] = ()
    eased: tuple[str, ...] = ()
    is_suspended: bool = False

    @property
    def copy(self) -> str:
        return MEASURE.format(self.measure)


COPIES: Final = (
    Copied("us-rushar", lifted=("investment",), eased=("imports", "services")),
    Copied("gb-rus", is_suspended=True),
    Copied("eu-rus-sectoral", after_days=2, eased=("imports", "transport")),
    Copied("au-russia"),
)
"""Back at once though one part stays lifted; back as a whole; back in some days; and one that has nothing to return."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Who does what in one drill. Whoever is silent is the point of it."""

    convenes: str
    commits: str
    sanctions: str
    informs: str
    declines: str
    silent: str

    @property
    def present(self) -> tuple[str, ...]:
        return (self.convenes, self.commits, self.sanctions, self.informs)


def parts_of(number: int) -> Parts:
    """Return who has which part in the drill of that number, from 1."""
    turn = (number - 1) % len(CAST)
    return Parts(*CAST[turn:], *CAST[:turn])


def name_of(number: int) -> str:
    """Return the id of the crisis of a drill."""
    return f"drill-{number}"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario has that a drill needs: who signs for whom, and the measures that are copied."""

    depositary: Office
    beneficiary: str
    principals: Mapping[str, str]
    measures: Mapping[str, Mapping[str, Any]]

    def step(self, label: str, event_type: str, party: str, /, **fields: object) -> Step:
        """Return an act of a party, signed by its principal authority."""
        return Step(label, PLACE, Draft(event_type, party, self.principals[party], fields))


def stage_of(scenario: Scenario) -> Stage:
    """Return the stage. Raises ScenarioError for a scenario that lacks a party of the cast or a measure."""
    principals: dict[str, str] = {}
    measures: dict[str, Mapping[str, Any]] = {}
    for step in scenario.steps:
        match step.draft.type, step.draft.fields:
            case "party.admitted", {"subject": str() as party, "principal": {"authority": str() as authority}}:
                principals[party] = authority
            case "measure.adopted", {"measure": str() as measure}:
                measures[measure] = {**step.draft.fields, "party": step.draft.party}
            case _:
                pass
    wanted = {*CAST, scenario.beneficiary} - principals.keys() | {one.measure for one in COPIES} - measures.keys()
    if wanted:
        raise ScenarioError(f"expected a scenario with {', '.join(sorted(wanted))}, got none of that name")
    return Stage(scenario.depositary, scenario.beneficiary, principals, measures)


def setting_up(stage: Stage) -> Iterator[Step]:
    """Yield what the first drill on a ledger sets up: a text with the clock of the Compact, and the copies."""
    parties = (*CAST, stage.beneficiary)
    text = {
        "instrument": INSTRUMENT,
        "title": {"en": f"{EXERCISE}: consultation in 24 and decision in 72 hours, as the recommendations propose"},
        "kind": "compact",
        "legal_character": "not_stated",
        "parties": list(parties),
        "profile": {"effect": "on_signature", "clock": CLOCK},
        "note": {"en": f"{EXERCISE}: no such text was signed by anybody. It has the clock of ksc-2022."},
    }
    office = stage.depositary
    registered = Draft("instrument.registered", office.party, office.authority, text)
    yield Step(f"exercise/{INSTRUMENT}", PLACE, registered)
    for party in parties:
        yield stage.step(f"exercise/{INSTRUMENT}/{party}", "instrument.signed", party, instrument=INSTRUMENT)
    for one in COPIES:
        yield from _copy(stage, one)


def _copy(stage: Stage, one: Copied) -> Iterator[Step]:
    model = stage.measures[one.measure]
    note = f"{EXERCISE}: a copy of {one.measure} with the rule that the Compact proposes. Nobody has adopted it."
    yield stage.step(
        f"exercise/{one.copy}",
        "measure.adopted",
        model["party"],
        measure=one.copy,
        programme=f"{EXERCISE}-{model['programme']}",
        title={"en": _shortened(f"{EXERCISE}: {model['title']['en']}")},
        types=model["types"],
        targets=model["targets"],
        legal_act=_shortened(f"{EXERCISE}, after {model['legal_act']}"),
        default_rule={"kind": "snapback", "after_days": one.after_days},
        parts=model["parts"],
        note={"en": note},
    )
    if one.lifted:
        lifted = {
            "measure": one.copy,
            "parts": list(one.lifted),
            "reason": f"{EXERCISE}: what is lifted does not return",
        }
        yield stage.step(f"exercise/{one.copy}/lifted", "measure.lifted", model["party"], **lifted)


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[: TEXT_CHARACTERS_MAX - 1]}…"


def easing(stage: Stage, number: int, in_force: Mapping[str, Sequence[str]]) -> Iterator[Step]:
    """Yield the easings of a drill, of what is in force: `in_force` are the parts of each copy that are."""
    for one in COPIES:
        party, label = stage.measures[one.measure]["party"], f"{name_of(number)}/eased/{one.copy}"
        note = {"en": f"{EXERCISE}: eased for {name_of(number)} only."}
        still = set(in_force.get(one.copy, ()))
        if one.is_suspended and still:
            yield stage.step(label, "measure.suspended", party, measure=one.copy, note=note)
        elif parts := [part for part in one.eased if part in still]:
            yield stage.step(label, "measure.eased", party, measure=one.copy, parts=parts, note=note)


def notification(stage: Stage, number: int) -> Step:
    """Return the act that sets everything off."""
    return stage.step(
        f"{name_of(number)}/notified",
        "aggression.notified",
        stage.beneficiary,
        crisis=name_of(number),
        kind="armed_attack",
        description={"en": f"{EXERCISE}: this is drill {number}. No attack is reported by this act."},
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """The consultation that all have part in, and the guarantor's own of each text between it and the beneficiary."""

    joint: str
    own: Mapping[str, str]


def answers(stage: Stage, number: int, opened: Opened, at: datetime) -> Iterator[Step]:
    """Yield what the guarantors do at `at`: they meet, join, promise, decide; one declines and one says nothing."""
    drill, parts = name_of(number), parts_of(number)
    said = f"{EXERCISE}: decided for {drill} only."
    meeting = {"convened_at": at, "level": "ministers", "legal_basis": f"{EXERCISE}: one meeting for every text"}
    for party in parts.present:
        for consultation in _meetings(parts, party, opened):
            label = f"{drill}/convened/{consultation}/{party}"
            yield stage.step(label, "consultation.convened", party, consultation=consultation, **meeting)
    joining = {"consultation": opened.joint, "joined_at": at, "level": "ministers"}
    for party in (*parts.present, parts.declines):
        yield stage.step(f"{drill}/joined/{party}", "consultation.joined", party, **joining)
    decided = {"consultation": opened.joint, "decided_at": at, "statement": said}
    for party, quantity in ((parts.convenes, 2), (parts.commits, 1)):
        commitment = f"{drill}-{party}"
        yield _promise(stage, commitment, party, quantity)
        made = {"decisions": ["military_support"], "commitments": [commitment]}
        yield stage.step(f"{drill}/decided/{party}", "decision.taken", party, **decided, **made)
    for party, decisions in ((parts.sanctions, ["sanctions"]), (parts.informs, ["intelligence", "diplomatic"])):
        yield stage.step(f"{drill}/decided/{party}", "decision.taken", party, **decided, decisions=decisions)
    yield stage.step(f"{drill}/declined/{parts.declines}", "decision.declined", parts.declines, **decided)


def _meetings(parts: Parts, party: str, opened: Opened) -> Iterator[str]:
    """Yield where a guarantor says that it has met: one convenes all, each its own text."""
    if party == parts.convenes:
        yield opened.joint
    if party in opened.own:
        yield opened.own[party]


def _promise(stage: Stage, commitment: str, party: str, quantity: int) -> Step:
    return stage.step(
        f"{commitment}/promised",
        "commitment.made",
        party,
        commitment=commitment,
        instrument=INSTRUMENT,
        title={"en": f"{EXERCISE}: air defence batteries on paper"},
        terms={
            "category": "air_defence",
            "phase": "preventive",
            "legal_character": "not_stated",
            "bound": "exact",
            "object": {"kind": "goods", "quantity": str(quantity), "unit": "battery on paper"},
            "schedule": {"kind": "unscheduled"},
            "obligors": [{"party": party, "share": "1/1"}],
            "counts_from": "handed_over",
        },
        note={"en": f"{EXERCISE}: nobody owes this. Without a day it is never overdue."},
    )


def publication(stage: Stage, number: int, one: Copied, reinstatement: str) -> Step:
    """Return the act by which a party publishes what the law needs for a copy that came back."""
    return stage.step(
        f"{name_of(number)}/published/{one.copy}",
        "measure.act_published",
        stage.measures[one.measure]["party"],
        measure=one.copy,
        reinstatement=reinstatement,
        legal_act=f"{EXERCISE}: act published for {name_of(number)}",
    )
