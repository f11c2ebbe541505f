"""One example of each answer of the projections, for the interface's description. All of it is made up."""

from datetime import UTC, date, datetime
from typing import Final

from msgspec import Struct

from ledger.events.authorities import Scope
from ledger.events.instruments import Profile
from ledger.events.parties import DatedName
from ledger.events.terms import Once
from ledger.events.values import When
from projections.answers import EffectShown, GuarantorSummary, Moment, Obligation, PartShown, SummaryLine
from projections.figures import Figure
from projections.overdue import Overdue
from projections.pages import CommitmentPage, DeliveryPage, LineShown, ReachedShown
from projections.pages_of_record import ActShown, AdherenceShown, AuthorityPage, InstrumentPage, PartyPage

EVENT: Final = "019a3c5e-7b1a-7c3d-8e4f-0123456789ab"
RECORDED_AT: Final = datetime(2026, 6, 30, 8, 25, 28, 123, tzinfo=UTC)
SIGNED_ON: Final = date(2024, 1, 12)
_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_TITLE: Final = {"en": "80 armoured personnel carriers"}
_DUE: Final = When(date(2024, 1, 1), date(2024, 12, 31), "year")


def _figure(amount: str) -> Figure:
    return Figure(amount, (EVENT,) if amount != "0" else ())


_ALL, _GIVEN, _LATE, _NONE = (_figure(amount) for amount in ("80", "20", "60", "0"))

_MOMENT: Final = Moment(
    event=EVENT,
    position=41,
    recorded_at=RECORDED_AT,
    type="commitment.made",
    party="gb",
    authority="gb/principal",
    on=SIGNED_ON,
    standing="effective",
    contested=False,
    asked=(),
    consented=(),
    note={},
)
_PART: Final = PartShown(due=_DUE, due_on=_DUE.last, state="overdue", amount=_ALL, delivered=_GIVEN, open=_LATE)
_EFFECT: Final = EffectShown(
    basis="on_signature",
    read_as=None,
    since=SIGNED_ON,
    until=None,
    ended_by=None,
    survives_accession=False,
    events=(EVENT,),
)
_OBLIGATION: Final = Obligation(
    guarantor="gb",
    commitment="carriers",
    title=_TITLE,
    instrument="uk-2024",
    article="Article 3",
    category="weapons",
    phase="preventive",
    legal_character="politically_binding",
    bound="exact",
    kind="goods",
    unit="M113",
    formula=None,
    share="1/1",
    liability="several",
    obligors=("gb",),
    counts_from="handed_over",
    state="in_effect",
    effect=_EFFECT,
    made_on=SIGNED_ON,
    part_of=None,
    counted_in=None,
    parts_within=(),
    absorbed=(),
    became=None,
    schedule=Once(_DUE),
    promised=_ALL,
    committed=_ALL,
    due=_ALL,
    delivered=_GIVEN,
    acknowledged=_NONE,
    disputed=_NONE,
    unanswered=_GIVEN,
    under_way=_NONE,
    open=_LATE,
    overdue=_LATE,
    overdue_since=date(2025, 1, 1),
    overdue_in_suspension=_NONE,
    suspended=_NONE,
    lapsed=_NONE,
    released=_NONE,
    beyond_commitment=_NONE,
    reimbursements=_NONE,
    indeterminate_parts=0,
    next_due=None,
    parts=(_PART,),
    pending=(),
    reservations=(),
    conditions={},
    valuations=(),
    deliveries=("carriers-1",),
    events=(EVENT,),
)
_SUMMARY: Final = GuarantorSummary(
    guarantor="gb",
    name="United Kingdom",
    roles=("guarantor",),
    lines=(
        SummaryLine(
            category="weapons",
            kind="units",
            unit="M113",
            committed=_ALL,
            delivered=_GIVEN,
            acknowledged=_NONE,
            overdue=_LATE,
            disputed=_NONE,
            lapsed=_NONE,
            suspended=_NONE,
            released=_NONE,
            beyond_commitment=_NONE,
            voluntary=_NONE,
            voluntary_acknowledged=_NONE,
            reimbursements=_NONE,
            indeterminate=0,
            commitments=("carriers",),
        ),
    ),
    undisclosed=0,
    undisclosed_commitments=(),
    indeterminate=0,
    commitments=1,
    not_in_effect=0,
    pending=0,
    deliveries=1,
)
_OVERDUE: Final = Overdue(
    guarantor="gb",
    commitment="carriers",
    title=_TITLE,
    instrument="uk-2024",
    category="weapons",
    unit="M113",
    overdue=_LATE,
    due=_ALL,
    delivered=_GIVEN,
    acknowledged=_NONE,
    overdue_since=date(2025, 1, 1),
    days=546,
    overdue_in_suspension=_NONE,
    state="in_effect",
    counted_in=None,
)
_ACT: Final = ActShown(
    position=41,
    recorded_at=RECORDED_AT,
    event=EVENT,
    type="commitment.made",
    party="gb",
    authority="gb/principal",
    stream="commitment/carriers",
    parties=("gb",),
    instrument="uk-2024",
    pending_on=(),
    payload_sha256=_DIGEST,
)
_COMMITMENT: Final = CommitmentPage(
    commitment="carriers",
    title=_TITLE,
    instrument="uk-2024",
    article="Article 3",
    category="weapons",
    kind="goods",
    unit="M113",
    obligors=("gb",),
    state="in_effect",
    made_on=SIGNED_ON,
    ended_on=None,
    became=None,
    absorbed=(),
    part_of=None,
    parts_within=(),
    whole={"committed": _ALL, "delivered": _GIVEN, "acknowledged": _NONE, "overdue": _LATE},
    obligations=(_OBLIGATION,),
    versions=(),
    resolutions=(),
    waivers=(),
    deliveries=("carriers-1",),
    pending=(),
    timeline=(_MOMENT,),
)
_DELIVERY: Final = DeliveryPage(
    delivery="carriers-1",
    party="gb",
    commitment="carriers",
    instrument="uk-2024",
    category="weapons",
    state="recorded",
    duplicate_of=None,
    milestone="handed_over",
    counts_from="handed_over",
    counted=True,
    reached=(ReachedShown(milestone="handed_over", when=_DUE, event=EVENT),),
    lines=(
        LineShown(
            line=1,
            kind="goods",
            unit="M113",
            description=None,
            claimed=_GIVEN,
            acknowledged=_NONE,
            disputed=_NONE,
            unanswered=_GIVEN,
        ),
    ),
    grounds=(),
    valuations=(),
    channel=None,
    reimburses=None,
    pending=(),
    timeline=(),
)
_INSTRUMENT: Final = InstrumentPage(
    instrument="uk-2024",
    title={"en": "Agreement on security co-operation"},
    kind="bilateral",
    legal_character="not_stated",
    parent=None,
    place="Kyiv",
    profile=Profile(effect="on_signature"),
    read_as=None,
    texts=(),
    parties=(
        AdherenceShown(
            party="gb",
            signed_on=SIGNED_ON,
            ratified_on=None,
            provisional_on=None,
            notified_on=None,
            withdraws_on=None,
            bound_from=SIGNED_ON,
            bound_until=None,
            is_bound=True,
            is_suspended=False,
            suspensions=(),
            events=(EVENT,),
        ),
    ),
    in_force_on=None,
    extended_until=None,
    terminated_on=None,
    termination=None,
    reservations=(),
    commitments=("carriers",),
    registered_in=EVENT,
    pending=(),
    timeline=(),
)
_PARTY: Final = PartyPage(
    party="gb",
    name="United Kingdom",
    kind="state",
    names=(DatedName("en", "United Kingdom"),),
    codes=(),
    roles=("guarantor",),
    succeeded_by=None,
    predecessors=(),
    authorities=("gb/principal",),
    instruments=("uk-2024",),
    commitments=("carriers",),
    deliveries=1,
    pending=(),
    timeline=(),
)
_AUTHORITY: Final = AuthorityPage(
    authority="gb/principal",
    party="gb",
    office="head of government",
    standing="principal",
    basis="ex_officio",
    state="in_force",
    threshold=1,
    keys=(),
    scope=Scope(events=("*",)),
    valid_from=RECORDED_AT,
    valid_until=None,
    granted_by="depositary/principal",
    granted_in=EVENT,
    granted_at=4,
    revoked_at=None,
    revoked_because=None,
    revoked_in=None,
    contested=False,
    contested_since=None,
    sequence=3,
    previous=_DIGEST,
    timeline=(),
)
EXAMPLES: Final[tuple[Struct, ...]] = (
    *(_OBLIGATION, _SUMMARY, _OVERDUE, _ACT, _COMMITMENT),
    *(_DELIVERY, _INSTRUMENT, _PARTY, _AUTHORITY),
)
"""One of each answer on obligations, deliveries, texts and who may sign."""
