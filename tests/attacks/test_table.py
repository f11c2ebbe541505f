"""docs/attacks.md is what the tests show, and every attack has a test."""

from pathlib import Path

from tests.attacks.table import ATTACKS, page, rows


def test_the_page_is_what_the_tests_show() -> None:
    assert (Path(__file__).parents[2] / "docs" / "attacks.md").read_text(encoding="utf-8") == page()


def test_every_attack_is_found_by_something() -> None:
    assert {row.attack for row in rows()} == set(ATTACKS)
