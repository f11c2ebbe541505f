"""What a guarantor owes in a world, as the projections answer it."""

from datetime import date

from projections.answers import Obligation
from projections.obligations import obligations_of
from projections.reading import Known
from projections.rows import MemoryRows
from tests.world import World


def owed(world: World, party: str, commitment_id: str, as_of: str) -> Obligation:
    """Return the one obligation of `party` under a commitment as of a day."""
    rows = MemoryRows(dict(world.compact.changes), world.size, world.now)
    found = obligations_of(Known(rows, date.fromisoformat(as_of)), party)
    (one,) = [obligation for obligation in found if obligation.commitment == commitment_id]
    return one
