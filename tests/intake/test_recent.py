"""What was admitted here a moment ago is at hand by the digest of its entry, and nothing else is."""

from hashlib import sha256

import pytest

from ledger.events.stages import Admitted
from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.intake.recent import Recent
from ledger.log.entry import parse_entry
from tests.intake.ledgers import Ledger
from tests.intake.test_forced_acts import FORCED, notification, prepared


def offering(ledger: Ledger, recent: Recent) -> Intake:
    return Intake(
        ledger.log, ledger.founding.origin, [ledger.founding.log_signer], ledger.founding.service, recent=recent
    )


def of(recent: Recent, sealed: Sealed) -> Admitted | None:
    return recent.admitted(sha256(sealed.entry).hexdigest())


def renamed(ledger: Ledger, intake: Intake, *parties: str) -> list[Sealed]:
    outcomes = ledger.keep(intake.submit([ledger.office(party).renaming() for party in parties]))
    return [one for one in outcomes if isinstance(one, Sealed)]


def test_each_entry_of_a_batch_gives_the_act_in_it_and_refused_acts_are_not_there(ledger: Ledger) -> None:
    recent = Recent()
    first, _, second = offering(ledger, recent).submit(
        [ledger.office("gb").renaming(), b"nonsense", ledger.office("de").renaming()]
    )
    for one in (first, second):
        assert isinstance(one, Sealed)
        admitted = of(recent, one)
        assert admitted is not None
        assert admitted.verified.envelope.raw == parse_entry(one.entry).envelope
        assert admitted.pending_on == one.pending_on
    assert recent.admitted("0" * 64) is None


def test_what_the_rules_forced_is_there_too(ledger: Ledger) -> None:
    prepared(ledger)
    recent = Recent()
    (cause,) = offering(ledger, recent).submit([notification(ledger)])
    assert isinstance(cause, Sealed)
    entries = [parse_entry(raw) for raw in ledger.log.entries(cause.position - 1, 10)]
    found = [recent.admitted(entry.sha256) for entry in entries]
    assert [one and one.verified.event.type for one in found] == ["aggression.notified", *FORCED]


@pytest.mark.parametrize("limit", [{"acts_max": 2}, {"bytes_max": 2_000}])
def test_the_oldest_go_when_there_are_too_many_or_they_are_too_large(ledger: Ledger, limit: dict[str, int]) -> None:
    recent = Recent(**limit)
    sealed = renamed(ledger, offering(ledger, recent), "gb", "de", "fr")
    assert [of(recent, one) is not None for one in sealed] == [False, True, True]


def test_a_batch_that_was_not_committed_is_not_offered(ledger: Ledger) -> None:
    recent = Recent()
    intake = offering(ledger, recent)
    (sealed,) = renamed(ledger, intake, "gb")
    raw = ledger.office("gb").proposed("party.renamed", event_id=sealed.event_id, subject="gb")
    assert not isinstance(intake.submit([raw])[0], Sealed)
    assert of(recent, sealed) is not None


def test_the_entry_itself_is_at_hand_with_its_act(ledger: Ledger) -> None:
    recent = Recent()
    (sealed,) = renamed(ledger, offering(ledger, recent), "gb")
    found = recent.recorded(sha256(sealed.entry).hexdigest())
    assert found is not None
    entry, admitted = found
    assert entry == parse_entry(sealed.entry)
    assert admitted is of(recent, sealed)
    assert recent.recorded("0" * 64) is None
