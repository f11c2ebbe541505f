"""A workspace keeps one ledger's keys and acts, and is not talked into another ledger."""

import stat
from pathlib import Path

import pytest

from ledger.client.errors import ClientError
from ledger.client.workspace import Pinned, Workspace, entry_path, receipt_path
from ledger.log.note import format_vkey
from ledger.store.durable import private_directory, write_durably
from tests.acts import log_key

KEY = format_vkey(log_key().vkey)
PINNED = Pinned("ledger.example/compact", (KEY,), "https://ledger.example")


def test_what_is_pinned_is_found_again(tmp_path: Path) -> None:
    Workspace.at(tmp_path / "gb").pin(PINNED)
    assert Workspace.at(tmp_path / "gb").pinned == PINNED


def test_nobody_else_can_enter_the_directory_of_the_keys(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "gb").pin(PINNED)
    assert stat.S_IMODE(workspace.keys.stat().st_mode) == 0o700


def test_a_directory_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    assert stat.S_IMODE(private_directory(tmp_path / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "other", [Pinned("ledger.example/other", (KEY,)), Pinned(PINNED.origin, (format_vkey(log_key().vkey),))]
)
def test_another_ledger_or_another_log_key_is_refused(tmp_path: Path, other: Pinned) -> None:
    workspace = Workspace.at(tmp_path).pin(PINNED)
    with pytest.raises(ClientError, match="the log keys pinned"):
        workspace.pin(other)
    assert Workspace.at(tmp_path).pinned == PINNED


def test_another_address_of_the_same_ledger_is_welcome(tmp_path: Path) -> None:
    Workspace.at(tmp_path).pin(PINNED).pin(Pinned(PINNED.origin, PINNED.log_keys, "https://mirror.example"))
    pinned = Workspace.at(tmp_path).pinned
    assert pinned is not None
    assert pinned.url == "https://mirror.example"


@pytest.mark.parametrize("text", ["", "{}", '{"origin":1,"log_keys":[]}', '{"origin":"a","log_keys":[],"x":1}'])
def test_a_damaged_pin_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledger.json").write_text(text)
    with pytest.raises(ClientError, match="as written by gledger init"):
        Workspace.at(tmp_path)


def test_a_key_is_named_or_a_path(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    assert workspace.key_path("root") == tmp_path / "keys" / "root.pem"
    assert workspace.key_path("/media/stick/root.pem") == Path("/media/stick/root.pem")
    assert workspace.key_path("root.pem") == Path("root.pem")


@pytest.mark.parametrize("name", ["", "Root", "..", "a b", "-rf", "a\nb"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ClientError, match="a key's name"):
        Workspace.at(tmp_path).key_path(name)


def test_what_belongs_together_stands_together(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path).pin(PINNED)
    envelope = workspace.signed_path(workspace.drafts / "pledge.toml")
    assert envelope == workspace.signed / "pledge.signed.json"
    assert receipt_path(envelope).name == "pledge.tlog-proof"
    assert entry_path(envelope).name == "pledge.entry.json"
    assert workspace.signed_path(Path("elsewhere/pledge.toml")) == Path("elsewhere/pledge.signed.json")


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(OSError, match="taken"):
        write_durably(target, b"new")
    assert list(tmp_path.iterdir()) == [target]
