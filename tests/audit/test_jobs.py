"""`gledger audit --jobs`: a log that is long enough for workers, whole and with a lie, says the same without them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ledger.audit.ahead import ALONE_MAX
from ledger.audit.export import ENTRIES
from ledger.cli.main import app
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.tree import EMPTY, leaf_hash
from tests.acts import ISSUED_AT, ORIGIN
from tests.audit.logs import Log, chained, exported
from tests.bench.acts import workload
from tests.bench.story import SECONDS_BETWEEN

LONG = ALONE_MAX + 400


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("jobs")
    signed = workload(LONG, place / "acts", mldsa=False)
    begun = ISSUED_AT + timedelta(days=1)
    times = [begun + timedelta(seconds=SECONDS_BETWEEN * number) for number in range(LONG)]
    entries = chained(list(signed.raws()), times)
    tree, _ = EMPTY.append(map(leaf_hash, entries))
    note = sign_checkpoint(Checkpoint(ORIGIN, LONG, tree.root), *signed.log_signers)
    return exported(Log(tuple(entries), note), place / "export").directory


def gledger(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_the_figures_and_the_proof_are_the_same_with_any_number_of_jobs(export: Path) -> None:
    assert gledger("project", str(export), "--jobs", "2").exit_code == 0
    alone = gledger("audit", str(export), "--jobs", "1", "--party", "ua")
    assert alone.exit_code == 0, alone.output
    assert f"valid: {LONG} entries" in alone.stdout
    assert "proved   obligations             48" in alone.stdout
    for jobs in ("2", "3"):
        together = gledger("audit", str(export), "--jobs", jobs, "--party", "ua")
        assert (together.stdout, together.exit_code) == (alone.stdout, 0)


def test_a_lie_far_into_the_log_is_found_in_the_same_words(export: Path) -> None:
    path = export / ENTRIES
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    at = ALONE_MAX + 250
    lines[at] = lines[at].replace(b'"sig":"', b'"sig":"A', 1)
    lines[at + 100] = b"{}\n"
    path.write_bytes(b"".join(lines))
    try:
        reports = [json.loads(gledger("audit", str(export), "--jobs", jobs, "--json").stdout) for jobs in ("1", "2")]
    finally:
        path.write_bytes(whole)
    assert reports[0] == reports[1]
    assert (reports[0]["verdict"], reports[0]["finding"]["position"]) == ("invalid", at + 1)


def test_jobs_are_at_least_one() -> None:
    assert gledger("audit", "anywhere", "--jobs", "0").exit_code == 2
