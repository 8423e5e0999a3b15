"""A workbook's sheets and their filled cells, row by row (ECMA-376 part 1, 18.3)."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, BinaryIO, NoReturn

from app.kit.spreadsheets.archive import Archive, relative
from app.kit.spreadsheets.failures import WorkbookBroken, WorkbookLimits, WorkbookTooLarge
from app.kit.spreadsheets.formats import date_styles, day_of, number_of
from app.kit.spreadsheets.markup import MAX_NESTING, Attributes, elements, feed, new_parser, prefix_of, refuse_nesting
from app.kit.spreadsheets.texts import SharedTexts, unescape

LIMITS = WorkbookLimits()
LAST_COLUMN = 16_384
LAST_ROW = 1_048_576
_MAX_SHEETS = 1000
_WORKBOOK = "xl/workbook.xml"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"


class CellError(str):
    """What stands in a cell whose formula failed: #REF!, #N/A."""

    __slots__ = ()


NOT_COMPUTED = CellError("rumus tanpa nilai tersimpan / formula without a stored value")
"""What stands for the value of a formula that no program has computed yet."""

CellValue = str | int | Decimal | bool | date | datetime


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with at least one filled cell: its number in the sheet, and the cells by column (from 0) in their order."""

    number: int
    cells: list[tuple[int, CellValue]]


def column_letters(index: int) -> str:
    """The letters of a column counted from 0: A, B, …, Z, AA."""
    letters = ""
    index += 1
    while index:
        index, place = divmod(index - 1, 26)
        letters = _LETTERS[place] + letters
    return letters


class Workbook:
    """An open workbook. Raises WorkbookBroken where it cannot be read."""

    def __init__(self, file: BinaryIO, limits: WorkbookLimits = LIMITS) -> None:
        self._limits = limits
        self._archive = Archive(file, limits)
        self._is_1904 = False
        self._texts = SharedTexts()
        self._date_styles: frozenset[str] = frozenset()
        self.sheets: list[Sheet] = []
        self._read_structure()

    def rows(self, sheet: Sheet, only: AbstractSet[int] | None = None) -> Iterator[SheetRow]:
        """The sheet's rows in order; of the columns those that are wanted."""
        with self._archive.open(sheet.part, self._limits.unpacked_bytes) as source:
            rows = _SheetRows(self._value, self._limits, only)
            for _pause in feed(source, rows.parser):
                yield from rows.take()

    def count_rows(self, sheet: Sheet) -> int:
        """How many rows hold anything; the sheet is read to its end, and found to be whole."""
        with self._archive.open(sheet.part, self._limits.unpacked_bytes) as source:
            return _count(source)

    def _read_structure(self) -> None:
        limit = self._limits.side_part_bytes
        workbook = self._workbook_part()
        targets: dict[str, str] = {}
        by_type: dict[str, str] = {}

        def relationship(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and len(targets) < 10 * _MAX_SHEETS:
                part = relative(workbook, attributes.get("Target", ""))
                targets[attributes.get("Id", "")] = part
                by_type.setdefault(attributes.get("Type", "").rpartition("/")[2], part)

        def entry(name: str, attributes: Attributes) -> None:
            if name == "workbookPr":
                self._is_1904 = attributes.get("date1904", "0") in {"1", "true"}
            elif name == "sheet" and len(self.sheets) < _MAX_SHEETS:
                part = targets.get(attributes.get("id", ""), "")
                if self._archive.has(part):
                    self.sheets.append(Sheet(attributes.get("name", ""), part))

        with self._archive.open(_relationships_of(workbook), limit) as source:
            elements(source, relationship)
        with self._archive.open(workbook, limit) as source:
            elements(source, entry)
        if self._archive.has(by_type.get("styles", "")):
            with self._archive.open(by_type["styles"], limit) as source:
                self._date_styles = date_styles(source)
        if self._archive.has(by_type.get("sharedStrings", "")):
            with self._archive.open(by_type["sharedStrings"], self._limits.text_bytes) as source:
                self._texts.read(source, self._limits)

    def _workbook_part(self) -> str:
        found: list[str] = []

        def relationship(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
                found.append(relative("", attributes.get("Target", "")))

        if self._archive.has("_rels/.rels"):
            with self._archive.open("_rels/.rels", self._limits.side_part_bytes) as source:
                elements(source, relationship)
        return found[0] if found else _WORKBOOK

    def _value(self, kind: str, style: str | None, text: str) -> CellValue:
        match kind:
            case "n":
                number = number_of(text)
                if style in self._date_styles and not isinstance(number, str):
                    day = day_of(number, is_1904=self._is_1904)
                    return number if day is None else day
                return number
            case "s":
                return self._texts[int(text)] if text.isascii() and text.isdigit() else _no_text(text)
            case "b":
                return text.strip() in {"1", "true"}
            case "e":
                return CellError(text)
            case "d":
                return _iso_date(text)
            case _:
                return unescape(text)


class _SheetRows:
    """Listens to a sheet's elements and gathers its rows. Written for speed: it hears a hundred million of them."""

    def __init__(
        self,
        value_of: Callable[[str, str | None, str], CellValue],
        limits: WorkbookLimits,
        only: AbstractSet[int] | None,
    ) -> None:
        self._limits = limits
        self._rows: list[SheetRow] = []
        self._parts: list[str] = []
        self.parser = new_parser()
        self.parser.StartElementHandler = self._begin
        self._value_of = value_of
        self._only = only

    def take(self) -> list[SheetRow]:
        """The rows that are complete."""
        if len(self._parts) > 1 and sum(map(len, self._parts)) > self._limits.cell_characters:
            msg = f"a cell is longer than {self._limits.cell_characters} characters"
            raise WorkbookTooLarge(msg)
        rows = self._rows[:]
        self._rows.clear()
        return rows

    def _begin(self, root: str, _attributes: Attributes) -> None:
        """The root element says which prefix all others have."""
        prefix = prefix_of(root)
        row_tag, cell_tag, value_tag = f"{prefix}row", f"{prefix}c", f"{prefix}v"
        text_tag, phonetic_tag, formula_tag = f"{prefix}t", f"{prefix}rPh", f"{prefix}f"
        parser, parts, rows = self.parser, self._parts, self._rows
        value_of, only = self._value_of, self._only
        columns: dict[str, int] = {}
        number = depth = 0
        column = -1
        kind = "n"
        style: str | None = None
        is_wanted = in_phonetic = lacks_value = False
        cells: list[tuple[int, CellValue]] = []

        def start(name: str, attributes: Attributes) -> None:
            nonlocal number, depth, column, kind, style, is_wanted, in_phonetic, lacks_value, cells
            depth += 1
            if depth > MAX_NESTING:
                refuse_nesting()
            if name == cell_tag:
                reference = attributes.get("r")
                if reference is None:
                    column += 1
                else:
                    letters = reference.rstrip(_DIGITS)
                    known = columns.get(letters)
                    if known is None:
                        known = columns[letters] = _column_index(letters)
                    column = known
                kind = attributes.get("t", "n")
                style = attributes.get("s")
                is_wanted = only is None or column in only
                lacks_value = False
                parts.clear()
            elif name == value_tag or (name == text_tag and not in_phonetic):
                # An empty text may be what a formula gives; an empty number is one that nobody has computed.
                lacks_value = lacks_value and kind == "n"
                if is_wanted:
                    parser.CharacterDataHandler = parts.append
            elif name == row_tag:
                number = _row_number(attributes.get("r"), number)
                column = -1
                cells = []
            elif name == formula_tag:
                lacks_value = True
            elif name == phonetic_tag:
                in_phonetic = True

        def end(name: str) -> None:
            nonlocal depth, in_phonetic, is_wanted
            depth -= 1
            if name == value_tag:
                parser.CharacterDataHandler = None
            elif name == cell_tag:
                if is_wanted and (parts or lacks_value):
                    cells.append((column, value_of(kind, style, "".join(parts)) if parts else NOT_COMPUTED))
                    if len(cells) > LAST_COLUMN:
                        msg = f"row {number} has too many cells"
                        raise WorkbookBroken(msg)
                parts.clear()
                is_wanted = False
            elif name == text_tag:
                parser.CharacterDataHandler = None
            elif name == row_tag:
                if cells:
                    rows.append(SheetRow(number, cells))
            elif name == phonetic_tag:
                in_phonetic = False

        parser.StartElementHandler = start
        parser.EndElementHandler = end


def _count(source: IO[bytes]) -> int:
    parser = new_parser()
    count = depth = 0
    row_tag = value_tag = inline_tag = ""
    is_empty = True

    def start(name: str, _attributes: Attributes) -> None:
        nonlocal count, depth, is_empty, row_tag, value_tag, inline_tag
        if not row_tag:
            prefix = prefix_of(name)
            row_tag, value_tag, inline_tag = f"{prefix}row", f"{prefix}v", f"{prefix}is"
        depth += 1
        if depth > MAX_NESTING:
            refuse_nesting()
        if name == row_tag:
            is_empty = True
        elif is_empty and name in {value_tag, inline_tag}:
            is_empty = False
            count += 1

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    for _pause in feed(source, parser):
        pass
    return count


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        place = _LETTERS.find(letter) + 1
        if not place or len(letters) > 3:
            break
        index = index * 26 + place
    else:
        if 0 < index <= LAST_COLUMN:
            return index - 1
    msg = f"there is no column “{letters[:20]}”"
    raise WorkbookBroken(msg)


def _row_number(stated: str | None, previous: int) -> int:
    if stated is None:
        return previous + 1
    if not (stated.isascii() and stated.isdigit() and len(stated) <= 7 and 0 < int(stated) <= LAST_ROW):
        msg = f"there is no row “{stated[:20]}”"
        raise WorkbookBroken(msg)
    return int(stated)


def _relationships_of(part: str) -> str:
    folder, _slash, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels".lstrip("/")


def _iso_date(text: str) -> CellValue:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.date() if "T" not in text else moment


def _no_text(text: str) -> NoReturn:
    msg = f"there is no shared text “{text[:20]}”"
    raise WorkbookBroken(msg)
