"""The demonstration with witnesses: its scenes against real witnesses, and the whole of it as a command."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.cli.demo import SCENARIO
from ledger.cli.exit_codes import ExitCode
from ledger.client.connection import Connection
from ledger.client.demo import demo_signer, demonstrate
from ledger.client.errors import Unreachable
from ledger.client.http import LedgerClient
from ledger.client.scenario import load_scenario
from ledger.client.witnessed_scenes import COSIGNED_SECONDS_MAX, Stage, founding_of
from ledger.log.policy import parse_policy
from tests.api.served import served
from tests.cli.running import GLEDGER
from tests.gathering.trios import Trio


@pytest.fixture
def stage(three: Trio, tmp_path: Path) -> Iterator[Stage]:
    """A demonstration ledger whose witnesses are the three."""
    scenario = founding_of(load_scenario(SCENARIO))
    with served(three.settings) as one, Connection(one.url) as connection:
        client = LedgerClient(connection)
        demonstrate(client, scenario, tmp_path, lambda settled, total: None)
        signer = demo_signer(three.settings.origin, tmp_path)
        yield Stage(client, signer, scenario, parse_policy(three.policy_raw))


def test_the_scenes(stage: Stage, three: Trio) -> None:
    first = stage.cosigned()
    assert first.seconds < COSIGNED_SECONDS_MAX
    assert first.tree_size >= first.position
    three["east"].stop()
    second = stage.cosigned(("east",))
    assert set(second.by) == {"north", "south"}
    assert second.position == first.position + 1
    three["south"].stop()
    alone = stage.alone(("south", "east"))
    assert (alone.position, alone.witnessed_size, alone.ready) == (second.position + 1, second.tree_size, True)
    assert alone.states == {"north": "cosigning", "south": "unreachable", "east": "unreachable"}
    three["south"].start()
    three["east"].start()
    caught_up = stage.caught_up(time.monotonic())
    assert (caught_up.tree_size, set(caught_up.by)) == (alone.position, {"north", "south", "east"})


def test_a_scene_that_does_not_come_is_not_made_up(stage: Stage, three: Trio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.client.witnessed_scenes.WAIT_SECONDS_MAX", 0.5)
    with pytest.raises(Unreachable, match="a ledger that says that its quorum is lost"):
        stage.alone(("east",))
    for one in three.witnesses.values():
        one.stop()
    with pytest.raises(Unreachable, match="a checkpoint with the act that meets the policy"):
        stage.cosigned()


def test_a_policy_that_wants_more_is_not_met_by_what_the_ledger_calls_good(stage: Stage, three: Trio) -> None:
    three["east"].stop()
    strict = parse_policy(three.policy_raw.replace(b"group two 2", b"group two 3"))
    with pytest.raises(Exception, match="a witnessed receipt that meets the policy"):
        replace(stage, policy=strict).cosigned()


def free_ports(count: int) -> int:
    """Return the first of so many neighbouring ports that nobody uses."""
    for first in range(21_000, 30_000, count):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for offset, one in enumerate(sockets):
                one.bind(("127.0.0.1", first + offset))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise AssertionError("no ports are free")


@pytest.mark.slow
def test_the_command_twice_in_one_directory(tmp_path: Path) -> None:
    sizes = []
    for _ in range(2):
        command = [*GLEDGER, "demo-witnessed", "--json", "--port", str(free_ports(4)), "--data", str(tmp_path / "demo")]
        done = subprocess.run(command, capture_output=True, timeout=120)
        assert done.returncode == ExitCode.VALID, done.stderr.decode()
        scenes = [json.loads(line) for line in done.stdout.splitlines()]
        kinds = [scene["scene"] for scene in scenes]
        assert kinds == ["cosigned", "cosigned", "alone", "caught_up", "cosigned", "audited", "audited"]
        assert all(scene["seconds"] < COSIGNED_SECONDS_MAX for scene in scenes if scene["scene"] == "cosigned")
        for scene, quorum in zip(scenes[-2:], ("two", "two-mldsa44"), strict=True):
            assert scene["exit_code"] == 0, scene
            assert any(f"policy 3: quorum {quorum}" in one for one in scene["proved"]), scene
        sizes.append(scenes[-3]["tree_size"])
    assert sizes[1] == sizes[0] + 4
