"""Checkpoints before and after a change of log keys: each must be signed by all keys in force at its size, no other."""

from collections.abc import Iterator

import pytest

from ledger.audit.findings import Verdict
from ledger.log.checkpoint import Checkpoint, checkpoint_text
from ledger.log.note import NoteSigner, sign_note
from ledger.log.tree import EMPTY, leaf_hash
from ledger.store.log import StoredLog
from tests.acts import Founding, log_key
from tests.fsck.conftest import check
from tests.fsck.damages import damaged, prepare, undo
from tests.fsck.worlds import log_signers, record
from tests.postgres import fresh_database


@pytest.fixture(scope="module")
def recorded(postgres_server: str) -> Iterator[tuple[str, Founding]]:
    with fresh_database(postgres_server) as url:
        made = record(url, 30, seed=41)
        prepare(url)
        yield url, made


def replaced(url: str, tree_size: int, *signers: NoteSigner, origin: str | None = None) -> list[tuple[str, str, str]]:
    """Put another note in the place of one, and return what a check finds."""
    with StoredLog(url) as log:
        root = EMPTY.append(map(leaf_hash, log.entries(0, tree_size)))[0].root
    name = origin or signers[0].vkey.name
    note = sign_note(checkpoint_text(Checkpoint(name, tree_size, root)), *signers)
    with damaged(url, "checkpoints") as connection:
        changed = connection.execute("UPDATE checkpoints SET note = %s WHERE tree_size = %s", [note, tree_size])
        assert changed.rowcount == 1
    report = check(url)
    undo(url, "checkpoints")
    return [(one.kind.value, one.table, one.key) for one in report.findings]


def sizes(url: str) -> tuple[int, int]:
    """Return a size before the keys changed, and one after."""
    with StoredLog(url) as log:
        newest = log.head().tree_size
    return newest - 5, newest


def test_notes_by_the_keys_in_force_are_accepted(recorded: tuple[str, Founding]) -> None:
    url, made = recorded
    assert check(url).verdict is Verdict.VALID
    _, newest = sizes(url)
    assert replaced(url, newest, *log_signers(made)) == []


def test_a_note_that_lacks_a_key_in_force_is_found(recorded: tuple[str, Founding]) -> None:
    url, made = recorded
    _, newest = sizes(url)
    assert replaced(url, newest, made.log_signer) == [("checkpoint_not_signed", "checkpoints", str(newest))]


def test_a_note_by_a_key_that_was_not_in_force_yet_is_found(recorded: tuple[str, Founding]) -> None:
    url, made = recorded
    before, _ = sizes(url)
    assert replaced(url, before, *log_signers(made)) == [("checkpoint_not_signed", "checkpoints", str(before))]


def test_a_note_by_somebody_else_beside_the_log_is_found(recorded: tuple[str, Founding]) -> None:
    """What is stored as the log's own checkpoint has the log's own lines."""
    url, made = recorded
    before, _ = sizes(url)
    stranger = log_key("elsewhere.example/compact")
    assert replaced(url, before, made.log_signer, stranger) == [("checkpoint_not_signed", "checkpoints", str(before))]


def test_a_note_of_another_log_is_found(recorded: tuple[str, Founding]) -> None:
    url, made = recorded
    before, _ = sizes(url)
    found = replaced(url, before, made.log_signer, origin="elsewhere.example/compact")
    assert found == [("checkpoint_not_signed", "checkpoints", str(before))]
