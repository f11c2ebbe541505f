"""What is proved by the newest checkpoint that meets the policy: receipts, and the checkpoint itself.

It is replaced as soon as there is a newer one, so what is made here is never permanent; the ordinary receipt is.
"""

from api.problems import Problem, Trouble
from api.service import Service
from ledger.gathering.published import Published
from ledger.log.checkpoint import parse_checkpoint
from ledger.log.note import parse_note
from ledger.log.policy import parse_policy
from ledger.log.proofs import inclusion_proof, tiles_needed_for_inclusion
from ledger.log.receipt import Receipt, format_receipt
from ledger.rules import compact
from ledger.rules.log_keys import log_keys_at


def published_note(service: Service) -> bytes:
    """Return the checkpoint for everybody: the newest that meets the policy, or without one the newest sealed.

    Nothing if this process knows of none. What another process sealed is known here within a second.
    """
    return witnessed_checkpoint(service).note if service.gatherer is not None else service.newest.note


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


def witnessed_or_newest(service: Service, position: int) -> tuple[bytes, bytes]:
    """Return a checkpoint that holds the entry at `position`, and the policy (C2SP tlog-policy) that it meets.

    That is the ledger's policy and its newest checkpoint that meets it; without one, or before it holds the entry, the
    newest sealed checkpoint, and a policy that asks for the log's own keys alone.
    """
    gatherer, policy_raw = service.gatherer, service.settings.policy_raw
    found = gatherer.gathered.published if gatherer is not None else None
    if found is not None and policy_raw is not None and found.tree_size >= position:
        named = b"" if parse_policy(policy_raw).logs else _log_lines(service, found.tree_size)
        return found.note, named + policy_raw.rstrip(b"\n") + b"\n"
    note = service.log.checkpoint()
    if note is None:
        raise Problem(Trouble.NOT_FOUND, "a checkpoint", "a log that is not sealed yet")
    tree_size = parse_checkpoint(parse_note(note).text).tree_size
    return note, _log_lines(service, tree_size) + b"quorum none\n"


def _log_lines(service: Service, tree_size: int) -> bytes:
    """Return the lines of a policy that list the keys of the log in force at a tree size."""
    opened = service.log.state(compact.LEDGER)
    assert isinstance(opened, compact.Opened), "a log with a checkpoint was opened"
    return "".join(f"log {key}\n" for key in log_keys_at(opened, tree_size)).encode()
