"""What an admitted act changes: the new state of every stream that it touches. Never refuses, never looks at a clock.

An act is added to its stream as it stands, pending or effective. Consent, contestation and repudiation change the
standing of acts that are there already; what is in force is then read anew (`ledger.rules.history`).
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from ledger.events.authorities import ActConfirmed, ActRepudiated, AuthorityGranted, AuthorityRevoked
from ledger.events.consents import ConsentGiven, ConsentRefused, ConsentWithdrawn
from ledger.events.corrections import ActDisclosed
from ledger.events.crises import AggressionNotified
from ledger.events.deliveries import DeliveryEvent
from ledger.events.header import Event
from ledger.events.measures import MeasureAdopted, Snapback
from ledger.events.openings import LedgerOpened, LogKeysAdopted, RulesAdopted
from ledger.events.parties import PartyAdmitted
from ledger.events.registry import service_authority
from ledger.events.stages import Admitted
from ledger.rules.authorities import first_authority, granted, service_of
from ledger.rules.commitments import commitment
from ledger.rules.compact import (
    CLOCKS,
    LEDGER,
    SNAPBACK,
    Authority,
    Changes,
    Compact,
    Index,
    Opened,
    Recorded,
    State,
    indexed,
)
from ledger.rules.consents import ConsentAct, recounted, spoken_for
from ledger.rules.forced import ForcedEvent, forced_by
from ledger.rules.history import Act, History, effective, keep_decoded
from ledger.rules.instruments import instrument
from ledger.rules.log_keys import with_log_keys
from ledger.rules.streams import others, primary


def evolve(compact: Compact, admitted: Admitted, position: int, recorded_at: datetime) -> Changes:
    """Return the changed states after `admitted` was recorded at `position` (from 1), by stream name."""
    entry = _Entry(compact, admitted, position, recorded_at)
    event = admitted.verified.event
    match event:
        case DeliveryEvent():
            _record(entry, event)
        case LedgerOpened():
            _open(entry, event)
        case RulesAdopted():
            entry.changes[LEDGER] = msgspec.structs.replace(entry.ledger, rules=event.rules)
        case LogKeysAdopted():
            entry.changes[LEDGER] = with_log_keys(entry.ledger, event.log_keys, position)
        case AuthorityGranted():
            entry.put_authority(granted(event, position))
        case AuthorityRevoked():
            _revoke(entry, event)
        case ActConfirmed() | ActRepudiated():
            _judge(entry, event)
        case ConsentGiven() | ConsentRefused() | ConsentWithdrawn():
            _say(entry, event)
        case _:
            _record(entry, event)
    if isinstance(event, PartyAdmitted):
        entry.put_authority(first_authority(event, event.principal, event.subject, "principal", position))
        if event.recovery is not None:
            entry.put_authority(first_authority(event, event.recovery, event.subject, "recovery", position))
    _follow(entry, event)
    _index(entry)
    _count(entry, event)
    return entry.changes


class _Entry:
    """One entry being folded: the state before it, and what it changes so far."""

    def __init__(self, compact: Compact, admitted: Admitted, position: int, recorded_at: datetime) -> None:
        self.compact = compact
        self.admitted = admitted
        self.position = position
        self.recorded_at = recorded_at
        self.changes: Changes = {}

    def get(self, stream: str) -> State | None:
        return self.changes.get(stream) or self.compact.get(stream)

    @property
    def ledger(self) -> Opened:
        """The state of the ledger itself; every entry but the first finds it."""
        state = self.get(LEDGER)
        assert isinstance(state, Opened)
        return state

    def put_authority(self, state: Authority) -> None:
        self.changes[f"authority/{state.id}"] = state

    def history(self, stream: str) -> History:
        state = self.get(stream)
        assert state is None or isinstance(state, Recorded)
        return state.history if state is not None else History(stream=stream)

    def put(self, history: History) -> None:
        self.changes[history.stream] = Recorded(history=history)

    def own_act(self) -> Act:
        """Return this entry as an act: pending if it waits for somebody."""
        envelope = self.admitted.verified.envelope
        keep_decoded(envelope.payload, envelope.event)
        pending = bool(self.admitted.pending_on)
        return Act(
            position=self.position,
            recorded_at=self.recorded_at,
            payload=msgspec.Raw(envelope.payload),
            standing="pending" if pending else "effective",
            asked=self.admitted.pending_on,
            effective_at=None if pending else self.position,
            effective_since=None if pending else self.recorded_at,
        )

    def further(self, event: Event) -> tuple[str, ...]:
        """Return the further streams of an act; of an opening, those of the act that is read with it."""
        if not isinstance(event, ActDisclosed):
            return others(event)
        stream = primary(self.compact, event)
        target = self.history(stream).act(event.act) if stream is not None else None
        return others(target.event) if target is not None else ()

    def change(self, event: Event, stream: str, change: Callable[[Act], Act]) -> None:
        """Apply `change` to the act of `event` in every stream that holds it."""
        for name in dict.fromkeys((stream, *self.further(event))):
            history = self.history(name)
            if history.act(event.id) is not None:
                self.put(history.changed(event.id, change))


def _open(entry: _Entry, event: LedgerOpened) -> None:
    entry.changes[LEDGER] = Opened(
        origin=event.ledger,
        depositary=event.party,
        beneficiary=event.beneficiary,
        service_key=event.service_key,
        log_keys=event.log_keys,
        rules=event.rules,
        name=event.name,
        purpose=event.purpose,
    )
    entry.put_authority(first_authority(event, event.root, event.party, "principal", entry.position))
    entry.put_authority(service_of(event, service_authority(event.party), entry.position))
    entry.put(History(stream=f"party/{event.party}").with_act(entry.own_act()))


def _record(entry: _Entry, event: Event) -> None:
    """Add the act to its stream and, as soon as it counts, to the others that it touches."""
    stream = primary(entry.compact, event)
    assert stream is not None
    act = entry.own_act()
    entry.put(entry.history(stream).with_act(act))
    if act.standing == "effective":
        _take_effect(entry, event, act)


def _follow(entry: _Entry, event: Event) -> None:
    """Note which acts are forced by this one; or that this one, which was forced, has followed."""
    if isinstance(event, AggressionNotified):
        forced = forced_by(entry.compact, event, entry.recorded_at)
        entry.changes[LEDGER] = msgspec.structs.replace(entry.ledger, forced=forced)
    elif isinstance(event, ForcedEvent):
        entry.changes[LEDGER] = msgspec.structs.replace(entry.ledger, forced=entry.ledger.forced[1:])


def _index(entry: _Entry) -> None:
    """Note each text that has come to have a clock, and each measure that has come to be one that snaps back."""
    for stream, state in tuple(entry.changes.items()):
        if not isinstance(state, Recorded):
            continue
        kind, _, name = stream.partition("/")
        if kind == "instrument":
            text = instrument(state.history)
            if text is not None and text.profile.clock is not None:
                _note(entry, CLOCKS, name)
        elif kind == "measure":
            adopted = (item.event for item in effective(state.history) if isinstance(item.event, MeasureAdopted))
            if any(isinstance(one.default_rule, Snapback) for one in adopted):
                _note(entry, SNAPBACK, name)


def _note(entry: _Entry, index: str, name: str) -> None:
    names = indexed(entry.compact, index)
    if name not in names:
        entry.changes[index] = Index(names=tuple(sorted((*names, name))))


def _take_effect(entry: _Entry, event: Event, act: Act) -> None:
    further = entry.further(event)
    for stream in further:
        history = entry.history(stream)
        if history.act(event.id) is None:
            entry.put(history.with_act(act))
    own = primary(entry.compact, event)
    assert own is not None
    for stream in (own, *further):
        if stream.startswith("commitment/"):
            _link(entry, stream)


def _link(entry: _Entry, stream: str) -> None:
    """Note a commitment with the one that it is counted in, so that the parent's sum can be checked."""
    found = commitment(entry.history(stream))
    if found is None or found.terms.part_of is None:
        return
    parent = entry.history(f"commitment/{found.terms.part_of.commitment}")
    if found.id not in parent.children:
        entry.put(msgspec.structs.replace(parent, children=(*parent.children, found.id)))


def _say(entry: _Entry, event: ConsentGiven | ConsentRefused | ConsentWithdrawn) -> None:
    """Record a word on a pending act; the last consent makes the act effective at this entry."""
    stream = primary(entry.compact, event)
    assert stream is not None
    target = entry.history(stream).act(event.act)
    assert target is not None
    match event:
        case ConsentGiven():
            agreed = spoken_for(entry.compact, event.party, target.asked)
            consented = tuple(dict.fromkeys((*target.consented, *agreed)))
            changed = msgspec.structs.replace(target, consented=consented)
            if set(target.asked) <= set(consented):
                changed = msgspec.structs.replace(
                    changed, standing="effective", effective_at=entry.position, effective_since=entry.recorded_at
                )
        case ConsentRefused():
            changed = msgspec.structs.replace(target, standing="refused")
        case ConsentWithdrawn() if event.party == target.event.party:
            # Whoever proposed it no longer agrees itself: there is nothing left to consent to.
            changed = msgspec.structs.replace(target, standing="refused")
        case ConsentWithdrawn():
            taken_back = spoken_for(entry.compact, event.party, target.asked)
            left = tuple(party for party in target.consented if party not in taken_back)
            changed = msgspec.structs.replace(target, consented=left)
    entry.change(target.event, stream, lambda _: changed)
    entry.put(entry.history(stream).with_act(entry.own_act()))
    if changed.standing == "effective":
        _take_effect(entry, target.event, changed)


def _revoke(entry: _Entry, event: AuthorityRevoked) -> None:
    revoked = entry.get(f"authority/{event.revoked}")
    assert isinstance(revoked, Authority)
    entry.put_authority(
        msgspec.structs.replace(
            revoked,
            revoked_at=entry.position,
            revoked_because=event.reason,
            revoked_in=event.id,
            contested_since=event.contested_since,
        )
    )
    if event.contested_since is not None:
        _contest(entry, event.revoked, event.contested_since)


def _contest(entry: _Entry, authority_id: str, since: datetime) -> None:
    """Mark what the authority had admitted since then, the mandates that it granted included.

    What another authority of the party has confirmed is the party's own word by now (VCLT Art. 8).
    """
    doubtful = entry.compact.acts_since(authority_id, since)
    for event_id in doubtful:
        stream = entry.compact.locate(event_id)
        state = entry.get(stream) if stream is not None else None
        if isinstance(state, Authority) and state.granted_in == event_id:
            if not _is_above(entry, state):
                entry.put_authority(msgspec.structs.replace(state, contested=True))
        elif isinstance(state, Recorded) and (act := state.history.act(event_id)) is not None:
            if act.standing == "repudiated" or _is_confirmed(state.history, event_id, doubtful):
                continue
            entry.change(act.event, state.history.stream, lambda one: msgspec.structs.replace(one, contested=True))
            for grant in _grants_of(entry, act.event):
                entry.put_authority(msgspec.structs.replace(grant, contested=True))


def _is_confirmed(history: History, event_id: str, doubtful: tuple[str, ...]) -> bool:
    words = (act for act in history.acts if isinstance(act.event, ActConfirmed) and act.event.act == event_id)
    return any(act.standing == "effective" and not act.contested and act.event.id not in doubtful for act in words)


def _is_above(entry: _Entry, granted_authority: Authority) -> bool:
    """Tell whether it is a recovery authority whose grant is not for the signer to contest: only for an older one.

    Or a stolen principal would shut out the party by contesting all that it ever granted, and a recovery itself.
    """
    signer = entry.get(f"authority/{entry.admitted.verified.event.authority}")
    assert isinstance(signer, Authority)
    is_older = signer.standing == "recovery" and signer.granted_at < granted_authority.granted_at
    return granted_authority.standing == "recovery" and not is_older


def _grants_of(entry: _Entry, event: Event) -> Iterator[Authority]:
    """Yield the authorities that came with the admission of a party, as they now stand."""
    if isinstance(event, PartyAdmitted):
        for grant in (event.principal, event.recovery):
            state = entry.get(f"authority/{grant.authority}") if grant is not None else None
            if isinstance(state, Authority):
                yield state


def _judge(entry: _Entry, event: ActConfirmed | ActRepudiated) -> None:
    """Confirm or repudiate a contested act."""
    stream = primary(entry.compact, event)
    state = entry.get(stream) if stream is not None else None
    if isinstance(state, Authority):
        _judge_grant(entry, event, state)
        return
    assert isinstance(state, Recorded)
    target = state.history.act(event.act)
    assert target is not None
    stream = state.history.stream
    if isinstance(event, ActConfirmed):
        entry.change(target.event, stream, lambda act: msgspec.structs.replace(act, contested=False))
    else:
        repudiated = msgspec.structs.replace(target, contested=False, standing="repudiated")
        entry.change(target.event, stream, lambda _: repudiated)
        _undo(entry, stream, target.event)
    for grant in _grants_of(entry, target.event):
        _judge_grant(entry, event, grant)
    entry.put(entry.history(stream).with_act(entry.own_act()))


def _judge_grant(entry: _Entry, event: ActConfirmed | ActRepudiated, grant: Authority) -> None:
    if isinstance(event, ActConfirmed):
        entry.put_authority(msgspec.structs.replace(grant, contested=False))
        return
    revoked = msgspec.structs.replace(
        grant, contested=False, revoked_at=entry.position, revoked_because="repudiated", revoked_in=event.id
    )
    entry.put_authority(revoked if grant.revoked_at is None else msgspec.structs.replace(grant, contested=False))
    # A mandate that was never given: all that was done under it is in doubt.
    _contest(entry, grant.id, grant.valid_from)


def _undo(entry: _Entry, stream: str, repudiated: Event) -> None:
    """Take back what a repudiated word or judgement did to the act that it was about."""
    if not isinstance(repudiated, ConsentAct | ActConfirmed | ActRepudiated):
        return
    history = entry.history(stream)
    target = history.act(repudiated.act)
    if target is None:
        return
    if isinstance(repudiated, ConsentAct):
        if target.standing == "repudiated":
            return
        restored = recounted(entry.compact, history, target)
    elif target.standing == "repudiated":
        # It was disowned by somebody who could not: it stands again, and its own party has yet to judge it.
        stood = msgspec.structs.replace(target, standing="effective", contested=True)
        restored = recounted(entry.compact, history, stood)
    else:
        restored = msgspec.structs.replace(target, contested=True)
    entry.change(target.event, stream, lambda _: restored)


def _count(entry: _Entry, event: Event) -> None:
    """Advance the signer's own chain."""
    signer = entry.get(f"authority/{event.authority}")
    assert isinstance(signer, Authority)
    digest = entry.admitted.verified.envelope.payload_sha256
    entry.put_authority(msgspec.structs.replace(signer, sequence=event.sequence, previous=digest))
