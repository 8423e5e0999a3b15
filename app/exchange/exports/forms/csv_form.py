"""CSV by RFC 4180, safe to open in spreadsheet programs: what they would take for a formula has an apostrophe before it."""

import re
from collections.abc import Iterable

from app.exchange.exports.layout import Layout, Line, Spelling, items_of, said

ITEM = "|"
"""Stands between the items of a list."""
MARK = "\ufeff"
"""By which old spreadsheet programs know UTF-8; everybody else is better off without."""

# An apostrophe before such a sign gets another one, so that taking one away always gives the text back.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_QUOTED = re.compile('[",\r\n]')
_STARTS = ("=", "+", "-", "@", "'")


def neutralised(text: str) -> str:
    """A text that a spreadsheet program would take for a formula, with an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text


class CsvForm:
    """Rows of one layout as CSV. An unknown value is an empty cell."""

    spelling = Spelling.PLAIN

    def __init__(self, layout: Layout, *, mark: bool = False) -> None:
        self._layout = layout
        self._mark = mark
        self._lists = len(layout.lists)

    def begin(self) -> bytes:
        heading = ",".join(self._layout.names) + "\r\n"
        return ((MARK if self._mark else "") + heading).encode()

    def write(self, lines: Iterable[Line]) -> bytes:
        rows = [f"{_known(before)},{self._middle(middle)},{_known(after)}\r\n" for before, middle, after in lines]
        return "".join(rows).encode()

    def _middle(self, middle: str) -> str:
        """What strangers wrote. Nearly always it needs no more than commas between."""
        texts, *lists = middle.rsplit("\t", self._lists) if self._lists else (middle,)
        texts = (
            ",".join([_cell(text) for text in texts.split("\t")]) if _needs_care(texts) else texts.replace("\t", ",")
        )
        return ",".join([texts, *map(_list, lists)]) if lists else texts


def _known(part: str) -> str:
    return part.replace("\t", ",").replace('+00:00"', 'Z"')


def _needs_care(texts: str) -> bool:
    return (
        '"' in texts
        or "," in texts
        or "\\" in texts
        or "\t=" in texts
        or "\t+" in texts
        or "\t-" in texts
        or "\t@" in texts
        or "\t'" in texts
        or texts.startswith(_STARTS)
        or not texts.isascii()
    )


def _cell(text: str) -> str:
    return _quoted(neutralised(said(text)))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _list(cell: str) -> str:
    if cell == "{}":
        return ""
    if '"' in cell or "\\" in cell or "NULL" in cell or cell[1] in _STARTS or not cell.isascii():
        return _quoted(neutralised(ITEM.join(items_of(said(cell)))))
    return cell[1:-1].replace(",", ITEM)
