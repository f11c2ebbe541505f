"""What observers say about parties: claims of third parties, beside the parties' own figures and never among them."""

from typing import Final, get_args

from api.pages.languages import alphabetical
from api.pages.looking import Content, Looking
from api.pages.visits import PageError, checked_id, not_found
from ledger.events.observations import Claim, Level
from projections.observed import ObservationFilter, observation_page, observation_shown, observed
from projections.observed_totals import observed_totals

CLAIMS_SHOWN: Final = 50
"""Claims on one page of the list."""

CHOICES: Final = {"claim": get_args(Claim), "level": get_args(Level)}


def claims(looking: Looking) -> Content:
    """Return one page of claims, what they add up to by source, and by party where the form leaves few enough."""
    names = ("about", "source", "claim", "level", "after")
    wanted = {name: looking.visit.query.get(name, "").strip() or None for name in names}
    for name, choices in CHOICES.items():
        if wanted[name] is not None and wanted[name] not in choices:
            raise PageError(400, "choice_unknown", wanted[name] or "")
    if wanted["source"] is not None:
        checked_id(wanted["source"])
    histories = looking.known.take(looking.rows.of_kind("observation"))
    every = list(observed(looking.known, histories, ObservationFilter()))
    chosen = ObservationFilter(
        about=wanted["about"], release=wanted["source"], claim=wanted["claim"], level=wanted["level"]
    )
    found = [one for one in every if chosen.takes(one.view)]
    views = [one.view for one in every]
    rest = [one for one in found if wanted["after"] is None or one.view.id > wanted["after"]]
    is_narrow = wanted["about"] is not None or (wanted["claim"] is not None and wanted["level"] is not None)
    more = len(rest) > CLAIMS_SHOWN
    return {
        "any": bool(every),
        "wanted": {name: text or "" for name, text in wanted.items()},
        "totals": observed_totals(views, chosen, "level"),
        "by_party": observed_totals(views, chosen, "party") if is_narrow else [],
        "claims": [observation_shown(one) for one in rest[:CLAIMS_SHOWN]],
        "more": looking.visit.here(after=rest[CLAIMS_SHOWN - 1].view.id) if more else None,
        "abouts": sorted({one.view.recorded.about for one in every}, key=alphabetical),
        "sources": sorted({one.view.recorded.release for one in every}),
        "choices": CHOICES,
    }


def claim(looking: Looking, observation_id: str) -> Content:
    """Return one claim: what its source says, who adopted it, what replaced it."""
    history = looking.known.history(f"observation/{checked_id(observation_id)}")
    histories = [history] if history is not None else []
    found = next(observed(looking.known, histories, ObservationFilter(replaced=True)), None)
    if found is None:
        raise not_found(observation_id)
    return {"page": observation_page(looking.known, found)}
