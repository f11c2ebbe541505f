"""`gledger drill`: an exercise on the ledger of a demonstration, scene by scene, and the audit of it in the end.

Ends with 0 if the audit found everything valid and 1 if it proved a lie. Ctrl-C ends it in order: what was submitted
stays in the ledger, and the next drill is another crisis.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from ledger.cli.demo import DATA, PORT, SCENARIO
from ledger.cli.demo_server import Server, serving
from ledger.cli.drill_screen import show
from ledger.cli.exit_codes import ExitCode
from ledger.cli.interrupts import signals_as_interrupts
from ledger.cli.options import Json, Url
from ledger.cli.output import emit_json_line, say
from ledger.client.connection import Connection
from ledger.client.demo import demonstrate
from ledger.client.drill import conduct
from ledger.client.drill_scenes import Asked, Audited, Scene
from ledger.client.errors import ClientError, LedgerRefused
from ledger.client.http import LedgerClient
from ledger.client.scenario import Scenario, load_scenario

PACE_SECONDS: Final = 1.5
PACE_SECONDS_MAX: Final = 60.0


def register(app: typer.Typer) -> None:
    """Add `drill`."""
    app.command("drill")(drill)


def drill(
    url: Url = None,
    data: Annotated[Path, typer.Option("--data", help="Directory with the demonstration keys, or a ledger's.")] = DATA,
    port: Annotated[int, typer.Option("--port", help="Port of 127.0.0.1 for a server of its own.")] = PORT,
    pace: Annotated[
        float | None, typer.Option("--pace", help="Seconds between scenes. Without it, 1.5 on a terminal, else 0.")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Leave a server of its own up until Ctrl-C.")] = False,
    json: Json = False,
) -> None:
    """Hold an exercise on a demonstration ledger: sanctions come back, clocks run, guarantors answer."""
    pace_s = (PACE_SECONDS if sys.stdout.isatty() else 0.0) if pace is None else pace
    if not 0 <= pace_s <= PACE_SECONDS_MAX:
        raise ClientError(f"--pace from 0 to {PACE_SECONDS_MAX:.0f} seconds", str(pace), "Choose another.")
    scenario = load_scenario(SCENARIO)
    with signals_as_interrupts():
        try:
            with ExitStack() as started:
                server = _started(started, scenario, data, port) if url is None else None
                address = server.url if server is not None else str(url)
                code = _hold(scenario, address, data, pace_s, json=json)
                if serve and server is not None:
                    _leave_up(server)
        except KeyboardInterrupt:
            say("Stopped. What was submitted stays in the ledger: the next drill is another crisis.")
            raise typer.Exit(ExitCode.UNDECIDABLE) from None
    raise typer.Exit(code)


def _started(started: ExitStack, scenario: Scenario, data: Path, port: int) -> Server:
    """Return a server of this command's own, with the whole demonstration in it."""
    say("Starting a ledger with a PostgreSQL of its own …")
    server = started.enter_context(serving(data, port))
    with Connection(server.url) as connection:
        done = demonstrate(LedgerClient(connection), scenario, data, lambda settled, total: None)
    if done.refused:
        raise LedgerRefused(done.refused[0].problem)
    say(f"{done.submitted} acts of the demonstration submitted now, {done.found} were there before.")
    return server


def _hold(scenario: Scenario, url: str, data: Path, pace_s: float, *, json: bool) -> int:
    """Show the drill and its audit; return how it ends."""
    before: Asked | None = None
    with Connection(url) as connection:
        for scene in _scenes(LedgerClient(connection), scenario, data):
            if json:
                emit_json_line(scene)
            else:
                show(scene, before)
            sys.stdout.flush()
            before = scene if isinstance(scene, Asked) else before
            if isinstance(scene, Audited):
                return scene.exit_code
            time.sleep(pace_s)
    raise AssertionError("a drill ends with its audit")


def _scenes(client: LedgerClient, scenario: Scenario, data: Path) -> Iterator[Scene]:
    name = ""
    for scene in conduct(client, scenario, data):
        name = scene.drill
        yield scene
    yield _audited(name, client.connection.url)


def _audited(name: str, url: str) -> Audited:
    """Run the audit as anybody would, in a process of its own, and return how it ended."""
    done = subprocess.run([sys.executable, "-m", "ledger.cli", "audit", url, "--json"], stdout=subprocess.PIPE)
    try:
        report: dict[str, Any] = msgspec.json.decode(done.stdout, type=dict[str, Any])
    except msgspec.DecodeError:
        report = {"verdict": "undecided", "reason": "the audit wrote no report"}
    return Audited(
        drill=name,
        command=f"gledger audit {url}",
        exit_code=done.returncode,
        verdict=str(report.get("verdict")),
        tree_size=report.get("tree_size"),
        root=report.get("root"),
        proved=tuple(f"{one['what']} {one['count']}: {one['detail']}" for one in report.get("proved", ())),
        reason=str(report["finding"]) if report.get("finding") else report.get("reason"),
    )


def _leave_up(server: Server) -> None:
    """Return at Ctrl-C."""
    say(f"Serving at {server.url} until Ctrl-C.")
    try:
        server.wait()
    except KeyboardInterrupt:
        say("Stopped.")
