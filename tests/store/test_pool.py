"""Waiting for a connection: long where all are in use, short where there is no database."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from psycopg_pool import PoolTimeout

from ledger.store.database import AWAY_WAIT_SECONDS_MAX, open_pool

AWAY_SECONDS_MAX = AWAY_WAIT_SECONDS_MAX + 1.5
"""What a busy machine takes is allowed for."""


def test_who_finds_every_connection_in_use_waits_on(database_url: str) -> None:
    with open_pool(database_url, size_max=1) as pool, ThreadPoolExecutor(1) as other:
        with pool.connection():
            waiting = other.submit(lambda: pool.putconn(pool.getconn()))
            time.sleep(AWAY_WAIT_SECONDS_MAX + 0.3)
            assert not waiting.done()
        waiting.result(timeout=5)


def test_who_finds_no_database_is_told_soon(tmp_path: Path) -> None:
    with open_pool(f"host={tmp_path} dbname=nothing") as pool:
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(PoolTimeout):
                pool.getconn()
            assert time.monotonic() - begun < AWAY_SECONDS_MAX
