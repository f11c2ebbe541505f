"""Real witness processes on one store, which can be killed, and a client that does not mind."""

import http.client
import signal
import subprocess
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Self

from tests.cli.running import GLEDGER
from tests.conftest import REPOSITORY
from tests.witness.contenders import UNANSWERED, Reply

WAIT_S = 0.02


class Serving:
    """`gledger witness serve` in a process of its own; the same port after each start."""

    def __init__(self, directory: Path, *options: str) -> None:
        self._command = [*GLEDGER, "witness", "serve", str(directory), *options]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        command = [*self._command, "--port", str(self.port)]
        self._process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        assert " is ready at http://" in line, line + self._process.stderr.read()
        self.port = int(line.rstrip().rpartition(":")[2])

    def kill(self) -> None:
        """Kill -9, wherever it is."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


@dataclass
class OverHttp:
    """A way to the witness through any of its processes; another one is taken when one does not answer."""

    servings: list[Serving]
    turn: int = 0
    connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def ask(self, raw: bytes) -> Reply:
        return self._request("POST", "/add-checkpoint", raw)

    def newest(self, origin: str) -> bytes | None:
        reply = self._request("GET", f"/{sha256(origin.encode()).hexdigest()}/checkpoint", None)
        return reply.body if reply.status == 200 else None

    def _request(self, method: str, path: str, body: bytes | None) -> Reply:
        if self.connection is None:
            port = self.servings[self.turn % len(self.servings)].port
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            self.connection.request(method, path, body)
            response = self.connection.getresponse()
            return Reply(response.status, response.headers.get("content-type", ""), response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            self.turn += 1
            time.sleep(WAIT_S)
            return Reply(UNANSWERED)
