"""Explanations: an answer with every entry that it follows from, their proofs and the checkpoint, in one document."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.documentation import JSON, answer, problems
from api.explanations_example import explanation_example
from api.parameters import Party
from api.problems import Problem, Trouble
from api.reads_answers import CHECKED, PINNED
from api.reads_asked import Asked, Asking, Form
from api.reads_records import Entity
from api.service import Service, service_of
from projections.explaining import NothingThere, TooMuch, behind
from projections.explanation import ENTRIES_MAX, Explanation, Kind, Question, format_explanation
from projections.models import EXPLAINING_MAX
from projections.stored_rows import NotKnown, NotServing, StoredRows

WAIT_SECONDS_MAX: Final = 5.0
"""How long a request waits for those before it."""

router = APIRouter(tags=["projections"], default_response_class=Response)

_SCHEMA = {
    "title": "Explanation",
    "description": "What `gledger verify` accepts: docs/explanations.md. The exact bytes matter.",
    "type": "object",
    "required": ["explanation", "asked", "answer", "checkpoint", "entries"],
}
_RESPONSES = {
    200: answer("The explanation", JSON, _SCHEMA, explanation_example()),
    **problems(404, 406, 422, 503),
}


@router.get("/v1/commitments/{commitment}/explanation", responses=_RESPONSES)
def explain_commitment(asked: Asking, commitment: Entity) -> Response:
    """A commitment as its page shows it, with the entries that this follows from, so that anybody can derive it."""
    return _explained(asked, "commitment", commitment)


@router.get("/v1/guarantors/{party}/explanation", responses=_RESPONSES)
def explain_guarantor(asked: Asking, party: Party) -> Response:
    """What a guarantor owes, summed up and in each obligation, with the entries that this follows from."""
    return _explained(asked, "guarantor", party)


def _explained(asked: Asked, kind: Kind, name: str) -> Response:
    service = service_of(asked.request)
    if asked.form is not Form.JSON:
        raise Problem(Trouble.NOT_ACCEPTABLE, JSON, str(asked.form))
    tree_size = service.log.head().tree_size
    if isinstance(asked.known_at, int) and asked.known_at > tree_size:
        raise Problem(Trouble.NOT_FOUND, f"known_at of at most {tree_size}", str(asked.known_at))
    try:
        with service.models.at(asked.known_at) as rows:
            body, known_at = _document(service, rows, asked, kind, name)
    except NotServing:
        raise Problem(Trouble.NOT_READY, "projections", "none yet") from None
    except NotKnown as error:
        raise Problem(Trouble.NOT_READY, "projections at the tree size asked for", f"{error.position} so far") from None
    headers = {
        "Cache-Control": PINNED if asked.is_pinned else CHECKED,
        "Ledger-As-Of": asked.as_of.isoformat(),
        "Ledger-Known-At": str(known_at),
    }
    return Response(body, headers=headers, media_type=JSON)


def _document(service: Service, rows: StoredRows, asked: Asked, kind: Kind, name: str) -> tuple[bytes, int]:
    if rows.known_at == 0:
        raise Problem(Trouble.NOT_FOUND, "a tree size at which something was recorded", "0")
    question = Question(kind=kind, id=name, as_of=asked.as_of, known_at=rows.known_at)
    kept = service.models.kept(repr(question))
    if kept is not None:
        return kept.body, rows.known_at
    if not service.models.explaining.acquire(timeout=WAIT_SECONDS_MAX):
        raise Problem(Trouble.BUSY, f"at most {EXPLAINING_MAX} explanations at once", "others that are being made")
    try:
        found = behind(question, rows, service.settings.origin, service.log.entries_at)
    except NothingThere:
        raise Problem(Trouble.NOT_FOUND, f"a {kind} by {asked.as_of}", name) from None
    except TooMuch as error:
        expected = f"an answer behind which there are at most {ENTRIES_MAX} entries; audit an export for this one"
        raise Problem(Trouble.QUERY_INVALID, expected, str(error)) from None
    finally:
        service.models.explaining.release()
    sealed = service.log.sealed_after(rows.known_at)
    note = service.log.checkpoint(sealed) if sealed is not None else None
    if sealed is None or note is None:
        raise Problem(Trouble.NOT_READY, "a checkpoint of these entries", "none yet")
    proofs = service.log.proofs([entry.entry_index for entry in found.entries], sealed)
    explanation = Explanation(question, found.answer, note, tuple(zip(found.entries, proofs, strict=True)))
    body = format_explanation(explanation)
    service.models.keep(repr(question), body)
    return body, rows.known_at
