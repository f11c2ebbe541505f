"""What became of a submitted act, as the client reads it: one object for each, alone or as a line of a batch."""

from collections.abc import Mapping
from typing import Final

import msgspec
import orjson
from starlette.responses import Response

from api.problems import problem_response, refusal_of
from ledger.client.answers import Admission
from ledger.intake.outcomes import Conflict, Outcome, Sealed

CREATED: Final = 201
OK: Final = 200


def outcome_name(outcome: Outcome) -> str:
    """Return the outcome in one word: admitted, duplicate, refused or conflict."""
    match outcome:
        case Sealed(duplicate=duplicate):
            return "duplicate" if duplicate else "admitted"
        case Conflict():
            return "conflict"
        case _:
            return "refused"


def admission_of(sealed: Sealed) -> Admission:
    """Return the answer to an act that the ledger holds."""
    return Admission(
        outcome="duplicate" if sealed.duplicate else "admitted",
        event=sealed.event_id,
        position=sealed.position,
        tree_size=sealed.tree_size,
        receipt=sealed.receipt.decode(),
        pending_on=sealed.pending_on,
    )


def problem_document(outcome: Outcome, instance: str) -> dict[str, object] | None:
    """Return the problem document of an act that was not admitted, None for one that was.

    A conflict shows the first receipt of its id: what the ledger holds instead.
    """
    match outcome:
        case Sealed():
            return None
        case Conflict(refused=refused, first=first):
            return {**refusal_of(refused, instance), "first": msgspec.to_builtins(admission_of(first))}
        case _:
            return refusal_of(outcome, instance)


def single_response(outcome: Outcome, instance: str) -> Response:
    """Return the answer to one act: 201 and where it is, 200 if it was there, or a problem."""
    document = problem_document(outcome, instance)
    if document is not None:
        return problem_response(document)
    assert isinstance(outcome, Sealed)
    headers: Mapping[str, str] = {"Location": f"/v1/events/{outcome.event_id}", "Cache-Control": "no-store"}
    body = msgspec.json.encode(admission_of(outcome))
    return Response(body, OK if outcome.duplicate else CREATED, headers, media_type="application/json")


def line_of(outcome: Outcome, instance: str) -> bytes:
    """Return the answer to one line of a batch, with its line feed."""
    document = problem_document(outcome, instance)
    if document is None:
        assert isinstance(outcome, Sealed)
        return msgspec.json.encode(admission_of(outcome)) + b"\n"
    return orjson.dumps({"outcome": outcome_name(outcome), **document}, option=orjson.OPT_APPEND_NEWLINE)
