"""The state of the whole Compact, as the rules see it: one value per stream, found by the stream's name.

Streams are named by kind and id: `ledger`, `party/gb`, `authority/gb/principal`, `instrument/uk-2024`,
`commitment/p-uk-1`, `delivery/gb-2024-07`, `measure/eu-oil`, `rates/ecb.2026-06`.
A store reads them inside its transaction; an auditor keeps them in memory.
"""

from datetime import datetime
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from ledger.events.authorities import Scope
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.keys import KeyRecord, KeySet
from ledger.rules.history import History

LEDGER = "ledger"
CLOCKS = "index/clocks"
SNAPBACK = "index/snapback"


class ForcedAct(Struct, frozen=True, kw_only=True):
    """An act that the rules force: its type, the instrument or measure that it is about, the event that caused it."""

    type: str
    subject: str
    cause: str


class EarlierKeys(Struct, frozen=True, kw_only=True):
    """The keys that signed checkpoints of fewer than `until` entries: at that position others were adopted."""

    log_keys: tuple[str, ...]
    until: int


class Opened(Struct, frozen=True, kw_only=True, tag_field="kind", tag="opened"):
    """What `ledger.opened` fixed, what is in force since, and the acts that are forced and still to follow, in order.

    In force are the rule set `rules` and the `log_keys`; `earlier_keys` are those before, the oldest first.
    """

    origin: str
    depositary: str
    beneficiary: str
    service_key: KeyRecord
    log_keys: tuple[str, ...]
    rules: int
    name: dict[str, str]
    purpose: str | None = None
    forced: tuple[ForcedAct, ...] = ()
    earlier_keys: tuple[EarlierKeys, ...] = ()


class Authority(Struct, frozen=True, gc=False, kw_only=True, tag_field="kind", tag="authority"):
    """An office with keys and a mandate. `sequence` and `previous` are of its last admitted act.

    `granted_by` is the authority that granted it, `granted_in` the event, `granted_at` its position.
    """

    id: str
    party: str
    standing: Literal["principal", "delegated", "recovery", "service"]
    office: str
    basis: Literal["ex_officio", "full_powers"]
    keys: KeySet
    scope: Scope
    valid_from: datetime
    valid_until: datetime | None
    granted_by: str
    granted_in: str
    granted_at: int
    contested: bool = False
    revoked_at: int | None = None
    revoked_because: str | None = None
    revoked_in: str | None = None
    contested_since: datetime | None = None
    sequence: int = 0
    previous: str = FIRST_PREVIOUS


class Recorded(Struct, frozen=True, gc=False, kw_only=True, tag_field="kind", tag="recorded"):
    """The history of a party, an instrument, a commitment or whatever else the stream is about."""

    history: History


class Index(Struct, frozen=True, kw_only=True, tag_field="kind", tag="index"):
    """Which instruments or measures there are that an aggression may concern: sorted, each once, never fewer."""

    names: tuple[str, ...]


State = Opened | Authority | Recorded | Index
"""What is stored per stream."""

Changes = dict[str, State]
"""What one entry changes: the new state of each stream that it touches."""


class Compact(Protocol):
    """Read access to the folded state. Pure as seen from the rules: nothing changes during one decision."""

    def get(self, stream: str) -> State | None:
        """Return the state of a stream, or None if nothing was recorded there."""
        ...

    def locate(self, event_id: str) -> str | None:
        """Return the stream in which the act `event_id` was recorded, or None if it is unknown."""
        ...

    def acts_since(self, authority: str, since: datetime) -> tuple[str, ...]:
        """Return the ids of the events that `authority` had admitted at or after `since`, in order."""
        ...


def opened(compact: Compact) -> Opened | None:
    """Return the ledger's own state, or None before `ledger.opened`."""
    state = compact.get(LEDGER)
    assert state is None or isinstance(state, Opened)
    return state


def authority(compact: Compact, authority_id: str) -> Authority | None:
    """Return an authority, or None."""
    state = compact.get(f"authority/{authority_id}")
    assert state is None or isinstance(state, Authority)
    return state


def history(compact: Compact, kind: str, entity_id: str) -> History | None:
    """Return the history of one party, instrument, commitment or whatever the kind is of, or None."""
    state = compact.get(f"{kind}/{entity_id}")
    assert state is None or isinstance(state, Recorded)
    return state.history if state is not None else None


def indexed(compact: Compact, index: str) -> tuple[str, ...]:
    """Return the names in an index, sorted."""
    state = compact.get(index)
    assert state is None or isinstance(state, Index)
    return state.names if state is not None else ()


_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[State] = msgspec.json.Decoder(State)


def encode_state(state: State) -> bytes:
    """Return the stored form of a state: JSON in which each act's payload stands as it was signed."""
    return _ENCODER.encode(state)


def decode_state(raw: bytes) -> State:
    """Return the state that `encode_state` wrote."""
    return _DECODER.decode(raw)
