"""An audit by worker processes finds what an audit by one process finds: the same proof, or the same first lie.

The oracle is the auditor that examines one line after another. `AUDIT_WORKERS=2 pytest tests/attacks tests/audit` puts
every attack to the workers too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import active_children

import msgspec
import pytest

from ledger.audit.ahead import Ahead, Chunk, examined_elsewhere
from ledger.audit.audit import Audited, Pins, audit
from ledger.audit.auditor import Auditor, Elsewhere, examine
from ledger.audit.findings import Finding, Lie, LieFound, Undecidable
from ledger.audit.source import Line
from ledger.events.registry import registered_keys
from ledger.events.stages import Envelope, Verified
from ledger.rules.compact import authority
from ledger.signing.workers import Workers
from tests.acts import ORIGIN, principal
from tests.audit.histories import History
from tests.audit.logs import Log, LogSource, log_of

CHUNK = 4


@pytest.fixture(scope="module", params=[0, 1, 2])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    with Workers(request.param) as some:
        yield some


@pytest.fixture(scope="module")
def history() -> History:
    made = History(11)
    made.run(70)
    return made


@pytest.fixture(scope="module")
def log(history: History) -> Log:
    return history.run(0)


def ahead(workers: Workers) -> Auditor:
    return Auditor(None, Ahead(workers, alone=1, chunk_lines=CHUNK).examined)


def end_of(log: Log, auditor: Auditor) -> Audited | Finding | str:
    """Return how an audit ends, whichever way."""
    try:
        return audit(LogSource(log), Pins(), auditor, lambda followed: None)
    except LieFound as lie:
        return lie.finding
    except Undecidable as reason:
        return str(reason)


def same_end(log: Log, workers: Workers) -> Finding | None:
    """Return the lie that both ways find, or None. Fails if they differ."""
    alone, together = end_of(log, Auditor()), end_of(log, ahead(workers))
    if isinstance(alone, Audited):
        assert isinstance(together, Audited)
        assert (together.proved, together.assumed) == (alone.proved, alone.assumed)
        assert together.compact.changes == alone.compact.changes
        return None
    assert together == alone
    assert isinstance(alone, Finding)
    return alone


def flipped(log: Log, at: int, byte: int) -> Log:
    raw = bytearray(log.entries[at])
    raw[byte % len(raw)] ^= 4
    return log.with_entries([*log.entries[:at], bytes(raw), *log.entries[at + 1 :]])


def test_an_honest_log_is_proved_in_the_same_words(log: Log, workers: Workers) -> None:
    assert len(log.entries) > 6 * CHUNK
    assert same_end(log, workers) is None


def test_a_changed_bit_anywhere_is_found_as_before(log: Log, workers: Workers) -> None:
    lies = set()
    for number in range(0, len(log.entries), 3):
        for byte in (20 + 37 * number, 900 + 11 * number, -1 - number, -40 - number):
            found = same_end(flipped(log, number, byte), workers)
            assert found is not None
            lies.add(found.lie)
    assert {Lie.ENTRY_MALFORMED, Lie.ENVELOPE_INVALID, Lie.CHAIN_BROKEN} <= lies


def test_acts_that_are_rechained_after_a_change_are_found_as_before(history: History, workers: Workers) -> None:
    """The operator's own key is enough for chain and tree: what is left are signatures, own chains and rules."""
    recorder, signer = history.recorder, history.founding.log_signer
    lies = set()
    for number in range(2, len(recorder.envelopes), 5):
        dropped = [raw for at, raw in enumerate(recorder.envelopes) if at != number]
        twice = [*recorder.envelopes[: number + 1], *recorder.envelopes[number:]]
        swapped = [*recorder.envelopes]
        swapped[number - 1 : number + 1] = reversed(swapped[number - 1 : number + 1])
        for envelopes in (dropped, twice, swapped, forged(recorder.envelopes, number)):
            found = same_end(log_of(envelopes, signer), workers)
            lies |= {found.lie} if found is not None else set()
    assert {Lie.EVENT_REPEATED, Lie.SIGNATURE_INVALID, Lie.SEQUENCE_BROKEN} <= lies


def forged(envelopes: Sequence[bytes], number: int) -> list[bytes]:
    """Return the acts with one signature made worthless: another base64 digit in the middle of it."""
    raw = envelopes[number]
    at = raw.rindex(b'"sig":"') + 20
    digit = b"A" if raw[at : at + 1] != b"A" else b"B"
    return [*envelopes[:number], raw[:at] + digit + raw[at + 1 :], *envelopes[number + 1 :]]


def test_the_lie_in_an_earlier_chunk_is_found_although_a_later_one_has_one_too(log: Log, workers: Workers) -> None:
    for first, second in ((5, 6), (5, 14), (9, 40), (40, 9)):
        both = flipped(flipped(log, first, 300), second, 300)
        found = same_end(both, workers)
        assert found is not None
        assert found.position == min(first, second) + 1
        # Negative control: without the first the second is found.
        alone = same_end(flipped(log, max(first, second), 300), workers)
        assert alone is not None
        assert alone.position == max(first, second) + 1


def test_a_source_that_fails_is_heard_after_the_lines_before_it(log: Log, workers: Workers) -> None:
    @dataclass(frozen=True)
    class Failing(LogSource):
        good: int = 0

        def entries(self, tree_size: int) -> Iterator[Line]:
            for number, line in enumerate(super().entries(tree_size)):
                if number == self.good:
                    raise Undecidable("the disk is gone")
                yield line

    lying = flipped(log, 6, 300)
    for good in (1, 5, 6):
        with pytest.raises(Undecidable, match="the disk is gone"):
            audit(Failing(lying, good), Pins(), ahead(workers), lambda followed: None)
    with pytest.raises(LieFound) as lie:
        audit(Failing(lying, 7), Pins(), ahead(workers), lambda followed: None)
    assert lie.value.finding.position == 7


def test_more_lines_than_the_checkpoint_states_are_a_lie_after_all_before(log: Log, workers: Workers) -> None:
    found = same_end(log.with_entries([*log.entries, log.entries[-1]]), workers)
    assert found is not None
    assert (found.lie, found.position) == (Lie.TREE_SIZE_WRONG, len(log.entries) + 1)


def test_what_a_worker_verified_holds_for_the_very_keys_that_stand(history: History, log: Log) -> None:
    """A worker that was given other keys vouches for a forged signature: the fold does not listen."""
    number = len(log.entries) - 1
    good, bad = log.entries, log_of(forged(history.recorder.envelopes, number), history.founding.log_signer).entries
    auditor = Auditor()
    list(auditor.follow(Line(raw, "", 0) for raw in good[:number]))
    examined = examine(Line(bad[number], "", 0))
    assert isinstance(examined.envelope, Envelope)
    verified = Verified(examined.envelope)
    signer = authority(auditor.compact, examined.envelope.event.authority)
    assert signer is not None
    keys, other = signer.keys, principal("gb").keys
    for claim in (Elsewhere(verified, other, ORIGIN), Elsewhere(verified, keys, "another.example/log")):
        with pytest.raises(LieFound) as lie:
            auditor.take(replace(examined, elsewhere=claim))
        assert lie.value.finding.lie is Lie.SIGNATURE_INVALID
    # Negative control: with the keys that stand a worker is believed, which is why it must be one of our own.
    auditor.take(replace(examined, elsewhere=Elsewhere(verified, keys, ORIGIN)))


def test_a_worker_says_nothing_of_what_is_wrong_and_does_not_verify_by_keys_that_it_has_not(log: Log) -> None:
    raws = [log.entries[1], b"{}", log.entries[1].replace(b'"sig":"', b'"sig":"AAAA')]
    opened = examine(Line(log.entries[0], "", 0)).envelope
    assert isinstance(opened, Envelope)
    keys = msgspec.json.encode(dict(registered_keys(opened.event)))
    for known, is_verified in ((keys, True), (b"{}", False)):
        good, malformed, forged = examined_elsewhere(Chunk(raws, known, ORIGIN))
        assert good is not None
        assert isinstance(good[3], tuple)
        assert good[3][-1] is is_verified
        assert malformed is None
        assert (forged is None) is is_verified


def test_a_worker_that_was_killed_leaves_the_audit_undecided(log: Log) -> None:
    others = set(active_children())
    with Workers(1) as workers:
        lines = LogSource(log).entries(0)
        examined = Ahead(workers, alone=1, chunk_lines=CHUNK).examined(lines)
        for _ in range(1 + CHUNK):
            next(examined)
        for worker in set(active_children()) - others:
            worker.kill()
        with pytest.raises(Undecidable, match="--jobs 1"):
            list(examined)
        # The workers can be used again.
        assert same_end(log, workers) is None
