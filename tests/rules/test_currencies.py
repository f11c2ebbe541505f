"""A currency code is one in its days only, and what was replaced by the euro converts at the one rate for ever."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files

import pytest

from ledger.events.currencies import exponent, irrevocable, is_valid_on
from ledger.events.refusals import Refusal
from ledger.rules.rates import converted, quoted
from tests.world import PACT, World, day, money, signed_world, terms

# As they stand in Article 1 of Council Regulation (EC) No 2866/98, consolidated: units of each for one euro.
REGULATION = """
BEF 40.3399   BGN 1.95583   DEM 1.95583   EEK 15.6466   GRD 340.750   ESP 166.386   FRF 6.55957
HRK 7.53450   IEP 0.787564  ITL 1936.27   CYP 0.585274  LVL 0.702804  LTL 3.45280   LUF 40.3399
MTL 0.429300  NLG 2.20371   ATS 13.7603   PTE 200.482   SIT 239.640   SKK 30.1260   FIM 5.94573
"""
RATES = dict(zip(REGULATION.split()[::2], REGULATION.split()[1::2], strict=True))

ADOPTED = {
    **dict.fromkeys(("ATS", "BEF", "DEM", "ESP", "FIM", "FRF", "IEP", "ITL", "LUF", "NLG", "PTE"), 1999),
    "GRD": 2001,
    "SIT": 2007,
    "CYP": 2008,
    "MTL": 2008,
    "SKK": 2009,
    "EEK": 2011,
    "LVL": 2014,
    "LTL": 2015,
    "HRK": 2023,
    "BGN": 2026,
}


def rows(name: str) -> list[dict[str, str]]:
    text = files("ledger.events").joinpath(f"codes/{name}.csv").read_text("ascii")
    return list(csv.DictReader(text.splitlines()))


def test_case_17_every_irrevocable_rate_is_that_of_the_regulation_since_its_day_and_names_it() -> None:
    found = {row["code"]: row for row in rows("irrevocable")}
    assert {code: row["units"] for code, row in found.items()} == RATES
    assert {code: row["since"] for code, row in found.items()} == {
        code: f"{year}-01-01" for code, year in ADOPTED.items()
    }
    assert all(row["source"].startswith("31998R2866") for row in found.values())
    # Six significant figures, as the regulation on the euro demands.
    assert {len(row["units"].replace(".", "").lstrip("0")) for row in found.values()} == {6}


@pytest.mark.parametrize("code", sorted(RATES))
def test_case_17_a_replaced_currency_is_none_any_more_and_converts_from_that_day_on(code: str) -> None:
    since = date(ADOPTED[code], 1, 1)
    last = date(2001, 12, 31) if since.year <= 2001 else since - timedelta(days=1)
    assert is_valid_on(code, last)
    assert not is_valid_on(code, last + timedelta(days=1))
    nowhere = World().compact
    rate = quoted(nowhere, "ecb", code, "EUR", since)
    assert rate is not None
    assert converted(Decimal(RATES[code]) * 1000, rate) == Decimal("1000.00")
    assert quoted(nowhere, "ecb", code, "EUR", since - timedelta(days=1)) is None


def test_case_18_the_euro_was_no_currency_before_it_was() -> None:
    world = signed_world()
    world.commits("first", terms(money("1.00", "EUR")), occurred=day("1999-01-01"))
    fields = {"commitment": "none", "instrument": PACT, "title": {"en": "x"}, "terms": terms(money("1.00", "EUR"))}
    assert world.refuse("gb", "commitment.made", **fields, occurred=day("1998-12-31")) == Refusal.CODE_UNKNOWN


def test_no_code_stands_twice_and_a_retired_one_has_its_decimals_still() -> None:
    codes = [row["code"] for row in rows("currencies")]
    assert codes == sorted(set(codes))
    assert set(RATES) <= set(codes)
    assert [exponent(code) for code in ("DEM", "ITL", "XQQ")] == [2, 0, None]
    assert irrevocable("GBP") is None
