"""Rows out of a body, whatever its form: one after the other, in little memory however long it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, assert_never

from app.submission.forms.catalogue import Encoding, Form
from app.submission.forms.columns import ColumnPlan
from app.submission.forms.csv_rows import count_of_table, open_table, rows_of_table
from app.submission.forms.failures import BodyUnreadable, FormLimits
from app.submission.forms.json_rows import count_of_array, count_of_lines, rows_of_array, rows_of_lines
from app.submission.forms.sheet_rows import count_of_sheet, open_sheet, rows_of_sheet
from app.submission.forms.unpacking import unpack
from app.submission.rows import BodyRow, BrokenRow, RowProblem

__all__ = ["BodyUnreadable", "ColumnPlan", "FormLimits", "RowSource", "check_rows", "open_rows"]

LIMITS = FormLimits()

_WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_MARKS = {
    _WORKBOOK_MARKS[0]: "XLSX / ZIP (application/vnd.openxmlformats-officedocument.spreadsheetml.sheet)",
    _WORKBOOK_MARKS[1]: ".xls (Excel 97–2003)",
    b"\x1f\x8b": "gzip (Content-Encoding: gzip)",
    b"\x28\xb5\x2f\xfd": "zstd (Content-Encoding: zstd)",
    b"%PDF-": "PDF",
}


@dataclass(frozen=True, slots=True)
class RowSource:
    """The rows of one body, to be read once, and what there is to say of its heading."""

    rows: Iterator[BodyRow | BrokenRow]
    remarks: tuple[RowProblem, ...] = ()


def open_rows(
    file: BinaryIO,
    form: Form,
    encoding: Encoding,
    *,
    columns: ColumnPlan,
    limits: FormLimits = LIMITS,
    charset: str | None = None,
) -> RowSource:
    """Begin to read a body, from its beginning. The file must not be read by others until the rows are.

    Raises BodyUnreadable, here or out of `rows`, where the body cannot be read to its end. `charset` is what the sender
    said of a CSV's characters (see `catalogue.charset_of`).
    """
    begin = partial(_from_beginning, file, encoding, limits)
    _refuse_other_forms(begin, form)
    match form:
        case Form.JSON:
            return RowSource(rows_of_array(begin(), limits))
        case Form.NDJSON:
            return RowSource(rows_of_lines(begin(), limits))
        case Form.CSV:
            table = open_table(begin, columns, limits, charset)
            return (
                RowSource(iter(())) if table is None else RowSource(rows_of_table(table, limits), table.columns.remarks)
            )
        case Form.XLSX:
            sheet = open_sheet(file, encoding, columns, limits)
            return (
                RowSource(iter(())) if sheet is None else RowSource(rows_of_sheet(sheet, limits), sheet.columns.remarks)
            )
        case _:
            assert_never(form)


def check_rows(
    file: BinaryIO,
    form: Form,
    encoding: Encoding,
    *,
    columns: ColumnPlan,
    limits: FormLimits = LIMITS,
    charset: str | None = None,
) -> int:
    """Read a body to its end without looking into its rows; the answer is how many there are. Raises BodyUnreadable.

    In a sheet, rows that fill none of the known columns are counted here and not given by `open_rows`.
    """
    begin = partial(_from_beginning, file, encoding, limits)
    _refuse_other_forms(begin, form)
    match form:
        case Form.JSON:
            return count_of_array(begin(), limits)
        case Form.NDJSON:
            return count_of_lines(begin(), limits)
        case Form.CSV:
            table = open_table(begin, columns, limits, charset)
            return 0 if table is None else count_of_table(table, limits)
        case Form.XLSX:
            sheet = open_sheet(file, encoding, columns, limits)
            return 0 if sheet is None else count_of_sheet(sheet, limits)
        case _:
            assert_never(form)


def _from_beginning(file: BinaryIO, encoding: Encoding, limits: FormLimits) -> Iterator[bytes]:
    file.seek(0)
    return unpack(file, encoding, limits)


def _refuse_other_forms(begin: Callable[[], Iterator[bytes]], form: Form) -> None:
    """A workbook sent as text, or a packed body that nobody said was packed, has a clearer answer than broken rows."""
    beginning = next(begin(), b"")
    for mark, name in _MARKS.items():
        if beginning.startswith(mark) and not (form is Form.XLSX and mark in _WORKBOOK_MARKS):
            raise BodyUnreadable("content-wrong-form", None, name)
