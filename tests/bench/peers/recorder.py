"""Events inserted by eventsourcing's own application recorder: unsigned, unchained, positions from a sequence.

python -m tests.bench.peers.recorder CONNECTION FILE FIRST COUNT BATCH   prints events inserted in a second
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from tests.bench.limits import lines_of


def password_of(connection: dict[str, object]) -> str:
    """Return the password in the file that a connection string of the embedded server names."""
    line = Path(str(connection["passfile"])).read_text(encoding="utf-8").strip()
    return line.rpartition(":")[2]


def main(arguments: Sequence[str]) -> float:
    """Return events per second."""
    connection = dict(conninfo_to_dict(arguments[0]))
    path, (first, count, batch) = Path(arguments[1]), map(int, arguments[2:5])
    datastore = PostgresDatastore(
        dbname=str(connection["dbname"]),
        host=str(connection["host"]),
        port=str(connection["port"]),
        user=str(connection["user"]),
        password=password_of(dict(connection)),
    )
    with datastore:
        recorder = PostgresApplicationRecorder(datastore)
        recorder.create_table()
        events = [StoredEvent(uuid4(), 1, "act", raw) for raw in lines_of(path, first, first + count)]
        began = time.perf_counter()
        for at in range(0, len(events), batch):
            recorder.insert_events(events[at : at + batch])
        return len(events) / (time.perf_counter() - began)


if __name__ == "__main__":
    print(main(sys.argv[1:]))
