"""What the projections answer beside what the model recounts, at one tree size and day. Any difference is raised."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from projections.answers import GuarantorSummary, Obligation
from projections.consultations import ConsultationPage, consultation_page
from projections.coverage import Coverage, coverage
from projections.figures import Figure
from projections.obligations import every_obligation
from projections.reading import Known
from projections.rows import Rows
from projections.sanctions import MeasurePage, measures
from projections.summary import summary_of
from tests.model.naive.capabilities import capabilities
from tests.model.naive.clocks import Answers, answers
from tests.model.naive.docket import Reading, instant_of
from tests.model.naive.headline import SUMMED, Headline, headline
from tests.model.naive.recount import FIGURES, Owed, owed_by
from tests.model.naive.sanctions import Sanction, sanction
from tests.model.walker import Walker

Told = dict[str, Any]

COVERED = 0.3
"""How often capabilities are compared: every obligation is counted again for them."""

COVERAGE = (
    *("required", "met", "committed", "delivered", "acknowledged", "overdue", "voluntary", "voluntary_acknowledged"),
    *("gap_committed", "gap_delivered"),
)


def compare(walker: Walker, rows: Rows, as_of: date) -> None:
    """Raise Divergence unless ledger and model say the same of every obligation and one guarantor on a day."""
    known, reading = Known(rows, as_of), Reading(walker.docket, rows.known_at)
    told = {(one.commitment, one.guarantor): obligation_told(one) for one in every_obligation(known)}
    recounted = {
        (name, one.party): owed_told(one)
        for name in reading.names("commitment")
        for one in owed_by(reading, name, as_of)
    }
    where = f"known at {rows.known_at} as of {as_of}"
    _same(walker, where, told, recounted)
    walker.tally.states.update(one["state"] for one in told.values())
    walker.tally.figures.update(name for one in told.values() for name in FIGURES if one.get(name))
    walker.tally.compared["obligations"] += len(told)
    party = walker.random.choice(("gb", "de", "fr", "eu"))
    _same(
        walker,
        f"summary of {party} {where}",
        summary_told(summary_of(known, party)),
        headline_told(headline(reading, party, as_of)),
    )
    walker.tally.compared["summaries"] += 1
    if walker.random.random() < COVERED:
        covered = {(one.category, (one.kind, one.unit)): coverage_told(one) for one in coverage(known)}
        needed = capabilities(reading, as_of)
        _same(walker, f"coverage {where}", _stated(covered), _stated(needed))
        walker.tally.compared["capabilities"] += len(covered)


def compare_at(walker: Walker, rows: Rows, at: datetime) -> None:
    """Raise Divergence unless ledger and model say the same of every measure and every consultation at an instant."""
    known, reading = Known(rows, at.date(), at), Reading(walker.docket, rows.known_at)
    where = f"known at {rows.known_at} at {at.isoformat()}"
    told = {one.measure: measure_told(one) for one in measures(known)}
    found = ((name, sanction(reading, name, at)) for name in reading.names("measure"))
    _same(walker, f"measures {where}", told, {name: sanction_told(one) for name, one in found if one is not None})
    walker.tally.states.update(f"measure {one['state']}" for one in told.values())
    walker.tally.compared["measures"] += len(told)
    for name in reading.names("consultation"):
        history = known.history(f"consultation/{name}")
        page = consultation_page(known, history, {}) if history is not None else None
        said = page_told(page) if page is not None else {}
        _same(walker, f"consultation {name} {where}", said, answers_told(answers(reading, name, at)))
        walker.tally.states.update(f"guarantor {one}" for one in said.get("stands", {}).values())
        walker.tally.compared["consultations"] += page is not None


def _stated(lines: dict[Any, dict[str, Fraction]]) -> dict[Any, dict[str, Fraction]]:
    """Leave out figures of nothing, and lines without any."""
    stated = {key: {name: figure for name, figure in line.items() if figure} for key, line in lines.items()}
    return {key: line for key, line in stated.items() if line}


def coverage_told(one: Coverage) -> dict[str, Fraction]:
    return {name: exact(getattr(one, name)) or Fraction(0) for name in COVERAGE}


def _same(walker: Walker, where: str, ledger: Any, model: Any) -> None:
    if ledger == model:
        return
    if isinstance(ledger, dict) and isinstance(model, dict):
        differing = [key for key in {**ledger, **model} if ledger.get(key) != model.get(key)]
        for key in differing[:1]:
            _same(walker, f"{where} {key}", ledger.get(key), model.get(key))
    raise walker.divergence(f"{where}: {ledger}", f"{where}: {model}")


def exact(shown: Figure | None) -> Fraction | None:
    return None if shown is None else Fraction(shown.amount)


def obligation_told(one: Obligation) -> Told:
    figures = {name: exact(getattr(one, name)) for name in FIGURES} if one.unit is not None else {}
    return {
        "state": one.state,
        "category": one.category,
        "counted_in": one.counted_in,
        "overdue_since": one.overdue_since,
        "indeterminate": one.indeterminate_parts,
        "pending": sorted(act.event for act in one.pending),
        **figures,
    }


def owed_told(one: Owed) -> Told:
    return {
        "state": one.state,
        "category": one.category,
        "counted_in": one.counted_in,
        "overdue_since": one.overdue_since,
        "indeterminate": one.indeterminate,
        "pending": one.pending,
        **{name: one.figures[name] for name in FIGURES if one.unit is not None},
    }


def summary_told(one: GuarantorSummary) -> Told:
    lines = {
        (line.category, ("money" if line.kind == "money" else "units", line.unit)): {
            name: figure for name in (*SUMMED, "voluntary") if (figure := exact(getattr(line, name)))
        }
        for line in one.lines
    }
    return {
        "lines": {key: line for key, line in lines.items() if line},
        "undisclosed": list(one.undisclosed_commitments),
        "indeterminate": one.indeterminate,
        "commitments": one.commitments,
        "not_in_effect": one.not_in_effect,
        "pending": one.pending,
        "deliveries": one.deliveries,
    }


def headline_told(one: Headline) -> Told:
    lines = {key: {name: figure for name, figure in line.items() if figure} for key, line in one.lines.items()}
    return {
        "lines": {key: line for key, line in lines.items() if line},
        "undisclosed": sorted(one.undisclosed),
        "indeterminate": one.indeterminate,
        "commitments": one.commitments,
        "not_in_effect": one.not_in_effect,
        "pending": one.pending,
        "deliveries": one.deliveries,
    }


def measure_told(one: MeasurePage) -> Told:
    return {
        "party": one.party,
        "state": one.state,
        "parts": {part.part: part.standing for part in one.parts},
        "lapses": one.renewal_due or one.lapsed_at,
        "reinstated": [back.event for back in one.reinstated],
        "awaiting": [back.event for back in one.reinstated if back.act_pending],
        "announced": sorted(change.event for change in one.announced if change.kind == "reinstated"),
        "departures": sorted((part, left.unmet) for left in one.departures for part in left.parts),
    }


def sanction_told(one: Sanction) -> Told:
    return {
        "party": one.party,
        "state": one.state,
        "parts": one.parts,
        "lapses": None if one.state == "lifted" else one.expires_at,
        "reinstated": list(one.reinstated),
        "awaiting": list(one.awaiting),
        "announced": sorted(one.announced),
        "departures": sorted(one.departures),
    }


def page_told(one: ConsultationPage) -> Told:
    return {
        "stands": {answer.party: answer.standing for answer in one.answers},
        "late": one.late,
        "missed": one.missed,
        "convened_at": one.convened_at,
        "convening": one.convening,
        "merged_into": one.merged_into,
        "is_closed": one.state == "closed",
    }


def answers_told(one: Answers | None) -> Told:
    if one is None:
        return {}
    convening = "convened_late" if one.is_convened_late else "convened" if one.convened_at is not None else "awaited"
    return {
        "stands": one.stands,
        "late": one.late,
        "missed": one.missed,
        "convened_at": one.convened_at,
        "convening": "missed" if one.is_convening_missed else convening,
        "merged_into": one.merged_into,
        "is_closed": one.is_closed,
    }


def days_asked(walker: Walker, number: int) -> list[date]:
    """Return days on which something happens or falls due, the day after, and any other."""
    near = [day for day in sorted(walker.days) if abs((day - walker.today).days) < 900]
    any_day = walker.today + timedelta(days=walker.random.randint(-300, 400))
    return [*(walker.random.choice(near) for _ in range(number - 1) if near), any_day]


def instants_asked(walker: Walker, number: int) -> list[datetime]:
    """Return instants at which something begins or ends, one microsecond before them, and the end of a day."""
    named = [instant_of(text) for act in walker.docket.acts for text in _instants_in(act.payload)]
    found = [datetime.combine(walker.today, time.max, UTC)]
    for _ in range(number - 1):
        at = walker.random.choice(named) if named else walker.now
        found.append(at - timedelta(microseconds=walker.random.choice((0, 1))))
    return found


def _instants_in(payload: dict[str, Any]) -> list[str]:
    names = ("effective_at", "until", "expires_at", "t0", "convene_by", "decide_by", "decided_at", "convened_at")
    return [payload[name] for name in names if isinstance(payload.get(name), str) and "T" in payload[name]]
