"""A whole scenario: its acts in an order in which a ledger that was just opened admits them.

Every act was checked against its event's schema, every name in it stands for something that an earlier act made, and
whatever is wrong is raised with the file and the table it stands in. The opening itself is not an act of a scenario.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ledger.client.draft import payload_of
from ledger.client.scenario_files import Row, ScenarioError, read_head, read_rows
from ledger.client.scenario_steps import STEPS_OF, Office, Signers, Step, principal_of
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.keys import KeyRecord, KeySet
from ledger.events.refusals import Rejected

__all__ = ["LeftOut", "Office", "Scenario", "ScenarioError", "Step", "load_scenario"]

_KINDS_LEFT_OUT: Final = ("instrument", "pledge", "measure", "fact")
_STAND_IN_ID: Final = "00000000-0000-7000-8000-000000000000"
_STAND_IN_KEYS: Final = KeySet((KeyRecord("ed25519", public_key="AAAA", proof="AAAA"),), threshold=1)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the sources hold and the scenario does not enter. `kind`: instrument, pledge, measure; fact within one."""

    kind: str
    id: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a demonstration needs: how the ledger is called and kept, what to submit in this order, what is left out."""

    name: Mapping[str, str]
    purpose: str
    beneficiary: str
    depositary: Office
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...]


def load_scenario(directory: Path) -> Scenario:
    """Return the scenario of a directory of TOML files.

    Raises ScenarioError for a file that is no TOML, an unknown table, a row that is not its event, a name that no
    earlier act made, a label used twice, parents in a circle.
    """
    ledger, office = read_head(directory)
    rows = read_rows(directory)
    depositary = Office(office.text("party"), office.text("authority"), office.text("office"), office.text("basis"))
    signers = Signers(
        depositary,
        beneficiary=ledger.text("beneficiary"),
        principals={row.text("id"): principal_of(row) for row in rows["party"]},
        evidence={row.text("id"): row.values.get("evidence", []) for row in rows["instrument"]},
    )
    if signers.beneficiary not in signers.principals:
        raise ScenarioError(f"{ledger.place}: expected a beneficiary of [[party]], got {signers.beneficiary!r}")
    steps = tuple(_steps(rows, signers))
    _check_names(steps)
    for step in steps:
        _check_schema(step)
    return Scenario(
        name=_name(ledger),
        purpose=ledger.text("purpose"),
        beneficiary=signers.beneficiary,
        depositary=depositary,
        steps=steps,
        left_out=tuple(_left_out(row) for row in rows["left_out"]),
    )


def _name(ledger: Row) -> dict[str, str]:
    name = ledger.values.get("name")
    if not isinstance(name, dict) or not name or not all(isinstance(text, str) for text in name.values()):
        raise ScenarioError(f'{ledger.place}: expected name.en = "…", got {name!r}')
    return name


def _left_out(row: Row) -> LeftOut:
    kind = row.text("kind")
    if kind not in _KINDS_LEFT_OUT:
        raise ScenarioError(f"{row.place}: expected kind {', '.join(_KINDS_LEFT_OUT)}, got {kind!r}")
    return LeftOut(kind, row.text("id"), row.text("what"), row.text("reason"))


def _steps(rows: Mapping[str, Sequence[Row]], signers: Signers) -> Iterator[Step]:
    for table, steps_of in STEPS_OF.items():
        for row in _parents_first(rows[table]):
            yield from steps_of(row, signers)


def _parents_first(rows: Sequence[Row]) -> list[Row]:
    """Return the rows in their order, but each after the row it is a part of."""
    ordered: list[Row] = []
    waiting = list(rows)
    while waiting:
        missing = {str(row.values.get("id")) for row in waiting}
        ready = [row for row in waiting if _parent(row) not in missing]
        if not ready:
            raise ScenarioError(f"{waiting[0].place}: expected a parent outside its own parts, got a circle")
        ordered += ready
        waiting = [row for row in waiting if row not in ready]
    return ordered


def _parent(row: Row) -> str | None:
    match row.values:
        case {"part_of": {"commitment": str() as parent}} | {"parent": str() as parent}:
            return parent
        case _:
            return None


def _check_names(steps: Sequence[Step]) -> None:
    """Raise ScenarioError unless every label is new and every name was made by an earlier step."""
    places: dict[str, str] = {}
    for step in steps:
        if step.label in places:
            raise ScenarioError(f"{step.place}: expected a new {step.label}, got it from {places[step.label]} too")
        for label in _names_used(step):
            if label != step.label and label not in places:
                raise ScenarioError(f"{step.place}: expected {label} to be there, got no such table")
        places[step.label] = step.place


def _names_used(step: Step) -> Iterator[str]:
    """Yield the labels of what a step speaks of. Shapes that are wrong are left to the schema."""
    fields = step.draft.fields
    for kind in ("instrument", "commitment", "delivery", "measure"):
        if kind in fields:
            yield f"{kind}/{fields[kind]}"
    if "parent" in fields:
        yield f"instrument/{fields['parent']}"
    if isinstance(parties := fields.get("parties"), list):
        yield from (f"party/{party}" for party in parties)
    match fields.get("terms"):
        case {"part_of": {"commitment": str() as parent}}:
            yield f"commitment/{parent}"
        case _:
            pass
    if step.on_act is not None:
        yield step.on_act


def _check_schema(step: Step) -> None:
    """Raise ScenarioError unless the step, with stand-ins for what signing fills in, is an event of the registry."""
    event_ids = {step.on_act: _STAND_IN_ID} if step.on_act else {}
    key_sets = {step.needs_keys: _STAND_IN_KEYS} if step.needs_keys else {}
    try:
        payload_of(
            step.ready(event_ids=event_ids, key_sets=key_sets),
            ledger="ledger.example/stand-in",
            event_id=_STAND_IN_ID,
            sequence=1,
            previous=FIRST_PREVIOUS,
            issued_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
    except (Rejected, ValueError) as error:
        raise ScenarioError(f"{step.place} ({step.label}): {error}") from None
