"""One submission for each refusal, made anew in every run: the page prints what the ledger says, a test walks them all.

Each example is a function in `refused_bytes` or `refused_acts` that bears the name of its code.
"""

from collections.abc import Callable
from inspect import getdoc
from typing import Final

from ledger.events.refusals import Refusal, Refused
from tests.docs import refused_acts, refused_bytes
from tests.docs.story import Stage, stage_after_all

EXAMPLES: Final[dict[Refusal, Callable[[Stage], bytes]]] = {
    refusal: vars(refused_bytes).get(refusal) or vars(refused_acts)[refusal] for refusal in Refusal
}
"""An example for every code, in order of precedence. KeyError where there is none."""


def told(refusal: Refusal) -> str:
    """Return what is done in the example, in a sentence."""
    text = getdoc(EXAMPLES[refusal])
    assert text is not None
    return text


def refused(refusal: Refusal) -> Refused:
    """Return what the ledger says of the example. Its state has to be what it was before."""
    stage = stage_after_all()
    raw = EXAMPLES[refusal](stage)
    outcome = stage.ledger.submit(raw)
    assert isinstance(outcome, Refused), outcome
    return outcome
