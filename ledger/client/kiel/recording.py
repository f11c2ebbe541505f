"""Claims into the ledger: compared with what is there, signed by their observer, submitted, each receipt verified.

A run that was broken off goes on where it was: what the ledger holds is read from the ledger, at one tree size that was
recorded before anything is signed, and nothing that it holds in the same words is recorded again.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ledger.client.answers import Admission, Problem
from ledger.client.draft import RANDOM_BYTES, Draft, new_event_id, payload_of
from ledger.client.errors import AnswerMalformed, ClientError, LedgerRefused
from ledger.client.http import BATCH_ACTS_MAX, ENTRIES_PAGE, LedgerClient
from ledger.client.kiel.claims import Claim
from ledger.client.proof import check_holds, prove
from ledger.events.header import FIRST_PREVIOUS
from ledger.events.refusals import Refusal, Rejected
from ledger.log.note import VerifierKey
from ledger.signing.dsse import parse
from ledger.signing.signer import Signer, sign_payload

OBSERVATION: Final = "observation.recorded"
CHAIN_BROKEN: Final = frozenset({Refusal.SEQUENCE_MISMATCH, Refusal.PREVIOUS_MISMATCH})
CHAIN_ATTEMPTS: Final = 5
"""How often the place in the chain is asked for anew when somebody else uses the same authority."""

OF_THE_CLAIM: Final = frozenset(
    {Refusal.REFERENCE_UNKNOWN, Refusal.ALREADY_EXISTS, Refusal.CODE_UNKNOWN, Refusal.WRONG_STATE}
    | {Refusal.OUT_OF_SCOPE, Refusal.EVENT_MALFORMED}
)
"""Refusals of one claim. Any other is about whoever signs, and the next claim would be refused as well."""

REFUSED_MAX: Final = 50
"""After so many a run is broken off: the reason is hardly in the rows."""

NOT_COMPARED: Final = frozenset({"row", "source"})
"""Where a claim stands and how its release is cited: another row, or other words for it, are the same claim."""

CODES: Final = {"EU": "EUE"}
"""Codes of the source that are others in ISO 3166."""

_NUMBERED: Final = re.compile(r"(.+)\.([2-9]|[1-9][0-9]{1,2})")
_STAND_IN: Final = {
    "ledger": "ledger.example/stand-in",
    "event_id": "00000000-0000-7000-8000-000000000000",
    "sequence": 1,
    "previous": FIRST_PREVIOUS,
    "issued_at": datetime(2026, 1, 1, tzinfo=UTC),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A claim to be recorded: under `id`, and what it replaces with which fields changed."""

    claim: Claim
    id: str
    fields: Mapping[str, Any]
    replaces: str | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. `missing`: ids of claims that the ledger holds, of which the file has none."""

    planned: tuple[Planned, ...]
    unchanged: tuple[Claim, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observer:
    """Who signs: the party, its authority, and the keys of that."""

    party: str
    authority: str
    signers: Sequence[Signer] = ()


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties of the ledger by code, by name in lower case, and by what the caller said."""

    by_name: Mapping[str, str] = field(default_factory=dict)
    by_code: Mapping[str, str] = field(default_factory=dict)

    def of(self, claim: Claim) -> str | None:
        """Return the party that a claim is about; None if it is none of this ledger."""
        named = self.by_name.get(claim.donor.casefold())
        return named or self.by_code.get(CODES.get(claim.code, claim.code))


def parties_of(client: LedgerClient, given: Mapping[str, str]) -> Parties:
    """Return the parties of the ledger. `given`: the caller's own word for names that the ledger does not have."""
    by_name: dict[str, str] = {}
    by_code: dict[str, str] = {}
    query: dict[str, str | int] = {"limit": ENTRIES_PAGE, "known_at": client.ledger().tree_size}
    for one in _rows(client.read_all("/v1/parties", query)):
        party = str(one["party"])
        by_name |= {str(name["name"]).casefold(): party for name in one.get("names", ())}
        by_code |= {str(code["code"]): party for code in one.get("codes", ())}
    known = {*by_name.values(), *by_code.values()}
    for name, party in given.items():
        if party not in known:
            raise ClientError("a party of the ledger", f"{party!r} for {name!r}", "Look at /v1/parties.")
    return Parties(by_name | {name.casefold(): party for name, party in given.items()}, by_code)


def held_by(client: LedgerClient, release: str, observer: str) -> dict[str, dict[str, Any]]:
    """Return the observer's newest readings of a release, by the id that the first of each has.

    As known at a tree size that was recorded before this was asked, so that nothing of an earlier run is overlooked.
    """
    size = client.ledger().tree_size
    query: dict[str, str | int] = {"source": release, "observer": observer, "limit": ENTRIES_PAGE, "known_at": size}
    held = {}
    for one in _rows(client.read_all("/v1/observations", query)):
        held[first_id(str(one["observation"]))] = one
    return held


def first_id(observation: str) -> str:
    """Return the id of the first reading of a claim: without the number that later ones have."""
    numbered = _NUMBERED.fullmatch(observation)
    return numbered[1] if numbered is not None else observation


def _rows(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerMalformed("a list of objects as data", type(rows).__name__, "Check the version of the server.")
    return rows


def plan_of(claims: Sequence[Claim], held: Mapping[str, Mapping[str, Any]], parties: Parties) -> Plan:
    """Return what has to be recorded, and what the ledger holds already in the same words."""
    planned: list[Planned] = []
    unchanged: list[Claim] = []
    for claim in claims:
        party = parties.of(claim)
        fields = {**claim.fields, **({"party_id": party} if party is not None else {})}
        present = held.get(claim.id)
        if present is None:
            planned.append(Planned(claim, claim.id, {"observation": claim.id, **fields}))
        elif changed := _differences(fields, present):
            newest = str(present["observation"])
            number = 1 if newest == claim.id else int(newest.rpartition(".")[2])
            name = f"{claim.id}.{number + 1}"
            fields |= {"observation": name, "replaces": newest}
            planned.append(Planned(claim, name, fields, newest, changed))
        else:
            unchanged.append(claim)
    levels = {claim.fields["level"] for claim in claims}
    own = {claim.id for claim in claims}
    gone = [str(one["observation"]) for key, one in held.items() if key not in own and one.get("level") in levels]
    return Plan(tuple(planned), tuple(unchanged), tuple(sorted(gone)))


def _differences(fields: Mapping[str, Any], present: Mapping[str, Any]) -> tuple[str, ...]:
    wanted: dict[str, Any] = _plain(msgspec.to_builtins(dict(fields), str_keys=True))
    compared = (wanted.keys() | _RECORDED) - NOT_COMPARED
    found = _plain({name: present.get(name) for name in compared})
    return tuple(sorted(name for name in compared if wanted.get(name) != found.get(name)))


_RECORDED: Final = frozenset(
    {"about", "party_id", "claim", "level", "release", "activity", "line", "category", "heading", "sum", "sum_eur"}
    | {"quantity", "announced", "official_source", "flags", "text", "evidence"}
)


def _plain(value: Any) -> Any:
    """Return a value without what is absent, in whatever way that is written."""
    if isinstance(value, dict):
        return {key: inner for key, one in value.items() if (inner := _plain(one)) not in (None, [], {})}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def unfit(planned: Planned, observer: Observer) -> str | None:
    """Return why a claim is no event that the ledger could read, or None."""
    try:
        payload_of(Draft(OBSERVATION, observer.party, observer.authority, planned.fields), **_STAND_IN)  # type: ignore[arg-type]
    except (Rejected, ValueError) as error:
        return str(error)
    return None


Outcome = tuple[Planned, Admission | Problem]


@dataclass(slots=True)
class Recording:
    """The work of one run. Yields each claim with its outcome; an admission only after its receipt was verified."""

    client: LedgerClient
    observer: Observer
    origin: str
    vkeys: Sequence[VerifierKey]
    waiting: list[Planned]
    attempts: int = CHAIN_ATTEMPTS
    refused: int = 0

    def run(self) -> Iterator[Outcome]:
        """Submit batch after batch. A claim that is refused does not hold up those after it.

        Raises LedgerRefused where the reason is not in the claim, and after `REFUSED_MAX` refusals.
        """
        while self.waiting:
            batch, self.waiting = self.waiting[:BATCH_ACTS_MAX], self.waiting[BATCH_ACTS_MAX:]
            raws = self._signed(batch)
            outcomes = list(self.client.submit_many(raws))
            admitted = [(raw, one) for raw, one in zip(raws, outcomes, strict=True) if isinstance(one, Admission)]
            self._verify(admitted)
            again: list[Planned] = []
            is_broken = False
            for planned, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Problem) and outcome.code in CHAIN_BROKEN and self._may_repeat(is_broken):
                    # Its own reason was never looked at: it is signed anew, as the next act of the authority.
                    again.append(planned)
                    is_broken = True
                else:
                    if isinstance(outcome, Problem):
                        is_broken = True
                        self._count(outcome)
                    yield planned, outcome
            self.waiting = again + self.waiting

    def _count(self, problem: Problem) -> None:
        self.refused += 1
        if problem.code not in OF_THE_CLAIM or self.refused > REFUSED_MAX:
            raise LedgerRefused(problem)

    def _may_repeat(self, is_broken: bool) -> bool:  # what went before broke the chain, or somebody else did
        if not is_broken:
            self.attempts -= 1
        return is_broken or self.attempts >= 0

    def _signed(self, batch: Sequence[Planned]) -> list[bytes]:
        place = self.client.next_act(self.observer.authority)
        sequence, previous = place.sequence, place.previous
        raws = []
        for planned in batch:
            payload = payload_of(
                Draft(OBSERVATION, self.observer.party, self.observer.authority, planned.fields),
                ledger=self.origin,
                event_id=new_event_id(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES)),
                sequence=sequence,
                previous=previous,
                issued_at=datetime.now(UTC),
            )
            raw = sign_payload(payload, self.observer.signers)
            sequence, previous = sequence + 1, parse(raw).payload_sha256
            raws.append(raw)
        return raws

    def _verify(self, admitted: Sequence[tuple[bytes, Admission]]) -> None:
        """Raise LogInvalid unless each receipt proves that the log holds the very act."""
        if not admitted:
            return
        positions = [one.position for _, one in admitted]
        first, last = min(positions), max(positions)
        entries: dict[int, bytes] = {}
        if last - first < ENTRIES_PAGE:
            page = self.client.entries(first - 1, last - first + 1)
            entries = dict(enumerate(page, first))
        for raw, admission in admitted:
            entry = entries.get(admission.position) or self.client.entry_of(admission.event)
            check_holds(prove(admission.receipt.encode(), entry, self.origin, self.vkeys), parse(raw))
