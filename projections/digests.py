"""One digest for each projection, over all of its answers: what a ledger answers, as two people can compare it.

An answer is an item of the list at the projection's address. Each stands in canonical JSON (RFC 8785), ended by a line
feed, in the order of the list; the digest is the SHA-256 of that. Whoever can read the list, or fold the log, gets the
same. The digest over all is the SHA-256 of the lines `sha256  projection`, as `sha256sum` writes them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from msgspec import Struct

from ledger.rules.compact import Authority
from ledger.rules.history import History
from projections.consultations import consultation_page, mergers
from projections.coverage import coverage, requirement_page
from projections.crises import crisis_page, returns
from projections.folding import ActRow
from projections.horizon import DAYS_DEFAULT
from projections.obligations import fetch_around, obligations_of
from projections.observed import ObservationFilter, observation_shown, observed
from projections.overdue import overdue
from projections.pages import commitment_page, delivery_page
from projections.pages_of_record import act_shown, authority_page, instrument_page, party_page
from projections.plain import plain_bytes
from projections.reading import Known
from projections.sanctions import measures
from projections.stored_rows import FeedFilter
from projections.summary import summaries
from projections.totals import totals
from projections.upcoming import upcoming

DIGESTS_TREE_SIZE_MAX: Final = 50_000
"""The largest tree of which a server computes digests: all answers of it take about as long as a client waits."""

READ_AT_ONCE: Final = 500
TIMELINE_MAX: Final = 500

Feed = Callable[[FeedFilter], Sequence[ActRow]]


@dataclass(frozen=True, slots=True)
class Whole:
    """All that is known at a tree size as of a day: states, and the acts as the feed shows them."""

    known: Known
    feed: Feed


@dataclass(frozen=True, slots=True)
class Projection:
    """A list of answers, and where it is read. `{guarantor}` stands for each that the list of guarantors names."""

    name: str
    path: str
    items: Callable[[Whole], Iterator[tuple[str, Struct]]]

    def items_of(self, whole: Whole) -> Iterator[tuple[str, Struct]]:
        """Yield each answer with the address at which it is read, in order."""
        return self.items(whole)


class ProjectionDigest(Struct, frozen=True):
    """The digest of one projection. `count`: of how many answers."""

    projection: str
    path: str
    count: int
    sha256: str


class Digests(Struct, frozen=True):
    """The digest of every projection, and one over all of them."""

    sha256: str
    digests: tuple[ProjectionDigest, ...]


def digests(whole: Whole) -> Digests:
    """Return the digests of all that is known."""
    found = tuple(_digest(projection, whole) for projection in PROJECTIONS)
    return Digests(over_all(found), found)


def over_all(found: Iterable[ProjectionDigest]) -> str:
    """Return the digest over the digests of projections."""
    return sha256("".join(f"{one.sha256}  {one.projection}\n" for one in found).encode()).hexdigest()


def _digest(projection: Projection, whole: Whole) -> ProjectionDigest:
    running, count = sha256(), 0
    for _, item in projection.items_of(whole):
        running.update(plain_bytes(item) + b"\n")
        count += 1
    return ProjectionDigest(projection.name, projection.path, count, running.hexdigest())


def _list(name: str, path: str, items: Callable[[Whole], Iterable[Struct]]) -> Projection:
    return Projection(name, path, lambda whole: ((path, item) for item in items(whole)))


def _obligations(whole: Whole) -> Iterator[tuple[str, Struct]]:
    for summary in summaries(whole.known):
        path = f"/v1/guarantors/{summary.guarantor}/obligations"
        yield from ((path, item) for item in obligations_of(whole.known, summary.guarantor))


def _of_kind(kind: str, page: Callable[[Known, History], Struct | None]) -> Callable[[Whole], Iterator[Struct]]:
    def items(whole: Whole) -> Iterator[Struct]:
        histories = whole.known.take(whole.known.rows.of_kind(kind))
        return (item for history in histories if (item := page(whole.known, history)) is not None)

    return items


def _commitments(whole: Whole) -> Iterator[Struct]:
    histories = whole.known.take(whole.known.rows.of_kind("commitment"))
    fetch_around(whole.known, histories)
    return (item for history in histories if (item := commitment_page(whole.known, history)) is not None)


def _deliveries(whole: Whole) -> Iterator[Struct]:
    given = whole.known.given(whole.known.take(whole.known.rows.of_kind("delivery")))
    whole.known.fetch(f"commitment/{item.view.commitment}" for item in given if item.view.commitment is not None)
    return (delivery_page(whole.known, item) for item in given)


def _authorities(whole: Whole) -> Iterator[Struct]:
    for name, state in whole.known.rows.of_kind("authority").items():
        if isinstance(state, Authority):
            yield authority_page(whole.known, state, whole.feed(FeedFilter(stream=name, limit=TIMELINE_MAX)))


def _crises(whole: Whole) -> Iterator[Struct]:
    returned = returns(whole.known)
    return _of_kind("crisis", lambda known, history: crisis_page(known, history, returned))(whole)


def _consultations(whole: Whole) -> Iterator[Struct]:
    merged = mergers(whole.known)
    return _of_kind("consultation", lambda known, history: consultation_page(known, history, merged))(whole)


def _observations(whole: Whole) -> Iterator[Struct]:
    histories = whole.known.take(whole.known.rows.of_kind("observation"))
    return map(observation_shown, observed(whole.known, histories, ObservationFilter(replaced=True)))


def _feed(whole: Whole) -> Iterator[Struct]:
    after: int | None = None
    while acts := whole.feed(FeedFilter(after=after, limit=READ_AT_ONCE)):
        yield from map(act_shown, acts)
        after = acts[-1].position


PROJECTIONS: Final[tuple[Projection, ...]] = (
    _list("guarantors", "/v1/guarantors", lambda whole: summaries(whole.known)),
    Projection("obligations", "/v1/guarantors/{guarantor}/obligations", _obligations),
    _list("overdue", "/v1/overdue", lambda whole: overdue(whole.known)),
    _list("commitments", "/v1/commitments", _commitments),
    _list("deliveries", "/v1/deliveries", _deliveries),
    _list("instruments", "/v1/instruments", _of_kind("instrument", instrument_page)),
    _list("parties", "/v1/parties", _of_kind("party", party_page)),
    _list("authorities", "/v1/authorities", _authorities),
    _list("measures", "/v1/measures", lambda whole: measures(whole.known)),
    _list("crises", "/v1/crises", _crises),
    _list("consultations", "/v1/consultations", _consultations),
    _list("requirements", "/v1/requirements", _of_kind("requirement", requirement_page)),
    _list("coverage", "/v1/coverage", lambda whole: coverage(whole.known)),
    _list("upcoming", "/v1/upcoming", lambda whole: upcoming(whole.known, DAYS_DEFAULT)),
    _list("totals", "/v1/totals", lambda whole: [totals(whole.known, "with")]),
    _list("observations", "/v1/observations?replaced=true", _observations),
    _list("feed", "/v1/feed", _feed),
)
"""Every projection that has a digest, in the order in which they are answered. A new one comes last."""
