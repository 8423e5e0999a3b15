"""Many rows into one table by COPY, through the session's own connection and in its transaction."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any

from app.kit.db import WriteSession, speaking_plainly

NULL = "\x01"
"""Stands for nothing in a column; a text that is this very sign is escaped."""
_AT_ONCE = 1 << 18
"""So many characters of rows are handed over in one go: the server begins while the next are put together."""


def escaped(text: str) -> str:
    """A text as COPY's text format writes it: what parts columns and rows, and the sign that says so, are spelled out."""
    spelled = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return "\\" + spelled if spelled == NULL else spelled


def escaped_json(text: str) -> str:
    """The same of JSON, which holds no control character as it is."""
    return text.replace("\\", "\\\\")


def array_text(items: Sequence[Any]) -> str:
    """A list as PostgreSQL writes an array, before COPY spells it."""
    if not items:
        return "{}"
    if type(items[0]) is int:
        return f"{{{','.join(map(str, items))}}}"
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return '{"' + '","'.join(quoted) + '"}'


_SPELLINGS: dict[type, Callable[[Any], str]] = {
    NoneType: lambda _: NULL,
    int: str,
    Decimal: str,
    bool: lambda value: "t" if value else "f",
    datetime: datetime.isoformat,
    list: array_text,
}


def columns_text(values: Sequence[Any]) -> str:
    """Values side by side as columns of one row."""
    kinds = [type(value) for value in values]
    spelled = [value if kind is str else _SPELLINGS[kind](value) for kind, value in zip(kinds, values, strict=True)]
    row = "\t".join(spelled)
    # Looking once at the whole row is cheaper than at each text, and nearly all rows need nothing.
    is_plain = not ("\\" in row or "\n" in row or "\r" in row) and row.count("\t") < len(values)
    if is_plain and row.count(NULL) == kinds.count(NoneType):
        return row
    return "\t".join([NULL if value is None else escaped(text) for value, text in zip(values, spelled, strict=True)])


async def copy_rows(session: WriteSession, table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    """Rows as `columns_text` spells them. COPY checks constraints and fires triggers as INSERT does."""
    async with speaking_plainly(session) as driver:
        await driver.copy_to_table(table, columns=columns, source=_pieces(rows), format="text", null=NULL)


async def _pieces(rows: Iterable[str]) -> AsyncIterator[bytes]:
    waiting: list[str] = []
    length = 0
    for row in rows:
        waiting.append(row)
        length += len(row)
        if length >= _AT_ONCE:
            yield ("\n".join(waiting) + "\n").encode()
            waiting, length = [], 0
    if waiting:
        yield ("\n".join(waiting) + "\n").encode()
