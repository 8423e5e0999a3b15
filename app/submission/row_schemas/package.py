"""The hub's own schema: a pushed package by the names under which packages are published."""

from collections.abc import Sequence
from typing import Any

from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus
from app.submission.row_schemas import words
from app.submission.row_schemas.columns import ColumnSpec
from app.submission.row_schemas.columns_of import column_of, object_schema
from app.submission.row_schemas.fields import Shape
from app.submission.row_schemas.package_cells import read_package_cells
from app.submission.row_schemas.package_fast import read_plain_package
from app.submission.row_schemas.package_fields import AWARD, PACKAGE
from app.submission.row_schemas.package_json import read_package
from app.submission.row_schemas.protocol import DIALECT
from app.submission.rows import BodyRow, RowContext, RowReading

WINNER_COLUMNS = 3
"""How many winners the template has columns for; more are read all the same."""
_CHOICES: dict[str, dict[str, str]] = {
    "kind": {code.value: word for code, word in words.KIND_WORDS.items()},
    "status": {code.value: word for code, word in words.STATUS_WORDS.items()},
    "category": {code.value: word for code, word in words.CATEGORY_WORDS.items()},
    "method": {code.value: word for code, word in words.METHOD_WORDS.items()},
}
_CODES: dict[str, list[str]] = {
    "kind": list(PackageKind),
    "status": list(PackageStatus),
    "category": list(Category),
    "method": list(Method),
    "date_basis": list(DateBasis),
}


def _columns() -> tuple[ColumnSpec, ...]:
    own = [column_of(field, choices=_CHOICES.get(field.name)) for field in PACKAGE if field.heading]
    winners = [
        column_of(field, number=number, parent="awards")
        for number in range(1, WINNER_COLUMNS + 1)
        for field in AWARD
        if field.shape is not Shape.READ_ONLY
    ]
    return (*own, *winners)


class PackageSchema:
    """One row is one package; a valid one in JSON takes the fast way."""

    name = "rakor-package"
    title_id = "Paket pengadaan menurut skema Rakor"
    title_en = "Procurement packages in Rakor's own schema"
    source = "push"
    parser_version = "rakor-package-1"
    is_gathered = False
    columns = _columns()

    def json_schema(self) -> dict[str, Any]:
        row = object_schema(PACKAGE, _CODES)
        description = (
            "One package. Absent: not spoken of; null: there is none. `kind` and `fiscal_year` may be left out of every "
            "row if the address gives them (`?kind=`, `?fiscal_year=`). No name may stand twice in an object; texts hold "
            "no control, direction or zero-width characters. Codes are understood in capitals too; an empty text in "
            "their place is as null, and a status that is null is as absent. Fields marked readOnly are added by the hub: an answer of the "
            "hub may be sent back with them, and they are ignored."
        )
        return {
            "$schema": DIALECT,
            "title": self.title_en,
            "description": description,
            **row,
            "required": ["kind", "code"],
            "anyOf": [{"required": ["fiscal_year"]}, {"required": ["fiscal_years"]}],
        }

    def read(self, row: BodyRow, context: RowContext) -> RowReading:
        if isinstance(row.content, bytes):
            return read_plain_package(row.content, row.number, context) or read_package(
                row.content, row.number, context
            )
        return read_package_cells(row.content, row.number, context)

    def key_of(self, row: BodyRow, context: RowContext) -> str | RowReading:  # noqa: ARG002 (the protocol's)
        """Every row is a package of its own."""
        return str(row.number)

    def read_group(self, rows: Sequence[BodyRow], context: RowContext) -> RowReading:
        return self.read(rows[0], context)
