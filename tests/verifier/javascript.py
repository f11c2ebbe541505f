"""The verifier in JavaScript, run by Node as anybody would run it, and many files at once in one process."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import REPOSITORY

VERIFIER: Final = REPOSITORY / "docs" / "verifier"
MANY: Final = Path(__file__).with_name("many.mjs")
NODE: Final = shutil.which("node")
SECONDS_MAX: Final = 250

needs_node = pytest.mark.skipif(NODE is None, reason="no node")


@dataclass(frozen=True)
class Ended:
    """How a run of the verifier's command ended: its exit code, what it proved, what it said."""

    code: int
    proven: Any
    said: str


def verifier(*arguments: object) -> Ended:
    """Run `node docs/verifier/cli.mjs` with arguments."""
    done = _node(VERIFIER / "cli.mjs", *arguments)
    return Ended(done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr)


def verdicts(directory: Path, trust: dict[str, Any], bundles: Sequence[bytes]) -> list[int]:
    """Return for each of `bundles` with which code the command would end (0, 1 or 3), all from one process."""
    joined = directory / "bundles"
    joined.write_bytes(b"".join(len(raw).to_bytes(4, "big") + raw for raw in bundles))
    done = _node(MANY, joined, json.dumps(trust))
    assert done.returncode == 0, done.stderr
    codes: list[int] = json.loads(done.stdout)
    assert len(codes) == len(bundles)
    return codes


def _node(*arguments: object) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    return subprocess.run(
        [NODE, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_MAX, encoding="utf-8"
    )
