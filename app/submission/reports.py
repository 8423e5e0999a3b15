"""What is wrong with a submission, for the people who mend it: each problem beside its row, as XLSX or CSV."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, cast

import msgspec
import xlsxwriter  # type: ignore[import-untyped]  # it comes without a py.typed

from app.core.problems import Severity
from app.kit.json import dumps_text, loads
from app.kit.spreadsheets.workbook import LAST_ROW

HEADINGS = ("Baris", "Sel/Pointer", "Kode", "Tingkat", "Kolom", "Nilai", "Penjelasan", "Explanation", "Baris asli")
MAX_COLUMNS = 200
"""How many columns of the original rows are shown apart."""

_WIDTHS = (8, 18, 20, 12, 20, 28, 60, 60, 60)
_LEVELS = {Severity.ERROR: "Kesalahan", Severity.WARNING: "Peringatan"}
# A spreadsheet program keeps 32,767 characters in a cell and 15 digits of a number.
_MAX_TEXT = 32_000
_MAX_NUMBER = Decimal(10**15)
_MAX_DECIMALS = 2
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NOT_IN_UTF8 = re.compile("[\ud800-\udfff]")
_STARTS_FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_CSV_STEP = 64 * 1024

Original = str | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """One problem with what a person needs to mend it. `original` is the row as it was sent: its fields, or its text."""

    row: int
    pointer: str | None
    cell: str | None
    code: str
    severity: Severity
    field: str | None
    value: str | None
    message_id: str
    message_en: str
    original: Original = None


def list_columns(originals: Iterable[Original]) -> list[str]:
    """The columns that original rows have, in the order in which they first appear."""
    names: dict[str, None] = {}
    for original in originals:
        for name in fields_of(original) or ():
            names.setdefault(name)
            if len(names) >= MAX_COLUMNS:
                return list(names)
    return list(names)


def write_report_xlsx(problems: Iterable[ReportedProblem], file: BinaryIO, *, columns: Sequence[str] = ()) -> None:
    """Write a workbook in constant memory. `columns` are those of the original rows that get a column of their own."""
    # Texts are written as texts: nothing that a stranger sent becomes a formula or a link.
    workbook = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    heading = workbook.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1})
    headings = (*HEADINGS, *columns)
    sheet = None
    line = LAST_ROW
    for problem in problems:
        if line >= LAST_ROW:
            sheet, line = _new_sheet(workbook, headings, heading), 1
        for index, value in enumerate(_values(problem, columns)):
            _write_cell(sheet, line, index, value)
        line += 1
    if sheet is None:
        _new_sheet(workbook, headings, heading)
    workbook.close()


def write_report_csv(problems: Iterable[ReportedProblem], *, columns: Sequence[str] = ()) -> Iterator[bytes]:
    """The report as pieces of a CSV in UTF-8, with the mark by which spreadsheet programs know it."""
    held = io.StringIO(newline="")
    held.write("\ufeff")
    writer = csv.writer(held)
    writer.writerow(neutralised(name) for name in (*HEADINGS, *columns))
    for problem in problems:
        writer.writerow([_csv_cell(value) for value in _values(problem, columns)])
        if held.tell() > _CSV_STEP:
            yield _taken(held)
    yield _taken(held)


def fields_of(original: Original) -> Mapping[str, Any] | None:
    """The fields of an original row; None where it has none to be told apart."""
    if not isinstance(original, str):
        return original
    if not original.lstrip().startswith("{"):
        return None
    try:
        row = loads(original)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ArithmeticError, ValueError):
        return None
    return cast("Mapping[str, Any]", row) if isinstance(row, dict) else None


def neutralised(text: str) -> str:
    """A text that a spreadsheet program would take for a formula, with an apostrophe before it."""
    return f"'{text}" if _STARTS_FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def _values(problem: ReportedProblem, columns: Sequence[str]) -> list[Any]:
    fields = fields_of(problem.original) if columns else None
    original = problem.original
    # What stands whole in columns of its own is not repeated as a text.
    is_shown = fields is not None and fields.keys() <= set(columns)
    whole = None if is_shown else original if isinstance(original, str | None) else dumps_text(original)
    return [
        problem.row,
        problem.cell or problem.pointer,
        problem.code,
        _LEVELS[problem.severity],
        problem.field,
        problem.value,
        problem.message_id,
        problem.message_en,
        whole,
        *((fields or {}).get(name) for name in columns),
    ]


def _plain(value: Any) -> str | int | Decimal | None:
    """What a cell can hold: a number that every program keeps exactly, or a text."""
    match value:
        case None | str():
            return value
        case bool():
            return "Ya" if value else "Tidak"
        case int() | Decimal():
            return value if _is_kept(Decimal(value)) else str(value)
        case _:
            return dumps_text(value)


def _is_kept(number: Decimal) -> bool:
    return number.is_finite() and abs(number) < _MAX_NUMBER and len(number.as_tuple().digits) <= 15


def _write_cell(sheet: Any, line: int, index: int, value: Any) -> None:
    match _plain(value):
        case None:
            return
        case str() as text:
            sheet.write_string(line, index, _NOT_IN_XML.sub("\ufffd", text)[:_MAX_TEXT])
        case number:
            sheet.write_number(line, index, number)


def _csv_cell(value: Any) -> str:
    match _plain(value):
        case None:
            return ""
        case str() as text:
            return neutralised(_NOT_IN_UTF8.sub("\ufffd", text).replace("\0", "\\0"))
        case number:
            return f"{number:f}" if isinstance(number, Decimal) else str(number)


def _new_sheet(workbook: Any, headings: Sequence[str], style: Any) -> Any:
    sheet = workbook.add_worksheet(f"Masalah {len(workbook.worksheets()) + 1}")
    for index, name in enumerate(headings):
        sheet.set_column(index, index, _WIDTHS[index] if index < len(_WIDTHS) else 20)
        sheet.write_string(0, index, _NOT_IN_XML.sub("\ufffd", name)[:_MAX_TEXT], style)
    sheet.freeze_panes(1, 1)
    return sheet


def _taken(held: io.StringIO) -> bytes:
    piece = held.getvalue().encode()
    held.seek(0)
    held.truncate()
    return piece
