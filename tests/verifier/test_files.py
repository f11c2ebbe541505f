"""Receipts and exports in the hands of the verifier in JavaScript: what is right is proven, what was changed is not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.audit.export import CHECKPOINT, ENTRIES
from ledger.log.note import format_vkey
from tests.acts import founding
from tests.audit.histories import History
from tests.audit.logs import Log, exported, log_of
from tests.client.sealed_log import SealedLog, sealed_log
from tests.verifier.javascript import Ended, needs_node, verifier

pytestmark = needs_node

DRAWS = 40


@pytest.fixture(scope="module")
def history() -> History:
    one = History(3)
    one.run(DRAWS)
    return one


@pytest.fixture(scope="module")
def log(history: History) -> Log:
    return log_of(history.recorder.envelopes, history.founding.log_signer)


@pytest.fixture
def audited(history: History, log: Log, tmp_path: Path) -> Callable[[Log], Ended]:
    """Export a log, and verify the directory with the key of the founding."""
    numbers = iter(range(1000))

    def run(one: Log) -> Ended:
        directory = tmp_path / str(next(numbers))
        exported(one, directory)
        return verifier("export", directory, "--vkey", format_vkey(history.founding.log_signer.vkey))

    return run


def test_an_export_is_proven_by_chain_and_tree(log: Log, audited: Callable[[Log], Ended]) -> None:
    done = audited(log)
    assert done.code == 0, done.said
    assert done.proven["entries"] == len(log.entries)
    assert done.proven["last"] == log.entries_of()[-1].sha256


def rewritten(log: Log) -> Iterator[Log]:
    """Yield what an operator might do to the entries under the same checkpoint."""
    entries = list(log.entries)
    yield log.with_entries(entries[:-1])
    yield log.with_entries([*entries[:4], *entries[5:]])
    yield log.with_entries([*entries[:4], entries[5], entries[4], *entries[6:]])
    yield log.with_entries([*entries, entries[-1]])
    yield log.with_entries([*entries[:-1], entries[-1].replace(b'"recorded_at":"2', b'"recorded_at":"1')])
    yield log.with_entries([*entries[:-1], entries[-1].replace(b'"position":', b'"position": ')])
    yield log.with_entries([entries[0].replace(b'"position":1', b'"position":1,"position":1'), *entries[1:]])


def test_what_was_done_to_the_entries_is_found(log: Log, audited: Callable[[Log], Ended]) -> None:
    lies = list(rewritten(log))
    assert [audited(lie).code for lie in lies] == [1] * len(lies)


def test_another_log_is_not_taken_for_this_one(audited: Callable[[Log], Ended]) -> None:
    other = founding()
    assert audited(log_of(other.raws, other.log_signer)).code == 1


def test_a_directory_without_an_export_decides_nothing(log: Log, tmp_path: Path) -> None:
    exported(log, tmp_path / "export")
    (tmp_path / "export" / CHECKPOINT).unlink()
    anchor = log.entries_of()[0].sha256
    assert verifier("export", tmp_path / "export", "--anchor", anchor).code == 3
    assert verifier("export", tmp_path / "nowhere", "--anchor", anchor).code == 3
    assert verifier("export", tmp_path / "export").code == 2


def test_the_anchor_names_the_keys(log: Log, tmp_path: Path) -> None:
    exported(log, tmp_path / "export")
    anchor = log.entries_of()[0].sha256
    assert verifier("export", tmp_path / "export", "--anchor", anchor).code == 0
    assert verifier("export", tmp_path / "export", "--anchor", anchor[::-1]).code == 1
    (tmp_path / "export" / ENTRIES).write_bytes(b"")
    assert verifier("export", tmp_path / "export", "--anchor", anchor).code == 3


@pytest.fixture(scope="module")
def sealed() -> SealedLog:
    return sealed_log()


def test_a_receipt_is_proven_and_a_changed_one_is_not(sealed: SealedLog, tmp_path: Path) -> None:
    receipt, entry = tmp_path / "act.tlog-proof", tmp_path / "act.entry.json"
    entry.write_bytes(sealed.entries[1].raw + b"\n")
    for number, raw in enumerate((sealed.receipts[1], sealed.receipts[0], sealed.receipts[1][:-1])):
        receipt.write_bytes(raw)
        assert verifier("receipt", receipt, entry, "--vkey", sealed.vkey).code == (0 if number == 0 else 1)
    receipt.write_bytes(sealed.receipts[1])
    entry.write_bytes(sealed.entries[1].raw.replace(b"T00:00:00", b"T00:00:01"))
    assert verifier("receipt", receipt, entry, "--vkey", sealed.vkey).code == 1


@pytest.mark.parametrize(
    "arguments",
    [(), ("bundle",), ("nothing", "x"), ("bundle", "x", "--strange"), ("bundle", "x", "--vkey", "not a key")],
)
def test_what_was_asked_wrongly_is_usage(arguments: tuple[str, ...]) -> None:
    done = verifier(*arguments)
    assert (done.code, done.proven) == (2, None)
    assert done.said.startswith("usage: ")


def test_without_webcrypto_nothing_is_decided(sealed: SealedLog, tmp_path: Path) -> None:
    receipt, entry = tmp_path / "act.tlog-proof", tmp_path / "act.entry.json"
    receipt.write_bytes(sealed.receipts[1])
    entry.write_bytes(sealed.entries[1].raw)
    done = verifier("receipt", receipt, entry, "--vkey", sealed.vkey, node_options="--no-experimental-global-webcrypto")
    assert (done.code, done.proven) == (3, None)
    assert "WebCrypto" in done.said
