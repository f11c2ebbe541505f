"""The heads that a witness cosigned, one row for each origin, in a SQLite file of its own.

A head is in the file, and the file on the disk, before anybody signs it; a row never shrinks and never changes its root
at one size. Any number of threads and processes may share one file on one machine (a local disk, no network share).

Rollback journal and synchronous=EXTRA, no WAL. With a WAL the newest heads lie in a second file, which a copy of the
first one leaves behind, and releases of SQLite before 3.51.3 can damage a file when several processes reset its WAL.
EXTRA over FULL because in this mode a commit is the removal of the journal: without a sync of the directory a power
cut could bring it back, and the next start would take back a head that was cosigned.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from ledger.log.note import VerifierKey, format_vkey, parse_vkey
from ledger.witness.errors import ClockBehind, HeadsInvalid, HeadsUnavailable
from ledger.witness.protocol import StatedTree

APPLICATION_ID: Final = 0x676C7774
"""`glwt`, in the head of the file."""

SCHEMA_VERSION: Final = 1
BUSY_SECONDS_MAX: Final = 5.0
CLOCK_SLIP_SECONDS_MAX: Final = 60
"""How far the clock may be behind the last cosignature of a log: a correction of it, not another time."""

FILE_MODE: Final = 0o600

_SCHEMA: Final = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE own_keys (vkey TEXT PRIMARY KEY) STRICT;
CREATE TABLE trusted (origin TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey)) STRICT;
CREATE TABLE heads (
    origin TEXT PRIMARY KEY,
    origin_digest TEXT NOT NULL UNIQUE,
    tree_size INTEGER NOT NULL CHECK (tree_size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    timestamp INTEGER NOT NULL CHECK (timestamp > 0),
    note BLOB NOT NULL
) STRICT;
CREATE TRIGGER heads_only_grow BEFORE UPDATE ON heads
WHEN new.origin <> old.origin OR new.tree_size < old.tree_size OR new.timestamp < old.timestamp
    OR (new.tree_size = old.tree_size AND new.root <> old.root)
BEGIN SELECT raise(ABORT, 'a head never goes back'); END;
CREATE TRIGGER heads_stay BEFORE DELETE ON heads
BEGIN SELECT raise(ABORT, 'a head is never forgotten'); END;
"""

_CREATE: Final = (
    "INSERT INTO heads (origin, origin_digest, tree_size, root, timestamp, note) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (origin) DO NOTHING"
)
_REPLACE: Final = (
    "UPDATE heads SET tree_size = ?, root = ?, timestamp = ?, note = ? WHERE origin = ? AND tree_size = ? AND root = ?"
)


@dataclass(frozen=True, slots=True)
class Head:
    """What was cosigned of one log, and when: `note_raw` is the checkpoint with the log's own, verified lines."""

    tree_size: int
    root: bytes
    timestamp: int
    note_raw: bytes


class Heads(Protocol):
    """What a witness needs of its store."""

    def trusted(self, origin: str) -> tuple[VerifierKey, ...]:
        """Return the keys of the log `origin`; none if it is not to be witnessed."""

    def head(self, origin: str) -> Head | None:
        """Return what was last recorded of `origin`; None if nothing was."""

    def head_of_digest(self, origin_digest: str) -> Head | None:
        """Return the same by SHA-256 of the origin, in lowercase hexadecimal."""

    def swap(self, expected: Head | None, tree: StatedTree, note_raw: bytes, clock: Callable[[], int]) -> Head | None:
        """Record `tree` if size and root recorded of its origin are still those `expected`; None if they are not.

        The time is taken while nobody else can record anything, so that times and sizes grow together. When this
        returns a head, it is on the disk. Raises HeadsUnavailable, after which it may be or not; ClockBehind; and
        HeadsInvalid for a store that went back.
        """


class WitnessStore:
    """The file at `path`, opened with `opened`.

    While it is open it notices an older copy that somebody puts in its place. After a restart nobody can.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, int] = {}

    def own_keys(self) -> tuple[str, ...]:
        """Return the verifier keys of the witness whose store this is, as it was made."""
        with self._connection() as connection:
            return tuple(vkey for (vkey,) in connection.execute("SELECT vkey FROM own_keys ORDER BY rowid"))

    def trusted(self, origin: str) -> tuple[VerifierKey, ...]:
        with self._connection() as connection:
            rows = connection.execute("SELECT vkey FROM trusted WHERE origin = ? ORDER BY vkey", (origin,)).fetchall()
        return tuple(parse_vkey(vkey) for (vkey,) in rows)

    def all_trusted(self) -> list[tuple[str, str]]:
        """Return each trusted log's origin with its verifier key, once for each key."""
        with self._connection() as connection:
            return connection.execute("SELECT origin, vkey FROM trusted ORDER BY origin, vkey").fetchall()

    def trust(self, logs: Iterable[tuple[str, VerifierKey]]) -> int:
        """Trust each key for its origin from the next request on, all or none; return how many are new."""
        rows = [(origin, format_vkey(vkey)) for origin, vkey in logs]
        with self._transaction() as connection:
            return connection.executemany("INSERT OR IGNORE INTO trusted VALUES (?, ?)", rows).rowcount

    def distrust(self, origin: str, vkey: VerifierKey) -> bool:
        """Trust the key no more; tell whether it was. What was recorded of the log stays recorded."""
        with self._transaction() as connection:
            gone = connection.execute("DELETE FROM trusted WHERE origin = ? AND vkey = ?", (origin, format_vkey(vkey)))
            return gone.rowcount > 0

    def head(self, origin: str) -> Head | None:
        return self._head("origin", origin)

    def head_of_digest(self, origin_digest: str) -> Head | None:
        return self._head("origin_digest", origin_digest)

    def heads(self) -> dict[str, Head]:
        """Return everything recorded, by origin."""
        with self._connection() as connection:
            rows = connection.execute("SELECT origin, tree_size, root, timestamp, note FROM heads ORDER BY origin")
            return {origin: Head(*fields) for origin, *fields in rows}

    def swap(self, expected: Head | None, tree: StatedTree, note_raw: bytes, clock: Callable[[], int]) -> Head | None:
        with self._transaction() as connection:
            recorded = _row(connection, "origin", tree.origin)
            # Nobody else can write now: what is recorded is the newest there is, or it went back.
            self._check_not_older(tree.origin, recorded)
            head = Head(tree.tree_size, tree.root, _time(recorded, clock()), note_raw)
            fields = (head.tree_size, head.root, head.timestamp, head.note_raw)
            if expected is None:
                done = connection.execute(_CREATE, (tree.origin, digest_of(tree.origin), *fields))
            else:
                done = connection.execute(_REPLACE, (*fields, tree.origin, expected.tree_size, expected.root))
            swapped = done.rowcount == 1
        # Committed and synced. A crash from here on costs the log an answer; it asks again, from the recorded size.
        if not swapped:
            return None
        self._seen[tree.origin] = max(head.tree_size, self._seen.get(tree.origin, 0))
        return head

    def _check_not_older(self, origin: str, recorded: Head | None) -> None:
        size, seen = recorded.tree_size if recorded is not None else 0, self._seen.get(origin, 0)
        if size < seen:
            do = "An older copy was put in its place: this witness is over. Make a new one with another name."
            raise HeadsInvalid(f"a store that goes on, at {self._path}", f"size {size} after size {seen}", do)

    def _head(self, column: str, value: str) -> Head | None:
        with self._connection() as connection:
            return _row(connection, column, value)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that alone may write, and commit what it did; nothing is done if the block raises."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for one use. It never makes a file: one that vanishes must not come back empty."""
        try:
            with closing(_connect(self._path, "rw")) as connection:
                connection.execute("PRAGMA synchronous = EXTRA")
                yield connection
        except sqlite3.Error as error:
            do = "Nothing was signed. Look at the disk, and never replace the file by an older copy."
            raise HeadsUnavailable(f"the store at {self._path}", str(error), do) from error


def created(path: Path, own_keys: Iterable[VerifierKey]) -> WitnessStore:
    """Return the empty store of a new witness, on the disk but for its directory. Raises FileExistsError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))
    with closing(_connect(path, "rw")) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        connection.executemany("INSERT INTO own_keys VALUES (?)", [(format_vkey(vkey),) for vkey in own_keys])
    return WitnessStore(path)


def opened(path: Path) -> WitnessStore:
    """Return the store at `path`. Raises HeadsInvalid unless it is whole, and of this program and version."""
    if not path.is_file():
        do = (
            "If it is lost, this witness is over: with an empty store its keys would cosign a second history. "
            "Make a new witness with another name, and tell those who rely on this one."
        )
        raise HeadsInvalid(f"the store of the witness at {path}", "no file", do)
    try:
        with closing(_connect(path, "rw")) as connection:
            marks = tuple(
                connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
            )
            if marks != (APPLICATION_ID, SCHEMA_VERSION):
                expected = f"the store of a witness, of version {SCHEMA_VERSION}, at {path}"
                raise HeadsInvalid(expected, f"application {marks[0]:#x}, version {marks[1]}", "Name its own file.")
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            if mode != "delete":
                do = "Somebody changed it: PRAGMA journal_mode = DELETE, while nothing runs."
                raise HeadsInvalid(f"a rollback journal for {path}", mode, do)
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise HeadsUnavailable(f"the store at {path}", str(error), "Look at the disk, then start again.") from error
    except sqlite3.Error as error:
        raise HeadsInvalid(f"the store of a witness at {path}", str(error), "Name its own file.") from error
    if found != "ok":
        do = "Do not repair or replace it: make a new witness with another name."
        raise HeadsInvalid(f"a store without damage at {path}", str(found)[:200], do)
    return WitnessStore(path)


def digest_of(origin: str) -> str:
    """Return the name of a log in the address of its newest checkpoint: SHA-256 in lowercase hexadecimal."""
    return sha256(origin.encode()).hexdigest()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS_MAX, isolation_level=None)


def _row(connection: sqlite3.Connection, column: str, value: str) -> Head | None:
    row = connection.execute(
        f"SELECT tree_size, root, timestamp, note FROM heads WHERE {column} = ?", (value,)
    ).fetchone()
    return None if row is None else Head(*row)


def _time(recorded: Head | None, now: int) -> int:
    """Return the time of a cosignature, not before the last one of the log. Raises ClockBehind."""
    if recorded is None or now >= recorded.timestamp:
        return now
    behind = recorded.timestamp - now
    if behind > CLOCK_SLIP_SECONDS_MAX:
        raise ClockBehind("a clock that goes on", f"one {behind} seconds behind a cosignature", "Set the clock.")
    return recorded.timestamp
