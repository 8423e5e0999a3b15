"""Newline-delimited JSON: one object a line, with the names and values that the API gives."""

from collections.abc import Iterable

from app.exchange.exports.layout import Layout, Line, Spelling, said


class NdjsonForm:
    """Rows of one layout as NDJSON. All values are JSON already; only their names are missing."""

    spelling = Spelling.JSON

    def __init__(self, layout: Layout) -> None:
        # Names and values take turns: putting all values between them at once is what costs least.
        first, *names = layout.names
        self._row = [f'{{"{first}":', "", *[part for name in names for part in (f',"{name}":', "")], "}\n"]

    def begin(self) -> bytes:
        return b""

    def write(self, lines: Iterable[Line]) -> bytes:
        row, rows = self._row, []
        for before, middle, after in lines:
            ending = after.replace('+00:00"', 'Z"')
            row[1::2] = f"{before}\t{said(middle)}\t{ending}".split("\t")
            rows.append("".join(row))
        return "".join(rows).encode()
