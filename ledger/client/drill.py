"""A drill on the ledger of a demonstration: sanctions come back, clocks run, guarantors answer or do not.

Everything goes through the public interface: acts are signed with the keys of the demonstration, what the rules force
is read from the log, and what follows is what the ledger answers. A drill that was cut off leaves what it had
submitted; the next one is another crisis.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from ledger.client import drill_script as script
from ledger.client.answers import LedgerInfo
from ledger.client.caught_up import wait_until_known
from ledger.client.demo import check_keys, check_opened_by, demo_signer
from ledger.client.demo_acts import Chains, DemoSigner, demo_event_id
from ledger.client.demo_submission import Held, Submission, held, read_log
from ledger.client.drill_scenes import (
    ActRow,
    Answered,
    Asked,
    BackRow,
    Begun,
    ClockRow,
    Clocks,
    ConsultationRow,
    Eased,
    MeasureRow,
    Notified,
    Returned,
    Sanctions,
    Scene,
)
from ledger.client.drill_words import what_of
from ledger.client.errors import AnswerMalformed, ClientError, LedgerRefused
from ledger.client.http import LedgerClient
from ledger.client.proof import signed_by
from ledger.client.scenario import Scenario, Step
from ledger.client.workspace import log_keys
from ledger.events.crises import AggressionNotified, ConsultationOpened
from ledger.events.measures import MeasureReinstated
from ledger.log.note import VerifierKey

SECOND: Final = timedelta(seconds=1)
MEASURES: Final = "/v1/measures"
CONSULTATIONS: Final = "/v1/consultations"


class _Rows(Struct, frozen=True):
    """The instant of an answer, and its rows of either kind."""

    at: datetime


class _Measures(_Rows, frozen=True):
    data: tuple[MeasureRow, ...]


class _Consultations(_Rows, frozen=True):
    data: tuple[ConsultationRow, ...]


_Answer = TypeVar("_Answer", bound=_Rows)


@dataclass(slots=True)
class _Drill:
    """One drill in progress: what the log holds already, and how the chains stand."""

    client: LedgerClient
    info: LedgerInfo
    signer: DemoSigner
    vkeys: Sequence[VerifierKey]
    stage: script.Stage
    number: int
    present: frozenset[str]
    chains: Chains
    tree_size: int
    known_to: int = 0
    reinstated: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return script.name_of(self.number)

    def submit(self, steps: Iterator[Step] | Sequence[Step]) -> list[Held]:
        """Return the acts of the steps that were missing, as the log holds them. Raises LedgerRefused."""
        missing = [step for step in steps if demo_event_id(self.signer.origin, step.label) not in self.present]
        submission = Submission(self.client, self.signer, self.vkeys, self.chains, missing)
        for _ in submission.run():
            pass
        self.chains = submission.chains
        if submission.refused:
            raise LedgerRefused(submission.refused[0].problem)
        self.tree_size = max([self.tree_size, *(act.position for act in submission.admitted)])
        return submission.admitted

    def measures(self, as_of: datetime | None) -> _Measures:
        return self._answer(MEASURES, {}, as_of, _Measures)

    def consultations(self, as_of: datetime) -> _Consultations:
        return self._answer(CONSULTATIONS, {"crisis": self.name}, as_of, _Consultations)

    def _answer(self, path: str, query: dict[str, str], as_of: datetime | None, kind: type[_Answer]) -> _Answer:
        """Return an answer as of an instant, None being the ledger's now, as known with the newest act of the drill."""
        if self.known_to < self.tree_size:
            wait_until_known(self.client, self.tree_size)
            self.known_to = self.tree_size
        times = {"known_at": str(self.tree_size)} | ({} if as_of is None else {"as_of": instant_text(as_of)})
        answer = self.client.read_all(path, {**query, **times})
        try:
            return msgspec.convert(answer, kind)
        except msgspec.ValidationError as error:
            raise AnswerMalformed(f"rows of {path} as documented", str(error), "Check the server's version.") from None


def instant_text(at: datetime) -> str:
    """Return an instant as the ledger writes it."""
    text: str = msgspec.to_builtins(at.astimezone(UTC))
    return text


def conduct(client: LedgerClient, scenario: Scenario, directory: Path) -> Iterator[Scene]:
    """Yield the scenes of a drill while it is held, up to the last that the ledger is asked for.

    Raises ClientError for a ledger that is no demonstration, or not the one of the keys in `directory`; LedgerRefused
    for an act that is refused; LogInvalid, Rejected or BadSignature for a receipt, an entry or a signature that is not
    what it should be.
    """
    drill = _begin(client, scenario, directory)
    yield Begun(drill=drill.name, url=client.connection.url, ledger=drill.info.origin, tree_size=drill.tree_size)
    drill.submit(script.setting_up(drill.stage))
    before = drill.measures(None)
    yield Sanctions(drill=drill.name, as_of=before.at, measures=before.data)
    in_force = {row.measure: [one.part for one in row.parts if one.standing == "in_force"] for row in before.data}
    eased = drill.submit(script.easing(drill.stage, drill.number, in_force))
    yield Eased(drill=drill.name, acts=_acts(eased))
    (notified,) = drill.submit([script.notification(drill.stage, drill.number)])
    received_s = time.monotonic()
    yield Notified(drill=drill.name, act=_act(notified), received_at=notified.recorded_at)
    returned, clocks = _forced(drill, notified)
    drill.reinstated = {row.measure: row.event for row in returned}
    unmoved = tuple(one.copy for one in script.COPIES if one.copy not in drill.reinstated)
    yield Returned(drill=drill.name, measures=returned, unmoved=unmoved)
    yield Clocks(drill=drill.name, consultations=clocks)
    # By the ledger's clock, a little behind it: a fact that lies ahead of it would not show yet, or be refused.
    answered_at = notified.recorded_at + timedelta(seconds=time.monotonic() - received_s)
    answered = drill.submit(_answers(drill, clocks, answered_at))
    yield Answered(drill=drill.name, acts=_acts(answered), silent=script.parts_of(drill.number).silent)
    yield from _asked(drill, clocks)


def _begin(client: LedgerClient, scenario: Scenario, directory: Path) -> _Drill:
    """Return a drill that has not begun: nothing is submitted by this. Raises ClientError."""
    info = client.ledger()
    if not (info.opened and info.demonstration):
        got = f"{info.origin}, which does not say of itself that it is one" if info.opened else "one not opened yet"
        do = "A drill is held in a ledger of gledger demo alone: start one, and give its address."
        raise ClientError(f"a demonstration ledger at {client.connection.url}", got, do)
    signer = demo_signer(info.origin, directory)
    seen = read_log(client, lambda event: True)
    check_opened_by(signer, seen)
    check_keys(signer, scenario.depositary, seen)
    held_before = {act.event.crisis for act in seen.acts.values() if isinstance(act.event, AggressionNotified)}
    number = next(number for number in range(1, len(held_before) + 2) if script.name_of(number) not in held_before)
    return _Drill(
        client=client,
        info=info,
        signer=signer,
        vkeys=log_keys(info.log_keys),
        stage=script.stage_of(scenario),
        number=number,
        present=frozenset(seen.acts),
        chains=seen.chains,
        tree_size=len(seen.acts),
    )


def _forced(drill: _Drill, notified: Held) -> tuple[tuple[BackRow, ...], tuple[ClockRow, ...]]:
    """Return what the notification forced: the entries right after it, each checked to be signed by the service key."""
    back: list[BackRow] = []
    clocks: list[ClockRow] = []
    after = notified.position
    while page := [held(raw) for raw in drill.client.entries(after)]:
        for act in page:
            event = act.event
            if getattr(event, "cause", None) != notified.event.id:
                return tuple(back), tuple(clocks)
            drill.tree_size = max(drill.tree_size, act.position)
            if isinstance(event, MeasureReinstated):
                signer = _service_key_of(drill, act)
                back.append(BackRow(act.position, event.measure, event.parts, event.effective_at, signer, event.id))
            elif isinstance(event, ConsultationOpened):
                clocks.append(_clock(act, event, _service_key_of(drill, act)))
        after += len(page)
    return tuple(back), tuple(clocks)


def _service_key_of(drill: _Drill, act: Held) -> str:
    """Return the id of the service key, once its signature under the act was checked. Raises BadSignature."""
    records = [drill.info.service_key] if drill.info.service_key is not None else []
    signers = signed_by(act.envelope, records)
    if not signers:
        raise AnswerMalformed(f"entry {act.position} signed by the service key", "another key", "Audit this ledger.")
    return signers[0]


def _clock(act: Held, event: ConsultationOpened, signer: str) -> ClockRow:
    return ClockRow(
        position=act.position,
        consultation=event.consultation,
        basis=event.basis,
        t0=event.t0,
        convene_by=event.convene_by,
        decide_by=event.decide_by,
        guarantors=event.guarantors,
        signed_by=signer,
        event=event.id,
    )


def _answers(drill: _Drill, clocks: Sequence[ClockRow], at: datetime) -> Iterator[Step]:
    own = {row.guarantors[0]: row.consultation for row in clocks if len(row.guarantors) == 1}
    opened = script.Opened(_joint(drill), own)
    yield from script.answers(drill.stage, drill.number, opened, at)
    first = next((one for one in script.COPIES if one.copy in drill.reinstated), None)
    if first is not None:
        yield script.publication(drill.stage, drill.number, first, drill.reinstated[first.copy])


def _joint(drill: _Drill) -> str:
    return f"{drill.name}.{script.INSTRUMENT}"


def _asked(drill: _Drill, clocks: Sequence[ClockRow]) -> Iterator[Asked]:
    """Yield what the ledger answers now, at both deadlines, and one second after each."""
    joint = next(row for row in clocks if row.consultation == _joint(drill))
    now = drill.measures(None).at
    instants = [("now", now), ("24 hours after t0", joint.convene_by), ("a second later", joint.convene_by + SECOND)]
    if joint.decide_by is not None:
        instants += [("72 hours after t0", joint.decide_by), ("a second later", joint.decide_by + SECOND)]
    copies = {one.copy for one in script.COPIES}
    for when, as_of in instants:
        yield Asked(
            drill=drill.name,
            when=when,
            as_of=as_of,
            is_future=as_of > now,
            known_at=drill.tree_size,
            joint=joint.consultation,
            consultations=drill.consultations(as_of).data,
            measures=tuple(row for row in drill.measures(as_of).data if row.measure in copies),
        )


def _acts(acts: Sequence[Held]) -> tuple[ActRow, ...]:
    return tuple(map(_act, acts))


def _act(act: Held) -> ActRow:
    event = act.event
    return ActRow(act.position, event.party, event.type, what_of(event), event.id)
