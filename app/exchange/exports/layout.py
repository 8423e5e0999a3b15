"""What the columns of an export are, and how rows travel from PostgreSQL to whatever writes them.

A row is one line of COPY's text format in three parts, set apart by a sign: values that hold nothing but words and
numbers of the hub's own, then what strangers wrote, then such values again. So a whole line is known to be harmless by one
look at its middle, and nearly every line is. PostgreSQL spells values as the form needs them: it has time while the
lines are looked at here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.kit.json import dumps_text, loads
from app.procurement.copying import array_text, escaped, escaped_json

PARTED = "\x1f"
"""Stands between the parts of a line. No value of the first or last part holds it."""


class Spelling(StrEnum):
    """How values are spelled: as CSV has them, or as JSON; `null` is how what is unknown is."""

    PLAIN = "plain"
    JSON = "json"

    @property
    def null(self) -> str:
        return "" if self is Spelling.PLAIN else "null"


class Type(StrEnum):
    """What a column holds. Amounts and sums of them have two decimals, shares six, days one."""

    WORD = "word"
    TEXT = "text"
    TEXTS = "texts"
    YEARS = "years"
    WHOLE = "whole"
    AMOUNT = "amount"
    SUM = "sum"
    SHARE = "share"
    DAYS = "days"
    FLAG = "flag"
    MOMENT = "moment"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name as in the API, what it holds, how it is read, and what it means in both languages."""

    name: str
    type: Type
    english: str
    indonesian: str
    sql: str = ""
    words: tuple[str, ...] = ()
    """All that a word can be, where there are few."""

    def selected(self, spelling: Spelling) -> str:
        """As COPY has to say it. Moments are quoted in both, for only so PostgreSQL writes them as ISO 8601 quickly."""
        match self.type:
            case Type.MOMENT | Type.DATE:
                return f"to_json({self.sql})"
            case Type.FLAG:
                return f"CAST({self.sql} AS text)"
            case Type.WORD if spelling is Spelling.JSON:
                return f"'\"' || {self.sql} || '\"'"
            case Type.TEXT | Type.TEXTS | Type.YEARS if spelling is Spelling.JSON:
                return f"to_json({self.sql})"
            case _:
                return self.sql


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of an export in their order: `before`, what strangers wrote (single texts, then lists), `after`."""

    before: tuple[Column, ...]
    texts: tuple[Column, ...] = ()
    lists: tuple[Column, ...] = ()
    after: tuple[Column, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.before, *self.texts, *self.lists, *self.after)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def stated(self) -> tuple[Column, ...]:
        """The middle part."""
        return (*self.texts, *self.lists)

    def selected(self, spelling: Spelling) -> str:
        """What COPY selects."""
        parted = f"'{PARTED}'"
        before, middle, after = (
            [column.selected(spelling) for column in part] for part in (self.before, self.stated, self.after)
        )
        return ", ".join([*before, parted, *middle, parted, *after])


Line = tuple[str, str, str]
"""The three parts of a row; in each the columns are parted by tabs."""

_BETWEEN = f"\t{PARTED}\t"


def parted(row: str) -> Line:
    """A row as COPY wrote it, without its end. Whatever the middle holds, the first and the last sign part the row."""
    before, _, rest = row.partition(_BETWEEN)
    middle, _, after = rest.rpartition(_BETWEEN)
    return before, middle, after


_SPELLED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def said(cell: str) -> str:
    """A text as it was before COPY wrote it."""
    return _ESCAPE.sub(lambda found: _SPELLED.get(found[1], found[1]), cell) if "\\" in cell else cell


def items_of(literal: str) -> list[str]:
    """The items of a list as PostgreSQL writes arrays."""
    if '"' not in literal and "\\" not in literal:
        return [item for item in literal[1:-1].split(",") if item != "NULL"] if literal != "{}" else []
    return _read_items(literal)


def _read_items(literal: str) -> list[str]:
    items: list[str] = []
    held: list[str] = []
    is_quoted = was_quoted = is_escaped = False
    for character in literal[1:-1] + ",":
        if is_escaped:
            held.append(character)
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        elif character == '"':
            is_quoted = not is_quoted
            was_quoted = True
        elif character == "," and not is_quoted:
            item = "".join(held)
            if was_quoted or item != "NULL":
                items.append(item)
            held, was_quoted = [], False
        else:
            held.append(character)
    return items


def line_of(layout: Layout, row: Mapping[str, Any], spelling: Spelling) -> Line:
    """A row that does not come by COPY, as if it did."""
    return (
        "\t".join([_literal(row[column.name], spelling) for column in layout.before]),
        "\t".join([spelled(row[column.name], spelling) for column in layout.stated]),
        "\t".join([_literal(row[column.name], spelling) for column in layout.after]),
    )


def _literal(value: Any, spelling: Spelling) -> str:
    match value:
        case None:
            return spelling.null
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal() | float():
            return f"{Decimal(str(value)):f}"
        case datetime():
            return f'"{value.astimezone(UTC).isoformat()}"'
        case date():
            return f'"{value.isoformat()}"'
        case _:
            return f'"{value}"' if spelling is Spelling.JSON else str(value)


def spelled(value: Any, spelling: Spelling) -> str:
    """A text or a list of the middle part."""
    if spelling is Spelling.JSON:
        return escaped_json(dumps_text(value))
    return "" if value is None else escaped(array_text(value) if isinstance(value, list) else value)


def stated_in(cell: str, spelling: Spelling, *, is_list: bool) -> Any:
    """The text or list that `spelled` spelled."""
    if spelling is Spelling.JSON:
        return loads(said(cell))
    return items_of(said(cell)) if is_list else said(cell) or None
