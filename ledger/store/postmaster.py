"""What can be known about a PostgreSQL server from outside, and how one without an owner is ended.

`postmaster.pid` alone proves nothing: it survives a kill -9, and its number may belong to an unrelated process by then.
It is believed only while something answers on the socket, for only a server that holds the file can listen there.
"""

import os
import socket
import time
from pathlib import Path

from ledger.store.server_process import IMMEDIATE_STOP_SECONDS_MAX, STOP_SECONDS_MAX
from ledger.store.unprivileged import Account, EmbeddedPostgresError

POLL_SECONDS = 0.01
CONNECT_SECONDS_MAX = 5.0
PID_LINE = 0
STATE_LINE = 7
BYTES_READ_MAX = 16 * 1024
LOG_LINES_SHOWN = 15


def postmaster_state(cluster: Path) -> tuple[int, str] | None:
    """Return pid and state (`starting`, `ready`, `stopping`, …) from `postmaster.pid`, None if it has not both.

    Eight lines, written by PostgreSQL and read so by its own pg_ctl: pid, data directory, start time, port, socket
    directory, listen address, shared memory key, state.
    """
    lines = _last_lines(cluster / "postmaster.pid")
    if len(lines) <= STATE_LINE or not lines[PID_LINE].strip().isdecimal():
        return None
    return int(lines[PID_LINE]), lines[STATE_LINE].strip()


def answers(socket_path: Path) -> bool:
    """Whether a process listens on the socket, even one that refuses every client because it starts or stops."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(CONNECT_SECONDS_MAX)
        try:
            client.connect(str(socket_path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except (TimeoutError, BlockingIOError):
            return True  # Its queue is full, so it has one.
    return True


def shut_down_orphan(account: Account, cluster: Path, socket_path: Path) -> None:
    """End the server that a killed owner left behind, if there is one. The caller holds the owner's lock.

    Raises EmbeddedPostgresError if it is still there after a fast and an immediate shutdown.
    """
    for name, seconds in (("INT", STOP_SECONDS_MAX), ("QUIT", IMMEDIATE_STOP_SECONDS_MAX)):
        give_up = time.monotonic() + seconds
        signalled: int | None = None
        while answers(socket_path):
            state = postmaster_state(cluster)
            if state is not None and state[0] != signalled:
                signalled = state[0]
                account.signal(name, signalled)
            if time.monotonic() > give_up:
                break
            time.sleep(POLL_SECONDS)
        else:
            return
    raise EmbeddedPostgresError(
        f"expected no PostgreSQL in {cluster}, but one without an owner (process {signalled}) does not end. "
        f"End it by hand: kill -QUIT {signalled}"
    )


def log_tail(*logs: Path) -> str:
    """Return the last lines of each log, one after the other; a missing log has none."""
    return "\n".join(line for log in logs for line in _last_lines(log)[-LOG_LINES_SHOWN:])


def _last_lines(path: Path) -> list[str]:
    """Return the lines in the last 16 KiB. Links and pipes are not followed: the file belongs to another account."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return []
    with open(descriptor, "rb") as file:
        file.seek(max(0, os.fstat(descriptor).st_size - BYTES_READ_MAX))
        return file.read(BYTES_READ_MAX).decode("utf-8", "replace").splitlines()
