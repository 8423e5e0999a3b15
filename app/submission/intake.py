"""What the sender said of a whole body, and the batches of rows that a schema makes of it. Runs in a thread; no database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import BinaryIO

from app.kit.json import dumps_text
from app.procurement.preparing import Prepared, Preparer
from app.submission.forms.catalogue import Encoding, Form
from app.submission.forms.columns import ColumnPlan
from app.submission.forms.reading import RowSource, check_rows, open_rows
from app.submission.gathering import gather
from app.submission.row_schemas.catalogue import ROW_SCHEMAS, RowSchema
from app.submission.rows import BodyRow, BrokenRow, RowContext, RowProblem, RowReading


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """How a body is to be read: its form, its schema, and the columns that its sender named."""

    schema: RowSchema
    form: Form
    encoding: Encoding
    columns: Mapping[str, str]
    """Field path → heading."""
    context: RowContext
    charset: str | None = None
    """The characters that the sender says a CSV is written in; None: tell by the bytes."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is taken in together: one row, or all rows of one package. `repeated` of them say the same again, to the byte."""

    rows: tuple[BodyRow | BrokenRow, ...]
    reading: RowReading
    repeated: int = 0
    prepared: Prepared | None = None
    """The record as the door keeps it, made ahead of the door where there is a thread for it."""

    @property
    def row(self) -> int:
        return self.rows[0].number

    def original(self) -> str:
        return "\n".join(original_of(row) for row in self.rows[:20])


def _columns(plan: BodyPlan) -> ColumnPlan:
    return ColumnPlan.of(plan.schema.columns, plan.columns)


def count_rows(file: BinaryIO, plan: BodyPlan) -> int:
    """Read a body to its end without understanding its rows; raises BodyUnreadable where it cannot be read."""
    return check_rows(file, plan.form, plan.encoding, columns=_columns(plan), charset=plan.charset)


def open_units(file: BinaryIO, plan: BodyPlan) -> tuple[Iterator[Unit], list[RowProblem]]:
    """The units of a body in an order that is the same each time, and remarks on its heading."""
    source = open_rows(file, plan.form, plan.encoding, columns=_columns(plan), charset=plan.charset)
    if plan.schema.is_gathered:
        return _gathered(source, plan), list(source.remarks)
    return map(partial(_single, plan), source.rows), list(source.remarks)


def batches(units: Iterable[Unit], size: int, *, skip: int = 0) -> Iterator[list[Unit]]:
    """Units in lists of `size`, without the first `skip`."""
    rest = islice(units, skip, None)
    while batch := list(islice(rest, size)):
        yield batch


def prepare_units(units: Sequence[Unit], preparer: Preparer) -> list[Unit]:
    """Do ahead what the door would do: PostgreSQL stores the batch before this one meanwhile."""
    prepared = iter(preparer.prepare(unit.reading.record for unit in units if unit.reading.record is not None))
    return [unit if unit.reading.record is None else replace(unit, prepared=next(prepared)) for unit in units]


def _single(plan: BodyPlan, row: BodyRow | BrokenRow) -> Unit:
    if isinstance(row, BrokenRow):
        return Unit((row,), RowReading(None, (row.problem,)))
    return Unit((row,), plan.schema.read(row, plan.context))


def _gathered(source: RowSource, plan: BodyPlan) -> Iterator[Unit]:
    def key_of(row: BodyRow | BrokenRow) -> str | RowReading:
        return RowReading(None, (row.problem,)) if isinstance(row, BrokenRow) else plan.schema.key_of(row, plan.context)

    for group in gather(source.rows, key_of):
        if group.refusal is not None:
            yield Unit(group.rows, group.refusal)
            continue
        rows = [row for row in group.rows if isinstance(row, BodyRow)]
        yield Unit(group.rows, plan.schema.read_group(rows, plan.context), group.repeated)


def original_of(row: BodyRow | BrokenRow) -> str:
    """The row as it came, for the person who looks at what is wrong with it."""
    if isinstance(row, BrokenRow):
        return row.text
    if isinstance(row.content, bytes):
        return row.content.decode(errors="replace")
    return dumps_text({path: cell.value for path, cell in row.content.items()})


def find_schema(name: str) -> RowSchema | None:
    return ROW_SCHEMAS.get(name)
