"""What one cell means, and what it is not taken to mean."""

from datetime import date

import pytest

from ledger.client.errors import ClientError
from ledger.client.kiel.claims import ID_CHARACTERS_MAX, claim_id, read_claims
from ledger.client.kiel.files import CELL_CHARACTERS_MAX, COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX, UNPACKED_BYTES_MAX
from ledger.client.kiel.forms import LAYOUTS
from ledger.client.kiel.layouts import Table
from ledger.client.kiel.recording import first_id
from ledger.client.kiel.releases import RELEASE_7, release_of
from ledger.client.kiel.report import TREATMENTS, Counts
from ledger.client.kiel.stated import Stated
from ledger.client.kiel.values import Negative, Period, address, announced, bounded, number, readable
from tests.observations.page import PAGE, numbers_on_the_page

PERIOD = Period(date(2022, 1, 24), date(2022, 10, 3))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0"),
        ("20", "20"),
        ("216.66666666666666", "216.66666666666666"),
        ("1.50", "1.50"),
        ("007", "7"),
        ("1e3", "1000"),
        ("+5", "5"),
        (".5", "0.5"),
        ("-0", "0"),
        ("1.000.00", None),
        ("1,000", None),
        ("NaN", None),
        ("Infinity", None),
        ("1_000", None),
        ("1e30", None),
        ("9" * 19, None),
        ("0." + "1" * 19, None),
        ("", None),
        ("\u0967", None),
        ("12 tons", None),
    ],
)
def test_a_number_is_kept_with_all_its_decimals_or_is_none(text: str, written: str | None) -> None:
    assert number(text) == written


@pytest.mark.parametrize("text", ["-1", "-0.5", "-1e3"])
def test_nothing_below_zero_was_committed(text: str) -> None:
    with pytest.raises(Negative):
        number(text)


@pytest.mark.parametrize(
    ("first", "last", "precision", "read"),
    [
        ("2022-03-01", "2022-03-01", "day", "2022-03-01 2022-03-01 day -"),
        ("2022-03-01", "2022-03-31", "month", "2022-03-01 2022-03-31 month fuzzy_date:month"),
        ("2022-03-04", "2022-03-11", "range", "2022-03-04 2022-03-11 interval fuzzy_date:range"),
        ("", "2022-06-07", "not_after", "2022-01-24 2022-06-07 interval fuzzy_date:not_after"),
        ("", "", "unknown", "none fuzzy_date:unknown"),
        ("2922-02-09", "2922-02-09", "day", "none date_after_release:2922-02-09"),
        ("", "2027-04-06", "not_after", "none date_after_release:not_after 2027-04-06"),
        ("2022-03-11", "2022-03-04", "range", "none date_unreadable:2022-03-11/2022-03-04 range"),
        ("2022-02-30", "2022-02-30", "day", "none date_unreadable:2022-02-30/2022-02-30 day"),
        ("2022-03-01", "2022-03-01", "guessed", "none date_unreadable:2022-03-01/2022-03-01 guessed"),
        ("2022-03-01", "2022-03-05", "day", "2022-03-01 2022-03-05 interval fuzzy_date:range"),
        ("2022-03-01", "2022-07-05", "month", "2022-03-01 2022-07-05 interval fuzzy_date:range"),
        ("2022-03-01", "", "unknown", "none date_unreadable:2022-03-01/ unknown"),
    ],
)
def test_a_date_of_the_csv_keeps_its_precision(first: str, last: str, precision: str, read: str) -> None:
    assert _written(first, last, precision) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2022-03-01", "2022-03-01 2022-03-01 day -"),
        ("2022-03-01 00:00:00", "2022-03-01 2022-03-01 day -"),
        ("13/3/2022", "2022-03-13 2022-03-13 day -"),
        ("3/13/2022", "2022-03-13 2022-03-13 day -"),
        ("3/3/2022", "2022-03-03 2022-03-03 day -"),
        ("3/4/2022", "none date_unreadable:3/4/2022"),
        ("March 2022", "2022-03-01 2022-03-31 month fuzzy_date:month"),
        ("2022-02", "2022-02-01 2022-02-28 month fuzzy_date:month"),
        ("until 3/31/2022", "2022-01-24 2022-03-31 interval fuzzy_date:not_after"),
        ("before March 2022", "2022-01-24 2022-03-31 interval fuzzy_date:not_after"),
        ("2022-03-04/2022-03-11", "2022-03-04 2022-03-11 interval fuzzy_date:range"),
        ("2022-03-11 to 2022-03-04", "none date_unreadable:2022-03-11 to 2022-03-04"),
        ("31 February", "none date_unreadable:31 February"),
        ("2023-01-01", "none date_after_release:2023-01-01"),
        ("", "none fuzzy_date:unknown"),
    ],
)
def test_a_date_in_words_is_read_where_it_can_only_mean_one_thing(text: str, read: str) -> None:
    assert _written(text, "", "") == read


def _written(first: str, last: str, precision: str) -> str:
    dated = announced(first, last, precision, PERIOD)
    flags = ",".join(f"{one.flag}:{one.detail}" for one in dated.flags)
    if dated.when is None:
        return f"none {flags}"
    return f"{dated.when.first} {dated.when.last} {dated.when.precision} {flags or '-'}"


def test_text_loses_what_cannot_be_seen_and_says_so() -> None:
    assert bounded("plain", 10) == ("plain", ())
    assert readable("e\u0301\u200b\u202e\u00a0x\r\ny\x07") == "\u00e9 x\ny"
    text, flags = bounded("a\u200bb", 10)
    assert (text, [one.flag for one in flags]) == ("ab", ["text_cleaned"])
    text, flags = bounded("x" * 11, 10)
    assert (text, flags[0].flag, flags[0].detail) == ("x" * 10, "text_shortened", "11 characters")
    assert bounded("\u200b", 10)[0] is None


@pytest.mark.parametrize(
    ("text", "url", "flag"),
    [
        ("https://source.example/a?b=c#d", "https://source.example/a?b=c#d", None),
        ("https://source.example/\u0431", "https://source.example/%D0%B1", "address_encoded"),
        ("https://source.example/a b", "https://source.example/a%20b", "address_encoded"),
        ("https://" + "a" * 400, "https://" + "a" * 400, None),
        ("https://" + "a" * 401, None, "address_unusable"),
        ("javascript:alert(1)", None, "address_unusable"),
        ("an e-mail", None, "address_unusable"),
        ("", None, None),
    ],
)
def test_an_address_is_one_that_evidence_may_have(text: str, url: str | None, flag: str | None) -> None:
    found, flags = address(text)
    assert (found, [one.flag for one in flags]) == (url, [flag] if flag else [])


def test_an_id_is_the_same_for_the_same_claim_and_fits_whatever_the_source_calls_it() -> None:
    short = Stated(row=2, claim="committed", level="in_kind_item", donor="X", key=("AUM8", "4"))
    assert claim_id("rs", RELEASE_7, short) == "rs.kiel-r7.aum8-4.committed.item"
    names = ["T-72 (A)", "T-72 [A]", "x" * 200, "x" * 201, "\u0442\u0430\u043d\u043a", ""]
    long = [Stated(row=2, claim="delivered", level="system_total", donor="X", key=("D", name)) for name in names]
    ids = [claim_id("o" * 32, RELEASE_7, one) for one in long]
    assert max(map(len, ids)) <= ID_CHARACTERS_MAX
    assert len(set(ids)) >= len(ids) - 2
    assert [first_id(f"{one}{tail}") for one in ids for tail in ("", ".2", ".14")] == [
        one for one in ids for _ in "123"
    ]


def test_ids_that_would_be_one_are_refused_and_never_merged() -> None:
    stated = [
        Stated(row=number, claim="committed", level="system_total", donor="Donor", key=("Donor", name), item=name)
        for number, name in enumerate(("T-72 (A)", "T-72 [A]"), 2)
    ]
    read = read_claims(Table("systems", 2, tuple(stated), (), ()), RELEASE_7, "obs")
    assert (len(read.claims), [one.row for one in read.refused]) == (1, [3])


def test_another_release_needs_its_last_day() -> None:
    assert release_of("7", None, None) is RELEASE_7
    assert release_of("8", date(2022, 11, 20), None).id == "kiel-r8"
    for called, until in (("8", None), ("x", date(2022, 11, 20)), ("0", date(2022, 11, 20))):
        with pytest.raises(ClientError):
            release_of(called, until, None)


def test_an_account_that_does_not_add_up_is_never_shown() -> None:
    Counts(3, 1, 1, 1, 0, 0)
    with pytest.raises(AssertionError):
        Counts(3, 1, 1, 0, 0, 0)


def test_every_layout_names_what_it_requires_and_every_treatment_says_what_is_done() -> None:
    for layout in LAYOUTS:
        assert layout.required <= layout.columns.keys()
    assert all(meaning.endswith(".") for meaning in TREATMENTS.values())


def test_the_page_about_observations_explains_every_treatment_and_no_other() -> None:
    assert numbers_on_the_page().keys() == TREATMENTS.keys()
    page = PAGE.read_text(encoding="utf-8")
    mib = 1024 * 1024
    assert f"{FILE_BYTES_MAX // mib} MiB ({UNPACKED_BYTES_MAX // mib} MiB" in page
    assert f"{ROWS_MAX:,} rows, {COLUMNS_MAX} columns or {CELL_CHARACTERS_MAX:,} characters" in page
