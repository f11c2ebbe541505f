"""The digest of every projection, which anybody who has the log or reads the lists computes too."""

from fastapi import APIRouter
from starlette.responses import Response

from api.problems import Problem, Trouble
from api.reads_answers import Found, answer, one
from api.reads_asked import Asking
from api.reads_documentation import single
from api.service import service_of
from projections.digests import DIGESTS_TREE_SIZE_MAX, Digests, Whole, digests
from projections.reading import Known
from projections.stored_rows import StoredRows

router = APIRouter()


@router.get("/v1/projections/digests", **single(Digests, "The digests of all answers"))
def show_digests(asked: Asking) -> Response:
    """For each projection the SHA-256 over all of its answers, and one over all: docs/explanations.md says of what.

    Computed once at a time, for trees that are not too large: `gledger project DIR --digests` has no such limit.
    """
    models = service_of(asked.request).models

    def compute(known: Known, rows: StoredRows) -> Found:
        if rows.known_at > DIGESTS_TREE_SIZE_MAX:
            expected = f"known_at of at most {DIGESTS_TREE_SIZE_MAX}; gledger project DIR --digests has no limit"
            raise Problem(Trouble.QUERY_INVALID, expected, str(rows.known_at))
        if not models.heavy.acquire(blocking=False):
            raise Problem(Trouble.BUSY, "digests computed one at a time", "others that are being computed")
        try:
            found = digests(Whole(known, rows.feed))
        finally:
            models.heavy.release()
        return one(found, found.digests)

    return answer(asked, compute)
