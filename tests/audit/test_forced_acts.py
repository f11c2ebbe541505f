"""An operator holds the service key, and still cannot leave out, add or change what the rules force."""

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from ledger.audit.export import ExportDirectory
from ledger.audit.findings import Lie
from ledger.events.canonical import canonical_bytes
from ledger.events.registry import decode
from ledger.rules.forced import next_due
from ledger.signing.dsse import parse
from ledger.signing.signer import sign_payload
from tests.acts import new_id
from tests.audit.logs import Log, exported, lie_of, log_of
from tests.audit.ten_entries import report_of
from tests.world import World, signed_world

CLOCK = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}


@pytest.fixture
def world() -> World:
    """A ledger whose last entries are a notification, a consultation and a reinstatement."""
    made = signed_world(clock=CLOCK)
    made.adopts()
    made.adopts("untouched")
    made.admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    made.at("2026-06-10").attacked()
    assert [parse(raw).event.type for raw, _ in made.entered[-3:]] == [
        "aggression.notified",
        "consultation.opened",
        "measure.reinstated",
    ]
    return made


def sealed(world: World, entered: list[tuple[bytes, datetime]] | None = None) -> Log:
    chosen = world.entered if entered is None else entered
    return log_of([raw for raw, _ in chosen], world.founded.log_signer, [at for _, at in chosen])


def resigned(world: World, raw: bytes, **fields: object) -> bytes:
    """Return an act of the service key with other fields, signed anew by it."""
    document = msgspec.json.decode(parse(raw).payload)
    return sign_payload(canonical_bytes(document | fields), [world.founded.service])


def test_what_the_rules_force_is_admitted_when_it_is_decided_again(world: World, tmp_path: Path) -> None:
    report = report_of(exported(sealed(world), tmp_path / "export").directory)
    assert (report.exit_code, report.finding) == (0, None)


def test_a_log_that_is_sealed_before_all_has_followed(world: World, tmp_path: Path) -> None:
    for kept in (-1, -2):
        log = sealed(world, [*world.entered[:kept]])
        found = lie_of(log)
        assert found.lie == Lie.CONSEQUENCE_MISSING
        assert next_due(world.compact) is None
    report = report_of(exported(log, tmp_path / "export").directory)
    assert report.exit_code == 1
    assert report.finding is not None
    assert "consultation.opened of pact" in report.finding.expected


def test_one_that_is_left_out(world: World, tmp_path: Path) -> None:
    *before, (opened, _), (reinstated, at) = world.entered
    first = decode(parse(opened).payload)
    closed_up = resigned(world, reinstated, sequence=first.sequence, previous=first.previous)
    log = sealed(world, [*before, (closed_up, at)])
    found = lie_of(log)
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, len(before) + 1)
    assert "consultation.opened of pact" in found.expected
    assert report_of(exported(log, tmp_path / "export").directory).exit_code == 1


def test_an_act_of_a_party_in_the_place_of_one_that_is_left_out(world: World) -> None:
    *before, (_, at) = world.entered
    other = world.desks["gb"].renaming()
    found = lie_of(sealed(world, [*before, (other, at)]))
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, len(world.entered))
    assert "measure.reinstated of m-1" in found.expected


@pytest.mark.parametrize(
    "change",
    [
        {"parts": ["oil", "banks"]},
        {"measure": "untouched"},
        {"effective_at": "2026-06-10T12:00:01Z"},
        {"cause": new_id()},
        {"id": new_id()},
        {"issued_at": "2026-06-10T11:00:00Z"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_that_is_different(world: World, change: dict[str, object], tmp_path: Path) -> None:
    *before, (reinstated, at) = world.entered
    log = sealed(world, [*before, (resigned(world, reinstated, **change), at)])
    found = lie_of(log)
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, len(world.entered))
    assert report_of(exported(log, tmp_path / "export").directory).exit_code == 1


def test_one_that_comes_later_than_its_cause(world: World) -> None:
    *before, (reinstated, _) = world.entered
    later = world.at("2026-06-11").now
    found = lie_of(sealed(world, [*before, (reinstated, later)]))
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, len(world.entered))


@pytest.mark.parametrize("measure", ["m-1", "untouched"])
def test_one_too_many(world: World, measure: str, tmp_path: Path) -> None:
    reinstated, at = world.entered[-1]
    service = world.authority("depositary/service")
    place = {"sequence": service.sequence + 1, "previous": service.previous, "id": new_id()}
    again = resigned(world, reinstated, measure=measure, **place)
    log = sealed(world, [*world.entered, (again, at)])
    found = lie_of(log)
    assert (found.lie, found.position) == (Lie.NOT_ADMISSIBLE, len(world.entered) + 1)
    assert "service_key_only" in found.got
    assert report_of(exported(log, tmp_path / "export").directory).exit_code == 1


def test_an_export_of_it_stays_a_directory_that_anybody_can_read(world: World, tmp_path: Path) -> None:
    export = exported(sealed(world), tmp_path / "export")
    assert isinstance(export, ExportDirectory)
    assert len(list(export.entries(len(world.entered)))) == len(world.entered)
