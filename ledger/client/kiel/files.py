"""A table in a file, csv or xlsx, as rows of text: bounded before it is read, and read without guessing.

What is no UTF-8, holds a NUL, has too much of anything or is separated by something else is refused with the place;
a formula is read as the value that the workbook was saved with, and one without a value is said.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.client.errors import ClientError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
UNPACKED_BYTES_MAX: Final = 256 * 1024 * 1024
ROWS_MAX: Final = 20_000
SHEET_ROWS_MAX: Final = 200_000
"""Rows that are looked at: a sheet may have many that are only formatted."""

COLUMNS_MAX: Final = 200
CELL_CHARACTERS_MAX: Final = 32_767
"""What a cell of a spreadsheet holds at most."""

MAIN_SHEET: Final = "bilateral assistance, main data"
NO_VALUE: Final = "#formula without a value"
"""Stands in a cell whose formula was never computed."""

_DO: Final = "Save the table as csv in UTF-8 with commas, or as xlsx, and import that."
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_ZIP: Final = b"PK\x03\x04"
_DOCTYPE: Final = b"<!DOCTYPE"
_PROLOGUE_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One row that holds something: its number as a spreadsheet counts, from 1, and its cells as text."""

    row: int
    cells: tuple[str, ...]


def read_file(path: Path) -> bytes:
    """Return the bytes of a file. Raises ClientError for none, for too many, and where they cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ClientError(f"a table at {path}", str(error.strerror), "Name the file.") from None
    if len(raw) > FILE_BYTES_MAX:
        raise ClientError(f"{path}: at most {FILE_BYTES_MAX} bytes", "more", "Take out what is not the table.")
    if not raw.strip():
        raise ClientError(f"{path}: a table", "an empty file", _DO)
    return raw


def read_table(path: Path, raw: bytes) -> list[Line]:
    """Return the rows that hold something of a file called `path`. Raises ClientError with what is wrong, and where."""
    lines = _sheet(path, raw) if raw.startswith(_ZIP) else _csv(path, raw)
    return list(_bounded(path, lines))


def _bounded(path: Path, lines: Iterator[Line]) -> Iterator[Line]:
    held = 0
    for line in lines:
        if len(line.cells) > COLUMNS_MAX:
            raise ClientError(f"{path}: at most {COLUMNS_MAX} columns", f"{len(line.cells)} in row {line.row}", _DO)
        for number, cell in enumerate(line.cells, 1):
            if len(cell) > CELL_CHARACTERS_MAX:
                got = f"{len(cell)} in row {line.row}, column {number}"
                raise ClientError(f"{path}: at most {CELL_CHARACTERS_MAX} characters in a cell", got, _DO)
        if any(line.cells):
            held += 1
            if held > ROWS_MAX:
                raise ClientError(f"{path}: at most {ROWS_MAX} rows", "more", "Import it in parts.")
            yield line


def _csv(path: Path, raw: bytes) -> Iterator[Line]:
    if raw.startswith(_UTF_16):
        raise ClientError(f"{path}: UTF-8", "UTF-16, by its first two bytes", _DO)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClientError(f"{path}: UTF-8", f"byte {raw[error.start]:#04x} at {error.start}", _DO) from None
    if (at := text.find("\0")) >= 0:
        raise ClientError(f"{path}: text", f"a NUL in line {text.count(chr(10), 0, at) + 1}", _DO)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row, cells in enumerate(reader, 1):
            yield Line(row, tuple(cell.strip() for cell in cells))
    except csv.Error as error:
        got = separator_of(text.partition("\n")[0]) or f"{error}, in line {reader.line_num}"
        raise ClientError(f"{path}: csv with commas (RFC 4180)", got, _DO) from None


def separator_of(line: str) -> str | None:
    """Return what separates the columns of a line if it is not commas, or None."""
    for separator, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if line.count(separator) > max(1, line.count(",")):
            return f"columns separated by {called}"
    return None


def _sheet(path: Path, raw: bytes) -> Iterator[Line]:
    """Yield the rows of the main sheet, or of the only one."""
    _check_package(path, raw)
    computed, written = _opened(path, raw, values=True), _opened(path, raw, values=False)
    name = _main_sheet(path, computed)
    rows = zip(computed[name].iter_rows(), written[name].iter_rows(), strict=True)
    for number, (values, formulas) in enumerate(rows, 1):
        if number > SHEET_ROWS_MAX:
            raise ClientError(f"{path}: at most {SHEET_ROWS_MAX} rows", "more", "Take out the empty ones.")
        pairs = zip(values, formulas, strict=True)
        yield Line(number, tuple(_cell(value.value, formula.data_type == "f") for value, formula in pairs))


def _check_package(path: Path, raw: bytes) -> None:
    """Raise ClientError for a package that unpacks to too much, or whose XML brings definitions of its own."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            unpacked = sum(one.file_size for one in package.infolist())
            if unpacked > UNPACKED_BYTES_MAX:
                raise ClientError(f"{path}: at most {UNPACKED_BYTES_MAX} bytes unpacked", f"{unpacked}", _DO)
            for one in package.infolist():
                with package.open(one) as part:
                    if one.filename.endswith((".xml", ".rels")) and _DOCTYPE in part.read(_PROLOGUE_BYTES):
                        raise ClientError(f"{path}: a workbook", f"a document type in {one.filename}", _DO)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ClientError(f"{path}: an xlsx workbook", str(error), _DO) from None


def _opened(path: Path, raw: bytes, *, values: bool) -> "Workbook":
    try:
        from openpyxl import load_workbook
    except ImportError:
        do = "Install it: pip install 'guarantee-ledger[observers]'; or save the sheet as csv in UTF-8."
        raise ClientError(f"openpyxl, to read {path}", "no such package", do) from None
    try:
        return load_workbook(io.BytesIO(raw), read_only=True, data_only=values, keep_links=False)
    except Exception as error:
        # What a damaged workbook makes the library raise is not documented: KeyError, ValueError, ParseError and more.
        raise ClientError(f"{path}: an xlsx workbook", f"{type(error).__name__}: {error}", _DO) from None


def _main_sheet(path: Path, workbook: "Workbook") -> str:
    names = [str(name) for name in workbook.sheetnames]
    for name in names:
        if name.strip().casefold() == MAIN_SHEET:
            return name
    if len(names) == 1:
        return names[0]
    raise ClientError(f"{path}: a sheet {MAIN_SHEET!r}, or one sheet", ", ".join(names)[:200], _DO)


def _cell(value: Any, is_formula: bool) -> str:
    match value:
        case None:
            return NO_VALUE if is_formula else ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime():
            return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
        case date():
            return value.isoformat()
        case float():
            # The shortest text that reads back as the same number, without an exponent.
            return f"{Decimal(repr(value)):f}".removesuffix(".0")
        case _:
            return str(value).strip()
