"""A notified aggression and what it forces come into the log together, whatever else is in the batch."""

from contextlib import closing
from typing import Any

import pytest

from ledger.events.refusals import Refusal, Refused
from ledger.events.registry import decode
from ledger.intake.errors import WrongLedger
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.log.entry import parse_entry
from ledger.signing.dsse import parse
from ledger.signing.signer import generate_ed25519
from ledger.store.log import StoredLog
from projections.follower import Follower
from projections.models import ReadModels
from tests.acts import founding
from tests.intake.ledgers import Ledger
from tests.store.embedded_servers import wait_until

DAY = {"first": "2026-01-10", "last": "2026-01-10", "precision": "day"}
CLOCK = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
FORCED = ["consultation.opened", "measure.reinstated"]


def prepared(ledger: Ledger) -> None:
    """Record a text with a clock that binds gb, and a measure of gb that is partly eased."""
    gb = ledger.office("gb")
    text: dict[str, Any] = {
        "instrument": "pact",
        "title": {"en": "A pact"},
        "kind": "treaty",
        "legal_character": "legally_binding",
        "profile": {"effect": "on_signature", "clock": CLOCK},
        "parties": ["ua", "gb"],
    }
    measure: dict[str, Any] = {
        "measure": "gb-oil",
        "programme": "GB-RUS",
        "title": {"en": "Oil"},
        "types": ["import_restriction"],
        "targets": ["oil"],
        "legal_act": "Regulation 1",
        "default_rule": {"kind": "snapback"},
        "parts": [{"part": "oil", "what": {"en": "oil"}}],
    }
    acts = [
        ledger.depositary.act("instrument.registered", **text),
        gb.act("instrument.signed", instrument="pact", occurred=DAY),
        gb.act("measure.adopted", **measure),
        gb.act("measure.eased", measure="gb-oil", parts=["oil"]),
    ]
    assert all(isinstance(one, Sealed) for one in ledger.submit(*acts))


def notification(ledger: Ledger, crisis: str = "attack") -> bytes:
    described: dict[str, Any] = {"crisis": crisis, "kind": "armed_attack", "description": {"en": "An attack"}}
    return ledger.office("ua").act("aggression.notified", **described)


def types_after(ledger: Ledger, position: int) -> list[str]:
    entries = map(parse_entry, ledger.log.entries(position, 100))
    return [parse(entry.envelope).event.type for entry in entries]


def test_the_cause_and_all_that_it_forces_are_one_batch_under_one_receipt(ledger: Ledger) -> None:
    prepared(ledger)
    sealed = ledger.admitted(notification(ledger))
    assert types_after(ledger, sealed.position) == FORCED
    assert (sealed.tree_size, ledger.log.head().tree_size) == (sealed.position + 2, sealed.position + 2)
    entries = [parse_entry(raw) for raw in ledger.log.entries(sealed.position - 1, 3)]
    assert len({entry.recorded_at for entry in entries}) == 1
    assert [entry.previous for entry in entries[1:]] == [entry.sha256 for entry in entries[:-1]]


def test_acts_of_the_same_batch_come_after_what_was_forced_before_them(ledger: Ledger) -> None:
    prepared(ledger)
    before = ledger.log.head().tree_size
    outcomes = ledger.submit(notification(ledger), ledger.office("de").renaming(), notification(ledger, "second"))
    assert all(isinstance(one, Sealed) for one in outcomes)
    # The second attack has a clock of its own and nothing to bring back.
    assert types_after(ledger, before) == [
        "aggression.notified",
        *FORCED,
        "party.renamed",
        "aggression.notified",
        "consultation.opened",
    ]


def test_a_notification_that_is_refused_forces_nothing(ledger: Ledger) -> None:
    prepared(ledger)
    before = ledger.log.head().tree_size
    described: dict[str, Any] = {"crisis": "attack", "kind": "armed_attack", "description": {"en": "An attack"}}
    outcome = ledger.one(ledger.office("gb").proposed("aggression.notified", **described))
    assert isinstance(outcome, Refused)
    assert outcome.refusal == Refusal.SIGNER_NOT_ENTITLED
    assert ledger.log.head().tree_size == before


def test_the_same_notification_again_gets_its_first_receipt_and_forces_nothing_more(ledger: Ledger) -> None:
    prepared(ledger)
    raw = notification(ledger)
    first, size = ledger.admitted(raw), ledger.log.head().tree_size
    again = ledger.admitted(raw)
    assert (again.duplicate, again.receipt) == (True, first.receipt)
    assert ledger.log.head().tree_size == size


def test_what_was_forced_is_found_with_its_receipt_and_submitted_again_is_a_duplicate(ledger: Ledger) -> None:
    prepared(ledger)
    sealed = ledger.admitted(notification(ledger))
    for raw in ledger.log.entries(sealed.position, 2):
        envelope = parse_entry(raw).envelope
        found = ledger.intake.first(parse(envelope).event.id)
        assert found is not None
        assert found.tree_size == sealed.tree_size
        again = ledger.admitted(envelope)
        assert (again.duplicate, again.receipt) == (True, found.receipt)


def test_another_process_goes_on_with_what_the_first_has_forced(ledger: Ledger) -> None:
    prepared(ledger)
    sealed = ledger.admitted(notification(ledger))
    with StoredLog(ledger.database_url) as log:
        other = Intake(log, ledger.founding.origin, [ledger.founding.log_signer], ledger.founding.service)
        ledger.keep(other.submit([notification(ledger, "second")]))
    assert types_after(ledger, sealed.position + 2) == ["aggression.notified", "consultation.opened"]
    opened = decode(parse(parse_entry(ledger.log.entries(sealed.position + 3, 1)[0]).envelope).payload)
    assert (opened.authority, opened.sequence) == ("depositary/service", 3)


def test_the_projections_follow(ledger: Ledger) -> None:
    prepared(ledger)
    sealed = ledger.admitted(notification(ledger))
    follower = Follower(ledger.log, ledger.database_url)
    follower.start()
    try:
        wait_until(lambda: follower.position == sealed.tree_size)
    finally:
        follower.stop()
    streams = [
        "ledger",
        "measure/gb-oil",
        "crisis/attack",
        "consultation/attack.pact",
        "index/clocks",
        "index/snapback",
    ]
    with closing(ReadModels(ledger.database_url)) as models, models.at(None) as rows:
        assert rows.states(streams) == {stream: ledger.log.state(stream) for stream in streams}


def test_a_service_key_that_is_not_the_ledgers_is_no_way_in(ledger: Ledger) -> None:
    with pytest.raises(WrongLedger, match="service key"):
        Intake(ledger.log, ledger.founding.origin, [ledger.founding.log_signer], generate_ed25519())


def test_a_ledger_is_not_opened_around_another_service_key(stored_log: StoredLog) -> None:
    acts = founding()
    intake = Intake(stored_log, acts.origin, [acts.log_signer], generate_ed25519())
    (outcome,) = intake.submit(acts.raws[:1])
    assert isinstance(outcome, Refused)
    assert outcome.refusal == Refusal.KEY_UNKNOWN
    assert "service_key" in outcome.expected
    assert stored_log.head().tree_size == 0
