"""What a guarantor owes in a world, as the projections answer it."""

from datetime import date

from projections.answers import GuarantorSummary, Obligation
from projections.obligations import obligations_of
from projections.reading import Known
from projections.rows import MemoryRows
from projections.summary import summary_of
from tests.world import World


def owed(world: World, party: str, commitment_id: str, as_of: str) -> Obligation:
    """Return the one obligation of `party` under a commitment as of a day."""
    found = obligations_of(known(world, as_of), party)
    (one,) = [obligation for obligation in found if obligation.commitment == commitment_id]
    return one


def known(world: World, as_of: str) -> Known:
    """Return all that a world holds, as of a day."""
    return Known(MemoryRows(dict(world.compact.changes), world.size, world.now), date.fromisoformat(as_of))


def glance(world: World, party: str, as_of: str) -> GuarantorSummary:
    """Return the summary of a party as of a day."""
    return summary_of(known(world, as_of), party)
