"""What a server answers, held against what follows from the audited log: by the digests of all answers, or one by one.

A digest that differs says that some answer does; then the server's own list is read, and the first that differs shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby, zip_longest
from typing import Any

import msgspec

from ledger.audit.audit import Audited
from ledger.audit.auditor import Auditor, Followed
from ledger.audit.findings import Finding, Lie, LieFound, Proved, Undecidable, readable
from ledger.client.errors import ClientError, LedgerRefused, NotThere
from ledger.client.http import LedgerClient
from ledger.events.canonical import canonical_bytes
from ledger.rules.compact import State
from projections.digests import PROJECTIONS, Digests, Projection, ProjectionDigest, Whole, digests, over_all
from projections.folded_rows import rows_at
from projections.folding import ActRow, act_of
from projections.plain import first_difference, plain_bytes
from projections.reading import Known
from projections.rows import MemoryRows
from projections.stored_rows import FeedFilter

DIGESTS: str = "/v1/projections/digests"
NOT_COMPARED = "The server's answers beside the obligations were not all compared: it stated no digest of them ({})."
SHOWN_BYTES = 40
OWN_ANSWERS_DIFFER = "the digest of its own answers, which are those that follow from the entries"


@dataclass
class KnownAt:
    """What an audit comes by up to a tree size: the states then, and every act as the feed shows it.

    More than `acts_max` acts are not kept: then nothing can be compared.
    """

    auditor: Auditor
    tree_size: int | None = None
    acts_max: int | None = None
    acts: list[ActRow] = field(default_factory=list)
    streams: dict[str, list[ActRow]] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    recorded_at: datetime | None = None

    def take(self, followed: Followed) -> None:
        """Go on by one entry, if it still counts."""
        position = followed.entry.position
        if self.tree_size is not None and position > self.tree_size:
            return
        if self.acts_max is not None and position > self.acts_max:
            self.acts.clear()
            self.streams.clear()
            return
        act = act_of(self.auditor.compact, followed.entry, followed.admitted)
        self.acts.append(act)
        self.streams.setdefault(act.stream, []).append(act)
        self.recorded_at = followed.entry.recorded_at
        if position == self.tree_size:
            # States are never changed, only replaced.
            self.states = dict(self.auditor.compact.changes)

    def whole(self, as_of: date) -> Whole:
        """Return all of it as of a day. Only when the audit has come to its end, or beyond the tree size."""
        size, at = len(self.acts), self.recorded_at
        rows = MemoryRows(self.states, size, at) if self.states else rows_at(self.auditor.compact, size, at)
        return Whole(Known(rows, as_of), self.feed)

    def feed(self, wanted: FeedFilter) -> Sequence[ActRow]:
        """Return acts of a stream, or all of them, after a position: what the digests ask for."""
        if wanted.stream is not None:
            return self.streams.get(wanted.stream, [])[: wanted.limit]
        # Positions have no gaps.
        after = wanted.after or 0
        return self.acts[after : after + wanted.limit]


def check_digests(audited: Audited, known_at: KnownAt, client: LedgerClient) -> tuple[list[Proved], list[str]]:
    """Return the line of the report if every digest is what follows from the entries, or why none was compared.

    Raises LieFound with the first answer that differs; Undecidable where the server does not answer.
    """
    if len(known_at.acts) < audited.checkpoint.tree_size:
        return [], [NOT_COMPARED.format(f"the log has more than {known_at.acts_max} entries; --answers compares them")]
    as_of = audited.recorded_at.date()
    query = _query(audited, as_of)
    try:
        answer = client.read(DIGESTS, query)
        stated = msgspec.convert(answer.get("data"), Digests)
    except (NotThere, LedgerRefused) as error:
        return [], [NOT_COMPARED.format(error)]
    except ClientError as error:
        raise Undecidable(str(error)) from None
    except msgspec.ValidationError as error:
        raise Undecidable(f"{client.connection.url}{DIGESTS}: {error}") from None
    derived = digests(known_at.whole(as_of))
    by_name = {one.projection: one for one in stated.digests}
    known = [(projection, one) for projection, one in zip(PROJECTIONS, derived.digests, strict=True)]
    for projection, one in known:
        said = by_name.get(one.projection)
        if said is not None and said != one:
            check_list(audited, known_at, client, projection)
            raise _digest_wrong(client, one, said)
    if stated.sha256 != over_all(stated.digests):
        overall = ProjectionDigest("all", DIGESTS, len(derived.digests), derived.sha256)
        raise _digest_wrong(client, overall, msgspec.structs.replace(overall, sha256=stated.sha256))
    missing = [one.projection for _, one in known if one.projection not in by_name]
    detail = f"projections' answers as of {as_of}, derived again, have the digests that the server states"
    assumed = [NOT_COMPARED.format(f"of {', '.join(missing)}")] if missing else []
    return [Proved("projections", len(known) - len(missing), detail)], assumed


def check_every_answer(audited: Audited, known_at: KnownAt, client: LedgerClient) -> Proved:
    """Return the line of the report if every answer is what follows from the entries. Raises LieFound, Undecidable."""
    count = sum(check_list(audited, known_at, client, projection) for projection in PROJECTIONS)
    as_of = audited.recorded_at.date()
    return Proved("answers", count, f"answers of {len(PROJECTIONS)} projections as of {as_of}, each derived again")


def check_list(audited: Audited, known_at: KnownAt, client: LedgerClient, projection: Projection) -> int:
    """Return how many answers of a projection the server gives, if they are those that follow.

    Raises LieFound with the first that differs; Undecidable where the server does not answer.
    """
    as_of = audited.recorded_at.date()
    query, count = _query(audited, as_of), 0
    for path, items in groupby(projection.items_of(known_at.whole(as_of)), key=lambda item: item[0]):
        derived = [plain_bytes(item) for _, item in items]
        answered = _answered(client, path, query)
        for number, (one, other) in enumerate(zip_longest(derived, answered), start=1):
            if one != other:
                raise _answer_wrong(f"{client.connection.url}{path}, answer {number}", projection, one, other)
        count += len(derived)
    if (
        not count
        and "{" not in projection.path
        and (more := _answered(client, projection.path, _query(audited, as_of)))
    ):
        raise _answer_wrong(f"{client.connection.url}{projection.path}, answer 1", projection, None, more[0])
    return count


def _answered(client: LedgerClient, path: str, query: dict[str, str | int]) -> list[bytes]:
    bare, _, further = path.partition("?")
    named = dict(one.split("=") for one in further.split("&")) if further else {}
    try:
        data: Any = client.read_all(bare, {**query, **named}).get("data")
        return [canonical_bytes(item) for item in (data if isinstance(data, list) else [data])]
    except ClientError as error:
        raise Undecidable(str(error)) from None
    except ValueError as error:
        raise Undecidable(f"{client.connection.url}{path}: {error}") from None


def _query(audited: Audited, as_of: date) -> dict[str, str | int]:
    return {"as_of": as_of.isoformat(), "known_at": audited.checkpoint.tree_size}


def _answer_wrong(place: str, projection: Projection, derived: bytes | None, answered: bytes | None) -> LieFound:
    one, other = derived or b"", answered or b""
    at = first_difference(one, other)
    evidence = {"projection": projection.name, "derived": readable(one), "answered": readable(other)}
    return LieFound(Finding(Lie.PROJECTION_WRONG, place, None, _excerpt(derived, at), _excerpt(answered, at), evidence))


def _digest_wrong(client: LedgerClient, derived: ProjectionDigest, stated: ProjectionDigest) -> LieFound:
    place = f"{client.connection.url}{DIGESTS}, {derived.projection}"
    expected = f"{derived.sha256} over {derived.count} answers, {OWN_ANSWERS_DIFFER}"
    got = f"{stated.sha256} over {stated.count}"
    evidence = {"derived": readable(plain_bytes(derived)), "stated": readable(plain_bytes(stated))}
    return LieFound(Finding(Lie.PROJECTION_WRONG, place, None, expected, got, evidence))


def _excerpt(data: bytes | None, at: int) -> str:
    if data is None:
        return "no answer"
    return ascii(readable(data[max(0, at - SHOWN_BYTES) : at + SHOWN_BYTES]))
