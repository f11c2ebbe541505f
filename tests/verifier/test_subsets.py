"""Every choice of what to put into a bundle: both verifiers say the same of each, and valid is what hangs together.

The log is the one in which a principal is stolen: its mandates are put in doubt, one of them is confirmed, and its
holder acts. Somebody makes bundles of that act with whatever entries suit them.
"""

from collections.abc import Iterable
from itertools import combinations

import pytest

from tests.verifier.javascript import needs_node, verdicts
from tests.verifier.ledgers import Sealed, cast, code_of
from tests.verifier.test_attacks import stolen

pytestmark = needs_node

Choice = frozenset[int]


@pytest.fixture(scope="module")
def log() -> tuple[Sealed, int]:
    return stolen(cast(), "act.confirmed")


def subsets(positions: Iterable[int]) -> list[Choice]:
    every = tuple(positions)
    return [frozenset(one) for size in range(len(every) + 1) for one in combinations(every, size)]


def check(sealed: Sealed, act: int) -> list[Choice]:
    """Return the choices with which the bundle of an act is valid. Fails if the verifiers differ over one."""
    choices = subsets(position for position in range(2, len(sealed.entries) + 1) if position != act)
    bundles = [sealed.bundle(act, *choice) for choice in choices]
    own = [code_of(raw, sealed.trust()) for raw in bundles]
    assert verdicts(sealed.trust(), bundles) == own
    return [choice for choice, code in zip(choices, own, strict=True) if code == 0]


def test_an_act_is_shown_by_the_mandates_behind_it_and_by_what_is_said_of_them(log: tuple[Sealed, int]) -> None:
    sealed, act = log
    valid = check(sealed, act)
    # The admission of gb and the mandate are always needed.
    assert all({3, 6} <= choice for choice in valid)
    # Whoever tells of the revocation (by the recovery of 5) has to tell of the confirmation, and who confirmed.
    assert all({5, 8, 9} <= choice for choice in valid if 7 in choice)
    assert frozenset({3, 5, 6, 7, 8, 9}) in valid
    # What a bundle does not show: left out with all that follows from it, a revocation is not missed.
    assert frozenset({3, 6}) in valid
    # Admissions of others prove nothing and are in nobody's way.
    assert frozenset({2, 3, 4, 6}) in valid


@pytest.mark.slow
@pytest.mark.parametrize("word", ["act.confirmed", "act.repudiated"])
def test_the_verifiers_agree_over_every_act_and_choice(word: str) -> None:
    sealed, act = stolen(cast(), word)
    valid = [check(sealed, one) for one in range(2, act + 1)]
    assert all(valid[:-1])
    # The repudiated mandate is told of or left out with all that follows; where it is told of, the act is invalid.
    assert word == "act.confirmed" or not any({7, 9} & choice for choice in valid[-1])
