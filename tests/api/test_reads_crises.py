"""An aggression over HTTP: measures come back, clocks run, guarantors answer, one is silent, each at its instant.

One text has a clock from the attack, which was five days ago, so its deadlines have passed and answers to it can be
late; the clock of the other begins with the notification, so its deadlines are to come.
"""

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.cli.main import app
from ledger.log.note import format_vkey
from tests.acts import Founding
from tests.api.served import Served
from tests.explanations.counting import check_digests
from tests.projections.world import day

Answer = dict[str, Any]
CLOCK = {"convene_within_hours": 24, "decide_within_hours": 72}
SECOND = timedelta(seconds=1)
PAST, COMING = "first.old-pact", "first.pact"


@dataclass(frozen=True)
class Crisis:
    """The served ledger in which two attacks were notified, and the tree sizes of before, between and after."""

    ledger: Served
    began_at: datetime
    notified: Answer
    second: Answer

    @property
    def before(self) -> int:
        return int(self.notified["position"]) - 1

    def get(self, path: str, at: datetime | str | None = None, **query: str | int) -> Answer:
        """Return an answer about an instant, by default of everything that is known by now."""
        asked = at if isinstance(at, str) else at.isoformat() if at is not None else None
        params = {"known_at": self.ledger.tree_size(), **({"as_of": asked} if asked else {}), **query}
        found = self.ledger.get(path, params=params)
        assert found.status_code == 200, found.text
        answer: Answer = found.json()
        return answer

    def data(self, path: str, at: datetime | str | None = None, **query: str | int) -> Any:
        return self.get(path, at, **query)["data"]


def measure(name: str, rule: Answer) -> Answer:
    return {
        "measure": name,
        "programme": "RUS",
        "title": {"en": name},
        "types": ["import_restriction"],
        "targets": ["the aggressor", "=whoever helps"],
        "legal_act": "Regulation 1",
        "effective_at": "2024-01-12T00:00:00Z",
        "default_rule": rule,
        "parts": [{"part": "oil", "what": {"en": "oil"}}, {"part": "banks", "what": {"en": "banks"}}],
    }


def attack(made: Founding, crisis: str, began_at: datetime) -> bytes:
    described: Answer = {"kind": "armed_attack", "description": {"en": "An attack"}, "began_at": began_at}
    return made.beneficiary.act("aggression.notified", crisis=crisis, **described)


def admitted(ledger: Served, acts: list[bytes]) -> list[Answer]:
    answers = [json.loads(line) for line in ledger.batch(acts).text.splitlines()]
    assert [one["outcome"] for one in answers] == ["admitted"] * len(acts), answers
    return answers


@pytest.fixture(scope="module")
def crisis(ledger: Served, made: Founding) -> Crisis:
    gb, de, fr = (made.offices[one] for one in ("gb", "de", "fr"))
    began_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=5)
    acts = []
    for name, basis in (("pact", "notification_received"), ("old-pact", "attack")):
        text: Answer = {"title": {"en": name}, "kind": "treaty", "legal_character": "legally_binding"}
        profile = {"effect": "on_signature", "clock": CLOCK | {"basis": basis}}
        parties = list(made.offices)
        acts.append(
            made.depositary.act("instrument.registered", instrument=name, profile=profile, parties=parties, **text)
        )
        acts += [one.act("instrument.signed", instrument=name, occurred=day("2024-01-01")) for one in (gb, de, fr)]
    acts.append(gb.act("measure.adopted", **measure("gb-oil", {"kind": "snapback"})))
    acts.append(de.act("measure.adopted", **measure("de-oil", {"kind": "snapback", "after_days": 30})))
    acts.append(
        fr.act("measure.adopted", **measure("fr-oil", {"kind": "sunset", "expires_at": "2050-01-01T00:00:00Z"}))
    )
    acts += [
        one.act("measure.eased", measure=f"{one.party}-oil", parts=["oil"], effective_at="2025-01-12T00:00:00Z")
        for one in (gb, de, fr)
    ]
    admitted(ledger, acts)
    found = ledger.post(attack(made, "first", began_at))
    assert found.status_code == 201, found.text
    hours = [began_at + timedelta(hours=one) for one in (20, 25, 30, 73)]
    about: Answer = {"consultation": PAST}
    said: Answer = {**about, "statement": "So we have decided."}
    admitted(
        ledger,
        [
            gb.act("consultation.convened", convened_at=hours[1], level="ministers", **about),
            gb.act("consultation.joined", joined_at=hours[1], level="ministers", **about),
            gb.act("decision.taken", decided_at=hours[2], decisions=["military_support"], **said),
            de.act("decision.declined", decided_at=hours[3], **said),
        ],
    )
    second = ledger.post(attack(made, "second", began_at + timedelta(days=1)))
    assert second.status_code == 201, second.text
    admitted(ledger, [made.beneficiary.act("consultation.merged", consultation="second.pact", into=COMING)])
    return Crisis(ledger, began_at, found.json(), second.json())


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_one_submission_brings_back_and_opens_within_the_tree_of_its_own_receipt(crisis: Crisis) -> None:
    notified = crisis.notified
    size = {"known_at": notified["tree_size"]}
    assert notified["tree_size"] - notified["position"] == 4
    page = crisis.data("/v1/crises/first", **size)
    assert [one["consultation"] for one in page["consultations"]] == [PAST, COMING]
    assert [one["measure"] for one in page["reinstated"]] == ["de-oil", "gb-oil"]
    assert page["events"] == [notified["event"]]
    assert [one["consultation"] for one in crisis.data("/v1/consultations", **size)] == [PAST, COMING]
    states = {one["measure"]: one["state"] for one in crisis.data("/v1/measures", **size)}
    assert states == {"gb-oil": "in_force", "de-oil": "in_part", "fr-oil": "in_part"}
    (back,) = crisis.data("/v1/measures/gb-oil", **size)["reinstated"]
    assert (back["cause"], back["act_pending"], back["parts"]) == (notified["event"], True, ["oil"])


def test_before_it_nothing_of_it_is_known_whatever_instant_is_asked_about(crisis: Crisis) -> None:
    later = crisis.began_at + timedelta(days=400)
    assert crisis.data("/v1/crises", later, known_at=crisis.before) == []
    assert crisis.data("/v1/consultations", later, known_at=crisis.before) == []
    states = {one["measure"]: one["state"] for one in crisis.data("/v1/measures", later, known_at=crisis.before)}
    assert states == {"gb-oil": "in_part", "de-oil": "in_part", "fr-oil": "in_part"}
    for path in ("/v1/crises/first", f"/v1/consultations/{COMING}"):
        assert crisis.ledger.get(path, params={"known_at": crisis.before}).status_code == 404


def test_what_comes_back_at_once_is_out_of_force_one_second_before(crisis: Crisis) -> None:
    back = instant(crisis.data("/v1/measures/gb-oil")["reinstated"][0]["effective_at"])
    entry = crisis.ledger.get(f"/v1/entries/{crisis.notified['position']}").json()
    assert back == instant(entry["recorded_at"])
    pages = [crisis.data("/v1/measures/gb-oil", back + one * SECOND) for one in (-1, 0, 1)]
    assert [page["state"] for page in pages] == ["in_part", "in_force", "in_force"]
    assert [len(page["reinstated"]) for page in pages] == [0, 1, 1]


def test_what_comes_back_after_thirty_days_is_announced_until_midnight(crisis: Crisis) -> None:
    page = crisis.data("/v1/measures/de-oil")
    (change,) = page["announced"]
    midnight = instant(change["effective_at"])
    assert (change["kind"], change["effective_at"][10:], page["reinstated"]) == ("reinstated", "T00:00:00Z", [])
    before, after = (crisis.data("/v1/measures/de-oil", midnight + one * SECOND) for one in (-1, 0))
    assert (before["state"], before["act_pending"]) == ("in_part", False)
    assert (after["state"], after["act_pending"], after["announced"]) == ("in_force", True, [])
    returning = [crisis.data("/v1/crises/first", midnight + one * SECOND)["reinstated"][0] for one in (-1, 0)]
    assert [one["in_effect"] for one in returning] == [False, True]


def test_deadlines_to_come_pass_without_any_act(crisis: Crisis) -> None:
    opened = crisis.data(f"/v1/consultations/{COMING}")
    convene_by, decide_by = instant(opened["convene_by"]), instant(opened["decide_by"])
    assert convene_by - instant(opened["t0"]) == timedelta(hours=24)
    assert decide_by - instant(opened["t0"]) == timedelta(hours=72)
    size = crisis.ledger.tree_size()
    met = [crisis.data(f"/v1/consultations/{COMING}", convene_by + one * SECOND) for one in (-1, 0, 1)]
    assert [(one["convening"], one["convene_seconds_left"]) for one in met] == [
        *(("awaited", 1), ("awaited", 0), ("missed", -1)),
    ]
    over = [crisis.data(f"/v1/consultations/{COMING}", decide_by + one * SECOND) for one in (-1, 0, 1)]
    assert [one["missed"] for one in over] == [[], [], ["gb", "de", "fr"]]
    assert crisis.ledger.tree_size() == size


def test_deadlines_of_the_past_show_who_was_late_and_who_is_silent(crisis: Crisis) -> None:
    page = crisis.data(f"/v1/consultations/{PAST}")
    assert (page["basis"], instant(page["t0"])) == ("attack", crisis.began_at)
    assert (page["convening"], page["convenings"][0]["is_late"]) == ("convened_late", True)
    answers = {one["party"]: one for one in page["answers"]}
    assert {name: one["standing"] for name, one in answers.items()} == {
        "gb": "decided",
        "de": "declined",
        "fr": "silent",
    }
    assert (page["late"], page["missed"], page["silent"]) == (["de"], ["fr"], ["fr"])
    assert (answers["gb"]["decisions"], answers["gb"]["is_late"]) == (["military_support"], False)
    convene_by, decide_by = instant(page["convene_by"]), instant(page["decide_by"])
    around = [crisis.data(f"/v1/consultations/{PAST}", convene_by + one * SECOND) for one in (0, 1, 3600)]
    assert [one["convening"] for one in around] == ["awaited", "missed", "convened_late"]
    around = [crisis.data(f"/v1/consultations/{PAST}", decide_by + one * SECOND) for one in (0, 1, 3600)]
    assert [one["missed"] for one in around] == [[], ["de", "fr"], ["fr"]]
    assert [len(one["late"]) for one in around] == [0, 0, 1]


def test_the_second_attack_stands_beside_the_first_for_each_guarantor(crisis: Crisis) -> None:
    asked = crisis.data("/v1/consultations", party="gb")
    assert [one["consultation"] for one in asked] == [PAST, COMING, "second.old-pact", "second.pact"]
    first, second = asked[1], asked[3]
    assert (first["merged"], second["merged_into"], second["state"]) == (["second.pact"], COMING, "merged")
    assert instant(second["decide_by"]) - instant(second["t0"]) == timedelta(hours=72)
    assert (first["t0"], first["decide_by"]) != (second["t0"], second["decide_by"])
    assert crisis.data("/v1/crises/second")["reinstated"] == []
    assert [one["consultation"] for one in crisis.data("/v1/consultations", state="merged")] == ["second.pact"]
    assert [one["consultation"] for one in crisis.data("/v1/consultations", crisis="second", instrument="pact")] == [
        "second.pact"
    ]
    assert crisis.data("/v1/consultations", party="ua") == []
    assert crisis.data("/v1/consultations", crisis="third") == []


def test_measures_are_listed_by_party_and_filtered(crisis: Crisis) -> None:
    assert [one["measure"] for one in crisis.data("/v1/measures")] == ["de-oil", "fr-oil", "gb-oil"]
    assert [one["measure"] for one in crisis.data("/v1/measures", party="gb", programme="RUS")] == ["gb-oil"]
    assert [one["measure"] for one in crisis.data("/v1/measures", state="in_part")] == ["de-oil", "fr-oil"]
    assert crisis.data("/v1/measures", programme="IRN") == []
    assert len(crisis.data("/v1/measures", in_force="true")) == 3
    assert [one["measure"] for one in crisis.data("/v1/measures", "2050-01-01T00:00:00Z", in_force="false")] == [
        "fr-oil"
    ]
    assert crisis.data("/v1/measures", "2049-12-31T23:59:59Z", in_force="false") == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/measures", {}),
        ("/v1/consultations", {}),
        ("/v1/crises", {}),
        ("/v1/consultations", {"crisis": "first"}),
        ("/v1/consultations", {"instrument": "pact"}),
    ],
)
def test_pages_follow_their_links_and_keep_the_instant(crisis: Crisis, path: str, query: dict[str, str]) -> None:
    at = "2030-06-30T12:00:00Z"
    whole = crisis.data(path, at, **query)
    assert len(whole) >= 2
    found: list[Answer] = []
    asked = {**query, "limit": 1, "as_of": at, "known_at": crisis.ledger.tree_size()}
    response = crisis.ledger.get(path, params=asked)
    for _ in whole:
        assert (response.headers["ledger-as-of"], response.json()["at"]) == (at, at)
        found += response.json()["data"]
        if "next" in response.links:
            response = crisis.ledger.get(response.links["next"]["url"])
    assert "next" not in response.links
    assert found == whole


def test_left_out_the_instant_is_now_and_the_newest_act_has_taken_effect(crisis: Crisis, made: Founding) -> None:
    event = crisis.ledger.post(made.offices["fr"].act("measure.suspended", measure="fr-oil"))
    answer = crisis.get("/v1/measures/fr-oil", known_at=event.json()["tree_size"])
    assert answer["data"]["state"] == "suspended"
    assert instant(answer["at"]) >= instant(answer["recorded_at"])
    assert abs(instant(answer["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert answer["as_of"] == answer["at"][:10]
    before = crisis.get("/v1/measures/fr-oil", instant(answer["recorded_at"]) - SECOND)
    assert before["data"]["state"] == "in_part"


def test_a_day_is_its_last_microsecond_and_an_offset_is_the_same_instant_in_utc(crisis: Crisis) -> None:
    of_day = crisis.get("/v1/measures", "2049-12-31")
    assert (of_day["as_of"], of_day["at"]) == ("2049-12-31", "2049-12-31T23:59:59.999999Z")
    elsewhere = crisis.get("/v1/measures", "2050-01-01T02:00:00+02:00")
    assert (elsewhere["as_of"], elsewhere["at"]) == ("2050-01-01", "2050-01-01T00:00:00Z")
    assert elsewhere["data"] == crisis.data("/v1/measures", "2050-01-01T00:00:00Z")
    guarantor = crisis.get("/v1/guarantors/gb", "2050-01-01T01:00:00+02:00")
    assert guarantor["as_of"] == "2049-12-31"
    assert "at" not in guarantor


def tag_of(crisis: Crisis, path: str, at: str) -> str:
    params: dict[str, str | int] = {"as_of": at, "known_at": crisis.second["tree_size"]}
    return crisis.ledger.get(path, params=params).headers["etag"]


def test_the_tag_differs_between_instants_where_the_answer_can_and_only_there(crisis: Crisis) -> None:
    instants = ("2030-01-01T12:00:00Z", "2030-01-01T12:00:01Z", "2030-01-01")
    for path in ("/v1/measures", "/v1/measures/gb-oil", f"/v1/consultations/{COMING}", "/v1/crises/first"):
        assert len({tag_of(crisis, path, at) for at in instants}) == 3
        assert tag_of(crisis, path, instants[0]) == tag_of(crisis, path, "2030-01-01T14:00:00+02:00")
    for path in ("/v1/guarantors/gb", "/v1/instruments/pact"):
        assert len({tag_of(crisis, path, at) for at in instants}) == 1
    path, params = "/v1/measures", {"as_of": instants[0], "known_at": crisis.second["tree_size"]}
    first = crisis.ledger.get(path, params=params)
    held = {"If-None-Match": first.headers["etag"]}
    again = crisis.ledger.get(path, params=params, headers=held)
    assert (again.status_code, again.content, again.headers["ledger-as-of"]) == (304, b"", instants[0])
    assert first.headers["cache-control"] == "public, max-age=3600"
    assert crisis.ledger.get(path, params={**params, "as_of": instants[1]}, headers=held).status_code == 200


def test_a_table_of_measures_has_one_row_for_each(crisis: Crisis) -> None:
    found = crisis.ledger.get("/v1/measures", params={"format": "csv", "known_at": crisis.second["tree_size"]})
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert [row["measure"] for row in rows] == ["de-oil", "fr-oil", "gb-oil"]
    assert [row["default_rule.kind"] for row in rows] == ["snapback", "sunset", "snapback"]
    assert (rows[2]["act_pending"], rows[1]["renewal_due"]) == ("true", "2050-01-01T00:00:00Z")
    assert json.loads(rows[0]["targets"]) == ["the aggressor", "=whoever helps"]
    lines = crisis.ledger.get("/v1/consultations", headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert len(lines) == 4


def test_every_state_leads_to_acts_that_are_there(crisis: Crisis) -> None:
    for path in ("/v1/measures/gb-oil", f"/v1/consultations/{PAST}", "/v1/crises/first"):
        answer = crisis.get(path, explain="true")
        shown = {act["event"]: act for act in answer["explain"]}
        assert set(answer["data"]["events"]) <= shown.keys()
        assert crisis.notified["event"] in shown
        for act in shown.values():
            assert crisis.ledger.get(act["href"]).json()["position"] == act["position"]
    service = {act["type"] for act in shown.values() if act["party"] == "depositary"}
    assert service == {"consultation.opened", "measure.reinstated"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/measures/nothing", 404),
        ("/v1/measures/BAD", 422),
        ("/v1/crises/nothing", 404),
        ("/v1/crises/with.stop", 422),
        ("/v1/consultations/first.nothing", 404),
        ("/v1/consultations/without-stop", 422),
        (f"/v1/consultations/{PAST}?as_of=2020-01-01", 404),
        ("/v1/crises/first?as_of=2020-01-01", 404),
        ("/v1/measures?state=asleep", 422),
        ("/v1/measures?in_force=perhaps", 422),
        ("/v1/measures?programme=a%20b", 422),
        ("/v1/measures?after=nothing", 422),
        ("/v1/consultations?state=over", 422),
        ("/v1/consultations?party=GB", 422),
        ("/v1/measures?as_of=2030-06-30T12:00:00", 422),
        ("/v1/measures?as_of=2030-06-30T12:00Z", 422),
        ("/v1/measures?as_of=2030-06-30%2012:00:00Z", 422),
        ("/v1/measures?as_of=2030-06-30t12:00:00z", 422),
        ("/v1/measures?as_of=20300630T120000Z", 422),
        ("/v1/measures?as_of=2030-06-31T12:00:00Z", 422),
        ("/v1/measures?as_of=2030-06-30T24:00:01Z", 422),
        ("/v1/measures?as_of=2030-06-30T23:59:60Z", 422),
        ("/v1/measures?as_of=2030-06-30T12:00:00.1234567Z", 422),
        ("/v1/measures?as_of=2030-06-30T12:00:00%2B24:00", 422),
        ("/v1/measures?as_of=1990-01-01T01:00:00%2B02:00", 422),
        ("/v1/measures?as_of=2089-12-31T23:00:00-02:00", 422),
        ("/v1/measures?as_of=0001-01-01T00:00:00%2B02:00", 422),
        ("/v1/measures?as_of=9999-12-31T23:59:59-02:00", 422),
        ("/v1/measures?as_of=now", 422),
        ("/v1/measures?as_of=", 422),
        ("/v1/guarantors?as_of=2030-06-30T12:00:00", 422),
    ],
)
def test_what_is_not_there_or_no_instant_is_a_problem(crisis: Crisis, path: str, status: int) -> None:
    found = crisis.ledger.get(path)
    assert (found.status_code, found.json()["code"]) == (status, "not_found" if status == 404 else "query_invalid")
    assert found.headers["content-type"] == "application/problem+json"


def test_before_the_ledger_is_opened_there_is_nothing_and_no_failure(unopened: tuple[Served, Founding]) -> None:
    for path in ("/v1/measures", "/v1/crises", "/v1/consultations"):
        answer = unopened[0].get(path).json()
        assert (answer["known_at"], answer["recorded_at"], answer["data"]) == (0, None, [])
        assert answer["at"].startswith(answer["as_of"])


def test_a_page_takes_an_instant_too_and_refuses_one_without_a_zone(crisis: Crisis) -> None:
    found = crisis.ledger.get("/en/?as_of=2030-06-30T12:00:00Z")
    assert found.status_code == 200
    assert "2030" in found.text
    assert crisis.ledger.get("/en/?as_of=2030-06-30T12:00:00").status_code == 400


def test_the_auditor_accepts_it(crisis: Crisis, made: Founding) -> None:
    done = CliRunner().invoke(app, ["audit", crisis.ledger.url, "--vkey", format_vkey(made.log_signer.vkey)])
    assert done.exit_code == 0, done.output


def test_the_digests_of_measures_crises_and_consultations_are_those_of_the_lists(crisis: Crisis) -> None:
    today = datetime.now(UTC).date().isoformat()
    counts = check_digests(crisis.ledger.http, crisis.ledger.tree_size(), today)
    assert min(counts[name] for name in ("measures", "crises", "consultations", "upcoming")) > 0


def test_the_audit_compares_measures_crises_and_consultations_one_by_one(crisis: Crisis) -> None:
    done = CliRunner().invoke(app, ["audit", crisis.ledger.url, "--answers"])
    assert done.exit_code == 0, done.stdout
    assert "proved   projections" in done.stdout
