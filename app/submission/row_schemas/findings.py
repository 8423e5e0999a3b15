"""Collecting what is wrong with one row, each finding with its place."""

import re
from collections.abc import Mapping
from typing import Any

from app.core.problems import MAX_VALUE_LENGTH, PROBLEM_KINDS, Problem, Severity
from app.core.text import HIDDEN_CHARACTERS
from app.kit.json import dumps_text
from app.submission.rows import RowProblem

MAX_FINDINGS = 50
"""Of one row; whoever has mended these may ask again."""

# What nobody sees is shown by its number, so that the one who reads the sentence can find it.
_UNSEEN = re.compile(f"[\x00\xad\ud800-\udfff{HIDDEN_CHARACTERS}]")


class Findings:
    """What was found in one row. `cells` are the cells of a table by the pointers of the fields that they fill."""

    def __init__(self, row: int, cells: Mapping[str, str] | None = None) -> None:
        self.kind: str | None = None
        self.code: str | None = None
        self.is_refused = False
        self.row = row
        self._cells = cells or {}
        self._found: list[tuple[str, str, str | None]] = []

    def add(self, code: str, pointer: str, value: object = None) -> None:
        """Note a problem at a pointer ("/awards/0/npwp"; "" is the row itself), with the text that stands there."""
        if PROBLEM_KINDS[code].severity is Severity.ERROR:
            self.is_refused = True
        found = (code, pointer, None if value is None else show(value))
        if len(self._found) < MAX_FINDINGS and found not in self._found:
            self._found.append(found)

    def cell_near(self, pointer: str) -> str | None:
        """The cell of a field, or of the first one within it."""
        return self._cells.get(pointer) or next(
            (cell for place, cell in self._cells.items() if pointer and place.startswith(f"{pointer}/")), None
        )

    @property
    def pointers(self) -> set[str]:
        return {pointer for _code, pointer, _value in self._found}

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        return tuple(
            RowProblem(
                Problem(code, package=self.code, kind=self.kind, field=field_of(pointer), value=value),
                self.row,
                pointer,
                self._cells.get(pointer),
            )
            for code, pointer, value in self._found
        )


def field_of(pointer: str) -> str | None:
    """The field of a pointer as people say it: "awards.0.npwp"."""
    return ".".join(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")) or None


def pointer_to(parent: str, name: str | int) -> str:
    """A JSON pointer one step further (RFC 6901)."""
    return f"{parent}/{str(name)[:MAX_VALUE_LENGTH].replace('~', '~0').replace('/', '~1')}"


def show(value: object) -> str:
    """A value as the sender wrote it, or nearly: shortened, and with what nobody sees made visible."""
    text = value if isinstance(value, str) else _json(value)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text[: 2 * MAX_VALUE_LENGTH])


def _json(value: Any) -> str:
    try:
        return dumps_text(value)
    except (TypeError, ValueError, RecursionError, NotImplementedError):
        return str(value)
