"""Files that are no such table, or nearly: each is refused with what is wrong with it, or read as what it says."""

import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from ledger.client.errors import ClientError
from ledger.client.kiel import files
from ledger.client.kiel.claims import Read, read_claims
from ledger.client.kiel.files import NO_VALUE, read_file, read_table
from ledger.client.kiel.layouts import Table, table_of
from ledger.client.kiel.releases import RELEASE_7
from tests.observations.observers import COLUMNS, ITEM, TOTAL, csv_text, row

GOOD = csv_text([TOTAL, ITEM])
Cell = str | int | float | bool | datetime | None


def tabled(path: Path) -> Table:
    return table_of(path, read_table(path, read_file(path)))


def claims(path: Path) -> Read:
    return read_claims(tabled(path), RELEASE_7, "obs")


def refusal(path: Path) -> str:
    with pytest.raises(ClientError) as raised:
        tabled(path)
    return str(raised.value)


def written(directory: Path, raw: str | bytes, name: str = "table.csv") -> Path:
    path = directory / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return path


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "an empty file"),
        (b" \r\n\r\n", "an empty file"),
        (GOOD.encode("utf-16"), "UTF-16, by its first two bytes"),
        (GOOD.replace("invented", "Übergabe").encode("latin-1"), "byte 0xdc at"),
        (GOOD.replace("invented", "in\0vented"), "a NUL in line 2"),
        (GOOD.replace("invented", "i" * 32_768), "32780 in row 2, column 25"),
        (GOOD.replace("invented", "i" * 140_000), "field larger than field limit"),
        (csv_text([TOTAL], separator=";"), "columns separated by semicolons"),
        (csv_text([TOTAL], separator="\t"), "columns separated by tabs"),
        (csv_text([TOTAL], COLUMNS[1:]), "none called record_type"),
        (
            csv_text([TOTAL], [name for name in COLUMNS if "val" not in name]),
            "none called value_eur, valuation_basis",
        ),
        (csv_text([TOTAL], (*COLUMNS, "amount")), "amount twice"),
        (csv_text([]), "expected"),
        ("name,age\r\nAnna,7\r\n", "name, age"),
        (GOOD.replace('"An invented package."', '"An invented package.","and more"', 1), "26. Look for a comma"),
        (GOOD + '"open', "unexpected end of data"),
        (GOOD.replace('"An invented package."', '"An" invented package."', 1), "',' expected after '\"'"),
        (b"PK\x03\x04 and nothing that follows", "an xlsx workbook"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_the_place(tmp_path: Path, raw: str | bytes, said: str) -> None:
    assert said in refusal(written(tmp_path, raw))


def test_a_header_without_rows_is_no_table(tmp_path: Path) -> None:
    assert "rows under the header" in refusal(written(tmp_path, csv_text([])))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.csv")


@pytest.mark.parametrize(("bound", "said"), [("FILE_BYTES_MAX", "at most 99 bytes"), ("ROWS_MAX", "at most 99 rows")])
def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, said: str) -> None:
    monkeypatch.setattr(files, bound, 99)
    rows = [row(TOTAL, activity_id=f"XXM{number}") for number in range(120)]
    assert said in refusal(written(tmp_path, csv_text(rows)))


def test_a_byte_order_mark_other_line_ends_and_empty_rows_are_no_matter(tmp_path: Path) -> None:
    raw = ("\ufeff" + GOOD.replace("\r\n", "\n") + "\n\n").encode()
    assert [claim.row for claim in claims(written(tmp_path, raw)).claims] == [2, 3]


def test_columns_are_found_by_name_in_any_order_and_unknown_ones_are_named(tmp_path: Path) -> None:
    turned = csv_text([{**TOTAL, "remark": "seen"}], (*reversed(COLUMNS), "remark"))
    path = written(tmp_path, turned.replace("record_type", " RECORD_TYPE "))
    assert tabled(path).unknown_columns == ("remark",)
    assert claims(path).claims[0].fields == claims(written(tmp_path, csv_text([TOTAL]), "plain.csv")).claims[0].fields


@pytest.mark.parametrize("text", ["NaN", "inf", "1.000.00", "1,000", "dozens", "0x10", "1_000", "\u0661"])
def test_an_amount_or_a_quantity_that_is_no_number_is_kept_in_words(tmp_path: Path, text: str) -> None:
    rows = [row(TOTAL, amount=text), row(ITEM, quantity=text, quantity_status="")]
    total, item = claims(written(tmp_path, csv_text(rows))).claims
    assert "sum" not in total.fields
    assert [(flag.flag, flag.detail) for flag in total.flags] == [("amount_unparsable", text)]
    quantity = item.fields["quantity"]
    assert (quantity.status, quantity.quantity, quantity.stated) == ("unparsable", None, text)


HEADER = (
    *("Countries", "ID", "Announcement Date", "Type of Aid General", "Type of Aid Specific", "Explanation"),
    *("Original Currency", "Monetary Value as Given by Source", "Converted Value in EUR"),
    *("Total monetary value delivered in EUR", "Item", "Sub-type of item", "No. of Units", "Deliv. numb"),
    *("Value committed (own estimate, in USD)", "Source of Aid 1", "Colour"),
)
MAIN_SHEET = "Bilateral Assistance, MAIN DATA"
MARCH_1 = datetime(2022, 3, 1)  # noqa: DTZ001 - a cell of a workbook has no time zone
PACKAGE: tuple[Cell, ...] = (
    *("United Kingdom", "XXM1", MARCH_1, "Military", "Weapons", "An invented package."),
    *("GBP", 1000.5, 1150.25, 800, "carrier", "Tracked", 20, 18, 5, "https://source.example/1", "red"),
)
NEXT_LINE: tuple[Cell, ...] = (
    *("United Kingdom", "XXM1", "until 3/31/2022", "Military", "Weapons", "An invented package."),
    *(".", ".", ".", ".", "helmet", ".", "undisclosed", ".", "No price", ".", None),
)

Sheet = Callable[..., Path]


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    """Write a workbook with the sheet of bilateral assistance and return its path."""

    def saved(
        *rows: Sequence[Cell], title: str = "Bilateral Assistance, MAIN DATA", beside: Sequence[str] = ()
    ) -> Path:
        workbook = openpyxl.Workbook()
        page = workbook.active
        assert page is not None
        page.title = title
        for one in rows:
            page.append(tuple(one))
        for name in beside:
            workbook.create_sheet(name)
        path = tmp_path / "workbook.xlsx"
        workbook.save(path)
        return path

    return saved


def test_a_row_of_the_workbook_is_up_to_four_claims(sheet: Sheet) -> None:
    path = sheet(("A title",), (), HEADER, PACKAGE, NEXT_LINE, beside=["ReadMe"])
    read = claims(path)
    assert tabled(path).unknown_columns == ("Colour",)
    assert read.refused == ()
    found = {claim.id.removeprefix("obs.kiel-r7.xxm1-"): claim for claim in read.claims}
    of_first = ("1.committed.total", "1.delivered.total", "1.committed.item", "1.delivered.item")
    assert tuple(found) == (*of_first, "2.committed.item")
    total = found["1.committed.total"].fields
    assert (total["sum"].amount, total["sum"].currency, total["sum_eur"], total["row"]) == (
        "1000.5",
        "GBP",
        "1150.25",
        4,
    )
    assert total["announced"].first == total["announced"].last == MARCH_1.date()
    assert found["1.delivered.total"].fields["sum_eur"] == "800"
    assert found["1.delivered.item"].fields["quantity"].quantity == "18"
    second = found["2.committed.item"].fields
    assert (second["quantity"].status, second["announced"].last.day) == ("undisclosed", 31)
    assert "sum" not in second


def test_the_sheet_saved_as_csv_says_the_same(sheet: Sheet, tmp_path: Path) -> None:
    text = "\n".join(
        ",".join(
            f'"{one.date().isoformat() if isinstance(one, datetime) else "" if one is None else one}"' for one in cells
        )
        for cells in (HEADER, PACKAGE, NEXT_LINE)
    )
    of_csv = claims(written(tmp_path, text))
    of_sheet = claims(sheet(HEADER, PACKAGE, NEXT_LINE))
    assert of_csv == of_sheet


def test_a_formula_without_a_value_is_said_and_its_row_refused(sheet: Sheet) -> None:
    computed = list(PACKAGE)
    computed[8] = "=H2*1.15"
    (refused, *_) = claims(sheet(HEADER, computed)).refused
    assert (refused.row, refused.reason) == (2, "the amount eur is a formula that the workbook holds no value of")


def test_a_cell_of_text_that_looks_like_a_marker_is_only_text(tmp_path: Path) -> None:
    (claim,) = claims(written(tmp_path, csv_text([row(TOTAL, description=NO_VALUE)]))).claims
    assert claim.fields["text"] == NO_VALUE


@pytest.mark.parametrize("donor", ["", None])
def test_a_row_that_is_about_nobody_is_refused_and_not_passed_over(sheet: Sheet, donor: Cell) -> None:
    (refused,) = claims(sheet(HEADER, PACKAGE, (donor, *PACKAGE[1:]))).refused
    assert (refused.row, refused.reason.startswith("it holds nothing that is a claim")) == (3, True)


def test_a_workbook_of_several_sheets_without_the_main_one_is_refused(sheet: Sheet) -> None:
    assert "ReadMe" in refusal(sheet(HEADER, PACKAGE, title="Data", beside=["ReadMe"]))
    assert len(claims(sheet(HEADER, PACKAGE, title="Data")).claims) == 4


def test_a_workbook_that_lacks_a_column_is_refused_with_its_name(sheet: Sheet) -> None:
    lacking = [*HEADER[:8], "Value in some currency", *HEADER[9:]]
    assert "none called Converted Value in EUR" in refusal(sheet(lacking, PACKAGE))


def test_a_workbook_with_definitions_of_its_own_or_too_much_in_it_is_not_opened(
    sheet: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sheet(HEADER, PACKAGE)
    laughing = tmp_path / "laughing.xlsx"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(laughing, "w") as after:
        for one in before.infolist():
            part = before.read(one)
            if one.filename == "xl/workbook.xml":
                part = b'<!DOCTYPE lolz [<!ENTITY lol "lol">]>' + part
            after.writestr(one.filename, part)
    assert "a document type in xl/workbook.xml" in refusal(laughing)
    monkeypatch.setattr(files, "UNPACKED_BYTES_MAX", 1000)
    assert "at most 1000 bytes unpacked" in refusal(path)


def test_a_damaged_workbook_is_refused_in_words(sheet: Sheet, tmp_path: Path) -> None:
    path = sheet(HEADER, PACKAGE)
    damaged = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(damaged, "w") as after:
        for one in before.infolist():
            if one.filename != "xl/workbook.xml":
                after.writestr(one.filename, before.read(one))
    assert "an xlsx workbook" in refusal(damaged)
    cut = written(tmp_path, path.read_bytes()[:2000], "cut.xlsx")
    assert "an xlsx workbook" in refusal(cut)
