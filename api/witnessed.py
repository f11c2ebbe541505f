"""What is proved by the newest checkpoint that meets the policy: receipts, and the checkpoint itself.

It is replaced as soon as there is a newer one, so what is made here is never permanent; the ordinary receipt is.
"""

from starlette.responses import Response

from api.problems import Problem, Trouble
from api.service import Service
from ledger.log.proofs import inclusion_proof, tiles_needed_for_inclusion
from ledger.log.receipt import Receipt, format_receipt

TEXT = "text/plain; charset=utf-8"


def published_checkpoint(service: Service) -> Response:
    """Answer with the newest checkpoint that meets the policy, or that the log has sealed if there is none."""
    note = service.published
    if note is not None:
        return Response(note, headers={"Cache-Control": "no-store"}, media_type=TEXT)
    if service.gatherer is None:
        raise Problem(Trouble.NOT_FOUND, "a checkpoint", "a log in which nothing is recorded yet")
    raise _not_witnessed("a checkpoint that meets the policy", "none yet")


def witnessed_receipt(service: Service, position: int) -> bytes:
    """Return the receipt of the entry at `position` in the newest tree whose checkpoint meets the policy."""
    if service.gatherer is None:
        raise _not_witnessed("a ledger with a policy that names its witnesses", "one without")
    found = service.gatherer.gathered.published
    if found is None or found.tree_size < position:
        size = found.tree_size if found is not None else 0
        raise _not_witnessed(f"a checkpoint of at least {position} entries that meets the policy", f"one of {size}")
    index = position - 1
    tiles = service.log.tiles(tiles_needed_for_inclusion([index], found.tree_size))
    proof = inclusion_proof(index, found.tree_size, tiles.__getitem__)
    return format_receipt(Receipt(index, proof, found.note))


def _not_witnessed(expected: str, got: str) -> Problem:
    return Problem(Trouble.NOT_WITNESSED, expected, got)
