"""Release 7 of the Ukraine Support Tracker, imported over HTTP into a real ledger: its check figures, its defects.

Imported once for all tests here. The table stays where it is: where the folder is absent, these tests are skipped.
"""

import csv
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.observations.observers import Place
from tests.observations.page import numbers_on_the_page

ROWS = 1_675
BILLION = Decimal(10) ** 9
TREATED = {
    "fuzzy_date": 354,
    "date_after_release": 16,
    "date_drag_filled": 12,
    "quantity_undisclosed": 348,
    "quantity_not_stated": 20,
    "quantity_unparsable": 5,
    "amount_missing": 53,
    "amount_zero": 16,
    "amount_eur_missing": 2,
    "basis_contradicted": 7,
    "currency_missing": 67,
    "currency_retired": 3,
    "routed_via_imf_or_wb": 26,
    "letter_case": 277,
    "subtype_unreadable": 1,
    "possible_duplicate": 8,
    "text_cleaned": 3,
}


@dataclass(frozen=True)
class Imported:
    """The ledger after the import, the file, and the report of the command."""

    here: Place
    file: Path
    report: dict[str, Any]
    claims: list[dict[str, Any]]

    def treated(self, flag: str) -> list[dict[str, Any]]:
        (found,) = (one for one in self.report["treatments"] if one["flag"] == flag)
        claims: list[dict[str, Any]] = found["claims"]
        return claims


@pytest.fixture(scope="module")
def imported(here: Place, release_7: Path) -> Imported:
    result, report = here.kiel(release_7)
    assert result.exit_code == 0, result.stderr
    return Imported(here, release_7, report, here.read("/v1/observations", source="kiel-r7"))


def totals(imported: Imported, **query: object) -> list[dict[str, Any]]:
    return imported.here.read("/v1/observations/totals", source="kiel-r7", **query)


def billions(line: dict[str, Any]) -> str:
    return f"{Decimal(line['sum_eur']) / BILLION:.2f}"


def test_every_row_that_was_read_is_recorded_and_accounted_for(imported: Imported) -> None:
    counts = {"read": ROWS, "recorded": ROWS, "changed": 0, "unchanged": 0, "refused": 0, "unsettled": 0}
    assert imported.report["rows"] == imported.report["claims"] == counts
    assert len(imported.claims) == ROWS
    with imported.file.open(encoding="utf-8", newline="") as file:
        stated = list(csv.DictReader(file))
    assert {claim["row"] for claim in imported.claims} == set(range(2, ROWS + 2))
    for claim in imported.claims:
        row = stated[claim["row"] - 2]
        assert claim["about"] == row["guarantor_name_in_source"]
        assert (claim["activity"], f"{claim['line']}") == (row["activity_id"], row["line"])
        assert (claim["sum_eur"] or "") == row["value_eur"]
        assert (claim["sum"]["amount"] if claim["sum"] else "") == row["amount"]


def test_the_activity_totals_of_the_release_come_out_of_the_projections(imported: Imported) -> None:
    (whole,) = totals(imported, level="activity_total", claim="committed", by="level")
    assert (whole["activities"], whole["donors"], billions(whole)) == (432, 43, "93.94")
    assert (whole["claims"], whole["without_sum_eur"]) == (432, 55)
    by_category = totals(imported, level="activity_total", claim="committed")
    assert {line["category"]: billions(line) for line in by_category} == {
        "military": "41.50",
        "macro_financial": "38.08",
        "humanitarian": "14.36",
    }
    assert sum(Decimal(line["sum_eur"]) for line in by_category) == Decimal(whole["sum_eur"])
    by_donor = totals(imported, level="activity_total", claim="committed", by="party")
    assert len({line["about"] for line in by_donor}) == 43
    assert sum(Decimal(line["sum_eur"] or 0) for line in by_donor) == Decimal(whole["sum_eur"])


def test_totals_and_their_items_are_never_in_one_figure(imported: Imported) -> None:
    lines = totals(imported, by="level")
    assert {(line["level"], line["claim"]) for line in lines} == {
        (level, claim) for level in ("activity_total", "in_kind_item") for claim in ("committed", "delivered")
    }
    assert all(line["units"] is None and line["sum_eur"] is None for line in lines if line["level"] == "in_kind_item")


def test_272_lines_carry_both_quantities_and_241_are_undisclosed(imported: Imported) -> None:
    committed, delivered = totals(imported, level="in_kind_item", by="level")
    assert delivered["compared"] == {"both": 272, "equal": 239, "less": 33, "more": 0}
    assert committed["compared"] is None
    assert committed["quantities"] == {"disclosed": 504, "undisclosed": 241, "not_stated": 20, "unparsable": 3}
    assert delivered["quantities"] == {"disclosed": 278, "undisclosed": 107, "not_stated": 0, "unparsable": 2}


def test_182_lines_have_no_day_precise_date(imported: Imported) -> None:
    """Of 1,027 lines in this file; the 1,032 of the workbook are five more, which state nothing that is in it."""
    lines = {(one["activity"], one["line"]): one for one in imported.claims if one["claim"] == "committed"}
    stated = {flag["detail"] for one in lines.values() for flag in one["flags"] if flag["flag"] == "fuzzy_date"}
    assert stated == {"not_after", "month", "range", "unknown"}
    not_to_the_day = [
        key
        for key, one in lines.items()
        if any(
            flag["flag"] == "fuzzy_date"
            or (flag["flag"] == "date_after_release" and flag["detail"].startswith("not_after"))
            for flag in one["flags"]
        )
    ]
    assert (len(not_to_the_day), len(lines)) == (182, 1_027)


def test_a_fuzzy_date_is_an_interval_and_an_impossible_one_is_none(imported: Imported) -> None:
    for claim in imported.claims:
        flags = {flag["flag"]: flag.get("detail") for flag in claim["flags"]}
        when = claim["announced"]
        if "date_after_release" in flags:
            assert when is None
        elif "fuzzy_date" in flags and flags["fuzzy_date"] != "unknown":
            assert when["precision"] == ("month" if flags["fuzzy_date"] == "month" else "interval")
            assert when["first"] < when["last"] <= "2022-10-03"
        elif "fuzzy_date" not in flags:
            assert (when["precision"], when["first"]) == ("day", when["last"])
    not_after = next(one for one in imported.claims if {"flag": "fuzzy_date", "detail": "not_after"} in one["flags"])
    assert not_after["announced"]["first"] == "2022-01-24"


def test_every_known_defect_is_in_the_report_with_its_rows(imported: Imported) -> None:
    met = {one["flag"]: one for one in imported.report["treatments"]}
    for flag, rows in TREATED.items():
        assert met[flag]["rows"] == rows, flag
        assert len({one["row"] for one in met[flag]["claims"]}) == rows
    assert {one["observation"].split(".")[2] for one in imported.treated("date_drag_filled")} == {
        *(f"lvm1-{line}" for line in range(2, 7)),
        "nom6-5",
    }
    assert max(one["detail"][-10:] for one in imported.treated("date_drag_filled")) == "2027-04-06"
    unparsable = Counter(one["detail"] for one in imported.treated("quantity_unparsable"))
    assert set(unparsable) == {"1.000.00", "6.000.00", "15.000.00", "dozens", "partially"}
    subtypes = [one for one in imported.treated("letter_case") if one["detail"].startswith("subtype")]
    assert len(subtypes) == 5
    assert all(one["detail"].startswith("HRK") for one in imported.treated("currency_retired"))
    # What a reader of the report sees, the reader of the ledger finds by the same flag.
    for flag in ("date_drag_filled", "quantity_unparsable", "currency_retired"):
        assert len(imported.here.read("/v1/observations", flag=flag)) == TREATED[flag]


def test_what_cannot_be_counted_is_kept_as_it_is_written(imported: Imported) -> None:
    words = {one["quantity"]["stated"] for one in imported.claims if (one["quantity"] or {}).get("stated")}
    assert words == {"1.000.00", "6.000.00", "15.000.00", "dozens", "partially"}
    kuna = [one for one in imported.claims if (one["sum"] or {}).get("currency") == "HRK"]
    assert sorted(one["sum"]["amount"] for one in kuna) == ["124000000", "1516800", "9100000"]


def test_the_table_of_systems_is_imported_beside_it_with_its_units(imported: Imported, systems_7: Path) -> None:
    result, report = imported.here.kiel(systems_7)
    assert result.exit_code == 0, result.stderr
    assert (report["rows"]["recorded"], report["claims"]["recorded"]) == (36, 72)
    committed, delivered = totals(imported, level="system_total", by="level")
    assert (committed["units"], delivered["units"]) == ("1769", "1133")
    assert delivered["compared"]["both"] == 36
    assert delivered["compared"]["more"] == 0
    # The other table is as it was.
    (whole,) = totals(imported, level="activity_total", claim="committed", by="level")
    assert (whole["activities"], billions(whole)) == (432, "93.94")


def test_a_second_import_adds_nothing(imported: Imported) -> None:
    before = imported.here.server.tree_size()
    result, report = imported.here.kiel(imported.file)
    assert result.exit_code == 0, result.stderr
    assert (report["rows"]["unchanged"], report["claims"]["unchanged"], report["missing"]) == (ROWS, ROWS, [])
    assert imported.here.server.tree_size() == before


def test_no_claim_is_a_figure_of_the_party_that_it_is_about(imported: Imported) -> None:
    assert imported.here.read("/v1/observations", party="gb", source="kiel-r7") != []
    assert all(one["party_id"] == "gb" for one in imported.here.read("/v1/observations", party="gb"))
    summary = imported.here.one("/v1/guarantors/gb")
    assert (summary["lines"], summary["commitments"], summary["deliveries"]) == ([], 0, 0)
    assert imported.here.read("/v1/guarantors/gb/obligations") == []


def test_the_page_about_observations_has_the_numbers_of_the_report(imported: Imported) -> None:
    told = {one["flag"]: one["rows"] for one in imported.report["treatments"]}
    page = numbers_on_the_page()
    assert told.keys() <= page.keys()
    assert page == {flag: told.get(flag, 0) for flag in page}
