"""Pages of needs, of what is to come, of totals over time and of third parties' claims: the interface's own figures."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import pytest

from api.pages.languages import LANGUAGES, Language
from api.pages.observations import CLAIMS_SHOWN
from api.pages.writing import Writing
from tests.api.served import Served
from tests.browser.alarmed import SYSTEMS, alarmed
from tests.browser.reading import check_whole, read

PAGES: Final = (
    "/coverage",
    "/coverage?as_of=2025-12-31",
    *(f"/requirements/{one}" for one in ("guns", "interceptors", "radios", "money")),
    "/requirements/guns/figures/required",
    "/coverage/figures/gap_delivered?category=artillery&kind=units&unit=howitzer",
    "/upcoming",
    "/upcoming?party=de&kind=measure_renewal",
    "/statistics",
    "/statistics?unit=howitzer&step=month&eu_institutions=without&party=gb&from=2025-01-01",
    "/statistics/figures/committed?category=artillery&kind=units&unit=howitzer",
    "/observations",
    "/observations?claim=committed&level=activity_total",
    "/observations?about=France",
    *(f"/observations/{one}" for one in ("r7-0", "r7-hidden", "s-00")),
)
HEADLINES: Final = ("committed", "delivered", "acknowledged", "overdue")
COVERED: Final = ("required", "committed", "delivered", "acknowledged", "gap_committed", "gap_delivered")


@pytest.fixture(scope="module")
def one(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with alarmed(postgres_server, tmp_path_factory.mktemp("alarmed")) as served:
        yield served


def data(one: Served, path: str) -> Any:
    answer = one.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_in_both_languages(one: Served, path: str, language: Language) -> None:
    answer = one.get(f"/{language}{path}")
    assert answer.status_code == 200
    page = check_whole(answer.text, language)
    codes = {"gap_committed", "activity_total", "measure_renewal", "macro_financial", "in_kind_item", "air_defence"}
    assert not codes & set(page.text.split())


def test_coverage_has_the_figures_of_the_interface_and_each_leads_to_its_acts(one: Served) -> None:
    page, compared = read(one, "/coverage"), 0
    for line in data(one, "/v1/coverage"):
        capability = f"category={line['category']}&kind={line['kind']}&unit={line['unit']}"
        for name in COVERED:
            figure = line[name]
            if figure is None or not figure["events"]:
                continue
            address = f"/coverage/figures/{name}?{capability}"
            if line["required"] is not None or name in HEADLINES:
                assert page.links[f"/en{address}"] == Writing("en").number(figure["amount"])
                assert read(one, address).acts == set(figure["events"])
                compared += 1
    assert compared > 12


def test_what_nobody_stated_a_need_for_has_no_gap(one: Served) -> None:
    links = read(one, "/coverage").links
    assert "/en/coverage/figures/committed?category=weapons&kind=units&unit=tank" in links
    assert not [link for link in links if "unit=tank" in link and "/gap_" in link]
    assert one.get("/en/coverage/figures/required?category=weapons&kind=units&unit=tank").status_code == 404


def test_a_requirement_shows_what_was_stated_and_where_it_stands(one: Served) -> None:
    page = read(one, "/requirements/guns")
    assert "needed by now" in page.text
    assert "Repaired." in page.text
    assert page.links["/en/requirements/guns/figures/required"] == "80 howitzer"
    assert set(data(one, "/v1/requirements/guns")["events"]) <= page.acts
    earlier = read(one, "/requirements/guns?as_of=2026-01-20").text
    assert "needed by now" not in earlier
    assert "said to be met" in read(one, "/requirements/radios").text
    assert one.get("/en/requirements/guns?as_of=2020-01-01").status_code == 404


def test_what_is_to_come_is_what_the_interface_says(one: Served) -> None:
    page = read(one, "/upcoming")
    found = data(one, "/v1/upcoming?days=90&limit=500")
    places = {"measure": "sanctions", "commitment": "commitments", "consultation": "consultations"}
    wanted = {f"/en/{places[item['about']]}/{item['id']}" for item in found if item["about"] in places}
    assert wanted <= set(page.links)
    assert {item["kind"] for item in found} >= {"decide_by", "measure_renewal", "obligation_due", "reinstatement"}
    assert {event for item in found for event in item["events"]} <= page.acts
    for said in ("Guarantors have to decide", "Measure lapses unless renewed", "Measure comes back into force"):
        assert said in page.text
    soon, _, later = page.text.partition("After that, within 90 days")
    assert "Obligation falls due" in later
    assert "Guarantors have to decide" in soon


def test_what_is_to_come_is_filtered(one: Served) -> None:
    page = read(one, "/upcoming?party=de&kind=measure_renewal")
    assert "/en/sanctions/de-trade" in page.links
    assert not [link for link in page.links if link.startswith(("/en/consultations/", "/en/commitments/"))]
    assert "Nothing is to come in this time." in page.text
    assert "/en/sanctions/de-trade" not in read(one, "/upcoming?party=gb").links


def test_totals_are_those_of_the_interface(one: Served) -> None:
    page, compared = read(one, "/statistics"), 0
    for line in data(one, "/v1/totals")["lines"]:
        for name in HEADLINES:
            if line[name]["events"]:
                unit = f"category={line['category']}&kind={line['kind']}&unit={line['unit']}&eu_institutions=with"
                address = f"/statistics/figures/{name}?{unit}"
                assert page.links[f"/en{address}"] == Writing("en").number(line[name]["amount"])
                assert read(one, address).acts == set(line[name]["events"])
                compared += 1
    assert compared > 6


def test_the_table_below_a_chart_has_the_figures_of_the_interface_as_of_each_day(one: Served) -> None:
    query = "step=quarter&from=2025-01-01&until=2026-01-31"
    page = read(one, "/statistics?unit=howitzer&from=2025-01-01&as_of=2026-01-31")
    rows = [row for row in data(one, f"/v1/statistics?{query}")["rows"] if row["unit"] == "howitzer"]
    compared = 0
    # The figures of the last day stand among the totals as well.
    for row in rows[:-1]:
        for name in HEADLINES:
            if row[name]["events"]:
                shown = f"category=artillery&kind=units&unit=howitzer&eu_institutions=with&as_of={row['on']}"
                address = f"/en/statistics/figures/{name}?{shown}"
                assert page.links[address] == Writing("en").number(row[name]["amount"])
                explained = read(one, address.removeprefix("/en"))
                assert explained.acts == set(row[name]["events"])
                compared += 1
    assert compared > 5


def test_a_chart_is_named_and_draws_each_figure_of_its_table_once(one: Served) -> None:
    page = read(one, "/statistics?unit=howitzer&from=2025-01-01&as_of=2026-01-31")
    described = {name: value for tag, name, value in page.attributes if tag == "svg"}
    assert described["role"] == "img"
    assert set(str(described["aria-labelledby"]).split()) <= set(page.ids)
    assert "Artillery, howitzer" in page.text
    rows = data(one, "/v1/statistics?step=quarter&from=2025-01-01&until=2026-01-31")["rows"]
    dots = [tag for tag, name, _ in page.attributes if (tag, name) == ("circle", "r")]
    # One circle for each delivered figure, and one in the legend.
    assert len(dots) == sum(row["unit"] == "howitzer" for row in rows) + 1


def test_the_institutions_of_the_union_can_be_left_out(one: Served) -> None:
    page = read(one, "/statistics")
    assert "/en/statistics?eu_institutions=without" in page.links
    assert "/en/statistics?eu_institutions=with" in read(one, "/statistics?eu_institutions=without").links
    assert "are left out" in read(one, "/statistics?eu_institutions=without").text


def test_claims_are_said_to_be_nobody_elses_figures(one: Served) -> None:
    page = read(one, "/observations")
    assert "None of this is a figure of a guarantor." in page.text
    claim = read(one, "/observations/r7-0").text
    assert "This is not a figure of the party it is about." in claim
    assert "23,456,872.86374908" in claim
    assert "undisclosed" in read(one, "/observations/r7-hidden").text
    assert "23,456,872" not in read(one, "/guarantors/gb").text
    assert "23,456,872" not in read(one, "/statistics").text


def test_claims_add_up_by_source_as_the_interface_says(one: Served) -> None:
    page = read(one, "/observations?claim=committed&level=activity_total")
    totals = data(one, "/v1/observations/totals?by=level&claim=committed&level=activity_total")
    assert [total["sum_eur"] for total in totals] == ["28456873.36374908"]
    assert "28,456,873.36374908" in page.text
    assert page.links["/en/observations?source=institute-r7&claim=committed&level=activity_total"] == "2"
    of_parties = data(one, "/v1/observations/totals?by=party&claim=committed&level=activity_total")
    for total in of_parties:
        assert Writing("en").number(total["sum_eur"]) in page.text
    assert sum(Fraction(total["sum_eur"]) for total in of_parties) == Fraction("28456873.36374908")


def test_claims_are_listed_once_each_from_page_to_page(one: Served) -> None:
    seen: list[str] = []
    path: str | None = "/observations"
    pages = 0
    while path is not None:
        page = read(one, path)
        shown = [link.rpartition("/")[2] for link in page.links if link.startswith("/en/observations/")]
        assert len(shown) <= CLAIMS_SHOWN
        seen += shown
        path = next((link.removeprefix("/en") for link, text in page.links.items() if text == "More claims"), None)
        pages += 1
    assert pages == 2
    assert seen == sorted(set(seen))
    assert len(seen) == SYSTEMS + 4


def test_claims_are_filtered_by_whom_they_are_about(one: Served) -> None:
    page = read(one, "/observations?about=Germany")
    shown = {link for link in page.links if link.startswith("/en/observations/")}
    assert shown == {"/en/observations/r7-2"}
    assert "No claim fits." in read(one, "/observations?about=Nowhere").text
