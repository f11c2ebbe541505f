"""The acts of examples/snapback-2025, and a ledger to play them into at the instants at which they were made."""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ledger.log.note import ed25519_note_signer
from ledger.signing.signer import generate_ed25519
from tests.acts import DEPOSITARY, ORIGIN, Founding, Office, opening, principal
from tests.conftest import REPOSITORY
from tests.world import World

DIRECTORY = REPOSITORY / "examples" / "snapback-2025"
NOT_OF_THE_EVENT = ("at", "by", "type", "refused")
FOUNDED = datetime(2015, 7, 1, tzinfo=UTC)

Table = Mapping[str, Any]


def read() -> dict[str, list[Table]]:
    """Return the tables of acts.toml."""
    values: dict[str, list[Table]] = tomllib.loads((DIRECTORY / "acts.toml").read_text("utf-8"))
    return values


def founded(parties: list[Table], more: tuple[str, ...] = ()) -> Founding:
    """Return the founding of a ledger with `parties`, and with sanctioning states of the ids `more`."""
    depositary = principal(DEPOSITARY)
    log_signer, service = ed25519_note_signer(ORIGIN, secrets.token_bytes(32)), generate_ed25519()
    others = [{"id": one, "name": one, "kind": "state", "roles": ["sanctions_guarantor"]} for one in more]
    offices = {party["id"]: principal(party["id"]) for party in (*parties, *others)}
    for office in (depositary, *offices.values()):
        office.issued_at = FOUNDED
    (beneficiary,) = (party["id"] for party in parties if "beneficiary" in party["roles"])
    raws = [opening(depositary, [log_signer], service, beneficiary=beneficiary)]
    raws += [_admission(depositary, offices[party["id"]], party) for party in (*parties, *others)]
    return Founding(ORIGIN, log_signer, service, depositary, offices, raws)


def _admission(depositary: Office, newcomer: Office, party: Table) -> bytes:
    return depositary.act(
        "party.admitted",
        subject=newcomer.party,
        kind=party["kind"],
        names=[{"language": "en", "name": party["name"]}],
        roles=party["roles"],
        principal=newcomer.grant,
    )


@dataclass
class Played:
    """The ledger of the example; `until` plays its acts up to an instant."""

    tables: dict[str, list[Table]] = field(default_factory=read)
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.world = World(founded(self.tables["party"], self.more), now=FOUNDED)
        self.waiting = list(self.tables["act"])

    def until(self, instant: str) -> World:
        """Return the ledger once everything was submitted that was made by then; its clock stands at the instant."""
        now = datetime.fromisoformat(instant)
        while self.waiting and self.waiting[0]["at"] <= now:
            self._submit(self.waiting.pop(0))
        self.world.now = now
        return self.world

    def _submit(self, act: Table) -> None:
        self.world.now = act["at"]
        fields = {key: value for key, value in act.items() if key not in NOT_OF_THE_EVENT}
        if act["type"] == "measure.contested":
            fields["reinstatement"] = self.world.measure("un-sc1737").reinstatements[0].event_id
        if "refused" in act:
            assert self.world.refuse(act["by"], act["type"], **fields) == act["refused"]
        else:
            self.world.admit(act["by"], act["type"], **fields)
