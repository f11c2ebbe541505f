"""The server's own part: it waits for its database, within bounds, and keeps passwords out of its log."""

import json
import logging
import threading
import time
from pathlib import Path

import pytest
import structlog

from api.server import migrate_when_up
from api.serving import configure_logging, listen, url_of
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.errors import StoreUnavailable
from tests.postgres import ask


def test_a_database_that_is_up_is_migrated_at_once(empty_database_url: str) -> None:
    said: list[str] = []
    migrate_when_up(empty_database_url, said.append, seconds_max=0)
    assert said == []
    assert ask(empty_database_url, "SELECT tree_size FROM head") == 0


def test_a_database_that_never_comes_is_given_up(tmp_path: Path) -> None:
    said: list[str] = []
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        migrate_when_up(f"host={tmp_path} dbname=ledger user=ledger", said.append, seconds_max=1.0)
    assert time.monotonic() - began < 10
    assert said
    assert all(line.startswith("waiting for the database") for line in said)


@pytest.mark.timeout(120)
def test_a_database_that_comes_late_is_waited_for(own_postgres: EmbeddedPostgres) -> None:
    with own_postgres:
        dsn = own_postgres.dsn
    said: list[str] = []
    late = threading.Timer(1.0, own_postgres.start)
    late.start()
    try:
        migrate_when_up(dsn, said.append, seconds_max=60)
        assert said
        assert ask(dsn, "SELECT tree_size FROM head") == 0
    finally:
        late.join()


def test_a_port_that_is_taken_is_refused() -> None:
    with listen("127.0.0.1", 0) as first:
        first.listen()
        port = int(url_of(first).rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", port)


def test_the_log_is_json_lines_on_stderr_without_passwords(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    try:
        configure_logging(logging.INFO)
        structlog.get_logger("x").info("connected", dsn="host=a password=hunter2")
        structlog.get_logger("x").debug("unseen")
        logging.getLogger("uvicorn.error").warning("said by the server")
        captured = capsys.readouterr()
    finally:
        structlog.configure(**before)
        logging.basicConfig(handlers=[], force=True)
    assert captured.out == ""
    assert "hunter2" not in captured.err
    lines = [json.loads(line) for line in captured.err.splitlines()]
    assert [line["event"] for line in lines] == ["connected", "said by the server"]
