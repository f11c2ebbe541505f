"""The house rules hold for every module, and each of them can fail: a bad sample is reported by the same check."""

import statistics
from collections.abc import Callable

import pytest

from tests.conftest import REPOSITORY
from tests.house import checks
from tests.house.checks import Module

EVERY = checks.modules(REPOSITORY)

Check = Callable[[list[Module]], list[str]]

RULES: list[Check] = [
    checks.imports_against_the_order,
    checks.import_cycles,
    checks.engines_out_of_place,
    checks.stages_skipped,
    checks.impurities,
    checks.prints,
    checks.overlong,
    checks.undocumented,
    checks.vague_names,
]

# What each rule must report: the module it is in, and its source.
BAD: list[tuple[Check, str, str]] = [
    (checks.imports_against_the_order, "ledger.events.terms", "from ledger.rules import parties"),
    (checks.imports_against_the_order, "ledger.rules.parties", "import ledger.signing.verify"),
    (checks.imports_against_the_order, "ledger.store.recorder", "from ledger import cli"),
    (checks.imports_against_the_order, "ledger.client.http", "from projections import rows"),
    (checks.imports_against_the_order, "projections.rows", "def late():\n    import api.app"),
    (checks.imports_against_the_order, "ledger", "from ledger.events import terms"),
    (checks.imports_against_the_order, "ledger.events.terms", "from . import header"),
    (checks.imports_against_the_order, "ledger.extras.thing", ""),
    (checks.engines_out_of_place, "ledger.rules.parties", "from eventsourcing.application import Application"),
    (checks.engines_out_of_place, "projections.rows", "import eventsourcing"),
    (checks.engines_out_of_place, "ledger.intake.queue", "import psycopg.rows"),
    (checks.engines_out_of_place, "ledger.storehouse", "import psycopg"),
    (checks.engines_out_of_place, "ledger.store.log", "import sqlite3"),
    (checks.engines_out_of_place, "ledger.cli.main", "from fastapi import FastAPI"),
    (checks.stages_skipped, "ledger.signing.verify", "x = Envelope(b'')"),
    (checks.stages_skipped, "ledger.signing.dsse", "x = stages.Verified(y)"),
    (checks.stages_skipped, "api.intake", "x = [Admitted(v) for v in vs]"),
    (checks.impurities, "ledger.rules.parties", "from time import time"),
    (checks.impurities, "ledger.events.values", "import os.path"),
    (checks.impurities, "ledger.events.values", "x = datetime.now(UTC)"),
    (checks.prints, "projections.rows", "print('here')"),
    (checks.overlong, "api.long", "#\n" * 501),
    (checks.overlong, "tests.long", "def f():\n" + "    x = 1\n" * 70),
    (checks.overlong, "tests.long", "class A:\n    async def f(self):\n" + "        x = 1\n" * 70),
    (checks.undocumented, "tests.silent", "x = 'not a docstring'"),
    (checks.undocumented, "ledger.events", ""),
    (checks.vague_names, "ledger.utils.money", ""),
    (checks.vague_names, "tests.common", ""),
    (checks.vague_names, "api.app", "class ConnectionManager: ..."),
    (checks.vague_names, "api.app", "class BaseRow: ..."),
    (checks.vague_names, "api.app", "def helper(): ..."),
]

# What no rule may report.
GOOD: list[tuple[str, str]] = [
    ("ledger.store.recorder", "import psycopg\nfrom eventsourcing import x\nfrom ledger.rules import parties"),
    ("ledger.signing.verify", "from ledger.events.stages import Verified\nx = Verified(1)"),
    ("ledger.rules.parties", "match x:\n    case Verified(y):\n        z = Admitted(y)"),
    ("api.reads", "match x:\n    case Admitted(y):\n        pass\n    case Envelope():\n        pass"),
    ("api.app", "from projections import rows\nfrom ledger.cli import main\nimport fastapi"),
    ("ledger.cli.main", "import time\nprint(time.time())"),
    ("api.names", "class Database: ...\nclass Based: ...\ndef common_terms(): ...\ndef base(): ..."),
    ("ledger.events.long", "def f():\n" + "    x = 1\n" * 69 + "#\n" * 429),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps_the_rule(rule: Check) -> None:
    assert rule(EVERY) == []


@pytest.mark.parametrize(("rule", "name", "source"), BAD)
def test_a_bad_sample_is_reported(rule: Check, name: str, source: str) -> None:
    (finding,) = rule([Module(name, source)])
    assert finding.startswith(name)


@pytest.mark.parametrize(("name", "source"), GOOD)
def test_a_good_sample_is_not_reported(name: str, source: str) -> None:
    assert [finding for rule in RULES for finding in rule([Module(name, f"'Job.'\n{source}")])] == []


def test_a_cycle_is_reported_with_its_way() -> None:
    ring = [
        Module("api.a", "from api import b"),
        Module("api.b", "def late():\n    from api.c import thing"),
        Module("api.c", "import api.a"),
        Module("api.d", "import api.a"),
    ]
    assert checks.import_cycles(ring)[0] == "api.a imports api.b imports api.c imports api.a"
    assert not any(finding.startswith("api.d") for finding in checks.import_cycles(ring))


def test_every_rule_has_a_bad_sample() -> None:
    assert set(RULES) - {rule for rule, _, _ in BAD} == {checks.import_cycles}


def test_the_walk_finds_the_product_and_the_tests() -> None:
    names = {module.name for module in EVERY}
    assert {"ledger.signing.dsse", "ledger.rules", "tests.house.checks"} <= names
    assert not any("site-packages" in name for name in names)


def test_the_stages_are_constructed_somewhere() -> None:
    """Otherwise the rule about them would hold for names that nobody uses any more."""
    called = {called for module in checks.product(EVERY) for _, called in checks.calls(module)}
    assert set(checks.STAGES) <= called


def test_the_median_file_is_short(record_property: Callable[[str, object], None]) -> None:
    median = statistics.median(len(module.source.splitlines()) for module in EVERY)
    record_property("median_file_lines", median)
    assert median <= checks.MEDIAN_FILE_LINES_MAX
