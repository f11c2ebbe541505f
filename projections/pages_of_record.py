"""Pages of truth on instruments, parties and authorities: who is bound since when, who may sign what."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from ledger.events.authorities import Scope
from ledger.events.instruments import Profile, TextDigest
from ledger.events.parties import DatedCode, DatedName
from ledger.events.values import Texts
from ledger.rules.compact import Authority
from ledger.rules.history import History
from ledger.rules.instruments import Adherence, Instrument
from ledger.signing.keys import public_key
from projections.answers import Moment, PendingAct, ReservationShown
from projections.folding import ActRow
from projections.reading import Known
from projections.timeline import pending, timeline


class SuspensionShown(Struct, frozen=True, kw_only=True):
    """The days of a suspension; `until` null while it lasts."""

    since: date
    until: date | None
    event: str


class AdherenceShown(Struct, frozen=True, kw_only=True):
    """What one party did about a text, and since and until when it has effect for it."""

    party: str
    signed_on: date | None
    ratified_on: date | None
    provisional_on: date | None
    notified_on: date | None
    withdraws_on: date | None
    bound_from: date | None
    bound_until: date | None
    is_bound: bool
    is_suspended: bool
    suspensions: tuple[SuspensionShown, ...]
    events: tuple[str, ...]


class InstrumentPage(Struct, frozen=True, kw_only=True):
    """A text. `read_as` names an assumption of the ledger about when it takes effect."""

    instrument: str
    title: Texts
    kind: str
    legal_character: str
    parent: str | None
    place: str | None
    profile: Profile
    read_as: str | None
    texts: tuple[TextDigest, ...]
    parties: tuple[AdherenceShown, ...]
    in_force_on: date | None
    extended_until: date | None
    terminated_on: date | None
    termination: str | None
    reservations: tuple[ReservationShown, ...]
    commitments: tuple[str, ...]
    registered_in: str
    pending: tuple[PendingAct, ...]
    timeline: tuple[Moment, ...]


def instrument_page(known: Known, history: History) -> InstrumentPage | None:
    """Return the page of an instrument, or None where no registration counts."""
    text = known.instrument(history.stream.partition("/")[2])
    if text is None:
        return None
    under = known.take(known.rows.of_instrument("commitment", text.id))
    return InstrumentPage(
        instrument=text.id,
        title=text.title,
        kind=text.kind,
        legal_character=text.legal_character,
        parent=text.parent,
        place=text.place,
        profile=text.profile,
        read_as="on_signature" if text.profile.effect == "not_stated" else None,
        texts=text.texts,
        parties=tuple(_adherence(text, one, known.as_of) for one in text.adherences),
        in_force_on=text.in_force_on,
        extended_until=text.extended_until,
        terminated_on=text.terminated_on,
        termination=text.termination,
        reservations=tuple(
            ReservationShown(event=one.event_id, party=one.party, text=one.text, objections=one.objections)
            for one in text.reservations
        ),
        commitments=tuple(one.stream.partition("/")[2] for one in under),
        registered_in=text.registered_in,
        pending=pending(history, known.as_of),
        timeline=timeline(history, known.as_of),
    )


def _adherence(text: Instrument, one: Adherence, as_of: date) -> AdherenceShown:
    since, until = text.bound_from(one.party), text.bound_until(one.party)
    return AdherenceShown(
        party=one.party,
        signed_on=one.signed_on,
        ratified_on=one.ratified_on,
        provisional_on=one.provisional_on,
        notified_on=one.notified_on,
        withdraws_on=one.withdraws_on,
        bound_from=since,
        bound_until=until,
        is_bound=since is not None and since <= as_of and (until is None or as_of < until),
        is_suspended=one.is_suspended,
        suspensions=tuple(
            SuspensionShown(since=item.since, until=item.until, event=item.event_id) for item in one.suspensions
        ),
        events=one.events,
    )


class PartyPage(Struct, frozen=True, kw_only=True):
    """A party under all its names. `name` is the English one in use on the day."""

    party: str
    name: str
    kind: str
    names: tuple[DatedName, ...]
    codes: tuple[DatedCode, ...]
    roles: tuple[str, ...]
    succeeded_by: str | None
    predecessors: tuple[str, ...]
    authorities: tuple[str, ...]
    instruments: tuple[str, ...]
    commitments: tuple[str, ...]
    deliveries: int
    pending: tuple[PendingAct, ...]
    timeline: tuple[Moment, ...]


def party_page(known: Known, history: History) -> PartyPage | None:
    """Return the page of a party, or None where no admission counts."""
    party_id = history.stream.partition("/")[2]
    view = known.party(party_id)
    if view is None:
        return None

    def ids(kind: str) -> tuple[str, ...]:
        return tuple(stream.partition("/")[2] for stream in known.rows.of_party(kind, party_id))

    return PartyPage(
        party=party_id,
        name=view.name("en", known.as_of),
        kind=view.kind,
        names=view.names,
        codes=view.codes,
        roles=tuple(view.roles),
        succeeded_by=view.succeeded_by,
        predecessors=view.predecessors,
        authorities=ids("authority"),
        instruments=ids("instrument"),
        commitments=ids("commitment"),
        deliveries=len(ids("delivery")),
        pending=pending(history, known.as_of),
        timeline=timeline(history, known.as_of),
    )


class KeyShown(Struct, frozen=True, kw_only=True):
    """A public key by its id: SHA-256 of its SubjectPublicKeyInfo."""

    key_id: str
    algorithm: str
    public_key: str


class ActShown(Struct, frozen=True, kw_only=True):
    """An act as the feed shows it. `parties`: all that it concerns; `pending_on`: whom it waited for when admitted."""

    position: int
    recorded_at: datetime
    event: str
    type: str
    party: str
    authority: str
    stream: str
    parties: tuple[str, ...]
    instrument: str | None
    pending_on: tuple[str, ...]
    payload_sha256: str


class AuthorityPage(Struct, frozen=True, kw_only=True):
    """An office with a mandate. `sequence` and `previous` are of its last act: the end of its own chain."""

    authority: str
    party: str
    office: str
    standing: str
    basis: str
    state: str
    threshold: int
    keys: tuple[KeyShown, ...]
    scope: Scope
    valid_from: datetime
    valid_until: datetime | None
    granted_by: str
    granted_in: str
    granted_at: int
    revoked_at: int | None
    revoked_because: str | None
    revoked_in: str | None
    contested: bool
    contested_since: datetime | None
    sequence: int
    previous: str
    timeline: tuple[ActShown, ...]


def authority_page(known: Known, state: Authority, acts: Sequence[ActRow]) -> AuthorityPage:
    """Return the page of an authority. `acts` are those of its stream."""
    keys = (
        KeyShown(key_id=public_key(one).key_id, algorithm=one.algorithm, public_key=one.public_key)
        for one in state.keys.keys
    )
    return AuthorityPage(
        authority=state.id,
        party=state.party,
        office=state.office,
        standing=state.standing,
        basis=state.basis,
        state=_authority_state(state, known.as_of),
        threshold=state.keys.threshold,
        keys=tuple(keys),
        scope=state.scope,
        valid_from=state.valid_from,
        valid_until=state.valid_until,
        granted_by=state.granted_by,
        granted_in=state.granted_in,
        granted_at=state.granted_at,
        revoked_at=state.revoked_at,
        revoked_because=state.revoked_because,
        revoked_in=state.revoked_in,
        contested=state.contested,
        contested_since=state.contested_since,
        sequence=state.sequence,
        previous=state.previous,
        timeline=tuple(act_shown(act) for act in acts),
    )


def _authority_state(state: Authority, as_of: date) -> str:
    """Return where a mandate stands. A revocation counts from its position on, whatever the day asked about."""
    if state.revoked_at is not None:
        return "revoked"
    if state.contested:
        return "contested"
    if as_of < state.valid_from.date():
        return "not_yet_valid"
    if state.valid_until is not None and as_of >= state.valid_until.date():
        return "expired"
    return "in_force"


def act_shown(act: ActRow) -> ActShown:
    """Return an act as the feed shows it."""
    return ActShown(
        position=act.position,
        recorded_at=act.recorded_at,
        event=act.event_id,
        type=act.type,
        party=act.party,
        authority=act.authority,
        stream=act.stream,
        parties=act.parties,
        instrument=act.instrument,
        pending_on=act.pending_on,
        payload_sha256=act.payload_sha256,
    )
