"""Rows of CSV bodies, as offices and programs write them: any usual separator, title lines above, one bad row at a time."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.core.problems import Problem
from app.kit.spreadsheets.workbook import column_letters
from app.submission.forms.columns import (
    BoundColumns,
    ColumnPlan,
    Heading,
    bind_columns,
    count_known,
    name_headings,
)
from app.submission.forms.failures import BodyUnreadable, FormLimits
from app.submission.forms.json_rows import too_many_rows
from app.submission.forms.unpacking import Unpacked
from app.submission.rows import BodyRow, BrokenRow, Cell, RowProblem

DELIMITERS = ",;\t|"
HEADING_WITHIN = 20
"""The heading is looked for among so many first rows; titles and notes stand above it."""

_SAMPLE_LINES = 200
_MAX_LINES_A_ROW = 1000
_MANY_LINES = 50
_MAX_BREAKS = 1000
_SHOWN = 300
# Bytes that are no text in the assumed characters come out of the decoder as these.
_UNDECODED = re.compile("[\udc80-\udcff]")
_MANY_BYTES = re.compile("[^\x00-\x7f\udc80-\udcff]")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

Reopen = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Record:
    """One record of the table: its fields, or None with the code of what is wrong; `text` begins as it was written."""

    number: int
    fields: list[str] | None
    text: str
    code: str = ""
    is_unended: bool = False


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table whose heading was found, to be read from its beginning."""

    lines: "_Lines"
    delimiter: str
    heading_number: int
    width: int
    columns: BoundColumns


def open_table(reopen: Reopen, plan: ColumnPlan, limits: FormLimits, charset: str | None) -> CsvTable | None:
    """Find the heading. None for a body of nothing. `reopen` gives the body's bytes from the beginning, each time."""
    encoding = charset or _characters(reopen())
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    sample = list(_Lines(reopen(), encoding, limits).first(_SAMPLE_LINES))
    if not any(line.strip() for line in sample):
        return None
    if any("\0" in line for line in sample[:1]):
        raise BodyUnreadable("content-not-text", "1", sample[0][:_SHOWN].replace("\0", "\\0"))
    delimiter, number, headings = _find_heading(sample, plan, limits)
    columns = bind_columns(headings, plan)
    width = max(heading.index for heading in headings) + 1
    return CsvTable(_Lines(reopen(), encoding, limits), delimiter, number, width, columns)


def rows_of_table(table: CsvTable, limits: FormLimits) -> Iterator[BodyRow | BrokenRow]:
    """The filled rows below the heading; a row's number is the one that a spreadsheet program would show."""
    fields = [(index, path, column_letters(index)) for index, path in sorted(table.columns.fields.items())]
    count = 0
    for record in _records(table):
        broken = _broken(record, table)
        if broken is None and record.fields is not None:
            number, values = record.number, record.fields
            size = len(values)
            cells = {
                path: Cell(values[index], f"{letters}{number}")
                for index, path, letters in fields
                if index < size and values[index] and not values[index].isspace()
            }
            if not cells:
                continue
            count += 1
            yield BodyRow(number, cells)
        elif broken is not None:
            count += 1
            yield broken
        if count > limits.rows:
            raise too_many_rows(limits)


def count_of_table(table: CsvTable, limits: FormLimits) -> int:
    """How many rows there are, without cutting cells out of them."""
    known = sorted(table.columns.fields)
    count = 0
    for record in _records(table):
        count += _broken(record, table) is not None or _is_filled(record.fields or [], known)
        if count > limits.rows:
            raise too_many_rows(limits)
    return count


def _is_filled(values: list[str], known: list[int]) -> bool:
    size = len(values)
    return any(index < size and values[index] and not values[index].isspace() for index in known)


def _records(table: CsvTable) -> Iterator[_Record]:
    for record in table.lines.records(table.delimiter):
        if record.number > table.heading_number:
            yield record


def _broken(record: _Record, table: CsvTable) -> BrokenRow | None:
    if record.fields is None:
        return _broken_row(record, record.code)
    width = len(record.fields)
    if width > table.width and any(record.fields[table.width :]):
        return _broken_row(record, "row-shape")
    # A short last row without its end of line is one that was cut.
    if record.is_unended and width < table.width:
        return _broken_row(record, "row-shape")
    return None


def _broken_row(record: _Record, code: str) -> BrokenRow:
    text = record.text[:_SHOWN].rstrip("\r\n")
    shown = _UNDECODED.sub("\ufffd", text).replace("\0", "\\0")
    return BrokenRow(record.number, shown, RowProblem(Problem(code, value=shown), record.number))


def _characters(pieces: Iterator[bytes]) -> str:
    """UTF-8 where a body has any of it; else Windows-1252 where it has other bytes than ASCII."""
    first = next(pieces, b"")
    if first.startswith(_UTF16_MARKS):
        return "utf-16"
    decoder = io.TextIOWrapper(
        io.BufferedReader(Unpacked(_chained(first, pieces))), encoding="utf-8", errors="surrogateescape", newline=""
    )
    is_utf8 = has_other = False
    while text := decoder.read(256 * 1024):
        if text.isascii():
            continue
        has_other = has_other or _UNDECODED.search(text) is not None
        is_utf8 = is_utf8 or _MANY_BYTES.search(text) is not None
    return "cp1252" if has_other and not is_utf8 else "utf-8"


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _find_heading(sample: list[str], plan: ColumnPlan, limits: FormLimits) -> tuple[str, int, list[Heading]]:
    """The separator, the heading's row number and the heading: of all ways to read it, the one that is understood best."""
    fields_by_key = plan.fields_by_key()
    best: tuple[int, str, int, list[Heading]] = (0, ",", 0, [])
    first: list[Heading] = []
    for delimiter in DELIMITERS:
        for number, headings in _first_rows(sample, delimiter, limits):
            known = count_known(headings, fields_by_key)
            first = first if len(first) >= len(headings) else headings
            if known > best[0]:
                best = (known, delimiter, number, headings)
    if best[0] == 0:
        raise BodyUnreadable("heading-missing", "1", name_headings(first))
    return best[1:]


def _first_rows(sample: list[str], delimiter: str, limits: FormLimits) -> Iterator[tuple[int, list[Heading]]]:
    for record in islice(_Lines(iter(()), "utf-8", limits, sample).records(delimiter), HEADING_WITHIN):
        yield (
            record.number,
            [
                Heading(index, text, f"{column_letters(index)}{record.number}")
                for index, text in enumerate(record.fields or ())
                if text.strip()
            ],
        )


class _Lines:
    """The lines of a text, none longer than allowed, cut into records that recover from a quote without its end."""

    def __init__(self, pieces: Iterator[bytes], encoding: str, limits: FormLimits, before: Sequence[str] = ()) -> None:
        self._text = io.TextIOWrapper(
            io.BufferedReader(Unpacked(pieces), 256 * 1024), encoding=encoding, errors="surrogateescape", newline=""
        )
        # A field is held to the csv module's own limit of 128 Ki characters, which is one for the whole process.
        self._longest = min(limits.row_bytes, csv.field_size_limit())
        self._pushed_back = list(before)
        self._held: list[str] = []
        self._held_size = 0

    def first(self, count: int) -> Iterator[str]:
        for _ in range(count):
            line = self._next_line()
            if not line:
                return
            yield line

    def records(self, delimiter: str) -> Iterator[_Record]:
        number = breaks = 0
        reader = self._reader(delimiter)
        while True:
            self._held.clear()
            self._held_size = 0
            number += 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                breaks += 1
                if breaks > _MAX_BREAKS:
                    raise BodyUnreadable(
                        "content-cut", f"{number}", f"> {_MAX_BREAKS} ×: {self._held[0][:_SHOWN]}"
                    ) from None
                first, *others = self._held
                yield _Record(number, None, first, "row-too-long" if len(first) > self._longest else "row-quotes")
                # What a stray quote swallowed are rows of their own: they are read again.
                self._pushed_back[:0] = others
                reader = self._reader(delimiter)
                continue
            text = self._held[0] if self._held else ""
            if len(self._held) > 1 or "\0" in text or not text.isascii():
                text = "".join(self._held)
                code = "row-not-text" if "\0" in text or _UNDECODED.search(text) else ""
                if code:
                    yield _Record(number, None, text, code)
                    continue
            yield _Record(number, fields, text, is_unended=not text.endswith(("\n", "\r")))

    def _reader(self, delimiter: str) -> "Iterator[list[str]]":
        return csv.reader(self._for_one_record(), delimiter=delimiter, strict=True)

    def _for_one_record(self) -> Iterator[str]:
        """Lines, remembered until the record that they make is complete; ends early where it would never be."""
        while line := self._next_line():
            self._held.append(line)
            self._held_size += len(line)
            if self._held_size > self._longest or len(self._held) > _MAX_LINES_A_ROW:
                raise csv.Error
            yield line

    def _next_line(self) -> str:
        if self._pushed_back:
            return self._pushed_back.pop(0)
        line = self._text.readline(self._longest + 1)
        if len(line) > self._longest:
            # The rest of a line that is too long is passed over.
            while (rest := self._text.readline(self._longest)) and not rest.endswith(("\n", "\r")):
                pass
        return line
