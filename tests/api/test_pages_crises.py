"""Pages of sanctions, crises and consultations: what the interface says, at the instant that is asked about."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import pytest

from api.pages.crises import ANNOUNCED_FOR
from api.pages.languages import LANGUAGES, Language
from api.pages.writing import Writing
from tests.api.served import Served
from tests.browser.alarmed import AGREEMENT, ATTACK, PACT, SECOND, alarmed
from tests.browser.ledgers import an_event
from tests.browser.reading import check_whole, read

MEASURES: Final = ("gb-oil", "gb-banks", "de-trade", "de-coal", "de-ports", "fr-assets", "fr-travel")
FIRST: Final = f"{ATTACK}.{PACT}"
PAGES: Final = (
    "/",
    "/sanctions",
    "/sanctions?party=gb&programme=GB-RUS&state=in_force",
    *(f"/sanctions/{one}" for one in MEASURES),
    "/consultations",
    "/consultations?party=de",
    f"/consultations/{FIRST}",
    f"/consultations/{SECOND}.{PACT}",
    f"/consultations/{SECOND}.{AGREEMENT}",
    f"/crises/{ATTACK}",
    f"/crises/{SECOND}",
    "/guarantors/gb",
    "/parties/gb",
    f"/instruments/{PACT}",
)
SECOND_LONG: Final = timedelta(seconds=1)


@pytest.fixture(scope="module")
def one(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with alarmed(postgres_server, tmp_path_factory.mktemp("alarmed")) as served:
        yield served


def data(one: Served, path: str) -> Any:
    answer = one.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def at(instant: datetime) -> str:
    text: str = msgspec.to_builtins(instant)
    return text


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_in_both_languages(one: Served, path: str, language: Language) -> None:
    answer = one.get(f"/{language}{path}")
    assert answer.status_code == 200
    page = check_whole(answer.text, language)
    assert Writing(language).number(one.tree_size()) in page.text
    codes = {"in_part", "not_yet", "act_pending", "armed_attack", "convened_late", "import_restriction"}
    assert not codes & set(page.text.split())


@pytest.mark.parametrize("measure", ["gb-oil", "gb-banks", "de-coal", "fr-travel"])
def test_a_measure_leads_to_every_act_behind_it(one: Served, measure: str) -> None:
    page, found = read(one, f"/sanctions/{measure}"), data(one, f"/v1/measures/{measure}")
    behind = set(found["events"]) | {event for back in found["reinstated"] for event in back["events"]}
    assert behind <= page.acts
    for part in found["parts"]:
        assert part["what"]["en"] in page.text
        assert set(part["events"]) <= page.acts


def test_what_silence_does_is_said_in_words(one: Served) -> None:
    due = instant(data(one, "/v1/measures/de-trade")["renewal_due"])
    assert "Silence lets it lapse: it ends on" in read(one, "/sanctions/de-trade").text
    assert f"{due:%H:%M:%S}" in read(one, "/sanctions/de-trade").text
    assert "Silence let it lapse: it ended on 1 Feb 2026, 00:00:00 UTC" in read(one, "/sanctions/de-coal").text
    assert "as soon as an aggression is notified" in read(one, "/sanctions/gb-oil").text
    assert "when 30 days have passed since an aggression was notified" in read(one, "/sanctions/gb-banks").text
    assert "Silence leaves it" in read(one, "/sanctions/fr-assets").text
    assert "виплачено репарації" in read(one, "/sanctions/fr-assets", "uk").text


def test_a_measure_lapses_at_its_instant_and_not_a_second_before(one: Served) -> None:
    due = instant(data(one, "/v1/measures/de-trade")["renewal_due"])
    before, after = (read(one, f"/sanctions/de-trade?as_of={at(moment)}").text for moment in (due - SECOND_LONG, due))
    assert "Renewal due by" in before
    assert "Lapsed on" not in before
    assert "Lapsed on" in after
    assert "Renewal due by" not in after


def test_what_an_aggression_brought_back_waits_for_its_legal_act(one: Served) -> None:
    back = read(one, "/sanctions/gb-oil")
    assert "The legal act that has to follow is not published yet." in back.text
    assert back.links[f"/en/crises/{ATTACK}"] == "Missile attack on the east"
    received = instant(data(one, f"/v1/crises/{ATTACK}")["received_at"])
    before = read(one, f"/sanctions/gb-oil?as_of={at(received - timedelta(milliseconds=1))}")
    assert "in force in part" in before.text
    assert "What an aggression brought back" not in before.text
    assert "What is known to come" in read(one, "/sanctions/gb-banks").text


def test_what_was_lifted_early_is_a_departure_and_what_met_its_conditions_is_none(one: Served) -> None:
    page = read(one, "/sanctions/fr-travel")
    assert "Lifted before the conditions were met" in page.text
    assert "Not said to be met: every prisoner returned" in page.text
    assert "A separate accord." in page.text
    assert "Lifted before the conditions were met" not in read(one, "/sanctions/fr-assets").text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", set(MEASURES)),
        ("party=gb", {"gb-oil", "gb-banks"}),
        ("programme=EU-RUS", {"de-trade", "de-coal"}),
        ("state=lapsed", {"de-coal"}),
        ("party=gb&state=suspended", {"gb-banks"}),
        ("party=ua", set()),
        ("party=gb&programme=EU-RUS", set()),
    ],
)
def test_measures_are_filtered(one: Served, query: str, wanted: set[str]) -> None:
    page = read(one, f"/sanctions?{query}")
    links = {link.partition("?")[0] for link in page.links}
    assert {link.rpartition("/")[2] for link in links if link.startswith("/en/sanctions/")} == wanted
    assert ("No measure fits." in page.text) == (not wanted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clock_is_shown_as_instants_and_as_what_is_left_of_it(one: Served, language: Language) -> None:
    writing, found = Writing(language), data(one, f"/v1/consultations/{FIRST}")
    page = read(one, f"/consultations/{FIRST}", language)
    shown = {value for tag, name, value in page.attributes if tag == "time" and name == "datetime"}
    for name in ("t0", "convene_by", "decide_by", "convened_at"):
        assert at(instant(found[name])) in shown
    deadline = instant(found["decide_by"])
    left = read(one, f"/consultations/{FIRST}?as_of={at(deadline - timedelta(hours=5))}", language).text
    passed = read(one, f"/consultations/{FIRST}?as_of={at(deadline + timedelta(days=9))}", language).text
    assert writing.span(5 * 3600) in left
    assert writing.span(9 * 86_400) in passed


def test_a_deadline_is_missed_one_second_after_it_without_any_act(one: Served) -> None:
    deadline = instant(data(one, f"/v1/consultations/{FIRST}")["decide_by"])
    before, after = (
        read(one, f"/consultations/{FIRST}?as_of={at(moment)}").text for moment in (deadline, deadline + SECOND_LONG)
    )
    assert "0 seconds left" in before
    assert "deadline missed" not in before
    assert "passed 1 second ago" in after
    assert "No decision by the deadline: State of FR ." in after
    assert after.count("deadline missed") == 1


def test_each_guarantor_is_shown_with_its_own_answer(one: Served) -> None:
    page, found = read(one, f"/consultations/{FIRST}"), data(one, f"/v1/consultations/{FIRST}")
    standings = {answer["party"]: answer["standing"] for answer in found["answers"]}
    assert standings == {"gb": "decided", "de": "declined", "fr": "silent"}
    for said in ("convened late", "decided", "declined further action", "Silent: State of FR .", "military support"):
        assert said in page.text
    assert "And what was eased comes back." in page.text
    assert {event for answer in found["answers"] for event in answer["events"]} <= page.acts
    assert "/en/commitments/gb-guns" in page.links


def test_merged_and_closed_consultations_say_so_and_keep_their_deadlines(one: Served) -> None:
    merged = read(one, f"/consultations/{SECOND}.{PACT}")
    assert f"/en/consultations/{FIRST}" in merged.links
    assert "the deadlines of both stay" in merged.text
    assert "Decide by" in merged.text
    closed = read(one, f"/consultations/{SECOND}.{AGREEMENT}").text
    assert "Closed by the beneficiary on" in closed
    assert "Settled by phone." in closed
    assert f"/en/consultations/{SECOND}.{PACT}" in read(one, f"/consultations/{FIRST}").links


def test_a_crisis_leads_to_its_consultations_and_to_what_came_back(one: Served) -> None:
    page, found = read(one, f"/crises/{ATTACK}"), data(one, f"/v1/crises/{ATTACK}")
    for clock in found["consultations"]:
        assert f"/en/consultations/{clock['consultation']}" in page.links
    for back in found["reinstated"]:
        assert f"/en/sanctions/{back['measure']}" in page.links
        assert back["event"] in page.acts
    assert len(found["consultations"]) == 2
    assert len(found["reinstated"]) == 2
    assert "Nothing was eased or suspended that comes back." in read(one, f"/crises/{SECOND}").text


def test_consultations_are_filtered_by_guarantor(one: Served) -> None:
    every, german = (read(one, path).links for path in ("/consultations", "/consultations?party=de"))
    of = [{link for link in links if link.startswith("/en/consultations/")} for links in (every, german)]
    assert len(of[0]) == 4
    assert of[1] == {f"/en/consultations/{crisis}.{PACT}" for crisis in (ATTACK, SECOND)}
    assert "No consultation fits." in read(one, "/consultations?party=depositary").text


def test_the_first_page_announces_an_aggression_with_its_deadlines(one: Served) -> None:
    page, found = read(one, "/"), data(one, f"/v1/consultations/{FIRST}")
    assert page.links[f"/en/crises/{ATTACK}"] == "Missile attack on the east"
    assert "Armed attack" in page.text
    assert "2 consultations are open." in page.text
    assert "1 consultation is conducted within another." in page.text
    shown = {value for tag, name, value in page.attributes if tag == "time" and name == "datetime"}
    assert {at(instant(found["convene_by"])), at(instant(found["decide_by"]))} <= shown


def test_the_first_page_announces_nothing_before_it_happened_nor_when_it_is_long_over(one: Served) -> None:
    received = instant(data(one, f"/v1/crises/{SECOND}")["received_at"])
    late = read(one, f"/?as_of={at(received + ANNOUNCED_FOR + SECOND_LONG)}")
    assert (
        f"/en/crises/{SECOND}?as_of={at(received + ANNOUNCED_FOR + SECOND_LONG)}".replace(":", "%3A") not in late.links
    )
    assert "Missile attack on the east" in late.text  # a consultation of it is still open
    assert "Troops in the north" not in late.text
    before = read(one, "/?as_of=2026-01-20")
    assert "attack" not in before.text


def test_parties_and_texts_lead_to_their_measures_and_consultations(one: Served) -> None:
    guarantor, party, text = (
        read(one, path).links for path in ("/guarantors/gb", "/parties/gb", f"/instruments/{PACT}")
    )
    assert {"/en/sanctions/gb-oil", f"/en/consultations/{FIRST}"} <= set(guarantor)
    assert {"/en/sanctions/gb-oil", "/en/sanctions/gb-banks"} <= set(party)
    assert {f"/en/consultations/{crisis}.{PACT}" for crisis in (ATTACK, SECOND)} <= set(text)
    assert "/en/sanctions/gb-oil" not in read(one, "/guarantors/de").links


@pytest.mark.parametrize(
    ("event_type", "place"),
    [
        ("measure.adopted", "/en/sanctions/gb-oil"),
        ("aggression.notified", f"/en/crises/{ATTACK}"),
        ("consultation.opened", f"/en/consultations/{ATTACK}."),
        ("consultation.opened", "/en/parties/gb"),
        ("consultation.merged", f"/en/consultations/{FIRST}"),
        ("requirement.stated", "/en/requirements/guns"),
        ("observation.recorded", "/en/observations/r7-0"),
        ("observation.recorded", "/en/parties/gb"),
    ],
)
def test_the_fields_of_an_act_lead_to_what_they_name(one: Served, event_type: str, place: str) -> None:
    links = read(one, f"/events/{an_event(one, event_type)}").links
    found = [link for link in links if link == place or (place.endswith(".") and link.startswith(place))]
    assert found
    assert all(one.get(link).status_code == 200 for link in found)


def test_a_day_and_a_time_of_a_form_are_one_instant(one: Served) -> None:
    deadline = instant(data(one, f"/v1/consultations/{FIRST}")["decide_by"]) + SECOND_LONG
    form = f"/consultations/{FIRST}?as_of={deadline:%Y-%m-%d}&time={deadline:%H:%M:%S}"
    page = read(one, form)
    assert "passed 1 second ago" in page.text
    quoted = at(deadline).replace(":", "%3A")
    assert f"/en/crises/{ATTACK}?as_of={quoted}" in page.links
    assert f"/uk/consultations/{FIRST}?as_of={quoted}" in page.links
    values = {name: value for tag, name, value in page.attributes if tag == "input" and name == "value"}
    assert values
    assert read(one, f"/consultations/{FIRST}?as_of={at(deadline)}").text == page.text


def test_a_day_without_a_time_is_its_end(one: Served) -> None:
    deadline = instant(data(one, f"/v1/consultations/{FIRST}")["decide_by"])
    day = read(one, f"/consultations/{FIRST}?as_of={deadline:%Y-%m-%d}").text
    assert "deadline missed" in day
    assert f"As of {deadline.day} {deadline:%B %Y} , as known at" in day


def test_a_page_of_an_instant_that_is_asked_about_is_kept_and_one_of_now_knows_every_entry(one: Served) -> None:
    path = f"/en/consultations/{FIRST}?as_of=2030-01-01T00:00:00Z"
    first = one.get(path)
    assert one.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    other = path.replace("00:00:00Z", "00:00:01Z")
    assert one.get(other, headers={"If-None-Match": first.headers["etag"]}).status_code == 200
    assert "decided" in read(one, f"/consultations/{FIRST}").text
