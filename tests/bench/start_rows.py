"""The start after everything was killed at once under load, beside PostgreSQL's own recovery of the same state."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

import msgspec
import psutil

from ledger.store.embedded import EmbeddedPostgres
from tests.bench.client import Job
from tests.bench.ground import Ground, load, say
from tests.bench.measured import Goal, Round, Row
from tests.bench.processes import Failed, environment, kill_tree, python, tree
from tests.places import copied

CLIENTS: Final = 16
LOADED_SECONDS: Final = 1.5
GONE_SECONDS_MAX: Final = 60


def start(ground: Ground) -> Row:
    """Kill the ledger and its PostgreSQL under load, let a copy recover, start the ledger, and send what was cut off.

    The copy is on the disk before it is started: PostgreSQL makes sure of every file first.
    """
    rounds, load_before = [], load()
    for _ in range(ground.scale.rounds):
        _kill_under_load(ground)
        limit = _recovery(ground.home / "postgres", ground.data / "copy")
        ours = ground.start()
        rounds.append(Round(limit, ours))
        say(f"ready {ours:.2f} s after everything was killed; recovery alone takes {limit:.2f} s")
        _send_again(ground)
    return Row(
        name="start after kill -9",
        ours="s from the start of `gledger up` until /readyz says ready",
        limit="s until PostgreSQL accepts clients again, in a copy of the same state",
        unit="s",
        rounds=tuple(rounds),
        figures={"beyond_s": max(one.ours - one.limit for one in rounds)},
        goals=(Goal("beyond_s", "≤", 3),),
        entries=ground.at,
        notes=("`beyond`: the worst round.",),
        load_before=load_before,
    )


def _kill_under_load(ground: Ground) -> None:
    client = subprocess.Popen(
        python("tests.bench.client"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert client.stdin is not None
    client.stdin.write(msgspec.json.encode(_job(ground)).decode() + "\n")
    client.stdin.flush()
    time.sleep(LOADED_SECONDS)
    assert ground.server is not None
    everything = tree(ground.server.pid)
    kill_tree(ground.server)
    _, alive = psutil.wait_procs(everything, timeout=GONE_SECONDS_MAX)
    if alive:
        raise Failed(f"still alive after being killed: {alive}")
    client.communicate(timeout=GONE_SECONDS_MAX)
    ground.stop()


def _recovery(postgres: Path, copy: Path) -> float:
    """Return the seconds that PostgreSQL needs to accept clients, in a copy of the directory."""
    shutil.rmtree(copy, ignore_errors=True)
    copied(postgres, copy)
    os.sync()
    server = EmbeddedPostgres(copy)
    began = time.perf_counter()
    server.start()
    seconds = time.perf_counter() - began
    server.stop()
    shutil.rmtree(copy)
    return seconds


def _job(ground: Ground) -> Job:
    return Job(
        url=ground.url,
        send="singles",
        connections=CLIENTS,
        acts=str(ground.workload.path),
        first=ground.at,
        last=ground.at + ground.scale.singles,
        until_lost=True,
    )


def _send_again(ground: Ground) -> None:
    """Submit what was under way when everything was killed: admitted now, or found to be there already."""
    told = ground.do(_job(ground))
    if told.sent != ground.scale.singles or told.lost:
        raise Failed(f"expected answers to {ground.scale.singles} acts, got {told.sent}")
    ground.at += told.sent
