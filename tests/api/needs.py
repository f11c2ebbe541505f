"""A served ledger with needs, promises, an organisation of the EU, rates, and one text with a clock."""

import csv
import io
import json
from typing import Any

from tests.acts import Founding, new_id, principal
from tests.api.served import Served
from tests.projections.world import day, goods, money, once, terms, yearly

Answer = dict[str, Any]
SOURCE = {"title": "Reference rates"}
GIVEN = {"goods": goods("10", "howitzer"), "back": money("20.00")}


def fill(ledger: Served, made: Founding) -> None:
    """Submit the acts; each must be admitted."""
    union = made.offices["eu"] = principal("eu")
    acts = [
        made.depositary.act(
            "party.admitted",
            subject="eu",
            kind="organisation",
            names=[{"language": "en", "name": "European Union"}],
            codes=[{"code": "EUE"}],
            roles=["guarantor"],
            principal=union.grant,
        )
    ]
    clock = {"basis": "notification_received", "convene_within_hours": 24, "decide_within_hours": 72}
    acts.append(
        made.depositary.act(
            "instrument.registered",
            instrument="pact",
            title={"en": "A pact"},
            kind="treaty",
            legal_character="legally_binding",
            profile={"effect": "on_signature", "clock": clock, "term": {"until": "2033-12-31"}},
            parties=list(made.offices),
        )
    )
    for office in made.offices.values():
        acts.append(office.act("instrument.signed", instrument="pact", occurred=day("2024-01-01")))
    acts += _promised(made)
    acts += _needed(made)
    for on, rate in (("2024-05-31", "11.4210"), ("2024-06-03", "11.4035")):
        rates = [{"currency": "SEK", "rate": rate}, {"currency": "ISK", "rate": "149.1"}]
        fields: Answer = {"series": "ecb", "source": SOURCE, "on": on, "base": "EUR", "rates": rates}
        acts.append(made.depositary.act("rates.published", **fields))
    outcomes = [json.loads(line) for line in ledger.batch(acts).text.splitlines()]
    assert [one["outcome"] for one in outcomes] == ["admitted"] * len(acts), outcomes


def _promised(made: Founding) -> list[bytes]:
    acts = []
    year = once("2024-01-01", "2024-12-31")
    for name, party, agreed in (
        ("a-joint", "gb", terms(goods("16", "howitzer"), year, "gb", "de")),
        ("b-crowns", "fr", terms(money("75000000000.00", "SEK"), year, "fr", category="military")),
        ("c-fund", "eu", terms(money("30.00"), yearly("2024-01-01", "2024-12-31"), "eu", category="military")),
        ("d-yen", "gb", terms(money("100", "JPY"), year, category="military")),
    ):
        event_id = new_id()
        fields: Answer = {"commitment": name, "instrument": "pact", "title": {"en": name}, "terms": agreed}
        acts.append(made.offices[party].act("commitment.made", event_id=event_id, occurred=day("2024-01-10"), **fields))
        for other in agreed["obligors"][1:]:
            acts.append(made.offices[other["party"]].act("consent.given", act=event_id, occurred=day("2024-01-11")))
    for party, delivery, named in (
        ("gb", "goods", {"commitment": "a-joint"}),
        ("eu", "back", {"commitment": "c-fund", "reimburses": "goods"}),
    ):
        fields = {"delivery": delivery, "milestone": "handed_over", "occurred": day("2024-05-01"), **named}
        acts.append(
            made.offices[party].act("delivery.recorded", lines=[{"line": 1, "object": GIVEN[delivery]}], **fields)
        )
    return acts


def _needed(made: Founding) -> list[bytes]:
    stated: Answer = {"quantity": "40", "unit": "howitzer", "occurred": day("2024-01-05"), "title": {"en": "Howitzers"}}
    needed_by = day("2024-04-01", "2024-06-30", "quarter")
    first: Answer = {**stated, "category": "artillery", "needed_by": needed_by}
    second: Answer = {**stated, "category": "air_defence"}
    return [
        made.beneficiary.act("requirement.stated", requirement="r-1", **first),
        made.beneficiary.act("requirement.stated", requirement="r-2", **second),
        made.beneficiary.act("requirement.met", requirement="r-2", occurred=day("2024-05-01")),
    ]


def ask(filled: Served, path: str, **query: str | int) -> Answer:
    """Return an answer about the newest tree: what was recorded a moment ago is in it."""
    found = filled.get(path, params={"known_at": filled.tree_size(), "as_of": "2024-06-01", **query})
    assert found.status_code == 200, found.text
    answer: Answer = found.json()
    return answer


def table(filled: Served, path: str, **query: str | int) -> list[dict[str, str]]:
    """Return an answer as the rows of its table."""
    found = filled.get(path, params={"as_of": "2024-06-01", "format": "csv", **query})
    assert found.headers["content-type"].startswith("text/csv"), found.text
    return list(csv.DictReader(io.StringIO(found.text)))


def lines(filled: Served, path: str, **query: str | int) -> list[Answer]:
    """Return an answer as the objects of its lines."""
    found = filled.get(path, params={"as_of": "2024-06-01", **query}, headers={"Accept": "application/x-ndjson"})
    return [json.loads(line) for line in found.text.splitlines()]
