"""The projections over HTTP: times, forms, cursors, tags and explanations, on a served ledger."""

import csv
import io
import json
from typing import Any

import pytest

from tests.acts import Founding, new_id
from tests.api.served import Served
from tests.projections.world import day, goods, money, once, terms

Answer = dict[str, Any]
DAY_AFTER = {"as_of": "2025-06-30"}


@pytest.fixture(scope="module")
def filled(ledger: Served, made: Founding) -> Served:
    """A ledger with one text, four commitments, a delivery that was half acknowledged, and one that nobody answered."""
    acts: list[bytes] = []
    title = {"en": "=cmd|' /C calc'!A0", "uk": "Договір"}
    fields: Answer = {"kind": "treaty", "legal_character": "legally_binding", "profile": {"effect": "on_signature"}}
    acts.append(
        made.depositary.act(
            "instrument.registered", instrument="pact", title=title, parties=list(made.offices), **fields
        )
    )
    for office in made.offices.values():
        acts.append(office.act("instrument.signed", instrument="pact", occurred=day("2024-01-01")))
    for name, party, agreed in (
        ("a-tanks", "gb", terms(goods("80"), once("2024-01-01", "2024-12-31"))),
        ("b-money", "gb", terms(money("92.00"), once("2024-01-01", "2024-06-30"), category="naval")),
        ("c-cap", "gb", terms(money("50.00"), once("2024-01-01", "2024-06-30"), bound="cap")),
        ("d-joint", "de", terms(money("92000000.00"), once("2024-01-01", "2026-12-31"), "de", "fr", "gb")),
    ):
        event_id = new_id()
        signer = made.offices[party]
        made_fields: Answer = {"commitment": name, "instrument": "pact", "title": {"en": name}, "terms": agreed}
        acts.append(signer.act("commitment.made", event_id=event_id, occurred=day("2024-01-10"), **made_fields))
        for other in agreed["obligors"][1:]:
            consenting = made.offices[other["party"]]
            acts.append(consenting.act("consent.given", act=event_id, occurred=day("2024-01-11")))
    acts.append(_delivery(made, "t-1", "a-tanks", goods("20")))
    acts.append(_delivery(made, "m-1", "b-money", money("10.00")))
    said: Answer = {"delivery": "t-1", "lines": [{"line": 1, "amount": "10"}], "occurred": day("2024-07-01")}
    acts.append(made.beneficiary.act("delivery.acknowledged", **said))
    outcomes = [json.loads(line)["outcome"] for line in ledger.batch(acts).text.splitlines()]
    assert outcomes == ["admitted"] * len(acts)
    return ledger


def _delivery(made: Founding, delivery: str, commitment: str, amount: Answer) -> bytes:
    return made.offices["gb"].act(
        "delivery.recorded",
        delivery=delivery,
        commitment=commitment,
        milestone="handed_over",
        lines=[{"line": 1, "object": amount}],
        occurred=day("2024-06-01"),
    )


def ask(filled: Served, path: str, **query: str | int) -> Answer:
    """Return an answer about the newest tree: what was recorded a moment ago is in it."""
    found = filled.get(path, params={"known_at": filled.tree_size(), **DAY_AFTER, **query})
    assert found.status_code == 200, found.text
    answer: Answer = found.json()
    return answer


def test_obligations_say_their_times_and_their_figures(filled: Served) -> None:
    answer = ask(filled, "/v1/guarantors/gb/obligations")
    assert (answer["as_of"], answer["known_at"]) == ("2025-06-30", filled.tree_size())
    assert answer["recorded_at"].endswith("Z")
    owed = {one["commitment"]: one for one in answer["data"]}
    assert list(owed) == ["a-tanks", "b-money", "c-cap", "d-joint"]
    assert (owed["a-tanks"]["overdue"]["amount"], owed["a-tanks"]["overdue_since"]) == ("60", "2025-01-01")
    assert owed["b-money"]["overdue"]["amount"] == "82.00"
    assert owed["c-cap"]["state"] == "lapsed"
    assert owed["d-joint"]["share"] == "1/3"


def test_the_shares_of_a_joint_commitment_sum_to_it(filled: Served) -> None:
    page = ask(filled, "/v1/commitments/d-joint")["data"]
    amounts = [one["committed"]["amount"] for one in page["obligations"]]
    assert amounts == ["30666666.67", "30666666.67", "30666666.66"]
    assert page["whole"]["committed"]["amount"] == "92000000.00"


def test_every_figure_leads_to_acts_that_are_there(filled: Served) -> None:
    answer = ask(filled, "/v1/guarantors/gb/obligations", explain="true")
    shown = {act["event"]: act for act in answer["explain"]}
    values = [value for one in answer["data"] for value in one.values() if isinstance(value, dict)]
    named = {event for value in values for event in value.get("events", ())}
    named |= {event for one in answer["data"] for part in one["parts"] for event in part["delivered"]["events"]}
    assert named
    assert named <= shown.keys()
    for event in named:
        assert filled.get(shown[event]["href"]).json()["position"] == shown[event]["position"]


def test_filters_and_open_only(filled: Served) -> None:
    path = "/v1/guarantors/gb/obligations"
    assert [one["commitment"] for one in ask(filled, path, category="naval")["data"]] == ["b-money"]
    assert [one["commitment"] for one in ask(filled, path, state="closed")["data"]] == ["c-cap"]
    assert [one["commitment"] for one in ask(filled, path, state="open")["data"]] == ["a-tanks", "b-money", "d-joint"]
    assert ask(filled, path, instrument="nothing-here")["data"] == []


def test_the_summary_has_four_headline_figures_by_category_and_unit(filled: Served) -> None:
    summary = ask(filled, "/v1/guarantors/gb")["data"]
    lines = {(line["category"], line["unit"]): line for line in summary["lines"]}
    tanks = lines["artillery", "tank"]
    headline = [tanks[name]["amount"] for name in ("committed", "delivered", "acknowledged", "overdue")]
    assert headline == ["80", "20", "10", "60"]
    assert lines["artillery", "EUR"]["lapsed"]["amount"] == "50.00"
    assert [one["guarantor"] for one in ask(filled, "/v1/guarantors")["data"]] == ["de", "fr", "gb"]


def test_who_is_late_comes_worst_first(filled: Served) -> None:
    late = ask(filled, "/v1/overdue")["data"]
    assert [(one["commitment"], one["days"]) for one in late] == [("b-money", 365), ("a-tanks", 181)]
    pages = [
        ask(filled, "/v1/overdue", limit=1)["data"],
        ask(filled, "/v1/overdue", limit=1, after="b-money/gb")["data"],
    ]
    assert [one["commitment"] for page in pages for one in page] == ["b-money", "a-tanks"]


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/commitments", "/v1/guarantors/gb/obligations", "/v1/authorities"])
def test_pages_follow_their_links_and_lose_nothing(filled: Served, path: str) -> None:
    whole = ask(filled, path, limit=500)["data"]
    assert len(whole) > 2
    found: list[Answer] = []
    response = filled.get(path, params={"limit": 2, **DAY_AFTER, "known_at": filled.tree_size()})
    while True:
        found += response.json()["data"]
        if "next" not in response.links:
            break
        response = filled.get(response.links["next"]["url"])
    assert found == whole


def test_later_pages_speak_of_the_tree_of_the_first(filled: Served, made: Founding) -> None:
    first = filled.get("/v1/feed", params={"limit": 3})
    assert filled.post(made.depositary.renaming("Depositary, renamed")).status_code == 201
    second = filled.get(first.links["next"]["url"])
    assert second.json()["known_at"] == first.json()["known_at"] < filled.tree_size()


def test_the_feed_is_filtered_by_party_instrument_and_type(filled: Served) -> None:
    deliveries = ask(filled, "/v1/feed", type="delivery.*")["data"]
    assert [act["type"] for act in deliveries] == ["delivery.recorded", "delivery.recorded", "delivery.acknowledged"]
    assert {act["instrument"] for act in deliveries} == {"pact"}
    newest = ask(filled, "/v1/feed", order="newest", limit=1)["data"]
    assert newest[0]["position"] == filled.tree_size()
    assert all("fr" in act["parties"] for act in ask(filled, "/v1/feed", party="fr", limit=500)["data"])


def test_what_was_known_at_an_earlier_tree_size_and_instant_stays_readable(filled: Served) -> None:
    acts = {act["type"]: act for act in ask(filled, "/v1/feed", limit=500)["data"]}
    acknowledged = acts["delivery.acknowledged"]
    before = ask(filled, "/v1/deliveries/t-1", known_at=acknowledged["position"] - 1)["data"]
    after = ask(filled, "/v1/deliveries/t-1", known_at=acknowledged["position"])["data"]
    assert (before["lines"][0]["acknowledged"]["amount"], after["lines"][0]["acknowledged"]["amount"]) == ("0", "10")
    at_instant = ask(filled, "/v1/deliveries/t-1", known_at=acknowledged["recorded_at"])
    assert at_instant["data"]["lines"][0]["acknowledged"]["amount"] == "10"
    assert filled.get("/v1/commitments/a-tanks", params={"known_at": 3}).status_code == 404


def test_pages_of_truth_have_timelines(filled: Served) -> None:
    tanks = ask(filled, "/v1/commitments/a-tanks")["data"]
    assert [moment["type"] for moment in tanks["timeline"]] == ["commitment.made"]
    assert tanks["deliveries"] == ["t-1"]
    joint = ask(filled, "/v1/commitments/d-joint")["data"]
    assert [moment["type"] for moment in joint["timeline"]] == ["commitment.made", "consent.given", "consent.given"]
    pact = ask(filled, "/v1/instruments/pact")["data"]
    assert [one["is_bound"] for one in pact["parties"]] == [True] * 4
    assert pact["commitments"] == ["a-tanks", "b-money", "c-cap", "d-joint"]
    party = ask(filled, "/v1/parties/gb")["data"]
    assert (party["name"], party["authorities"], party["deliveries"]) == ("State of GB", ["gb/principal"], 2)
    assert ask(filled, "/v1/authorities/gb/principal")["data"]["state"] == "not_yet_valid"
    authority = ask(filled, "/v1/authorities/gb/principal", as_of="2026-06-30")["data"]
    following = filled.get("/v1/authorities/gb/principal/next").json()
    assert (authority["state"], authority["sequence"] + 1) == ("in_force", following["sequence"])
    assert authority["previous"] == following["previous"]
    assert [one["party"] for one in ask(filled, "/v1/parties", role="beneficiary")["data"]] == ["ua"]


def test_an_answer_that_the_client_has_is_confirmed_and_changes_with_its_question(filled: Served) -> None:
    path = "/v1/guarantors/gb"
    times = {"as_of": "2025-06-30", "known_at": filled.tree_size()}
    first = filled.get(path, params=times)
    again = filled.get(path, params=times, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    for other in ({**times, "as_of": "2025-06-29"}, {**times, "known_at": 4}, {**times, "format": "csv"}):
        changed = filled.get(path, params=other, headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200
    assert first.headers["cache-control"] == "public, max-age=3600"
    assert filled.get(path).headers["cache-control"] == "no-cache"
    assert "ledger-checkpoint" in first.headers


def test_csv_is_a_table_that_no_spreadsheet_takes_for_formulas(filled: Served) -> None:
    found = filled.get("/v1/instruments", headers={"Accept": "text/csv"}, params=DAY_AFTER)
    assert found.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(found.text))
    assert row["title.en"] == "'=cmd|' /C calc'!A0"
    table = filled.get("/v1/guarantors/gb/obligations", params={**DAY_AFTER, "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [one["overdue"] for one in rows] == ["60", "82.00", "0.00", "0.00"]
    assert all(one["committed_events"] for one in rows)
    summary = filled.get("/v1/guarantors/gb", params={**DAY_AFTER, "format": "csv"})
    assert len(list(csv.DictReader(io.StringIO(summary.text)))) == 3


def test_ndjson_is_one_item_on_a_line(filled: Served) -> None:
    found = filled.get("/v1/feed", headers={"Accept": "application/x-ndjson"}, params={"limit": 3})
    positions = [json.loads(line)["position"] for line in found.text.splitlines()]
    assert (positions, found.headers["ledger-known-at"]) == ([1, 2, 3], str(filled.tree_size()))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/guarantors/nobody", 404, "not_found"),
        ("/v1/guarantors/nobody/obligations", 404, "not_found"),
        ("/v1/commitments/nothing", 404, "not_found"),
        ("/v1/deliveries/nothing", 404, "not_found"),
        ("/v1/instruments/nothing", 404, "not_found"),
        ("/v1/parties/nobody", 404, "not_found"),
        ("/v1/authorities/gb/nothing", 404, "not_found"),
        ("/v1/feed?known_at=999999", 404, "not_found"),
        ("/v1/feed?as_of=2026-02-30", 422, "query_invalid"),
        ("/v1/feed?as_of=20260101", 422, "query_invalid"),
        ("/v1/feed?as_of=3000-01-01", 422, "query_invalid"),
        ("/v1/feed?known_at=yesterday", 422, "query_invalid"),
        ("/v1/feed?known_at=2026-01-01T00:00:00", 422, "query_invalid"),
        ("/v1/feed?known_at=-1", 422, "query_invalid"),
        ("/v1/feed?limit=0", 422, "query_invalid"),
        ("/v1/feed?limit=501", 422, "query_invalid"),
        ("/v1/feed?after=-1", 422, "query_invalid"),
        ("/v1/feed?type=nothing.happened", 422, "query_invalid"),
        ("/v1/feed?format=xml", 422, "query_invalid"),
        ("/v1/overdue?after=nothing/gb", 422, "query_invalid"),
        ("/v1/commitments?category=cakes", 422, "query_invalid"),
        ("/v1/commitments/BAD", 422, "query_invalid"),
    ],
)
def test_what_is_not_there_or_not_valid_is_a_problem_with_a_stable_code(
    filled: Served, path: str, status: int, code: str
) -> None:
    found = filled.get(path)
    assert (found.status_code, found.json()["code"]) == (status, code), found.text
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["do"]


def test_a_form_that_there_is_not_is_not_acceptable(filled: Served) -> None:
    found = filled.get("/v1/feed", headers={"Accept": "image/png"})
    assert (found.status_code, found.json()["code"]) == (406, "not_acceptable")
    assert filled.get("/v1/feed", headers={"Accept": "image/png, text/csv;q=0.5"}).status_code == 200


def test_the_description_names_every_address_and_every_schema_that_it_refers_to(filled: Served) -> None:
    document = filled.get("/openapi.json").json()
    described = {path for path in document["paths"] if path.startswith("/v1/")}
    assert {"/v1/guarantors/{party}/obligations", "/v1/overdue", "/v1/feed", "/v1/deliveries/{delivery}"} <= described
    referred = {part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert referred <= document["components"]["schemas"].keys()


def test_before_the_ledger_is_opened_there_is_nothing_and_no_failure(unopened: tuple[Served, Founding]) -> None:
    served, _ = unopened
    answer = served.get("/v1/guarantors").json()
    assert (answer["known_at"], answer["recorded_at"], answer["data"]) == (0, None, [])
    assert served.get("/v1/feed").json()["data"] == []
