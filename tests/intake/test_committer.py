"""Group commit: who shares a transaction, who is turned away, who has gone, and what a stop leaves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from ledger.events.refusals import Refused
from ledger.intake.committer import Committer
from ledger.intake.errors import Busy, Stopped
from ledger.intake.intake import BATCH_MAX
from ledger.intake.outcomes import Outcome, Sealed
from ledger.store.errors import StoreInconsistent, StoreUnavailable
from tests.acts import Office, admission, principal
from tests.intake.ledgers import Ledger
from tests.store.embedded_servers import wait_until


@contextmanager
def running(ledger: Ledger, **limits: int) -> Iterator[Committer]:
    committer = Committer(ledger.intake, **limits)
    committer.start()
    try:
        yield committer
    finally:
        committer.stop()


@contextmanager
def held_head(database_url: str) -> Iterator[None]:
    """Keep everybody from appending for a while."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT * FROM head FOR UPDATE")
        yield


def admitted_offices(ledger: Ledger, count: int) -> list[Office]:
    offices = [principal(f"p{number}") for number in range(count)]
    ledger.submit(*(admission(ledger.depositary, office) for office in offices))
    return offices


async def queued(committer: Committer, count: int) -> None:
    """Wait until `count` submissions wait."""
    while committer.waiting < count:
        await asyncio.sleep(0.001)


def test_one_submission_gets_its_receipt(ledger: Ledger) -> None:
    with running(ledger) as committer:
        outcome = asyncio.run(committer.submit(ledger.office("gb").renaming()))
    assert isinstance(outcome, Sealed)
    ledger.keep([outcome])


def test_submissions_that_wait_together_share_a_transaction(ledger: Ledger) -> None:
    offices = admitted_offices(ledger, 30)

    async def submit_all(committer: Committer) -> list[Outcome]:
        with held_head(ledger.database_url):
            first = asyncio.create_task(committer.submit(ledger.office("gb").renaming()))
            await asyncio.sleep(0.05)
            rest = [asyncio.create_task(committer.submit(office.renaming())) for office in offices]
            await queued(committer, 30)
        return await asyncio.gather(first, *rest)

    with running(ledger) as committer:
        outcomes = asyncio.run(submit_all(committer))
    assert [one.tree_size for one in outcomes if isinstance(one, Sealed)] == [36] + [66] * 30
    ledger.keep(outcomes)


def test_a_group_is_bounded_and_one_list_is_never_divided(ledger: Ledger) -> None:
    offices = admitted_offices(ledger, 12)
    lists = [[office.renaming() for office in offices[at : at + 4]] for at in (0, 4, 8)]

    async def submit_all(committer: Committer) -> list[list[Outcome]]:
        with held_head(ledger.database_url):
            first = asyncio.create_task(committer.submit_many([ledger.office("gb").renaming()]))
            await asyncio.sleep(0.05)
            rest = [asyncio.create_task(committer.submit_many(raws)) for raws in lists]
            await queued(committer, 12)
        return await asyncio.gather(first, *rest)

    with running(ledger, group_max=9) as committer:
        answers = asyncio.run(submit_all(committer))
    sizes = [{one.tree_size for one in answer if isinstance(one, Sealed)} for answer in answers]
    assert sizes == [{18}, {26}, {26}, {30}]
    assert [len(answer) for answer in answers] == [1, 4, 4, 4]


def test_each_submitter_gets_its_own_answer_in_order(ledger: Ledger) -> None:
    gb, de = ledger.office("gb"), ledger.office("de")
    raws = [gb.renaming("1"), b"nonsense", gb.renaming("2")]

    async def submit_both(committer: Committer) -> list[list[Outcome]]:
        return list(await asyncio.gather(committer.submit_many(raws), committer.submit_many([b"{}", de.renaming()])))

    with running(ledger) as committer:
        mine, other = asyncio.run(submit_both(committer))
    assert [type(one) for one in mine] == [Sealed, Refused, Sealed]
    assert [type(one) for one in other] == [Refused, Sealed]


def test_a_full_queue_turns_away_and_keeps_what_it_accepted(ledger: Ledger) -> None:
    offices = admitted_offices(ledger, 5)

    async def overfill(committer: Committer) -> list[Outcome]:
        with held_head(ledger.database_url):
            accepted = [asyncio.create_task(committer.submit(ledger.office("gb").renaming()))]
            await asyncio.sleep(0.05)
            accepted += [asyncio.create_task(committer.submit(office.renaming())) for office in offices[:3]]
            await queued(committer, 3)
            with pytest.raises(Busy, match="3 submissions"):
                await committer.submit(offices[3].proposed("party.renamed", subject=offices[3].party))
        return await asyncio.gather(*accepted)

    with running(ledger, queue_max=3) as committer:
        outcomes = asyncio.run(overfill(committer))
        assert all(isinstance(one, Sealed) for one in outcomes)
        assert isinstance(asyncio.run(committer.submit(offices[4].renaming())), Sealed)
    assert ledger.log.head().tree_size == 15


def test_batches_leave_room_for_an_act_that_comes_by_itself(ledger: Ledger) -> None:
    """Those who send batches again and again, whatever they are told, would keep out whoever waits as told."""
    garbage = [b"{}"] * 19

    async def press(committer: Committer) -> Outcome:
        with held_head(ledger.database_url):
            accepted = [asyncio.create_task(committer.submit_many([ledger.office("gb").renaming()]))]
            await asyncio.sleep(0.05)
            accepted += [asyncio.create_task(committer.submit_many(garbage)) for _ in range(2)]
            await queued(committer, 38)
            for lines in (garbage, garbage[:2]):
                with pytest.raises(Busy, match="38 submissions"):
                    await committer.submit_many(lines)
            single = asyncio.create_task(committer.submit(ledger.office("de").renaming()))
            await queued(committer, 39)
        await asyncio.gather(*accepted)
        return await single

    with running(ledger, queue_max=40) as committer:
        assert isinstance(asyncio.run(press(committer)), Sealed)


def test_a_submitter_that_has_gone_disturbs_nobody(ledger: Ledger) -> None:
    gone, stays = ledger.office("gb").renaming(), ledger.office("de").renaming()

    async def leave(committer: Committer) -> Outcome:
        with held_head(ledger.database_url):
            leaving = asyncio.create_task(committer.submit(gone))
            staying = asyncio.create_task(committer.submit(stays))
            await asyncio.sleep(0.05)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        return await staying

    with running(ledger) as committer:
        assert isinstance(asyncio.run(leave(committer)), Sealed)
        again = asyncio.run(committer.submit(gone))
    assert isinstance(again, Sealed)
    assert again.duplicate


def test_a_closed_event_loop_disturbs_nobody(ledger: Ledger) -> None:
    async def submit_and_forget(committer: Committer) -> None:
        task = asyncio.ensure_future(committer.submit(ledger.office("gb").renaming()))
        await asyncio.sleep(0.05)
        task.cancel()

    with running(ledger) as committer:
        with held_head(ledger.database_url):
            asyncio.run(submit_and_forget(committer))
        assert isinstance(asyncio.run(committer.submit(ledger.office("de").renaming())), Sealed)
    assert ledger.log.head().tree_size == 7


def test_a_stop_finishes_what_was_accepted_and_accepts_no_more(ledger: Ledger) -> None:
    async def stop_under_load(committer: Committer) -> list[Outcome]:
        with held_head(ledger.database_url):
            accepted = [asyncio.create_task(committer.submit(ledger.office(one).renaming())) for one in ("gb", "de")]
            await asyncio.sleep(0.05)
            stopping = asyncio.create_task(asyncio.to_thread(committer.stop))
            await asyncio.sleep(0.05)
            with pytest.raises(Stopped):
                await committer.submit(ledger.office("fr").proposed("party.renamed", subject="fr"))
        await stopping
        return await asyncio.gather(*accepted)

    with running(ledger) as committer:
        outcomes = asyncio.run(stop_under_load(committer))
    assert all(isinstance(one, Sealed) for one in outcomes)
    assert ledger.log.head().tree_size == 7


def test_before_the_start_nothing_is_accepted(ledger: Ledger) -> None:
    with pytest.raises(Stopped):
        asyncio.run(Committer(ledger.intake).submit(ledger.office("gb").proposed("party.renamed", subject="gb")))


def test_too_many_at_once_are_refused(ledger: Ledger) -> None:
    with running(ledger) as committer, pytest.raises(ValueError, match="at most"):
        asyncio.run(committer.submit_many([b""] * (BATCH_MAX + 1)))


def test_an_act_that_the_database_cannot_take_fails_alone(ledger: Ledger) -> None:
    with psycopg.connect(ledger.database_url) as connection:
        connection.execute(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.authority = 'de/principal' THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER poison BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION poison()"
        )

    async def submit_all(committer: Committer) -> list[Outcome | BaseException]:
        with held_head(ledger.database_url):
            tasks = [asyncio.create_task(committer.submit(ledger.office(one).renaming())) for one in ("gb", "de", "fr")]
            await asyncio.sleep(0.05)
        return await asyncio.gather(*tasks, return_exceptions=True)

    with running(ledger) as committer:
        answers = asyncio.run(submit_all(committer))
    assert [type(answer) for answer in answers] == [Sealed, StoreInconsistent, Sealed]


def test_a_database_error_reaches_every_submitter_and_the_thread_goes_on(ledger: Ledger) -> None:
    raws = [ledger.office(one).renaming() for one in ("gb", "de", "fr")]

    async def submit_all(committer: Committer) -> list[Outcome | BaseException]:
        with held_head(ledger.database_url):
            tasks = [asyncio.create_task(committer.submit(raw)) for raw in raws]
            await asyncio.to_thread(wait_until, lambda: terminate_waiting(ledger.database_url))
            return await asyncio.gather(*tasks, return_exceptions=True)

    with running(ledger) as committer:
        answers = asyncio.run(submit_all(committer))
        assert any(isinstance(answer, StoreUnavailable) for answer in answers)
        assert all(isinstance(answer, StoreUnavailable | Sealed) for answer in answers)
        healed = asyncio.run(committer.submit_many(raws))
    assert [type(one) for one in healed] == [Sealed] * 3
    assert ledger.log.head().tree_size == 8


def terminate_waiting(database_url: str) -> bool:
    """End the connections that wait for a lock in this database; tell whether there were any."""
    with psycopg.connect(database_url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return ended.rowcount > 0
