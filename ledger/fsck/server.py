"""What PostgreSQL says of its own pages, and whether what the database forbids is still forbidden."""

import re
from collections.abc import Collection
from typing import Final

from ledger.fsck.findings import Findings, Kind
from ledger.store.inspection import Inspection
from ledger.store.schema import MIGRATIONS

TABLES: Final = frozenset({"entries", "head", "tiles", "streams", "checkpoints", "conflicts", "schema_steps"})
"""What is checked here; a table that is not among them is named in the report."""

OPTIONAL: Final = frozenset({"cosignatures"})
"""What is checked where there is one."""

_GUARD: Final = re.compile(r"ALTER TABLE public\.(\w+) ENABLE ALWAYS TRIGGER (\w+)")
_FUNCTION: Final = re.compile(r"CREATE FUNCTION public\.(\w+)\(\).*?AS \$\$(.*?)\$\$", re.DOTALL)


def check_server(tables: Inspection, found: Findings) -> str:
    """Report checksums that failed and whether there are any. Return one line about the server."""
    ((enabled, version, failures, last),) = tables.rows(
        "SELECT current_setting('data_checksums'), current_setting('server_version'),"
        " coalesce(checksum_failures, 0), checksum_last_failure::text"
        " FROM pg_stat_database WHERE datname = current_database()"
    )
    if enabled != "on":
        found.add(Kind.CHECKSUMS_OFF, "pg_settings", "data_checksums", "on", enabled)
    if failures:
        got = f"{failures} pages, the last at {last}"
        found.add(Kind.CHECKSUM_FAILED, "pg_stat_database", "checksum_failures", "no page whose checksum fails", got)
    return f"PostgreSQL {version}, data_checksums {enabled}, {failures} failures"


def check_guards(tables: Inspection, found: Findings) -> int:
    """Compare the triggers that forbid changes, and their functions, with the migrations. Return how many there are."""
    text = "".join(MIGRATIONS)
    standing = {
        (table, name): enabled
        for table, name, enabled in tables.rows(
            "SELECT relname::text, tgname::text, tgenabled::text"
            " FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal"
        )
    }
    guards = _GUARD.findall(text)
    for table, name in guards:
        if (enabled := standing.get((table, name), "none")) != "A":
            found.add(Kind.GUARD_MISSING, table, f"trigger {name}", "always enabled (A)", enabled)
    sources = dict(tables.rows("SELECT proname::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
    functions = _FUNCTION.findall(text)
    for name, source in functions:
        if sources.get(name) != source:
            found.add(Kind.GUARD_MISSING, "pg_proc", name, "the function as it was made", "another, or none")
    return len(guards) + len(functions)


def check_tables(tables: Inspection, known: Collection[str], found: Findings) -> None:
    """Compare the steps of migration, and name every table that nothing is known of."""
    steps = [step for (step,) in tables.rows("SELECT step FROM public.schema_steps ORDER BY step")]
    if steps != list(range(1, len(MIGRATIONS) + 1)):
        expected = f"steps 1 to {len(MIGRATIONS)}"
        found.add(Kind.COLUMN_WRONG, "schema_steps", "step", expected, ", ".join(map(str, steps)) or "none")
    there = {
        name
        for (name,) in tables.rows(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
    }
    for name in sorted(there - TABLES - OPTIONAL - set(known)):
        found.add(Kind.NOT_CHECKED, name, "all", "tables that are known here", "another table")
    for name in sorted(TABLES - there):
        found.add(Kind.ROW_MISSING, name, "the table", "a table", "none")
