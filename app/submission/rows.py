"""Rows on their way in: what a form cuts out of a body, and what a row schema makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.records import PackageRecord


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, with where it stands ("F12"). CSV gives texts only; a spreadsheet gives what it holds."""

    value: str | int | Decimal | bool | date | datetime
    reference: str


@dataclass(frozen=True, slots=True)
class BodyRow:
    """One row as a form cut it out of the body.

    `number` counts the body's rows from 1; in a table it is the sheet's own row number. `content` is the row's JSON text,
    or its filled cells by field path ("pagu", "awards.1.supplier_name", "tender/id").
    """

    number: int
    content: bytes | Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one row (number 0: with the body or its heading), and where: a JSON pointer, or a cell."""

    problem: Problem
    row: int
    pointer: str | None = None
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that no schema can be asked about: broken JSON, a line of the wrong length. `text` is it, shortened."""

    number: int
    text: str
    problem: RowProblem


@dataclass(frozen=True, slots=True)
class RowContext:
    """What a row is read with: whose it is and what the sender said of all rows."""

    node: str
    kd_lpse: int | None
    time_zone: TimeZone
    fiscal_year: int | None = None
    """Of rows that state none (`?fiscal_year=`)."""
    kind: str | None = None
    """Of rows that state none (`?kind=`)."""
    now: datetime | None = None
    """The moment against which a row's own time is judged; None: when it is read."""


@dataclass(frozen=True, slots=True)
class RowReading:
    """What a schema made of a row (or of all rows of one package): a record, or None when it is refused.

    A problem of severity error on a refused row is the reason; with a record, problems are remarks. The record's own
    `problems` are left empty: those of a push travel here, with their places.
    """

    record: PackageRecord | None
    problems: tuple[RowProblem, ...] = field(default=())
