"""Statements of a real server over real HTTP: fetched, verified, contradicted, audited; judged by a plain recount."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.client.statements import verify_statement
from ledger.log.note import format_vkey
from ledger.signing.signer import Ed25519Signer
from tests.acts import Founding, founding, mandate, principal
from tests.api.served import Served, passing_ledger, served, settings_for
from tests.cli.conftest import Run
from tests.statements.files import Operator, acts_of, statement_of

GB = "gb/principal"


@pytest.fixture(scope="module")
def made() -> Founding:
    return founding()


@pytest.fixture(scope="module")
def ledger(postgres_server: str, made: Founding) -> Iterator[Served]:
    """A served ledger: 130 acts of gb in batches, a ministry without an act, and one that was revoked."""
    with passing_ledger(postgres_server, made) as one:
        gb = made.offices["gb"]
        for number in range(13):
            assert one.batch([gb.renaming(f"Name {number}.{name}") for name in range(10)]).is_success
        for office in ("idle", "stolen"):
            ministry = principal("gb")
            ministry.authority = f"gb/{office}"
            assert one.post(mandate(gb, ministry)).is_success
        assert one.post(ministry.renaming("By a thief")).is_success
        said = {"revoked": ministry.authority, "reason": "compromised", "contested_since": "2026-01-15T00:00:00Z"}
        assert one.post(gb.act("authority.revoked", **said)).is_success
        yield one


def entries_of(ledger: Served) -> tuple[bytes, ...]:
    return tuple(ledger.get("/v1/entries?limit=1000").content.splitlines())


def operator_of(ledger: Served, made: Founding) -> Operator:
    """Return an operator who shows what the server shows."""
    assert isinstance(made.service, Ed25519Signer)
    return Operator(entries_of(ledger), made.log_signer, made.service)


def path_of(authority: str, suffix: str = "") -> str:
    return f"/v1/authorities/{authority}/statement{suffix}"


@pytest.mark.parametrize("authority", [GB, "gb/idle", "gb/stolen", "depositary/principal", "depositary/service"])
def test_the_served_file_is_what_a_plain_recount_writes(ledger: Served, made: Founding, authority: str) -> None:
    operator = operator_of(ledger, made)
    answer = ledger.get(path_of(authority, "/file"))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.content == operator.file(authority)
    stated = verify_statement(io.BytesIO(answer.content), made.origin, [made.log_signer.vkey])
    assert stated.statement.count == len(acts_of(operator.entries, authority))
    assert statement_of(ledger.get(path_of(authority)).content)["count"] == stated.statement.count


def test_an_earlier_tree_has_its_own_statement_for_ever(ledger: Served, made: Founding) -> None:
    # The founding and two batches of ten.
    for _ in range(2):
        answer = ledger.get(path_of(GB, "/file"), params={"tree_size": 25})
        assert "immutable" in answer.headers["cache-control"]
        stated = verify_statement(io.BytesIO(answer.content), made.origin, [made.log_signer.vkey])
        assert (stated.statement.tree_size, stated.statement.count) == (25, 20)
    early = ledger.get(path_of("gb/idle"), params={"tree_size": 25})
    assert (early.status_code, early.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        (path_of("zz/principal"), 404, "an authority"),
        (path_of(GB, "?tree_size=26"), 404, "such as 35"),
        (path_of(GB, "/file?tree_size=26"), 404, "such as 35"),
        (path_of(GB, "?tree_size=99999"), 404, "a tree size so far"),
        (path_of(GB, "?tree_size=0"), 422, "tree_size"),
        (path_of(GB, "?tree_size=1.0"), 422, "tree_size"),
        (path_of("GB/principal"), 422, "party"),
    ],
)
def test_what_cannot_be_stated_is_a_problem(ledger: Served, path: str, status: int, expected: str) -> None:
    answer = ledger.get(path)
    assert (answer.status_code, expected in answer.json()["expected"]) == (status, True), answer.text


def test_the_command_fetches_verifies_and_keeps(run: Run, ledger: Served, made: Founding, tmp_path: Path) -> None:
    vkey, out = format_vkey(made.log_signer.vkey), tmp_path / "gb.statement"
    done = run("statement", GB, "--out", out, "--url", ledger.url, "--vkey", vkey)
    assert done.exit_code == ExitCode.VALID, done.stderr
    count = len(acts_of(entries_of(ledger), GB))
    assert f"states {count} acts of {GB}" in done.stdout
    again = run("verify", out, "--vkey", vkey, "--json")
    assert again.exit_code == ExitCode.VALID, again.stderr
    assert len(json.loads(again.stdout)["acts"]) == count
    missing = run("statement", "gb/nobody", "--out", tmp_path / "none", "--url", ledger.url, "--vkey", vkey)
    assert (missing.exit_code, (tmp_path / "none").exists()) == (ExitCode.UNDECIDABLE, False)


def test_the_acts_signatures_are_checked_with_a_record(
    run: Run, ledger: Served, made: Founding, tmp_path: Path
) -> None:
    vkey, out, record = format_vkey(made.log_signer.vkey), tmp_path / "gb.statement", tmp_path / "record.json"
    out.write_bytes(ledger.get(path_of(GB, "/file")).content)
    record.write_bytes(msgspec.json.encode(made.offices["gb"].keys.keys[0]))
    done = run("verify", out, "--vkey", vkey, "--signer-key", record)
    assert (done.exit_code, "(signatures checked)" in done.stdout) == (ExitCode.VALID, True)
    record.write_bytes(msgspec.json.encode(made.offices["de"].keys.keys[0]))
    assert run("verify", out, "--vkey", vkey, "--signer-key", record).exit_code == ExitCode.USAGE


def test_before_a_ledger_is_opened_there_is_nothing_to_state_or_to_explain(database_url: str, tmp_path: Path) -> None:
    with served(settings_for(founding(), database_url, tmp_path)) as unopened:
        for path in (path_of(GB), path_of(GB, "/file"), "/v1/guarantors/gb/explanation"):
            assert unopened.get(path).status_code in (404, 503), path


def test_a_receipt_shows_the_lie(run: Run, ledger: Served, made: Founding, tmp_path: Path) -> None:
    """The operator signs a statement without the newest act of gb, which has its receipt in its hands."""
    operator = operator_of(ledger, made)
    vkey = format_vkey(made.log_signer.vkey)
    true, lie = tmp_path / "true", tmp_path / "lie"
    true.write_bytes(operator.file(GB))
    lie.write_bytes(operator.file(GB, operator.statement(GB, hidden=1)))
    assert run("verify", lie, "--vkey", vkey).exit_code == ExitCode.VALID
    last = acts_of(operator.entries, GB)[-1]
    receipt, entry = tmp_path / "act.tlog-proof", tmp_path / "act.entry.json"
    receipt.write_bytes(operator.receipt(last))
    entry.write_bytes(last.raw + b"\n")
    assert run("verify", true, "--vkey", vkey, "--against", receipt, entry).exit_code == ExitCode.VALID
    shown = run("verify", lie, "--vkey", vkey, "--against", receipt, entry)
    assert (shown.exit_code, "cannot both be true" in shown.stdout) == (ExitCode.INVALID, True)
    evidence = json.loads(run("verify", lie, "--vkey", vkey, "--against", receipt, entry, "--json").stdout)
    assert set(evidence["evidence"]) == {"statement", "receipt", "entry"}


def test_the_audit_finds_the_lie_without_a_receipt(run: Run, ledger: Served, made: Founding, tmp_path: Path) -> None:
    operator = operator_of(ledger, made)
    vkey = format_vkey(made.log_signer.vkey)
    true, lie, bare = tmp_path / "true", tmp_path / "lie", tmp_path / "bare"
    true.write_bytes(operator.file(GB))
    bare.write_bytes(ledger.get(path_of("gb/idle")).content)
    lie.write_bytes(operator.file(GB, operator.statement(GB, hidden=1)))
    kept = run("audit", ledger.url, "--vkey", vkey, "--statement", true, "--statement", bare, "--party", "gb")
    assert kept.exit_code == ExitCode.VALID, kept.stdout
    assert kept.stdout.count("proved   statement") == 2
    assert "gb/idle none" in kept.stdout
    assert f"{GB} 1 to {len(acts_of(operator.entries, GB))}" in kept.stdout
    found_out = run("audit", ledger.url, "--vkey", vkey, "--statement", lie, "--json")
    assert found_out.exit_code == ExitCode.INVALID
    finding = json.loads(found_out.stdout)["finding"]
    assert (finding["lie"], finding["evidence"].keys() >= {"statement", "entry", "checkpoint"}) == (
        "statement_wrong",
        True,
    )
    assert finding["evidence"]["entry"].encode() == acts_of(operator.entries, GB)[-1].raw


@pytest.mark.parametrize("what", ["another key", "another ledger", "a larger tree", "no statement", "absent"])
def test_a_file_that_the_ledger_did_not_sign_is_no_lie_of_it(
    run: Run,
    ledger: Served,
    made: Founding,
    tmp_path: Path,
    what: str,
) -> None:
    operator, file = operator_of(ledger, made), tmp_path / "file"
    if what == "another key":
        stranger = founding().service
        file.write_bytes(Operator(operator.entries, made.log_signer, stranger).file(GB))
    elif what == "another ledger":
        file.write_bytes(operator.file(GB, operator.statement(GB, origin="ledger.example/other")))
    elif what == "a larger tree":
        file.write_bytes(operator.file(GB, operator.statement(GB, tree_size=len(operator.entries) + 1)))
    elif what == "no statement":
        file.write_bytes(operator.entries[0])
    done = run("audit", ledger.url, "--statement", file)
    assert done.exit_code == ExitCode.UNDECIDABLE, done.stdout


def test_a_copy_that_somebody_else_changed_convicts_nobody_of_a_false_statement(
    run: Run, ledger: Served, made: Founding, tmp_path: Path
) -> None:
    """Entries that the log did not sign say nothing about what it stated: their own lie is found instead."""
    operator, stated, export = operator_of(ledger, made), tmp_path / "stated", tmp_path / "export"
    stated.write_bytes(operator.file(GB))
    assert run("export", export, "--url", ledger.url, "--vkey", format_vkey(made.log_signer.vkey)).exit_code == 0
    assert run("audit", export, "--statement", stated).exit_code == ExitCode.VALID
    lines = (export / "entries.ndjson").read_bytes().splitlines(keepends=True)
    (export / "entries.ndjson").write_bytes(b"".join(lines[:-1]))
    done = run("audit", export, "--statement", stated)
    assert (done.exit_code, "tree_size_wrong" in done.stdout) == (ExitCode.INVALID, True)
