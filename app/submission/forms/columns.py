"""Which column of a table fills which field: by headings that people write in many ways."""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from app.core.problems import Problem
from app.submission.forms.failures import BodyUnreadable
from app.submission.rows import RowProblem

_SHOWN_HEADINGS = 40
_MAX_REMARKS = 50
_LIKE_ENOUGH = 0.6


def heading_key(heading: str) -> str:
    """The form in which headings are compared: letters and digits, without case, accents, spaces and punctuation."""
    folded = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


class NamedColumn(Protocol):
    """What a row schema says of the names of one of its columns."""

    @property
    def path(self) -> str: ...
    @property
    def heading(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


def known_headings(columns: Iterable[NamedColumn]) -> dict[str, str]:
    """All headings of a schema's columns, folded, with the field that each fills."""
    known: dict[str, str] = {}
    for column in columns:
        for heading in (column.path, column.heading, *column.aliases):
            path = known.setdefault(heading_key(heading), column.path)
            if path != column.path:
                msg = f"the heading {heading!r} would fill both {path} and {column.path}"
                raise ValueError(msg)
    return known


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What is known about columns before a table is opened.

    `known` are headings (see `heading_key`) with the field that each fills; `mapped` are fields with the sender's own
    headings, which come before what is known.
    """

    known: Mapping[str, str]
    mapped: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Iterable[NamedColumn], mapped: Mapping[str, str] | None = None) -> Self:
        """The plan of a row schema's columns, with the sender's own headings by field (`?column=FIELD:HEADING`)."""
        return cls(known_headings(columns), mapped or {})

    def fields_by_key(self) -> dict[str, str]:
        """All headings that mean something here. A field that the sender mapped is filled by that column alone."""
        by_key = {heading_key(key): path for key, path in self.known.items() if path not in self.mapped}
        return by_key | {heading_key(heading): path for path, heading in self.mapped.items()}


@dataclass(frozen=True, slots=True)
class Heading:
    """One filled cell of a row that may be the heading: its place among the columns (from 0) and its cell ("H1")."""

    index: int
    text: str
    cell: str


@dataclass(frozen=True, slots=True)
class BoundColumns:
    """The columns of one table: which index fills which field, and what was said of the others."""

    fields: Mapping[int, str]
    remarks: tuple[RowProblem, ...]


def count_known(headings: Sequence[Heading], fields_by_key: Mapping[str, str]) -> int:
    """How many different fields a row of headings would fill."""
    return len({path for heading in headings if (path := fields_by_key.get(heading_key(heading.text)))})


def bind_columns(headings: Sequence[Heading], plan: ColumnPlan) -> BoundColumns:
    """Give each column its field. Raises BodyUnreadable where that would have to be guessed."""
    fields_by_key = plan.fields_by_key()
    _require_mapped(headings, plan)
    fields: dict[int, str] = {}
    taken: dict[str, Heading] = {}
    remarks: list[RowProblem] = []
    for heading in headings:
        path = fields_by_key.get(heading_key(heading.text))
        if path is None:
            remarks.append(_unknown(heading, fields_by_key))
        elif path in taken:
            raise BodyUnreadable("column-twice", f"{taken[path].cell}, {heading.cell}", heading.text, field=path)
        else:
            taken[path] = heading
            fields[heading.index] = path
    return BoundColumns(fields, tuple(remarks[:_MAX_REMARKS]))


def _require_mapped(headings: Sequence[Heading], plan: ColumnPlan) -> None:
    present = {heading_key(heading.text) for heading in headings}
    for heading in plan.mapped.values():
        if heading_key(heading) not in present:
            raise BodyUnreadable("column-missing", None, name_headings(headings), field=heading)


def name_headings(headings: Sequence[Heading]) -> str:
    """The headings that are there, for a sentence."""
    shown = "; ".join(heading.text.strip() for heading in headings[:_SHOWN_HEADINGS])
    return f"{shown}; …" if len(headings) > _SHOWN_HEADINGS else shown


def _unknown(heading: Heading, fields_by_key: Mapping[str, str]) -> RowProblem:
    nearest = difflib.get_close_matches(heading_key(heading.text), fields_by_key, n=1, cutoff=_LIKE_ENOUGH)
    suggestion = fields_by_key[nearest[0]] if nearest else None
    return RowProblem(Problem("column-unknown", field=suggestion, value=heading.text.strip()), row=0, cell=heading.cell)
