"""What is said of envelopes before anything is locked is the same here and in worker processes, whatever becomes of
those; and what could not be said before is said under the lock.
"""

import asyncio
import multiprocessing
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain

import pytest

from ledger.events.refusals import Refusal, Refused
from ledger.intake.checking import WORTH_A_WORKER, Checker
from ledger.intake.committer import Committer
from ledger.intake.intake import Intake
from ledger.intake.keys import KnownKeys
from ledger.intake.outcomes import Outcome, Sealed
from ledger.signing.checking import Checked
from ledger.signing.workers import Workers
from tests.acts import Office, admission, mandate, principal
from tests.intake.ledgers import Ledger
from tests.intake.test_committer import held_head, queued, running


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as started:
        yield started


def mixed(ledger: Ledger) -> list[bytes]:
    """Acts that are in order, and each other kind that can be told before the state is known."""
    known, stranger = ledger.office("gb"), principal("xx")
    forged = Office("de", "de/principal", signers=principal("de").signers)
    good = [known.renaming(f"Name {number}") for number in range(WORTH_A_WORKER)]
    # Well-formed, and with a second member that looks like the authority before the real one.
    disguised = known.renaming('"authority":"de/principal"')
    return [*good, b"nonsense", stranger.renaming(), forged.renaming(), disguised, b"", *good[:60]]


def checker(ledger: Ledger, workers: Workers) -> Checker:
    return Checker(ledger.founding.origin, KnownKeys(ledger.log), workers)


def checked(one: Checker, raws: list[bytes]) -> list[Checked | Refused]:
    return one.finish(one.begin(raws))


def test_workers_say_what_is_said_here(ledger: Ledger, workers: Workers) -> None:
    raws = mixed(ledger)
    here, there = (checked(checker(ledger, one), raws) for one in (Workers(0), workers))
    assert here == there
    told = [one.refusal if isinstance(one, Refused) else one.verified is not None for one in here]
    at = WORTH_A_WORKER
    assert all(told[:at])
    assert told[at : at + 5] == [Refusal.NOT_JSON, False, Refusal.KEY_UNKNOWN, True, Refusal.NOT_JSON]


def test_killed_workers_cost_nobody_an_answer(ledger: Ledger, workers: Workers) -> None:
    one, raws = checker(ledger, workers), mixed(ledger)
    before = checked(one, raws)
    killed = multiprocessing.active_children()
    assert killed
    for process in killed:
        process.kill()
    assert checked(one, raws) == before
    assert checked(one, raws) == before


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open nothing: no pipe to another process either."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
    opened: list[int] = []
    try:
        with suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for one in opened:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_workers_that_cannot_be_started_cost_nobody_an_answer(ledger: Ledger) -> None:
    raws = mixed(ledger)
    expected = checked(checker(ledger, Workers(0)), raws)
    with Workers(1) as workers:
        one = checker(ledger, workers)
        with no_more_files():
            begun = one.begin(raws)
        assert not begun.answered
        assert one.finish(begun) == expected
        assert one.begin(raws).answered


def test_an_office_acts_right_after_the_group_that_made_it(ledger: Ledger) -> None:
    """Its key is not known when its act is checked, since the group before is not committed then."""
    newcomer, minister = principal("it"), Office("it", "it/minister")
    raws = [admission(ledger.depositary, newcomer), mandate(newcomer, minister), minister.renaming("Italia")]

    async def submit_each(committer: Committer) -> list[Outcome]:
        with held_head(ledger.database_url):
            tasks = []
            for at, raw in enumerate(raws):
                tasks.append(asyncio.create_task(committer.submit(raw)))
                await (queued(committer, at) if at else asyncio.sleep(0.05))
                # The checker has taken it by now, and the head is still held.
                await asyncio.sleep(0.05)
        return await asyncio.gather(*tasks)

    with running(ledger) as committer:
        outcomes = asyncio.run(submit_each(committer))
    assert [type(one) for one in outcomes] == [Sealed] * 3, outcomes
    ledger.keep(outcomes)


def test_lists_that_are_checked_by_workers_are_recorded_in_the_order_they_came(
    ledger: Ledger, workers: Workers
) -> None:
    founding = ledger.founding
    intake = Intake(ledger.log, founding.origin, [founding.log_signer], founding.service, workers=workers)
    lists = [[ledger.office("gb").renaming(f"Name {at} {number}") for number in range(90)] for at in range(4)]

    async def submit_all(committer: Committer) -> list[list[Outcome]]:
        return list(await asyncio.gather(*(committer.submit_many(raws) for raws in lists)))

    committer = Committer(intake)
    committer.start()
    try:
        outcomes = list(chain.from_iterable(asyncio.run(submit_all(committer))))
    finally:
        committer.stop()
    assert [one.position for one in ledger.keep(outcomes) if isinstance(one, Sealed)] == list(range(6, 366))


def test_what_is_being_checked_counts_as_waiting(ledger: Ledger) -> None:
    async def overfill(committer: Committer) -> int:
        with held_head(ledger.database_url):
            first = asyncio.create_task(committer.submit(ledger.office("gb").renaming()))
            await asyncio.sleep(0.05)
            rest = [asyncio.create_task(committer.submit(b"{}")) for _ in range(5)]
            # Long since refused by the checker, and not answered before their turn.
            await asyncio.sleep(0.2)
            waiting = committer.waiting
        await asyncio.gather(first, *rest)
        return waiting

    with running(ledger) as committer:
        assert asyncio.run(overfill(committer)) == 5
        assert committer.waiting == 0
