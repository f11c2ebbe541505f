"""`gledger verify` on a statement: every act of an authority, none missing; or a receipt that shows it to be a lie."""

from pathlib import Path
from typing import Any

import msgspec
import typer

from ledger.cli.exit_codes import ExitCode
from ledger.cli.file_kinds import FileAsked
from ledger.cli.output import emit, emit_json, say
from ledger.client.errors import ClientError
from ledger.client.proof import prove
from ledger.client.statements import Stated, StatementContradicted, check_against, verify_statement
from ledger.log.entry import ENTRY_BYTES_MAX
from ledger.log.receipt import RECEIPT_BYTES_MAX

NOT_PROVED = (
    "That no act follows the last one is the ledger's signed word, which a receipt of a later act would show to be "
    "false (--against). An audit proves it without that word."
)


def verify_file(asked: FileAsked) -> None:
    """Say what the statement proves, and how a receipt goes with it if one is given."""
    with asked.path.open("rb") as file:
        stated = verify_statement(file, asked.believed.origin, asked.believed.vkeys, asked.records)
    if asked.records and not stated.checked and stated.acts:
        keys = ", ".join(sorted({key for act in stated.acts for key in act.signed_with}))
        raise ClientError("acts signed by one of the keys given", f"acts signed by {keys}", "Name the signer's record.")
    said = None
    if asked.against is not None:
        try:
            said = _against(asked, stated)
        except StatementContradicted as lie:
            _show_lie(lie, json=asked.json)
            raise typer.Exit(ExitCode.INVALID) from None
    report(stated, said, json=asked.json)


def _against(asked: FileAsked, stated: Stated) -> str:
    assert asked.against is not None
    receipt, entry = (_read(path) for path in asked.against)
    entry = entry.removesuffix(b"\n")
    return check_against(stated, receipt, prove(receipt, entry, asked.believed.origin, asked.believed.vkeys))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(max(RECEIPT_BYTES_MAX, ENTRY_BYTES_MAX) + 1)


def report(stated: Stated, said: str | None, *, json: bool) -> None:
    """Write what a verified statement proves."""
    statement = stated.statement
    if json:
        result: dict[str, Any] = {
            "valid": True,
            "kind": "statement",
            "statement": statement,
            "acts": stated.acts,
            "signatures_checked": stated.checked,
            "against": said,
            "not_proved": NOT_PROVED,
        }
        emit_json(msgspec.to_builtins(result))
        return
    emit(f"valid: {statement.origin} states {statement.count} acts of {statement.authority} in {statement.tree_size}")
    for act in stated.acts:
        emit(f"act    {act.sequence:>6}  {act.position:>9}  {act.type}  {act.event}")
    if statement.last is not None:
        emit(f"last:  payload SHA-256 {statement.last.payload_sha256}")
    if stated.checked:
        emit(f"keys:  {', '.join(stated.checked)} (signatures checked)")
    if said is not None:
        emit(said)
    say(NOT_PROVED)


def _show_lie(lie: StatementContradicted, *, json: bool) -> None:
    if json:
        emit_json({"valid": False, "expected": lie.expected, "got": lie.got, "evidence": lie.evidence})
        return
    emit(f"INVALID  the statement and the receipt cannot both be true\n  expected {lie.expected}\n  got      {lie.got}")
    say("Both were signed by the ledger. Keep the three files; --json puts them into one.")
