"""The shapes of the answers: frozen, typed, each figure with the ids of the events behind it.

Dates are ISO 8601, instants RFC 3339 in UTC, amounts decimal text (of units also exact fractions). What has no figure,
because nobody has disclosed or resolved it, is null, never zero.
"""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from ledger.events.terms import Schedule, Valuation
from ledger.events.values import Notes, Texts, When
from projections.figures import Figure

State = Literal[
    "pending",
    "not_signed",
    "not_in_force",
    "no_effect",
    "awaiting_activation",
    "in_effect",
    "suspended",
    "fulfilled",
    "lapsed",
    "withdrawn",
    "terminated",
    "waived",
    "converted",
    "merged",
]
"""Where an obligation stands. Whether any of it is late is a figure, not a state."""

PartState = Literal["open", "overdue", "deferred", "missed", "fulfilled", "lapsed", "released", "indeterminate"]


class PartShown(Struct, frozen=True, kw_only=True):
    """One dated part of an obligation, as far as its obligor owes it. `missed`: a target that was not reached in time.

    `deferred`: a suspension moved its date and has not ended. `due_on` is the last day on which it is in time.
    """

    due: When | None
    due_on: date | None
    state: PartState
    amount: Figure | None
    delivered: Figure
    open: Figure | None


class PendingAct(Struct, frozen=True, kw_only=True):
    """An act that waits for consents. `changes`: in which ways proposed terms are less than those in force."""

    event: str
    type: str
    party: str
    position: int
    proposed_on: date
    asked: tuple[str, ...]
    consented: tuple[str, ...]
    changes: tuple[str, ...] = ()
    proposed: str | None = None


class ReservationShown(Struct, frozen=True, kw_only=True):
    """A reservation that touches this obligation. Where others objected, its reading is disputed and both are shown."""

    event: str
    party: str
    text: str
    objections: tuple[str, ...]


class EffectShown(Struct, frozen=True, kw_only=True):
    """Why the text binds this obligor, or does not. `read_as` names an assumption of the ledger."""

    basis: str
    read_as: str | None
    since: date | None
    until: date | None
    ended_by: str | None
    survives_accession: bool
    events: tuple[str, ...]


class Obligation(Struct, frozen=True, kw_only=True):
    """What one guarantor owes under one commitment.

    In effect, promised = committed + released and committed = delivered - beyond_commitment + open + lapsed, each in
    this obligor's share. `due` is what had to be delivered by the day, `overdue` what of it is not. Delivered is what
    the obligor claims from the milestone `counts_from` on; acknowledged and disputed are the beneficiary's word.
    """

    guarantor: str
    commitment: str
    title: Texts
    instrument: str
    article: str | None
    category: str
    phase: str
    legal_character: str
    bound: str
    kind: Literal["money", "goods", "service", "formula", "undisclosed"]
    unit: str | None
    formula: str | None
    share: str
    liability: str
    obligors: tuple[str, ...]
    counts_from: str
    state: State
    effect: EffectShown
    made_on: date
    part_of: str | None
    counted_in: str | None
    parts_within: tuple[str, ...]
    absorbed: tuple[str, ...]
    became: str | None
    schedule: Schedule
    promised: Figure | None
    committed: Figure | None
    due: Figure | None
    delivered: Figure | None
    acknowledged: Figure | None
    disputed: Figure | None
    unanswered: Figure | None
    under_way: Figure | None
    open: Figure | None
    overdue: Figure | None
    overdue_since: date | None
    overdue_in_suspension: Figure | None
    suspended: Figure | None
    lapsed: Figure | None
    released: Figure | None
    beyond_commitment: Figure | None
    reimbursements: Figure | None
    indeterminate_parts: int
    next_due: PartShown | None
    parts: tuple[PartShown, ...]
    pending: tuple[PendingAct, ...]
    reservations: tuple[ReservationShown, ...]
    conditions: Notes
    valuations: tuple[Valuation, ...]
    deliveries: tuple[str, ...]
    events: tuple[str, ...]


class Moment(Struct, frozen=True, kw_only=True):
    """One act in a timeline, in the order of the log. `on` is the day from which it counts, or is dated."""

    event: str
    position: int
    recorded_at: datetime
    type: str
    party: str
    authority: str
    on: date
    standing: str
    contested: bool
    asked: tuple[str, ...]
    consented: tuple[str, ...]
    note: Notes


class SummaryLine(Struct, frozen=True, kw_only=True):
    """The four headline figures of one category in one unit, and what stands beside them. Never one percentage.

    `committed_as_reserved`: the other total, where a reservation was objected to. Whoever made it reads what is
    committed without what it concerns; whoever objected, with it.
    """

    category: str
    kind: Literal["money", "units"]
    unit: str
    committed: Figure
    committed_as_reserved: Figure | None = None
    delivered: Figure
    acknowledged: Figure
    overdue: Figure
    disputed: Figure
    lapsed: Figure
    suspended: Figure
    released: Figure
    beyond_commitment: Figure
    voluntary: Figure
    voluntary_acknowledged: Figure
    reimbursements: Figure
    indeterminate: int
    commitments: tuple[str, ...]


class GuarantorSummary(Struct, frozen=True, kw_only=True):
    """One guarantor at a glance. Parts of its own envelope in the same unit are counted in the envelope only."""

    guarantor: str
    name: str
    roles: tuple[str, ...]
    lines: tuple[SummaryLine, ...]
    undisclosed: int
    undisclosed_commitments: tuple[str, ...]
    indeterminate: int
    commitments: int
    not_in_effect: int
    pending: int
    deliveries: int
