"""The command that runs a ledger on one machine: it starts, says so, serves, and leaves nothing behind."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
import structlog
from typer.testing import CliRunner, Result

from api.up import made_key
from ledger.cli.main import app
from ledger.log.cosignature import mldsa44_cosigner
from ledger.log.note import KeyKind, parse_vkey
from ledger.signing.mldsa import load_mldsa44
from ledger.signing.signer import load_signer
from tests.acts import founding
from tests.api.served import found, served, settings_for

START_SECONDS_MAX = 60.0


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ledger.cli", *arguments]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEDGER_", "DATABASE_URL"))}
    return {**kept, **more}


@contextmanager
def running(*arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield the process and the address that its ready line names."""
    process = subprocess.Popen(
        command(*arguments),
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "is ready at http://127.0.0.1:" in line, line + (process.stderr.read() if process.poll() else "")
        yield process, line.partition(" at ")[2].split()[0]
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=START_SECONDS_MAX)


def called(*arguments: str, **more: str) -> Result:
    """Run the command in this process, where it has to end by itself."""
    before = structlog.get_config()
    unset = dict.fromkeys(os.environ.keys() - environment().keys())
    try:
        return CliRunner().invoke(app, arguments, env={**unset, **more}, catch_exceptions=False)
    finally:
        structlog.configure(**before)
        logging.basicConfig(handlers=[], force=True)


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def stopped(process: subprocess.Popen[str], by: signal.Signals) -> None:
    """Stop the ledger; it must end well, and everything that it started with it."""
    started = descendants(process)
    assert started
    process.send_signal(by)
    output, talk = process.communicate(timeout=START_SECONDS_MAX)
    assert (process.returncode, output, talk) == (0, "", "stopped\n")
    give_up = time.monotonic() + 10
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in started):
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.mark.timeout(180)
def test_up_starts_from_nothing_and_stops_all_that_it_started(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("up", "--data", str(data), "--port", "0") as (process, url):
        assert httpx.get(f"{url}/readyz", timeout=20).status_code == 200
        told = httpx.get(f"{url}/v1/ledger").json()
        stopped(process, signal.SIGINT)
    keys = {name: (data / "keys" / name) for name in ("log.pem", "service.pem")}
    mldsa = data / "keys" / "log-mldsa.pem"
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (*keys.values(), mldsa))
    assert [parse_vkey(key).kind for key in told["log_keys"]] == [KeyKind.ED25519, KeyKind.COSIGNATURE_MLDSA44]
    assert mldsa44_cosigner(told["origin"], load_mldsa44(mldsa).seed).vkey == parse_vkey(told["log_keys"][1])
    assert len({load_signer(path, None).key_id for path in keys.values()}) == 2
    with running("up", "--data", str(data), "--port", "0") as (process, url):
        again = httpx.get(f"{url}/v1/ledger").json()
        stopped(process, signal.SIGTERM)
    assert (again["log_keys"], again["service_key"]) == (told["log_keys"], told["service_key"])


@pytest.mark.timeout(120)
def test_a_second_up_on_the_same_data_is_told_who_has_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("up", "--data", str(data), "--port", "0") as (process, url):
        second = subprocess.run(
            command("up", "--data", str(data), "--port", "0"), env=environment(), capture_output=True, text=True
        )
        assert second.returncode == 2
        assert f"process {process.pid}" in second.stderr
        assert url in second.stderr
        assert httpx.get(f"{url}/healthz").status_code == 200
        port = url.rpartition(":")[2]
        taken = called("up", "--data", str(tmp_path / "other"), "--port", port)
        assert (taken.exit_code, taken.stdout) == (2, "")
        assert f"--port {port}" in taken.stderr
        assert "Traceback" not in taken.stderr
        assert not (tmp_path / "other" / "postgres").exists()


@pytest.mark.timeout(120)
def test_up_takes_the_database_that_is_named_and_keeps_its_origin(tmp_path: Path, database_url: str) -> None:
    data, named = tmp_path / "data", "ledger.example/mine"
    with running("up", "--data", str(data), "--port", "0", "--origin", named, DATABASE_URL=database_url) as (_, url):
        assert httpx.get(f"{url}/v1/ledger").json()["origin"] == named
    assert not (data / "postgres").exists()
    other = called(
        "up", "--data", str(data), "--port", "0", "--origin", "ledger.example/other", DATABASE_URL=database_url
    )
    assert other.exit_code == 2
    assert named in other.stderr


@pytest.mark.timeout(120)
def test_serve_runs_what_the_environment_describes(tmp_path: Path, database_url: str) -> None:
    described = {
        "DATABASE_URL": database_url,
        "LEDGER_ORIGIN": "ledger.example/served",
        "LEDGER_KEY_FILE": str(made_key(tmp_path / "log.pem")),
        "LEDGER_DATA": str(tmp_path),
    }
    with running("serve", "--port", "0", **described) as (_, url):
        assert httpx.get(f"{url}/readyz", timeout=20).status_code == 200
        assert httpx.get(f"{url}/v1/ledger").json()["origin"] == "ledger.example/served"
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (0,)
    del described["LEDGER_KEY_FILE"]
    refused = subprocess.run(command("serve"), env=environment(**described), capture_output=True, text=True)
    assert refused.returncode == 2
    assert "LEDGER_KEY_FILE" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.timeout(120)
def test_a_log_that_was_opened_around_other_keys_is_not_served(tmp_path: Path, database_url: str) -> None:
    made = founding()
    with served(settings_for(made, database_url, tmp_path)) as one:
        found(one, made)
    for origin in (made.origin, "ledger.example/other"):
        data = tmp_path / origin.replace("/", "-")
        refused = called("up", "--data", str(data), "--port", "0", "--origin", origin, DATABASE_URL=database_url)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "expected" in refused.stderr
        assert "Traceback" not in refused.stderr
