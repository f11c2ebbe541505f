"""The ledger as an application of the event-sourcing library: its events, their mapping, its connections, its tail.

A submission goes in as the envelope that was signed; what comes out is the entry with exactly the bytes that are
hashed, served and audited. Nothing is transcoded, compressed or encrypted on the way, whatever the environment says.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import InfrastructureFactory, Mapper, Notification, StoredEvent, Transcoder
from eventsourcing.postgres import ConnectionPool, PostgresDatastore, PostgresFactory, PostgresSubscription
from eventsourcing.utils import Environment, EnvType, strtobool
from psycopg.rows import DictRow, dict_row

from ledger.events.stages import Envelope
from ledger.log.entry import Entry, parse_entry
from ledger.store.appending import Appended, Appending, Decide
from ledger.store.database import LOCK_SECONDS_MAX, POOL_SIZE_MAX, Pool
from ledger.store.errors import UnsafeServer
from ledger.store.recorder import EntryRecorder

FIRST_VERSION: Final = 1
"""Every act is an originator of its own with one event, so its id is taken for ever."""

POLL_SECONDS: Final = 1.0
"""How long a follower waits for a notification before it looks by itself: one may be lost, or not supported."""

GATHER_SECONDS: Final = 0.02
"""How long it does not look again: many small commits are read together.

At 10 ms it takes 0.5 ms of CPU from each act of a lone submitter, at 50 ms 0.2 (of 4.2 in all processes).
"""

FOLLOWED_AT_ONCE_MAX: Final = 2_000
"""Entries in one list, as soon as so many are there."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A signed act on its way in."""

    originator_id: str
    originator_version: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Recorded:
    """A signed act as it stands in the log."""

    originator_id: str
    originator_version: int
    entry: Entry


class EntryMapper(Mapper[str]):
    """Between the events above and rows: the bytes as they are."""

    def __init__(self) -> None:
        super().__init__(_NoTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Return the envelope as it was received."""
        assert isinstance(domain_event, Submitted)
        envelope = domain_event.envelope
        return StoredEvent(domain_event.originator_id, FIRST_VERSION, envelope.event.type, envelope.raw)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """Return the entry that a row holds. Raises EntryMalformed if it holds something else."""
        return Recorded(str(stored_event.originator_id), FIRST_VERSION, parse_entry(stored_event.state))


class _NoTranscoder(Transcoder):
    """What is signed is never encoded anew."""

    def encode(self, obj: Any) -> bytes:
        raise AssertionError(f"expected signed bytes only, asked to encode {type(obj).__name__}")

    def decode(self, data: bytes) -> Any:
        raise AssertionError(f"expected signed bytes only, asked to decode {len(data)} bytes")


class EntryDatastore(PostgresDatastore):
    """The library's datastore, connected by a libpq connection string with all that it may say."""

    def __init__(self, dsn: str, *, pool_size_max: int, enable_db_functions: bool) -> None:
        # The library builds its pool from five parts of an address and opens it later; it is replaced before that.
        super().__init__(
            dbname="",
            host="",
            port="",
            user="",
            password="",
            lock_timeout=LOCK_SECONDS_MAX,
            originator_id_type="text",
            enable_db_functions=enable_db_functions,
        )
        pool = Pool(dsn, size_max=pool_size_max, row_factory=dict_row)
        # Theirs is of a class of its own that differs in asking for passwords, which the connection string holds here.
        self.pool = cast("ConnectionPool[psycopg.Connection[DictRow]]", pool)

    def register_type_adapters(self) -> None:
        """Do nothing: rows are written by COPY, not as the library's composite type."""


class EntryFactory(PostgresFactory):
    """Makes the parts of the application, on a connection string instead of variables of the environment."""

    def __init__(self, env: Environment, dsn: str, *, pool_size_max: int) -> None:
        InfrastructureFactory.__init__(self, env)
        functions = strtobool(env.get(self.POSTGRES_ENABLE_DB_FUNCTIONS) or "no")
        self.datastore = EntryDatastore(dsn, pool_size_max=pool_size_max, enable_db_functions=functions)

    def application_recorder(self) -> EntryRecorder:
        return EntryRecorder(self.datastore)


class LedgerApplication(Application[str]):
    """Appends batches of submissions and hands out what was recorded. Close it after use."""

    def __init__(self, dsn: str, *, pool_size_max: int = POOL_SIZE_MAX) -> None:
        self._dsn = dsn
        self._pool_size_max = pool_size_max
        refuse_unlocked_inserts(os.environ)
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return an environment of this class's own: no variable of the process changes how the log is kept."""
        return Environment(name, env or {})

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return cast("InfrastructureFactory", EntryFactory(env, self._dsn, pool_size_max=self._pool_size_max))

    def construct_mapper(self) -> EntryMapper:
        return EntryMapper()

    @property
    def pool(self) -> ConnectionPool[psycopg.Connection[DictRow]]:
        """The connections of this application."""
        return cast("EntryFactory", self.factory).datastore.pool

    def append(
        self,
        envelopes: Sequence[Envelope],
        decide: Decide,
        now: Callable[[], datetime],
        notes: Mapping[int, bytes] = MappingProxyType({}),
    ) -> Appended:
        """Append what `decide` admits of `envelopes`, all in one transaction, and return what was committed.

        `now` is asked while the head is locked. `notes` are checkpoints, by tree size, that are stored with the entries
        if they are not yet. Raises what `decide` raises, and StoreError; in either case nothing
        was recorded, except that a StoreUnavailable may have come after a commit.
        """
        appending = Appending(envelopes, decide, now, notes)
        submitted = [Submitted(envelope.event.id, FIRST_VERSION, envelope) for envelope in envelopes]
        # Straight into the event store: `save` would look in each event for those of an aggregate.
        self.events.put(submitted, appending=appending)
        (appended,) = appending.appended
        return appended


def refuse_unlocked_inserts(environment: Mapping[str, str]) -> None:
    """Raise UnsafeServer if the environment asks the library for its inserts without the lock.

    They are not used here in any case; whoever set the variable expects them and must be told.
    """
    for name, value in environment.items():
        if name.endswith(PostgresFactory.POSTGRES_ENABLE_DB_FUNCTIONS) and value and strtobool(value):
            raise UnsafeServer(
                f"expected {name} to be unset, got {value!r}: readers that follow the log would miss entries"
            )


class EntrySubscription(PostgresSubscription):
    """The library's subscription, by whole batches: entries already there, then new ones as they are committed."""

    def next_batch(self) -> list[Notification]:
        """Wait for the next entries and return them in order, all that were read by now.

        Raises StopIteration when stopped, and what went wrong while reading.
        """
        found = [next(self)]
        while True:
            found += self._notifications[self._notifications_index :]
            self._notifications_index = len(self._notifications)
            if len(found) >= FOLLOWED_AT_ONCE_MAX or self._notifications_queue.empty():
                return found
            found.append(next(self))

    def _loop_on_pull(self) -> None:
        """Do as the library does, and look every POLL_SECONDS even without a notification."""
        try:
            self._pull()
            while not self._has_been_stopped:
                self._has_been_notified.wait(POLL_SECONDS)
                self._pull()
                time.sleep(GATHER_SECONDS)
        except BaseException as error:
            if self._thread_error is None:
                self._thread_error = error
            self.stop()
