"""`gledger obligations`: what each guarantor owes, as of a day and as known at a time, in the ledger's own figures."""

from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from ledger.cli.connect import connected
from ledger.cli.obligation_table import obligation_table
from ledger.cli.options import AsOf, Directory, Json, KnownAt, Url
from ledger.cli.output import data_console, emit, emit_json, say
from ledger.client.errors import AnswerMalformed, ClientError
from ledger.client.http import LedgerClient
from ledger.client.workspace import Workspace

GUARANTORS: Final = "/v1/guarantors"

Csv = Annotated[bool, typer.Option("--csv", help="CSV on stdout.")]


def register(app: typer.Typer) -> None:
    """Add `obligations`."""
    app.command("obligations")(obligations)


def obligations(
    party: Annotated[str | None, typer.Argument(help="A guarantor; without it, every one.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    url: Url = None,
    directory: Directory = Path(),
    csv: Csv = False,
    json: Json = False,
) -> None:
    """Show open obligations: due, delivered as claimed, acknowledged, remaining, overdue."""
    if csv and json:
        raise ClientError("--csv or --json", "both", "Choose one.")
    query = {name: value for name, value in (("as_of", as_of), ("known_at", known_at)) if value is not None}
    with connected(Workspace.at(directory), url) as client:
        parties = [party or ""]
        if party is None:
            parties, query = every_guarantor(client, query)
        if csv:
            _emit_csv(client, parties, query)
            return
        answers = [client.read_all(_path(one), query) for one in parties]
    if json:
        emit_json(answers[0] if party is not None else answers)
        return
    for answer in answers[:1]:
        say(f"As of {answer.get('as_of')}, as known at tree size {answer.get('known_at')}.")
    console = data_console()
    rows = [row for answer in answers for row in rows_of(answer)]
    console.print(obligation_table(rows, "Obligations", console.width))


def every_guarantor(client: LedgerClient, query: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the party ids of all guarantors, and the query that asks of each as of the same day and tree size."""
    listed = client.read_all(GUARANTORS, query)
    same = dict(query)
    for name in ("as_of", "known_at"):
        same[name] = str(listed.get(name))
    return [str(row.get("guarantor")) for row in rows_of(listed)], same


def obligations_of(client: LedgerClient, party: str, query: dict[str, str]) -> list[dict[str, Any]]:
    """Return the obligations of one guarantor."""
    return rows_of(client.read_all(_path(party), query))


def rows_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of an answer. Raises AnswerMalformed if it has none."""
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerMalformed("a list of objects as data", type(rows).__name__, "Check the version of the server.")
    return rows


def _path(party: str) -> str:
    return f"{GUARANTORS}/{quote(party, safe='')}/obligations"


def _emit_csv(client: LedgerClient, parties: list[str], query: dict[str, str]) -> None:
    """Write one table: the head of the first answer that has one, the rows of all."""
    shown_head = None
    for party in parties:
        head, _, rows = client.text(_path(party), {**query, "format": "csv"}).replace("\r\n", "\n").partition("\n")
        if head and shown_head is None:
            shown_head = head
            emit(head)
        if rows := rows.rstrip("\n"):
            emit(rows)
