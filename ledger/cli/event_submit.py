"""`gledger event submit`: hand in signed acts, and say that one is admitted only after its receipt was verified.

The receipt and the entry that it proves are kept beside the act. Submitting again is safe, and gives the first receipt.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.connect import Trust, connected, trust
from ledger.cli.endings import exit_code_of_refusal
from ledger.cli.options import Directory, Json, Origin, Url, VKeys
from ledger.cli.output import emit, emit_json, emit_json_line, progress_bar, say
from ledger.client.answers import Admission, Outcome, Problem
from ledger.client.envelope_files import read_envelopes, read_lines
from ledger.client.errors import LedgerRefused
from ledger.client.http import LedgerClient
from ledger.client.proof import check_holds, prove
from ledger.client.workspace import Pinned, Workspace, entry_path, receipt_path
from ledger.signing.dsse import parse
from ledger.store.durable import write_durably

STDIN = Path("-")


def register(group: typer.Typer) -> None:
    """Add `submit`."""
    group.command("submit")(submit)


def submit(
    file: Annotated[Path, typer.Argument(help="An envelope, or one on each line (NDJSON); - is stdin.")],
    directory: Directory = Path(),
    url: Url = None,
    origin: Origin = None,
    vkeys: VKeys = None,
    json: Json = False,
) -> None:
    """Submit signed acts and keep their receipts, each verified before it is called one."""
    workspace = Workspace.at(directory)
    with connected(workspace, url) as client:
        submit_file(client, workspace.pinned, file, origin, vkeys, json=json)


def submit_file(
    client: LedgerClient, pinned: Pinned | None, file: Path, origin: str | None, vkeys: list[str] | None, *, json: bool
) -> None:
    """Submit what a file holds. Raises LedgerRefused for a single act; ends with the worst code of a batch."""
    envelopes = read_lines(sys.stdin.buffer, "stdin") if file == STDIN else read_envelopes(file)
    for raw in envelopes:
        # What the ledger could not read is found here, before anything is sent.
        parse(raw)
    believed = trust(client, origin, vkeys, pinned)
    if len(envelopes) == 1:
        _submit_one(client, believed, envelopes[0], None if file == STDIN else file, json=json)
    else:
        _submit_many(client, believed, envelopes, None if file == STDIN else file, json=json)


def _submit_one(client: LedgerClient, believed: Trust, raw: bytes, file: Path | None, *, json: bool) -> None:
    try:
        admission = client.submit(raw)
    except LedgerRefused as refused:
        if refused.problem.first is not None:
            say(f"Under this id the ledger holds another act, at position {refused.problem.first.position}.")
        if json:
            emit_json(refused.problem)
        raise
    entry = _proven_entry(client, believed, raw, admission)
    if file is not None:
        write_durably(receipt_path(file), admission.receipt.encode())
        write_durably(entry_path(file), entry)
        say(f"Receipt: {receipt_path(file)}")
    _report(admission, admission.event, emit_json if json else None)


def _proven_entry(client: LedgerClient, believed: Trust, raw: bytes, admission: Admission) -> bytes:
    """Return the entry, once the receipt proved that the log holds this very act in it. Raises LogInvalid."""
    entry = client.entry_of(admission.event)
    check_holds(prove(admission.receipt.encode(), entry, believed.origin, believed.vkeys), parse(raw))
    return entry


def _submit_many(
    client: LedgerClient, believed: Trust, envelopes: list[bytes], file: Path | None, *, json: bool
) -> None:
    """Submit a batch; one line of outcome for each act, its receipt in a directory beside the file."""
    kept = file.with_name(f"{file.name}.receipts") if file is not None else None
    if kept is not None:
        kept.mkdir(exist_ok=True)
    problems: list[Problem] = []
    with progress_bar("submitting") as progress:
        task = progress.add_task("", total=len(envelopes))
        for raw, outcome in zip(envelopes, client.submit_many(envelopes), strict=True):
            if isinstance(outcome, Problem):
                problems.append(outcome)
            else:
                entry = _proven_entry(client, believed, raw, outcome)
                if kept is not None:
                    write_durably(kept / f"{outcome.event}.tlog-proof", outcome.receipt.encode())
                    write_durably(kept / f"{outcome.event}.entry.json", entry)
            _report(outcome, parse(raw).event.id, emit_json_line if json else None)
            progress.advance(task)
    say(f"{len(envelopes) - len(problems)} admitted, their receipts verified; {len(problems)} refused.")
    if problems:
        raise typer.Exit(max(exit_code_of_refusal(one.code, one.status) for one in problems))


def _report(outcome: Outcome, event: str, write_json: Callable[[Any], None] | None) -> None:
    if write_json is not None:
        extra = {"event": event} if isinstance(outcome, Problem) else {"verified": True}
        write_json({**extra, **{name: getattr(outcome, name) for name in outcome.__struct_fields__}})
    elif isinstance(outcome, Problem):
        emit(f"{event} refused: {outcome.code}: expected {outcome.expected}; got {outcome.got}. {outcome.do}")
    else:
        pending = f", pending on {', '.join(outcome.pending_on)}" if outcome.pending_on else ""
        emit(f"{outcome.event} {outcome.outcome} at position {outcome.position}{pending}")
