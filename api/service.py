"""The running ledger, as the routes see it: the log, the way into it, and what is known about both.

Opened in order and closed in the opposite one; what a route is given is open.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass

from fastapi import Request

from api.heads import NewestCheckpoint
from api.measures import Measures
from api.ready import Ready, Standing
from api.settings import LogKey, Settings
from ledger.events.keys import KeyRecord
from ledger.fsck.scrubber import Scrubber
from ledger.gathering.gatherer import Gatherer
from ledger.intake.committer import Committer
from ledger.intake.cose_receipts import CoseReceipts
from ledger.intake.intake import Intake
from ledger.intake.recent import Recent
from ledger.log.cosignature import TimedSigner, mldsa44_cosigner
from ledger.log.note import NoteSigner, ed25519_note_signer, format_vkey
from ledger.log.policy import parse_policy
from ledger.signing.signer import Ed25519Signer, key_record
from ledger.signing.workers import Workers
from ledger.store.heads import HeadStore
from ledger.store.log import StoredLog
from projections.follower import Follower
from projections.models import ReadModels


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes work with. `log_vkeys` and `service_key` are what `ledger.opened` must name.

    Without a policy nobody gathers cosignatures.
    """

    settings: Settings
    log: StoredLog
    intake: Intake
    committer: Committer
    follower: Follower
    models: ReadModels
    newest: NewestCheckpoint
    measures: Measures
    ready: Ready
    log_vkeys: tuple[str, ...]
    scrubber: Scrubber | None
    service_key: KeyRecord
    cose_receipts: CoseReceipts
    gatherer: Gatherer | None


def service_of(request: Request) -> Service:
    """Return the ledger that this application serves."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


@asynccontextmanager
async def running(
    settings: Settings, newest: NewestCheckpoint, measures: Measures, ready: Ready
) -> AsyncIterator[Service]:
    """Yield the ledger of `settings`, open: its tables were made by `ledger.store.database.migrate`.

    Raises StoreError, WrongLedger.
    """
    async with AsyncExitStack() as opened:
        log = await asyncio.to_thread(StoredLog, settings.database_url)
        opened.push_async_callback(asyncio.to_thread, log.close)
        signers = note_signers(settings)
        heads = await asyncio.to_thread(HeadStore, settings.heads, settings.origin)
        opened.push_async_callback(asyncio.to_thread, heads.close)
        recent, workers = Recent(), Workers()
        opened.push_async_callback(asyncio.to_thread, workers.close)
        intake = await asyncio.to_thread(
            Intake, log, settings.origin, signers, settings.service_key, heads=heads, recent=recent, workers=workers
        )
        newest.offer(await asyncio.to_thread(log.checkpoint))
        follower = followed(settings, log, recent)
        opened.push_async_callback(asyncio.to_thread, follower.stop)
        models = await asyncio.to_thread(ReadModels, settings.database_url)
        opened.push_async_callback(asyncio.to_thread, models.close)
        ready.watch(lambda: standing_of(follower, models))
        scrubber = scrubbed(settings)
        if scrubber is not None:
            opened.push_async_callback(asyncio.to_thread, scrubber.stop)
        gatherer = gathering(settings, log, newest, measures)
        if gatherer is not None:
            await asyncio.to_thread(gatherer.start)
            opened.push_async_callback(asyncio.to_thread, gatherer.stop)
        committer = Committer(intake)
        committer.start()
        # Closed first: what waits is recorded and answered before anything else goes away.
        opened.push_async_callback(asyncio.to_thread, committer.stop)
        refreshing = asyncio.create_task(newest.refresh(log))
        opened.push_async_callback(_cancelled, refreshing)
        yield Service(
            settings=settings,
            log=log,
            intake=intake,
            committer=committer,
            follower=follower,
            models=models,
            newest=newest,
            measures=measures,
            ready=ready,
            log_vkeys=tuple(format_vkey(one.vkey) for one in signers[: len(settings.opening_keys)]),
            scrubber=scrubber,
            service_key=key_record(settings.service_key, settings.origin, settings.service_authority),
            cose_receipts=CoseReceipts(log, intake, signers),
            gatherer=gatherer,
        )


def check(settings: Settings) -> None:
    """Raise what `running` would, before a server is started for nothing. Seals what a crash left unsealed."""
    with StoredLog(settings.database_url) as log, closing(HeadStore(settings.heads, settings.origin)) as heads:
        Intake(log, settings.origin, note_signers(settings), settings.service_key, heads=heads)


def followed(settings: Settings, log: StoredLog, recent: Recent) -> Follower:
    """Return the thread that keeps the projections behind the log, started. It looks after itself.

    Nothing that happens in it reaches the intake: a ledger whose projections stand still goes on admitting acts.
    """
    follower = Follower(log, settings.database_url, recent)
    follower.start()
    return follower


def standing_of(follower: Follower, models: ReadModels) -> Standing:
    """Return where the rows stand, as the follower of this process knows; unknown while it is behind what was read."""
    generation, position = models.seen
    following = follower.following
    return Standing(generation, following if following is not None and following >= position else None)


def scrubbed(settings: Settings) -> Scrubber | None:
    """Return the thread that reads the stored log again and again, started; None where it is switched off."""
    if settings.scrub is None:
        return None
    scrubber = Scrubber(settings.database_url, settings.scrub)
    scrubber.start()
    return scrubber


def gathering(settings: Settings, log: StoredLog, newest: NewestCheckpoint, measures: Measures) -> Gatherer | None:
    """Return who asks the witnesses of the policy, not started yet, or None without a policy."""
    if settings.policy_raw is None:
        return None
    policy = parse_policy(settings.policy_raw)
    return Gatherer(policy, log, lambda: newest.note, measures.count_witness_answer)


def note_signers(settings: Settings) -> tuple[NoteSigner, ...]:
    """Return all keys of the log that are held here, as they sign checkpoints; those for an opening come first."""
    return tuple(_note_signer(settings.origin, key) for key in (*settings.opening_keys, *settings.further_keys))


def _note_signer(origin: str, key: LogKey) -> NoteSigner:
    if isinstance(key, Ed25519Signer):
        return ed25519_note_signer(origin, key.private_key.private_bytes_raw())
    return TimedSigner(mldsa44_cosigner(origin, key.seed), lambda: int(time.time()))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
