"""What a drill has to show, scene by scene, as frozen values: acts of the log, and answers of the ledger.

Rows of answers keep the names that the ledger gives them. Every scene says that it is an exercise, and an answer about
an instant that has not come says that.
"""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

NOTICE = (
    "EXERCISE. Every signature is a demonstration signature, made by this program: no government made any of them, and "
    "no attack is reported."
)
TIME_NOTICE = (
    "The ledger's clock is not turned: what is shown about later instants is what the ledger answers today when it is "
    "asked about them, if nobody does anything more. Every such line says so."
)


class PartRow(Struct, frozen=True):
    """A part of a measure at the instant of the answer."""

    part: str
    standing: Literal["in_force", "eased", "suspended", "lifted"]


class ReturnedRow(Struct, frozen=True):
    """Parts that are back at the instant of the answer, and whether the act of law is still to come."""

    cause: str
    parts: tuple[str, ...]
    effective_at: datetime
    act_pending: bool


class AnnouncedRow(Struct, frozen=True):
    """What is known to take effect later."""

    kind: str
    parts: tuple[str, ...]
    effective_at: datetime


class MeasureRow(Struct, frozen=True):
    """A measure as /v1/measures answers."""

    measure: str
    party: str
    programme: str
    state: Literal["not_yet", "in_force", "in_part", "eased", "suspended", "lifted", "lapsed"]
    default_rule: dict[str, Any]
    snapback_armed: bool
    act_pending: bool
    parts: tuple[PartRow, ...]
    reinstated: tuple[ReturnedRow, ...] = ()
    announced: tuple[AnnouncedRow, ...] = ()
    renewal_due: datetime | None = None
    lapsed_at: datetime | None = None


class AnswerRow(Struct, frozen=True):
    """What one guarantor has done by the instant of the answer."""

    party: str
    standing: Literal["silent", "convened", "joined", "decided", "declined"]
    is_missed: bool
    decisions: tuple[str, ...] = ()
    commitments: tuple[str, ...] = ()


class ConsultationRow(Struct, frozen=True):
    """A consultation as /v1/consultations answers."""

    consultation: str
    convening: Literal["awaited", "convened", "convened_late", "missed"]
    convene_by: datetime
    silent: tuple[str, ...]
    missed: tuple[str, ...]
    answers: tuple[AnswerRow, ...]
    decide_by: datetime | None = None


class ActRow(Struct, frozen=True):
    """An act as the log holds it, and in a few words what it does."""

    position: int
    party: str
    type: str
    what: str
    event: str


class BackRow(Struct, frozen=True):
    """An entry that brings parts of a measure back. `signed_by`: the key that was checked, the service key."""

    position: int
    measure: str
    parts: tuple[str, ...]
    effective_at: datetime
    signed_by: str
    event: str


class ClockRow(Struct, frozen=True):
    """An entry that opens a consultation. The instants were fixed with it and are never computed again."""

    position: int
    consultation: str
    basis: str
    t0: datetime
    convene_by: datetime
    decide_by: datetime | None
    guarantors: tuple[str, ...]
    signed_by: str
    event: str


class Scene(Struct, frozen=True, kw_only=True, tag_field="scene", tag=str.lower):
    """One step of a drill."""

    exercise: bool = True
    drill: str


class Begun(Scene, frozen=True, kw_only=True):
    """Where the drill is held."""

    url: str
    ledger: str
    tree_size: int
    notices: tuple[str, ...] = (NOTICE, TIME_NOTICE)


class Sanctions(Scene, frozen=True, kw_only=True):
    """Every measure as the ledger answers now, before anything is eased."""

    as_of: datetime
    measures: tuple[MeasureRow, ...]


class Eased(Scene, frozen=True, kw_only=True):
    """What was eased for the exercise."""

    acts: tuple[ActRow, ...]


class Notified(Scene, frozen=True, kw_only=True):
    """The beneficiary has notified an attack; received at the time of the entry."""

    act: ActRow
    received_at: datetime


class Returned(Scene, frozen=True, kw_only=True):
    """What the notification forced on sanctions. `unmoved` had nothing to return, or return already."""

    measures: tuple[BackRow, ...]
    unmoved: tuple[str, ...]


class Clocks(Scene, frozen=True, kw_only=True):
    """The consultations that the notification opened."""

    consultations: tuple[ClockRow, ...]


class Answered(Scene, frozen=True, kw_only=True):
    """What the guarantors did, in the order of the log, and who did nothing."""

    acts: tuple[ActRow, ...]
    silent: str


class Asked(Scene, frozen=True, kw_only=True):
    """What the ledger answers about an instant. `is_future`: it has not come."""

    when: str
    as_of: datetime
    is_future: bool
    known_at: int
    joint: str
    consultations: tuple[ConsultationRow, ...]
    measures: tuple[MeasureRow, ...]


class Audited(Scene, frozen=True, kw_only=True):
    """How the audit of the whole ledger ended. `exit_code`: 0 valid, 1 proven invalid, 3 undecided."""

    command: str
    exit_code: int
    verdict: str
    tree_size: int | None
    root: str | None
    proved: tuple[str, ...]
    reason: str | None = None
