"""Peers that are not Python of this project: installed once into the data directory, by their own tools, or skipped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
EMMETT: Final = "@event-driven-io/emmett-postgresql@0.42.0"
EMMETT_CORE: Final = "@event-driven-io/emmett@0.42.0"
PYMERKLE: Final = "pymerkle==7.0.0"
GOPATH: Final = Path("/usr/share/gocode")
INSTALL_SECONDS_MAX: Final = 300


class Absent(Exception):
    """A peer cannot be had here; the message says why."""


def emmett(cache: Path) -> list[str]:
    """Return the beginning of the command that measures emmett. Raises Absent."""
    place = cache / "emmett"
    script = place / "emmett.mjs"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Absent("emmett: no node or no npm")
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "node_modules" / "@event-driven-io" / "emmett-postgresql").exists():
        (place / "package.json").write_text('{"private": true, "type": "module"}\n', encoding="utf-8")
        _run("emmett", ["npm", "install", "--no-audit", "--no-fund", EMMETT, EMMETT_CORE], place)
    shutil.copyfile(HERE / "emmett.mjs", script)
    return ["node", str(script)]


def tlog(cache: Path) -> list[str]:
    """Return the beginning of the command that measures tlog, from Debian's golang-golang-x-mod-dev. Raises Absent."""
    program = cache / "tlog"
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").exists():
        raise Absent("tlog: no go, or no golang-golang-x-mod-dev")
    cache.mkdir(parents=True, exist_ok=True)
    settings = {"GOPATH": str(GOPATH), "GO111MODULE": "off", "GOCACHE": str(cache / "go"), "GOFLAGS": ""}
    _run("tlog", ["go", "build", "-o", str(program), str(HERE / "tlog.go")], cache, settings)
    return [str(program)]


def pymerkle(cache: Path) -> list[str]:
    """Return the beginning of the command that measures pymerkle, in an environment of its own. Raises Absent."""
    place = cache / "pymerkle"
    interpreter = place / "bin" / "python"
    if not interpreter.exists() or _fails([str(interpreter), "-c", "import pymerkle"]):
        _run("pymerkle", [sys.executable, "-m", "venv", "--clear", str(place)], cache.parent)
        _run("pymerkle", [str(interpreter), "-m", "pip", "install", "-q", PYMERKLE], cache.parent)
    return [str(interpreter), str(HERE / "pymerkle_tree.py")]


def _fails(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


def _run(what: str, command: Sequence[str], place: Path, settings: Mapping[str, str] | None = None) -> None:
    with suppress(subprocess.TimeoutExpired, OSError):
        done = subprocess.run(
            command,
            cwd=place,
            env={**os.environ, **(settings or {})},
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS_MAX,
            check=False,
        )
        if done.returncode == 0:
            return
        raise Absent(f"{what}: {command[0]} ended with {done.returncode}: {done.stderr[-300:]}")
    raise Absent(f"{what}: {command[0]} did not end")
