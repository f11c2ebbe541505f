"""A ledger of more than one full tile, recorded once for a module, and damaged by its tests one after another."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ledger.fsck.findings import Findings, Kind, Report
from ledger.fsck.fsck import Known
from projections.checking import check_database
from tests.fsck.damages import Column, prepare
from tests.fsck.worlds import columns_of, record
from tests.postgres import ask, fresh_database

ENTRIES = 300


@pytest.fixture(scope="module")
def world(postgres_server: str) -> Iterator[str]:
    """The connection string of a database in which everything agrees. Whoever damages it puts it back."""
    with fresh_database(postgres_server) as url:
        record(url, ENTRIES, seed=11)
        prepare(url)
        yield url


def columns(world: str, table: str) -> list[Column]:
    """Return the columns of a table that can be damaged."""
    return [Column(table, name, kind) for name, kind in columns_of(world, table) if kind != "boolean"]


def check(url: str, *, only_first: bool = False, known: Known | None = None) -> Report:
    """Return what a check of the whole database finds, without what it notes of the server of the tests."""
    report = check_database(url, "the test", known or Known(), Findings(only_first), lambda done, of: None)
    noted = [one for one in report.findings if one.kind is Kind.CHECKSUMS_OFF]
    # A server that was made without checksums is noted as such, once; one that has them never is.
    assert len(noted) == (0 if has_checksums(url) else 1)
    return replace(report, findings=tuple(one for one in report.findings if one not in noted))


def has_checksums(url: str) -> bool:
    return ask(url, "SHOW data_checksums") == "on"
