"""Releases of the Open Contracting Data Standard, pushed: gathered by ocid, merged and read as the adapter reads them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.adapters.ocds.awards import active_awards
from app.adapters.ocds.merging import RECORD, RELEASE, compile_rows, is_record
from app.adapters.ocds.reading import Reader, children
from app.adapters.ocds.record import combine
from app.adapters.ocds.survey import Survey, budget_years, code_of
from app.core.records import PackageFields, PackageRecord
from app.core.vocabulary import PackageKind
from app.kit.json_plain import name_row
from app.submission.forms.values import ValueRefused, read_moment, read_whole
from app.submission.row_schemas import words
from app.submission.row_schemas.columns import ColumnSpec
from app.submission.row_schemas.fields import Shape
from app.submission.row_schemas.findings import Findings
from app.submission.row_schemas.gathered import finish, row_of, value_of
from app.submission.row_schemas.ocds_columns import COLUMNS, SCHEMA, shape_of
from app.submission.row_schemas.strict_json import check_text
from app.submission.rows import BodyRow, Cell, RowContext, RowReading

_MAX_POSITION = 999
_POSITION = re.compile(r"[0-9]{1,3}")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[T ])")


class OcdsSchema:
    """Each row is a release, a compiled release, or a record with its compiled release."""

    name = "ocds"
    title_id = "Rilis OCDS 1.1"
    title_en = "Releases of OCDS 1.1"
    source = "push:ocds"
    parser_version = "ocds-rows-1"
    is_gathered = True
    columns: tuple[ColumnSpec, ...] = COLUMNS

    def json_schema(self) -> dict[str, Any]:
        return SCHEMA

    def read(self, row: BodyRow, context: RowContext) -> RowReading:
        key = self.key_of(row, context)
        return self.read_group([row], context) if isinstance(key, str) else key

    def key_of(self, row: BodyRow, context: RowContext) -> str | RowReading:
        """The ocid of a row."""
        found = Findings(row.number, _places(row))
        release = _release_in(row, found, context)
        if release is None:
            return RowReading(None, found.problems)
        ocid = release.get("ocid")
        if isinstance(ocid, str) and ocid.strip():
            return ocid
        found.add("ocid-missing", "/ocid", str(ocid))
        return RowReading(None, found.problems)

    def read_group(self, rows: Sequence[BodyRow], context: RowContext) -> RowReading:
        """The record of one contracting process; one row that cannot be read refuses all."""
        findings = [Findings(row.number, _places(row)) for row in rows]
        releases = [_release_in(row, found, context) or {} for row, found in zip(rows, findings, strict=True)]
        survey = Survey(context.time_zone)
        for release in releases:
            survey.learn(release)
        ocid = str(releases[0].get("ocid"))
        facts = survey.facts[ocid]
        code = code_of(ocid, facts.tender_id)
        kind = facts.kind or words.KIND_CODES.get(context.kind or "") or PackageKind.TENDER
        for found in findings:
            found.kind, found.code = kind, code
        if code is None:
            findings[0].add("ocid-missing", "/ocid", ocid)
        if code is None or any(found.is_refused for found in findings):
            return finish(PackageRecord(kind, code or "", {}, row=rows[0].number), findings, (), context)
        reader = Reader(kind, code, context.time_zone)
        fields = _combine(releases, context, reader)
        record = PackageRecord(kind, code, fields, row=rows[0].number)
        return finish(record, findings, reader.problems, context)


def _combine(releases: Sequence[dict[str, Any]], context: RowContext, reader: Reader) -> PackageFields:
    named = dict(name_row(RECORD if is_record(release) else RELEASE, release) for release in releases)
    compiled = compile_rows(named, reader.zone)[0]
    fields = combine(compiled, [], reader)
    # Without a budget's period the year would be that of the announcement, which the sender knows better.
    if context.fiscal_year is not None and not budget_years(compiled.release, reader.zone):
        fields["fiscal_years"] = [context.fiscal_year]
    awards = active_awards(compiled.release)
    if "awards" not in fields and len(awards) == 1 and not children(awards[0], "suppliers"):
        # One award without a supplier: what was awarded is known, though not to whom.
        reader.problems = [each for each in reader.problems if each.field != "awards.suppliers"]
        fields["award_value"] = reader.price(awards[0], "value", "awards.value")
    return fields


def _places(row: BodyRow) -> dict[str, str]:
    return {} if isinstance(row.content, bytes) else {f"/{path}": cell.reference for path, cell in row.content.items()}


def _release_in(row: BodyRow, found: Findings, context: RowContext) -> dict[str, Any] | None:
    if isinstance(row.content, bytes):
        return row_of(row.content, found)
    return _release_of_cells(row.content, found, context)


def _release_of_cells(cells: Mapping[str, Cell], found: Findings, context: RowContext) -> dict[str, Any]:
    """The object that a flattened row stands for: "awards/0/value/amount" names its place in it."""
    release: dict[str, Any] = {}
    for path in sorted(cells):
        cell = cells[path]
        if isinstance(cell.value, str) and not cell.value.strip():
            continue
        pointer = f"/{path}"
        if isinstance(cell.value, str):
            check_text(cell.value, pointer, found)
        try:
            _put(release, path.split("/"), _value_of(path, cell, context))
        except ValueRefused as refused:
            found.add(refused.code, pointer, str(cell.value))
        except (TypeError, IndexError, AttributeError):
            found.add("field-unknown", pointer, str(cell.value))
    return release


def _value_of(path: str, cell: Cell, context: RowContext) -> Any:
    shape = shape_of(path)
    if shape is Shape.MOMENT and not (isinstance(cell.value, str) and _ISO.match(cell.value.strip())):
        return read_moment(cell, context.time_zone).isoformat()
    return read_whole(cell) if shape is Shape.COUNT else value_of(cell, shape)


def _put(target: Any, steps: list[str], value: Any) -> None:
    """Put a value where its path leads, building what is on the way."""
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        key: Any = step
        if isinstance(target, list):
            key = int(step) if _POSITION.fullmatch(step) else None
            if key is None or key > _MAX_POSITION:
                raise TypeError(step)
            target.extend({} for _ in range(len(target), key + 1))
        if following is None:
            if isinstance(target, dict) and key in target:
                raise TypeError(step)
            target[key] = value
            return
        if isinstance(target, dict):
            target = target.setdefault(key, [] if _POSITION.fullmatch(following) else {})
        else:
            target = target[key]
        if not isinstance(target, dict | list):
            raise TypeError(step)
