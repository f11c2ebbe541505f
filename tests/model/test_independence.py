"""The model may know what an event is, and nothing of how the ledger reads it: otherwise it would agree with itself."""

import sys
from collections.abc import Iterable

import pytest

from tests.conftest import REPOSITORY
from tests.house.checks import Module, is_within, modules

ALLOWED = ("ledger.events", "tests.model.naive", "msgspec")
NAIVE = "tests.model.naive"


def imports_beyond(every: Iterable[Module]) -> list[str]:
    """Report what the model imports beyond the standard library, the events, and itself."""
    return [
        f"{module.name}:{line}: imports {target}"
        for module in every
        if is_within(module.name, [NAIVE])
        for line, target in module.imports
        if not is_within(target, ALLOWED) and target.partition(".")[0] not in sys.stdlib_module_names
    ]


def test_the_model_knows_nothing_of_rules_and_projections() -> None:
    assert imports_beyond(modules(REPOSITORY)) == []


def test_the_model_is_found() -> None:
    names = {module.name for module in modules(REPOSITORY)}
    assert {f"{NAIVE}.docket", f"{NAIVE}.recount", f"{NAIVE}.sanctions"} <= names


@pytest.mark.parametrize(
    "source",
    [
        "from ledger.rules.commitments import commitment",
        "import projections.settlement",
        "def late():\n    from ledger import rules",
        "from tests.world import World",
        "from tests.model.walker import Walker",
    ],
)
def test_a_model_that_asks_the_ledger_is_reported(source: str) -> None:
    (finding,) = imports_beyond([Module(f"{NAIVE}.cheating", source)])
    assert finding.startswith(f"{NAIVE}.cheating")
