"""A pushed package in the cells of one row of a table, written as people write."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.adapters.spse.vocabulary import self_managed_type_of
from app.core.dates import TimeZone
from app.submission.forms.values import (
    ValueRefused,
    read_amount,
    read_day,
    read_identifier,
    read_identifiers,
    read_list,
    read_moment,
    read_text,
    read_whole,
    read_yes,
    written,
)
from app.submission.row_schemas.fields import (
    MAX_COUNT,
    MAX_LIST,
    MAX_LONG_TEXT,
    MAX_TEXT,
    FieldSpec,
    Shape,
)
from app.submission.row_schemas.findings import Findings, pointer_to
from app.submission.row_schemas.package_json import SPECS, moment_of
from app.submission.row_schemas.package_record import SPECIAL, make_record
from app.submission.row_schemas.strict_json import check_text
from app.submission.rows import Cell, RowContext, RowReading

_PART = re.compile(r"(?P<list>[a-z]+)\.(?P<number>[1-9][0-9]{0,2})\.(?P<part>[a-z_]+)")
_DIGITS = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,2})?")
_SEVERAL = re.compile(r"[;,\s]+")


def read_package_cells(cells: Mapping[str, Cell], row: int, context: RowContext) -> RowReading:
    """Read a row by the fields that its columns fill."""
    found = Findings(row)
    read: dict[str, Any] = {}
    objects: dict[str, dict[int, dict[str, Any]]] = {}
    for path, cell in cells.items():
        value = cell.value
        if type(value) is str and not value.strip():
            continue
        target = _target(path)
        if target.field is None:
            found.add("field-unknown", target.pointer, str(value))
        elif target.field.shape is Shape.READ_ONLY:
            continue
        elif target.position is not None:
            items = objects.setdefault(target.parent, {})
            items.setdefault(target.position, {})[target.name] = _take(target, cell, context, found)
        elif target.parent:
            read.setdefault(target.parent, {})[target.name] = _take(target, cell, context, found)
        else:
            read[target.name] = _take(target, cell, context, found)
    for name, numbered in objects.items():
        read[name] = [numbered[position] for position in sorted(numbered)]
    _spread_nameless(read)
    _check_names(read, objects, found)
    special = {name: read.pop(name) for name in SPECIAL & read.keys()}
    reading = make_record(special, read, context, found, row)
    return _with_cells(reading, cells) if reading.problems else reading


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a column leads: a field, one of an object of texts, or one of the object at a position (from 0) of a list."""

    pointer: str
    field: FieldSpec | None
    name: str = ""
    parent: str = ""
    position: int | None = None


@lru_cache(maxsize=4096)
def _target(path: str) -> _Target:
    """Tables count from 1, JSON from 0."""
    if (part := _PART.fullmatch(path)) and part["list"] in SPECS:
        position = int(part["number"]) - 1
        pointer = f"/{part['list']}/{position}/{part['part']}"
        field = SPECS[part["list"]].get(part["part"])
        is_known = field is not None and field.shape in _READERS and part["list"] in SPECS[""]
        return _Target(pointer, field if is_known else None, part["part"], part["list"], position)
    parent, _, name = path.partition(".")
    if parent == _NAMED and name:
        return _Target(pointer_to(f"/{parent}", name), _ANY_TEXT, name, parent)
    field = SPECS[""].get(path)
    is_known = field is not None and (field.shape in _READERS or field.shape is Shape.READ_ONLY)
    return _Target(pointer_to("", path), field if is_known else None, path)


def _with_cells(reading: RowReading, cells: Mapping[str, Cell]) -> RowReading:
    places = {_target(path).pointer: cell.reference for path, cell in cells.items()}
    problems = tuple(replace(each, cell=places.get(each.pointer or "")) for each in reading.problems)
    return replace(reading, problems=problems)


def _take(target: _Target, cell: Cell, context: RowContext, found: Findings) -> Any:
    field = target.field
    assert field is not None
    if type(cell.value) is str:
        check_text(cell.value, target.pointer, found)
    if type(cell.value) is Decimal and not cell.value.is_finite():
        found.add("count-unreadable", target.pointer, str(cell.value))
        return None
    try:
        return _READERS[field.shape](field, cell, context.time_zone)
    except ValueRefused as refused:
        # Of a package's own code the problem is called as it is in JSON.
        is_code = field.shape is Shape.CODE and refused.code == "identifier-unreadable"
        found.add("code-unreadable" if is_code else refused.code, target.pointer, written(cell))
        return None


def _spread_nameless(read: dict[str, Any]) -> None:
    """Amounts of one winner whose name no column tells are those of the whole package."""
    awards = read.get("awards") or []
    if len(awards) == 1 and not awards[0].keys() & {"supplier_name", "npwp", "address"}:
        del read["awards"]
        for name, amount in awards[0].items():
            read.setdefault(name, amount)


def _check_names(read: dict[str, Any], objects: Mapping[str, Mapping[int, Any]], found: Findings) -> None:
    for name, numbered in objects.items():
        mandatory = next((spec.name for spec in SPECS[name].values() if spec.required), None)
        # A package's winners are looked at wherever they come from.
        if mandatory is None or name == "awards":
            continue
        for position, number in enumerate(sorted(numbered)):
            if not read[name][position].get(mandatory):
                found.add("field-missing", f"/{name}/{number - 1}/{mandatory}")


def _text(spec: FieldSpec, cell: Cell, _zone: TimeZone) -> str:
    is_identifier = spec.shape is Shape.CODE or spec.name in _IDENTIFIERS
    text = (read_identifier(cell) if is_identifier else read_text(cell)).strip()
    if len(text) > (MAX_LONG_TEXT if spec.shape is Shape.LONG_TEXT else MAX_TEXT):
        raise ValueRefused("text-too-long", f"{len(text)}", f"{len(text)}")
    return text


def _amount(_spec: FieldSpec, cell: Cell, _zone: TimeZone) -> Decimal:
    # Nearly all amounts of an exported table are digits alone, which mean one thing only.
    if type(cell.value) is str and _DIGITS.fullmatch(cell.value):
        return Decimal(cell.value)
    return read_amount(cell)


def _moment(_spec: FieldSpec, cell: Cell, zone: TimeZone) -> datetime:
    stated = moment_of(cell.value, zone) if type(cell.value) is str else None
    return stated or read_moment(cell, zone)


def _count(spec: FieldSpec, cell: Cell, _zone: TimeZone) -> int:
    if spec.name == "self_managed_type":
        stated = cell.value if type(cell.value) is str else str(read_whole(cell))
        kind = self_managed_type_of(stated) or self_managed_type_of(f"tipe {stated}")
        if kind is None:
            raise ValueRefused("count-unreadable", "1–4", "1–4")
        return kind
    if (count := read_whole(cell)) < MAX_COUNT:
        return count
    raise ValueRefused("count-unreadable", f"< {MAX_COUNT}", f"< {MAX_COUNT}")


def _years(_spec: FieldSpec, cell: Cell, _zone: TimeZone) -> list[int]:
    if type(cell.value) is not str:
        return [read_whole(cell)]
    texts = [text for text in _SEVERAL.split(cell.value) if text]
    return [read_whole(Cell(text, cell.reference)) for text in texts[:MAX_LIST]]


def _texts(spec: FieldSpec, cell: Cell, _zone: TimeZone) -> list[str]:
    return (read_identifiers(cell) if spec.name in _IDENTIFIERS else read_list(cell))[:MAX_LIST]


_NAMED = "source_ids"
_IDENTIFIERS = frozenset({_NAMED, "rup_codes", "npwp", "institution", "node"})
"""What is no amount of anything, although it may look like a number."""
_ANY_TEXT = FieldSpec(_NAMED, Shape.TEXT)
_Read = Callable[[FieldSpec, Cell, TimeZone], Any]
_READERS: dict[Shape, _Read] = {
    Shape.TEXT: _text,
    Shape.LONG_TEXT: _text,
    Shape.WORD: _text,
    Shape.CODE: _text,
    Shape.AMOUNT: _amount,
    Shape.SCORE: _amount,
    Shape.MOMENT: _moment,
    Shape.DAY: lambda _spec, cell, _zone: read_day(cell),
    Shape.COUNT: _count,
    Shape.YEAR: lambda _spec, cell, _zone: read_whole(cell),
    Shape.YEARS: _years,
    Shape.YES: lambda _spec, cell, _zone: read_yes(cell),
    Shape.TEXTS: _texts,
}
