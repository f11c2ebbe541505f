"""What the ledger states about an authority: its last act in a tree, signed, and all of its acts with their proofs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from api.documentation import JSON, TEXT, answer, problems
from api.log import CHECKED, IMMUTABLE
from api.log import TEXT as TEXT_UTF8
from api.parameters import POSITION_MAX, Office, Party, Whole
from api.problems import Problem, Trouble
from api.service import service_of
from api.statements_example import statement_example
from ledger.intake.stating import NotSealed, Statable, state, statement_file

router = APIRouter(tags=["log"], default_response_class=Response)

TreeSize = Annotated[
    Whole | None,
    Query(ge=1, le=POSITION_MAX, description="a size of which there is a checkpoint; default: that of the newest"),
]
_EXAMPLE = statement_example()
_STATEMENT = {
    "title": "SignedStatement",
    "description": "A DSSE envelope; its payload is the canonical JSON of the statement.",
    "type": "object",
    "required": ["payload", "payloadType", "signatures"],
}


@router.get(
    "/v1/authorities/{party}/{office}/statement",
    responses={200: answer("The signed statement", JSON, _STATEMENT, _EXAMPLE.plain), **problems(404, 422, 503)},
)
def show_statement(request: Request, party: Party, office: Office, tree_size: TreeSize = None) -> Response:
    """Which act of an authority is its last in a tree, signed by the service key: hiding a later one is a lie."""
    stated = _stated(request, f"{party}/{office}", tree_size)
    return Response(stated.envelope, headers=_headers(tree_size), media_type=JSON)


@router.get(
    "/v1/authorities/{party}/{office}/statement/file",
    responses={
        200: answer("The file, which `gledger verify` checks", TEXT, {"type": "string"}, _EXAMPLE.file),
        **problems(404, 422, 503),
    },
)
def show_statement_file(request: Request, party: Party, office: Office, tree_size: TreeSize = None) -> Response:
    """The statement with every act of the authority up to that tree size, each with its proof, and the checkpoint."""
    stated = _stated(request, f"{party}/{office}", tree_size)
    lines = statement_file(service_of(request).log, stated)
    return StreamingResponse(lines, headers=_headers(tree_size), media_type=TEXT_UTF8)


def _stated(request: Request, authority: str, tree_size: int | None) -> Statable:
    service = service_of(request)
    try:
        stated = state(service.log, service.settings.service_key, authority, tree_size)
    except NotSealed as error:
        expected = f"a tree size with a checkpoint, such as {error.nearest}" if error.nearest else "a tree size so far"
        raise Problem(Trouble.NOT_FOUND, expected, str(tree_size or "a log in which nothing is recorded")) from None
    if stated is None:
        expected = f"an authority that was registered by tree size {tree_size}" if tree_size else "an authority"
        raise Problem(Trouble.NOT_FOUND, expected, authority)
    return stated


def _headers(tree_size: int | None) -> dict[str, str]:
    return {"Cache-Control": IMMUTABLE if tree_size is not None else CHECKED}
