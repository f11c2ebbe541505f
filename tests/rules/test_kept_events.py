"""Decoded events are kept by their payload: what is read is what was signed."""

import pytest

from ledger.events.registry import decode
from ledger.rules import history as histories
from ledger.rules.compact import history
from ledger.rules.history import EVENTS_BYTES_MAX
from ledger.rules.remembered import Remembered
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
    monkeypatch.setattr(histories, "_EVENTS", Remembered(EVENTS_BYTES_MAX))
    assert [act.event for act in record.acts] == [decode(bytes(act.payload)) for act in record.acts]
    # Decoded once, and not by each who reads.
    first, again = (record.acts[0].event for _ in range(2))
    assert again is first
