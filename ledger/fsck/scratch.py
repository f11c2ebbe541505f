"""A private database on disk for what a check must remember and memory should not hold, gone with the process."""

import sqlite3
from typing import Final

UNPROTECTED: Final = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
"""Nobody ever recovers it."""


def scratch(schema: str) -> sqlite3.Connection:
    """Return a new database with the tables of `schema`, within one transaction that never ends.

    SQLite keeps it in memory while it is small, and then in a file without a name in the temporary directory.
    """
    database = sqlite3.connect("", isolation_level=None)
    database.executescript(UNPROTECTED + schema)
    database.execute("BEGIN")
    return database
