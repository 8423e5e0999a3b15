"""XLSX for people: real numbers and dates, a heading that stays, filters, further sheets where one is full, and a sheet
that says what all of it is.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

import xlsxwriter  # type: ignore[import-untyped]  # it comes without a py.typed

from app.exchange.exports.forms.csv_form import ITEM
from app.exchange.exports.forms.protocol import Heading, values_of
from app.exchange.exports.layout import Column, Layout, Line, Type
from app.kit.json import dumps_text, iso_utc
from app.kit.spreadsheets.workbook import LAST_ROW

INFO = "Info"
_DIGITS = 15
"""So many digits of a number a spreadsheet program keeps; a longer one is written as text, which is exact."""
_MAX_TEXT = 32_767
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BEGINNING = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)
"""Before it the programs count a day that never was."""
_DAY_SECONDS = 86_400
_WIDTHS = {Type.TEXT: 32, Type.TEXTS: 24, Type.AMOUNT: 20, Type.SUM: 24, Type.MOMENT: 20, Type.DATE: 12}
_NUMBERS = {
    Type.AMOUNT: "#,##0.00",
    Type.SUM: "#,##0.00",
    Type.SHARE: "0.000000",
    Type.DAYS: "0.0",
    Type.MOMENT: "yyyy-mm-dd hh:mm:ss",
    Type.DATE: "yyyy-mm-dd",
}
_TITLES = (
    ("Data terbuka Rakor", "Open data of Rakor"),
    ("Satu baris per {}; waktu dalam UTC; sel kosong berarti tidak diketahui.",
     "One row per item of {}; moments are UTC; an empty cell is unknown."),
    (f"Daftar dipisahkan dengan {ITEM}; angka lebih dari {_DIGITS} digit ditulis sebagai teks agar tepat.",
     f"Lists are parted by {ITEM}; numbers of more than {_DIGITS} digits are text, to be exact."),
)  # fmt: skip

Write = Callable[[Any, int, int, Any, Any], None]


class XlsxForm:
    """Rows of one layout as a workbook, in constant memory."""

    def __init__(self, file: BinaryIO, layout: Layout, heading: Heading, *, last_row: int = LAST_ROW) -> None:
        # Texts are written as texts: nothing that a stranger wrote becomes a formula or a link.
        self._workbook = xlsxwriter.Workbook(file, {"constant_memory": True})
        self._columns = layout.columns
        self._heading = heading
        self._last_row = last_row
        self._bold = self._workbook.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1})
        formats = {type_: self._workbook.add_format({"num_format": form}) for type_, form in _NUMBERS.items()}
        self._cells = [(_WRITERS[column.type], formats.get(column.type)) for column in self._columns]
        self._sheets = 0
        self._rows = 0
        self._line = 0
        self._sheet: Any = None
        self._begin_sheet()

    def write(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if self._line >= self._last_row:
                self._end_sheet()
                self._begin_sheet()
            self._line += 1
            self._rows += 1
            for index, (value, (write, form)) in enumerate(zip(values_of(line), self._cells, strict=True)):
                if value is not None:
                    write(self._sheet, self._line - 1, index, value, form)

    def close(self) -> None:
        self._end_sheet()
        self._write_info()
        self._workbook.close()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        name = self._heading.dataset if self._sheets == 1 else f"{self._heading.dataset} {self._sheets}"
        self._sheet = self._workbook.add_worksheet(name)
        for index, column in enumerate(self._columns):
            self._sheet.set_column(index, index, max(_WIDTHS.get(column.type, 12), len(column.name) + 3))
            self._sheet.write_string(0, index, column.name, self._bold)
        self._sheet.freeze_panes(1, 0)
        self._line = 1

    def _end_sheet(self) -> None:
        self._sheet.autofilter(0, 0, max(self._line - 1, 1), len(self._columns) - 1)

    def _write_info(self) -> None:
        sheet = self._workbook.add_worksheet(INFO)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 2, 70)
        heading = self._heading
        facts = [(i.format(heading.dataset), e.format(heading.dataset)) for i, e in _TITLES]
        facts += [
            ("NPWP, NIK, telepon, dan surel disamarkan.", "NPWP, NIK, telephone numbers and e-mail are masked.")
            if heading.masked
            else ("Memuat data pribadi: jangan disebarluaskan.", "Holds personal data: do not pass it on.")
        ]
        line = 0
        for indonesian, english in facts:
            sheet.write_string(line, 1, indonesian)
            sheet.write_string(line, 2, english)
            line += 1
        for label, said in (
            ("Saat data / Moment", iso_utc(heading.moment)),
            ("Jumlah baris / Rows", str(self._rows)),
            ("Permintaan / Question", dumps_text(heading.question)),
            ("Penanda umpan / Feed cursor", heading.cursor or ""),
        ):
            sheet.write_string(line, 0, label, self._bold)
            sheet.write_string(line, 1, said[:_MAX_TEXT])
            line += 1
        for index, title in enumerate(("Kolom / Column", "Arti", "Meaning")):
            sheet.write_string(line, index, title, self._bold)
        for number, column in enumerate(self._columns, start=line + 1):
            _explain(sheet, number, column)


def _explain(sheet: Any, line: int, column: Column) -> None:
    for index, said in enumerate((column.name, column.indonesian, column.english)):
        sheet.write_string(line, index, said)


def _write_list(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    if value:
        _write_text(sheet, line, index, ITEM.join(map(str, value)), form)


def _write_text(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    sheet.write_string(line, index, _NOT_IN_XML.sub("\ufffd", value)[:_MAX_TEXT])


def _write_number(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    digits = str(value).strip("-").replace(".", "").lstrip("0")
    if len(digits) > _DIGITS and len(digits.rstrip("0")) > _DIGITS:
        sheet.write_string(line, index, str(value))
    else:
        sheet.write_number(line, index, float(value), form)


def _write_whole(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    sheet.write_number(line, index, value)


def _write_flag(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    sheet.write_boolean(line, index, value)


def _write_moment(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    moment = datetime.fromisoformat(value)
    if moment < _FIRST_DAY:
        sheet.write_string(line, index, value)
    else:
        sheet.write_number(line, index, (moment - _BEGINNING).total_seconds() / _DAY_SECONDS, form)


def _write_date(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    day = date.fromisoformat(value)
    if day < _FIRST_DAY.date():
        sheet.write_string(line, index, value)
    else:
        sheet.write_number(line, index, (day - _BEGINNING.date()).days, form)


_WRITERS: dict[Type, Write] = {
    Type.WORD: _write_text,
    Type.TEXT: _write_text,
    Type.TEXTS: _write_list,
    Type.YEARS: _write_list,
    Type.WHOLE: _write_whole,
    Type.AMOUNT: _write_number,
    Type.SUM: _write_number,
    Type.SHARE: _write_number,
    Type.DAYS: _write_number,
    Type.FLAG: _write_flag,
    Type.MOMENT: _write_moment,
    Type.DATE: _write_date,
}
