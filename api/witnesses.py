"""How the witnesses of the log stand: who cosigned what and when, what went wrong, and whether the policy is met."""

from datetime import UTC, datetime

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.documentation import JSON
from api.service import Service, service_of
from api.witnesses_documentation import WITNESSES_GET
from ledger.client.answers import Witnesses, WitnessShown
from ledger.gathering.standing import WitnessStanding, readable
from ledger.log.note import format_vkey

router = APIRouter(tags=["log"], default_response_class=Response)


@router.get("/v1/witnesses", **WITNESSES_GET)
def show_witnesses(request: Request) -> Response:
    """How the witnesses stand, and whether the newest checkpoint meets the policy."""
    shown = witnesses_of(service_of(request))
    return Response(msgspec.json.encode(shown), headers={"Cache-Control": "no-store"}, media_type=JSON)


def witnesses_of(service: Service) -> Witnesses:
    """Return how the witnesses stand; without a policy that there are none."""
    if service.gatherer is None:
        return Witnesses(tree_size=service.newest.tree_size)
    gathered = service.gatherer.gathered
    assert service.settings.policy_raw is not None, "nobody gathers without a policy"
    return Witnesses(
        tree_size=gathered.tree_size,
        witnessed_size=gathered.witnessed_size,
        quorum=gathered.quorum.value,
        policy=service.settings.policy_raw.decode(errors="replace"),
        witnesses=tuple(_shown(one, gathered.tree_size) for one in gathered.witnesses),
    )


def _shown(one: WitnessStanding, tree_size: int) -> WitnessShown:
    return WitnessShown(
        name=readable(one.witness.name),
        vkey=format_vkey(one.witness.vkey),
        url=one.witness.url,
        state=one.standing.value,
        tree_size=one.tree_size,
        lag=max(tree_size - one.tree_size, 0),
        cosigned_at=_instant(one.cosigned_at),
        error=one.error,
        error_at=_instant(one.error_at),
    )


def _instant(posix_s: int | None) -> datetime | None:
    return datetime.fromtimestamp(posix_s, UTC) if posix_s is not None else None
