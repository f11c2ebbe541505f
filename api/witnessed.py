"""What is proved by the newest checkpoint that meets the policy: receipts, and the checkpoint itself.

It is replaced as soon as there is a newer one, so what is made here is never permanent; the ordinary receipt is.
"""

from api.problems import Problem, Trouble
from api.service import Service
from ledger.gathering.published import Published
from ledger.log.proofs import inclusion_proof, tiles_needed_for_inclusion
from ledger.log.receipt import Receipt, format_receipt


def published_note(service: Service) -> bytes:
    """Return the checkpoint for everybody: the newest that meets the policy, or without one the newest sealed."""
    if service.gatherer is not None:
        return witnessed_checkpoint(service).note
    note = service.log.checkpoint()
    if note is None:
        raise Problem(Trouble.NOT_FOUND, "a checkpoint", "a log in which nothing is recorded yet")
    return note


def witnessed_checkpoint(service: Service, at_least: int = 1) -> Published:
    """Return the newest checkpoint that meets the policy. Raises Problem unless it has `at_least` entries."""
    if service.gatherer is None:
        raise Problem(Trouble.NOT_WITNESSED, "a ledger with a policy that names its witnesses", "one without")
    found = service.gatherer.gathered.published
    if found is None or found.tree_size < at_least:
        size = found.tree_size if found is not None else 0
        expected = f"a checkpoint of at least {at_least} entries that meets the policy"
        raise Problem(Trouble.NOT_WITNESSED, expected, f"one of {size}")
    return found


def witnessed_receipt(service: Service, position: int) -> bytes:
    """Return the receipt of the entry at `position` in the newest tree whose checkpoint meets the policy."""
    found = witnessed_checkpoint(service, position)
    index = position - 1
    tiles = service.log.tiles(tiles_needed_for_inclusion([index], found.tree_size))
    proof = inclusion_proof(index, found.tree_size, tiles.__getitem__)
    return format_receipt(Receipt(index, proof, found.note))
