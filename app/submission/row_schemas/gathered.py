"""What schemas share whose packages are spread over several rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.adapters.lkpp.reading import Reader
from app.core.problems import Problem, Severity
from app.core.records import PackageRecord
from app.submission.forms.values import ValueRefused, read_amount, read_text
from app.submission.row_schemas.fields import MAX_LONG_TEXT, FieldSpec, Shape
from app.submission.row_schemas.findings import Findings, show
from app.submission.row_schemas.strict_json import check_text, exact, read_row
from app.submission.rows import Cell, RowContext, RowProblem, RowReading

REFUSING = frozenset(
    {
        "amount-unreadable",
        "amount-negative",
        "amount-too-large",
        "currency-foreign",
        "date-unreadable",
        "count-unreadable",
        "fiscal-year-unreadable",
        "row-unreadable",
    }
)
"""What a puller leaves empty and reports, a sender is asked to mend: the package is refused."""


def row_of(content: bytes, found: Findings, known: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """The row with exact numbers, of the known fields if they are named."""
    members = read_row(content, found, known=known)
    row: dict[str, Any] | None = None if members is None else exact(members)
    return row


def cells_as_row(cells: Mapping[str, Cell], fields: Mapping[str, FieldSpec], found: Findings) -> dict[str, Any]:
    """The cells of a table as JSON would state them."""
    row: dict[str, Any] = {}
    for path, cell in cells.items():
        if (field := fields.get(path)) is None or (isinstance(cell.value, str) and not cell.value.strip()):
            continue
        if isinstance(cell.value, str):
            check_text(cell.value, f"/{path}", found)
        try:
            row[path] = value_of(cell, field.shape)
        except ValueRefused as refused:
            found.add(refused.code, f"/{path}", str(cell.value))
    return row


def value_of(cell: Cell, shape: Shape) -> Any:
    """The value of a cell as JSON would state it. Raises ValueRefused."""
    if isinstance(cell.value, Decimal) and not cell.value.is_finite():
        raise ValueRefused("count-unreadable", str(cell.value), str(cell.value))
    if shape is Shape.AMOUNT:
        return read_amount(cell)
    if isinstance(cell.value, date):
        return cell.value.isoformat() if isinstance(cell.value, datetime) else f"{cell.value.isoformat()}T00:00:00"
    if shape is Shape.COUNT and isinstance(cell.value, Decimal) and cell.value == int(cell.value):
        return int(cell.value)
    return read_text(cell).strip()


def is_readable(row: Mapping[str, Any], fields: Mapping[str, FieldSpec], reader: Reader, found: Findings) -> None:
    """Look at every amount, time and year of a row, so that each problem has its place."""
    for name, value in row.items():
        shape = fields[name].shape
        before = len(reader.problems)
        if shape is Shape.AMOUNT:
            reader.stated(row, name)  # type: ignore[arg-type]  # It only looks.
        elif shape is Shape.MOMENT:
            reader.moment(row, name)  # type: ignore[arg-type]
        elif shape is Shape.YEAR:
            reader.years(row, name)  # type: ignore[arg-type]
        elif isinstance(value, bool | dict | list):
            found.add("text-expected", f"/{name}", show(value))
        elif isinstance(value, str) and len(value) > MAX_LONG_TEXT:
            found.add("text-too-long", f"/{name}", str(len(value)))
        for problem in reader.problems[before:]:
            found.add(problem.code, f"/{name}", show(value))


def finish(
    record: PackageRecord, findings: Sequence[Findings], remarks: Iterable[Problem], context: RowContext
) -> RowReading:
    """The reading of a package: refused as a whole where any of its rows is, of the sender's year where it states none."""
    problems = [problem for found in findings for problem in found.problems]
    refused = {problem.row for problem in problems if problem.problem.severity is Severity.ERROR}
    if refused:
        others = [found for found in findings if found.row not in refused]
        for found in others:
            found.add("package-row-refused", "", str(min(refused)))
        return RowReading(None, tuple(problem for found in findings for problem in found.problems))
    row = record.row or 0
    for problem in remarks:
        # Years that are there were looked at with the rows; of those that are not, the sender may have told.
        if problem.code == "fiscal-year-unreadable":
            continue
        pointer = "/" + problem.field.replace(".", "/") if problem.field else ""
        placed = RowProblem(problem, row, pointer, findings[0].cell_near(pointer))
        problems.append(placed)
    if any(problem.problem.code in REFUSING for problem in problems):
        return RowReading(None, tuple(problems))
    if not record.fields.get("fiscal_years"):
        if context.fiscal_year is None:
            missing = Problem("field-missing", record.code, record.kind, "fiscal_year")
            return RowReading(None, (*problems, RowProblem(missing, row, "/fiscal_year")))
        record = replace(record, fields={**record.fields, "fiscal_years": [context.fiscal_year]})
    return RowReading(record, tuple(problems))
