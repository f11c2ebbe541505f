"""An honest ledger in which something happened, and what its operator can write instead of it.

The operator holds the log's key and the service key: chain, tree and checkpoint are made anew under every rewriting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ledger.events.canonical import canonical_bytes
from ledger.log.entry import parse_entry
from ledger.log.proofs import inclusion_proof
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.tree import EMPTY
from ledger.signing.dsse import parse
from ledger.signing.signer import sign_payload
from tests.audit.logs import Log, log_of
from tests.world import World, signed_world

CLOCK = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}

Entered = list[tuple[bytes, datetime]]


@dataclass(frozen=True)
class Stage:
    """A ledger after a commitment, a delivery, an eased measure, and an attack that brought it back by itself."""

    world: World

    @property
    def entered(self) -> Entered:
        """The envelopes in the log, each with the time of its entry."""
        return list(self.world.entered)

    @property
    def honest(self) -> Log:
        return self.sealed(self.entered)

    def sealed(self, entered: Sequence[tuple[bytes, datetime]]) -> Log:
        """Return a log of `entered`, chained and hashed anew and signed by the operator."""
        return log_of([raw for raw, _ in entered], self.world.founded.log_signer, [at for _, at in entered])

    def index_of(self, event_type: str, party: str | None = None) -> int:
        """Return the index of the first act of a type, of a party if one is named."""
        events = [parse(raw).event for raw, _ in self.entered]
        return next(i for i, one in enumerate(events) if one.type == event_type and party in (None, one.party))

    def by_service(self, raw: bytes, **fields: object) -> bytes:
        """Return an act of the service key with other fields, signed by it."""
        document = msgspec.json.decode(parse(raw).payload)
        return sign_payload(canonical_bytes(document | fields), [self.world.founded.service])


def staged() -> Stage:
    """Return the stage, played by the rules."""
    world = signed_world(clock=CLOCK)
    world.commits()
    world.delivers()
    world.admit("ua", "delivery.acknowledged", delivery="d-1", lines=[{"line": 1, "amount": "10.00"}])
    world.adopts()
    world.admit("gb", "measure.eased", measure="m-1", parts=["oil"])
    world.at("2026-06-10").attacked()
    world.at("2026-06-11").admit("de", "party.renamed", subject="de", names=[{"language": "en", "name": "FRG"}])
    return Stage(world)


def receipt_of(log: Log, position: int) -> tuple[bytes, bytes]:
    """Return the receipt of an entry in `log`, as its operator gave it out, and the entry."""
    leaves = [parse_entry(raw).leaf_hash for raw in log.entries]
    tiles = {tile.tile_id: tile.hashes for tile in EMPTY.append(leaves)[1]}
    proof = inclusion_proof(position - 1, len(leaves), tiles.__getitem__)
    return format_receipt(Receipt(position - 1, proof, log.note)), log.entries[position - 1]
