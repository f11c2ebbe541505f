"""`gledger demo-witnessed`: a ledger and three witnesses on one machine, one of them stopped, two, and started again.

Ends with 0 if everything came as it should and the audit by the policy found everything valid, with 1 if that proved a
lie, with 3 if a checkpoint was not cosigned in time. Ctrl-C stops all that was started, in order.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from ledger.cli.demo import SCENARIO
from ledger.cli.demo_server import Server, serving
from ledger.cli.demo_witnesses import (
    POLICY,
    POLICY_ED25519,
    POLICY_MLDSA44,
    DemoWitness,
    demo_witnesses,
    write_policies,
)
from ledger.cli.exit_codes import ExitCode
from ledger.cli.interrupts import signals_as_interrupts
from ledger.cli.options import Json
from ledger.cli.output import emit, emit_json_line, say
from ledger.client.connection import Connection
from ledger.client.demo import demo_signer, demonstrate
from ledger.client.errors import LedgerRefused
from ledger.client.http import LedgerClient
from ledger.client.scenario import Scenario, load_scenario
from ledger.client.witnessed_scenes import (
    COSIGNED_SECONDS_MAX,
    Alone,
    AuditedByPolicy,
    CaughtUp,
    Cosigned,
    Scene,
    Stage,
    founding_of,
)
from ledger.client.workspace import log_keys
from ledger.log.note import VerifierKey
from ledger.log.policy import parse_policy

DATA: Final = Path("data/witnessed")
PORT: Final = 8080
_READY: Final = ("not ready", "ready all the same")


def register(app: typer.Typer) -> None:
    """Add `demo-witnessed`."""
    app.command("demo-witnessed")(demo_witnessed)


def demo_witnessed(
    port: Annotated[
        int, typer.Option("--port", help="Port of 127.0.0.1 for the ledger; the witnesses have the next three.")
    ] = PORT,
    data: Annotated[Path, typer.Option("--data", help="Directory of the ledger, its witnesses and the policy.")] = DATA,
    serve: Annotated[bool, typer.Option("--serve", help="Leave all of them up until Ctrl-C.")] = False,
    json: Json = False,
) -> None:
    """Run a ledger with three witnesses, stop one and two of them, and audit it by its policy."""
    scenario = founding_of(load_scenario(SCENARIO))
    code = ExitCode.VALID
    with signals_as_interrupts():
        try:
            with ExitStack() as started:
                vkeys = _founded(scenario, data, port)
                witnesses = _started(started, data, port, vkeys)
                policy = data / POLICY
                server = started.enter_context(serving(data, port, {"LEDGER_POLICY_FILE": str(policy.absolute())}))
                say(f"{policy}: two of three witnesses make a checkpoint good, by either kind of their keys.")
                for scene in _scenes(server, scenario, data, witnesses):
                    emit_json_line(scene) if json else emit(_told(scene))
                    sys.stdout.flush()
                    code = max(code, _ending(scene))
                if serve:
                    say(
                        f"Serving at {server.url} until Ctrl-C; {server.url}/v1/witnesses says how its witnesses stand."
                    )
                    server.wait()
        except KeyboardInterrupt:
            say(f"Stopped. Everything is kept in {data}.")
    raise typer.Exit(code)


def _founded(scenario: Scenario, data: Path, port: int) -> tuple[VerifierKey, ...]:
    """Found the ledger in `data` if it is not, before it has witnesses; return its keys, which they have to trust."""
    say("Starting a ledger with a PostgreSQL of its own …")
    with serving(data, port) as server, Connection(server.url) as connection:
        done = demonstrate(LedgerClient(connection), scenario, data, lambda settled, total: None)
        if done.refused:
            raise LedgerRefused(done.refused[0].problem)
        say(f"{done.info.origin}: {done.info.tree_size} entries, no witness yet.")
        return log_keys(done.info.log_keys)


def _started(started: ExitStack, data: Path, port: int, vkeys: Sequence[VerifierKey]) -> list[DemoWitness]:
    """Start the witnesses, each in a process of its own, and write the policy that names them."""
    witnesses = demo_witnesses(data / "witnesses", port + 1, vkeys)
    for one in witnesses:
        started.callback(one.stop)
        one.start()
        say(f"The witness {one.name} is ready at {one.url}.")
    write_policies(data, vkeys, witnesses)
    return witnesses


def _scenes(server: Server, scenario: Scenario, data: Path, witnesses: Sequence[DemoWitness]) -> Iterator[Scene]:
    policy = data / POLICY_ED25519
    with Connection(server.url) as connection:
        client = LedgerClient(connection)
        signer = demo_signer(client.ledger().origin, data)
        stage = Stage(client, signer, scenario, parse_policy(policy.read_bytes()))
        yield stage.cosigned()
        *_, second, last = witnesses
        last.stop()
        yield stage.cosigned((last.name,))
        second.stop()
        yield stage.alone((second.name, last.name))
        for one in (second, last):
            one.start()
        yield stage.caught_up(time.monotonic())
        yield stage.cosigned()
    for name in (POLICY_ED25519, POLICY_MLDSA44):
        yield _audited(server.url, data / name)


def _audited(url: str, policy: Path) -> AuditedByPolicy:
    """Run the audit as anybody would, in a process of its own, and return how it ended."""
    command = ["audit", url, "--policy", str(policy)]
    done = subprocess.run([sys.executable, "-m", "ledger.cli", *command, "--json"], stdout=subprocess.PIPE)
    try:
        report: dict[str, Any] = msgspec.json.decode(done.stdout, type=dict[str, Any])
    except msgspec.DecodeError:
        report = {"verdict": "undecided", "reason": "the audit wrote no report"}
    return AuditedByPolicy(
        command=f"gledger {' '.join(command)}",
        exit_code=done.returncode,
        verdict=str(report.get("verdict")),
        proved=tuple(f"{one['what']} {one['count']}: {one['detail']}" for one in report.get("proved", ())),
        reason=str(report["finding"]) if report.get("finding") else report.get("reason"),
    )


def _ending(scene: Scene) -> ExitCode:
    match scene:
        case Cosigned(seconds=seconds):
            return ExitCode.VALID if seconds <= COSIGNED_SECONDS_MAX else ExitCode.UNDECIDABLE
        case AuditedByPolicy(exit_code=code):
            return ExitCode(code)
        case Alone() | CaughtUp():
            return ExitCode.VALID


def _told(scene: Scene) -> str:
    match scene:
        case Cosigned(position, tree_size, by, seconds, stopped):
            held = f"{', '.join(stopped)} is stopped: the quorum holds. " if stopped else ""
            late = "" if seconds <= COSIGNED_SECONDS_MAX else f", later than {COSIGNED_SECONDS_MAX:.0f} s"
            tree = f"tree of {tree_size} cosigned by {', '.join(by)}"
            return f"{held}Act {position}: {tree}, {seconds:.2f} s after its submission{late}."
        case Alone(position, witnessed_size, ready, states, stopped):
            stand = ", ".join(f"{name} {state}" for name, state in states.items())
            admitted = f"Act {position}: admitted, with a receipt that verifies."
            lost = f"The ledger says that its quorum is lost at {witnessed_size} entries ({stand})"
            return f"{' and '.join(stopped)} are stopped. {admitted} {lost} and that it is {_READY[ready]}."
        case CaughtUp(tree_size, by, seconds):
            return f"Started again: tree of {tree_size} cosigned by {', '.join(by)}, {seconds:.2f} s later."
        case AuditedByPolicy(command, code, verdict, proved, reason):
            lines = [f"$ {command}", *proved, f"{verdict} (exit code {code}){f': {reason}' if reason else ''}"]
            return "\n".join(lines)
