"""A part of a log decided and folded again: what some of its acts come to, where not all of them are at hand.

Whoever has a part of a log cannot ask everything of an act that the whole log answers. Two things are taken from the
act itself: its place in its signer's own chain, as long as the acts at hand do not contradict it, and that an act of
the service key was forced. Everything else is decided as ever, on the state that the acts at hand give. What they do
not give is not there: an act that rests on it is refused, and one that it would have stopped is not. So this is for
acts of which a signed tree shows that they were admitted, and decides what they did, not whether they should have been.
"""

from datetime import datetime

import msgspec

from ledger.events.header import Event
from ledger.events.refusals import Refusal, Refused
from ledger.events.registry import service_authority
from ledger.events.stages import Admitted, Verified
from ledger.rules.compact import CLOCKS, LEDGER, SNAPBACK, Authority, Opened, State, opened
from ledger.rules.decide import decide
from ledger.rules.forced import ForcedEvent
from ledger.rules.memory import MemoryCompact


class Given(MemoryCompact):
    """The state that some acts of a log give, folded in their order. `asked`: every stream that was read so far.

    `sought`: every act that was looked for. What a notification forces is not derived: the indexes for it need the
    whole log, so here they are empty.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, None] = {}
        self.sought: dict[str, None] = {}

    def get(self, stream: str) -> State | None:
        if stream in (CLOCKS, SNAPBACK):
            return None
        self.asked[stream] = None
        return super().get(stream)

    def locate(self, event_id: str) -> str | None:
        self.sought[event_id] = None
        return super().locate(event_id)


def decide_given(given: Given, verified: Verified, recorded_at: datetime) -> Admitted | Refused:
    """Return an act of the log as admitted, with the parties whose consent it waited for; or what refuses it here.

    A refusal says that the act is not admissible or that acts which it rests on are not given: which of the two, only
    the whole log can tell.
    """
    event = verified.event
    refused = _check_place(given, event)
    if refused is not None:
        return refused
    if isinstance(event, ForcedEvent):
        ledger = opened(given)
        service = service_authority(ledger.depositary) if ledger is not None else None
        if event.authority != service:
            return Refused(Refusal.SERVICE_KEY_ONLY, "the authority of the service key", event.authority)
        return Admitted(verified, ())
    return decide(_Placed(given, event), verified, recorded_at)


def _check_place(given: Given, event: Event) -> Refused | None:
    signer = given.get(f"authority/{event.authority}")
    if not isinstance(signer, Authority):
        return None
    if event.sequence <= signer.sequence:
        return Refused(Refusal.SEQUENCE_MISMATCH, f"a sequence after {signer.sequence}", str(event.sequence))
    if event.sequence == signer.sequence + 1 and event.previous != signer.previous:
        return Refused(Refusal.PREVIOUS_MISMATCH, f"previous {signer.previous}", event.previous)
    return None


class _Placed:
    """The state in which the signer's chain stands where the act says, and nothing is forced."""

    def __init__(self, given: Given, event: Event) -> None:
        self._given = given
        self._event = event

    def get(self, stream: str) -> State | None:
        state = self._given.get(stream)
        if stream == f"authority/{self._event.authority}" and isinstance(state, Authority):
            return msgspec.structs.replace(state, sequence=self._event.sequence - 1, previous=self._event.previous)
        if stream == LEDGER and isinstance(state, Opened):
            return msgspec.structs.replace(state, forced=())
        return state

    def locate(self, event_id: str) -> str | None:
        return self._given.locate(event_id)

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        return self._given.acts_since(authority, since)
