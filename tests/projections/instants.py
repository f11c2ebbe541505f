"""A world of tests as its projections know it at an instant: the pages of its measures, crises and consultations."""

from projections.consultations import ConsultationPage, consultation_page, mergers
from projections.crises import CrisisPage, crisis_page, returns
from projections.reading import Known
from projections.rows import MemoryRows
from projections.sanctions import MeasurePage, measure_page
from tests.world import World


def known(world: World, at: str | None = None) -> Known:
    """Return what is known at an instant, by default the ledger's own time."""
    instant = world.instant(at)
    rows = MemoryRows(dict(world.compact.changes), world.size, world.entered[-1][1])
    return Known(rows, instant.date(), instant)


def measure(world: World, at: str | None = None, measure_id: str = "m-1") -> MeasurePage:
    asked = known(world, at)
    history = asked.history(f"measure/{measure_id}")
    assert history is not None
    page = measure_page(asked, history)
    assert page is not None
    return page


def consultation_or_none(world: World, at: str | None, consultation_id: str) -> ConsultationPage | None:
    asked = known(world, at)
    history = asked.history(f"consultation/{consultation_id}")
    return consultation_page(asked, history, mergers(asked)) if history is not None else None


def consultation(world: World, at: str | None = None, consultation_id: str = "attack.pact") -> ConsultationPage:
    page = consultation_or_none(world, at, consultation_id)
    assert page is not None
    return page


def crisis_or_none(world: World, at: str | None = None, crisis_id: str = "attack") -> CrisisPage | None:
    asked = known(world, at)
    history = asked.history(f"crisis/{crisis_id}")
    return crisis_page(asked, history, returns(asked)) if history is not None else None


def crisis(world: World, at: str | None = None, crisis_id: str = "attack") -> CrisisPage:
    page = crisis_or_none(world, at, crisis_id)
    assert page is not None
    return page
