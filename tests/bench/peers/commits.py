"""Plain INSERT … COMMIT by psycopg: a row for each act, a transaction for each row.

python -m tests.bench.peers.commits CONNECTION FILE FIRST COUNT BATCH   prints rows committed in a second
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from tests.bench.limits import lines_of


def main(arguments: Sequence[str]) -> float:
    """Return rows per second; of more than one in a batch, `batch` by one executemany in one transaction."""
    path, (first, count, batch) = Path(arguments[1]), map(int, arguments[2:5])
    with psycopg.connect(arguments[0], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS acts (id bigserial PRIMARY KEY, body bytea NOT NULL)")
        rows = [(raw,) for raw in lines_of(path, first, first + count)]
        began = time.perf_counter()
        for at in range(0, len(rows), batch):
            with connection.transaction(), connection.cursor() as cursor:
                for row in rows[at : at + batch]:
                    cursor.execute("INSERT INTO acts (body) VALUES (%s)", row, prepare=True)
        return len(rows) / (time.perf_counter() - began)


if __name__ == "__main__":
    print(main(sys.argv[1:]))
