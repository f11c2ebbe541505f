"""Measure every row beside its limit: `make bench`, or `make bench ARGS='--quick --only intake,audit'`."""

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.bench import machine, picture, table
from tests.bench.acts import DATA_DEFAULT, SEED_DEFAULT, workload
from tests.bench.audit_rows import audit, export, judged
from tests.bench.ground import Ground, say
from tests.bench.growth import Growth
from tests.bench.intake_rows import fill, singles
from tests.bench.lone_rows import Lone
from tests.bench.measured import Row
from tests.bench.peers.race import peers
from tests.bench.processes import ROOT, Failed
from tests.bench.read_rows import obligations, tiles
from tests.bench.rebuild_rows import rebuild
from tests.bench.scale import FULL, MIDDLE, QUICK, TINY, Scale
from tests.bench.start_rows import start
from tests.bench.table import Run
from tests.bench.trees import trees

NAMES: Final = ("intake", "growth", "reads", "tiles", "singles", "lone", "peers", "start", "audit", "rebuild", "trees")
SCALES: Final = {"full": FULL, "middle": MIDDLE, "quick": QUICK, "tiny": TINY}
OUT: Final = ROOT / "docs" / "bench"


def measure(ground: Ground, chosen: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Measure the chosen rows, in the order of NAMES; the intake fills the ledger for all others.

    Returns what was skipped or failed, and what PostgreSQL says of its durability.
    """
    missing: list[str] = []

    def rows(name: str, measured: Callable[[], list[Row] | None]) -> None:
        if name not in chosen:
            return
        try:
            ground.rows += measured() or []
        except Failed as failed:
            # The others are worth having all the same.
            say(f"{name} failed: {failed}")
            missing.append(f"{name}, FAILED: {str(failed)[:300]}")

    with ExitStack() as running:
        running.callback(ground.stop)
        ground.start()
        durability = machine.durability(ground.database_url)
        ground.go_on()
        if ground.at < ground.scale.entries:
            growth = Growth(ground)
            ground.rows += fill(ground, growth.look if "growth" in chosen else lambda _: None)
            ground.curves += growth.curves()
        alone = Lone(ground)
        rows("lone", alone.round)
        rows("reads", lambda: obligations(ground))
        rows("lone", alone.round)
        rows("tiles", lambda: tiles(ground))
        rows("lone", alone.round)
        rows("singles", lambda: [singles(ground)])
        rows("lone", alone.round)
        rows("peers", lambda: peers(ground, missing))
        rows("lone", lambda: [alone.row()])
        rows("start", lambda: [start(ground)])
        lines, folder = export(ground)
        rows("rebuild", lambda: [rebuild(ground)])
        ground.stop()
        rows("audit", lambda: [audit(ground, lines, folder)])
        judged(ground, lines)
    if "trees" in chosen:
        ground.curves += trees(ground)
    return missing, durability


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few minutes, at 20,000 entries")
    parser.add_argument("--scale", choices=SCALES, default="full", help="how much of everything")
    parser.add_argument("--only", default=",".join(NAMES), help=f"rows, of {', '.join(NAMES)}")
    parser.add_argument("--run", default="", help="a name for the run: writes results-NAME.json and pictures")
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, help="directory, on a disk, for acts and ledgers")
    parser.add_argument("--out", type=Path, default=OUT, help="where results and pictures are written")
    parser.add_argument(
        "--mldsa", action="store_true", help="a log with an ML-DSA-44 key too, as `gledger up` makes it"
    )
    parser.add_argument("--keep", action="store_true", help="leave the ledger and its copies where they are")
    parser.add_argument(
        "--again", action="store_true", help="go on with the ledger that --keep left: rows without intake"
    )
    return parser


def main(given: Sequence[str]) -> None:
    """Measure, print the table, and write what `--run` asks for."""
    wanted = arguments().parse_args(given)
    chosen = [name for name in wanted.only.split(",") if name]
    if unknown := set(chosen) - set(NAMES):
        raise SystemExit(f"expected rows of {', '.join(NAMES)}; got {', '.join(sorted(unknown))}")
    wanted.data.mkdir(parents=True, exist_ok=True)
    machine.require_disk(wanted.data)
    scale: Scale = QUICK if wanted.quick else SCALES[wanted.scale]
    began, clock = time.strftime("%Y-%m-%d %H:%M"), time.perf_counter()
    about = machine.machine()
    say("signing")
    acts = workload(scale.entries + scale.reserve, wanted.data, seed=SEED_DEFAULT, mldsa=wanted.mldsa)
    place = wanted.data / f"run-{wanted.run or 'latest'}"
    if not wanted.again:
        shutil.rmtree(place, ignore_errors=True)
    ground = Ground(place, scale, acts)
    try:
        missing, durability = measure(ground, chosen)
    finally:
        if not wanted.keep:
            shutil.rmtree(place, ignore_errors=True)
    run = Run(
        began=began,
        seconds=time.perf_counter() - clock,
        entries=scale.entries,
        machine=about,
        versions=machine.versions(),
        durability=durability,
        place=machine.place(wanted.data),
        workload=f"acts of seed {acts.seed}; checkpoints by Ed25519{' and ML-DSA-44' if wanted.mldsa else ''}",
        rows=tuple(ground.rows),
        curves=tuple(ground.curves),
        missing=tuple(missing),
    )
    print(table.written(run))
    if wanted.run:
        _keep(run, wanted.out, wanted.run)


def _keep(run: Run, out: Path, name: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / f"results-{name}.json").write_bytes(table.encoded(run))
    (out / f"ratios-{name}.svg").write_text(picture.ratios(run), encoding="utf-8")
    (out / f"growth-{name}.svg").write_text(picture.growth(run), encoding="utf-8")
    for other in sorted(out.glob("results-*.json")):
        if other.name != f"results-{name}.json" and (before := table.decoded(other)) is not None:
            print(f"Beside {other.name}:\n{table.compared(before, run)}")


if __name__ == "__main__":
    # Asked to stop, it stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    main(sys.argv[1:])
