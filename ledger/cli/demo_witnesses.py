"""The witnesses of a demonstration: three of them in one directory, each a process that can be stopped and started.

witnesses/north/        a witness of its own, as `gledger witness init` makes it
witnesses/north.log     what it said
policy                  C2SP tlog-policy: the log, the three witnesses with their addresses, two of them suffice
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from ledger.cli.demo_server import HOST, POLL_SECONDS, START_SECONDS_MAX, check_port, stop
from ledger.client.errors import Unreachable
from ledger.log.note import KeyKind, VerifierKey, format_vkey, parse_vkey
from ledger.store.durable import write_durably
from ledger.witness.directory import KEYS, make_witness, open_store

WITNESSES: Final = ("north", "south", "east")
QUORUM: Final = "two"


@dataclass(slots=True)
class DemoWitness:
    """One witness and its process, if it runs. `vkey` is the key that the policy names."""

    name: str
    directory: Path
    port: int
    vkey: VerifierKey
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers. Raises Unreachable."""
        check_port(self.port)
        log = self.directory.with_suffix(".log")
        command = [sys.executable, "-m", "ledger.cli", "witness", "serve", str(self.directory), "--port"]
        with log.open("ab") as output:
            # A session of its own, as the ledger has: Ctrl-C is for the process that stops them in order.
            self._process = subprocess.Popen(
                [*command, str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Unreachable(f"a witness at {self.url}", "none", f"Read {log}.")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop it, and return when that is done. Idempotent."""
        if self._process is not None:
            stop(self._process)
            self._process = None

    def _answers(self) -> bool:
        try:
            httpx.get(self.url)
        except httpx.TransportError:
            return False
        return True


def demo_witnesses(directory: Path, first_port: int, log_vkeys: Sequence[VerifierKey]) -> list[DemoWitness]:
    """Return the witnesses in `directory`, made if they are not there, which trust the log. None of them runs yet."""
    made = []
    for number, name in enumerate(WITNESSES):
        place = directory / name
        kinds = {KeyKind.COSIGNATURE_ED25519: f"localhost/{name}"}
        vkeys = _keys_of(place) or make_witness(place, kinds, None)
        open_store(place).trust([(vkey.name, vkey) for vkey in log_vkeys])
        made.append(DemoWitness(name, place, first_port + number, vkeys[0]))
    return made


def write_policy(path: Path, log_vkeys: Sequence[VerifierKey], witnesses: Sequence[DemoWitness]) -> None:
    """Write the policy: two of the witnesses make a checkpoint good."""
    lines = [f"log {format_vkey(vkey)}" for vkey in log_vkeys]
    lines += [f"witness {one.name} {format_vkey(one.vkey)} {one.url}" for one in witnesses]
    lines += [f"group {QUORUM} 2 {' '.join(one.name for one in witnesses)}", f"quorum {QUORUM}"]
    write_durably(path, "".join(f"{line}\n" for line in lines).encode())


def _keys_of(place: Path) -> tuple[VerifierKey, ...]:
    if not (place / KEYS).exists():
        return ()
    return tuple(parse_vkey(text) for text in open_store(place).own_keys())
