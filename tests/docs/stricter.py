"""What the decoder refuses although the JSON Schema lets it pass: for each such check a value of the schema's only.

`struct` is the type that checks; `event` the type of the sample in which `at` (a path of keys and indexes) is set to
`value`. A test shows that the schema accepts the result and the decoder does not, and that no check is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Check:
    """One check of the decoder that JSON Schema cannot express, or that msgspec does not write there."""

    struct: str
    says: str
    event: str
    at: Path
    value: object


_GOODS: Final = {"kind": "goods", "quantity": "16.50", "unit": "howitzer"}
_SERVICE: Final = {"kind": "service", "quantity": "16.50", "unit": "person trained"}
_LATE_YEAR: Final = {"first": "2026-01-01", "last": "2027-12-31", "precision": "year"}
_WRONG_ORDER: Final = {"first": "2026-02-01", "last": "2026-01-01", "precision": "interval"}
_SHORT: Final = {
    "kind": "recurrence",
    "every": "year",
    "first": {"first": "2026-01-01", "last": "2026-12-31", "precision": "year"},
    "until": "2025-12-31",
}

_NOT_UTC: Final = "2026-01-15T12:00:00+02:00"
_SUNSET: Final = {"kind": "sunset", "expires_at": _NOT_UTC}

CHECKS: Final[tuple[Check, ...]] = (
    Check("Event", "`issued_at` is in UTC", "party.renamed", ("issued_at",), "2026-01-15T12:00:00+02:00"),
    Check("When", "`first` is not after `last`", "instrument.signed", ("occurred",), _WRONG_ORDER),
    Check("When", "the days are no more than the precision says", "instrument.signed", ("occurred",), _LATE_YEAR),
    Check(
        "Money", "as many decimals as the currency has", "authority.granted", ("scope", "cap", "amount"), "500000000"
    ),
    Check(
        "MoneyObject",
        "as many decimals as the currency has",
        "commitment.made",
        ("terms", "object", "amount"),
        "250000000",
    ),
    Check("GoodsObject", "no superfluous zero at the end", "commitment.made", ("terms", "object"), _GOODS),
    Check("ServiceObject", "no superfluous zero at the end", "commitment.made", ("terms", "object"), _SERVICE),
    Check(
        "Obligor",
        "the share is in lowest terms and at most 1/1",
        "commitment.made",
        ("terms", "obligors", 0, "share"),
        "2/2",
    ),
    Check("Recurrence", "`until` is not within the first period", "commitment.made", ("terms", "schedule"), _SHORT),
    Check(
        "Valuation",
        "as many decimals as the currency has",
        "delivery.recorded",
        ("valuations", 0, "amount"),
        "95000000",
    ),
    Check(
        "AuthorityGranted", "`valid_from` is in UTC", "authority.granted", ("valid_from",), "2026-01-15T12:00:00+02:00"
    ),
    Check(
        "AuthorityGranted",
        "`valid_until` is in UTC",
        "authority.granted",
        ("valid_until",),
        "2027-01-15T12:00:00+02:00",
    ),
    Check(
        "AuthorityGranted",
        "`valid_until` is after `valid_from`",
        "authority.granted",
        ("valid_until",),
        "2025-01-15T12:00:00Z",
    ),
    Check(
        "AuthorityRevoked",
        "`contested_since` is there if the reason is `compromised`",
        "authority.revoked",
        ("contested_since",),
        None,
    ),
    Check(
        "AuthorityRevoked",
        "`contested_since` is in UTC",
        "authority.revoked",
        ("contested_since",),
        "2026-01-15T12:45:00+02:00",
    ),
    Check(
        "CommitmentResolved", "as many decimals as the currency has", "commitment.resolved", ("amount",), "7250000000"
    ),
    Check("DeliveryRecorded", "`occurred` is there", "delivery.recorded", ("occurred",), None),
    Check(
        "DeliveryRecorded",
        "either `commitment` is there or, for a voluntary delivery, `category`",
        "delivery.recorded",
        ("category",),
        "air_defence",
    ),
    Check("DeliveryAdvanced", "`occurred` is there", "delivery.advanced", ("occurred",), None),
    Check("DatedMeasureEvent", "`effective_at` is in UTC", "measure.adopted", ("effective_at",), _NOT_UTC),
    Check("MeasureRenewed", "`expires_at` is in UTC", "measure.renewed", ("expires_at",), _NOT_UTC),
    Check("MeasureEased", "`until` is in UTC", "measure.eased", ("until",), _NOT_UTC),
    Check("MeasureSuspended", "`until` is in UTC", "measure.suspended", ("until",), _NOT_UTC),
    Check("MeasureReinstated", "`effective_at` is in UTC", "measure.reinstated", ("effective_at",), _NOT_UTC),
    Check("AggressionNotified", "`began_at` is in UTC", "aggression.notified", ("began_at",), _NOT_UTC),
    Check("ConsultationOpened", "`t0` is in UTC", "consultation.opened", ("t0",), _NOT_UTC),
    Check("ConsultationOpened", "`convene_by` is in UTC", "consultation.opened", ("convene_by",), _NOT_UTC),
    Check("ConsultationOpened", "`decide_by` is in UTC", "consultation.opened", ("decide_by",), _NOT_UTC),
    Check("ConsultationConvened", "`convened_at` is in UTC", "consultation.convened", ("convened_at",), _NOT_UTC),
    Check("ConsultationJoined", "`joined_at` is in UTC", "consultation.joined", ("joined_at",), _NOT_UTC),
    Check("DecisionTaken", "`decided_at` is in UTC", "decision.taken", ("decided_at",), _NOT_UTC),
    Check("DecisionDeclined", "`decided_at` is in UTC", "decision.declined", ("decided_at",), _NOT_UTC),
    Check("Sunset", "`expires_at` is in UTC", "measure.adopted", ("default_rule",), _SUNSET),
    Check("Snapback", "`ends_at` is in UTC", "measure.adopted", ("default_rule", "ends_at"), _NOT_UTC),
    Check("RequirementStated", "no superfluous zero at the end", "requirement.stated", ("quantity",), "400.0"),
    Check("RequirementRevised", "no superfluous zero at the end", "requirement.revised", ("quantity",), "520.50"),
    Check("Rate", "the rate is more than nothing", "rates.published", ("rates", 0, "rate"), "0.00"),
    Check(
        "ClaimedQuantity",
        "`quantity` is there if, and only if, it is disclosed",
        "observation.recorded",
        ("quantity", "status"),
        "undisclosed",
    ),
)


def says_of(struct: str) -> tuple[str, ...]:
    """Return what the decoder demands of a struct beyond its schema."""
    return tuple(check.says for check in CHECKS if check.struct == struct)


def with_value(document: Mapping[str, Any], at: Path, value: object) -> dict[str, Any]:
    """Return a copy of a document in which the value at a path is another."""
    first, *rest = at
    changed: Any = dict(document)
    place = changed
    for step, following in zip(at, rest, strict=False):
        inner = place[step]
        place[step] = list(inner) if isinstance(following, int) else dict(inner)
        place = place[step]
    place[at[-1] if rest else first] = value
    return dict(changed)
