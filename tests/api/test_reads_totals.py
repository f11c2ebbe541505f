"""Totals, statistics, rates and conversions, over HTTP on a served ledger."""

import pytest

from tests.acts import Founding
from tests.api.needs import Answer, ask, fill, lines, table
from tests.api.served import Served

HEADLINES = ("committed", "delivered", "acknowledged", "overdue")


@pytest.fixture(scope="module")
def filled(ledger: Served, made: Founding) -> Served:
    fill(ledger, made)
    return ledger


def by_unit(found: Answer) -> dict[str, Answer]:
    return {line["unit"]: line for line in found["lines"]}


def headline(line: Answer) -> list[str]:
    return [line[name]["amount"] for name in HEADLINES]


def test_totals_with_and_without_the_institutions_of_the_union(filled: Served) -> None:
    whole = ask(filled, "/v1/totals")["data"]
    assert (whole["eu_institutions"], whole["institutions"], whole["into"]) == ("with", ["eu"], None)
    assert headline(by_unit(whole)["howitzer"]) == ["16", "10", "0", "0"]
    # What the Union paid back is beside, and no second delivery.
    assert headline(by_unit(whole)["EUR"]) == ["30.00", "0.00", "0.00", "0.00"]
    assert by_unit(whole)["EUR"]["reimbursements"]["amount"] == "20.00"
    members = ask(filled, "/v1/totals", eu_institutions="without")["data"]
    assert by_unit(members).keys() == {"howitzer", "SEK", "JPY"}
    assert (members["institutions"], members["commitments"], whole["commitments"]) == (["eu"], 3, 4)


def test_totals_in_one_currency_name_each_rate_and_what_has_none(filled: Served) -> None:
    answer = ask(filled, "/v1/totals", **{"in": "EUR"}, as_of="2024-06-02", explain="true")
    found = answer["data"]
    converted = by_unit(found)["SEK"]["converted"]
    assert (converted["committed"]["amount"], converted["rate"]["on"], converted["rate"]["units"]) == (
        *("6566850538.48", "2024-05-31", "11.4210"),
    )
    assert (converted["rate"]["rule"], converted["rate"]["source"]) == ("published_on_or_before", "Reference rates")
    assert (by_unit(found)["JPY"]["converted"], found["without_rate"]) == (None, ["JPY"])
    assert found["converted"][-1]["committed"]["amount"] == "6566850568.48"
    assert converted["rate"]["event"] in {act["event"] for act in answer["explain"]}
    assert by_unit(found)["SEK"]["committed"]["amount"] == "75000000000.00"
    rows = {row["unit"]: row for row in table(filled, "/v1/totals", **{"in": "EUR"})}
    assert (rows["SEK"]["converted.committed"], rows["JPY"]["converted.committed"]) == ("6566850538.48", "")
    assert len(lines(filled, "/v1/totals")) == 4


def test_totals_in_a_currency_that_nothing_is_quoted_in_are_not_converted(filled: Served) -> None:
    found = ask(filled, "/v1/totals", **{"in": "SEK"})["data"]
    assert by_unit(found)["SEK"]["converted"]["rate"]["rule"] == "same_currency"
    assert found["without_rate"] == ["EUR", "JPY"]
    assert ask(filled, "/v1/totals", **{"in": "EUR"}, series="other")["data"]["without_rate"] == ["JPY", "SEK"]


def test_statistics_are_rows_for_a_chart(filled: Served) -> None:
    query = {"from": "2024-04-01", "until": "2024-06-30"}
    found = ask(filled, "/v1/statistics", **query, **{"in": "EUR"})["data"]
    assert [one["on"] for one in found["points"]] == ["2024-04-30", "2024-05-31", "2024-06-30"]
    howitzers = [row for row in found["rows"] if row["unit"] == "howitzer"]
    assert [row["delivered"]["amount"] for row in howitzers] == ["0", "10", "10"]
    crowns = [row["converted"] for row in found["rows"] if row["unit"] == "SEK"]
    assert [one and one["committed"]["amount"] for one in crowns] == [None, "6566850538.48", "6576928136.10"]
    rows = table(filled, "/v1/statistics", **query, category="artillery")
    assert [(row["on"], row["unit"], row["delivered"]) for row in rows] == [
        ("2024-04-30", "howitzer", "0"),
        ("2024-05-31", "howitzer", "10"),
        ("2024-06-30", "howitzer", "10"),
    ]
    assert [one["on"] for one in lines(filled, "/v1/statistics", **query, party="de")] == [row["on"] for row in rows]


def test_statistics_are_of_twelve_periods_until_the_day_unless_they_are_told_otherwise(filled: Served) -> None:
    months = ask(filled, "/v1/statistics")["data"]
    assert (len(months["points"]), months["since"], months["until"]) == (12, "2023-07-01", "2024-06-01")
    years = ask(filled, "/v1/statistics", step="year", eu_institutions="without")["data"]
    assert (len(years["points"]), years["points"][0]["first"]) == (12, "2013-01-01")
    assert {row["unit"] for row in years["rows"]} == {"howitzer", "SEK", "JPY"}
    earlier = ask(filled, "/v1/statistics", known_at=3)["data"]
    assert (len(earlier["points"]), earlier["rows"]) == (12, [])


def test_the_last_rates_on_or_before_a_day(filled: Served) -> None:
    for on, published in (("2024-05-31", "2024-05-31"), ("2024-06-02", "2024-05-31"), ("2024-06-03", "2024-06-03")):
        found = ask(filled, "/v1/rates", on=on)["data"]
        assert (found["on"], found["base"], found["published_by"]) == (published, "EUR", "depositary")
        assert found["events"] == [found["event"]]
    assert ask(filled, "/v1/rates")["data"]["on"] == "2024-05-31"
    for query in ({"on": "2024-05-30"}, {"on": "2024-07-05"}, {"series": "other"}):
        found = filled.get("/v1/rates", params={"as_of": "2024-06-01", **query})
        assert (found.status_code, found.json()["code"]) == (404, "not_found")


def test_an_amount_is_converted_by_the_friday_on_a_weekend(filled: Served) -> None:
    query: dict[str, str | int] = {"from": "SEK", "into": "EUR", "amount": "75000000000.00"}
    found = ask(filled, "/v1/rates/conversion", **query, on="2024-06-02")["data"]
    assert (found["converted"]["amount"], found["on"], found["rate"]["on"]) == (
        *("6566850538.48", "2024-06-02", "2024-05-31"),
    )
    assert found["converted"]["events"] == [found["rate"]["event"]]
    ours = ask(filled, "/v1/rates/conversion", **{**query, "from": "ISK", "amount": "4000000000"})["data"]
    assert ours["converted"]["amount"] == "26827632.46"
    retired = ask(filled, "/v1/rates/conversion", **{**query, "from": "HRK", "amount": "7.53"})["data"]
    assert (retired["rate"]["rule"], retired["rate"]["event"], retired["converted"]["amount"]) == (
        *("irrevocable", None, "1.00"),
    )


@pytest.mark.parametrize(
    "query",
    [
        "amount=1&from=JPY&into=EUR&on=2024-06-01",
        "amount=1.00&from=SEK&into=EUR&on=2024-05-30",
        "amount=1.00&from=EUR&into=SEK&on=2024-06-01",
        "amount=1.00&from=SEK&into=EUR&on=2024-06-01&series=other",
        "amount=1.00&from=HRK&into=EUR&on=2022-12-31",
        "amount=1.00&from=SEK&into=EUR&on=2024-06-01&known_at=3",
    ],
)
def test_without_a_rate_there_is_no_conversion(filled: Served, query: str) -> None:
    found = filled.get(f"/v1/rates/conversion?{query}")
    assert (found.status_code, found.json()["code"]) == (404, "not_found"), found.text
    assert "a rate of" in found.json()["expected"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/totals?in=eur",
        "/v1/totals?in=QQQ",
        "/v1/totals?eu_institutions=maybe",
        "/v1/totals?in=EUR&series=E",
        "/v1/statistics?step=day",
        "/v1/statistics?category=cakes",
        "/v1/statistics?from=2024-02-30",
        "/v1/statistics?from=yesterday",
        "/v1/statistics?until=2090-01-01",
        "/v1/statistics?from=2024-06-01&until=2024-05-31",
        "/v1/statistics?from=2010-01-01&until=2024-01-31",
        "/v1/statistics?party=Nobody",
        "/v1/statistics?in=QQQ",
        "/v1/rates?on=2024-13-01",
        "/v1/rates?series=",
        "/v1/rates/conversion?amount=1.00&from=SEK",
        "/v1/rates/conversion?from=SEK&into=EUR",
        "/v1/rates/conversion?amount=-1.00&from=SEK&into=EUR",
        "/v1/rates/conversion?amount=1e9&from=SEK&into=EUR",
        "/v1/rates/conversion?amount=1&from=SEK&into=EUR",
        "/v1/rates/conversion?amount=1.00&from=ISK&into=EUR",
        "/v1/rates/conversion?amount=1.00&from=QQQ&into=EUR",
        "/v1/rates/conversion?amount=1.00&from=SEK&into=QQQ",
        "/v1/rates/conversion?amount=1.00&from=SEK&into=EUR&on=today",
    ],
)
def test_what_is_not_valid_is_refused_with_what_was_expected(filled: Served, path: str) -> None:
    found = filled.get(path)
    assert (found.status_code, found.json()["code"]) == (422, "query_invalid"), found.text
    assert found.json()["do"]


def test_every_address_has_an_example_of_its_answer(filled: Served) -> None:
    document = filled.get("/openapi.json").json()
    for path in ("/v1/totals", "/v1/statistics", "/v1/rates", "/v1/rates/conversion", "/v1/coverage", "/v1/upcoming"):
        answer = document["paths"][path]["get"]["responses"]["200"]["content"]
        assert answer["application/json"]["example"]["data"], path
        assert {"text/csv", "application/x-ndjson"} <= answer.keys()
    named = {parameter["name"] for parameter in document["paths"]["/v1/statistics"]["get"]["parameters"]}
    assert {"from", "until", "step", "in", "party", "category"} <= named
