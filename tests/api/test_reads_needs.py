"""Needs, coverage and what is to come, over HTTP on a served ledger."""

from datetime import datetime, timedelta

import pytest

from tests.acts import Founding
from tests.api.needs import Answer, ask, fill, lines, table
from tests.api.served import Served
from tests.explanations.counting import check_digests


@pytest.fixture(scope="module")
def filled(ledger: Served, made: Founding) -> Served:
    fill(ledger, made)
    return ledger


def test_requirements_are_listed_with_their_state_and_can_be_filtered(filled: Served) -> None:
    every = ask(filled, "/v1/requirements", as_of="2024-07-01")["data"]
    assert [(one["requirement"], one["state"]) for one in every] == [("r-1", "overdue"), ("r-2", "met")]
    assert [one["requirement"] for one in ask(filled, "/v1/requirements", state="open")["data"]] == ["r-1"]
    assert ask(filled, "/v1/requirements", state="overdue")["data"] == []
    assert [one["requirement"] for one in ask(filled, "/v1/requirements", category="air_defence")["data"]] == ["r-2"]
    first = filled.get("/v1/requirements", params={"limit": 1, "as_of": "2024-07-01"})
    following = filled.get(first.links["next"]["url"]).json()
    assert first.json()["data"] + following["data"] == every


def test_a_requirement_has_a_page_of_its_own_from_the_day_on_which_it_was_stated(filled: Served) -> None:
    page = ask(filled, "/v1/requirements/r-1")["data"]
    assert (page["quantity"]["amount"], page["needed_by"]["precision"], page["met_on"]) == ("40", "quarter", None)
    assert [one["quantity"] for one in page["statements"]] == ["40"]
    assert [one["type"] for one in page["timeline"]] == ["requirement.stated"]
    for path, as_of in (("/v1/requirements/r-1", "2024-01-04"), ("/v1/requirements/r-3", "2024-06-01")):
        assert filled.get(path, params={"as_of": as_of}).status_code == 404


def test_coverage_counts_a_joint_promise_once_and_every_figure_leads_to_acts(filled: Served) -> None:
    answer = ask(filled, "/v1/coverage", as_of="2024-07-01", explain="true")
    found = {(one["category"], one["unit"]): one for one in answer["data"]}
    howitzers = found["artillery", "howitzer"]
    amounts = [howitzers[name]["amount"] for name in ("required", "committed", "delivered", "gap_committed")]
    assert amounts == ["40", "16", "10", "24"]
    assert (howitzers["gap_delivered"]["amount"], howitzers["needed_overdue"]["amount"]) == ("30", "30")
    assert found["military", "EUR"]["required"] is None
    acts = {act["event"]: act for act in answer["explain"]}
    assert howitzers["gap_delivered"]["events"]
    for event in howitzers["gap_delivered"]["events"]:
        assert filled.get(acts[event]["href"]).json()["position"] == acts[event]["position"]


def test_coverage_of_stated_needs_alone_and_as_a_table(filled: Served) -> None:
    stated = ask(filled, "/v1/coverage", required="stated")["data"]
    assert [(one["category"], one["met"]["amount"]) for one in stated] == [("air_defence", "40"), ("artillery", "0")]
    assert [one["category"] for one in ask(filled, "/v1/coverage", category="military")["data"]] == ["military"] * 3
    rows = table(filled, "/v1/coverage", required="stated")
    assert [(row["unit"], row["required"], row["gap_committed"]) for row in rows] == [
        ("howitzer", "0", "0"),
        ("howitzer", "40", "24"),
    ]
    assert [one["unit"] for one in lines(filled, "/v1/coverage", category="military")] == ["EUR", "JPY", "SEK"]


def test_pages_of_coverage_and_of_what_is_to_come_lose_nothing(filled: Served) -> None:
    for path in ("/v1/coverage", "/v1/upcoming"):
        whole = ask(filled, path, days=366)["data"]
        assert len(whole) > 2
        found: list[Answer] = []
        params: dict[str, str | int] = {"days": 366, "limit": 1, "as_of": "2024-06-01"}
        response = filled.get(path, params={**params, "known_at": filled.tree_size()})
        while True:
            found += response.json()["data"]
            if "next" not in response.links:
                break
            response = filled.get(response.links["next"]["url"])
        assert found == whole, path


def test_what_is_to_come_says_its_instant_and_is_filtered_by_party_and_kind(filled: Served) -> None:
    answer = ask(filled, "/v1/upcoming", as_of="2024-12-01T06:00:00Z", days=30)
    assert (answer["as_of"], answer["at"]) == ("2024-12-01", "2024-12-01T06:00:00Z")
    owed = [(one["id"], one["parties"], one["amount"]["amount"]) for one in answer["data"]]
    assert owed == [
        ("a-joint", ["de"], "6"),
        ("b-crowns", ["fr"], "75000000000.00"),
        ("c-fund", ["eu"], "10.00"),
        ("d-yen", ["gb"], "100"),
    ]
    ours = ask(filled, "/v1/upcoming", as_of="2024-12-01", party="gb")["data"]
    assert [one["id"] for one in ours] == ["d-yen"]
    needed = ask(filled, "/v1/upcoming", kind="requirement_needed")["data"]
    assert [(one["id"], one["on"], one["days"]) for one in needed] == [("r-1", "2024-06-30", 29)]
    assert ask(filled, "/v1/upcoming", kind="requirement_needed", days=28)["data"] == []
    assert [row["on"] for row in table(filled, "/v1/upcoming", kind="requirement_needed")] == ["2024-06-30"]


def test_the_end_of_a_term_is_to_come_a_year_before(filled: Served) -> None:
    (term,) = ask(filled, "/v1/upcoming", as_of="2033-01-01", days=366, kind="term_ends")["data"]
    assert (term["on"], term["parties"]) == ("2034-01-01", ["ua", "gb", "de", "fr", "eu"])
    assert ask(filled, "/v1/upcoming", as_of="2033-01-01", days=364, kind="term_ends")["data"] == []


def test_an_aggression_that_was_just_notified_has_deadlines_to_come(filled: Served, made: Founding) -> None:
    before = filled.get("/v1/upcoming", params={"kind": "convene_by"}).json()["data"]
    notified: Answer = {"crisis": "attack", "kind": "armed_attack", "description": {"en": "An attack"}}
    assert filled.post(made.beneficiary.act("aggression.notified", **notified)).status_code == 201
    answer = filled.get("/v1/upcoming", params={"days": 4, "known_at": filled.tree_size()}).json()
    clocks = [one for one in answer["data"] if one["about"] == "consultation"]
    assert (before, [one["kind"] for one in clocks]) == ([], ["convene_by", "decide_by"])
    assert all(one["parties"] == ["gb", "de", "fr", "eu"] for one in clocks)
    opened = datetime.fromisoformat(clocks[0]["at"]) - timedelta(hours=24)
    assert datetime.fromisoformat(clocks[1]["at"]) == opened + timedelta(hours=72)
    assert {event["type"] for event in _acts(filled, clocks[0])} == {"aggression.notified", "consultation.opened"}


def _acts(filled: Served, item: Answer) -> list[Answer]:
    feed = ask(filled, "/v1/feed", limit=500)["data"]
    return [act for act in feed if act["event"] in item["events"]]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/upcoming?days=0", 422, "query_invalid"),
        ("/v1/upcoming?days=367", 422, "query_invalid"),
        ("/v1/upcoming?days=-1", 422, "query_invalid"),
        ("/v1/upcoming?days=1.5", 422, "query_invalid"),
        ("/v1/upcoming?kind=anything", 422, "query_invalid"),
        ("/v1/upcoming?party=Nobody", 422, "query_invalid"),
        ("/v1/upcoming?after=nothing", 422, "query_invalid"),
        ("/v1/coverage?category=cakes", 422, "query_invalid"),
        ("/v1/coverage?required=some", 422, "query_invalid"),
        ("/v1/coverage?after=artillery/units/cake", 422, "query_invalid"),
        ("/v1/requirements?state=forgotten", 422, "query_invalid"),
        ("/v1/requirements?category=cakes", 422, "query_invalid"),
        ("/v1/requirements/BAD", 422, "query_invalid"),
        ("/v1/requirements/nothing", 404, "not_found"),
        ("/v1/upcoming?known_at=999999", 404, "not_found"),
    ],
)
def test_what_is_not_there_or_not_valid_is_refused(filled: Served, path: str, status: int, code: str) -> None:
    found = filled.get(path)
    assert (found.status_code, found.json()["code"]) == (status, code), found.text


@pytest.mark.parametrize("days", [1, 366])
def test_the_bounds_of_days_are_within_them(filled: Served, days: int) -> None:
    assert filled.get("/v1/upcoming", params={"days": days}).status_code == 200


def test_nobody_is_asked_for_and_nothing_is_answered(filled: Served) -> None:
    assert ask(filled, "/v1/upcoming", party="nobody", days=366)["data"] == []


def test_the_digests_of_needs_are_those_of_the_lists(filled: Served) -> None:
    counts = check_digests(filled.http, filled.tree_size(), "2026-06-30")
    assert min(counts[name] for name in ("requirements", "coverage", "overdue")) > 0
