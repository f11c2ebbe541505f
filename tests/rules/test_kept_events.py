"""Decoded events are kept by their payload: what is read is what was signed, and the memory has an end."""

import pytest

from ledger.events.canonical import canonical_bytes
from ledger.events.registry import decode
from ledger.rules import history as histories
from ledger.rules.compact import history
from ledger.rules.history import _Events
from tests.world import World


def test_every_act_reads_as_its_own_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    for name in ("Another", "A third"):
        world.admit("depositary", "party.renamed", subject="gb", names=[{"language": "en", "name": name}])
    record = history(world.compact, "party", "gb")
    assert record is not None
    assert len(record.acts) == 3
    for act in record.acts:
        assert act.event == decode(bytes(act.payload))
    monkeypatch.setattr(histories, "_EVENTS", _Events())
    assert [act.event for act in record.acts] == [decode(bytes(act.payload)) for act in record.acts]


def test_no_more_is_kept_than_the_limits_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "EVENTS_KEPT_MAX", 3)
    record = history(World().compact, "party", "gb")
    assert record is not None
    payload = bytes(record.acts[0].payload)
    kept = _Events()
    event = kept.of(payload)
    for number in range(10):
        kept.keep(canonical_bytes({"number": number}), event)
        assert len(kept._newer) <= 3
        assert len(kept._newer) + len(kept._older) <= 6
    # It was forgotten, and is decoded anew; what is asked for stays.
    assert payload not in kept._newer
    assert payload not in kept._older
    again = kept.of(payload)
    assert again == event
    assert again is not event
    assert kept.of(payload) is again
