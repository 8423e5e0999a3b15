"""Rows for the tests of row schemas: one sensible default each, all of it invented."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.core.dates import TimeZone
from app.submission.row_schemas.catalogue import ROW_SCHEMAS
from app.submission.rows import BodyRow, Cell, RowContext, RowReading

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_context(**changes: Any) -> RowContext:
    return RowContext(**{"node": "contoh", "kd_lpse": 10, "time_zone": TimeZone.WIB, "now": NOW} | changes)


def as_row(row: Any, number: int = 1) -> BodyRow:
    content = row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False, default=float).encode()
    return BodyRow(number, content)


def a_package(**changes: Any) -> dict[str, Any]:
    return {"kind": "tender", "code": "12482010", "fiscal_year": 2025, **changes}


def read(row: Any, schema: str = "rakor-package", **context: Any) -> RowReading:
    return ROW_SCHEMAS[schema].read(as_row(row), a_context(**context))


def read_all(rows: list[Any], schema: str, **context: Any) -> RowReading:
    return ROW_SCHEMAS[schema].read_group([as_row(row, n) for n, row in enumerate(rows, 1)], a_context(**context))


def read_cells(cells: dict[str, Any], schema: str = "rakor-package", **context: Any) -> RowReading:
    places = {path: Cell(value, f"{chr(65 + at)}7") for at, (path, value) in enumerate(cells.items())}
    return ROW_SCHEMAS[schema].read(BodyRow(7, places), a_context(**context))


def fields(reading: RowReading) -> dict[str, Any]:
    assert reading.record is not None, reading.problems
    return dict(reading.record.fields)


def found(reading: RowReading) -> list[tuple[str, str | None]]:
    return [(each.problem.code, each.pointer) for each in reading.problems]


def rupiah(text: str) -> Decimal:
    return Decimal(text)
