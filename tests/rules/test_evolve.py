"""Folding: whatever the order of reading and writing, the same acts make the same state, and nothing ever breaks it."""

from datetime import datetime

import pytest

from ledger.events.stages import Admitted
from ledger.rules.compact import Recorded, State, decode_state, encode_state
from ledger.rules.decide import decide, keys_of
from ledger.rules.memory import MemoryCompact, Overlay
from ledger.rules.streams import others, primary, reads
from ledger.signing import dsse
from ledger.signing.verify import verify
from tests.acts import ORIGIN
from tests.audit.histories import History as Drawn
from tests.audit.logs import RECORDED_AT, STEP
from tests.world import World, money, signed_world, terms

SEEDS = range(4)
ACTS = 150


class Stored:
    """A Compact as a store has it: the written states, and which acts each authority had admitted."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.located: dict[str, str] = {}
        self.acts: list[tuple[str, datetime, str]] = []

    def get(self, stream: str) -> State | None:
        raw = self.states.get(stream)
        return decode_state(raw) if raw is not None else None

    def locate(self, event_id: str) -> str | None:
        return self.located.get(event_id)

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        return tuple(event_id for signer, at, event_id in self.acts if signer == authority and at >= since)

    def write(self, overlay: Overlay) -> None:
        self.states |= {stream: encode_state(state) for stream, state in overlay.changes.items()}
        self.located |= overlay.located


def drawn(seed: int) -> list[bytes]:
    """Return the envelopes of a random history that the rules admitted."""
    history = Drawn(seed)
    history.run(ACTS)
    return history.recorder.envelopes


def admitted(compact: Overlay, raw: bytes, at: datetime) -> Admitted:
    envelope = dsse.parse(raw)
    verified = verify(envelope, keys_of(compact, envelope.event), ledger=ORIGIN)
    outcome = decide(compact, verified, at)
    assert isinstance(outcome, Admitted), outcome
    # Asked again, it decides the same.
    assert decide(compact, verified, at) == outcome
    return outcome


def folded(envelopes: list[bytes]) -> dict[str, bytes]:
    compact = MemoryCompact()
    for position, raw in enumerate(envelopes, start=1):
        at = RECORDED_AT + (position - 1) * STEP
        compact.apply(admitted(compact, raw, at), position, at)
    return {stream: encode_state(state) for stream, state in compact.changes.items()}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("batch", [1, 7, ACTS])
def test_a_fold_from_zero_equals_the_states_written_batch_by_batch(seed: int, batch: int) -> None:
    envelopes = drawn(seed)
    stored = Stored()
    for begin in range(0, len(envelopes), batch):
        overlay = Overlay(stored)
        acts: list[tuple[str, datetime, str]] = []
        for position, raw in enumerate(envelopes[begin : begin + batch], start=begin + 1):
            at = RECORDED_AT + (position - 1) * STEP
            outcome = admitted(overlay, raw, at)
            overlay.apply(outcome, position, at)
            event = outcome.verified.event
            acts.append((event.authority, at, event.id))
        stored.write(overlay)
        stored.acts += acts
    assert stored.states == folded(envelopes)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_written_state_reads_back_as_it_was(seed: int) -> None:
    for raw in folded(drawn(seed)).values():
        assert encode_state(decode_state(raw)) == raw


@pytest.mark.parametrize("seed", SEEDS)
def test_every_act_is_in_its_own_stream_and_an_effective_one_in_the_others_too(seed: int) -> None:
    compact = MemoryCompact()
    for position, raw in enumerate(drawn(seed), start=1):
        at = RECORDED_AT + (position - 1) * STEP
        outcome = admitted(compact, raw, at)
        event = outcome.verified.event
        changes = compact.apply(outcome, position, at)
        stream = primary(compact, event)
        assert compact.locate(event.id) == stream
        assert f"authority/{event.authority}" in changes
        assert {"ledger", f"authority/{event.authority}"} <= set(reads(event))
        if not outcome.pending_on:
            assert set(others(event)) <= set(changes)


def test_what_one_decision_reads_is_not_changed_by_what_is_applied_on_top_of_it() -> None:
    world = signed_world()
    before = world.written()
    overlay = Overlay(world.compact)
    raw = world.desks["gb"].renaming()
    overlay.apply(admitted(overlay, raw, world.now), world.size + 1, world.now)
    assert world.written() == before
    assert set(overlay.changes) == {"party/gb", "authority/gb/principal"}


def test_children_are_noted_with_their_parent_when_they_take_effect() -> None:
    world = signed_world()
    world.commits("envelope")
    nested = terms(money("10.00"), "gb", "de", part_of={"commitment": "envelope", "basis": "stated"})
    fields = {"commitment": "part", "instrument": "pact", "title": {"en": "x"}, "terms": nested}
    act = world.admit("gb", "commitment.made", **fields)
    assert children(world) == ()
    world.admit("de", "consent.given", act=act)
    assert children(world) == ("part",)


def children(world: World) -> tuple[str, ...]:
    state = world.compact.get("commitment/envelope")
    assert isinstance(state, Recorded)
    return state.history.children


def test_the_work_of_a_decision_does_not_grow_with_the_log() -> None:
    """Streams that an act does not touch are not read, however long the log is."""
    world = signed_world()
    world.commits("c-1")
    for number in range(30):
        world.commits(f"other-{number}")
    read: list[str] = []
    watched = Watched(world.compact, read)
    raw = world.desks["gb"].proposed("commitment.amended", commitment="c-1", terms=terms(money("200.00")))
    decide(watched, world.verified(raw), world.now)
    assert set(read) <= {"ledger", "authority/gb/principal", "commitment/c-1", "instrument/pact", "party/gb"}


class Watched:
    """A Compact that notes which streams are read."""

    def __init__(self, under: MemoryCompact, read: list[str]) -> None:
        self._under = under
        self._read = read

    def get(self, stream: str) -> State | None:
        self._read.append(stream)
        return self._under.get(stream)

    def locate(self, event_id: str) -> str | None:
        return self._under.locate(event_id)

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        return self._under.acts_since(authority, since)
