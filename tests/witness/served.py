"""A witness on a real socket, in a thread of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from api.serving import app_server, listen, url_of
from api.witness.app import create_witness_app
from ledger.witness.witness import Witness

START_SECONDS_MAX = 30.0


@contextmanager
def served(witness: Witness) -> Iterator[httpx.Client]:
    """Yield a client of `witness`, served on a free port."""
    ready = threading.Event()
    listening = listen("127.0.0.1", 0)
    server = app_server(create_witness_app(witness), ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="served witness")
    thread.start()
    try:
        assert ready.wait(START_SECONDS_MAX), "the witness did not start in time"
        with httpx.Client(base_url=url_of(listening), timeout=30.0) as http:
            yield http
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)
        listening.close()
        assert not thread.is_alive(), "the witness did not stop in time"
