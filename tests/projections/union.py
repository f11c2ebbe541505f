"""A world in which the European Union takes part beside its members, and rates are published."""

import csv
from pathlib import Path

import pytest

from tests.acts import principal
from tests.projections.world import Fields, World

CHECKOUT = Path(__file__).resolve().parents[2]
RATES = CHECKOUT.parent / "shared" / "data" / "fx" / "ecb_eur_reference_rates_2022_2026.csv"
SOURCE = {"title": "European Central Bank, euro foreign exchange reference rates"}


def admit_organisation(given: World, party: str, *codes: Fields) -> None:
    """Have the depositary admit an organisation that is a guarantor; its office can act from here on."""
    office = principal(party)
    raw = given.founded.depositary.act(
        "party.admitted",
        subject=party,
        kind="organisation",
        names=[{"language": "en", "name": f"Organisation {party}"}],
        codes=list(codes),
        roles=["guarantor"],
        principal=office.grant,
    )
    assert given.submit(raw) is None
    given.founded.offices[party] = office


def with_union(given: World) -> None:
    """Admit the European Union, then register a pact that every party has signed."""
    admit_organisation(given, "eu", {"code": "EUE"})
    given.registered()


def publish(given: World, on: str, series: str = "ecb", base: str = "EUR", **rates: str) -> str:
    """Have the depositary publish rates of a day."""
    listed = [{"currency": currency, "rate": rate} for currency, rate in rates.items()]
    return given.act("depositary", "rates.published", series=series, source=SOURCE, on=on, base=base, rates=listed)


def published_rates(on: str) -> dict[str, str]:
    """Return the European Central Bank's rates of a day; skip, visibly, where the table is absent."""
    if not RATES.exists():
        pytest.skip(f"no {RATES.name} in the data folder beside the checkout")
    with RATES.open(encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["date"] == on]
    quoted = {name: value for name, value in row.items() if name != "date" and value}
    return {name: value if "." in value else f"{value}.0" for name, value in quoted.items()}
