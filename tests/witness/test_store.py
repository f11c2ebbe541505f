"""What was cosigned is never forgotten: not by a crash, a clock, a lost file or a careless hand."""

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledger.log.errors import NoteInvalid
from ledger.log.note import KeyKind, VerifierKey, format_vkey
from ledger.witness.directory import STORE, make_witness, open_cosigners, open_store
from ledger.witness.errors import ClockBehind, HeadsInvalid, HeadsUnavailable, KeysLocked, WitnessError
from ledger.witness.protocol import StatedTree, Status, format_add_checkpoint
from ledger.witness.store import CLOCK_SLIP_SECONDS_MAX, Head
from tests.witness.histories import TwoFacedLog, leaves, proof
from tests.witness.witnesses import NAME, NAMES, NOW, Made, made_witness

FIVE, EIGHT = leaves(5), leaves(8)


def _swap(made: Made, log: TwoFacedLog, expected: Head | None, history: tuple[bytes, ...]) -> Head | None:
    tree = log.checkpoint(history)
    stated = StatedTree(tree.origin, tree.tree_size, tree.root)
    return made.store.swap(expected, stated, log.note(history), made.clock)


def test_only_what_was_expected_is_replaced(made: Made, log: TwoFacedLog) -> None:
    five = _swap(made, log, None, FIVE)
    assert five == Head(5, log.checkpoint(FIVE).root, NOW, log.note(FIVE))
    assert _swap(made, log, None, EIGHT) is None
    assert _swap(made, log, Head(5, bytes(32), NOW, b""), EIGHT) is None
    assert _swap(made, log, Head(4, five.root, NOW, b""), EIGHT) is None
    assert made.store.head(log.origin) == five
    assert _swap(made, log, five, EIGHT) == made.store.head(log.origin)


def test_the_file_itself_lets_no_head_go_back(made: Made, log: TwoFacedLog) -> None:
    """Whoever has the code wrong, or the file open in a shell."""
    eight = _swap(made, log, None, EIGHT)
    with pytest.raises(HeadsUnavailable, match="a head never goes back"):
        _swap(made, log, eight, FIVE)
    with pytest.raises(HeadsUnavailable, match="a head never goes back"):
        _swap(made, log, eight, leaves(8, "another story"))
    with closing(sqlite3.connect(made.directory / STORE)) as connection:
        for statement in ("DELETE FROM heads", "UPDATE heads SET timestamp = 1", "UPDATE heads SET origin = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="a head"):
                connection.execute(statement)
    assert made.store.head(log.origin) == eight


def test_a_commit_is_synced_with_its_directory(made: Made, log: TwoFacedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk was told, as the connection that writes says itself; there is no WAL to be left behind."""
    said: list[tuple[int, str]] = []

    connect = sqlite3.connect

    class Watched(sqlite3.Connection):
        def close(self) -> None:
            said.append(
                (self.execute("PRAGMA synchronous").fetchone()[0], self.execute("PRAGMA journal_mode").fetchone()[0])
            )
            super().close()

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **named: connect(*args, **named, factory=Watched))
    tree = log.checkpoint(FIVE)
    made.store.swap(None, StatedTree(tree.origin, 5, tree.root), log.note(FIVE), made.clock)
    assert said == [(3, "delete")]
    assert sorted(path.name for path in made.directory.iterdir()) == ["heads.sqlite", "keys"]


def test_what_cannot_be_recorded_is_not_signed(made: Made, log: TwoFacedLog) -> None:
    made.witness.add_checkpoint(format_add_checkpoint(0, (), log.note(FIVE)))
    growth = format_add_checkpoint(5, proof(5, EIGHT), log.note(EIGHT))
    with closing(sqlite3.connect(made.directory / STORE)) as blocking:
        blocking.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON heads BEGIN SELECT raise(ABORT, 'the disk is full'); END"
        )
        with pytest.raises(HeadsUnavailable, match="the disk is full"):
            made.witness.add_checkpoint(growth)
        blocking.execute("DROP TRIGGER full")
    assert made.witness.add_checkpoint(growth).status is Status.COSIGNED


@pytest.mark.parametrize("crash", ["before_commit", "after_commit"])
def test_an_answer_that_was_never_given_can_be_asked_for_again(made: Made, log: TwoFacedLog, crash: str) -> None:
    """Recorded or not, the log gets its cosignature from where the record is."""

    class Crash(Exception):
        pass

    def crashing_clock() -> int:
        raise Crash

    tree = log.checkpoint(EIGHT)
    stated = StatedTree(tree.origin, 8, tree.root)
    if crash == "before_commit":
        with pytest.raises(Crash):
            made.store.swap(None, stated, log.note(EIGHT), crashing_clock)
    else:
        made.store.swap(None, stated, log.note(EIGHT), made.clock)
    recorded_size = 0 if crash == "before_commit" else 8
    answer = made.witness.add_checkpoint(format_add_checkpoint(8 - recorded_size, (), log.note(EIGHT)))
    assert (answer.status, answer.body) == (Status.STALE, f"{recorded_size}\n".encode())
    again = made.witness.add_checkpoint(format_add_checkpoint(recorded_size, (), log.note(EIGHT)))
    assert again.status is Status.COSIGNED


def test_times_never_go_back(made: Made, log: TwoFacedLog) -> None:
    """A cosignature says that no larger tree was known at its time; two of them must not say so of one time."""
    first = _swap(made, log, None, FIVE)
    made.clock.now = NOW - CLOCK_SLIP_SECONDS_MAX
    second = _swap(made, log, first, EIGHT)
    assert second is not None
    assert second.timestamp == NOW
    made.clock.now -= 1
    with pytest.raises(ClockBehind, match="one 61 seconds behind a cosignature"):
        _swap(made, log, second, leaves(9))
    assert made.store.head(log.origin) == second


def test_keys_without_their_store_never_sign_again(made: Made, log: TwoFacedLog) -> None:
    made.witness.add_checkpoint(format_add_checkpoint(0, (), log.note(FIVE)))
    (made.directory / STORE).unlink()
    # Also while it runs: an empty store would cosign a second history.
    with pytest.raises(HeadsUnavailable, match="unable to open"):
        made.witness.add_checkpoint(format_add_checkpoint(0, (), log.note(leaves(5, "another story"))))
    assert not (made.directory / STORE).exists()
    with pytest.raises(HeadsInvalid, match="this witness is over"):
        open_store(made.directory)
    with pytest.raises(WitnessError, match="keys are not overwritten"):
        make_witness(made.directory, NAMES, None)


def test_an_older_copy_is_noticed_by_a_witness_that_runs(made: Made, log: TwoFacedLog) -> None:
    witness, store = made.witness, made.directory / STORE
    witness.add_checkpoint(format_add_checkpoint(0, (), log.note(FIVE)))
    shutil.copy(store, made.directory / "old")
    witness.add_checkpoint(format_add_checkpoint(5, proof(5, EIGHT), log.note(EIGHT)))
    shutil.copy(made.directory / "old", store)
    other = FIVE + leaves(9, "another story")
    with pytest.raises(HeadsInvalid, match=r"size 5 after size 8\. An older copy"):
        witness.add_checkpoint(format_add_checkpoint(5, proof(5, other), log.note(other)))
    with pytest.raises(HeadsInvalid):
        witness.add_checkpoint(format_add_checkpoint(5, (), log.note(FIVE)))


def test_a_store_without_its_keys_is_not_overwritten(made: Made) -> None:
    shutil.rmtree(made.directory / "keys")
    with pytest.raises(WitnessError, match="expected no witness"):
        make_witness(made.directory, NAMES, None)
    with pytest.raises(WitnessError, match="No such file"):
        open_cosigners(made.directory, open_store(made.directory), None)


def test_making_that_was_cut_short_is_made_again(tmp_path: Path, log: TwoFacedLog) -> None:
    made = made_witness(tmp_path / "witness")
    (made.directory / "keys").rename(made.directory / "keys.new")
    again = made_witness(made.directory, log)
    assert again.vkeys != made.vkeys
    assert again.store.own_keys() == tuple(format_vkey(vkey) for vkey in again.vkeys)
    assert not (made.directory / "keys.new").exists()


def test_the_store_of_another_witness_is_refused(tmp_path: Path, made: Made) -> None:
    other = made_witness(tmp_path / "other")
    shutil.copy(other.directory / STORE, made.directory / STORE)
    with pytest.raises(HeadsInvalid, match="Each witness has its own store"):
        open_cosigners(made.directory, open_store(made.directory), None)


def _another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE heads (origin TEXT)")


def _another_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


def _with_wal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _damaged(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[4096:4196] = bytes(100)
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_another_database, "got application 0x0, version 0"),
        (_another_version, "version 1, at .*; got application 0x676c7774, version 2"),
        (lambda path: path.write_bytes(b"no database" * 100), "file is not a database"),
        (lambda path: path.write_bytes(b""), "got application 0x0"),
        (_with_wal, "a rollback journal for .*; got wal"),
        (_damaged, "without damage|malformed"),
    ],
)
def test_what_is_no_store_of_this_version_is_refused(made: Made, spoil: Callable[[Path], object], words: str) -> None:
    spoil(made.directory / STORE)
    with pytest.raises(HeadsInvalid, match=words):
        open_store(made.directory)


def test_everything_is_the_owners_alone(made: Made) -> None:
    for path in (made.directory, made.directory / "keys"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (made.directory / STORE, *(made.directory / "keys").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_can_be_locked(tmp_path: Path) -> None:
    vkeys: tuple[VerifierKey, ...] = make_witness(tmp_path / "w", NAMES, b"a passphrase")
    store = open_store(tmp_path / "w")
    assert tuple(one.vkey for one in open_cosigners(tmp_path / "w", store, b"a passphrase")) == vkeys
    for wrong, got in ((None, "got none"), (b"another", "got another")):
        with pytest.raises(KeysLocked, match=got):
            open_cosigners(tmp_path / "w", store, wrong)
    assert b"ENCRYPTED" in (tmp_path / "w/keys/mldsa44.pem").read_bytes()


def test_each_key_has_a_name_of_its_own(made: Made) -> None:
    assert [vkey.name for vkey in made.vkeys] == [NAME, f"{NAME}/mldsa44"]
    assert {vkey.kind for vkey in made.vkeys} == {KeyKind.COSIGNATURE_ED25519, KeyKind.COSIGNATURE_MLDSA44}


def test_a_name_that_no_note_can_hold_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoteInvalid):
        make_witness(tmp_path / "w", {KeyKind.COSIGNATURE_ED25519: "with space"}, None)
    assert not (tmp_path / "w").exists()
