"""Decoded events are kept by their payload: what is read is what was signed, and the memory has an end."""

import pytest

from ledger.events.canonical import canonical_bytes
from ledger.events.registry import decode
from ledger.rules import history as histories
from ledger.rules.compact import history
from ledger.rules.history import keep_event
from tests.world import World


def test_every_act_reads_as_its_own_payload() -> None:
    world = World()
    for name in ("Another", "A third"):
        world.admit("depositary", "party.renamed", subject="gb", names=[{"language": "en", "name": name}])
    record = history(world.compact, "party", "gb")
    assert record is not None
    assert len(record.acts) == 3
    for act in record.acts:
        assert act.event == decode(bytes(act.payload))
    histories._events.clear()
    assert [act.event for act in record.acts] == [decode(bytes(act.payload)) for act in record.acts]


def test_no_more_is_kept_than_the_limit_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "EVENTS_KEPT_MAX", 3)
    world = World()
    record = history(world.compact, "party", "gb")
    assert record is not None
    event = record.acts[0].event
    histories._events.clear()
    for number in range(10):
        keep_event(canonical_bytes({"number": number}), event)
        assert 1 <= len(histories._events) <= 3
    # Nothing of what was kept here is an event of these bytes.
    histories._events.clear()
