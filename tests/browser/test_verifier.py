"""The verifier's page in a real browser: a good bundle, bad ones, nobody to believe; and it asks nobody anything."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.log.note import format_vkey
from ledger.signing.dsse import parse
from tests.acts import Founding, founding
from tests.api.served import Served, passing_ledger
from tests.browser.test_accessibility import AXE, VIOLATIONS, WIDER, WIDTHS, opened
from tests.verifier.ledgers import restamped

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VERDICT = "#verdict:not([hidden])"


@pytest.fixture(scope="module")
def made() -> Founding:
    return founding()


@pytest.fixture(scope="module")
def ledger(postgres_server: str, made: Founding) -> Iterator[Served]:
    with passing_ledger(postgres_server, made) as one:
        yield one


@pytest.fixture(scope="module")
def good(ledger: Served, made: Founding) -> str:
    return ledger.get(f"/v1/events/{parse(made.raws[3]).event.id}/bundle").text


@pytest.fixture
def page(browser: "Browser", ledger: Served) -> Iterator["Page"]:
    with opened(browser) as one:
        errors: list[str] = []
        one.on("pageerror", lambda error: errors.append(str(error)))
        one.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        one.goto(f"{ledger.url}/verifier/")
        yield one
        assert errors == []


def verdict(page: "Page", **fields: str) -> str:
    """Fill the form in, submit it, and return the verdict."""
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.evaluate("document.getElementById('verdict').hidden = true")
    page.click("button[type=submit]")
    page.wait_for_selector(VERDICT)
    return page.inner_text("#word")


def test_a_good_bundle_is_valid_and_says_of_what(page: "Page", made: Founding, good: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert verdict(page, text=good, vkeys=format_vkey(made.log_signer.vkey)) == "Valid"
    facts = page.inner_text("#facts")
    assert "party.admitted" in facts
    assert made.depositary.signers[0].key_id in facts
    assert f"of {made.origin}" in facts
    assert page.evaluate("document.activeElement.id") == "verdict"
    # What is verified here is told to nobody.
    assert asked == []


def test_a_bad_bundle_is_proven_invalid(page: "Page", made: Founding, good: str) -> None:
    vkey = format_vkey(made.log_signer.vkey)
    changed = good.replace('"recorded_at":"2026', '"recorded_at":"2025', 1)
    assert verdict(page, text=changed, vkeys=vkey) == "Proven invalid"
    assert "SHA-256" in page.inner_text("#reason")
    assert verdict(page, text=restamped(changed.encode()).decode(), vkeys=vkey) == "Proven invalid"
    assert "SHA-256" not in page.inner_text("#reason")
    assert page.inner_text("#facts") == ""
    assert verdict(page, text="<script>alert(1)</script>", vkeys=vkey) == "Proven invalid"
    assert verdict(page, text=good, vkeys=vkey) == "Valid"


def test_without_somebody_to_believe_nothing_is_decided(page: "Page", made: Founding, good: str) -> None:
    assert verdict(page, text=good) == "Cannot decide"
    assert verdict(page, text=good, vkeys="no key") == "Cannot decide"
    assert verdict(page, text="", vkeys=format_vkey(made.log_signer.vkey)) == "Cannot decide"
    policy = f"log {format_vkey(made.log_signer.vkey)}\nquorum none"
    assert verdict(page, text=good, vkeys="", policy=policy) == "Valid"
    assert verdict(page, text=good, policy="", anchor="00" * 32) == "Proven invalid"


def test_a_file_is_read_as_it_is(page: "Page", made: Founding, good: str, tmp_path: Path) -> None:
    file = tmp_path / "act.bundle"
    file.write_text(good)
    page.set_input_files("#file", file)
    assert verdict(page, vkeys=format_vkey(made.log_signer.vkey)) == "Valid"


@pytest.mark.parametrize(("scheme", "width"), [("light", min(WIDTHS)), ("dark", max(WIDTHS))])
def test_the_page_is_accessible_with_its_verdict(
    browser: "Browser", ledger: Served, made: Founding, good: str, scheme: str, width: int
) -> None:
    with opened(browser, scheme, width, bypass_csp=True) as one:
        one.goto(f"{ledger.url}/verifier/")
        assert verdict(one, text=good, vkeys=format_vkey(made.log_signer.vkey)) == "Valid"
        one.add_script_tag(content=AXE)
        assert one.evaluate(VIOLATIONS) == []
        assert one.evaluate(WIDER) <= 0
