"""/v1/observations: filters, tables, pages, and what it refuses."""

from datetime import UTC, datetime

import pytest

from tests.explanations.counting import check_digests
from tests.observations.observers import ITEM, TOTAL, Place, csv_text, row


@pytest.fixture(scope="module")
def filled(here: Place) -> Place:
    """Two donors, one activity each; the second has no date and a delivery of less than was committed."""
    other = {"guarantor_iso": "CZE", "guarantor_name_in_source": "Czech Republic", "activity_id": "XXM2"}
    vague = {**other, "announced_from": "", "announced_to": "", "date_precision": "unknown"}
    rows = [
        TOTAL,
        ITEM,
        row(TOTAL, **vague, aid_type_general="Humanitarian", value_eur="0.5"),
        row(ITEM, **vague),
        row(ITEM, **vague, record_type="delivery", quantity="7"),
        row(ITEM, **vague, line="2", quantity="", quantity_status="undisclosed", description="=cmd|x"),
    ]
    file = here.home / "table.csv"
    file.write_text(csv_text(rows), encoding="utf-8")
    assert here.kiel(file)[0].exit_code == 0
    return here


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 6),
        ({"party": "gb"}, 2),
        ({"party": "de"}, 0),
        ({"about": "Czech Republic"}, 4),
        ({"observer": "obs"}, 6),
        ({"observer": "gb"}, 0),
        ({"source": "kiel-r7"}, 6),
        ({"source": "kiel-r8"}, 0),
        ({"claim": "delivered"}, 1),
        ({"level": "activity_total"}, 2),
        ({"category": "humanitarian"}, 1),
        ({"flag": "fuzzy_date"}, 4),
        ({"flag": "quantity_undisclosed", "party": "cz"}, 1),
        ({"adopted": "true"}, 0),
        ({"adopted": "false"}, 6),
        ({"as_of": "2022-01-01"}, 0),
        ({"limit": "2"}, 6),
    ],
)
def test_a_filter_leaves_what_it_names(filled: Place, query: dict[str, str], found: int) -> None:
    assert len(filled.read("/v1/observations", **query)) == found


@pytest.mark.parametrize("query", [{"claim": "promised"}, {"level": "all"}, {"flag": "No"}, {"party": "X"}])
def test_a_filter_that_names_nothing_there_can_be_is_refused(filled: Place, query: dict[str, str]) -> None:
    answer = filled.server.get("/v1/observations", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")


def test_totals_by_category_by_party_and_by_level(filled: Place) -> None:
    totals = "/v1/observations/totals"
    by_level = filled.read(totals, by="level")
    assert [(line["level"], line["claim"], line["claims"], line["donors"]) for line in by_level] == [
        ("activity_total", "committed", 2, 2),
        ("in_kind_item", "committed", 3, 2),
        ("in_kind_item", "delivered", 1, 1),
    ]
    assert by_level[0]["sum_eur"] == "1150.623456789"
    assert by_level[1]["quantities"] == {"disclosed": 2, "undisclosed": 1, "not_stated": 0, "unparsable": 0}
    assert by_level[2]["compared"] == {"both": 1, "equal": 0, "less": 1, "more": 0}
    # Deliveries are compared with what was committed, whether or not that was asked for.
    (alone,) = filled.read(totals, by="level", claim="delivered")
    assert alone["compared"]["both"] == 1
    by_party = filled.read(totals, by="party", level="activity_total")
    assert [(line["about"], line["party_id"], line["category"]) for line in by_party] == [
        ("Czech Republic", "cz", "humanitarian"),
        ("United Kingdom", "gb", "military"),
    ]
    for line in (*by_level, *by_party):
        assert len(filled.read(line["href"])) == line["claims"]
    assert len(filled.read(totals, limit=1)) == len(filled.read(totals)) == 4


def test_a_claim_that_is_not_there_is_not_found(filled: Place) -> None:
    for name in ("obs.kiel-r7.none.committed.total", "x1"):
        assert filled.server.get(f"/v1/observations/{name}").status_code == 404
    early = filled.server.get("/v1/observations/obs.kiel-r7.xxm1-1.committed.total", params={"as_of": "2022-01-01"})
    assert early.status_code == 404


def test_claims_as_csv_hold_no_formula_and_as_ndjson_one_on_each_line(filled: Place) -> None:
    known = {"known_at": str(filled.server.tree_size())}
    text = filled.server.get("/v1/observations", params=known | {"format": "csv"}).text
    assert text.splitlines()[0].startswith("observation,observer,recorded_on,about,party_id,claim,level,release")
    assert "'=cmd|x" in text
    assert ",=cmd" not in text
    lines = filled.server.get("/v1/observations", params=known | {"format": "ndjson"}).text.splitlines()
    assert len(lines) == 6
    assert "claim" in filled.server.get("/v1/observations/totals", params=known | {"format": "csv"}).text


def test_the_digests_of_observations_are_those_of_the_list(filled: Place) -> None:
    today = datetime.now(UTC).date().isoformat()
    assert check_digests(filled.server.http, filled.server.tree_size(), today)["observations"] == 6
