"""A page whose commands are run as they are written: blocks marked `sh`, each with what it prints in a block `text`.

What differs from run to run (ids, digests, keys, instants) is compared by its kind only.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BLOCKS: Final = re.compile(r"^```sh\n(?P<commands>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?", re.M | re.S)
SECONDS_MAX: Final = 120

_VARYING: Final = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"), "(id)"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "(digest)"),
    (re.compile(r"\+[0-9a-f]{8}(\+[A-Za-z0-9+/]{20,}=*)?"), "(key)"),
    (re.compile(r"\b[A-Za-z0-9+/]{43}=|\b[A-Za-z0-9+/]{58,}={0,2}"), "(base64)"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "(instant)"),
    (re.compile(r"\b\d+(\.\d+)? (s|ms|seconds|milliseconds)\b"), "(time)"),
)


@dataclass(frozen=True)
class Step:
    """Commands that are run together, and what they print to stdout."""

    commands: str
    printed: str


def steps(page: str) -> Iterator[Step]:
    """Yield the steps of a page in order."""
    for found in BLOCKS.finditer(page):
        yield Step(found["commands"], found["printed"] or "")


def run(step: Step, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a step in a shell that stops at the first failure and hands its state to the next one; return its stdout."""
    state = folder / ".shell-state"
    script = (
        f"set -e -o pipefail\nset -a\n[ ! -e {state} ] || . {state}\nset +a\n{step.commands}\n"
        f"{{ declare -f; declare -p GLEDGER_URL; }} > {state}\n"
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{step.commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def settled(printed: str) -> list[str]:
    """Return what was printed by lines, with everything replaced that differs from run to run, space included."""
    for pattern, kind in _VARYING:
        printed = pattern.sub(kind, printed)
    return [" ".join(line.split()) for line in printed.splitlines() if line.strip(" ─")]
