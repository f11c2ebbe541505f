"""A reader that shares no code with the ledger reads it: from a real server, from its static export, from a mirror."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger.cli.main import app
from ledger.log.entry import parse_entry
from ledger.log.note import format_vkey
from tests import foreign_reader
from tests.acts import Founding, founding
from tests.api.served import Served, passing_ledger
from tests.client.static_server import serving_files
from tests.client.tiled_logs import TiledLog, grown, serving_origin, some_entries
from tests.conftest import REPOSITORY

SIZES = (1, 2, 255, 256, 257, 620)


@pytest.fixture(scope="module")
def made() -> Founding:
    return founding()


@pytest.fixture(scope="module")
def growing(postgres_server: str, made: Founding) -> Iterator[Served]:
    """A served ledger in which nothing is recorded yet."""
    with passing_ledger(postgres_server, made, founded=False) as one:
        yield one


def test_it_reads_a_server_and_its_static_export_at_every_size(growing: Served, made: Founding, tmp_path: Path) -> None:
    vkey = format_vkey(made.log_signer.vkey)
    raws = list(made.raws)
    raws += [made.depositary.renaming(f"Name {number}", subject="gb") for number in range(SIZES[-1] - len(raws))]
    static = tmp_path / "static"
    before = 0
    with serving_files(static) as files:
        for size in SIZES:
            assert growing.batch(raws[before:size]).is_success
            before = size
            done = CliRunner().invoke(app, ["export", "--static", str(static), "--url", growing.url, "--vkey", vkey])
            assert done.exit_code == 0, done.output
            expected = (size, foreign_reader.root([parse_entry(raw).leaf_hash for raw in entries_of(growing)]))
            for place in (growing.url, str(static), files.url):
                found_size, root, entries = foreign_reader.read(place, vkey)
                assert (found_size, root) == expected, place
                assert [parse_entry(raw).envelope for raw in entries] == raws[:size]
    done = CliRunner().invoke(app, ["audit", str(static), "--vkey", vkey])
    assert done.exit_code == 0, done.output


def entries_of(one: Served) -> list[bytes]:
    return one.get("/v1/entries?limit=1000").content.split(b"\n")[:-1]


def test_it_can_be_run_by_itself(tmp_path: Path) -> None:
    log = TiledLog()
    log.serve(some_entries(3), tmp_path)
    command = [sys.executable, "-I", str(REPOSITORY / "tests" / "foreign_reader.py"), str(tmp_path)]
    done = subprocess.run([*command, format_vkey(log.signer.vkey)], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout.startswith(b"verified: (3, ")) == (0, True), done.stderr
    other = subprocess.run([*command, format_vkey(TiledLog().signer.vkey)], capture_output=True, timeout=60)
    assert other.returncode == 1


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000"])
def test_negative_control_it_refuses_a_changed_byte(path: str, tmp_path: Path) -> None:
    log = TiledLog()
    files = log.serve(some_entries(300), tmp_path)
    vkey = format_vkey(log.signer.vkey)
    foreign_reader.read(str(tmp_path), vkey)
    for at in (0, 5, len(files[path]) // 2, len(files[path]) - 5):
        raw = files[path]
        (tmp_path / path).write_bytes(raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :])
        with pytest.raises(Exception):  # noqa: B017, PT011  # whatever it is: it does not end well
            foreign_reader.read(str(tmp_path), vkey)
    (tmp_path / path).write_bytes(files[path])
    foreign_reader.read(str(tmp_path), vkey)


@pytest.mark.parametrize(("before", "now"), [(1, 1), (4, 4), (5, 5), (5, 9), (9, 5), (4, 9), (255, 300), (256, 700)])
def test_it_checks_the_evidence_of_a_fork(before: int, now: int, tmp_path: Path) -> None:
    log = TiledLog()
    vkey = format_vkey(log.signer.vkey)
    copy = tmp_path / "copy"
    (tmp_path / "served").mkdir()
    with serving_origin(tmp_path / "served") as origin:
        log.serve(some_entries(before), origin.directory)
        grown(origin.connection, copy, log.trusted)
        log.serve(some_entries(now, "another"), origin.directory)
        with pytest.raises(Exception, match="as the log signed it before"):
            grown(origin.connection, copy, log.trusted)
    (proof,) = copy.glob("fork-*.json")
    evidence = json.loads(proof.read_bytes())
    assert foreign_reader.fork(evidence, vkey) == (min(before, now), max(before, now))
    evidence["root_in_larger"] = evidence["smaller"].splitlines()[2]
    with pytest.raises(ValueError, match="expected"):
        foreign_reader.fork(evidence, vkey)
