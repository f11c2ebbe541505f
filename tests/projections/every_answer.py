"""Every answer that the projections give, each a function of rows at one tree size and of a day.

Whoever adds a projection adds it here; `tests/projections/test_known_at.py` asks for all of them at every tree size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ledger.rules.compact import Authority
from projections.consultations import consultation_page, mergers
from projections.conversion import Exchange, last_publication
from projections.coverage import coverage, requirement_page
from projections.crises import crisis_page, returns
from projections.folding import ActRow
from projections.obligations import every_obligation, obligations_of
from projections.observed import ObservationFilter, observation_page, observed
from projections.observed_totals import observed_totals
from projections.overdue import overdue
from projections.pages import commitment_page, delivery_page
from projections.pages_of_record import authority_page, instrument_page, party_page
from projections.reading import Known
from projections.rows import Rows
from projections.sanctions import measures
from projections.statistics import Wanted, statistics
from projections.stored_rows import FeedFilter
from projections.summary import summaries
from projections.totals import totals
from projections.upcoming import upcoming
from tests.projections.folded import KINDS

PARTIES = ("ua", "gb", "eu", "kse", "depositary")

FEEDS = (
    FeedFilter(limit=1000),
    FeedFilter(limit=20, descending=True),
    FeedFilter(party="gb", limit=1000),
    FeedFilter(type="commitment.*", limit=1000),
    FeedFilter(type="instrument.signed", after=10, limit=3),
    FeedFilter(instrument="pact-1", limit=1000),
)


@dataclass(frozen=True)
class Asked:
    """What one question is asked of: rows at a tree size, the days, and the feed as known there."""

    rows: Rows
    known: Known
    feed: Callable[[FeedFilter], list[ActRow]]


def _pages(asked: Asked, kind: str, page: Callable[[Known, str], object]) -> list[object]:
    return [page(asked.known, stream) for stream in asked.rows.of_kind(kind)]


def _history_page(page: Callable[..., object]) -> Callable[[Known, str], object]:
    def answer(known: Known, name: str) -> object:
        history = known.history(name)
        assert history is not None
        return page(known, history)

    return answer


def _authorities(asked: Asked) -> list[object]:
    states = asked.rows.of_kind("authority")
    answers: list[object] = []
    for name, state in states.items():
        assert isinstance(state, Authority)
        acts = asked.feed(FeedFilter(stream=name, limit=1000))
        answers.append(authority_page(asked.known, state, acts))
    return answers


def _deliveries(asked: Asked) -> list[object]:
    given = asked.known.given(asked.known.take(asked.rows.of_kind("delivery")))
    return [delivery_page(asked.known, one) for one in given]


def _consultations(asked: Asked) -> list[object]:
    merged = mergers(asked.known)
    return _pages(asked, "consultation", _history_page(lambda known, one: consultation_page(known, one, merged)))


def _crises(asked: Asked) -> list[object]:
    returned = returns(asked.known)
    return _pages(asked, "crisis", _history_page(lambda known, one: crisis_page(known, one, returned)))


def _observations(asked: Asked) -> list[object]:
    wanted = ObservationFilter(replaced=True)
    found = list(observed(asked.known, asked.known.take(asked.rows.of_kind("observation")), wanted))
    pages: list[object] = [observation_page(asked.known, one) for one in found]
    sums = [observed_totals([one.view for one in found], wanted, by) for by in ("category", "party", "level")]
    return [*pages, *sums]


def _conversions(asked: Asked) -> list[object]:
    exchange = Exchange(asked.known, "EUR", "ecb", asked.known.as_of)
    return [
        totals(asked.known, "without", exchange),
        exchange.of("12.00", "GBP"),
        last_publication(asked.known, "ecb", asked.known.as_of),
    ]


def _statistics(asked: Asked) -> list[object]:
    since = asked.known.as_of - timedelta(days=400)
    return [statistics(asked.rows, Wanted(since=since, until=asked.known.as_of, step="quarter"))]


ANSWERS: dict[str, Callable[[Asked], object]] = {
    "obligations": lambda asked: every_obligation(asked.known),
    "obligations of each": lambda asked: [obligations_of(asked.known, party) for party in PARTIES],
    "summary": lambda asked: summaries(asked.known),
    "overdue": lambda asked: overdue(asked.known),
    "commitment": lambda asked: _pages(asked, "commitment", _history_page(commitment_page)),
    "delivery": _deliveries,
    "instrument": lambda asked: _pages(asked, "instrument", _history_page(instrument_page)),
    "party": lambda asked: _pages(asked, "party", _history_page(party_page)),
    "authority": _authorities,
    "feed": lambda asked: [asked.feed(one) for one in FEEDS],
    "sanctions": lambda asked: [list(measures(asked.known)), *(list(measures(asked.known, one)) for one in PARTIES)],
    "consultation": _consultations,
    "crisis": _crises,
    "requirement": lambda asked: _pages(asked, "requirement", _history_page(requirement_page)),
    "coverage": lambda asked: coverage(asked.known),
    "upcoming": lambda asked: upcoming(asked.known, 366),
    "totals": lambda asked: totals(asked.known, "with"),
    "conversion": _conversions,
    "statistics": _statistics,
    "observation": _observations,
    "selections": lambda asked: _selections(asked.rows),
}


def _selections(rows: Rows) -> list[object]:
    """Return what every way to select rows gives, for some of what can be asked."""
    found: list[object] = [rows.of_party(kind, party) for kind in KINDS for party in PARTIES]
    commitments = [name.partition("/")[2] for name in rows.of_kind("commitment")]
    names = list(rows.of_kind("delivery"))
    found += [rows.of_instrument("commitment", one) for one in ("pact-1", "joint-2", "nothing")]
    found += [rows.of_commitments("delivery", commitments), rows.of_commitments("delivery", commitments[:2])]
    found += [rows.states([*names[:3], "party/nobody"]), rows.of_kind("commitment", after="commitment/c-2", limit=3)]
    return found
