"""A served ledger and three witnesses on real sockets, each of which can be stopped and started again."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from api.serving import AnnouncedServer, app_server, listen, url_of
from api.settings import Settings
from api.witness.app import create_witness_app
from ledger.log.note import KeyKind, VerifierKey, format_vkey
from ledger.log.policy import Judged, judge, parse_policy
from ledger.witness.directory import make_witness, open_cosigners, open_store
from ledger.witness.witness import Witness
from tests.acts import Founding
from tests.api.served import Served, found, served

NAMES = ("north", "south", "east")
WAIT_S = 20.0
QUORUM = "group two 2 north south east\nquorum two\n"

T = TypeVar("T")


@dataclass
class OwnWitness:
    """A witness in a directory, always at the same port."""

    name: str
    directory: Path
    vkeys: tuple[VerifierKey, ...]
    port: int = 0
    asked: list[int] = field(default_factory=list)
    _server: AnnouncedServer | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> str:
        """Its lines of a policy: one for each key."""
        names = [self.name, f"{self.name}-mldsa"]
        return "".join(
            f"witness {name} {format_vkey(vkey)} {self.url}\n" for name, vkey in zip(names, self.vkeys, strict=False)
        )

    def start(self) -> None:
        store = open_store(self.directory)
        witness = Witness(store, open_cosigners(self.directory, store, None), lambda: int(time.time()))
        ready = threading.Event()
        listening = listen("127.0.0.1", self.port)
        self.port = int(url_of(listening).rpartition(":")[2])
        server = app_server(create_witness_app(witness), ready.set)
        self._server = server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name=self.name)
        self._thread.start()
        assert ready.wait(WAIT_S), "the witness did not start in time"

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(WAIT_S)
            assert not self._thread.is_alive()
            self._server = self._thread = None

    def trust(self, *vkeys: VerifierKey) -> None:
        open_store(self.directory).trust([(vkey.name, vkey) for vkey in vkeys])


def own_witness(place: Path, name: str, *logs: VerifierKey, mldsa: bool = False) -> OwnWitness:
    """Return a new witness that trusts `logs`, not started yet."""
    kinds = {KeyKind.COSIGNATURE_ED25519: f"witness.example/{name}"}
    if mldsa:
        kinds[KeyKind.COSIGNATURE_MLDSA44] = f"witness.example/{name}/mldsa44"
    made = OwnWitness(name, place / name, make_witness(place / name, kinds, None))
    made.trust(*logs)
    return made


@dataclass
class Trio:
    """Three witnesses, and the settings of a ledger that asks them."""

    witnesses: dict[str, OwnWitness]
    settings: Settings
    made: Founding

    def __getitem__(self, name: str) -> OwnWitness:
        return self.witnesses[name]

    @property
    def policy_raw(self) -> bytes:
        assert self.settings.policy_raw is not None
        return self.settings.policy_raw

    def judged(self, note: bytes) -> Judged:
        """Return what the policy says of a note; every line of the log and of a witness must be true."""
        return judge(parse_policy(self.policy_raw), note)

    @contextmanager
    def ledger(self, *, founded: bool = True) -> Iterator[Served]:
        """Yield the ledger, served and founded."""
        with served(self.settings) as one:
            if founded:
                found(one, self.made)
            yield one


@contextmanager
def trio(settings: Settings, made: Founding, place: Path, *, mldsa: bool = False) -> Iterator[Trio]:
    """Yield three running witnesses and the settings of a ledger whose policy wants two of them."""
    log = made.log_signer.vkey
    with ExitStack() as started:
        witnesses = {name: own_witness(place, name, log, mldsa=mldsa) for name in NAMES}
        for one in witnesses.values():
            started.callback(one.stop)
            one.start()
        policy = f"log {format_vkey(log)}\n{''.join(one.lines for one in witnesses.values())}{QUORUM}"
        yield Trio(witnesses, replace(settings, policy_raw=policy.encode()), made)


def standing(one: Served) -> dict[str, Any]:
    """Return what the ledger says of its witnesses."""
    answer: dict[str, Any] = one.get("/v1/witnesses").json()
    return answer


def states(one: Served) -> dict[str, str]:
    return {witness["name"]: witness["state"] for witness in standing(one)["witnesses"]}


def until(look: Callable[[], T], good: Callable[[T], object], seconds_max: float = WAIT_S) -> T:
    """Return what `look` returns as soon as it is good."""
    give_up = time.monotonic() + seconds_max
    while True:
        seen = look()
        if good(seen):
            return seen
        assert time.monotonic() < give_up, seen
        time.sleep(0.02)


def witnessed(one: Served, tree_size: int) -> dict[str, Any]:
    """Return how the witnesses stand as soon as a tree of this size meets the policy."""
    return until(lambda: standing(one), lambda seen: seen["witnessed_size"] >= tree_size)
