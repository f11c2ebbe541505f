"""Deadlines are elapsed hours and calendar days of UTC, wherever the ledger runs and whatever its time zones say."""

import os
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger.events.measures import Snapback
from ledger.rules.instruments import WITHDRAWAL_NOTICE_MONTHS
from ledger.rules.measures import takes_effect_at
from tests.world import PACT, signed_world

REPOSITORY = Path(__file__).resolve().parents[2]
CLOCK = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
SECONDS_MAX = 60


def zone_file(offset: timedelta) -> bytes:
    """Return a zone (RFC 8536, version 1) of one offset for ever: no such time was ever kept anywhere."""
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    return b"TZif" + bytes(16) + counts + struct.pack(">lbb", int(offset.total_seconds()), 0, 0) + b"ODD\0"


@pytest.fixture(scope="module")
def made_up_zones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A time zone database in which nothing is right: Kyiv is 5:45 ahead, New York 11:30 behind, UTC 3 hours ahead."""
    folder = tmp_path_factory.mktemp("zoneinfo")
    for name, minutes in (("Europe/Kyiv", 345), ("America/New_York", -690), ("UTC", 180), ("Etc/UTC", 180)):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(zone_file(timedelta(minutes=minutes)))
    return folder


def printed(**environment: str) -> list[str]:
    """Return the lines of the calculation in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("TZ", "TZDIR", "PYTHONTZPATH")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.rules.deadlines"],
        cwd=REPOSITORY,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=True,
    )
    return done.stdout.splitlines()


def test_case_31_other_zones_and_another_time_zone_database_change_no_byte_of_any_deadline(made_up_zones: Path) -> None:
    deceived = {"PYTHONTZPATH": str(made_up_zones), "TZDIR": str(made_up_zones)}
    belief, *plain = printed(TZ="UTC")
    assert belief == "2026-07-01T15:00:00+03:00 +0000"
    assert len(plain) >= 9
    beliefs = []
    for environment in (
        {"TZ": "Europe/Kyiv"},
        {"TZ": "America/New_York"},
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "Europe/Kyiv", **deceived},
        {"TZ": "UTC", **deceived},
    ):
        belief, *lines = printed(**environment)
        beliefs.append(belief)
        assert lines == plain, environment
    # They were really elsewhere, and really deceived.
    assert beliefs == [
        "2026-07-01T15:00:00+03:00 +0300",
        "2026-07-01T15:00:00+03:00 -0400",
        "2026-07-01T15:00:00+03:00 +1400",
        "2026-07-01T17:45:00+05:45 +0545",
        "2026-07-01T17:45:00+05:45 +0300",
    ]


@pytest.mark.parametrize(
    ("zone", "notified", "decide_by"),
    [
        ("Europe/Kyiv", "2027-03-27T20:15:00", "2027-03-30T20:15:00"),
        ("Europe/Kyiv", "2026-10-24T20:15:00", "2026-10-27T20:15:00"),
        ("America/New_York", "2027-03-13T20:15:00", "2027-03-16T20:15:00"),
        ("America/New_York", "2026-10-31T20:15:00", "2026-11-03T20:15:00"),
    ],
)
def test_case_31_three_days_on_the_wall_clock_are_not_72_hours_where_clocks_change(
    zone: str, notified: str, decide_by: str
) -> None:
    world = signed_world(clock=CLOCK)
    world.at(f"{notified}+00:00").attacked()
    opened = world.consultation(f"attack.{PACT}").opened
    assert opened.decide_by == datetime.fromisoformat(f"{decide_by}+00:00")
    # Arithmetic on local time keeps the hour on the wall: it would be an hour off.
    on_the_wall = (opened.t0.astimezone(ZoneInfo(zone)) + timedelta(hours=72)).astimezone(UTC)
    assert abs(on_the_wall - opened.decide_by) == timedelta(hours=1)


def leaving(received: str, months: int | None) -> str:
    """Return the first day on which gb is no longer bound after a notice that was received then."""
    world = signed_world(**({} if months is None else {"withdrawal_notice_months": months}))
    world.at(received).admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    return str(world.instrument().adherence("gb").withdraws_on)


@pytest.mark.parametrize(
    ("received", "months", "ends"),
    [
        # The same day of the month or its last; twelve months unless the text says otherwise.
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-03-31", 1, "2027-04-30"),
        ("2027-02-28", 1, "2027-03-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", None, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-12-31T23:59:59+00:00", 12, "2027-12-31"),
        ("2027-01-01T00:00:00+00:00", 12, "2028-01-01"),
        ("2026-07-01", 0, "2026-07-01"),
    ],
)
def test_case_21_notice_runs_to_the_same_day_of_the_month_or_its_last(
    received: str, months: int | None, ends: str
) -> None:
    assert WITHDRAWAL_NOTICE_MONTHS == 12
    assert leaving(received, months) == ends


@pytest.mark.parametrize(
    ("received", "after_days", "effective"),
    [
        ("2025-08-28T14:05:30+00:00", 30, "2025-09-28T00:00:00+00:00"),
        ("2025-08-28T00:00:00+00:00", 30, "2025-09-28T00:00:00+00:00"),
        ("2025-08-28T23:59:59.999999+00:00", 30, "2025-09-28T00:00:00+00:00"),
        # In Kyiv it is the 29th already; the day of receipt is that of UTC.
        ("2025-08-29T01:30:00+03:00", 30, "2025-09-28T00:00:00+00:00"),
        # Across clocks that go back and forwards, a leap day and the end of a year.
        ("2026-10-24T12:00:00+00:00", 1, "2026-10-26T00:00:00+00:00"),
        ("2027-03-27T12:00:00+00:00", 1, "2027-03-29T00:00:00+00:00"),
        ("2028-02-27T12:00:00+00:00", 1, "2028-02-29T00:00:00+00:00"),
        ("2028-02-28T12:00:00+00:00", 1, "2028-03-01T00:00:00+00:00"),
        ("2027-02-27T12:00:00+00:00", 1, "2027-03-01T00:00:00+00:00"),
        ("2026-12-31T23:59:59+00:00", 1, "2027-01-02T00:00:00+00:00"),
        ("2026-10-24T20:15:00+00:00", 0, "2026-10-24T20:15:00+00:00"),
    ],
)
def test_case_29_what_returns_after_counted_days_returns_at_midnight_of_utc(
    received: str, after_days: int, effective: str
) -> None:
    at = takes_effect_at(Snapback(after_days=after_days), datetime.fromisoformat(received))
    assert at.isoformat() == effective
