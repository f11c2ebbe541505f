"""A copy of a log as tiles: to the byte what the specification says, growing, never losing; forks with their proof."""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.client import tile_folder
from ledger.client.connection import Connection
from ledger.client.errors import AnswerMalformed, ClientError, CopyDamaged, Unreachable
from ledger.client.fork import EvidenceInvalid, ForkProved, parse_evidence, verify_fork
from ledger.client.tile_archive import write_archive
from ledger.client.tile_copy import Trusted
from ledger.client.tile_folder import TileFolder, open_folder
from ledger.log.cosignature import cosignature_line, ed25519_cosigner, mldsa44_cosigner
from ledger.log.errors import LogInvalid
from ledger.log.note import parse_note, signature_line
from tests.acts import ORIGIN, log_key
from tests.audit.logs import checkpoint_over
from tests.audit.tile_folders import Files, read_back, written, zipped
from tests.client.tiled_logs import Origin, TiledLog, grown, serving_origin, some_entries
from tests.places import copied, passing_directory

ONE = some_entries(700)
OTHER = some_entries(700, "another")


@pytest.fixture
def log() -> TiledLog:
    return TiledLog()


@pytest.fixture(scope="module")
def served() -> Iterator[Origin]:
    with passing_directory() as place, serving_origin(place) as origin:
        yield origin


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 513, 700])
def test_a_copy_is_to_the_byte_what_the_specification_says(
    log: TiledLog, served: Origin, copy: Path, size: int
) -> None:
    files = log.serve(ONE[:size], served.directory)
    done = grown(served.connection, copy, log.trusted)
    assert (done.checkpoint.tree_size, done.before) == (size, 0)
    assert read_back(copy) == files


def test_a_copy_that_grows_keeps_all_that_was_there(log: TiledLog, served: Origin, copy: Path) -> None:
    sizes = [1, 2, 255, 256, 257, 300, 512, 700]
    before: Files = {}
    for at, size in enumerate(sizes):
        log.serve(ONE[:size], served.directory)
        grown(served.connection, copy, log.trusted)
        now = read_back(copy)
        assert now == log.files(ONE[:size], *sizes[:at])
        assert {path: raw for path, raw in before.items() if path != "checkpoint"}.items() <= now.items()
        before = now


def test_only_what_is_new_is_asked_for(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:520], served.directory)
    grown(served.connection, copy, log.trusted)
    assert "/tile/entries/000" in served.asked
    log.serve(ONE[:600], served.directory)
    served.asked.clear()
    grown(served.connection, copy, log.trusted)
    assert [path for path in served.asked if "entries" in path] == ["/tile/entries/002.p/88"]
    served.asked.clear()
    unchanged = read_back(copy)
    grown(served.connection, copy, log.trusted)
    assert served.asked == ["/checkpoint"]
    assert read_back(copy) == unchanged


def test_a_partial_file_that_has_gone_is_taken_from_the_full_one(log: TiledLog, served: Origin, copy: Path) -> None:
    """The checkpoint of an earlier tree, with the tiles of a later one that have taken the place of its own."""
    log.serve(ONE[:512], served.directory)
    (served.directory / "checkpoint").write_bytes(log.note(ONE[:300]))
    grown(served.connection, copy, log.trusted)
    assert read_back(copy) == log.files(ONE[:300])


def test_lines_that_nobody_here_can_verify_are_not_taken_along(log: TiledLog, served: Origin, copy: Path) -> None:
    note = log.note(ONE[:3])
    stranger = checkpoint_over(ONE[:3], log_key("stranger.example"), origin="stranger.example").splitlines()[-1] + b"\n"
    log.serve(ONE[:3], served.directory)
    (served.directory / "checkpoint").write_bytes(note + stranger)
    grown(served.connection, copy, log.trusted)
    assert (copy / "checkpoint").read_bytes() == note


def test_every_line_of_the_log_itself_is_taken_along(log: TiledLog, served: Origin, copy: Path) -> None:
    """Whoever pins one of its keys copies what whoever knows all of them will ask for."""
    log.serve(ONE[:3], served.directory)
    more = (mldsa44_cosigner(ORIGIN, bytes(32)), log_key().vkey)
    text = parse_note(log.note(ONE[:3])).text
    note = log.note(ONE[:3]) + cosignature_line(more[0], text, 7) + signature_line(more[1], bytes(64))
    (served.directory / "checkpoint").write_bytes(note)
    grown(served.connection, copy, log.trusted)
    assert (copy / "checkpoint").read_bytes() == note


def test_the_line_of_a_witness_is_taken_along_if_it_is_true(log: TiledLog, served: Origin, copy: Path) -> None:
    witness = ed25519_cosigner("witness.example", bytes(32))
    trusted = Trusted(ORIGIN, (*log.trusted.vkeys, witness.vkey))
    plain = log.note(ONE[:3])
    note = plain + cosignature_line(witness, parse_note(plain).text, 7)
    log.serve(ONE[:3], served.directory)
    grown(served.connection, copy, trusted)
    (served.directory / "checkpoint").write_bytes(note)
    grown(served.connection, copy, trusted)
    # The same tree, with more signatures; and with fewer again.
    assert (copy / "checkpoint").read_bytes() == note
    (served.directory / "checkpoint").write_bytes(plain)
    grown(served.connection, copy, trusted)
    assert (copy / "checkpoint").read_bytes() == note
    (served.directory / "checkpoint").write_bytes(plain + signature_line(witness.vkey, bytes(72)))
    with pytest.raises(AnswerMalformed):
        grown(served.connection, copy, trusted)


# What must not happen to a copy.


def refused(error: type[Exception], served: Origin, copy: Path, log: TiledLog) -> Exception:
    """Fail unless the copy is refused and stays as it is but for evidence; return why."""
    before = kept(copy)
    with pytest.raises(error) as found:
        grown(served.connection, copy, log.trusted)
    assert kept(copy) == before
    return found.value


def kept(copy: Path) -> Files:
    """Return the files that are a copy: neither evidence nor what was only begun."""
    return {path: raw for path, raw in read_back(copy).items() if not path.startswith(("fork-", ".growing/"))}


@pytest.mark.parametrize(
    ("before", "now"),
    [(5, 5), (5, 9), (9, 5), (1, 700), (255, 256), (256, 257), (256, 256), (257, 256), (512, 700), (700, 300)],
)
def test_another_story_is_refused_and_its_proof_kept(
    log: TiledLog, served: Origin, copy: Path, before: int, now: int
) -> None:
    log.serve(ONE[:before], served.directory)
    grown(served.connection, copy, log.trusted)
    log.serve(OTHER[:now], served.directory)
    refused(ForkProved, served, copy, log)
    (proof,) = copy.glob("fork-*.json")
    assert proof.name.startswith(f"fork-{max(before, now)}-")
    evidence = parse_evidence(proof.read_bytes())
    smaller, larger = verify_fork(evidence, log.trusted.vkeys)
    assert [smaller.tree_size, larger.tree_size] == sorted([before, now])
    # The same again finds the same, and writes the same file.
    refused(ForkProved, served, copy, log)
    assert list(copy.glob("fork-*.json")) == [proof]


@pytest.mark.parametrize("at", [0, 6, 254, 255, 256, 299])
def test_one_changed_entry_before_the_kept_checkpoint_is_a_fork(
    log: TiledLog, served: Origin, copy: Path, at: int
) -> None:
    log.serve(ONE[:300], served.directory)
    grown(served.connection, copy, log.trusted)
    log.serve([*ONE[:at], b"changed", *ONE[at + 1 : 700]], served.directory)
    refused(ForkProved, served, copy, log)


def test_a_log_that_is_behind_is_no_fork(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:300], served.directory)
    grown(served.connection, copy, log.trusted)
    log.serve(ONE[:200], served.directory)
    assert "the first 200 of them" in str(refused(AnswerMalformed, served, copy, log))
    log.serve(ONE[:300], served.directory)
    grown(served.connection, copy, log.trusted)


def test_evidence_proves_nothing_if_it_was_made_up(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:5], served.directory)
    grown(served.connection, copy, log.trusted)
    log.serve(OTHER[:9], served.directory)
    refused(ForkProved, served, copy, log)
    (proof,) = copy.glob("fork-*.json")
    good = json.loads(proof.read_bytes())
    verify_fork(parse_evidence(json.dumps(good).encode()))
    liar = TiledLog()
    bad = {
        "smaller": [
            liar.note(ONE[:5]).decode(),
            good["smaller"].replace("\n5\n", "\n6\n"),
            log.note(OTHER[:5]).decode(),
        ],
        "larger": [liar.note(OTHER[:9]).decode(), good["smaller"], log.note(OTHER[:8]).decode()],
        "root_in_larger": [good["smaller"].splitlines()[2], "", "AAAA", "x"],
        "consistency": [[], good["consistency"][1:], [*good["consistency"], "A" * 43 + "="], ["x"]],
        "origin": ["ledger.example/other"],
        "log_keys": [[], ["x"]],
        "kind": ["guarantee-ledger/fork/2"],
    }
    for field, values in bad.items():
        for value in values:
            with pytest.raises(LogInvalid):
                verify_fork(parse_evidence(json.dumps({**good, field: value}).encode()))
    with pytest.raises(LogInvalid):
        verify_fork(parse_evidence(proof.read_bytes()), liar.trusted.vkeys)
    for raw in (b"", b"{}", b"[" * 10_000, proof.read_bytes() + b"x", b" " * (600 * 1024)):
        with pytest.raises(EvidenceInvalid):
            parse_evidence(raw)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("tile/entries/000", lambda raw: raw[:-1] + b"?"),
        ("tile/entries/001.p/44", lambda raw: raw[:-1] + b"?"),
        ("tile/entries/001.p/44", lambda raw: raw[:-1]),
        ("tile/entries/001.p/44", lambda raw: raw + b"\0\0"),
        ("tile/entries/000", lambda raw: b""),
    ],
)
def test_wrong_entries_are_refused_and_nothing_of_them_is_kept(
    log: TiledLog, served: Origin, copy: Path, path: str, change: object
) -> None:
    files = log.serve(ONE[:300], served.directory)
    assert callable(change)
    (served.directory / path).write_bytes(change(files[path]))
    refused(AnswerMalformed, served, copy, log)
    log.serve(ONE[:300], served.directory)
    grown(served.connection, copy, log.trusted)
    assert read_back(copy) == files


def test_wrong_tiles_are_not_called_a_fork(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:300], served.directory)
    grown(served.connection, copy, log.trusted)
    files = log.serve(ONE[:700], served.directory)
    for path in ("tile/0/000", "tile/1/000.p/2", "tile/0/001"):
        for wrong in (bytes(len(files[path])), files[path][:-1], b""):
            (served.directory / path).write_bytes(wrong)
            with suppress(AnswerMalformed):
                grown(served.connection, copy, log.trusted)
            assert read_back(copy) in (log.files(ONE[:300]), log.files(ONE[:700], 300))
        (served.directory / path).write_bytes(files[path])
    assert not list(copy.glob("fork-*"))


def test_a_checkpoint_of_somebody_else_is_refused(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:300], served.directory)
    for note in (TiledLog().note(ONE[:300]), b"", b"\n", log.note(ONE[:300])[:-2], b"\xff" * 100):
        (served.directory / "checkpoint").write_bytes(note)
        refused(AnswerMalformed, served, copy, log)


def test_a_copy_that_was_tampered_with_is_not_continued(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:300], served.directory)
    grown(served.connection, copy, log.trusted)
    log.serve(ONE[:400], served.directory)
    honest = read_back(copy)
    for path in ("tile/0/001.p/44", "tile/1/000.p/1", "checkpoint"):
        (copy / path).write_bytes(honest[path][:-40] + bytes(40))
        refused(CopyDamaged, served, copy, log)
        (copy / path).unlink()
        if path != "checkpoint":
            refused(CopyDamaged, served, copy, log)
        (copy / path).write_bytes(honest[path])
    (copy / "tile/entries/001.p/44").unlink()
    refused(CopyDamaged, served, copy, log)


def test_a_directory_with_other_things_in_it_is_not_written_to(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:3], served.directory)
    written({"letter.txt": b"dear"}, copy)
    refused(ClientError, served, copy, log)
    written({"checkpoint": b"", "entries.ndjson": b""}, copy)
    refused(ClientError, served, copy, log)
    (served.directory / "file").write_bytes(b"")
    with pytest.raises(ClientError):
        grown(served.connection, served.directory / "file", log.trusted)


def test_two_processes_do_not_write_to_one_folder(log: TiledLog, served: Origin, copy: Path) -> None:
    log.serve(ONE[:3], served.directory)
    with open_folder(copy):
        refused(ClientError, served, copy, log)
    grown(served.connection, copy, log.trusted)


def test_a_disk_that_is_nearly_full_is_left_alone(
    log: TiledLog, served: Origin, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.serve(ONE[:3], served.directory)
    with monkeypatch.context() as patched:
        patched.setattr(tile_folder, "FREE_BYTES_MIN", 2**63)
        refused(OSError, served, copy, log)
    grown(served.connection, copy, log.trusted)


# Crashes.


class Crash(BaseException):
    """The process ends here."""


CALLS = ("replace", "rename", "mkdir", "fsync")
BEFORE, NOW = 300, 520


@pytest.fixture(scope="module")
def two_trees() -> Iterator[tuple[TiledLog, Origin, Origin]]:
    """One log, served as it was and as it is."""
    log = TiledLog()
    with passing_directory() as place:
        for size in (BEFORE, NOW):
            written(log.files(ONE[:size]), place / str(size))
        with serving_origin(place / str(BEFORE)) as first, serving_origin(place / str(NOW)) as second:
            yield log, first, second


@pytest.mark.parametrize("call", CALLS)
def test_wherever_a_crash_comes_the_folder_is_whole_and_the_next_run_completes_it(
    two_trees: tuple[TiledLog, Origin, Origin], copy: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends before each of the calls that change names or make them last, one after another."""
    log, first, second = two_trees
    grown(first.connection, copy, log.trusted)
    before, after = read_back(copy), {**read_back(copy), **read_back(second.directory)}
    crashes = 0
    for attempt in range(1, 100):
        place = copied(copy, copy.with_name(str(attempt)))
        with monkeypatch.context() as patched:
            crash_at(patched, call, attempt)
            with suppress(Crash):
                grown(second.connection, place, log.trusted)
                break
        crashes += 1
        now = kept(place)
        expected = before if now["checkpoint"] == before["checkpoint"] else after
        assert expected.items() <= now.items(), (call, attempt)
        grown(second.connection, place, log.trusted)
        assert read_back(place) == after, (call, attempt)
    assert crashes > 3


def test_negative_control_a_checkpoint_that_is_written_before_its_tiles_is_found(
    two_trees: tuple[TiledLog, Origin, Origin], copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, first, second = two_trees
    grown(first.connection, copy, log.trusted)
    after = {**read_back(copy), **read_back(second.directory)}

    def hasty(folder: TileFolder, note: bytes) -> None:
        folder.keep("checkpoint", note)
        raise Crash

    monkeypatch.setattr(TileFolder, "publish", hasty)
    with pytest.raises(Crash):
        grown(second.connection, copy, log.trusted)
    now = kept(copy)
    assert now["checkpoint"] == after["checkpoint"]
    assert not after.items() <= now.items()


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(65_535, 65_536, 65_537, 70_000), (1, 70_000), (70_000, 131_073)])
def test_large_trees_are_copied_to_the_byte(log: TiledLog, served: Origin, copy: Path, sizes: tuple[int, ...]) -> None:
    entries = some_entries(sizes[-1])
    for at, size in enumerate(sizes):
        log.serve(entries[:size], served.directory)
        grown(served.connection, copy, log.trusted)
        assert read_back(copy) == log.files(entries[:size], *sizes[:at])


def crash_at(patched: pytest.MonkeyPatch, call: str, attempt: int) -> None:
    """End before the call number `attempt` of a function of the operating system."""
    done = 0
    genuine = getattr(os, call)

    def ending(*arguments: object, **named: object) -> object:
        nonlocal done
        done += 1
        if done == attempt:
            raise Crash
        return genuine(*arguments, **named)

    patched.setattr(os, call, ending)


def test_what_was_fetched_before_a_failure_is_not_fetched_again(log: TiledLog, served: Origin, copy: Path) -> None:
    files = log.serve(ONE, served.directory)
    (served.directory / "tile/entries/001").unlink()
    refused_once(served, copy, log)
    (served.directory / "tile/entries/001").write_bytes(files["tile/entries/001"])
    served.asked.clear()
    grown(served.connection, copy, log.trusted)
    assert [path for path in served.asked if "entries" in path] == ["/tile/entries/001", "/tile/entries/002.p/188"]
    assert read_back(copy) == files


def refused_once(served: Origin, copy: Path, log: TiledLog) -> None:
    with pytest.raises(ClientError):
        grown(served.connection, copy, log.trusted)
    assert not (copy / "checkpoint").exists()


def test_what_was_fetched_from_a_liar_does_not_stand_in_the_way(log: TiledLog, served: Origin, copy: Path) -> None:
    for place in ("tile/entries/000", "tile/entries/001"):
        files = log.serve(ONE, served.directory)
        (served.directory / "tile/entries/000").write_bytes(files["tile/entries/000"][:-1] + b"?")
        (served.directory / "tile/entries/002.p/188").unlink()
        refused_once(served, copy, log)
        assert (copy / ".growing" / place).exists()
    files = log.serve(ONE, served.directory)
    grown(served.connection, copy, log.trusted)
    assert read_back(copy) == files


# One file.


def test_an_archive_has_all_of_the_tree_and_the_same_bytes_always(
    log: TiledLog, served: Origin, copy: Path, tmp_path: Path
) -> None:
    archives = []
    for number, sizes in enumerate(([520], [1, 300, 520])):
        for size in sizes:
            log.serve(ONE[:size], served.directory)
            grown(served.connection, copy / str(number), log.trusted)
        file = tmp_path / f"{number}.zip"
        with open_folder(copy / str(number)) as folder:
            write_archive(folder, file)
        archives.append(file.read_bytes())
    assert archives[0] == archives[1]
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == log.files(ONE[:520])
        assert archive.namelist()[0] == "checkpoint"


def test_an_archive_is_not_written_over_another_nor_of_a_damaged_folder(
    log: TiledLog, served: Origin, copy: Path, tmp_path: Path
) -> None:
    files = log.serve(ONE[:300], served.directory)
    grown(served.connection, copy, log.trusted)
    file = zipped({"a": b"b"}, tmp_path / "a.zip")
    before = file.read_bytes()
    with open_folder(copy) as folder:
        with pytest.raises(ClientError):
            write_archive(folder, file)
        assert file.read_bytes() == before
        for path in ("tile/entries/000", "tile/entries/001.p/44"):
            (copy / path).write_bytes(files[path][:-1] + b"?")
            with pytest.raises(CopyDamaged):
                write_archive(folder, tmp_path / "damaged.zip")
            (copy / path).write_bytes(files[path])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "copy"]


def test_an_address_where_nothing_answers(log: TiledLog, copy: Path) -> None:
    with Connection("http://127.0.0.1:1", waits_s=()) as connection, pytest.raises(Unreachable):
        grown(connection, copy, log.trusted)
