"""What nobody can be faster than: verifying, hashing, reading and committing, by the libraries that the ledger uses."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

import orjson
import psycopg
from nacl.signing import VerifyKey

from ledger.log.entry import parse_entry
from ledger.signing.dsse import PAYLOAD_TYPE, pae, parse
from ledger.signing.encoding import from_base64
from ledger.store.log import StoredLog
from tests.bench.founding import founding_of, log_signers_of, signer_of
from tests.bench.processes import ROOT, Failed, environment, python

READ_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Signed:
    """What one verification takes."""

    key: VerifyKey
    message: bytes
    signature: bytes


def keys_of(seed: int) -> dict[str, VerifyKey]:
    """Return the public key of each office of the story, by key id."""
    offices = founding_of(seed, log_signers_of(seed)).offices
    names = {office.authority for office in offices.values()} | {"depositary/principal"}
    signers = [signer_of(seed, name) for name in names]
    return {one.key_id: VerifyKey(one.private_key.public_key().public_bytes_raw()) for one in signers}


def signed_of(envelopes: Iterable[bytes], keys: dict[str, VerifyKey]) -> list[Signed]:
    """Return what verifying these envelopes takes, made ready."""
    ready = []
    for raw in envelopes:
        envelope = orjson.loads(raw)
        message = pae(PAYLOAD_TYPE, from_base64(envelope["payload"]))
        ready += [Signed(keys[one["keyid"]], message, from_base64(one["sig"])) for one in envelope["signatures"]]
    return ready


def verification(ready: Sequence[Signed]) -> float:
    """Return Ed25519 verifications per second, on one core."""
    began = time.perf_counter()
    for one in ready:
        one.key.verify(one.message, one.signature)
    return len(ready) / (time.perf_counter() - began)


def verify_and_hash(ready: Sequence[Signed], entries: Sequence[bytes]) -> float:
    """Return the seconds that it takes to verify each entry and hash it twice: for the chain and for the tree."""
    began = time.perf_counter()
    for one, entry in zip(ready, entries, strict=True):
        one.key.verify(one.message, one.signature)
        sha256(entry).digest()
        sha256(b"\x00" + entry).digest()
    return time.perf_counter() - began


def verification_and_hashing(entries: Path, first: int, last: int, seed: int) -> float:
    """Return entries per second that all cores together verify and hash twice: lines `first` to `last` of an export.

    A process for each core makes its share ready; then all begin at once, and the slowest counts.
    """
    shares = os.cpu_count() or 1
    each = -(-(last - first) // shares)
    bounds = [(at, min(at + each, last)) for at in range(first, last, each)]
    started = [
        subprocess.Popen(
            python("tests.bench.limits", str(entries), str(a), str(b), str(seed)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(),
        )
        for a, b in bounds
    ]
    for one in started:
        _heard(one)
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    seconds = max(float(_heard(one)) for one in started)
    for one in started:
        one.communicate()
    return (last - first) / seconds


def _heard(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise Failed(f"a process that measures the limit ended with {process.wait()}")
    return line


def reading_and_decoding(log: StoredLog, first: int, last: int) -> float:
    """Return entries per second that one core reads from PostgreSQL and decodes: positions `first` + 1 to `last`."""
    began, at = time.perf_counter(), first
    while at < last:
        raws = log.entries(at, min(READ_AT_ONCE, last - at))
        for raw in raws:
            parse(parse_entry(raw).envelope)
        at += len(raws)
    return (last - first) / (time.perf_counter() - began)


class Commits:
    """Single rows of `row_bytes`, each in a transaction of its own, in a table of its own of the ledger's server."""

    def __init__(self, database_url: str, row_bytes: int) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)
        self._row = os.urandom(row_bytes)
        self._connection.execute("CREATE TABLE IF NOT EXISTS rows (id bigserial PRIMARY KEY, body bytea NOT NULL)")

    def __enter__(self) -> "Commits":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def seconds(self, count: int) -> list[float]:
        """Return how long each of `count` took, sorted."""
        taken = []
        for _ in range(count):
            began = time.perf_counter()
            self._connection.execute("INSERT INTO rows (body) VALUES (%s)", [self._row], prepare=True)
            taken.append(time.perf_counter() - began)
        return sorted(taken)


def lines_of(path: Path, first: int, last: int) -> Iterator[bytes]:
    """Yield lines `first` (from 0) to before `last` of a file."""
    with path.open("rb") as file:
        for line in islice(file, first, last):
            yield line[:-1]


def main(arguments: Sequence[str]) -> None:
    """Make a share of an export ready, say so, wait for a line, and say how many seconds it took."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("entries", type=Path)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("seed", type=int)
    chosen = parser.parse_args(arguments)
    entries = list(lines_of(chosen.entries, chosen.first, chosen.last))
    ready = signed_of((parse_entry(raw).envelope for raw in entries), keys_of(chosen.seed))
    print("ready", flush=True)
    sys.stdin.readline()
    print(verify_and_hash(ready, entries), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
