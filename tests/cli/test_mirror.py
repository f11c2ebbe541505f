"""`gledger mirror` as a process that is killed, told to end, lied to; and the archives of `gledger export`."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner, Result

from ledger.cli.main import app
from ledger.log.note import format_vkey
from tests.acts import founding
from tests.audit.logs import log_of
from tests.audit.tile_folders import Files, folder_of, read_back, written
from tests.cli.running import GLEDGER
from tests.client.tiled_logs import Origin, TiledLog, serving_origin, some_entries
from tests.places import passing_directory

ENTRIES = some_entries(1100)
SECONDS_MAX = 60.0


@pytest.fixture(scope="module")
def log() -> TiledLog:
    return TiledLog()


@pytest.fixture(scope="module")
def vkey(log: TiledLog) -> str:
    return format_vkey(log.signer.vkey)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with passing_directory() as place, serving_origin(place) as served:
        yield served


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


def gledger(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def started(origin: Origin, mirror: Path, *more: str) -> subprocess.Popen[str]:
    command = [*GLEDGER, "mirror", origin.server.url, str(mirror), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def copied(mirror: Path) -> Files:
    """Return the files of the log in a mirror."""
    own = ("mirror.json", ".growing/", "fork-")
    return {path: raw for path, raw in read_back(mirror).items() if not path.startswith(own)}


def eventually(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)


# Killed.


@pytest.mark.fault
def test_a_mirror_that_is_killed_again_and_again_is_whole_and_completes(
    log: TiledLog, vkey: str, origin: Origin, mirror: Path
) -> None:
    """Killed at its second or third request, before and after the first bundles are there; the log grows meanwhile."""
    tree: list[bytes] = []
    for size, request in ((700, 2), (700, 3), (700, 3), (1100, 3), (1100, 2)):
        files = log.serve(ENTRIES[:size], origin.directory)
        origin.asked.clear()
        process = started(origin, mirror, "--vkey", vkey)
        killed_at(origin, process, request)
        assert process.wait(SECONDS_MAX) == -signal.SIGKILL, process.communicate()
        # Nothing is called a copy that is not a whole one.
        assert copied(mirror) == {}
        tree = ENTRIES[:size]
    origin.server.before = lambda path: None
    origin.asked.clear()
    done = started(origin, mirror)
    assert done.wait(SECONDS_MAX) == 0, done.communicate()
    assert copied(mirror) == files == log.files(tree)
    assert not (mirror / ".growing").exists()
    # What the killed ones had fetched was not fetched again, and the key was known from the first of them.
    assert origin.asked == ["/checkpoint", "/tile/entries/003", "/tile/entries/004.p/76"]


def killed_at(origin: Origin, process: subprocess.Popen[str], request: int) -> None:
    """Have the process killed when it makes its request of that number."""

    def kill(path: str) -> None:
        if len(origin.asked) == request:
            os.kill(process.pid, signal.SIGKILL)

    origin.server.before = kill


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.parametrize("seed", range(4))
def test_a_mirror_that_is_killed_at_any_time_is_whole(
    log: TiledLog, vkey: str, origin: Origin, mirror: Path, seed: int
) -> None:
    """From the first request on until all is in its place: the server takes its time, so that there is some."""
    random = Random(seed)
    origin.server.before = lambda path: time.sleep(0.01)
    trees = {size: log.files(ENTRIES[:size]) for size in (300, 600, 1100)}
    killed = 0
    for size in trees:
        log.serve(ENTRIES[:size], origin.directory)
        for _ in range(8):
            origin.asked.clear()
            process = started(origin, mirror, "--vkey", vkey)
            eventually(lambda: bool(origin.asked))
            time.sleep(random.random() * 0.15)
            process.kill()
            process.communicate()
            killed += process.returncode == -signal.SIGKILL
            now = copied(mirror)
            if "checkpoint" in now:
                (tree,) = [files for files in trees.values() if files["checkpoint"] == now["checkpoint"]]
                assert tree.items() <= now.items(), f"seed {seed}"
        done = started(origin, mirror, "--vkey", vkey)
        assert done.wait(SECONDS_MAX) == 0, done.communicate()
        assert trees[size].items() <= copied(mirror).items(), f"seed {seed}"
    assert killed > 3, f"seed {seed}: {killed} came in time"


# Following.


def test_a_mirror_follows_until_it_is_told_to_end(log: TiledLog, vkey: str, origin: Origin, mirror: Path) -> None:
    log.serve(ENTRIES[:5], origin.directory)
    process = started(origin, mirror, "--vkey", vkey, "--every", "0.1")
    eventually((mirror / "checkpoint").exists)
    moved = origin.directory / "checkpoint"
    moved.rename(moved.with_name("away"))
    asked = len(origin.asked)
    eventually(lambda: len(origin.asked) > asked + 1)
    assert process.poll() is None
    moved.with_name("away").rename(moved)
    log.serve(ENTRIES[:300], origin.directory)
    eventually(lambda: (mirror / "checkpoint").read_bytes() == log.note(ENTRIES[:300]))
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SECONDS_MAX)
    assert (process.returncode, "Stopped." in err) == (0, True), err
    assert "5 entries" in out
    assert copied(mirror) == log.files(ENTRIES[:300], 5)


def test_a_follower_ends_at_a_fork(log: TiledLog, vkey: str, origin: Origin, mirror: Path) -> None:
    log.serve(ENTRIES[:5], origin.directory)
    process = started(origin, mirror, "--vkey", vkey, "--every", "0.1")
    eventually((mirror / "checkpoint").exists)
    log.serve(some_entries(9, "another"), origin.directory)
    _, err = process.communicate(timeout=SECONDS_MAX)
    assert (process.returncode, "told two stories" in err) == (1, True), err


# Told two stories.


def test_a_fork_ends_with_1_and_its_proof_convinces_anybody(
    log: TiledLog, vkey: str, origin: Origin, mirror: Path
) -> None:
    files = log.serve(ENTRIES[:5], origin.directory)
    assert gledger("mirror", origin.server.url, str(mirror), "--vkey", vkey).exit_code == 0
    log.serve(some_entries(9, "another"), origin.directory)
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 1
    assert copied(mirror) == files
    (proof,) = mirror.glob("fork-9-*.json")
    proved = gledger("verify-fork", str(proof), "--vkey", vkey)
    assert (proved.exit_code, "5 entries" in proved.stdout, "9 entries" in proved.stdout) == (0, True, True)
    assert json.loads(gledger("verify-fork", str(proof), "--json").stdout)["sizes"] == [5, 9]
    assert gledger("verify-fork", str(proof), "--vkey", format_vkey(TiledLog().signer.vkey)).exit_code == 1
    proof.write_bytes(b"{}")
    assert gledger("verify-fork", str(proof)).exit_code == 1


# Whose log it is.


def test_a_mirror_remembers_whose_log_it_is_for(log: TiledLog, vkey: str, origin: Origin, mirror: Path) -> None:
    log.serve(ENTRIES[:5], origin.directory)
    # Files alone do not say which keys to believe.
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 3
    assert copied(mirror) == {}
    first = gledger("mirror", origin.server.url, str(mirror), "--vkey", vkey, "--json")
    assert json.loads(first.stdout)["tree_size"] == 5
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 0
    other = TiledLog()
    other.serve(ENTRIES[:9], origin.directory)
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 3
    stranger = format_vkey(other.signer.vkey).replace("ledger.example", "other.example")
    assert gledger("mirror", origin.server.url, str(mirror), "--vkey", stranger).exit_code != 0
    (mirror / "mirror.json").write_bytes(b"{")
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 3


def test_a_log_that_has_changed_its_key_is_followed_by_whoever_knows_the_new_one(
    log: TiledLog, vkey: str, origin: Origin, mirror: Path
) -> None:
    log.serve(ENTRIES[:5], origin.directory)
    assert gledger("mirror", origin.server.url, str(mirror), "--vkey", vkey).exit_code == 0
    later = TiledLog()
    later_key = format_vkey(later.signer.vkey)
    later.serve(ENTRIES[:9], origin.directory)
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 3
    assert gledger("mirror", origin.server.url, str(mirror), "--vkey", later_key).exit_code == 0
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 0
    assert copied(mirror) == later.files(ENTRIES[:9], 5)
    # What the earlier key signs now is not believed any more.
    log.serve(ENTRIES[:12], origin.directory)
    assert gledger("mirror", origin.server.url, str(mirror)).exit_code == 3


def test_a_workspace_says_whose_log_it_is_for(
    log: TiledLog, vkey: str, origin: Origin, mirror: Path, tmp_path: Path
) -> None:
    log.serve(ENTRIES[:5], origin.directory)
    pinned = {"origin": log.trusted.origin, "log_keys": [vkey]}
    written({"ledger.json": json.dumps(pinned).encode()}, tmp_path / "workspace")
    done = gledger("mirror", origin.server.url, str(mirror), "--dir", str(tmp_path / "workspace"))
    assert done.exit_code == 0, done.output


# Exports.


def test_an_export_is_a_folder_an_archive_or_both_and_each_is_audited(tmp_path: Path) -> None:
    made = founding()
    log = log_of(made.raws, made.log_signer)
    vkey = format_vkey(made.log_signer.vkey)
    static, alone, beside = tmp_path / "static", tmp_path / "alone.zip", tmp_path / "beside.zip"
    with passing_directory() as place, serving_origin(place) as origin:
        written(folder_of(log), origin.directory)
        address = ("--url", origin.server.url, "--vkey", vkey)
        assert gledger("export", "--zip", str(alone), *address).exit_code == 0
        both = gledger("export", "--static", str(static), "--zip", str(beside), "--json", *address)
        assert both.exit_code == 0, both.output
        assert gledger("export", *address).exit_code == 2
        assert gledger("export", "--zip", str(alone), *address).exit_code == 2
    assert alone.read_bytes() == beside.read_bytes()
    assert read_back(static) == folder_of(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone.zip", "beside.zip", "static"]
    with serving_origin(static) as origin:
        for copy in (str(static), str(alone), origin.server.url):
            done = gledger("audit", copy, "--vkey", vkey)
            assert (done.exit_code, "proved   tiles" in done.stdout) == (0, True), done.output
        for path, status in (("tile/0/000.p/5", 3), ("tile/entries/000.p/5", 3), ("checkpoint", 3)):
            raw = (static / path).read_bytes()
            (static / path).write_bytes(raw[:20] + b"?" + raw[21:])
            assert gledger("audit", origin.server.url, "--vkey", vkey).exit_code == 1, path
            (static / path).unlink()
            assert gledger("audit", origin.server.url, "--vkey", vkey).exit_code == status, path
            (static / path).write_bytes(raw)
