"""The command line against a real server: opened, joined, acts submitted, refused, shown, exported, verified."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.events.header import FIRST_PREVIOUS
from tests.cli.conftest import ORIGIN, Run


@dataclass
class Desk:
    """A depositary's workspace for the running ledger."""

    run: Run
    home: Path
    url: str

    def signed(self, name: str, event_type: str, settings: Sequence[str], *options: object) -> Path:
        """Draft and sign an act of the root; return its envelope."""
        draft = self.home / "drafts" / f"{name}.toml"
        given = ["party=depositary", "authority=depositary/root", *settings]
        drafted = self.run("event", "draft", event_type, "--out", draft, *(w for one in given for w in ("--set", one)))
        assert drafted.exit_code == 0, drafted.stderr
        result = self.run("event", "sign", draft, "--key", "root", "--yes", "--dir", self.home, *options)
        assert result.exit_code == 0, result.stderr
        return Path(result.stdout.strip())

    def submitted(self, envelope: Path, *options: object) -> tuple[int, str, str]:
        result = self.run("event", "submit", envelope, "--dir", self.home, *options)
        return result.exit_code, result.stdout, result.stderr

    def admission_of(self, party: str, run: Run) -> list[str]:
        """Return what a draft of `party.admitted` says, with a new key of the party in the same workspace."""
        authority = f"{party}/principal"
        made = run("key", "new", party, "--dir", self.home, "--no-passphrase", "--authority", authority, "--json")
        record = json.dumps(json.loads(made.stdout)["record"])
        return [
            f"subject={party}",
            "kind=state",
            f'names=[{{"language":"en","name":"State {party}"}}]',
            'roles=["guarantor"]',
            f"principal.authority={authority}",
            "principal.office=Minister",
            "principal.basis=ex_officio",
            f"principal.keys.keys=[{record}]",
            "principal.keys.threshold=1",
        ]


@pytest.fixture
def desk(run: Run, ledger_url: str, tmp_path: Path) -> Desk:
    home = tmp_path / "depositary"
    result = run("init", home, "--url", ledger_url, "--no-passphrase", "--yes", "--submit")
    assert result.exit_code == 0, result.stderr
    assert "admitted at position 1" in result.stdout
    return Desk(run, home, ledger_url)


def test_an_act_from_draft_to_a_receipt_that_verifies_offline(desk: Desk, run: Run) -> None:
    envelope = desk.signed("gb", "party.admitted", desk.admission_of("gb", run))
    code, said, _ = desk.submitted(envelope)
    assert (code, "admitted at position 2" in said) == (0, True)
    receipt, entry = envelope.with_name("gb.tlog-proof"), envelope.with_name("gb.entry.json")
    verified = run("verify", receipt, entry, "--dir", desk.home)
    assert verified.exit_code == ExitCode.VALID, verified.stderr
    assert "party.admitted" in verified.stdout
    # Again: the same receipt, and no second entry.
    before = receipt.read_bytes()
    code, said, _ = desk.submitted(envelope)
    assert (code, "duplicate at position 2" in said) == (0, True)
    assert receipt.read_bytes() == before
    shown = run("event", "show", json.loads(verified_json(run, desk, receipt, entry))["event"], "--url", desk.url)
    assert shown.exit_code == 0, shown.stderr
    assert json.loads(shown.stdout)["subject"] == "gb"


def verified_json(run: Run, desk: Desk, receipt: Path, entry: Path) -> str:
    return run("verify", receipt, entry, "--dir", desk.home, "--json").stdout


def test_a_refusal_says_why_and_what_to_do_and_keeps_no_receipt(desk: Desk, run: Run) -> None:
    wrong = ("--sequence", "7", "--previous", FIRST_PREVIOUS)
    envelope = desk.signed("gb", "party.admitted", desk.admission_of("gb", run), *wrong)
    code, said, talk = desk.submitted(envelope)
    assert code == ExitCode.INVALID
    assert said == ""
    assert "sequence_mismatch: expected sequence 2; got 7." in talk
    assert not envelope.with_name("gb.tlog-proof").exists()


def test_a_key_without_a_mandate_is_not_authorised(desk: Desk, run: Run) -> None:
    settings = desk.admission_of("gb", run)
    draft = desk.home / "drafts" / "gb.toml"
    given = ["party=depositary", "authority=depositary/root", *settings]
    run("event", "draft", "party.admitted", "--out", draft, *(w for one in given for w in ("--set", one)))
    envelope = run("event", "sign", draft, "--key", "gb", "--yes", "--dir", desk.home).stdout.strip()
    code, _, talk = desk.submitted(Path(envelope))
    assert code == ExitCode.NOT_AUTHORISED
    assert "key_unknown" in talk


def test_the_same_id_with_another_act_is_a_conflict_that_names_the_first(desk: Desk, run: Run) -> None:
    first = desk.signed("gb", "party.admitted", desk.admission_of("gb", run))
    assert desk.submitted(first)[0] == 0
    shown = run("event", "show", first, "--json")
    event_id = json.loads(shown.stdout)["payload"]["id"]
    second = desk.signed("fr", "party.admitted", desk.admission_of("fr", run), "--id", event_id)
    code, _, talk = desk.submitted(second)
    assert code == ExitCode.INVALID
    assert "event_id_conflict" in talk
    assert "another act, at position 2" in talk


def test_a_batch_has_an_outcome_for_each_act_and_ends_with_the_worst(desk: Desk, run: Run, tmp_path: Path) -> None:
    good = desk.signed("gb", "party.admitted", desk.admission_of("gb", run))
    bad = desk.signed(
        "fr", "party.admitted", desk.admission_of("fr", run), "--sequence", "9", "--previous", FIRST_PREVIOUS
    )
    batch = tmp_path / "batch.ndjson"
    batch.write_bytes(good.read_bytes() + bad.read_bytes())
    code, said, talk = desk.submitted(batch, "--json")
    assert code == ExitCode.INVALID
    admitted, refused = map(json.loads, said.splitlines())
    assert (admitted["outcome"], admitted["verified"], refused["code"]) == ("admitted", True, "sequence_mismatch")
    assert "1 admitted, their receipts verified; 1 refused." in talk
    assert [file.suffix for file in sorted((tmp_path / "batch.ndjson.receipts").iterdir())] == [".json", ".tlog-proof"]


def test_a_receipt_by_a_key_that_was_not_pinned_is_not_believed(desk: Desk, run: Run) -> None:
    pinned = json.loads((desk.home / "ledger.json").read_text())
    name, key_id, _ = pinned["log_keys"][0].split("+", 2)
    envelope = desk.signed("gb", "party.admitted", desk.admission_of("gb", run))
    other = run("init", desk.home.parent / "elsewhere", "--origin", ORIGIN, "--no-passphrase", "--yes", "--json")
    vkey = json.loads(other.stdout)["log_keys"][0]
    assert vkey.split("+")[1] != key_id
    code, said, talk = desk.submitted(envelope, "--vkey", vkey)
    assert (code, said) == (ExitCode.INVALID, "")
    assert f"a signature by a known key ({name})" in talk
    assert not envelope.with_name("gb.tlog-proof").exists()


def test_a_party_joins_and_is_not_moved_to_another_ledger(desk: Desk, run: Run, tmp_path: Path) -> None:
    joined = run("init", tmp_path / "gb", "--url", desk.url, "--join")
    assert joined.exit_code == 0, joined.stderr
    assert joined.stdout.startswith(ORIGIN)
    assert not list((tmp_path / "gb" / "keys").iterdir())
    pin = tmp_path / "gb" / "ledger.json"
    pin.write_text(pin.read_text().replace(ORIGIN, "ledger.example/other"))
    again = run("init", tmp_path / "gb", "--url", desk.url, "--join")
    assert again.exit_code == ExitCode.USAGE
    assert "another ledger" in again.stderr


def test_an_opened_ledger_is_not_opened_by_another_root(desk: Desk, run: Run, tmp_path: Path) -> None:
    result = run("init", tmp_path / "usurper", "--url", desk.url, "--no-passphrase", "--yes", "--submit")
    assert result.exit_code in (ExitCode.INVALID, ExitCode.NOT_AUTHORISED)
    assert result.stdout == ""


def test_an_export_is_whole_and_goes_on_where_it_was(desk: Desk, run: Run, tmp_path: Path) -> None:
    for party in ("gb", "fr"):
        assert desk.submitted(desk.signed(party, "party.admitted", desk.admission_of(party, run)))[0] == 0
    whole = tmp_path / "whole"
    assert run("export", whole, "--dir", desk.home).exit_code == 0
    entries = (whole / "entries.ndjson").read_bytes()
    assert entries.count(b"\n") == 3
    # As an interrupted copy leaves it: two entries and a half.
    second = entries.index(b"\n", entries.index(b"\n") + 1) + 1
    (tmp_path / "cut.partial").write_bytes(entries[: second + 100])
    result = run("export", tmp_path / "cut", "--dir", desk.home, "--json")
    assert result.exit_code == 0, result.stderr
    assert "after 2 entries" in result.stderr
    assert json.loads(result.stdout)["tree_size"] == 3
    for name in ("entries.ndjson", "checkpoint"):
        assert (tmp_path / "cut" / name).read_bytes() == (whole / name).read_bytes()
    assert not (tmp_path / "cut.partial").exists()
    assert run("export", whole, "--dir", desk.home).exit_code == ExitCode.USAGE


def test_a_copy_that_is_not_what_the_log_signed_is_not_kept(desk: Desk, run: Run, tmp_path: Path) -> None:
    assert run("export", tmp_path / "whole", "--dir", desk.home).exit_code == 0
    entries = (tmp_path / "whole" / "entries.ndjson").read_bytes()
    (tmp_path / "bad.partial").write_bytes(entries.replace(b'"position":1', b'"position":2'))
    result = run("export", tmp_path / "bad", "--dir", desk.home)
    assert result.exit_code == ExitCode.INVALID
    assert "that the log signed" in result.stderr
    assert list(tmp_path.glob("bad*")) == []


def test_what_is_not_there_is_undecidable(desk: Desk, run: Run) -> None:
    result = run("event", "show", "019a3c5e-7b1a-7c3d-8e4f-0123456789ab", "--url", desk.url)
    assert result.exit_code == ExitCode.UNDECIDABLE
    assert result.stdout == ""


def test_keys_of_the_server_itself_are_used_with_a_warning(desk: Desk, run: Run, tmp_path: Path) -> None:
    result = run("export", tmp_path / "copy", "--url", desk.url, "--dir", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "taken from the server itself" in result.stderr
