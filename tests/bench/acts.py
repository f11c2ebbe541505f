"""Signed acts of the Compact at scale, as many as wanted: one envelope on each line of a file, in the order of the log.

    python -m tests.bench.acts --count 1000000 --data /var/tmp/gledger-bench

Signed once, by a process for each core, and kept by count and seed. Keys, ids and signatures follow from the seed, so
two machines measure the same bytes, and fewer acts are the beginning of more. Whoever knows a seed can sign for
everybody: never for a ledger that matters.
"""

import argparse
import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import msgspec
import orjson

from ledger.log.note import NoteSigner
from ledger.signing.dsse import PAYLOAD_TYPE, pae
from ledger.signing.mldsa import save_mldsa44
from ledger.signing.signer import save_signer
from tests.acts import ISSUED_AT, ORIGIN, Founding
from tests.bench.founding import FIRST_MS, event_id_of, founding_of, log_signers_of, mldsa_key_of, signer_of
from tests.bench.story import SECONDS_BETWEEN, Step, story

SEED_DEFAULT: Final = 1
DATA_DEFAULT: Final = Path("/var/tmp/gledger-bench")
"""On a disk: in memory an fsync costs nothing, and a speed would say too much."""

SIGNED_ALONE_MAX: Final = 20_000
"""Acts that are not worth the start of other processes."""

_TOLD_BY: Final = ("story.py", "promises.py", "founding.py", "acts.py")
"""What the bytes depend on: acts that were signed by another version are not taken for those of this one."""

_MS_BETWEEN: Final = 1_000 * SECONDS_BETWEEN


@dataclass(frozen=True, slots=True)
class Workload:
    """`count` signed acts in `path`. `founded` are the desks after the founding, whose acts come first in the file."""

    seed: int
    count: int
    path: Path
    founded: Founding
    log_signers: tuple[NoteSigner, ...] = field(repr=False)

    def raws(self, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Yield the envelopes from number `first` (from 0) to before `last`, in order."""
        with self.path.open("rb") as file:
            for line in islice(file, first, self.count if last is None else min(last, self.count)):
                yield line[:-1]

    def write_keys(self, keys: Path) -> None:
        """Write the keys of the log and of the service where `gledger up` looks for its own: `keys` in its data."""
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        save_signer(signer_of(self.seed, "log"), keys / "log.pem", None)
        save_signer(signer_of(self.seed, "service"), keys / "service.pem", None)
        save_mldsa44(mldsa_key_of(self.seed), keys / "log-mldsa.pem")


def workload(count: int, data: Path = DATA_DEFAULT, *, seed: int = SEED_DEFAULT, mldsa: bool = True) -> Workload:
    """Return `count` acts, founding included; signs them only if `data` has no file of as many yet.

    `mldsa`: the opening names an ML-DSA-44 key of the log beside the Ed25519 one, as `gledger up` has it.
    """
    kind = f"{seed}{'' if mldsa else '-ed25519'}-{_version()}.ndjson"
    path = _kept(data, kind, count) or data / f"acts-{count}-{kind}"
    signers = log_signers_of(seed)[: None if mldsa else 1]
    founded = founding_of(seed, signers)
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        _write(path, seed, count, founded)
    return Workload(seed, count, path, founded, signers)


@cache
def _version() -> str:
    sources = (Path(__file__).with_name(name).read_bytes() for name in _TOLD_BY)
    return sha256(b"".join(sources)).hexdigest()[:8]


def _kept(data: Path, kind: str, count: int) -> Path | None:
    """Return a file that has at least `count` acts: fewer are the beginning of more."""
    longer = {int(path.name.split("-")[1]): path for path in data.glob(f"acts-*-{kind}")}
    return min(((size, path) for size, path in longer.items() if size >= count), default=(0, None))[1]


@cache
def _made_id(seed: int, made: str) -> str:
    return event_id_of(seed, made, FIRST_MS)


def _write(path: Path, seed: int, count: int, founded: Founding) -> None:
    """Sign by desk, in several processes, and put the acts together in the order of the story."""
    steps = max(count - len(founded.raws), 0)
    shares = (os.cpu_count() or 1) if steps > SIGNED_ALONE_MAX else 1
    parts = [path.with_suffix(f".part{number}") for number in range(shares)]
    starts = {one.authority: (one.sequence, one.previous) for one in founded.offices.values()}
    if shares == 1:
        sign_share(steps, seed, (0, 1), starts, parts[0])
    else:
        with ProcessPoolExecutor(shares, get_context("spawn")) as pool:
            for done in [pool.submit(sign_share, steps, seed, (at, shares), starts, parts[at]) for at in range(shares)]:
                done.result()
    fresh = path.with_suffix(".new")
    with ExitStack() as opened:
        out = opened.enter_context(fresh.open("wb"))
        signed = [opened.enter_context(part.open("rb")) for part in parts]
        out.writelines(raw + b"\n" for raw in founded.raws[:count])
        share_of = {authority: at % shares for at, authority in enumerate(starts)}
        out.writelines(signed[share_of[step.desk]].readline() for step in islice(story(seed), steps))
    for part in parts:
        part.unlink()
    fresh.rename(path)


def sign_share(
    steps: int, seed: int, share: tuple[int, int], starts: Mapping[str, tuple[int, str]], part: Path
) -> None:
    """Sign the steps of every desk whose number is `share[0]` modulo `share[1]`, a line each, into `part`."""
    pens = {
        authority: Pen(seed, authority, *start)
        for at, (authority, start) in enumerate(starts.items())
        if at % share[1] == share[0]
    }
    with part.open("wb") as file:
        for number, step in enumerate(islice(story(seed), steps)):
            if (pen := pens.get(step.desk)) is not None:
                file.write(pen.signed(step, number))


class Pen:
    """Signs what a desk says, ten times as fast as `Office.act`, which checks what is known to be sound here."""

    def __init__(self, seed: int, authority: str, sequence: int, previous: str) -> None:
        signer = signer_of(seed, authority)
        self._seed, self._key = seed, signer.private_key
        self._sequence, self._previous = sequence, previous
        self._header = {"version": 1, "ledger": ORIGIN, "party": authority.partition("/")[0], "authority": authority}
        self._start = b'","payloadType":"%b","signatures":[{"keyid":"%b","sig":"' % (
            PAYLOAD_TYPE.encode(),
            signer.key_id.encode(),
        )

    def signed(self, step: Step, number: int) -> bytes:
        """Return the envelope of the step `number` (from 0), with a line feed."""
        ms = FIRST_MS + number * _MS_BETWEEN
        if "act" in step.fields:
            step = step._replace(fields={"act": _made_id(self._seed, step.fields["act"])})
        self._sequence += 1
        payload = orjson.dumps(
            {
                **self._header,
                **step.fields,
                "type": step.type,
                "id": _made_id(self._seed, step.makes) if step.makes else event_id_of(self._seed, str(number), ms),
                "sequence": self._sequence,
                "previous": self._previous,
                "issued_at": msgspec.to_builtins(ISSUED_AT + timedelta(milliseconds=number * _MS_BETWEEN)),
            },
            option=orjson.OPT_SORT_KEYS,
        )
        self._previous = sha256(payload).hexdigest()
        signature = b64encode(self._key.sign(pae(PAYLOAD_TYPE, payload)))
        return b'{"payload":"%b%b%b"}]}\n' % (b64encode(payload), self._start, signature)


def main() -> None:
    """Sign what is not there yet, and say where it is."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=SEED_DEFAULT)
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT)
    chosen = parser.parse_args()
    print(workload(chosen.count, chosen.data, seed=chosen.seed).path)


if __name__ == "__main__":
    main()
