"""What the stored log hands out: the bytes as they were appended, whoever asks and by whichever way."""

import pytest

from ledger.log.checkpoint import open_checkpoint
from ledger.log.entry import parse_entry
from ledger.log.errors import EntryMalformed
from ledger.log.tiles import partial_tiles
from ledger.log.tree import frontier_from_tiles
from ledger.rules.compact import LEDGER, Authority, Opened
from ledger.signing.dsse import parse
from ledger.store.application import EntryMapper, Recorded
from ledger.store.head import EMPTY
from ledger.store.log import StoredLog
from tests.acts import new_id
from tests.intake.ledgers import Ledger, found


@pytest.fixture
def ledger(stored_log: StoredLog, database_url: str) -> Ledger:
    return found(stored_log, database_url)


def test_an_empty_log_has_an_empty_head_and_nothing_else(stored_log: StoredLog) -> None:
    assert stored_log.head() == EMPTY
    assert stored_log.entries(0, 10) == []
    assert stored_log.entry(1) is None
    assert stored_log.checkpoint() is None
    assert stored_log.tiles([(0, 0)]) == {}
    assert stored_log.state(LEDGER) is None
    assert stored_log.find(new_id()) is None


def test_entries_are_read_by_position(ledger: Ledger) -> None:
    every = ledger.log.entries(0, 100)
    assert [parse_entry(entry).position for entry in every] == [1, 2, 3, 4, 5]
    assert ledger.log.entries(2, 2) == every[2:4]
    assert ledger.log.entries(5, 10) == ledger.log.entries(99, 10) == []
    assert ledger.log.entry(3) == every[2]
    assert ledger.log.entry(0) is ledger.log.entry(6) is None
    assert ledger.log.entries_at([5, 1, 77]) == {1: every[0], 5: every[4]}


def test_an_act_is_found_by_its_id(ledger: Ledger) -> None:
    envelope = parse(ledger.founding.raws[2])
    found_act = ledger.log.find(envelope.event.id)
    assert found_act is not None
    assert (found_act.position, found_act.sealed_size, found_act.pending_on) == (3, 5, ())
    assert (found_act.payload_sha256, found_act.stream) == (envelope.payload_sha256, "party/gb")


def test_checkpoints_are_kept_for_each_batch(ledger: Ledger) -> None:
    first = ledger.log.checkpoint()
    ledger.admitted(ledger.office("gb").renaming())
    newest = ledger.log.checkpoint()
    assert newest is not None
    assert ledger.log.checkpoint(5) == first
    assert ledger.log.checkpoint(4) is None
    assert ledger.log.checkpoint(6) == newest
    opened = open_checkpoint(newest, ledger.founding.origin, [ledger.founding.log_signer.vkey])
    assert (opened.tree_size, opened.root) == (6, ledger.log.head().root)
    assert ledger.log.checkpoints([5, 6, 7]).keys() == {5, 6}


def test_a_checkpoint_that_is_stored_stays(ledger: Ledger) -> None:
    first = ledger.log.checkpoint(5)
    assert ledger.log.keep_checkpoint(5, b"another") == first
    assert ledger.log.checkpoint(5) == first


def test_the_tiles_give_the_root_of_the_head(ledger: Ledger) -> None:
    offices = ["gb", "de", "fr", "ua"]
    ledger.submit(*(ledger.office(offices[nth % 4]).renaming(str(nth)) for nth in range(300)))
    head = ledger.log.head()
    tiles = ledger.log.tiles([*partial_tiles(head.tree_size), (0, 0), (5, 5)])
    assert frontier_from_tiles(head.tree_size, tiles.__getitem__).root == head.root
    assert len(tiles[0, 0]) == 256 * 32
    assert (5, 5) not in tiles


def test_states_are_read_together_with_the_size_they_are_of(ledger: Ledger) -> None:
    ledger.admitted(ledger.office("gb").renaming())
    snapshot = ledger.log.states([LEDGER, "authority/gb/principal", "authority/xx/principal"])
    assert snapshot.tree_size == 6
    assert snapshot.states.keys() == {LEDGER, "authority/gb/principal"}
    opened, authority = snapshot.states.values()
    if isinstance(opened, Authority):
        opened, authority = authority, opened
    assert isinstance(opened, Opened)
    assert isinstance(authority, Authority)
    assert opened.origin == ledger.founding.origin
    assert (authority.sequence, authority.previous) == (1, ledger.office("gb").previous)
    assert ledger.log.state("authority/gb/principal") == authority


def test_the_library_reads_the_same_events(ledger: Ledger) -> None:
    application = ledger.log.application
    assert application.recorder.max_notification_id() == 5
    section = application.notification_log.select(start=1, limit=10)
    assert [(one.id, one.topic) for one in section] == [
        (1, "ledger.opened"),
        *((at, "party.admitted") for at in (2, 3, 4, 5)),
    ]
    assert [one.state for one in section] == ledger.log.entries(0, 10)
    event_id = parse(ledger.founding.raws[0]).event.id
    (recorded,) = application.events.get(event_id)
    assert isinstance(recorded, Recorded)
    assert recorded.entry.raw == ledger.log.entry(1)
    assert recorded.entry.envelope == ledger.founding.raws[0]
    selected = application.recorder.select_notifications(
        start=2, limit=2, topics=["party.admitted"], inclusive_of_start=False
    )
    assert [one.id for one in selected] == [3, 4]


def test_the_mapper_takes_signed_bytes_and_nothing_else(ledger: Ledger) -> None:
    mapper = EntryMapper()
    (stored,) = ledger.log.application.recorder.select_events(parse(ledger.founding.raws[0]).event.id)
    assert isinstance(mapper.to_domain_event(stored), Recorded)
    with pytest.raises(EntryMalformed):
        mapper.to_domain_event(type(stored)(stored.originator_id, 1, stored.topic, b"{}"))
    with pytest.raises(AssertionError, match="signed bytes only"):
        mapper.transcoder.encode({"amount": 1})
    with pytest.raises(AssertionError, match="signed bytes only"):
        mapper.transcoder.decode(b"{}")
