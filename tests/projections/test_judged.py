"""Obligations that are given again are those that judging afresh gives: at every tree size, from every cursor."""

from datetime import date

import msgspec
import pytest

from ledger.log.entry import parse_entry
from projections.answers import Obligation
from projections.folding import Place
from projections.judged import Judged, Used
from projections.models import ReadModels
from projections.obligations import obligations_of
from projections.obligations_page import obligations_from
from projections.reading import Known
from projections.rebuild import rebuild
from tests.projections.folded import ListedLog, afresh, models_of
from tests.projections.test_known_at import walked

PARTIES = ("gb", "de", "fr")


@pytest.fixture(scope="module")
def raws() -> tuple[bytes, ...]:
    return walked(29)


@pytest.fixture
def dsn(database_url: str, raws: tuple[bytes, ...]) -> str:
    assert rebuild(ListedLog(raws), database_url, lambda _: None) > Place().position
    return database_url


def asked(
    models: ReadModels, known_at: int, party: str, as_of: date, first: str | None = None
) -> tuple[Obligation, ...]:
    with models.at(known_at) as rows:
        return tuple(obligations_from(Known(rows, as_of), rows, party, first, 2))


def test_what_is_given_again_is_what_a_fold_to_that_tree_size_gives(raws: tuple[bytes, ...], dsn: str) -> None:
    last = parse_entry(raws[-1]).recorded_at.date()
    days = (last, date(last.year + 1, 2, 1))
    sizes = [*range(20, len(raws), 9), len(raws), *range(len(raws) - 4, 20, -13)]
    with models_of(dsn) as models:
        seen: set[bytes] = set()
        for size in sizes:
            rows = afresh(raws[:size])
            for party in PARTIES:
                for day in days:
                    expected = obligations_of(Known(rows, day), party)
                    assert asked(models, size, party, day) == expected, (size, party, day)
                    seen.add(msgspec.json.encode(expected))
    # They did change on the way.
    assert len(seen) > 15


def test_a_page_from_a_cursor_is_the_rest_from_there(raws: tuple[bytes, ...], dsn: str) -> None:
    day = parse_entry(raws[-1]).recorded_at.date()
    with models_of(dsn) as models:
        for party in PARTIES:
            whole = asked(models, len(raws), party, day)
            for number, item in enumerate(whole):
                assert asked(models, len(raws), party, day, item.commitment) == whole[number:]
            assert asked(models, len(raws), party, day, "0") == whole
            assert asked(models, len(raws), party, day, "zz") == ()


class Versions:
    """Rows that were changed at the positions that the test says."""

    generation = 1

    def __init__(self) -> None:
        self.streams = {"commitment/c-1": 4, "instrument/pact": 2}
        self.under = {"c-1": 9}

    def versions(self, streams: object) -> dict[str, int]:
        return self.streams

    def newest_under(self, commitments: object) -> dict[str, int]:
        return self.under


def test_a_change_in_anything_that_was_looked_at_is_judged_anew() -> None:
    judged, rows, day = Judged(), Versions(), date(2026, 1, 1)
    used = Used({"commitment/c-1", "instrument/pact", "commitment/parent"}, {"c-1"})
    judged.keep(rows, day, {"c-1": ((), used)})
    assert judged.again(rows, day, ["c-1", "c-2"]) == {"c-1": ()}
    assert judged.again(rows, date(2026, 1, 2), ["c-1"]) == {}
    for changed, name in ((rows.streams, "instrument/pact"), (rows.streams, "commitment/parent"), (rows.under, "c-1")):
        before = changed.get(name)
        changed[name] = 12
        assert judged.again(rows, day, ["c-1"]) == {}
        if before is None:
            del changed[name]
        else:
            changed[name] = before
    assert judged.again(rows, day, ["c-1"]) == {"c-1": ()}
    rows.generation = 2
    assert judged.again(rows, day, ["c-1"]) == {}


def test_what_was_not_asked_for_longest_makes_room(raws: tuple[bytes, ...], dsn: str) -> None:
    day = parse_entry(raws[-1]).recorded_at.date()
    with models_of(dsn) as models, models.at(None) as rows:
        every = {party: obligations_of(Known(rows, day), party) for party in PARTIES}
        found = next(owed for owed in every.values() if owed)[:1]
        judged = Judged(weight_max=3 * (10 + len(found[0].deliveries)))
        for number in range(5):
            judged.keep(rows, day, {f"c-{number}": (found, Used())})
        assert list(judged.again(rows, day, [f"c-{number}" for number in range(5)])) == ["c-2", "c-3", "c-4"]
