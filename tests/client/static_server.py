"""Files behind Python's own web server, which knows nothing of ledgers; a test may see each request beforehand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@dataclass
class StaticServer:
    """What is served, at which address, and what was asked. `before` is told the path of each request."""

    directory: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda path: None


@contextmanager
def serving_files(directory: Path) -> Iterator[StaticServer]:
    """Yield a server of the files in `directory`."""
    served = StaticServer(directory)

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            served.before(self.path)
            super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(directory)))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
