"""The pages written by hand agree with the code: limits, variables, files, links, commands."""

import importlib
import re
from pathlib import Path

import pytest
from typer.main import get_command

from ledger.cli.commands import Deferred
from ledger.cli.main import app

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

LIMIT = re.compile(r"^\| [^|]+ \| (?P<value>\d+) \| `(?P<constant>[\w.]+)` \|$", re.M)
LINK = re.compile(r"\]\((?!https?:|#)(?P<target>[^)#\s]+)")
NAMED = re.compile(r"`(?P<path>(?:docs|tests|ledger|projections|api|deploy|examples)/[\w./-]+)`")
VARIABLE = re.compile(r'"((?:DATABASE_URL|LEDGER_|GLEDGER_)[A-Z_]*)"')
COMMAND = re.compile(r"^(?: *|.* && )gledger (?P<words>[^\n#>|]+)", re.M)


def test_the_limits_of_the_table_are_those_of_the_code() -> None:
    rows = list(LIMIT.finditer((DOCS / "operations.md").read_text(encoding="utf-8")))
    assert len(rows) >= 20
    for row in rows:
        module, _, name = row["constant"].rpartition(".")
        assert getattr(importlib.import_module(module), name) == int(row["value"]), row["constant"]


def test_every_variable_that_the_code_reads_is_documented() -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    sources = [path for root in ("api", "ledger", "projections") for path in (REPOSITORY / root).rglob("*.py")]
    read = {name for path in sources for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    assert {"DATABASE_URL", "LEDGER_ORIGIN", "LEDGER_KEY_FILE", "GLEDGER_URL"} <= read
    assert {name for name in read if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_what_a_page_links_to_or_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [found["target"] for found in LINK.finditer(text) if not (page.parent / found["target"]).exists()]
    missing += [found["path"] for found in NAMED.finditer(text) if not (REPOSITORY / found["path"]).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_commands_and_options_of_a_page_exist(page: Path) -> None:
    unknown = [problem for words in commands(page) if (problem := unknown_in(words))]
    assert unknown == []


def test_a_command_or_option_that_there_is_not_would_be_noticed() -> None:
    assert unknown_in("event sing uk/drafts/air.toml") == "event sing"
    assert unknown_in("event sign uk/drafts/air.toml --force") == "--force"
    assert unknown_in("event sign uk/drafts/air.toml --yes") == ""


def commands(page: Path) -> list[str]:
    """Return what follows `gledger` in the code blocks of a page, continued lines joined."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    return [found["words"] for block in blocks for found in COMMAND.finditer(block.replace("\\\n", " "))]


def unknown_in(line: str) -> str:
    """Return the command or the first option of a line that `gledger` does not know, or nothing."""
    words = line.split()
    command = get_command(app)
    path: list[str] = []
    while hasattr(command, "commands") and words:
        path.append(words.pop(0))
        if path[-1] not in command.commands:
            return " ".join(path)
        command = command.commands[path[-1]]
        command = command.loaded() if isinstance(command, Deferred) else command
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options = (word.partition("=")[0] for word in words if word.startswith("--"))
    return next((option for option in options if option not in known | {"--help"}), "")
