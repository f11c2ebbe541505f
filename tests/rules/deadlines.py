"""Every instant and day that the rules compute from a calendar, as they are written, one JSON line for each start.

    python -m tests.rules.deadlines

Run under different time zones and time zone databases it has to print the same bytes. The first line is no part of
that: it says what this process believes about the time in Kyiv, so that a test can tell that it was really deceived.
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from ledger.rules.compact import history
from tests.cases.figures import owed
from tests.world import PACT, World, money, once, signed_world, terms, yearly

CLOCK: Final = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
THIRTY_DAYS: Final = {"kind": "snapback", "after_days": 30}

STARTS: Final = (
    # Kyiv and New York, each forwards and back; both midnights of a leap day; the last and the first second of a year.
    "2026-10-24T22:30:00",
    "2026-10-25T00:59:59",
    "2026-10-30T07:00:00",
    "2026-12-31T23:59:59",
    "2027-01-01T00:00:00",
    "2027-03-13T07:30:00",
    "2027-03-27T23:30:00",
    "2028-02-28T23:59:59",
    "2028-02-29T00:00:00",
)


def instants(start: str) -> dict[str, Any]:
    """Return what follows from an attack, a notice and a promise at that time: the payloads as they were signed."""
    world = signed_world(clock=CLOCK)
    world.adopts(default_rule=THIRTY_DAYS)
    world.at(f"{start}+00:00").admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    world.commits("dated", terms(schedule=once(world.now.date().isoformat())))
    world.commits("yearly", terms(money("9.00"), schedule=yearly(2026)))
    forced = [signed(world, one) for one in world.attacked()[1:]]
    world.admit("gb", "instrument.withdrawal_notified", instrument=PACT)
    overdue = owed(world, "gb", "dated", "2029-01-01").overdue_since
    parts = [str(part.due_on) for part in owed(world, "gb", "yearly", "2029-01-01").parts]
    leaves = str(world.instrument().adherence("gb").withdraws_on)
    return {"start": start, "forced": forced, "leaves": leaves, "overdue_since": str(overdue), "parts": parts}


def signed(world: World, event_id: str) -> dict[str, str]:
    """Return the instants in the payload of an act, as they are written there."""
    kind, _, name = (world.compact.locate(event_id) or "").partition("/")
    record = history(world.compact, kind, name)
    act = record.act(event_id) if record is not None else None
    assert act is not None
    payload: dict[str, str] = msgspec.json.decode(bytes(act.payload))
    wanted = ("t0", "convene_by", "decide_by", "effective_at", "issued_at")
    return {name: payload[name] for name in wanted if name in payload}


def lines() -> Iterator[str]:
    """Yield the belief about Kyiv, then one line for each start."""
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    here = time.strftime("%z", time.localtime(noon.timestamp()))
    yield f"{noon.astimezone(ZoneInfo('Europe/Kyiv')).isoformat()} {here}"
    for start in STARTS:
        yield json.dumps(instants(start), sort_keys=True)


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lines())
