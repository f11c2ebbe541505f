"""When a witness is asked, and how long not."""

import pytest

from ledger.gathering.asked import (
    BACK_OFF_SECONDS_FIRST,
    BACK_OFF_SECONDS_MAX,
    REFRESH_SECONDS,
    Asked,
    Moment,
    asked_by,
    back_off_s,
    key_name,
)
from ledger.gathering.standing import GRACE_SECONDS, Quorum, Standing, quorum_of
from ledger.log.note import format_vkey
from ledger.log.policy import parse_policy
from ledger.witness.asking import Ahead, Alarm, BackOff, Cosigned, Outcome, Refused, WitnessState
from tests.gathering.test_published import WITNESSES, policy

NORTH, SOUTH, EAST = (one.vkey for one in WITNESSES.values())
POLICY = (
    f"witness north {format_vkey(NORTH)} http://127.0.0.1:1/\n"
    f"witness north-mldsa {format_vkey(EAST)} http://127.0.0.1:1\n"
    f"witness south {format_vkey(SOUTH)}\n"
    "quorum north\n"
)


def moment(second: float, chance: float = 0.0) -> Moment:
    return Moment(1_800_000_000 + int(second), 100.0 + second, chance)


def asked() -> Asked:
    (one,) = asked_by(parse_policy(POLICY.encode()), {})
    return one


def cosigned(one: Asked, tree_size: int, second: float, *dropped: str) -> Cosigned:
    state = WitnessState(one.state.vkeys, tree_size, tree_size)
    return Cosigned(state, (b"line\n",), {NORTH: moment(second).posix_s}, dropped)


def test_one_address_is_one_witness_and_without_one_nobody_is_asked() -> None:
    one = asked()
    assert (one.url, [witness.name for witness in one.witnesses]) == ("http://127.0.0.1:1", ["north", "north-mldsa"])
    assert one.state == WitnessState((NORTH, EAST))


def test_what_is_stored_is_remembered() -> None:
    (one,) = asked_by(parse_policy(POLICY.encode()), {key_name(NORTH): (7, moment(0).posix_s), "other": (99, 1)})
    assert one.state == WitnessState((NORTH, EAST), 7, 7)
    assert not one.wants(7, moment(1))
    assert one.wants(8, moment(1))


def test_it_is_asked_about_larger_trees_and_again_when_its_word_is_old() -> None:
    one = asked()
    assert one.wants(7, moment(0))
    one.take(cosigned(one, 7, 0), 7, moment(0))
    assert one.standing is Standing.COSIGNING
    assert not one.wants(7, moment(REFRESH_SECONDS - 1))
    assert not one.wants(6, moment(REFRESH_SECONDS + 1))
    assert one.wants(7, moment(REFRESH_SECONDS))
    assert one.wants(8, moment(0))
    one.is_busy = True
    assert not one.wants(8, moment(0))


def test_the_waits_double_are_bounded_and_differ() -> None:
    waits = [back_off_s(failures, 1.0) for failures in range(1, 12)]
    assert waits[:4] == [BACK_OFF_SECONDS_FIRST * factor for factor in (1, 2, 4, 8)]
    assert waits[-1] == back_off_s(10**6, 1.0) == BACK_OFF_SECONDS_MAX
    assert back_off_s(3, 0.0) == back_off_s(3, 1.0) / 2


@pytest.mark.parametrize(
    ("outcome", "standing", "said"),
    [
        (BackOff(WitnessState((NORTH,)), "no answer"), Standing.UNREACHABLE, "no answer"),
        (Refused(WitnessState((NORTH,)), 404, "who?"), Standing.REFUSING, "status 404: who?"),
        (Ahead(WitnessState((NORTH,), 9), 9), Standing.AHEAD, "it has recorded size 9, the log has 7"),
    ],
)
def test_after_a_failure_it_waits_and_is_asked_again(outcome: Outcome, standing: Standing, said: str) -> None:
    one = asked()
    for failures in range(1, 4):
        now = moment(100 * failures, 0.5)
        one.take(outcome, 7, now)
        assert (one.standing, one.error, one.error_at, one.state) == (standing, said, now.posix_s, outcome.state)
        wait_s = back_off_s(failures, 0.5)
        assert not one.wants(8, moment(100 * failures + wait_s - 0.01))
        assert one.wants(8, moment(100 * failures + wait_s + 0.01))
    one.take(cosigned(one, 8, 400), 8, moment(400))
    assert one.standing is Standing.COSIGNING
    assert one.error == said
    one.take(outcome, 8, moment(500))
    assert one.wants(9, moment(500 + BACK_OFF_SECONDS_FIRST)), "the count begins again"


def test_a_witness_may_ask_for_more_time() -> None:
    one = asked()
    one.take(BackOff(one.state, "slowly", 30.0), 7, moment(0))
    assert not one.wants(7, moment(29))
    assert one.wants(7, moment(30))


def test_after_an_alarm_it_is_not_asked_any_more() -> None:
    one = asked()
    one.take(Alarm(one.state, "another tree"), 7, moment(0))
    assert not one.wants(8, moment(10**6))
    assert {shown.standing for shown in one.standings()} == {Standing.ALARM}


def test_what_was_dropped_is_said() -> None:
    one = asked()
    one.take(cosigned(one, 7, 0, "a second line"), 7, moment(0))
    north, mldsa = one.standings()
    assert (north.tree_size, north.cosigned_at, north.error) == (7, moment(0).posix_s, "a second line")
    assert (mldsa.tree_size, mldsa.cosigned_at) == (0, None)


@pytest.mark.parametrize(
    ("standings", "lag", "behind_s", "quorum"),
    [
        ("ccc", 0, 0.0, Quorum.MET),
        ("uuu", 0, 99.0, Quorum.MET),
        ("ccc", 1, 1.0, Quorum.WAITING),
        ("ccu", 1, 1.0, Quorum.WAITING),
        ("nnn", 1, 1.0, Quorum.WAITING),
        ("cuu", 1, 0.0, Quorum.LOST),
        ("cur", 1, 0.0, Quorum.LOST),
        ("cxA", 1, 0.0, Quorum.LOST),
        ("caa", 1, 1.0, Quorum.WAITING),
        ("ccc", 1, GRACE_SECONDS, Quorum.LOST),
    ],
)
def test_the_quorum(standings: str, lag: int, behind_s: float, quorum: Quorum) -> None:
    letters = {
        "c": Standing.COSIGNING,
        "u": Standing.UNREACHABLE,
        "n": Standing.NOT_ASKED,
        "r": Standing.REFUSING,
        "x": Standing.NO_ADDRESS,
        "a": Standing.AHEAD,
        "A": Standing.ALARM,
    }
    known = {name: letters[letter] for name, letter in zip(WITNESSES, standings, strict=True)}
    assert quorum_of(policy(), known, lag, behind_s) is quorum
