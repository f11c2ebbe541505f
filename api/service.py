"""The running ledger, as the routes see it: the log, the way into it, and what is known about both.

Opened in order and closed in the opposite one; what a route is given is open.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import Request

from api.heads import NewestCheckpoint
from api.measures import Measures
from api.settings import Settings
from ledger.events.keys import KeyRecord
from ledger.intake.committer import Committer
from ledger.intake.intake import Intake
from ledger.log.note import Ed25519NoteSigner, ed25519_note_signer, format_vkey
from ledger.signing.signer import key_record
from ledger.store.log import StoredLog
from projections.follower import Follower
from projections.models import ReadModels


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes work with. `log_vkey` and `service_key` are what `ledger.opened` must name."""

    settings: Settings
    log: StoredLog
    intake: Intake
    committer: Committer
    follower: Follower
    models: ReadModels
    newest: NewestCheckpoint
    measures: Measures
    log_vkey: str
    service_key: KeyRecord


def service_of(request: Request) -> Service:
    """Return the ledger that this application serves."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


@asynccontextmanager
async def running(settings: Settings, newest: NewestCheckpoint, measures: Measures) -> AsyncIterator[Service]:
    """Yield the ledger of `settings`, open: its tables were made by `ledger.store.database.migrate`.

    Raises StoreError, WrongLedger.
    """
    async with AsyncExitStack() as opened:
        log = await asyncio.to_thread(StoredLog, settings.database_url)
        opened.push_async_callback(asyncio.to_thread, log.close)
        signer = note_signer(settings)
        intake = await asyncio.to_thread(Intake, log, settings.origin, signer, settings.service_key)
        newest.offer(await asyncio.to_thread(log.checkpoint))
        follower = followed(settings, log)
        opened.push_async_callback(asyncio.to_thread, follower.stop)
        models = await asyncio.to_thread(ReadModels, settings.database_url)
        opened.push_async_callback(asyncio.to_thread, models.close)
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
            log_vkey=format_vkey(signer.vkey),
            service_key=key_record(settings.service_key, settings.origin, settings.service_authority),
        )


def check(settings: Settings) -> None:
    """Raise what `running` would, before a server is started for nothing. Seals what a crash left unsealed."""
    with StoredLog(settings.database_url) as log:
        Intake(log, settings.origin, note_signer(settings), settings.service_key)


def followed(settings: Settings, log: StoredLog) -> Follower:
    """Return the thread that keeps the projections behind the log, started. It looks after itself.

    Nothing that happens in it reaches the intake: a ledger whose projections stand still goes on admitting acts.
    """
    follower = Follower(log, settings.database_url)
    follower.start()
    return follower


def note_signer(settings: Settings) -> Ed25519NoteSigner:
    """Return the key of the log as it signs checkpoints."""
    return ed25519_note_signer(settings.origin, settings.log_key.private_key.private_bytes_raw())


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
