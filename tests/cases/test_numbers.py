"""The forty cases: each has a test that bears its number, and another that refuses what would break it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CASES = range(1, 41)
NAMED = re.compile(r"test_case_0*(?P<number>\d+)_")

WITHOUT_REFUSAL = {
    24: "A cap that was not called upon lapses by itself; what comes later is admitted and shown as beyond it.",
}
"""Cases in which there is nothing to refuse, each with the reason."""


@dataclass(frozen=True)
class Numbered:
    """A test that bears the number of a case; whether it asserts a refusal."""

    number: int
    name: str
    refuses: bool


def numbered() -> Iterator[Numbered]:
    """Yield every test that bears a number, wherever it stands."""
    for path in sorted(TESTS.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and (found := NAMED.match(node.name)):
                body = "\n".join(ast.unparse(statement) for statement in node.body)
                yield Numbered(int(found["number"]), f"{path.name}::{node.name}", "Refusal." in body)


FOUND = tuple(numbered())


def test_every_case_has_a_test_and_no_test_bears_a_number_that_is_no_case() -> None:
    assert {one.number for one in FOUND} == set(CASES)


def test_every_case_has_a_second_test_and_one_that_refuses_unless_there_is_nothing_to_refuse() -> None:
    assert [number for number in CASES if sum(one.number == number for one in FOUND) < 2] == []
    refusing = {one.number for one in FOUND if one.refuses}
    assert set(CASES) - refusing == set(WITHOUT_REFUSAL)


def test_every_exception_has_its_reason() -> None:
    assert all(reason.endswith(".") for reason in WITHOUT_REFUSAL.values())
    assert set(WITHOUT_REFUSAL) <= set(CASES)


def test_a_case_that_only_talks_of_refusing_is_noticed() -> None:
    assert {one.refuses for one in FOUND} == {True, False}
    assert all(NAMED.match(one.name.partition("::")[2]) for one in FOUND)
