"""Rows of XLSX bodies: the first sheet whose heading is known, read with the types that its cells have."""

import io
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from app.core.problems import Problem
from app.kit.spreadsheets.failures import NotAWorkbook, WorkbookBroken, WorkbookLimits, WorkbookTooLarge
from app.kit.spreadsheets.workbook import CellError, Sheet, SheetRow, Workbook, column_letters
from app.submission.forms.catalogue import Encoding
from app.submission.forms.columns import (
    BoundColumns,
    ColumnPlan,
    Heading,
    bind_columns,
    count_known,
    heading_key,
    name_headings,
)
from app.submission.forms.csv_rows import HEADING_WITHIN
from app.submission.forms.failures import BodyUnreadable, FormLimits
from app.submission.forms.json_rows import too_many_rows
from app.submission.forms.unpacking import unpack
from app.submission.rows import BodyRow, BrokenRow, Cell, RowProblem

_SHOWN = 300
_MAX_SHEETS = 50
NOT_READ = frozenset({"contoh", "petunjuk"})
"""Sheets of these names are examples and help, as in our templates: never data."""


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A sheet whose heading was found."""

    workbook: Workbook
    sheet: Sheet
    heading_number: int
    above: int
    """How many filled rows end with the heading."""
    columns: BoundColumns


def open_sheet(file: BinaryIO, encoding: Encoding, plan: ColumnPlan, limits: FormLimits) -> SheetTable | None:
    """Find the sheet and its heading. None for a body of nothing."""
    packed = _plain_file(file, encoding, limits)
    if not packed.read(1):
        return None
    with _as_unreadable():
        workbook = Workbook(
            packed,
            WorkbookLimits(
                unpacked_bytes=limits.content_bytes,
                text_bytes=limits.shared_text_bytes,
                cell_characters=limits.cell_characters,
            ),
        )
        return _find_table(workbook, plan)


def rows_of_sheet(table: SheetTable, limits: FormLimits) -> Iterator[BodyRow | BrokenRow]:
    """The rows below the heading in which a known column is filled."""
    fields = {index: (path, column_letters(index)) for index, path in table.columns.fields.items()}
    count = 0
    with _as_unreadable():
        for row in table.workbook.rows(table.sheet, fields.keys()):
            if row.number <= table.heading_number:
                continue
            cells: dict[str, Cell] = {}
            error: Cell | None = None
            for index, value in row.cells:
                if isinstance(value, str) and (not value or value.isspace()):
                    continue
                path, letters = fields[index]
                cell = cells[path] = Cell(value, f"{letters}{row.number}")
                if error is None and isinstance(value, CellError):
                    error = cell
            if not cells:
                continue
            count += 1
            if count > limits.rows:
                raise too_many_rows(limits)
            yield BodyRow(row.number, cells) if error is None else _broken_row(row, cells, error)


def count_of_sheet(table: SheetTable, limits: FormLimits) -> int:
    with _as_unreadable():
        count = max(0, table.workbook.count_rows(table.sheet) - table.above)
    if count > limits.rows:
        raise too_many_rows(limits)
    return count


def _find_table(workbook: Workbook, plan: ColumnPlan) -> SheetTable:
    fields_by_key = plan.fields_by_key()
    shown: list[Heading] = []
    for sheet in workbook.sheets[:_MAX_SHEETS]:
        if heading_key(sheet.name) in NOT_READ:
            continue
        best: tuple[int, int, int, list[Heading]] = (0, 0, 0, [])
        for above, row in enumerate(islice(workbook.rows(sheet), HEADING_WITHIN), start=1):
            headings = _headings(row)
            known = count_known(headings, fields_by_key)
            shown = shown or headings
            if known > best[0]:
                best = (known, row.number, above, headings)
        if best[0]:
            _known, number, above, headings = best
            return SheetTable(workbook, sheet, number, above, bind_columns(headings, plan))
    raise BodyUnreadable("heading-missing", None, name_headings(shown))


def _headings(row: SheetRow) -> list[Heading]:
    return [
        Heading(index, text, f"{column_letters(index)}{row.number}")
        for index, value in row.cells
        if (text := str(value)).strip()
    ]


def _broken_row(row: SheetRow, cells: dict[str, Cell], error: Cell) -> BrokenRow:
    text = "; ".join(f"{path}: {cell.value}" for path, cell in cells.items())[:_SHOWN]
    problem = Problem("cell-error", field=error.reference, value=str(error.value))
    return BrokenRow(row.number, text, RowProblem(problem, row.number, cell=error.reference))


def _plain_file(file: BinaryIO, encoding: Encoding, limits: FormLimits) -> BinaryIO:
    """A workbook is read from its end: a compressed one is unpacked into a file first."""
    file.seek(0)
    if encoding is Encoding.IDENTITY:
        return file
    with TemporaryFile(prefix="rakor-") as plain:
        for piece in unpack(file, encoding, limits):
            plain.write(piece)
        if not plain.tell():
            return io.BytesIO()
        plain.flush()
        # The mapping keeps the nameless file until nobody reads it any longer.
        return cast("BinaryIO", mmap.mmap(plain.fileno(), 0, access=mmap.ACCESS_READ))


@contextmanager
def _as_unreadable() -> Iterator[None]:
    try:
        yield
    except WorkbookTooLarge as error:
        raise BodyUnreadable("content-too-large", "XLSX", str(error)) from error
    except NotAWorkbook as error:
        raise BodyUnreadable("content-not-workbook", None, str(error)) from error
    except WorkbookBroken as error:
        raise BodyUnreadable("content-not-workbook", None, str(error)) from error
