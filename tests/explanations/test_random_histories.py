"""What is behind an answer, in random histories with something of everything, at any tree size.

The oracle is a fold of the whole log: the answer from the few entries must be that of all of them.
"""

from collections.abc import Collection, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.log.entry import parse_entry
from projections.explained import answer_to, replayed
from projections.explaining import Behind, NothingThere, behind
from projections.explanation import Kind, Question
from projections.rows import MemoryRows
from tests.acts import ORIGIN
from tests.projections.test_known_at import Ledger, opened


@pytest.fixture(scope="module", params=[13, 23])
def ledger(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[Ledger]:
    with opened(postgres_server, request.param) as found:
        yield found


def questions(ledger: Ledger, size: int) -> Iterator[Question]:
    rows, days = ledger.folded[size], ledger.days
    kinds: tuple[tuple[Kind, str], ...] = (("commitment", "commitment"), ("guarantor", "party"))
    for kind, stream in kinds:
        for number, name in enumerate(rows.of_kind(stream)):
            yield Question(kind=kind, id=name.partition("/")[2], as_of=days[number % len(days)], known_at=size)


def explained(ledger: Ledger, question: Question) -> Behind:
    def read(positions: Collection[int]) -> dict[int, bytes]:
        return {one: ledger.raws[one - 1] for one in positions}

    with ledger.models.at(question.known_at) as rows:
        return behind(question, rows, ORIGIN, read)


def check(ledger: Ledger, sizes: Collection[int]) -> tuple[int, int]:
    """Ask for every explanation at these tree sizes. Return how many, and how many from less than half the entries."""
    asked = from_few = 0
    for size in sizes:
        for question in questions(ledger, size):
            expected = answer_to(ledger.folded[size], question)
            if expected is None:
                with pytest.raises(NothingThere):
                    explained(ledger, question)
                continue
            found = explained(ledger, question)
            assert found.answer == expected
            assert [entry.raw for entry in found.entries] == [ledger.raws[one.position - 1] for one in found.entries]
            assert found.entries[0].position == 1
            asked += 1
            from_few += len(found.entries) < size / 2
    return asked, from_few


def test_every_answer_follows_from_the_entries_behind_it(ledger: Ledger) -> None:
    whole = len(ledger.raws)
    asked, from_few = check(ledger, (whole, whole // 2, whole // 4))
    assert asked > 20
    assert from_few > asked / 4


def test_any_part_of_a_log_is_folded_or_refused_and_answers(ledger: Ledger) -> None:
    """Whoever makes up an explanation chooses the entries: whatever they are, nothing trips over them."""
    random, entries = Random(len(ledger.raws)), [parse_entry(raw) for raw in ledger.raws]
    refused = answers = 0
    for share in (0.3, 0.6, 0.9, 0.97, 0.99, 0.995):
        chosen = [entry for entry in entries if entry.position == 1 or random.random() < share]
        replay = replayed(chosen, ORIGIN)
        assert len(replay.events) + len(replay.refused) == len(chosen)
        assert not replay.unsigned
        refused += len(replay.refused)
        rows = MemoryRows(replay.given.changes, len(entries), None)
        for name in rows.of_kind("commitment"):
            question = Question(
                kind="commitment", id=name.partition("/")[2], as_of=ledger.days[-1], known_at=len(entries)
            )
            answers += answer_to(rows, question) is not None
    assert refused > 20
    assert answers > 0


@pytest.mark.slow
@settings(max_examples=20, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_every_answer_of_any_history_follows_from_the_entries_behind_it(postgres_server: str, seed: int) -> None:
    with opened(postgres_server, seed) as ledger:
        whole = len(ledger.raws)
        check(ledger, range(whole // 5, whole + 1, whole // 5))
