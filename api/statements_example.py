"""An example of a statement for the interface's description: made up, and true of the ledger of the other examples."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from api.examples import example, service_signer
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.note import parse_note
from ledger.log.statement import HEADER, LastAct, Statement, format_proof, sign_statement


@dataclass(frozen=True, slots=True)
class StatementExample:
    """A statement as a JSON value, and its file."""

    plain: Any
    file: str


@cache
def statement_example() -> StatementExample:
    """Return the statement about the root authority of a ledger that was just opened."""
    one = example()
    event = one.envelope.event
    checkpoint = parse_checkpoint(parse_note(one.checkpoint).text)
    last = LastAct(1, event.id, 1, one.entry.sha256, one.envelope.payload_sha256)
    statement = Statement(checkpoint.origin, checkpoint.tree_size, checkpoint.root.hex(), event.authority, 1, last)
    raw = sign_statement(statement, service_signer())
    file = b"\n".join((HEADER.encode(), raw, one.entry.raw, format_proof(()), b"", one.checkpoint))
    return StatementExample(msgspec.json.decode(raw), file.decode())
