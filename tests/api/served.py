"""A real server for tests: the application on uvicorn in a thread, on a real database, spoken to over a real socket."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.server import server_of
from api.serving import AnnouncedServer, listen, url_of
from api.settings import Settings
from ledger.events.keys import key_id
from ledger.signing.signer import Ed25519Signer
from ledger.store.database import migrate
from tests.acts import DEPOSITARY, Founding
from tests.places import passing_directory
from tests.postgres import fresh_database

START_SECONDS_MAX = 30.0
CAUGHT_UP_SECONDS_MAX = 20.0
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


def settings_for(made: Founding, database_url: str, data: Path) -> Settings:
    """Return the settings of a server that holds the keys around which `made` opens its ledger."""
    service = made.service
    assert isinstance(service, Ed25519Signer)
    return Settings(
        database_url=database_url,
        origin=made.origin,
        log_key=signer_of(bytes(made.log_signer.private_key)),
        service_key=service,
        data=data,
        depositary=DEPOSITARY,
    )


def signer_of(seed: bytes) -> Ed25519Signer:
    """Return the key of a seed of 32 bytes as the settings hold it."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Ed25519Signer(key, spki, key_id(spki))


@dataclass(frozen=True)
class Served:
    """A running server and a client of it."""

    url: str
    settings: Settings
    http: httpx.Client
    server: AnnouncedServer

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def post(self, raw: bytes, headers: dict[str, str] = JSON) -> httpx.Response:
        return self.http.post("/v1/events", content=raw, headers=headers)

    def batch(self, raws: list[bytes]) -> httpx.Response:
        return self.post(b"".join(raw + b"\n" for raw in raws), NDJSON)

    def get(self, path: str, **named: Any) -> httpx.Response:
        return self.http.get(path, **named)

    def tree_size(self) -> int:
        size: int = self.get("/v1/ledger").json()["tree_size"]
        return size


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """Yield the ledger of `settings`, served on a free port; its database is migrated first."""
    migrate(settings.database_url)
    ready = threading.Event()
    listening: socket.socket = listen("127.0.0.1", 0)
    server = server_of(settings, ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="served")
    thread.start()
    try:
        give_up = time.monotonic() + START_SECONDS_MAX
        while not ready.wait(0.05):
            assert thread.is_alive(), "the server ended while it was starting"
            assert time.monotonic() < give_up, "the server did not start in time"
        with httpx.Client(base_url=url_of(listening), timeout=30.0) as http:
            yield Served(url_of(listening), settings, http, server)
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)
        listening.close()
        assert not thread.is_alive(), "the server did not stop in time"


@contextmanager
def passing_ledger(server: str, made: Founding, *, founded: bool = True) -> Iterator[Served]:
    """Yield a ledger in a database of its own, served, and founded unless a test does that; nothing of it is left."""
    with (
        fresh_database(server) as url,
        passing_directory() as data,
        served(settings_for(made, url, data)) as one,
    ):
        if founded:
            found(one, made)
        yield one


def found(one: Served, made: Founding) -> None:
    """Submit the acts that found the ledger; each must be admitted."""
    answers = [json.loads(line) for line in one.batch(made.raws).text.splitlines()]
    assert [answer["outcome"] for answer in answers] == ["admitted"] * len(made.raws), answers


def caught_up(one: Served) -> int:
    """Wait until the rows are those of the whole log, and return its size."""
    give_up = time.monotonic() + CAUGHT_UP_SECONDS_MAX
    while (told := one.get("/readyz").json())["projection_position"] != told["tree_size"]:
        assert time.monotonic() < give_up, told
        time.sleep(0.02)
    return int(told["tree_size"])
