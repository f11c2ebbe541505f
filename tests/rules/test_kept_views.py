"""Views that are kept: a view is of the history that it was asked for, however much another looks like it."""

import msgspec

from ledger.rules.compact import history
from ledger.rules.parties import party
from tests.world import World


def test_histories_of_the_same_stream_and_length_have_views_of_their_own() -> None:
    world = World()
    world.admit("depositary", "party.renamed", subject="gb", names=[{"language": "en", "name": "Another"}])
    record = history(world.compact, "party", "gb")
    assert record is not None
    *before, last = record.acts
    disowned = msgspec.structs.replace(record, acts=(*before, msgspec.structs.replace(last, standing="repudiated")))
    assert hash(disowned) == hash(record)
    assert disowned != record
    renamed, kept = party(record), party(disowned)
    assert renamed is not None
    assert kept is not None
    assert (len(renamed.names), len(kept.names)) == (2, 1)
    assert party(record) == renamed
