"""Print each speed beside the limit of the same run: `make bench`, or `make bench ARGS=5000` for another size."""

import os
import platform
import statistics
import sys

import psycopg

from tests.bench import work
from tests.bench.work import Rate

ACTS = 2_000
SINGLE = 200


def main(acts: int) -> None:
    limit = work.ed25519_verification(acts)
    with work.fresh_ledger() as (database_url, log, intake, made):
        with psycopg.connect(database_url) as connection:
            version = connection.execute("SHOW server_version").fetchone()
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL {version}")
        print("fsync on, synchronous_commit on; every receipt made; load of the machine:", os.getloadavg()[0], "\n")
        offices = work.admitted_offices(intake, made)
        raws = work.renamings(offices, acts)
        batches = work.timed(f"intake in batches of {work.BATCH}", acts, lambda: work.require_admitted(intake, raws))
        single = work.single_submissions(intake, work.renamings(offices, SINGLE))
        rates = [limit, batches, work.audit_of(log), work.rebuild_of(log, database_url)]
    for rate in rates:
        print_rate(rate, limit)
    median_ms, p99_ms = (1000 * statistics.quantiles(single, n=100)[at] for at in (49, 98))
    print(f"{'a single submission':34} median {median_ms:.1f} ms, p99 {p99_ms:.1f} ms")


def print_rate(rate: Rate, limit: Rate) -> None:
    ratio = rate.per_second / limit.per_second
    print(f"{rate.what:34} {rate.per_second:10,.0f} /s   {ratio:5.2f} of the limit")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ACTS)
