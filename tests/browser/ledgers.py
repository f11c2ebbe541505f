"""Served ledgers with something to show: the demonstration, submitted as its parties would, and one whose words attack.

What is yielded has been folded: its pages show everything that was submitted.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ledger.client.connection import Connection
from ledger.client.demo import demonstrate
from ledger.client.http import LedgerClient
from ledger.client.scenario import load_scenario
from tests.acts import Founding, Office, admission, founding, principal
from tests.api.served import Served, found, served, settings_for
from tests.conftest import REPOSITORY
from tests.postgres import fresh_database
from tests.projections.world import day, goods, once, terms

DEMONSTRATION_ORIGIN: Final = "localhost/demonstration"
FOLD_SECONDS_MAX: Final = 30.0

SCRIPT: Final = "<script>document.title='owned'</script>"
ATTRIBUTE: Final = "\"'><img src=x onerror=alert(1)>"
TEMPLATE: Final = "{{ 7*7 }} %(day)s {% raw %} &lt;b&gt;"
RIGHT_TO_LEFT: Final = "הסכם ערבויות 2024 (א)"
LONG_WORD: Final = "Donaudampfschifffahrtsgesellschaft" * 8
LONG_UNIT: Final = "Flakpanzer" * 6

BEGAN_AT: Final = "2026-01-15T12:00:00Z"

HOSTILE_TITLES: Final = (SCRIPT, ATTRIBUTE, TEMPLATE, RIGHT_TO_LEFT, LONG_WORD)
"""Titles that the ledger admits, as it must: it has no opinion on words."""


@contextmanager
def demonstration(server: str, data: Path) -> Iterator[Served]:
    """Yield the demonstration of `make demo` on the database server `server`."""
    made = founding(DEMONSTRATION_ORIGIN)
    with fresh_database(server) as url, served(settings_for(made, url, data)) as one:
        with Connection(one.url) as connection:
            done = demonstrate(
                LedgerClient(connection), load_scenario(REPOSITORY / "examples" / "compact"), data, lambda *_: None
            )
        assert not done.refused, done.refused
        wait_until_folded(one)
        yield one


@contextmanager
def attacked(server: str, data: Path) -> Iterator[Served]:
    """Yield a ledger in which every free text is one of HOSTILE_TITLES: commitments `c-0`, `c-1`, … under `i-0`, …"""
    made = founding()
    with fresh_database(server) as url, served(settings_for(made, url, data)) as one:
        found(one, made)
        observer = principal("institute", ledger=made.origin)
        acts = [admission(made.depositary, observer, "observer")]
        for number, title in enumerate(HOSTILE_TITLES):
            acts += [*_hostile(made, number, title), *_hostile_alarm(made, observer, number, title)]
        outcomes = [json.loads(line) for line in one.batch(acts).text.splitlines()]
        assert {outcome["outcome"] for outcome in outcomes} == {"admitted"}, outcomes
        wait_until_folded(one)
        yield one


def _said(text: str) -> dict[str, Any]:
    return {"note": {"en": f"{text}\n{text}"}, "evidence": [{"title": text, "url": "https://a.b/'>"}]}


def _hostile(made: Founding, number: int, text: str) -> Iterator[bytes]:
    instrument, commitment, delivery = f"i-{number}", f"c-{number}", f"d-{number}"
    said = _said(text)
    name = {"language": "en", "name": text, "since": f"2024-01-0{number + 1}"}
    yield made.depositary.act("party.renamed", subject="de", names=[name])
    yield made.depositary.act(
        "instrument.registered",
        instrument=instrument,
        title={"en": text},
        kind="treaty",
        legal_character="legally_binding",
        profile={"effect": "on_signature", "clock": {"basis": "attack", "convene_within_hours": 24}},
        parties=list(made.offices),
        place=text,
        **said,
    )
    guarantor = made.offices["gb"]
    yield guarantor.act("instrument.signed", instrument=instrument, occurred=day("2024-01-01"), signatory=text)
    yield guarantor.act("instrument.reserved", instrument=instrument, text=text, occurred=day("2024-01-01"))
    agreed = terms(goods("80", LONG_UNIT), once("2024-01-01", "2024-12-31"), channel=text, conditions={"en": text})
    yield guarantor.act(
        "commitment.made",
        commitment=commitment,
        instrument=instrument,
        title={"en": text},
        article=text,
        terms=agreed,
        occurred=day("2024-01-10"),
        **said,
    )
    yield guarantor.act(
        "delivery.recorded",
        delivery=delivery,
        commitment=commitment,
        milestone="handed_over",
        lines=[{"line": 1, "object": goods("20", LONG_UNIT), "description": text}],
        occurred=day("2024-06-01"),
        **said,
    )
    yield made.beneficiary.act(
        "delivery.disputed",
        delivery=delivery,
        lines=[{"line": 1, "amount": "5"}],
        grounds="defective",
        statement=text,
        occurred=day("2024-07-01"),
    )


def _hostile_alarm(made: Founding, observer: Office, number: int, text: str) -> Iterator[bytes]:
    """A measure `m-0` that is lifted early, a need `r-0`, a claim `o-0`, a breach `x-0` and what is answered to it."""
    guarantor, short, said = made.offices["gb"], text[:200], _said(text)
    yield guarantor.act(
        "measure.adopted",
        measure=f"m-{number}",
        programme="GB-RUS",
        title={"en": text},
        types=["other"],
        targets=[short],
        legal_act=short,
        default_rule={"kind": "until", "condition": {"en": text}},
        parts=[{"part": "whole", "what": {"en": text}}, {"part": "rest", "what": {"en": text}}],
        exit_conditions=[{"condition": "peace", "what": {"en": text}}],
        **said,
    )
    yield guarantor.act("measure.lifted", measure=f"m-{number}", parts=["rest"], legal_act=short, reason=text)
    need: dict[str, Any] = {
        "requirement": f"r-{number}",
        "title": {"en": text},
        "category": "artillery",
        "quantity": "9",
    }
    yield made.beneficiary.act("requirement.stated", **need, unit=LONG_UNIT, **said)
    yield made.beneficiary.act("requirement.revised", requirement=f"r-{number}", quantity="10", reason=text)
    yield observer.act(
        "observation.recorded",
        observation=f"o-{number}",
        about=text[:40],
        claim="committed",
        level="in_kind_item",
        release="release",
        activity=short,
        category="artillery",
        heading={"general": short, "specific": short},
        source={"title": text, "url": "https://a.b/"},
        row=1,
        quantity={"status": "unparsable", "item": short, "subtype": short, "stated": short},
        flags=[{"flag": "quantity_unparsable", "detail": short}],
        text=text,
    )
    described: dict[str, Any] = {
        "crisis": f"x-{number}",
        "kind": "breach",
        "description": {"en": text},
        "began_at": BEGAN_AT,
    }
    yield made.beneficiary.act("aggression.notified", **described, **said)
    consultation, at = f"x-{number}.i-{number}", "2026-01-17T13:00:00Z"
    meeting: dict[str, Any] = {"consultation": consultation, "convened_at": at, "level": "experts", "legal_basis": text}
    yield guarantor.act("consultation.convened", **meeting)
    yield guarantor.act("decision.declined", consultation=consultation, decided_at=at, statement=text)
    yield made.beneficiary.act("consultation.closed", consultation=consultation, reason=text)


def wait_until_folded(one: Served) -> None:
    """Return when the read models have reached the end of the log."""
    give_up = time.monotonic() + FOLD_SECONDS_MAX
    while one.get("/v1/overdue").json().get("known_at") != one.tree_size():
        assert time.monotonic() < give_up, "the read models did not follow in time"
        time.sleep(0.05)


def an_event(one: Served, event_type: str) -> str:
    """Return the id of the first recorded act of a type."""
    event: str = one.get("/v1/feed", params={"type": event_type, "limit": 1}).json()["data"][0]["event"]
    return event
