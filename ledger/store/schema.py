"""The tables of the log, and what the database itself forbids.

An entry, a checkpoint and a piece of evidence are written once: update, delete and truncate fail for everybody, by
trigger (also in replication mode) and, for all but superusers, by missing privilege. A tile only grows, the head only
moves forward, and entries continue where the head stands, without a gap.

    entries      one row per entry; `state` is the entry's exact bytes, `notification_id` its position from 1,
                 `originator_id` the event's id; the names are those of the library that reads them
    head         one row: size and root of the tree, SHA-256 of the last entry, its time. Who appends locks it
    tiles        the Merkle tree, 256 hashes to a tile
    streams      the folded state of each stream, changed in the transaction of the entry that changes it
    checkpoints  the signed tree head of each batch, once
    cosignatures verified lines of witnesses under a checkpoint: of each key the latest
    conflicts    evidence: what was signed under an id that was taken
"""

from typing import Final, LiteralString

MIGRATION_LOCK: Final = 0x6C65646765720001
"""Key of the advisory lock that lets one process migrate at a time."""

_TABLES: Final[LiteralString] = """
CREATE TABLE public.entries (
    notification_id bigint PRIMARY KEY CHECK (notification_id > 0),
    originator_id text NOT NULL UNIQUE,
    originator_version smallint NOT NULL CHECK (originator_version = 1),
    topic text NOT NULL,
    state bytea NOT NULL CHECK (length(state) <= 65535),
    payload_sha256 bytea NOT NULL CHECK (length(payload_sha256) = 32),
    authority text NOT NULL,
    recorded_at timestamptz NOT NULL,
    stream text NOT NULL,
    sealed_size bigint NOT NULL CHECK (sealed_size >= notification_id),
    pending_on text[] NOT NULL
);
CREATE INDEX entries_of_authority ON public.entries (authority, notification_id);

CREATE TABLE public.head (
    only_row boolean PRIMARY KEY CHECK (only_row),
    tree_size bigint NOT NULL CHECK (tree_size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    last_sha256 bytea NOT NULL CHECK (length(last_sha256) = 32),
    recorded_at timestamptz CHECK ((recorded_at IS NULL) = (tree_size = 0))
);

CREATE TABLE public.tiles (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 63),
    index bigint NOT NULL CHECK (index >= 0),
    hashes bytea NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (level, index)
);
ALTER TABLE public.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE public.streams (
    name text PRIMARY KEY,
    state bytea NOT NULL,
    changed_at bigint NOT NULL CHECK (changed_at > 0)
);

CREATE TABLE public.checkpoints (
    tree_size bigint PRIMARY KEY CHECK (tree_size > 0),
    note bytea NOT NULL
);

CREATE TABLE public.conflicts (
    event_id text NOT NULL,
    payload_sha256 bytea NOT NULL CHECK (length(payload_sha256) = 32),
    authority text NOT NULL,
    envelope bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, payload_sha256)
);
CREATE INDEX conflicts_of_authority ON public.conflicts (authority);
"""

_FUNCTIONS: Final[LiteralString] = """
CREATE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is forbidden', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION public.require_next_positions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    low bigint; high bigint; rows bigint; size bigint;
BEGIN
    SELECT min(notification_id), max(notification_id), count(*) INTO low, high, rows FROM added;
    SELECT tree_size INTO size FROM public.head;
    IF rows > 0 AND (low <> size + 1 OR high <> size + rows) THEN
        RAISE EXCEPTION 'entries must continue at position %, got % to % in % rows', size + 1, low, high, rows
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.require_progress() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    last bigint;
BEGIN
    SELECT max(notification_id) INTO last FROM public.entries;
    IF NEW.tree_size <= OLD.tree_size OR NEW.tree_size <> last OR NEW.recorded_at < OLD.recorded_at THEN
        RAISE EXCEPTION 'the head moves from % forward to the last entry, %, got %', OLD.tree_size, last, NEW.tree_size
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.require_growth() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.level <> OLD.level OR NEW.index <> OLD.index
        OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'tile %/% may only grow', OLD.level, OLD.index
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""

_TRIGGERS: Final[LiteralString] = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.entries
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.conflicts
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON public.head
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON public.tiles
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON public.streams
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER gapless AFTER INSERT ON public.entries REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION public.require_next_positions();
CREATE TRIGGER forward BEFORE UPDATE ON public.head
    FOR EACH ROW EXECUTE FUNCTION public.require_progress();
CREATE TRIGGER growing BEFORE UPDATE ON public.tiles
    FOR EACH ROW EXECUTE FUNCTION public.require_growth();

-- Also where a session claims to replay a replica's changes, which switches ordinary triggers off.
ALTER TABLE public.entries ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE public.checkpoints ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE public.conflicts ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE public.head ENABLE ALWAYS TRIGGER kept;
ALTER TABLE public.tiles ENABLE ALWAYS TRIGGER kept;
ALTER TABLE public.streams ENABLE ALWAYS TRIGGER kept;
ALTER TABLE public.entries ENABLE ALWAYS TRIGGER gapless;
ALTER TABLE public.head ENABLE ALWAYS TRIGGER forward;
ALTER TABLE public.tiles ENABLE ALWAYS TRIGGER growing;
"""

_PRIVILEGES: Final[LiteralString] = """
-- The owner gives up what it does not need either. A superuser is stopped by the triggers alone.
REVOKE UPDATE, DELETE, TRUNCATE ON public.entries, public.checkpoints, public.conflicts FROM PUBLIC, CURRENT_USER;
REVOKE DELETE, TRUNCATE ON public.head, public.tiles, public.streams FROM PUBLIC, CURRENT_USER;
"""

_ABOUT_AUTHORITIES: Final[LiteralString] = """
-- Few rows: a bundle asks for all that was recorded about whoever stands behind its act.
CREATE INDEX entries_about_authorities ON public.entries (stream, notification_id) WHERE stream LIKE 'authority/%';
"""

_COSIGNATURES: Final[LiteralString] = """
CREATE TABLE public.cosignatures (
    tree_size bigint NOT NULL CHECK (tree_size > 0),
    key text NOT NULL,
    cosigned_at bigint NOT NULL CHECK (cosigned_at > 0),
    line bytea NOT NULL CHECK (length(line) <= 8192),
    PRIMARY KEY (key, tree_size)
);
CREATE INDEX cosignatures_of_tree ON public.cosignatures (tree_size);

CREATE FUNCTION public.require_later() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.tree_size <> OLD.tree_size OR NEW.key <> OLD.key OR NEW.cosigned_at <= OLD.cosigned_at THEN
        RAISE EXCEPTION 'a cosignature gives way only to a later one of its key'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON public.cosignatures
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER later BEFORE UPDATE ON public.cosignatures
    FOR EACH ROW EXECUTE FUNCTION public.require_later();
ALTER TABLE public.cosignatures ENABLE ALWAYS TRIGGER kept;
ALTER TABLE public.cosignatures ENABLE ALWAYS TRIGGER later;
REVOKE DELETE, TRUNCATE ON public.cosignatures FROM PUBLIC, CURRENT_USER;
"""

MIGRATIONS: Final[tuple[LiteralString, ...]] = (
    _TABLES + _FUNCTIONS + _TRIGGERS + _PRIVILEGES,
    _ABOUT_AUTHORITIES,
    _COSIGNATURES,
)
"""Each is applied once, in order, and never changed after a release: a later change is a further step."""
