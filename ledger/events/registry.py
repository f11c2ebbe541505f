"""From payload bytes to a typed event, and the JSON Schema of every type, generated from the same types.

One row of EVENTS per (type, version). A new version of a type is a new class and a new row; old rows stay for ever.
"""

from collections.abc import Iterator

import msgspec

from ledger.events import (
    authorities,
    commitments,
    consents,
    corrections,
    crises,
    deliveries,
    instruments,
    measures,
    observations,
    openings,
    parties,
    rates,
    requirements,
)
from ledger.events.header import Event
from ledger.events.keys import KeySet
from ledger.events.refusals import Refusal, Rejected

_CLASSES: tuple[type[Event], ...] = (
    openings.LedgerOpened,
    openings.RulesAdopted,
    openings.LogKeysAdopted,
    parties.PartyAdmitted,
    parties.PartyRenamed,
    parties.PartyRolesChanged,
    parties.PartySucceeded,
    authorities.AuthorityGranted,
    authorities.AuthorityRevoked,
    authorities.ActConfirmed,
    authorities.ActRepudiated,
    instruments.InstrumentRegistered,
    instruments.InstrumentSigned,
    instruments.InstrumentRatified,
    instruments.InstrumentAppliedProvisionally,
    instruments.InstrumentReserved,
    instruments.InstrumentObjected,
    instruments.InstrumentWithdrawalNotified,
    instruments.InstrumentWithdrawalRevoked,
    instruments.InstrumentSuspended,
    instruments.InstrumentResumed,
    instruments.InstrumentExtended,
    instruments.InstrumentAmended,
    instruments.InstrumentTerminated,
    commitments.CommitmentMade,
    commitments.CommitmentAmended,
    commitments.CommitmentResolved,
    commitments.CommitmentWithdrawn,
    commitments.CommitmentWaived,
    commitments.CommitmentConverted,
    commitments.CommitmentMerged,
    deliveries.DeliveryRecorded,
    deliveries.DeliveryAdvanced,
    deliveries.DeliveryAcknowledged,
    deliveries.DeliveryDisputed,
    deliveries.DisputeSettled,
    deliveries.DeliveryCorrected,
    deliveries.DeliveryVoided,
    deliveries.DeliveryMarkedDuplicate,
    requirements.RequirementStated,
    requirements.RequirementRevised,
    requirements.RequirementMet,
    measures.MeasureAdopted,
    measures.MeasureRenewed,
    measures.MeasureEased,
    measures.MeasureSuspended,
    measures.MeasureLifted,
    measures.MeasureActPublished,
    measures.MeasureContested,
    measures.MeasureReinstated,
    crises.AggressionNotified,
    crises.ConsultationOpened,
    crises.ConsultationConvened,
    crises.ConsultationJoined,
    crises.DecisionTaken,
    crises.DecisionDeclined,
    crises.ConsultationMerged,
    crises.ConsultationClosed,
    rates.RatesPublished,
    observations.ObservationRecorded,
    observations.ObservationAdopted,
    consents.ConsentGiven,
    consents.ConsentRefused,
    consents.ConsentWithdrawn,
    corrections.ActCorrected,
    corrections.ActDisclosed,
)

EVENTS: dict[tuple[str, int], type[Event]] = {(str(c.__struct_config__.tag), 1): c for c in _CLASSES}
"""Every event type and version that this rule set knows."""

EVENT_TYPES: tuple[str, ...] = tuple(sorted({name for name, _ in EVENTS}))


class _Head(msgspec.Struct, frozen=True):
    type: str
    version: int


_HEAD = msgspec.json.Decoder(_Head)
_DECODERS = {key: msgspec.json.Decoder(cls) for key, cls in EVENTS.items()}


def decode(payload: bytes) -> Event:
    """Return the typed event of a canonical payload.

    Raises Rejected: event_type_unknown, event_version_unknown, or event_malformed with the path of what is wrong.
    """
    try:
        head = _HEAD.decode(payload)
    except msgspec.DecodeError as error:
        raise Rejected(Refusal.EVENT_MALFORMED, "an object with 'type' and 'version'", str(error)) from None
    decoder = _DECODERS.get((head.type, head.version))
    if decoder is None:
        if head.type in EVENT_TYPES:
            known = sorted(version for name, version in EVENTS if name == head.type)
            raise Rejected(Refusal.EVENT_VERSION_UNKNOWN, f"a version of {head.type} in {known}", str(head.version))
        raise Rejected(Refusal.EVENT_TYPE_UNKNOWN, "an event type of this rule set", repr(head.type[:80]))
    try:
        return decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise Rejected(Refusal.EVENT_MALFORMED, f"the schema of {head.type} v{head.version}", str(error)) from None


REGISTERING_TYPES = frozenset({"ledger.opened", "party.admitted", "authority.granted"})
"""The types of events that may register keys: for all others `registered_keys` yields nothing."""


def registered_keys(event: Event) -> Iterator[tuple[str, KeySet]]:
    """Yield (authority id, key set) for every authority that `event` would register."""
    match event:
        case openings.LedgerOpened():
            yield event.root.authority, event.root.keys
            yield service_authority(event.party), KeySet(keys=(event.service_key,), threshold=1)
        case parties.PartyAdmitted():
            yield event.principal.authority, event.principal.keys
            if event.recovery is not None:
                yield event.recovery.authority, event.recovery.keys
        case authorities.AuthorityGranted():
            yield event.granted, event.keys
        case _:
            return


def service_authority(depositary: str) -> str:
    """Return the id of the authority of the service key, which signs only what the rules force."""
    return f"{depositary}/service"


def event_schema(event_type: str, version: int) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of one event type. Raises KeyError for an unknown one."""
    schema = msgspec.json.schema(EVENTS[(event_type, version)])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"{event_type} v{version}", **schema}
