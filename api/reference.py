"""What can be looked up without the log: the schemas of the events, and what every code means.

Both are generated from the types and tables that the ledger itself uses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Path
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from api.docs import DOCS_CSP
from api.documentation import JSON, REFUSALS_GET, SCHEMA_GET, SCHEMA_JSON, SCHEMAS_GET
from api.parameters import Whole
from api.problems import REFUSALS_PAGE, TROUBLES, Problem, Trouble
from api.reasons import REASON_OF, STATUS_OF
from ledger.events.refusals import Refusal
from ledger.events.registry import EVENTS, event_schema

CACHE: Final = {"Cache-Control": "public, max-age=300"}
"""These change with the software only."""

router = APIRouter(tags=["reference"], default_response_class=Response)

_TEMPLATES: Final = Environment(
    loader=PackageLoader("api", "documents"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, slots=True)
class Code:
    """One code as clients read about it. `kind`: refusal (of an act) or problem (with a request)."""

    code: str
    kind: str
    status: int
    title: str
    do: str

    @property
    def phrase(self) -> str:
        return HTTPStatus(self.status).phrase


def codes() -> Iterator[Code]:
    """Yield every code: the refusals in order of precedence, then the problems of the interface."""
    for refusal in Refusal:
        reason = REASON_OF[refusal]
        yield Code(refusal, "refusal", STATUS_OF[refusal], reason.title, reason.do)
    for trouble, described in TROUBLES.items():
        yield Code(trouble, "problem", described.status, described.title, described.do)


@router.get("/v1/refusals", **REFUSALS_GET)
def list_refusals() -> Response:
    """Every code that an answer can carry, with its status, its title and what to do.

    If several refusals apply to an act, the first of this list is given.
    """
    rows = [
        {"code": one.code, "kind": one.kind, "status": one.status, "title": one.title, "do": one.do} for one in codes()
    ]
    return Response(orjson.dumps({"refusals": rows}), headers=CACHE, media_type=JSON)


@router.get("/v1/schemas", **SCHEMAS_GET)
def list_schemas() -> Response:
    """Every event type and version that this ledger reads."""
    rows = [{"type": name, "version": number, "href": f"/v1/schemas/{name}/{number}"} for name, number in EVENTS]
    return Response(orjson.dumps({"schemas": rows}), headers=CACHE, media_type=JSON)


@router.get("/v1/schemas/{event_type}/{version}", **SCHEMA_GET)
def show_schema(
    event_type: Annotated[str, Path(max_length=80, examples=["commitment.made"])],
    version: Annotated[Whole, Path(ge=1, le=1_000_000, examples=[1])],
) -> Response:
    """The JSON Schema (draft 2020-12) of one event's payload."""
    if (event_type, version) not in EVENTS:
        raise Problem(Trouble.NOT_FOUND, "a type and version of /v1/schemas", ascii(f"{event_type} v{version}"))
    return Response(orjson.dumps(event_schema(event_type, version)), headers=CACHE, media_type=SCHEMA_JSON)


@router.get(REFUSALS_PAGE, include_in_schema=False)
def refusals_page() -> Response:
    """Show the same for people: the page to which the `type` of every problem points."""
    page = _TEMPLATES.get_template("refusals.html").render(codes=list(codes()))
    return HTMLResponse(page, headers={**CACHE, "Content-Security-Policy": DOCS_CSP})
