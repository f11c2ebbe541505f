"""Statement files as an operator could write them, honest or not, from the entries of a log in memory.

Written without `ledger.intake.stating`, so that two ways to the same bytes can be compared.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import Entry, parse_entry
from ledger.log.note import Ed25519NoteSigner
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.statement import LastAct, Statement, sign_statement
from ledger.log.tree import leaf_hash
from ledger.signing.dsse import parse
from ledger.signing.signer import Signer
from tests.acts import ORIGIN
from tests.log.naive import path, root


def acts_of(entries: Sequence[bytes], authority: str) -> list[Entry]:
    """Return the entries of an authority."""
    parsed = map(parse_entry, entries)
    return [entry for entry in parsed if parse(entry.envelope).event.authority == authority]


def last_act(entry: Entry) -> LastAct:
    envelope = parse(entry.envelope)
    return LastAct(envelope.event.sequence, envelope.event.id, entry.position, entry.sha256, envelope.payload_sha256)


@dataclass(frozen=True)
class Operator:
    """Who holds the keys of the ledger, and the entries that it shows."""

    entries: tuple[bytes, ...]
    log_signer: Ed25519NoteSigner
    service: Signer

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(raw) for raw in self.entries]

    def statement(self, authority: str, *, hidden: int = 0, **changed: object) -> Statement:
        """Return what the operator says; `hidden` acts are left out at the end, `changed` members replaced."""
        acts = acts_of(self.entries, authority)
        shown = acts[: len(acts) - hidden]
        members: dict[str, object] = {
            "origin": ORIGIN,
            "tree_size": len(self.entries),
            "root": root(self.leaves).hex(),
            "authority": authority,
            "count": len(shown),
            "last": last_act(shown[-1]) if shown else None,
        }
        return Statement(**{**members, **changed})  # type: ignore[arg-type]

    def file(self, authority: str, statement: Statement | None = None, shown: Sequence[Entry] | None = None) -> bytes:
        """Return a file: of `statement`, with the acts `shown`; by default the true one."""
        said = statement or self.statement(authority)
        acts = acts_of(self.entries, authority)[: said.count] if shown is None else shown
        opening = parse_entry(self.entries[0])
        lines = [b"guarantee-ledger statement v1", sign_statement(said, self.service)]
        for entry in [opening, *(one for one in acts if one.position > 1)]:
            lines += [entry.raw, self.proof(entry)]
        return b"".join(line + b"\n" for line in [*lines, b""]) + self.checkpoint()

    def proof(self, entry: Entry) -> bytes:
        siblings = path(entry.entry_index, self.leaves)
        return " ".join(["proof", *(base64.b64encode(one).decode() for one in siblings)]).encode()

    def checkpoint(self) -> bytes:
        return sign_checkpoint(Checkpoint(ORIGIN, len(self.entries), root(self.leaves)), self.log_signer)

    def receipt(self, entry: Entry) -> bytes:
        """Return a receipt of an entry at the size of the whole."""
        siblings = path(entry.entry_index, self.leaves)
        return format_receipt(Receipt(entry.entry_index, siblings, self.checkpoint()))


def statement_of(envelope: bytes) -> dict[str, object]:
    """Return the members of a statement, read with a JSON parser and nothing else."""
    members: dict[str, object] = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
    return members
