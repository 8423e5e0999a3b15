"""INAPROC's rows, pushed by nodes that receive them from LKPP: gathered by package, read as the adapter reads them.

A list alone speaks of a part of a package only, and its record says just that: what other lists say of the package are
other sources, and all are joined where packages are derived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from app.adapters.inaproc.resources import KINDS
from app.adapters.lkpp.awards import read_signed
from app.adapters.lkpp.lists import KindLists
from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.record import combine
from app.adapters.lkpp.rows import by_list, code_of, lpse_of
from app.core.records import PackageFields, PackageRecord
from app.core.vocabulary import PackageKind
from app.kit.json import loads
from app.kit.json_plain import name_row
from app.submission.row_schemas.columns import ColumnSpec
from app.submission.row_schemas.columns_of import column_of
from app.submission.row_schemas.fields import FieldSpec, Shape
from app.submission.row_schemas.findings import Findings
from app.submission.row_schemas.gathered import cells_as_row, finish, is_readable, row_of
from app.submission.row_schemas.inaproc_fields import FIELDS, RESOURCE_FIELDS, fields_of
from app.submission.row_schemas.protocol import DIALECT
from app.submission.rows import BodyRow, RowContext, RowReading

_PARSER_VERSION = "inaproc-rows-1"
_PATH = "tender/"
# The gateway names the contracts of a package in two lists; of the longer one only what both have is read.
_SAME_AS = {
    "tender-ekontrak": "tender-ekontrak-kontrak",
    "non-tender-ekontrak": "non-tender-ekontrak-kontrak",
}
_NO_NEWS = frozenset({"row-without-package"})
"""Said by rows that have no announcement beside them, as all of a push are."""
_TYPES: dict[Shape, list[str]] = {
    Shape.CODE: ["string", "integer", "null"],
    Shape.COUNT: ["integer", "string", "null"],
    Shape.YEAR: ["integer", "string", "null"],
    Shape.AMOUNT: ["number", "string", "null"],
    Shape.TEXT: ["string", "number", "null"],
    Shape.LONG_TEXT: ["string", "number", "null"],
    Shape.MOMENT: ["string", "null"],
}


@dataclass(frozen=True, slots=True)
class InaprocSchema:
    """The rows of one of the gateway's lists."""

    resource: str
    kind: PackageKind
    lists: KindLists

    is_gathered = True
    parser_version = _PARSER_VERSION

    @property
    def name(self) -> str:
        return f"inaproc:{self.resource}"

    @property
    def title_id(self) -> str:
        return f"Baris INAPROC v1: {self.resource}"

    @property
    def title_en(self) -> str:
        return f"Rows of INAPROC v1: {self.resource}"

    @property
    def source(self) -> str:
        return f"push:{self.name}"

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        return tuple(column_of(replace(field, heading=field.name)) for field in fields_of(self.resource))

    def json_schema(self) -> dict[str, Any]:
        return {
            "$schema": DIALECT,
            "title": self.title_en,
            "description": "One row as data.inaproc.id gives it. Fields that are not listed are ignored. All rows of one "
            "package make one record; “Z” behind a time is read as the node's own clock.",
            "type": "object",
            "properties": {field.name: _property(field) for field in fields_of(self.resource)},
            "required": [self.lists.code],
            "additionalProperties": True,
        }

    def read(self, row: BodyRow, context: RowContext) -> RowReading:
        key = self.key_of(row, context)
        return self.read_group([row], context) if isinstance(key, str) else key

    def key_of(self, row: BodyRow, context: RowContext) -> str | RowReading:
        """The package's code. A row that names another LPSE is not this node's to push."""
        stated = _glance(row)
        if stated is None:
            found = Findings(row.number)
            # Whatever else is wrong with a row is said when its package is read.
            if (stated := self._row(row, found)) is None:
                return RowReading(None, found.problems)
        found = Findings(row.number, _places(row))
        found.kind = self.kind
        code = code_of(stated.get(self.lists.code))
        found.code = code
        if code is None:
            found.add("code-unreadable", f"/{self.lists.code}", stated.get(self.lists.code))
        lpse = stated.get("kd_lpse")
        if lpse is not None and lpse_of(lpse) != (context.kd_lpse or -1):
            found.add("node-mismatch", "/kd_lpse", lpse)
        return RowReading(None, found.problems) if code is None or found.is_refused else code

    def read_group(self, rows: Sequence[BodyRow], context: RowContext) -> RowReading:
        """The record of one package. One row that cannot be read refuses all: half a package is not taken."""
        named: dict[str, Any] = {}
        findings: list[Findings] = []
        code = ""
        for row in rows:
            found = Findings(row.number, _places(row))
            stated = self._row(row, found) or {}
            found.kind, found.code = self.kind, code_of(stated.get(self.lists.code))
            code = found.code or code
            is_readable(stated, FIELDS, Reader(self.kind, code, context.time_zone), found)
            findings.append(found)
            name, kept = name_row(self._list, stated)
            named[name] = kept
        reader = Reader(self.kind, code, context.time_zone)
        fields = PackageFields()
        if not any(found.is_refused for found in findings):
            fields = self._combine(named, reader)
        record = PackageRecord(self.kind, code, fields, row=rows[0].number)
        remarks = [problem for problem in reader.problems if problem.code not in _NO_NEWS]
        return finish(record, findings, remarks, context)

    def _combine(self, named: Mapping[str, Any], reader: Reader) -> PackageFields:
        found = by_list(dict(named))
        fields = combine(self.lists, found, reader)
        if self._list == self.lists.contracts:
            # A list of contracts does not say whether it has all of them, so that it names no winners; what was signed
            # counts where no winner's own amount is known.
            fields.update(read_signed(found[self._list], reader) or {})  # type: ignore[typeddict-item]  # Amounts of both.
        if self._list != self.lists.values:
            reader.problems = [each for each in reader.problems if each.code != "completed-without-winner"]
        return fields

    @property
    def _list(self) -> str:
        return _PATH + _SAME_AS.get(self.resource, self.resource)

    def _row(self, row: BodyRow, found: Findings) -> dict[str, Any] | None:
        if isinstance(row.content, bytes):
            return row_of(row.content, found, FIELDS)
        return cells_as_row(row.content, FIELDS, found)


def _glance(row: BodyRow) -> dict[str, Any] | None:
    """The fields of a row of JSON, without a closer look at any of them; None where it needs one."""
    try:
        stated = loads(row.content) if isinstance(row.content, bytes) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return stated if isinstance(stated, dict) else None


def _places(row: BodyRow) -> dict[str, str]:
    return {} if isinstance(row.content, bytes) else {f"/{path}": cell.reference for path, cell in row.content.items()}


def _property(field: FieldSpec) -> dict[str, Any]:
    return {
        "type": _TYPES[field.shape],
        "description": f"{field.help_en} ({field.help_id})",
        "examples": [field.example],
    }


def _schemas() -> tuple[InaprocSchema, ...]:
    kinds = {resource: kind for kind, lists in KINDS.items() for resource in lists.all}
    return tuple(
        InaprocSchema(resource, kind, KINDS[kind])
        for resource in RESOURCE_FIELDS
        for kind in [kinds[_PATH + _SAME_AS.get(resource, resource)]]
    )


INAPROC_SCHEMAS = _schemas()
