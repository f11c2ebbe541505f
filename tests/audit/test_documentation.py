"""docs/audit.md says what the auditor does, in its order."""

import re

from ledger.audit.export import EXPORT_FILES
from ledger.audit.findings import Lie
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "audit.md").read_text(encoding="utf-8")


def test_the_table_of_steps_names_every_code_once_in_the_order_of_the_codes() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| `([a-z_]+)` \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert list(dict.fromkeys(code for _, code in rows)) == [lie.value for lie in Lie]


def test_the_page_names_every_file_of_an_export() -> None:
    assert all(f"| `{name}` |" in PAGE for name in EXPORT_FILES)


def test_the_page_says_how_long_the_script_is() -> None:
    lines = (REPOSITORY / "docs" / "verify-export.sh").read_text(encoding="utf-8").splitlines()
    assert f"{len(lines)} lines of shell" in PAGE
