"""The server of a demonstration: `gledger up` as a child process, started, waited for, and stopped again.

Whatever ends the demonstration ends the server and the database under it; nothing else is touched.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ledger.cli.output import say
from ledger.client.connection import Connection
from ledger.client.errors import ClientError, Unreachable
from ledger.client.http import LedgerClient

HOST: Final = "127.0.0.1"
ORIGIN: Final = "localhost/demonstration"
"""The name of the log: one that nobody takes for a real one."""

LOG_FILE: Final = "demo-server.log"
LOG_LINES_SHOWN: Final = 20
START_SECONDS_MAX: Final = 120.0
STOP_SECONDS_MAX: Final = 30.0
POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers at `url`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self) -> None:
        """Return never by itself: raises Unreachable when the server ended, and whatever a signal raises."""
        code = self.process.wait()
        raise Unreachable("the server to stay up", f"its end with code {code}", f"Read {self.log}.")


@contextmanager
def serving(data: Path, port: int, environment: Mapping[str, str] = MappingProxyType({})) -> Iterator[Server]:
    """Yield a server with its data in `data`, ready; it has ended when the context has.

    `environment` is what it finds there beside what this process does.
    """
    check_port(port)
    data.mkdir(parents=True, exist_ok=True)
    log = data / LOG_FILE
    options = ["--data", str(data), "--port", str(port), "--origin", ORIGIN]
    command = [sys.executable, "-m", "ledger.cli", "up", *options]
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches this process alone, which then stops the server in order.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment},
        )
    server = Server(f"http://{HOST}:{port}", process, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        stop(process)


def wait_until_ready(client: LedgerClient, seconds_max: float = START_SECONDS_MAX) -> None:
    """Return as soon as the server says that it can serve. Raises Unreachable."""
    deadline = time.monotonic() + seconds_max
    while not client.is_ready():
        if time.monotonic() > deadline:
            url = client.connection.url
            raise Unreachable(f"{url}/readyz to say yes within {seconds_max:.0f} seconds", "no", "Is the server up?")
        time.sleep(POLL_SECONDS)


def check_port(port: int) -> None:
    """Raise ClientError unless a server can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            do = "Stop what listens there (an earlier demonstration?), or choose another port: make demo PORT=8081."
            raise ClientError(f"port {port} of {HOST} free", str(error.strerror), do) from None


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    with Connection(server.url, waits_s=()) as connection:
        client = LedgerClient(connection)
        while not client.is_ready():
            if (code := server.process.poll()) is not None:
                raise Unreachable("the server to start", f"its end with code {code}", _tail(server))
            if time.monotonic() > deadline:
                raise Unreachable(f"a server within {START_SECONDS_MAX:.0f} seconds", "none", _tail(server))
            time.sleep(POLL_SECONDS)


def _tail(server: Server) -> str:
    lines = server.log.read_text("utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n".join([f"Its last words, from {server.log}:", *lines])


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to stop, and wait: its database needs a moment to stop in order."""
    if process.poll() is not None:
        return
    # A second Ctrl-C out of impatience must not leave a database behind.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.terminate()
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        say(f"The server did not stop within {STOP_SECONDS_MAX:.0f} seconds: it is ended. Its log survives that.")
        process.kill()
        process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
