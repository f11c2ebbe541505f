"""`python -m tests.model --steps 1000000 --seed 1`: a long walk, by hand. Prints how far it is, and what it reached."""

import argparse
import time

from ledger.events.registry import EVENT_TYPES
from tests.model.walker import Divergence, Tally
from tests.model.walks import history, seeded

PROGRESS_STEPS = 10_000


def main() -> None:
    """Walk history after history until the steps are done, or until ledger and model differ: exit 1."""
    arguments = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    arguments.add_argument("--steps", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--history", type=int, help="walk only this history of the seed, and print its acts")
    asked = arguments.parse_args()
    begun, tally, number = time.monotonic(), Tally(), asked.history or 0
    print(f"seed {asked.seed}, {asked.steps} steps", flush=True)
    progress = PROGRESS_STEPS
    while tally.steps < asked.steps:
        try:
            walker = history(seeded(asked.seed, number), tally)
        except Divergence as found:
            print(found)
            print(f"DIVERGENCE: seed {asked.seed}, history {number}, step {tally.steps}", flush=True)
            raise SystemExit(1) from None
        if asked.history is not None:
            print("\n".join(walker.trail))
            break
        number += 1
        if tally.steps >= progress:
            progress += PROGRESS_STEPS
            rate = tally.steps / (time.monotonic() - begun)
            print(f"{tally.steps} steps, {tally.histories} histories, {rate:.0f} steps/s", flush=True)
    _report(tally, time.monotonic() - begun)


def _report(tally: Tally, seconds: float) -> None:
    print(f"\n{tally.steps} steps in {tally.histories} histories, {seconds:.0f} s, {tally.steps / seconds:.0f} steps/s")
    for name in ("admitted", "refused", "states", "figures", "compared"):
        counts = getattr(tally, name)
        print(f"\n{name}: {sum(counts.values())}")
        for key, count in sorted(counts.items()):
            print(f"  {count:9} {key}")
    never = sorted(set(EVENT_TYPES) - set(tally.admitted))
    print(f"\nnever admitted: {', '.join(never) or 'none'}")


if __name__ == "__main__":
    main()
