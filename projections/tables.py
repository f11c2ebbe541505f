"""The tables of the read models. Created once, by whoever comes first; nothing here is evidence, all can be rebuilt.

A generation is one complete set of rows, folded from the first entry on. One serves; another may be building beside it.
A row is the state of one stream from one position on, until another row of that stream takes its place.
"""

from typing import Final

import psycopg

VERSION: Final = 1
"""What the rows look like. A generation of another version is rebuilt."""

MIGRATION_LOCK: Final = 0x70726F6A
REBUILD_LOCK: Final = 0x70726F6B

_STATEMENTS: Final = (
    """
    CREATE TABLE IF NOT EXISTS projection_generations (
        generation  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        version     integer NOT NULL,
        status      text NOT NULL CHECK (status IN ('building', 'serving', 'retired')),
        position    bigint NOT NULL DEFAULT 0,
        last_sha256 text NOT NULL,
        recorded_at timestamptz
    )""",
    """
    CREATE UNIQUE INDEX IF NOT EXISTS projection_one_serves ON projection_generations (status)
    WHERE status = 'serving'""",
    """
    CREATE TABLE IF NOT EXISTS projection_rows (
        generation     bigint NOT NULL,
        stream         text COLLATE "C" NOT NULL,
        from_position  bigint NOT NULL,
        until_position bigint,
        kind           text NOT NULL,
        parties        text[] NOT NULL,
        instrument     text,
        commitment     text,
        state          bytea NOT NULL,
        PRIMARY KEY (generation, stream, from_position)
    )""",
    # The names of streams begin with their kind, so the primary key finds a kind as well.
    "DROP INDEX IF EXISTS projection_rows_kind",
    """
    CREATE INDEX IF NOT EXISTS projection_rows_instrument ON projection_rows (generation, instrument, kind)
    WHERE instrument IS NOT NULL""",
    # With the position in it, the newest change under a commitment is found without reading what is there.
    "DROP INDEX IF EXISTS projection_rows_commitment",
    """
    CREATE INDEX IF NOT EXISTS projection_rows_under ON projection_rows (generation, commitment, from_position)
    WHERE commitment IS NOT NULL""",
    # Who asks for the few commitments of a party must not walk through all its deliveries, of which each has one party.
    "DROP INDEX IF EXISTS projection_rows_parties",
    """
    CREATE INDEX IF NOT EXISTS projection_rows_concerned ON projection_rows USING gin (parties)
    WHERE kind <> 'delivery'""",
    """
    CREATE INDEX IF NOT EXISTS projection_rows_deliverer ON projection_rows (generation, (parties[1]), stream)
    WHERE kind = 'delivery'""",
    """
    CREATE TABLE IF NOT EXISTS projection_acts (
        generation     bigint NOT NULL,
        position       bigint NOT NULL,
        recorded_at    timestamptz NOT NULL,
        event_id       text NOT NULL,
        type           text NOT NULL,
        party          text NOT NULL,
        authority      text NOT NULL,
        sequence       bigint NOT NULL,
        payload_sha256 text NOT NULL,
        stream         text NOT NULL,
        parties        text[] NOT NULL,
        instrument     text,
        pending_on     text[] NOT NULL,
        PRIMARY KEY (generation, position)
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS projection_acts_event ON projection_acts (generation, event_id)",
    "CREATE INDEX IF NOT EXISTS projection_acts_authority ON projection_acts (generation, authority, position)",
    "CREATE INDEX IF NOT EXISTS projection_acts_stream ON projection_acts (generation, stream, position)",
    "CREATE INDEX IF NOT EXISTS projection_acts_time ON projection_acts (generation, recorded_at, position)",
    "CREATE INDEX IF NOT EXISTS projection_acts_type ON projection_acts (generation, type, position)",
    "CREATE INDEX IF NOT EXISTS projection_acts_instrument ON projection_acts (generation, instrument, position)",
    "CREATE INDEX IF NOT EXISTS projection_acts_parties ON projection_acts USING gin (parties)",
)


def create_tables(connection: psycopg.Connection) -> None:
    """Create what is missing, in one transaction. Several may call this at once."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        for statement in _STATEMENTS:
            connection.execute(statement)
