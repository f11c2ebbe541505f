"""Examples of the answers on sanctions, crises and consultations, for the interface's description. All made up."""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from api.reads_examples import EVENT, RECORDED_AT
from ledger.events.measures import Snapback
from projections.consultations import AnswerShown, ConsultationPage, ConveningShown
from projections.crises import ClockShown, CrisisPage, ReturnShown
from projections.sanctions import (
    ConditionShown,
    DepartureShown,
    MeasurePage,
    MeasurePartShown,
    ReinstatementShown,
)

_CRISIS: Final = "attack-2026-06"
_CONSULTATION: Final = f"{_CRISIS}.uk-2024"
_T0: Final = datetime(2026, 6, 27, 6, tzinfo=UTC)
_CONVENE_BY: Final = _T0 + timedelta(hours=24)
_DECIDE_BY: Final = _T0 + timedelta(hours=72)
_DECIDED_AT: Final = _T0 + timedelta(hours=30)

_MEASURE: Final = MeasurePage(
    measure="gb-oil",
    party="gb",
    programme="GB-RUS",
    title={"en": "Restrictions on the import of oil"},
    types=("import_restriction",),
    targets=("the aggressor",),
    legal_act="SI 2019/855",
    state="in_part",
    is_in_force=True,
    in_force_since=datetime(2024, 1, 12, tzinfo=UTC),
    default_rule=Snapback(),
    renewal_due=None,
    lapsed_at=None,
    snapback_armed=True,
    act_pending=True,
    parts=(
        MeasurePartShown(
            part="crude", what={"en": "crude oil"}, standing="in_force", since=None, until=None, events=(EVENT,)
        ),
        MeasurePartShown(
            part="refined",
            what={"en": "refined products"},
            standing="lifted",
            since=datetime(2025, 1, 1, tzinfo=UTC),
            until=None,
            events=(EVENT,),
        ),
    ),
    reinstated=(
        ReinstatementShown(
            event=EVENT,
            cause=EVENT,
            parts=("crude",),
            effective_at=_T0,
            act_pending=True,
            legal_act=None,
            contested_by=(),
            events=(EVENT,),
        ),
    ),
    announced=(),
    departures=(
        DepartureShown(
            parts=("refined",),
            since=datetime(2025, 1, 1, tzinfo=UTC),
            unmet=("ceasefire",),
            legal_act=None,
            reason=None,
            event=EVENT,
        ),
    ),
    exit_conditions=(
        ConditionShown(condition="ceasefire", what={"en": "a lasting ceasefire"}, is_met=False, events=(EVENT,)),
    ),
    pending=(),
    events=(EVENT,),
    timeline=(),
)
_ANSWER: Final = AnswerShown(
    party="gb",
    standing="decided",
    joined_at=_T0 + timedelta(hours=20),
    decided_at=_DECIDED_AT,
    decisions=("military_support", "sanctions"),
    statements=("We send what we said we would.",),
    commitments=("carriers",),
    is_late=False,
    is_missed=False,
    events=(EVENT,),
)
_PAGE: Final = ConsultationPage(
    consultation=_CONSULTATION,
    crisis=_CRISIS,
    instrument="uk-2024",
    cause=EVENT,
    state="open",
    basis="notification_received",
    t0=_T0,
    convene_by=_CONVENE_BY,
    convene_seconds_left=-194_400,
    convening="convened",
    convened_at=_T0 + timedelta(hours=20),
    decide_by=_DECIDE_BY,
    decide_seconds_left=-21_600,
    guarantors=("gb",),
    silent=(),
    late=(),
    missed=(),
    answers=(_ANSWER,),
    convenings=(
        ConveningShown(
            party="gb",
            convened_at=_T0 + timedelta(hours=20),
            level="ministers",
            is_late=False,
            legal_basis=None,
            event=EVENT,
        ),
    ),
    merged_into=None,
    merged=(),
    closed_at=None,
    closed_because=None,
    pending=(),
    events=(EVENT,),
    timeline=(),
)
_NOTIFIED: Final = CrisisPage(
    crisis=_CRISIS,
    party="ua",
    is_repudiated=False,
    kind="armed_attack",
    description={"en": "An armed attack"},
    began_at=RECORDED_AT - timedelta(days=4),
    received_at=_T0,
    consultations=(
        ClockShown(
            consultation=_CONSULTATION,
            instrument="uk-2024",
            t0=_T0,
            convene_by=_CONVENE_BY,
            decide_by=_DECIDE_BY,
            missed=(),
            event=EVENT,
        ),
    ),
    reinstated=(
        ReturnShown(
            measure="gb-oil",
            party="gb",
            programme="GB-RUS",
            parts=("crude",),
            effective_at=_T0,
            in_effect=True,
            act_pending=True,
            event=EVENT,
        ),
    ),
    events=(EVENT,),
    timeline=(),
)
EXAMPLES: Final[tuple[Struct, ...]] = (_MEASURE, _PAGE, _NOTIFIED)
"""One of each answer on sanctions, crises and consultations."""
