"""How pages answer: the language asked for, errors as pages, caching, hostile words, ledgers that show less."""

from collections.abc import Iterator

import pytest

from api.pages.languages import LANGUAGES, Language
from tests.acts import Founding
from tests.api.served import Served
from tests.browser.ledgers import ATTRIBUTE, HOSTILE_TITLES, LONG_WORD, SCRIPT, attacked, wait_until_folded
from tests.browser.reading import BANNER, Read

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}

KINDS = (
    *(("commitments", "c"), ("instruments", "i"), ("deliveries", "d"), ("sanctions", "m"), ("requirements", "r")),
    *(("observations", "o"), ("crises", "x")),
)
"""Pages of one thing, and the letter with which the ids of such things begin on the hostile ledger."""

WRONG = [
    ("/commitments/nothing", 404),
    ("/guarantors/zz", 404),
    ("/guarantors/gb/figures/score", 404),
    ("/guarantors/gb/figures/committed", 404),
    ("/commitments/c-0/figures/__class__", 404),
    ("/commitments/c-0/figures/overdue?guarantor=zz", 404),
    ("/deliveries/d-0/figures/claimed?line=9", 404),
    ("/events/019a3c5e-7b1a-7c3d-8e4f-0123456789ab", 404),
    ("/parties/%00", 404),
    ("/parties/..%2f..%2fetc", 404),
    ("/instruments/%3Cscript%3E", 404),
    ("/?as_of=2026-02-30", 400),
    ("/?as_of=tomorrow", 400),
    ("/?as_of=9999-12-31", 400),
    ("/?known_at=-1", 400),
    ("/?known_at=2026-11-24T12:00:00", 400),
    ("/?known_at=999999", 404),
    ("/sanctions/nothing", 404),
    ("/sanctions?state=forgotten", 400),
    ("/crises/nothing", 404),
    ("/crises/x-0?as_of=2020-01-01", 404),
    ("/consultations/nothing", 404),
    ("/consultations/x-0.nothing", 404),
    ("/consultations/x-0.i-0?as_of=2020-01-01T00:00:00Z", 404),
    ("/consultations?party=%3Cscript%3E", 404),
    ("/requirements/nothing", 404),
    ("/requirements/r-0/figures/committed", 404),
    ("/coverage/figures/required?category=artillery&kind=units&unit=nothing", 404),
    ("/coverage/figures/score?category=artillery", 404),
    ("/statistics?step=week", 400),
    ("/statistics?category=everything", 400),
    ("/statistics?eu_institutions=some", 400),
    ("/statistics?from=1980-01-01", 400),
    ("/statistics?from=never", 400),
    ("/statistics?from=1990-01-01&step=month", 400),
    ("/statistics/figures/committed?category=artillery&kind=units&unit=nothing", 404),
    ("/upcoming?kind=nothing", 400),
    ("/observations/nothing", 404),
    ("/observations?claim=everything", 400),
    ("/observations?level=everything", 400),
    ("/observations?source=%3Cscript%3E", 404),
    ("/sanctions?as_of=2026-06-10&time=24:00", 400),
    ("/sanctions?as_of=2026-06-10&time=noon", 400),
    ("/sanctions?time=7", 400),
    ("/consultations?as_of=2026-06-10T12:00:00", 400),
    ("/feed?type=commitment.forgotten", 400),
    ("/feed?after=x", 400),
    ("/feed?party=%3Cscript%3E", 404),
    ("/no-such-page", 404),
]


@pytest.fixture(scope="module")
def hostile(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with attacked(postgres_server, tmp_path_factory.mktemp("attacked")) as one:
        yield one


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("path", "status"), WRONG)
def test_what_is_wrong_is_said_on_a_page(hostile: Served, path: str, status: int, language: Language) -> None:
    answer = hostile.get(f"/{language}{path}", headers=HTML)
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    page = Read(answer.text)
    assert f'<html lang="{language}">' in answer.text
    assert f"/{language}/" in page.links
    assert not [one for one in page.attributes if one[0] == "script"]


def test_programs_get_problem_documents(hostile: Served) -> None:
    for path in ("/no-such-page", "/v1/no-such-thing"):
        answer = hostile.get(path, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    answer = hostile.get("/v1/no-such-thing", headers=HTML)
    assert answer.headers["content-type"] == "application/problem+json"
    assert hostile.http.post("/overdue").status_code == 405


@pytest.mark.parametrize("number", range(len(HOSTILE_TITLES)))
def test_hostile_words_are_words(hostile: Served, number: int) -> None:
    title = HOSTILE_TITLES[number]
    for path in [f"/{kind}/{letter}-{number}" for kind, letter in KINDS] + [
        f"/consultations/x-{number}.i-{number}",
        "/guarantors/gb",
        "/sanctions",
        "/coverage",
        "/consultations",
        "/",
    ]:
        answer = hostile.get(f"/en{path}")
        assert answer.status_code == 200
        page = Read(answer.text)
        assert " ".join(title.split()) in page.text
        tags = {one[0] for one in page.attributes}
        assert not tags & {"script", "img"}
        assert not [one for one in page.attributes if one[1].startswith("on") or one[1] == "style"]
        assert SCRIPT not in answer.text
        assert ATTRIBUTE not in answer.text


def test_every_page_of_acts_survives_hostile_words(hostile: Served) -> None:
    for one in hostile.get("/v1/feed?limit=500").json()["data"]:
        answer = hostile.get(f"/uk/events/{one['event']}")
        assert answer.status_code == 200
        assert not {tag for tag, _, _ in Read(answer.text).attributes} & {"script", "img"}
    for path in ("/", "/instruments", "/feed", "/overdue", "/parties/de", "/guarantors/de"):
        assert LONG_WORD in Read(hostile.get(f"/en{path}").text).text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("uk", "uk"),
        ("uk-UA,uk;q=0.9,en;q=0.8", "uk"),
        ("de,uk;q=0.5", "uk"),
        ("en-US,en;q=0.9,uk;q=0.8", "en"),
        ("en;q=0.1,uk;q=0.2", "uk"),
        ("uk;q=0", "en"),
        ("uk;q=x", "en"),
        ("fr", "en"),
        ("", "en"),
        ("," * 5000, "en"),
    ],
)
def test_an_address_without_language_takes_that_of_the_browser(hostile: Served, accepted: str, language: str) -> None:
    answer = hostile.get("/overdue", headers={"Accept-Language": accepted})
    assert answer.headers["content-language"] == language
    assert answer.headers["vary"] == "Accept-Language"


def test_the_address_is_stronger_than_the_browser_and_the_switch_keeps_the_question(hostile: Served) -> None:
    answer = hostile.get("/en/overdue?as_of=2025-01-31", headers={"Accept-Language": "uk"})
    assert answer.headers["content-language"] == "en"
    assert "/uk/overdue?as_of=2025-01-31" in Read(answer.text).links
    assert Read(hostile.get("/uk").text).links["/en/"] == "English"


def test_a_page_that_has_not_changed_is_not_sent_again(hostile: Served) -> None:
    first = hostile.get("/en/overdue")
    tag = {"If-None-Match": first.headers["etag"]}
    again = hostile.get("/en/overdue", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert hostile.get("/en/overdue", headers={"If-None-Match": f'"other", {first.headers["etag"]}'}).status_code == 304
    for other in ("/uk/overdue", "/en/overdue?as_of=2025-01-31", "/en/overdue?known_at=3", "/en/instruments"):
        assert hostile.get(other, headers=tag).status_code == 200


def test_a_page_changes_with_the_log(ledger: Served, made: Founding) -> None:
    wait_until_folded(ledger)
    before = ledger.get("/en/feed")
    assert ledger.post(made.depositary.renaming("Renamed State", subject="de")).status_code == 201
    wait_until_folded(ledger)
    after = ledger.get("/en/feed", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert "Renamed State" in ledger.get("/en/parties/de").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ledger_that_is_no_demonstration_has_no_banner(hostile: Served, language: Language) -> None:
    assert BANNER[language] not in hostile.get(f"/{language}/").text


def test_a_ledger_in_which_nothing_is_recorded_says_so(unopened: tuple[Served, Founding]) -> None:
    one, _ = unopened
    wait_until_folded(one)
    assert "Nothing is recorded yet." in Read(one.get("/en/").text).text
    for path in ("/instruments", "/overdue", "/feed", "/verify", "/about"):
        assert one.get(f"/uk{path}").status_code == 200


def test_head_is_answered_without_a_body(hostile: Served) -> None:
    answer = hostile.http.head("/en/overdue")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"]
