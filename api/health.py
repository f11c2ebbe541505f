"""What the machinery around the ledger asks: is the process alive, can it serve, how much has it done."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.measures import CONTENT_TYPE
from api.problems import Problem, Trouble
from api.service import service_of
from ledger.fsck.scrubber import Scrubbed, Scrubber
from ledger.gathering.gatherer import Gatherer
from ledger.gathering.standing import Quorum
from ledger.store.errors import StoreError

READY_SECONDS_MAX: Final = 3.0
PROJECTION_LAG_MAX: Final = 5_000
"""How many entries the projections may be behind before this process says that it is not ready."""

NO_STORE: Final = {"Cache-Control": "no-store"}

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def show_health() -> Response:
    """Say that the process answers; nothing else is asked."""
    return JSONResponse({"status": "alive"}, headers=NO_STORE)


@router.get("/readyz")
async def show_readiness(request: Request) -> Response:
    """Say whether the database answers and holds what was published, this process the keys, and projections follow.

    They may be `PROJECTION_LAG_MAX` entries behind. Ready, and `degraded`, where the scrubber has found stored bytes
    that are not what they should be, and while the witnesses do not suffice.
    """
    service = service_of(request)
    try:
        async with asyncio.timeout(READY_SECONDS_MAX):
            tree_size = (await asyncio.to_thread(service.log.head)).tree_size
            await asyncio.to_thread(service.intake.require_own)
            await asyncio.to_thread(service.intake.require_published)
    except TimeoutError:
        raise Problem(Trouble.NOT_READY, f"the database within {READY_SECONDS_MAX:.0f} seconds", "nothing") from None
    except StoreError as error:
        raise Problem(Trouble.NOT_READY, "the database", type(error).__name__) from None
    position = service.follower.position
    if service.follower.corrupt is not None or not service.follower.running:
        raise Problem(Trouble.NOT_READY, "projections that follow", f"projections that stopped at {position}")
    if tree_size - position > PROJECTION_LAG_MAX:
        got = f"{tree_size - position} entries behind"
        raise Problem(Trouble.NOT_READY, f"projections at most {PROJECTION_LAG_MAX} entries behind", got)
    answer: dict[str, object] = {"status": "ready", "tree_size": tree_size, "projection_position": position}
    answer |= _degraded(service.scrubber) | _witnessed(service.gatherer)
    return JSONResponse(answer, headers=NO_STORE)


def _degraded(scrubber: Scrubber | None) -> dict[str, object]:
    """Return what the scrubber has found, if anything: the ledger goes on, and somebody has to look."""
    scrubbed = scrubber.scrubbed if scrubber is not None else Scrubbed()
    if scrubbed.first is None:
        return {}
    first = {"kind": scrubbed.first.kind, "table": scrubbed.first.table, "key": scrubbed.first.key}
    return {"status": "degraded", "findings": dict(scrubbed.findings), "first_finding": first}


def _witnessed(gatherer: Gatherer | None) -> dict[str, object]:
    """Return what there is to say of the witnesses: without them the ledger goes on, and somebody has to look."""
    if gatherer is None or gatherer.gathered.quorum is not Quorum.LOST:
        return {}
    return {"status": "degraded", "quorum": Quorum.LOST, "witnessed_size": gatherer.gathered.witnessed_size}


@router.get("/metrics")
def show_metrics(request: Request) -> Response:
    """Show the counters, for Prometheus. Not for the public: the front proxy does not pass it on."""
    service = service_of(request)
    service.measures.tree_size.set(service.newest.tree_size)
    service.measures.projection_position.set(service.follower.position)
    if service.scrubber is not None:
        service.measures.show_scrub(service.scrubber.scrubbed)
    if service.gatherer is not None:
        service.measures.show_gathered(service.gatherer.gathered)
    return Response(service.measures.text(), headers=NO_STORE, media_type=CONTENT_TYPE)
