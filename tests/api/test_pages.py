"""The pages of the demonstration ledger: whole, in both languages, with the figures that the interface gives."""

from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

import pytest

from api.pages.languages import LANGUAGES, Language
from api.pages.writing import Writing
from tests.api.served import Served
from tests.browser.ledgers import an_event, demonstration
from tests.browser.reading import BANNER, check_whole, read

PAGES: Final = (
    "/",
    "/guarantors/gb",
    "/guarantors/dk",
    "/guarantors/gb/figures/committed?kind=money&unit=GBP",
    "/commitments/p-uk-1",
    "/commitments/zuzana-2",
    "/commitments/p-lv-1",
    "/commitments/zuzana-2/figures/overdue?guarantor=no",
    "/instruments",
    "/instruments/uk-2024",
    "/instruments/uk-2025-100y",
    "/deliveries/zuzana-2-first-two",
    "/deliveries/pt-m113-2022",
    "/deliveries/zuzana-2-first-two/figures/acknowledged?line=1",
    "/parties/gb",
    "/parties/depositary",
    "/overdue",
    "/sanctions",
    "/consultations",
    "/upcoming",
    "/coverage",
    "/statistics",
    "/statistics?eu_institutions=without&step=year&unit=GBP&from=2022-01-01",
    "/observations",
    "/feed",
    "/feed?party=gb&type=commitment.*&order=oldest",
    "/verify",
    "/about",
)


@pytest.fixture(scope="module")
def demo(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with demonstration(postgres_server, tmp_path_factory.mktemp("demonstration")) as one:
        yield one


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_says_what_it_shows(demo: Served, path: str, language: Language) -> None:
    answer = demo.get(f"/{language}{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    page = check_whole(answer.text, language)
    assert BANNER[language] in page.text
    assert Writing(language).number(demo.tree_size()) in page.text


@pytest.mark.parametrize("path", PAGES)
def test_no_page_loads_or_runs_anything_from_elsewhere(demo: Served, path: str) -> None:
    page = check_whole(demo.get(f"/en{path}").text, "en")
    loaded = [value for tag, name, value in page.attributes if name == "src" or (tag == "link" and name == "href")]
    assert loaded
    assert all(value and value.startswith("/") and not value.startswith("//") for value in loaded)
    for value in {value for tag, name, value in page.attributes if tag == "link" and name == "href"}:
        assert demo.get(str(value)).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_guarantor_has_the_figures_of_the_interface(demo: Served, language: Language) -> None:
    writing = Writing(language)
    compared = 0
    for party in ("gb", "dk", "de", "lv", "eu", "is"):
        page = read(demo, f"/guarantors/{party}", language)
        for owed in _data(demo, f"/v1/guarantors/{party}/obligations"):
            for name in ("committed", "delivered", "acknowledged", "overdue"):
                shown = owed[name]
                if shown is None or not shown["events"]:
                    continue
                address = f"/{language}/commitments/{owed['commitment']}/figures/{name}?guarantor={party}"
                wanted = (
                    writing.money(shown["amount"], owed["unit"])
                    if owed["kind"] in ("money", "formula")
                    else f"{writing.number(shown['amount'])} {owed['unit']}"
                )
                assert page.links[address] == wanted
                compared += 1
    assert compared > 20


def test_the_first_page_adds_up_what_is_in_one_unit_and_nothing_else(demo: Served) -> None:
    page, writing = read(demo, "/"), Writing("en")
    compared = 0
    for summary in _data(demo, "/v1/guarantors"):
        sums: dict[tuple[str, str, str], Fraction] = {}
        for line in summary["lines"]:
            for name in ("committed", "delivered", "acknowledged", "overdue"):
                key = (line["kind"], line["unit"], name)
                sums[key] = sums.get(key, Fraction(0)) + Fraction(line[name]["amount"])
        for (kind, unit, name), amount in sums.items():
            address = f"/en/guarantors/{summary['guarantor']}/figures/{name}?kind={kind}&unit={unit.replace(' ', '+')}"
            if amount:
                assert page.links[address] == writing.number(str(amount))
                compared += 1
    assert compared > 30
    assert "%" not in page.text.replace("%(", "")


def test_every_figure_leads_to_exactly_the_acts_behind_it(demo: Served) -> None:
    owed = next(one for one in _data(demo, "/v1/guarantors/dk/obligations") if one["commitment"] == "zuzana-2")
    for name in ("committed", "delivered", "acknowledged", "overdue"):
        page = read(demo, f"/commitments/zuzana-2/figures/{name}?guarantor=dk")
        acts = {link.rpartition("/")[2] for link in page.links if link.startswith("/en/events/")}
        assert acts == set(owed[name]["events"])
        assert acts


def test_the_overdue_are_in_the_order_of_the_interface(demo: Served) -> None:
    page = read(demo, "/overdue")
    shown = [link for link in page.links if link.endswith(tuple("abcdefghijklmnopqrstuvwxyz")) and "/overdue?" in link]
    wanted = [
        f"/en/commitments/{one['commitment']}/figures/overdue?guarantor={one['guarantor']}"
        for one in _data(demo, "/v1/overdue")
    ]
    assert shown == wanted
    assert len(wanted) > 5


@pytest.mark.parametrize(
    ("instrument", "said"),
    [
        ("uk-2025-100y", "No obligation is projected from it."),
        ("uk-2025-100y", "signed, not bound"),
        ("bg-2024-unsigned", "No party has signed this text."),
        ("uk-2024", "it is read as binding its signatories from signature."),
    ],
)
def test_an_instrument_says_plainly_where_it_stands(demo: Served, instrument: str, said: str) -> None:
    assert said in read(demo, f"/instruments/{instrument}").text


def test_a_day_in_the_past_has_the_figures_of_that_day(demo: Served) -> None:
    address = "/en/commitments/p-uk-1/figures/overdue?guarantor=gb"
    assert address in read(demo, "/guarantors/gb").links
    before = read(demo, "/guarantors/gb?as_of=2025-03-31")
    assert not any("/figures/overdue" in link for link in before.links)
    assert any(link.endswith("as_of=2025-03-31") for link in before.links if "/commitments/" in link)
    assert "As of 31 March 2025" in before.text


def test_what_was_not_known_yet_is_not_shown(demo: Served) -> None:
    assert "as known at 2 entries" in read(demo, "/?known_at=2").text
    assert demo.get("/en/commitments/p-uk-1?known_at=2").status_code == 404
    early = read(demo, "/?known_at=1990-01-01T00:00:00Z")
    assert "Nothing is recorded yet." in early.text
    assert BANNER["en"] in early.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_act_is_shown_as_signed_with_what_proves_it(demo: Served, language: Language) -> None:
    event = an_event(demo, "commitment.made")
    page = read(demo, f"/events/{event}", language)
    entry = demo.get(f"/v1/events/{event}/entry")
    assert sha256(entry.content).hexdigest() in page.text
    assert demo.get(f"/v1/events/{event}").json()["entry_sha256"] in page.text
    assert f"/v1/events/{event}/receipt" in page.links
    assert f"/v1/events/{event}/entry" in page.links
    assert "gledger verify" in page.text
    assert "sha256sum" in page.text
    assert BANNER[language] in page.text
    for link in (f"/v1/events/{event}/receipt", f"/v1/events/{event}/entry"):
        assert demo.get(link).status_code == 200


def test_the_feed_shows_every_act_once_from_page_to_page(demo: Served) -> None:
    seen: list[str] = []
    path: str | None = "/feed?order=oldest"
    while path is not None:
        page = read(demo, path)
        seen += [link.rpartition("/")[2] for link in page.links if link.startswith("/en/events/")]
        path = next((link.removeprefix("/en") for link, text in page.links.items() if text == "Newer acts"), None)
    every = [one["event"] for one in _data(demo, "/v1/feed?limit=500")]
    assert seen == every
    assert len(seen) == demo.tree_size()


def test_the_feed_is_filtered(demo: Served) -> None:
    page = read(demo, "/feed?party=gb&type=delivery.recorded")
    acts = [link for link in page.links if link.startswith("/en/events/")]
    wanted = _data(demo, "/v1/feed?party=gb&type=delivery.recorded")
    assert sorted(link.rpartition("/")[2] for link in acts) == sorted(one["event"] for one in wanted)
    assert acts


def _data(one: Served, path: str) -> list[dict[str, Any]]:
    """Return all items of a list of the interface, page after page."""
    found: list[dict[str, Any]] = []
    following: str | None = path
    while following is not None:
        answer = one.get(following)
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        following = answer.links["next"]["url"] if "next" in answer.links else None
    return found
