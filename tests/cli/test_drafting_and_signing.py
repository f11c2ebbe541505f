"""From a type to a signed envelope without a connection: what is shown is what is signed, and nothing unasked."""

import hashlib
import json
from pathlib import Path

import pytest

from ledger.cli.exit_codes import ExitCode
from ledger.events.header import FIRST_PREVIOUS
from ledger.signing.dsse import parse
from tests.cli.conftest import ORIGIN, Run

ACT = "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"
OFFLINE = ("--sequence", "1", "--previous", FIRST_PREVIOUS, "--origin", ORIGIN)


@pytest.fixture
def draft(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "yes.toml"
    settings = ("party=de", "authority=de/principal", f"act={ACT}", "note.en=Agreed")
    result = run(
        "event", "draft", "consent.given", *(word for one in settings for word in ("--set", one)), "--out", file
    )
    assert result.exit_code == 0, result.stderr
    return file


@pytest.fixture
def key(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "de.pem"
    assert run("key", "new", file, "--no-passphrase").exit_code == 0
    return file


def test_what_is_shown_is_what_is_signed(run: Run, draft: Path, key: Path) -> None:
    result = run("event", "sign", draft, "--key", key, *OFFLINE, "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    envelope = parse(Path(shown["envelope"]).read_bytes().removesuffix(b"\n"))
    assert envelope.event.note == {"en": "Agreed"}
    assert envelope.event.id == shown["event"]
    assert hashlib.sha256(envelope.payload).hexdigest() in result.stderr
    assert [signature.key_id for signature in envelope.signatures] == shown["keys"]
    assert '"act": "019a3c5e' in result.stderr


def test_a_key_signs_once(run: Run, draft: Path, key: Path) -> None:
    result = run("event", "sign", draft, "--key", key, "--key", key, *OFFLINE, "--yes")
    assert result.exit_code == ExitCode.USAGE
    assert "1 different" in result.stderr
    assert list(draft.parent.glob("*.signed.json")) == []


def test_without_a_terminal_nothing_is_signed_unasked(run: Run, draft: Path, key: Path) -> None:
    result = run("event", "sign", draft, "--key", key, *OFFLINE, stdin=b"y\n")
    assert result.exit_code == ExitCode.USAGE
    assert "--yes" in result.stderr
    assert list(draft.parent.glob("*.signed.json")) == []


def test_a_signed_act_is_not_overwritten(run: Run, draft: Path, key: Path) -> None:
    first = run("event", "sign", draft, "--key", key, *OFFLINE, "--yes")
    before = Path(first.stdout.strip()).read_bytes()
    second = run("event", "sign", draft, "--key", key, *OFFLINE, "--yes")
    assert second.exit_code == ExitCode.USAGE
    assert Path(first.stdout.strip()).read_bytes() == before


def test_a_second_hand_signs_the_same_payload(run: Run, draft: Path, key: Path, tmp_path: Path) -> None:
    run("key", "new", tmp_path / "second.pem", "--no-passphrase", "--algorithm", "ecdsa-p256")
    file = Path(run("event", "sign", draft, "--key", key, *OFFLINE, "--yes").stdout.strip())
    alone = parse(file.read_bytes().removesuffix(b"\n"))
    result = run("event", "sign", file, "--key", tmp_path / "second.pem", "--yes")
    assert result.exit_code == 0, result.stderr
    together = parse(file.read_bytes().removesuffix(b"\n"))
    assert together.payload == alone.payload
    assert len(together.signatures) == 2


def test_show_says_what_a_file_holds(run: Run, draft: Path, key: Path) -> None:
    file = run("event", "sign", draft, "--key", key, *OFFLINE, "--yes").stdout.strip()
    result = run("event", "show", file, "--json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    assert shown["payload"]["act"] == ACT
    assert len(shown["signed_with"]) == 1
    assert "position" not in shown


def test_a_draft_goes_to_stdout_without_a_file(run: Run) -> None:
    result = run("event", "draft", "consent.given", "--json", "--set", f"act={ACT}")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"type": "consent.given", "party": "", "authority": "", "act": ACT}
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("change", "said", "code"),
    [
        (("party = ", "# "), "party", ExitCode.USAGE),
        (('"Agreed"', '""'), "event_malformed", ExitCode.INVALID),
        (("note.en", "nota.en"), "event_malformed", ExitCode.INVALID),
        (("consent.given", "consent.taken"), "event_type_unknown", ExitCode.INVALID),
        (('"Agreed"', '"A\\u200Bgreed"'), "forbidden_character", ExitCode.INVALID),
        (("note.en", "sequence = 3\nnote.en"), "set on signing", ExitCode.USAGE),
        (("note.en", "amount = nan\nnote.en"), "nan", ExitCode.USAGE),
        (("note.en", "amount = 1.5\nnote.en"), "number_not_integer", ExitCode.INVALID),
    ],
)
def test_a_draft_that_the_ledger_could_not_read_is_not_signed(
    run: Run, draft: Path, key: Path, change: tuple[str, str], said: str, code: ExitCode
) -> None:
    draft.write_text(draft.read_text().replace(*change))
    result = run("event", "sign", draft, "--key", key, *OFFLINE, "--yes")
    assert result.exit_code == code, result.stderr
    assert said in result.stderr
    assert list(draft.parent.glob("*.signed.json")) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--sequence", "1"), "together"),
        (("--sequence", "1", "--previous", FIRST_PREVIOUS), "--origin"),
        ((), "the address of the ledger"),
    ],
)
def test_a_place_that_is_not_given_is_asked_for(
    run: Run, draft: Path, key: Path, options: tuple[str, ...], said: str
) -> None:
    result = run("event", "sign", draft, "--key", key, *options, "--yes", "--dir", draft.parent)
    assert result.exit_code == ExitCode.USAGE
    assert said in result.stderr


def test_show_of_what_is_no_act_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    assert run("event", "show", tmp_path / "note.txt").exit_code == ExitCode.INVALID
    assert run("event", "show", tmp_path / "missing.json").exit_code == ExitCode.USAGE


def test_an_unknown_type_names_those_that_are_known(run: Run) -> None:
    result = run("event", "draft", "commitment.maid")
    assert result.exit_code == ExitCode.USAGE
    assert "commitment.made" in result.stderr


def test_a_draft_file_is_not_overwritten(run: Run, draft: Path) -> None:
    result = run("event", "draft", "consent.given", "--out", draft)
    assert result.exit_code == ExitCode.USAGE
    assert ACT in draft.read_text()


def test_the_keys_of_a_trial_open_a_ledger_without_a_server(run: Run, tmp_path: Path, passphrase: Path) -> None:
    home = tmp_path / "depositary"
    result = run("init", home, "--origin", ORIGIN, "--passphrase-file", passphrase, "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    event = parse(Path(shown["envelope"]).read_bytes().removesuffix(b"\n")).event
    assert event.type == "ledger.opened"
    assert sorted(file.name for file in (home / "keys").iterdir()) == ["log.pem", "root.pem", "service.pem"]
    assert f"LEDGER_ORIGIN={ORIGIN}" in result.stderr
    again = run("init", home, "--origin", ORIGIN, "--passphrase-file", passphrase, "--yes", "--json")
    assert json.loads(again.stdout) == shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--origin"),
        (("--origin", ORIGIN, "--submit"), "--url"),
        (("--join",), "--url"),
        (("--origin", ORIGIN, "--threshold", "2"), "a threshold of 1 to 1"),
        (("--origin", "Not An Origin"), "a name without spaces"),
    ],
)
def test_an_opening_that_cannot_be_is_said(run: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    result = run("init", tmp_path / "depositary", "--no-passphrase", "--yes", *options)
    assert result.exit_code in (ExitCode.USAGE, ExitCode.INVALID)
    assert said in result.stderr
    assert not (tmp_path / "depositary" / "signed" / "opening.signed.json").exists()
