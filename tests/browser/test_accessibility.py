"""Every page in a real browser: no violation that axe finds, nothing wider than the screen, no need of scripts.

The auditor is axe-core, vendored for these tests. A control shows that each check can fail.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.api.served import Served
from tests.browser.alarmed import ATTACK, PACT
from tests.browser.ledgers import HOSTILE_TITLES, an_event

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VENDOR: Final = Path(__file__).parent / "vendor"
AXE: Final = (VENDOR / "axe.min.js").read_text(encoding="utf-8")

LANGUAGES: Final = ("en", "uk")
SCHEMES: Final = ("light", "dark")
WIDTHS: Final = (360, 768, 1280)
HEIGHT: Final = 900

PAGES: Final = (
    "/",
    "/guarantors/dk",
    "/guarantors/gb?as_of=2024-06-30",
    "/guarantors/gb/figures/committed?kind=money&unit=GBP",
    "/commitments/zuzana-2",
    "/commitments/p-lv-1",
    "/instruments",
    "/instruments/uk-2025-100y",
    "/deliveries/pt-m113-2022",
    "/parties/gb",
    "/overdue",
    "/feed?type=delivery.*",
    "/verify",
    "/about",
    "/no-such-page",
)

ALARM_PAGES: Final = (
    "/",
    "/sanctions",
    "/sanctions/gb-oil",
    f"/crises/{ATTACK}",
    f"/consultations/{ATTACK}.{PACT}",
    "/upcoming",
    "/coverage",
    "/requirements/guns",
    "/statistics?unit=howitzer",
    "/observations?claim=committed&level=activity_total",
    "/observations/r7-hidden",
)
"""Pages of the ledger with sanctions and attacks."""

WIDER: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VIOLATIONS: Final = """async () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  // There are no media to load, and the HTML of an element says which it is.
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false, selectors: false});
  return found.violations.map(one => [one.id, one.nodes.map(node => node.html + " " + node.failureSummary)]);
}"""


@contextmanager
def opened(browser: "Browser", scheme: str = "light", width: int = 1280, **options: Any) -> Iterator["Page"]:
    """Yield a page of its own, as wide and as bright as it says."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, **options)  # type: ignore[arg-type]
    try:
        yield context.new_page()
    finally:
        context.close()


def violations(page: "Page") -> list[Any]:
    """Return what axe finds, with everything that can be folded out folded out."""
    page.evaluate(AXE)
    found: list[Any] = page.evaluate(VIOLATIONS)
    return found


OFTEN: Final = (("en", "light", 360), ("uk", "dark", 1280))
"""The combinations that the ordinary suite tries; the others are marked slow."""


def combinations(often: Collection[tuple[str, str, int]] = OFTEN) -> Iterator[Any]:
    for one in product(LANGUAGES, SCHEMES, WIDTHS):
        yield pytest.param(*one, marks=[] if one in often else [pytest.mark.slow])


@pytest.mark.parametrize(("language", "scheme", "width"), [*combinations()])
def test_no_page_shuts_anybody_out(browser: "Browser", demo: Served, language: str, scheme: str, width: int) -> None:
    paths = [*PAGES, f"/events/{an_event(demo, 'commitment.made')}"]
    findings = {}
    with opened(browser, scheme, width) as page:
        for path in paths:
            page.goto(f"{demo.url}/{language}{path}")
            if found := violations(page):
                findings[path] = found
            if (wider := page.evaluate(WIDER)) > 0:
                findings[f"{path} is too wide"] = [wider]
    assert findings == {}


@pytest.mark.parametrize(("language", "scheme", "width"), [*combinations([("uk", "light", 360)])])
def test_no_page_of_an_alarm_shuts_anybody_out(
    browser: "Browser", alarm: Served, language: str, scheme: str, width: int
) -> None:
    findings = {}
    with opened(browser, scheme, width) as page:
        for path in ALARM_PAGES:
            page.goto(f"{alarm.url}/{language}{path}")
            if found := violations(page):
                findings[path] = found
            if (wider := page.evaluate(WIDER)) > 0:
                findings[f"{path} is too wide"] = [wider]
    assert findings == {}


def test_an_instant_is_asked_about_without_scripts_by_keyboard_alone(browser: "Browser", alarm: Served) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{alarm.url}/en/consultations/{ATTACK}.{PACT}")
        page.locator("summary").first.press("Enter")
        page.get_by_label("What was true on this day").fill("2030-06-01")
        page.get_by_label("at this time, UTC").fill("12:30:15")
        page.get_by_role("button", name="Show").press("Enter")
        assert "As of 1 Jun 2030, 12:30:15\N{NO-BREAK SPACE}UTC" in page.locator("main").inner_text()
        assert page.get_by_label("at this time, UTC").input_value() == "12:30:15"
        assert page.locator(".tag-missed").count() == 1


HOSTILE_PAGES: Final = ("/", "/guarantors/gb", "/parties/de", "/feed", "/overdue", "/instruments")
"""Where all hostile words stand together."""


@pytest.mark.parametrize("axe_on_all", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_hostile_words_neither_run_nor_widen_a_page(browser: "Browser", hostile: Served, axe_on_all: bool) -> None:
    """Every page narrow and wide. Wide, axe is asked where all words stand together, and with `-m slow` everywhere."""
    findings: dict[str, Any] = {}
    said: list[str] = []
    with opened(browser) as page:
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        one_of_each = [
            f"/{kind}/{letter}-{number}"
            for number in range(len(HOSTILE_TITLES))
            for kind, letter in (("commitments", "c"), ("instruments", "i"), ("deliveries", "d"))
        ]
        event = f"/events/{an_event(hostile, 'commitment.made')}"
        longest = len(HOSTILE_TITLES) - 1
        one_of_each += [
            f"/{kind}-{longest}" for kind in ("sanctions/m", "requirements/r", "observations/o", "crises/x")
        ]
        one_of_each += [f"/consultations/x-{longest}.i-{longest}", "/sanctions", "/consultations", "/coverage"]
        for path in (*HOSTILE_PAGES, event, *one_of_each):
            page.goto(f"{hostile.url}/en{path}")
            assert page.title() != "owned"
            for width in (max(WIDTHS), min(WIDTHS)):
                page.set_viewport_size({"width": width, "height": HEIGHT})
                asks_axe = axe_on_all or width == min(WIDTHS) or path in HOSTILE_PAGES
                if asks_axe and (found := violations(page)):
                    findings[f"{path} at {width}"] = found
                if (wider := page.evaluate(WIDER)) > 0:
                    findings[f"{path} is too wide at {width}"] = [wider]
    assert findings == {}
    assert said == []


def test_pages_work_without_scripts_by_keyboard_alone(browser: "Browser", demo: Served) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{demo.url}/en/overdue")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        page.keyboard.press("Enter")
        page.wait_for_url("**/en/overdue#content")
        page.locator("summary").first.press("Enter")
        page.get_by_label("What was true on this day").fill("2025-03-31")
        page.get_by_role("button", name="Show").press("Enter")
        assert "As of 31 March 2025" in page.locator("main").inner_text()
        page.get_by_role("link", name="Українська").click()
        assert page.url.startswith(f"{demo.url}/uk/overdue?")
        assert "31 березня 2025" in page.locator("main").inner_text()


def test_the_feed_is_filtered_by_its_form(browser: "Browser", demo: Served) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{demo.url}/en/feed")
        page.get_by_label("Party").select_option("gb")
        page.get_by_label("Kind of act").select_option("delivery.*")
        page.get_by_role("button", name="Show").last.click()
        rows = page.locator("tbody tr")
        assert rows.count() >= 1
        assert all(row.startswith("Delivery") for row in page.locator("tbody th").all_inner_texts())


def test_everything_loads_from_the_ledger_itself(browser: "Browser", demo: Served) -> None:
    asked: list[str] = []
    with opened(browser) as page:
        page.on("request", lambda request: asked.append(request.url))
        for path in PAGES:
            page.goto(f"{demo.url}/uk{path}")
    assert len(asked) > len(PAGES)
    assert all(url.startswith(f"{demo.url}/") for url in asked)
    assert not [url for url in asked if url.endswith(".js")]


def test_print_leaves_out_what_paper_cannot_do(browser: "Browser", demo: Served) -> None:
    with opened(browser) as page:
        page.goto(f"{demo.url}/en/feed")
        page.emulate_media(media="print")
        assert page.locator(".demonstration").is_visible()
        assert page.locator("table").is_visible()
        assert not page.locator("nav.menu").is_visible()
        assert not page.locator("form.filter").is_visible()


def test_the_checks_can_fail(browser: "Browser") -> None:
    with opened(browser, width=360) as page:
        page.set_content("<html><body><img src=x><p style='width:2000px;color:#ccc'>pale</p></body></html>")
        found = {name for name, _ in violations(page)}
        assert {"image-alt", "html-has-lang", "color-contrast"} <= found
        assert page.evaluate(WIDER) > 0


def test_the_vendored_auditor_is_the_published_one() -> None:
    listed = (VENDOR / "VENDORED").read_text(encoding="utf-8").partition("SHA-256:\n")[2]
    names = set()
    for line in listed.splitlines():
        digest, name = line.split()
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == digest
        names.add(name)
    assert names | {"VENDORED"} == {path.name for path in VENDOR.iterdir()}
