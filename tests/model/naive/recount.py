"""What one guarantor owes under one commitment on a day, as known at a tree size: every figure recounted.

What falls due only after the text has ended for the obligor is released; what fell due before stays due. What is left
is open, overdue, lapsed or held back by a suspension, as its bound and the day say.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from tests.model.naive.calendar import A_DAY
from tests.model.naive.docket import Reading, day_of
from tests.model.naive.filling import Cell, Column, columns_of, divided
from tests.model.naive.handovers import NOTHING
from tests.model.naive.promises import Promise, Unit, goes_on, parts_of, promise, unit_of
from tests.model.naive.texts import Spell, text

FIGURES = (
    *("promised", "committed", "due", "delivered", "acknowledged", "disputed", "unanswered", "under_way", "open"),
    *("overdue", "overdue_in_suspension", "suspended", "lapsed", "released", "beyond_commitment", "reimbursements"),
)


@dataclass
class Owed:
    """The answer. A figure is None where nobody knows it."""

    commitment: str
    party: str
    state: str
    unit: Unit | None
    category: str
    counted_in: str | None = None
    overdue_since: date | None = None
    indeterminate: int = 0
    pending: list[str] = field(default_factory=list)
    figures: dict[str, Fraction | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Bond:
    """How a text stands towards one obligor on a day. `over`: the first day without effect, and what ended it."""

    party: str
    standing: str
    spell: Spell
    over: tuple[date, str] | None = None
    moves_due_dates: bool = False

    def due_on(self, last: date) -> date | None:
        """Return the last day in time: moved by a suspension where the text says so; None as long as one lasts."""
        for since, until in self.spell.suspended if self.moves_due_dates else []:
            if last >= since:
                if until is None:
                    return None
                last += until - since
        return last


def bond(reading: Reading, found: Promise, party: str, as_of: date) -> Bond:
    """Return how the text of a commitment stands towards an obligor on a day."""
    under = text(reading, found.instrument, as_of)
    if under is None:
        return Bond(party, "not_in_force", Spell())
    spell = under.spell(party, found.made_on)
    since = under.bound_from(spell)
    moves = bool(under.profile.get("suspension_moves_due_dates"))
    if under.profile["effect"] == "none":
        return Bond(party, "no_effect", spell, None, moves)
    if spell.signed is None:
        return Bond(party, "not_signed", spell, None, moves)
    if since is None or since > as_of:
        return Bond(party, "not_in_force", spell, None, moves)
    return Bond(party, "in_effect", spell, under.over_from(spell, found.terms["category"]), moves)


def owed_by(reading: Reading, commitment: str, as_of: date) -> list[Owed]:
    """Return what each obligor owes under a commitment on a day; of a mere proposal, what it would owe."""
    asked = ("owed", commitment, as_of)
    if asked not in reading.answered:
        reading.answered[asked] = _owed_by(reading, commitment, as_of)
    answers: list[Owed] = reading.answered[asked]
    return answers


def _owed_by(reading: Reading, commitment: str, as_of: date) -> list[Owed]:
    found = promise(reading, commitment, as_of)
    if found is None:
        return _proposed(reading, commitment, as_of)
    unit = unit_of(found.terms["object"])
    table = columns_of(reading, found, unit, as_of) if unit is not None else []
    answers = []
    for number, party in enumerate(found.obligors):
        tie = bond(reading, found, party, as_of)
        column = table[number] if unit is not None else None
        answers.append(_answer(reading, found, tie, unit, column, as_of))
    return answers


def _answer(reading: Reading, found: Promise, tie: Bond, unit: Unit | None, column: Column | None, as_of: date) -> Owed:
    cells = list(column.cells) if column is not None else []
    if tie.over is not None and found.terms["schedule"]["kind"] == "recurrence":
        # A period that would have begun after the end of the text is no period.
        cells = [cell for cell in cells if cell.part.days is None or cell.part.days[0] < tie.over[0]]
    if tie.over is not None and tie.over[0] <= as_of:
        for cell in cells:
            if cell.part.days is None or cell.part.days[1] >= tie.over[0]:
                cell.released += cell.open
    judged = [(cell, _stands(found, tie, cell, as_of)) for cell in cells]
    owed = Owed(found.id, tie.party, _state(found, tie, judged, as_of), unit, found.terms["category"])
    owed.counted_in = counted_in(reading, found, as_of)
    owed.pending = _pending(reading, found.id, as_of)
    if column is not None:
        owed.indeterminate = sum(cell.owed is None for cell in cells)
        late = [tie.due_on(cell.part.days[1]) for cell, how in judged if how == "overdue" and cell.part.days]
        owed.overdue_since = min((day + A_DAY for day in late if day is not None), default=None)
        owed.figures = _figures(found, tie, column, judged, as_of)
    return owed


def _pending(reading: Reading, commitment: str, as_of: date) -> list[str]:
    """Return the acts on a commitment that wait for a consent, proposed by a day."""
    return sorted(act.id for act in reading.pending(f"commitment/{commitment}") if stated_on(act.payload) <= as_of)


def _stands(found: Promise, tie: Bond, cell: Cell, as_of: date) -> str:
    if cell.owed is None:
        return "indeterminate"
    if not cell.open:
        return "released" if cell.released else "fulfilled"
    if tie.standing != "in_effect" or found.terms["phase"] == "on_activation" or cell.part.days is None:
        return "open"
    if found.terms["bound"] == "cap":
        return "lapsed" if cell.part.days[1] < as_of else "open"
    due = tie.due_on(cell.part.days[1])
    if due is None or due >= as_of:
        return "open"
    return "missed" if found.terms["bound"] == "target" else "overdue"


def _state(found: Promise, tie: Bond, judged: list[tuple[Cell, str]], as_of: date) -> str:
    if found.state != "open":
        return found.state
    if tie.standing != "in_effect":
        return tie.standing
    if tie.over is not None and tie.over[0] <= as_of:
        return {"withdrawal": "withdrawn", "termination": "terminated", "term": "lapsed"}[tie.over[1]]
    if found.terms["phase"] == "on_activation":
        return "awaiting_activation"
    standings = {how for _, how in judged}
    if judged and not goes_on(found, as_of):
        if standings <= {"fulfilled", "released"}:
            return "fulfilled"
        if standings <= {"fulfilled", "released", "lapsed"}:
            return "lapsed"
    return "suspended" if tie.spell.is_suspended(as_of) else "in_effect"


def _figures(
    found: Promise, tie: Bond, column: Column, judged: list[tuple[Cell, str]], as_of: date
) -> dict[str, Fraction | None]:
    def of(*standings: str) -> Fraction:
        return sum((cell.open for cell, how in judged if how in standings), NOTHING)

    binds = tie.standing == "in_effect"
    is_firm = binds and found.terms["phase"] == "preventive" and found.terms["bound"] in ("exact", "floor")
    is_unknown = bool(judged) and all(cell.owed is None for cell, _ in judged)
    promised = sum((cell.owed for cell, _ in judged if cell.owed is not None), NOTHING)
    released = sum((cell.released for cell, _ in judged), NOTHING)
    left = of("open", "overdue", "missed")
    fallen = NOTHING
    in_suspension = NOTHING
    for cell, how in judged:
        due = tie.due_on(cell.part.days[1]) if cell.part.days is not None else None
        if is_firm and cell.owed is not None and due is not None and due <= as_of:
            fallen += cell.owed - cell.released
        if how == "overdue" and cell.part.days is not None and tie.spell.is_suspended(cell.part.days[1]):
            in_suspension += cell.open
    return {
        "promised": None if is_unknown else promised,
        "committed": None if is_unknown else promised - released if binds else NOTHING,
        "due": fallen,
        "delivered": column.delivered,
        "acknowledged": column.accepted,
        "disputed": column.contested,
        "unanswered": column.delivered + column.under_way - column.accepted - column.contested,
        "under_way": column.under_way,
        "open": NOTHING if not binds else None if is_unknown else left,
        "overdue": of("overdue"),
        "overdue_in_suspension": in_suspension,
        "suspended": left if binds and tie.spell.is_suspended(as_of) else NOTHING,
        "lapsed": of("lapsed"),
        "released": released,
        "beyond_commitment": column.beyond,
        "reimbursements": column.reimbursing,
        "reimbursements_acknowledged": column.reimbursing_accepted,
    }


def counted_in(reading: Reading, found: Promise, as_of: date) -> str | None:
    """Return the envelope in whose figures a commitment is counted: the one it is part of, if both are in one unit."""
    whole = promise(reading, found.parent, as_of) if found.parent is not None else None
    unit = unit_of(found.terms["object"])
    return whole.id if whole is not None and unit is not None and unit_of(whole.terms["object"]) == unit else None


def stated_on(payload: dict[str, Any]) -> date:
    """Return the day on which an act is dated: the last on which it can have occurred, or that of its issue."""
    return day_of(payload["occurred"]["last"] if payload.get("occurred") else payload["issued_at"])


def _proposed(reading: Reading, commitment: str, as_of: date) -> list[Owed]:
    """Return what a commitment that still waits for consents would make each obligor owe."""
    waiting = [act for act in reading.pending(f"commitment/{commitment}") if act.type == "commitment.made"]
    if not waiting or stated_on(waiting[0].payload) > as_of:
        return []
    payload = waiting[0].payload
    on = stated_on(payload)
    found = Promise(commitment, payload["instrument"], on, [(on, payload["terms"])])
    unit = unit_of(found.terms["object"])
    shares = [Fraction(one["share"]) for one in found.terms["obligors"]]
    answers = []
    for number, party in enumerate(found.obligors):
        owed = Owed(commitment, party, "pending", unit, found.terms["category"])
        owed.counted_in = counted_in(reading, found, as_of)
        owed.pending = _pending(reading, commitment, as_of)
        if unit is not None:
            parts = parts_of(found, as_of)
            known = [divided(part.amount, shares, unit)[number] for part in parts if part.amount is not None]
            owed.indeterminate = len(parts) - len(known)
            owed.figures = dict.fromkeys((*FIGURES, "reimbursements_acknowledged"), NOTHING)
            owed.figures["promised"] = None if parts and not known else sum(known, NOTHING)
            owed.figures["committed"] = None if parts and not known else NOTHING
        answers.append(owed)
    return answers
