"""The PostgreSQL process that its owner started, and the watchdog that outlives the owner.

The server ends when the owner says so, and soon after the owner is killed: the watchdog, one shell with the rights of
the server's account, reads from a pipe that only the owner can close, and then asks the server to shut down fast.
"""

import os
import signal
import subprocess
from pathlib import Path

from ledger.store.unprivileged import Account

STOP_SECONDS_MAX = 120.0
IMMEDIATE_STOP_SECONDS_MAX = 30.0
WATCHDOG = 'read line; kill -INT "$1"'


class ServerProcess:
    """A running `postgres` and its watchdog; `command` is its arguments, `log` the file for what it says first."""

    def __init__(self, account: Account, command: list[str], cluster: Path, log: Path) -> None:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            self._server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **account.process(cluster)
            )
        finally:
            os.close(output)
        self.pid = self._server.pid
        self._watchdog: subprocess.Popen[bytes] | None = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "gledger-watchdog", str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **account.process(Path("/")),
        )

    @property
    def running(self) -> bool:
        """Whether the server is alive."""
        if self._server.poll() is None:
            return True
        # Asking has freed the number of the dead process: from now on the watchdog must not signal it.
        self._end_watchdog()
        return False

    def end(self) -> None:
        """Shut down fast and wait; after STOP_SECONDS_MAX at once, which costs a recovery at the next start."""
        self._end_watchdog()
        # A crash of the owner here leaves an orphan, which the next owner ends.
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(IMMEDIATE_STOP_SECONDS_MAX)

    def _end_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
