"""What the beneficiary needs and how much of it is covered, and what is to come: deadlines, renewals, ends, returns."""

from typing import Final

from api.pages.figures import explained
from api.pages.looking import Content, Looking
from api.pages.visits import PageError, checked_id, not_found
from projections.coverage import Coverage, RequirementPage, coverage, requirement_page
from projections.horizon import Coming, Upcoming
from projections.upcoming import upcoming

COVERED: Final = ("required", "committed", "delivered", "acknowledged", "gap_committed", "gap_delivered")
"""What a capability is told in; the gaps are computed, never stated."""

BESIDE_COVERED: Final = ("overdue", "needed_overdue", "met", "voluntary", "voluntary_acknowledged")
UNREQUIRED: Final = ("committed", "delivered", "acknowledged", "overdue")

SOON_DAYS: Final = 30
LATER_DAYS: Final = 90

ABOUT_PLACES: Final = {
    "commitment": "/commitments",
    "requirement": "/requirements",
    "measure": "/sanctions",
    "instrument": "/instruments",
    "consultation": "/consultations",
}
"""Where what is to come leads. A mandate is shown with its party."""


def covered(looking: Looking) -> Content:
    """Return what is required per capability and what stands against it, and what is promised beyond any need."""
    lines = coverage(looking.known)
    return {
        "required": [one for one in lines if one.requirements],
        "others": [one for one in lines if not one.requirements],
        "covered": COVERED,
        "beside_covered": BESIDE_COVERED,
        "unrequired": UNREQUIRED,
        "requirements": {one: _requirement(looking, one) for line in lines for one in line.requirements},
    }


def requirement(looking: Looking, requirement_id: str) -> Content:
    """Return one requirement: what was stated over time, and how the capability is covered."""
    page = _requirement(looking, requirement_id)
    line = next(one for one in coverage(looking.known) if requirement_id in one.requirements)
    history = looking.known.history(f"requirement/{requirement_id}")
    acts = history.acts if history is not None else ()
    return {
        "page": page,
        "line": line,
        "covered": COVERED,
        "beside_covered": BESIDE_COVERED,
        "evidence": [one for act in acts for one in act.event.evidence],
        "notes": [act.event.note for act in acts if act.event.note],
    }


def _requirement(looking: Looking, requirement_id: str) -> RequirementPage:
    history = looking.known.history(f"requirement/{checked_id(requirement_id)}")
    page = requirement_page(looking.known, history) if history is not None else None
    if page is None:
        raise not_found(requirement_id)
    return page


def explained_coverage(looking: Looking, name: str) -> Content:
    """Return the acts behind a figure of a capability."""
    query = looking.visit.query
    capability = (query.get("category", ""), query.get("kind", ""), query.get("unit", ""))
    line: Coverage | None = next(
        (one for one in coverage(looking.known) if (one.category, one.kind, one.unit) == capability), None
    )
    if line is None or name not in {*COVERED, *BESIDE_COVERED}:
        raise not_found(name)
    shown = getattr(line, name)
    if shown is None:
        raise not_found(name)
    back = {"path": "/coverage", "text": None, "menu": "coverage", "language": None}
    found = explained(looking, name, shown, line.kind, line.unit)
    return found | {"back": back, "category": line.category, "guarantor": None}


def explained_requirement(looking: Looking, requirement_id: str, name: str) -> Content:
    """Return the acts behind the quantity that one requirement states."""
    page = _requirement(looking, requirement_id)
    if name != "required":
        raise not_found(name)
    title = looking.titled(page.requirement, page.title)
    back = {"path": f"/requirements/{page.requirement}", "text": title.text, "language": title.language}
    found = explained(looking, name, page.quantity, "units", page.unit)
    return found | {"back": back, "category": page.category, "guarantor": None}


def coming(looking: Looking) -> Content:
    """Return what is to come within thirty days, and within ninety; of a party or a kind if the form says so."""
    wanted = {name: looking.visit.query.get(name, "").strip() for name in ("party", "kind")}
    if wanted["kind"] and wanted["kind"] not in set(Coming):
        raise PageError(400, "coming_unknown", wanted["kind"])
    every = upcoming(looking.known, LATER_DAYS)
    found = [
        one
        for one in every
        if (not wanted["party"] or wanted["party"] in one.parties) and wanted["kind"] in ("", one.kind)
    ]
    return {
        "wanted": wanted,
        "soon": [one for one in found if one.days <= SOON_DAYS],
        "later": [one for one in found if one.days > SOON_DAYS],
        "parties": looking.names({party for one in every for party in one.parties}),
        "kinds": list(Coming),
        "place_of": _place,
        "soon_days": SOON_DAYS,
        "later_days": LATER_DAYS,
    }


def _place(one: Upcoming) -> str:
    if one.about == "authority":
        return f"/parties/{one.parties[0]}"
    return f"{ABOUT_PLACES[one.about]}/{one.id}"
