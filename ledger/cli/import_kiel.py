"""`gledger import kiel`: a table of the Ukraine Support Tracker becomes signed claims of an observer, row by row.

Every row is accounted for, whatever becomes of it. Importing the same file again adds nothing, and a run that was
broken off goes on where it was.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ledger.cli.connect import Trust, connected, trust
from ledger.cli.endings import exit_code_of_refusal
from ledger.cli.exit_codes import ExitCode
from ledger.cli.options import Directory, Json, Origin, PassphraseFile, Url, VKeys, Yes
from ledger.cli.output import as_json, emit, emit_json, progress_bar, say
from ledger.cli.passphrases import load_keys
from ledger.client.answers import Admission
from ledger.client.errors import ClientError
from ledger.client.http import LedgerClient
from ledger.client.kiel.account import Account
from ledger.client.kiel.recording import Observer, Parties, Planned, Recording, held_by, parties_of
from ledger.client.kiel.releases import Release, release_of
from ledger.client.kiel.report import Report, lines_of
from ledger.client.workspace import Workspace
from ledger.store.durable import write_durably


def register(group: typer.Typer) -> None:
    """Add `kiel`."""
    group.command("kiel")(kiel)


def kiel(
    file: Annotated[Path, typer.Argument(help="The table: csv in UTF-8, or xlsx.")],
    observer: Annotated[str, typer.Option("--observer", help="Authority of the observer, such as obs/principal.")],
    keys: Annotated[list[str] | None, typer.Option("--key", help="Name or path of its key. Repeat it.")] = None,
    release: Annotated[str, typer.Option("--release", help="Number of the tracker's release.")] = "7",
    until: Annotated[str | None, typer.Option("--until", help="Last day of a release other than 7.")] = None,
    released_on: Annotated[str | None, typer.Option("--released-on", help="Day of its publication.")] = None,
    parties: Annotated[
        list[str] | None, typer.Option("--party", help="NAME=ID, where the source names a party otherwise. Repeat it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only read and report: no network, nothing signed.")
    ] = False,
    report_file: Annotated[Path | None, typer.Option("--report", help="File for the report, as JSON.")] = None,
    directory: Directory = Path(),
    url: Url = None,
    origin: Origin = None,
    vkeys: VKeys = None,
    passphrase_file: PassphraseFile = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Record the claims of a table of the Ukraine Support Tracker, and account for every row."""
    party, slash, _ = observer.partition("/")
    if not slash:
        raise ClientError("--observer with an authority, such as obs/principal", repr(observer), "Name its office too.")
    account = Account.of(file, _release(release, until, released_on), Observer(party, observer))
    if dry_run:
        _tell(account.report(), report_file, json=json)
        raise typer.Exit(_code(account))
    workspace = Workspace.at(directory)
    paths = [workspace.key_path(name) for name in keys or ()]
    if not paths:
        raise ClientError("--key with a key of the observer", "none", "Name it, or give --dry-run to read only.")
    with connected(workspace, url) as client:
        believed = trust(client, origin, vkeys, workspace.pinned)
        account.plan(*_known(client, account, _named(parties or ())))
        if account.waiting:
            signer = Observer(party, observer, load_keys(paths, passphrase_file))
            _confirm(account, believed, yes=yes)
            try:
                _record(client, account, signer, believed)
            finally:
                # Broken off or not, what was done is told.
                _tell(account.report(believed.origin), report_file, json=json)
            raise typer.Exit(_code(account))
    _tell(account.report(believed.origin), report_file, json=json)
    raise typer.Exit(_code(account))


def _release(number: str, until: str | None, released_on: str | None) -> Release:
    return release_of(number, _day("--until", until), _day("--released-on", released_on))


def _day(option: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ClientError(f"{option} with a day such as 2022-10-03", repr(text), "Correct it.") from None


def _named(settings: Sequence[str]) -> dict[str, str]:
    named = {}
    for setting in settings:
        name, equals, party = setting.rpartition("=")
        if not equals or not name:
            raise ClientError("--party NAME=ID", repr(setting), "Write it so.")
        named[name] = party
    return named


def _known(
    client: LedgerClient, account: Account, named: Mapping[str, str]
) -> tuple[dict[str, dict[str, Any]], Parties]:
    say("Reading what the ledger holds of this release.")
    return held_by(client, account.release.id, account.observer.party), parties_of(client, named)


def _confirm(account: Account, believed: Trust, *, yes: bool) -> None:
    """Show one of the claims as it will be signed, and how many there are, and ask. Raises typer.Abort for a no."""
    first = account.waiting[0]
    say(f"About to sign, as {account.observer.authority}, for the ledger {believed.origin}:")
    say(as_json({"type": "observation.recorded", **first.fields}))
    say(f"and {len(account.waiting) - 1} more such claims of observers, each of which the report names.")
    if yes:
        return
    if not sys.stdin.isatty():
        raise ClientError("a terminal to ask on", "none", "Look at --dry-run, and give --yes if it is right.")
    typer.confirm("Sign these?", abort=True, err=True)


def _record(client: LedgerClient, account: Account, observer: Observer, believed: Trust) -> None:
    waiting: list[Planned] = list(account.waiting)
    recording = Recording(client, observer, believed.origin, believed.vkeys, waiting)
    with progress_bar("recording") as progress:
        task = progress.add_task("", total=len(waiting))
        for planned, outcome in recording.run():
            if isinstance(outcome, Admission):
                account.recorded(planned)
            else:
                account.refused_by_ledger(planned, outcome)
            progress.advance(task)


def _tell(report: Report, file: Path | None, *, json: bool) -> None:
    """Write the report: to stdout as JSON or text, and as JSON into the file."""
    if file is not None:
        write_durably(file, msgspec.json.format(msgspec.json.encode(report)) + b"\n")
        say(f"Report: {file}")
    if json:
        emit_json(report)
    else:
        for line in lines_of(report):
            emit(line)
    claims = report.claims
    say(
        f"{claims.read} claims of {report.rows.read} rows: {claims.recorded} recorded, {claims.changed} changed, "
        f"{claims.unchanged} unchanged, {claims.refused} refused, {claims.unsettled} not submitted."
    )


def _code(account: Account) -> ExitCode:
    """Return how the run ends: as the worst refusal of the ledger, or because of rows that are no claims."""
    worst = max((exit_code_of_refusal(one.code, one.status) for one in account.problems), default=ExitCode.VALID)
    return worst or (ExitCode.USAGE if account.refused else ExitCode.VALID)
