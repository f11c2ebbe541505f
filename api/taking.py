"""Acts to the committer, and what became of them: the same for one, for a batch, and for a statement that holds one."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from api.heads import note_of
from api.outcomes import outcome_name
from api.problems import Problem, Trouble
from api.service import Service
from ledger.intake.errors import Busy, Stopped
from ledger.intake.outcomes import Outcome, Sealed


def hand_in(service: Service, raws: Sequence[bytes]) -> asyncio.Future[list[Outcome]]:
    """Give `raws` to the committer, and return where their outcomes will be. Raises Problem; then nothing was taken."""
    try:
        return service.committer.hand_in(raws)
    except Busy as busy:
        later = {"Retry-After": str(busy.seconds)}
        raise Problem(Trouble.BUSY, "room for more submissions", "too many that wait already", later) from None
    except Stopped:
        raise Problem(Trouble.NOT_READY, "a ledger that accepts acts", "one that is stopping") from None


async def decided(service: Service, outcomes: asyncio.Future[list[Outcome]], seconds_max: float) -> list[Outcome]:
    """Wait for what was handed in. Raises Problem if it takes too long, and what `Intake.submit` raises."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(seconds_max):
            told = await outcomes
    except TimeoutError:
        # They may still be committed a moment later; whoever sends them again learns it.
        raise Problem(Trouble.OUTCOME_UNKNOWN, f"an outcome within {seconds_max:.0f} seconds", "none yet") from None
    _measure(service, told, time.perf_counter() - began)
    return told


def _measure(service: Service, outcomes: Sequence[Outcome], seconds: float) -> None:
    measures = service.measures
    measures.acts.observe(len(outcomes))
    measures.commit_seconds.observe(seconds)
    for name, count in Counter(map(outcome_name, outcomes)).items():
        measures.submissions.labels(name).inc(count)
    # The last act that this request added has the largest tree: the next answer already carries its checkpoint.
    for outcome in reversed(outcomes):
        if isinstance(outcome, Sealed) and not outcome.duplicate:
            if outcome.tree_size > service.newest.tree_size:
                service.newest.offer(note_of(outcome.receipt))
            return
