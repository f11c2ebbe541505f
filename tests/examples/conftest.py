"""The scenario of examples/compact, read once, and its acts as the typed events that they decode to."""

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.client.draft import new_event_id, payload_of
from ledger.client.scenario import Scenario, Step, load_scenario
from ledger.events.header import FIRST_PREVIOUS, Event
from ledger.events.keys import KeyRecord, KeySet
from ledger.events.registry import decode
from ledger.rules.memory import MemoryCompact
from tests.examples.played import played

CHECKOUT = Path(__file__).resolve().parents[2]
COMPACT = CHECKOUT / "examples" / "compact"
DATA = CHECKOUT.parent / "shared" / "data"

STAND_IN_KEYS = KeySet((KeyRecord("ed25519", public_key="AAAA", proof="AAAA"),), threshold=1)


def decoded(step: Step, event_ids: Mapping[str, str]) -> Event:
    """Return the event of a step, with stand-ins for what is only known on signing."""
    key_sets = {} if step.needs_keys is None else {step.needs_keys: STAND_IN_KEYS}
    draft = step.ready(event_ids=event_ids, key_sets=key_sets)
    payload = payload_of(
        draft,
        ledger="ledger.example/compact",
        event_id=event_ids[step.label],
        sequence=1,
        previous=FIRST_PREVIOUS,
        issued_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    return decode(payload)


def ids_of(scenario: Scenario) -> dict[str, str]:
    """Return an event id for every label."""
    return {step.label: new_event_id(number, bytes(10)) for number, step in enumerate(scenario.steps)}


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return load_scenario(COMPACT)


@pytest.fixture(scope="session")
def events(scenario: Scenario) -> dict[str, Event]:
    """Every act of the scenario by its label, in order."""
    event_ids = ids_of(scenario)
    return {step.label: decoded(step, event_ids) for step in scenario.steps}


@pytest.fixture(scope="session")
def recorded(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> MemoryCompact:
    """A ledger in memory that holds the whole scenario, recorded on 24 November 2026."""
    return played(scenario, tmp_path_factory.mktemp("keys"), datetime(2026, 11, 24, 12, tzinfo=UTC))


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a file in the data folder beside the checkout; skip, visibly, if it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {name} in the data folder beside the checkout")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def agreements() -> list[dict[str, str]]:
    return rows_of("agreements.csv")


@pytest.fixture(scope="session")
def pledges() -> list[dict[str, str]]:
    return rows_of("agreement_pledges.csv")


@pytest.fixture(scope="session")
def timeline() -> list[dict[str, str]]:
    return rows_of("sanctions/timeline_real_events.csv")


@pytest.fixture(scope="session")
def programmes() -> list[dict[str, str]]:
    return rows_of("sanctions/programmes_ru_by_ua.csv")
