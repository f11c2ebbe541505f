"""The witnesses of a demonstration: three of them in one directory, each a process that can be stopped and started.

witnesses/north/        a witness of its own, as `gledger witness init` makes it
witnesses/north.log     what it said
policy-ed25519          C2SP tlog-policy: the log and the three witnesses by their Ed25519 keys; two of them suffice
policy-mldsa44          the same by their ML-DSA-44 keys, for whoever trusts no other signatures any more
policy                  what the ledger gathers by: both, each with two of the three
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
from ledger.witness.directory import KEYS, MLDSA_SUFFIX, make_witness, open_store

WITNESSES: Final = ("north", "south", "east")
POLICY: Final = "policy"
POLICY_ED25519: Final = "policy-ed25519"
POLICY_MLDSA44: Final = "policy-mldsa44"


@dataclass(slots=True)
class DemoWitness:
    """One witness and its process, if it runs. `vkeys`: its Ed25519 key, and its ML-DSA-44 key."""

    name: str
    directory: Path
    port: int
    vkeys: tuple[VerifierKey, ...]
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
        own = f"localhost/{name}"
        kinds = {KeyKind.COSIGNATURE_ED25519: own, KeyKind.COSIGNATURE_MLDSA44: f"{own}{MLDSA_SUFFIX}"}
        vkeys = _keys_of(place) or make_witness(place, kinds, None)
        open_store(place).trust([(vkey.name, vkey) for vkey in log_vkeys])
        made.append(DemoWitness(name, place, first_port + number, vkeys))
    return made


def write_policies(directory: Path, log_vkeys: Sequence[VerifierKey], witnesses: Sequence[DemoWitness]) -> None:
    """Write the three policies: by each kind of keys alone two of the witnesses make a checkpoint good."""
    every = [_Kind(POLICY_ED25519, "two", "", frozenset({KeyKind.ED25519, KeyKind.COSIGNATURE_ED25519}))]
    every.append(_Kind(POLICY_MLDSA44, "two-mldsa44", "-mldsa44", frozenset({KeyKind.COSIGNATURE_MLDSA44})))
    both: list[str] = []
    for kind in every:
        lines = [f"log {format_vkey(vkey)}" for vkey in log_vkeys if vkey.kind in kind.keys]
        for one in witnesses:
            (vkey,) = (vkey for vkey in one.vkeys if vkey.kind in kind.keys)
            lines.append(f"witness {one.name}{kind.suffix} {format_vkey(vkey)} {one.url}")
        lines.append(f"group {kind.quorum} 2 {' '.join(f'{one.name}{kind.suffix}' for one in witnesses)}")
        _write(directory / kind.file, [*lines, f"quorum {kind.quorum}"])
        both += lines
    _write(directory / POLICY, [*both, f"group both all {' '.join(kind.quorum for kind in every)}", "quorum both"])


@dataclass(frozen=True, slots=True)
class _Kind:
    """A policy by keys of one kind: its file, its quorum, and what its witnesses' names end in."""

    file: str
    quorum: str
    suffix: str
    keys: frozenset[KeyKind]


def _write(path: Path, lines: Sequence[str]) -> None:
    write_durably(path, "".join(f"{line}\n" for line in lines).encode())


def _keys_of(place: Path) -> tuple[VerifierKey, ...]:
    if not (place / KEYS).exists():
        return ()
    return tuple(parse_vkey(text) for text in open_store(place).own_keys())
