"""An example of an explanation for the interface's description: the ledger of the other examples about itself."""

from functools import cache
from typing import Any

import msgspec

from api.examples import DEPOSITARY, ISSUED_AT, example
from projections.explained import answer_to, replayed
from projections.explanation import Explanation, Question, format_explanation
from projections.rows import MemoryRows


@cache
def explanation_example() -> Any:
    """Return the explanation of what the depositary owes, which is nothing: true, and short."""
    one = example()
    asked = Question(kind="guarantor", id=DEPOSITARY, as_of=ISSUED_AT.date(), known_at=1)
    replay = replayed([one.entry], one.envelope.event.ledger)
    answer = answer_to(MemoryRows(replay.given.changes, 1, None), asked)
    assert answer is not None
    return msgspec.json.decode(format_explanation(Explanation(asked, answer, one.checkpoint, ((one.entry, ()),))))
