"""The verifier in JavaScript, run by Node as anybody would run it, and many files at once in one process."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import REPOSITORY
from tests.places import passing_directory

VERIFIER: Final = REPOSITORY / "docs" / "verifier"
MANY: Final = Path(__file__).with_name("many.mjs")
SECONDS_MAX: Final = 250


def _node_program() -> str | None:
    """Return the machine's own Node, or the one that the browser's driver brings along."""
    driver = find_spec("playwright")
    brought = Path(driver.origin).parent / "driver" / "node" if driver is not None and driver.origin else None
    return shutil.which("node") or (str(brought) if brought is not None and brought.exists() else None)


NODE: Final = _node_program()

Trust = Mapping[str, Any]
"""Whom to believe, as the verifier takes it: vkeys, origin, policy, anchor."""

needs_node = pytest.mark.skipif(NODE is None, reason="no node")


@dataclass(frozen=True)
class Ended:
    """How a run of the verifier's command ended: its exit code, what it proved, what it said."""

    code: int
    proven: Any
    said: str


def verifier(*arguments: object, node_options: str = "") -> Ended:
    """Run `node docs/verifier/cli.mjs` with arguments."""
    done = _node(*node_options.split(), VERIFIER / "cli.mjs", *arguments)
    return Ended(done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr)


def verdicts(trust: Trust, bundles: Sequence[bytes]) -> list[int]:
    """Return for each of `bundles` with which code the command would end (0, 1 or 3), all from one process."""
    return verdicts_each([(trust, raw) for raw in bundles])


def verdicts_each(cases: Sequence[tuple[Trust, bytes]]) -> list[int]:
    """Return the same for bundles of which something else is believed each time."""
    with passing_directory() as place:
        joined = place / "bundles"
        with joined.open("wb") as file:
            for trust, raw in cases:
                believed = json.dumps(trust).encode()
                file.writelines((len(believed).to_bytes(4, "big"), len(raw).to_bytes(4, "big"), believed, raw))
        done = _node(MANY, joined)
    assert done.returncode == 0, done.stderr
    codes: list[int] = json.loads(done.stdout)
    assert len(codes) == len(cases)
    return codes


def _node(*arguments: object) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    return subprocess.run(
        [NODE, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_MAX, encoding="utf-8"
    )
