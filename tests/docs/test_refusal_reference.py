"""The page of refusals is what the ledger says: every example is submitted again, and changes nothing."""

import re
from pathlib import Path

import pytest

from api.problems import TROUBLES, Trouble
from ledger.events.refusals import Refusal, Refused
from ledger.rules.compact import encode_state
from ledger.rules.memory import Overlay
from tests.docs import refusal_reference, trouble_examples
from tests.docs.refusal_examples import EXAMPLES, refused
from tests.docs.story import stage_after_all

PAGE = Path(__file__).resolve().parents[2] / "docs" / "refusals.md"


def everything(compact: Overlay) -> dict[str, bytes]:
    """Return the stored form of every state that this layer changed, and where its acts are."""
    changed = {name: encode_state(state) for name, state in compact.changes.items()}
    return changed | {event_id: stream.encode() for event_id, stream in compact.located.items()}


@pytest.mark.parametrize("refusal", Refusal)
def test_the_example_of_a_code_is_refused_with_that_code_and_changes_nothing(refusal: Refusal) -> None:
    stage = stage_after_all()
    raw = EXAMPLES[refusal](stage)
    before, tree_size = everything(stage.ledger.compact), stage.ledger.tree_size
    outcome = stage.ledger.submit(raw)
    assert isinstance(outcome, Refused)
    assert outcome.refusal == refusal
    assert outcome.expected
    assert outcome.got
    assert everything(stage.ledger.compact) == before
    assert stage.ledger.tree_size == tree_size


def test_an_example_is_refused_in_the_same_words_again() -> None:
    assert [refused(refusal) for refusal in Refusal] == [refused(refusal) for refusal in Refusal]


def test_the_committed_page_is_the_one_that_is_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == refusal_reference.page()


def test_the_page_has_a_place_for_every_code_in_order() -> None:
    anchors = re.findall(r'^\| <a id="([a-z0-9_]+)"></a>', PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert anchors == [*Refusal, *Trouble]


def test_every_problem_but_the_one_that_nobody_can_read_has_an_example() -> None:
    assert {*trouble_examples.EXAMPLES, *trouble_examples.SITUATIONS} == set(TROUBLES) - {Trouble.REQUEST_MALFORMED}
    assert not set(trouble_examples.EXAMPLES) & set(trouble_examples.SITUATIONS)
