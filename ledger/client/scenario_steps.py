"""One row of a scenario to the acts that it stands for: who signs them, under which label, after which others.

A row has the names of the event's own fields. What differs is little, and is all here:
`id` is the subject of the row, the terms of a commitment stand beside its other fields, a plain date may stand for an
`occurred` known to the day, and a signature without evidence carries that of its instrument. A measure may begin and
end on plain dates: 00:00 UTC of its first day, and the end of its last day in UTC.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeGuard

from ledger.client.draft import Draft
from ledger.client.scenario_files import Row, ScenarioError
from ledger.events.keys import KeySet
from ledger.events.terms import Terms


@dataclass(frozen=True, slots=True)
class Office:
    """Who signs for the depositary, through which authority. `basis`: ex_officio or full_powers."""

    party: str
    authority: str
    office: str
    basis: str


@dataclass(frozen=True, slots=True)
class Step:
    """One act to sign and submit.

    `label` is how other steps and programs name it: `commitment/p-uk-1`. `needs_keys` is the authority whose key set
    must be made and filled in; `on_act` the label of the earlier step whose event id must be.
    """

    label: str
    place: str
    draft: Draft
    needs_keys: str | None = None
    on_act: str | None = None

    def ready(self, *, event_ids: Mapping[str, str], key_sets: Mapping[str, KeySet]) -> Draft:
        """Return the draft with nothing left to fill in: event ids by label, key sets by authority.

        Raises ScenarioError if the event id or the key set that this step needs is not there.
        """
        fields = dict(self.draft.fields)
        if self.on_act is not None:
            if self.on_act not in event_ids:
                raise ScenarioError(f"{self.place}: expected the event id of {self.on_act}, got none")
            fields["act"] = event_ids[self.on_act]
        if self.needs_keys is not None:
            principal = fields.get("principal")
            if self.needs_keys not in key_sets or not isinstance(principal, dict):
                raise ScenarioError(f"{self.place}: expected the key set of {self.needs_keys}, got none")
            fields["principal"] = {**principal, "keys": key_sets[self.needs_keys]}
        return Draft(self.draft.type, self.draft.party, self.draft.authority, fields)


@dataclass(frozen=True, slots=True)
class Signers:
    """Who may sign in this scenario: the depositary, the beneficiary, and each party's principal authority."""

    depositary: Office
    beneficiary: str
    principals: Mapping[str, str]
    evidence: Mapping[str, object]

    def draft(self, row: Row, event_type: str, party: str, fields: Mapping[str, object]) -> Draft:
        """Return a draft signed by the party's principal authority. Raises ScenarioError for an unknown party."""
        if party not in self.principals:
            raise ScenarioError(f"{row.place}: expected a party of [[party]], got {party!r}")
        return Draft(event_type, party, self.principals[party], fields)

    def depositary_draft(self, event_type: str, fields: Mapping[str, object]) -> Draft:
        """Return a draft signed by the depositary."""
        return Draft(event_type, self.depositary.party, self.depositary.authority, fields)


def principal_of(row: Row) -> str:
    """Return the id of the principal authority of a [[party]]. Raises ScenarioError."""
    match row.values.get("principal"):
        case {"authority": str() as authority}:
            return authority
        case other:
            raise ScenarioError(f'{row.place}: expected principal = {{ authority = "…", … }}, got {other!r}')


def _named(row: Row, subject: str) -> dict[str, object]:
    """Return the fields of a row: its `id` under the name that the event has for it, `occurred` as an interval."""
    fields = row.without("id")
    if "id" in row.values:
        if subject in fields:
            raise ScenarioError(f"{row.place}: expected id or {subject}, got both")
        fields[subject] = row.text("id")
    day = fields.get("occurred")
    if isinstance(day, date):
        fields["occurred"] = {"first": day, "last": day, "precision": "day"}
    return fields


def _party(row: Row, signers: Signers) -> Iterator[Step]:
    label = f"party/{row.text('id')}"
    draft = signers.depositary_draft("party.admitted", _named(row, "subject"))
    yield Step(label, row.place, draft, needs_keys=principal_of(row))


def _instrument(row: Row, signers: Signers) -> Iterator[Step]:
    label = f"instrument/{row.text('id')}"
    yield Step(label, row.place, signers.depositary_draft("instrument.registered", _named(row, "instrument")))


def _signature(row: Row, signers: Signers) -> Iterator[Step]:
    return _acts_on_instrument(row, signers, "instrument.signed")


def _ratification(row: Row, signers: Signers) -> Iterator[Step]:
    return _acts_on_instrument(row, signers, "instrument.ratified")


def _acts_on_instrument(row: Row, signers: Signers, event_type: str) -> Iterator[Step]:
    instrument, parties = row.text("instrument"), row.texts("parties")
    fields = _named(row, "instrument")
    del fields["parties"]
    fields.setdefault("evidence", signers.evidence.get(instrument, []))
    for party in parties:
        label = f"{row.table}/{instrument}/{party}"
        yield Step(label, row.place, signers.draft(row, event_type, party, fields))


def _commitment(row: Row, signers: Signers) -> Iterator[Step]:
    label = f"commitment/{row.text('id')}"
    fields = _named(row, "commitment")
    fields["terms"] = {name: fields.pop(name) for name in Terms.__struct_fields__ if name in fields}
    first, *others = obligors_of(row)
    yield Step(label, row.place, signers.draft(row, "commitment.made", first, fields))
    for other in others:
        consent = signers.draft(row, "consent.given", other, {})
        yield Step(f"consent/{row.text('id')}/{other}", row.place, consent, on_act=label)


def obligors_of(row: Row) -> tuple[str, ...]:
    """Return the party ids of the obligors of a [[commitment]]: the first signs it. Raises ScenarioError."""
    obligors = row.values.get("obligors")
    if not isinstance(obligors, list) or not obligors:
        raise ScenarioError(f'{row.place}: expected obligors = [{{ party = "…", … }}], got {obligors!r}')
    return tuple(_obligor(row, item) for item in obligors)


def _obligor(row: Row, item: object) -> str:
    match item:
        case {"party": str() as party}:
            return party
        case other:
            raise ScenarioError(f'{row.place}: expected {{ party = "…", … }} in obligors, got {other!r}')


def _resolution(row: Row, signers: Signers) -> Iterator[Step]:
    label = f"resolution/{row.text('commitment')}/{_first_day(row)}"
    draft = signers.draft(row, "commitment.resolved", row.text("party"), _but_party(row, "commitment"))
    yield Step(label, row.place, draft)


def _first_day(row: Row) -> date:
    match row.values.get("period"):
        case {"first": date() as first}:
            return first
        case other:
            raise ScenarioError(f"{row.place}: expected period = {{ first = …, … }}, got {other!r}")


def _delivery(row: Row, signers: Signers) -> Iterator[Step]:
    label = f"delivery/{row.text('id')}"
    draft = signers.draft(row, "delivery.recorded", row.text("party"), _but_party(row, "delivery"))
    yield Step(label, row.place, draft)


def _but_party(row: Row, subject: str) -> dict[str, object]:
    fields = _named(row, subject)
    del fields["party"]
    return fields


def _acknowledgement(row: Row, signers: Signers) -> Iterator[Step]:
    draft = signers.draft(row, "delivery.acknowledged", signers.beneficiary, _named(row, "delivery"))
    yield Step(f"acknowledgement/{row.text('delivery')}", row.place, draft)


def _dispute(row: Row, signers: Signers) -> Iterator[Step]:
    draft = signers.draft(row, "delivery.disputed", signers.beneficiary, _named(row, "delivery"))
    yield Step(f"dispute/{row.text('delivery')}", row.place, draft)


def _measure(row: Row, signers: Signers) -> Iterator[Step]:
    fields = _dated(_but_party(row, "measure"))
    rule = fields.get("default_rule")
    if isinstance(rule, dict) and _is_day(last := rule.get("expires_at")):
        fields["default_rule"] = {**rule, "expires_at": _end_of(last)}
    yield Step(f"measure/{row.text('id')}", row.place, signers.draft(row, "measure.adopted", row.text("party"), fields))


def _renewal(row: Row, signers: Signers) -> Iterator[Step]:
    last = row.values.get("expires_at")
    if not _is_day(last):
        raise ScenarioError(f"{row.place}: expected expires_at = 2026-01-31, the last day, got {last!r}")
    fields = _dated(_but_party(row, "measure")) | {"expires_at": _end_of(last)}
    draft = signers.draft(row, "measure.renewed", row.text("party"), fields)
    yield Step(f"renewal/{row.text('measure')}/{last}", row.place, draft)


def _dated(fields: dict[str, object]) -> dict[str, object]:
    """Return the fields with an `effective_at` that is a plain date as its first instant; the date says when it was."""
    first = fields.get("effective_at")
    if not _is_day(first):
        return fields
    occurred = {"first": first, "last": first, "precision": "day"}
    return {"occurred": occurred, **fields, "effective_at": datetime.combine(first, time.min, UTC)}


def _end_of(last: date) -> datetime:
    """Return the first instant after a day: what is in force until that day is not from then on."""
    return datetime.combine(last + timedelta(days=1), time.min, UTC)


def _is_day(value: object) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)


STEPS_OF: Final[Mapping[str, Callable[[Row, Signers], Iterator[Step]]]] = {
    "party": _party,
    "instrument": _instrument,
    "signature": _signature,
    "ratification": _ratification,
    "commitment": _commitment,
    "resolution": _resolution,
    "delivery": _delivery,
    "acknowledgement": _acknowledgement,
    "dispute": _dispute,
    "measure": _measure,
    "renewal": _renewal,
}
"""How each table becomes acts, in the order of submission."""
