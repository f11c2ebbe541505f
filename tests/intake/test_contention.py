"""Several processes append at once: one order, no gap, and of two acts for one place exactly one is admitted."""

from collections import Counter
from pathlib import Path

import pytest

from ledger.events.refusals import Refusal
from ledger.intake.intake import Intake
from ledger.store.log import StoredLog
from tests.intake.contenders import contend
from tests.intake.ledgers import Ledger

LOST = {Refusal.SEQUENCE_MISMATCH, Refusal.PREVIOUS_MISMATCH}


@pytest.mark.parametrize("seconds", [3.0, pytest.param(60.0, marks=pytest.mark.slow)])
def test_of_conflicting_acts_of_two_processes_one_wins_each_place(
    ledger: Ledger, tmp_path: Path, seconds: float
) -> None:
    given = (ledger.database_url, ledger.founding, tmp_path)
    contenders = [contend(*given, name, seconds, is_held=True) for name in ("one", "other")]
    for contender in contenders:
        contender.wait_until_ready()
    for contender in contenders:
        contender.let_go()
    for contender in contenders:
        contender.finish()
    answers = [contender.received() for contender in contenders]
    for contender in contenders:
        ledger.given += contender.given()
    admitted = Counter(one["event"] for mine in answers for one in mine if one["outcome"] == "admitted")
    assert set(admitted.values()) == {1}
    assert len(admitted) == ledger.check() - 5
    assert all(any(one["outcome"] == "admitted" for one in mine) for mine in answers)
    assert any(one["outcome"] == "conflict" for mine in answers for one in mine)
    assert {one["code"] for mine in answers for one in mine if one["outcome"] == "refused"} <= LOST
    places = {one["event"]: one["position"] for mine in answers for one in mine if one["outcome"] == "admitted"}
    assert all(one["position"] == places[one["event"]] for mine in answers for one in mine if "event" in one)


def test_what_one_process_keeps_in_memory_is_given_up_when_another_has_appended(ledger: Ledger) -> None:
    with StoredLog(ledger.database_url) as log:
        other = Intake(log, ledger.founding.origin, [ledger.founding.log_signer], ledger.founding.service)
        for turn in range(6):
            for party in ("gb", "de"):
                # Each has seen the other's states of these streams before, and must not decide by them.
                intake = (ledger.intake, other)[(turn + len(party)) % 2]
                ledger.keep(intake.submit([ledger.office(party).renaming(str(turn))]))
            ledger.keep(other.submit([ledger.office("gb").renaming("again")]))
    assert ledger.check() == 5 + 18
