"""The cheap list of packages: what to ask for, and how to read a row. Pure.

The list speaks the server-side protocol of DataTables 1.10; its rows carry no names, only positions (`kinds`).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.adapters.protocol import IndexEntry
from app.adapters.spse.kinds import KINDS, KindSpec, RowLayout
from app.adapters.spse.markup import read_name
from app.adapters.spse.reading import Reader, years_in
from app.adapters.spse.vocabulary import (
    CATEGORIES,
    METHODS,
    STATUSES,
    badge_status,
    category_of,
    method_of,
    status_of,
)
from app.core.problems import Problem
from app.core.records import PackageFields
from app.core.text import CodeUnreadable, canonical_code, clean_text, name_key
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus

_SENTINEL = 2_147_483_647  # Java's largest int, which current nodes answer instead of counting.
SETTLED = frozenset({PackageStatus.COMPLETED, PackageStatus.FAILED, PackageStatus.CANCELLED})
_CATEGORY_ENDS = re.compile(r"\s*-\s*TA\b")
_ONLY_YEARS = re.compile(r"(?:TA )?20\d{2}(?:[,; ]+20\d{2}){0,9}")
_NO_CONTRACT = frozenset({"", "-", "nilai kontrak belum dibuat"})
_LONGEST_CODE = 18


class NoRows(ValueError):
    """The list's answer is JSON, but holds no list of rows."""


class Direction(StrEnum):
    """Which end of the list comes first."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """One answer of the list. `declared` holds the totals it states, if it counts at all."""

    rows: list[Any]
    declared: frozenset[int]


def list_form(
    kind: PackageKind, *, start: int, length: int, direction: Direction, token: str | None
) -> list[tuple[str, str]]:
    """The form of one question, ordered by code: the default order, by date, repeats and skips rows between pages."""
    form = [
        ("draw", "1"),
        ("start", str(start)),
        ("length", str(length)),
        ("search[value]", ""),
        ("search[regex]", "false"),
        ("order[0][column]", "0"),
        ("order[0][dir]", direction.value),
    ]
    for column in range(KINDS[kind].columns):
        form += [
            (f"columns[{column}][data]", str(column)),
            (f"columns[{column}][name]", ""),
            (f"columns[{column}][searchable]", "true"),
            (f"columns[{column}][orderable]", "true"),
            (f"columns[{column}][search][value]", ""),
            (f"columns[{column}][search][regex]", "false"),
        ]
    if token is not None:
        form.append(("authenticityToken", token))  # In snake case the node answers 403 (recorded 2026-08-17).
    return form


def parse_list(text: str) -> ListAnswer | None:
    """Read an answer of the list; None when it is not JSON (an expired session answers with a page).

    Raises NoRows when it is JSON of another shape.
    """
    try:
        answer = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise NoRows("the answer holds no list of rows")
    # recordsFiltered counts what this list shows; recordsTotal may count the packages of all years beside it.
    stated = _total(answer.get("recordsFiltered", answer.get("recordsTotal")))
    return ListAnswer(answer["data"], frozenset() if stated is None else frozenset({stated}))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _total(value: object) -> int | None:
    """A true count; None where the node states none or its sentinel."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int) or value == _SENTINEL:
        return None
    return value


def read_row(kind: PackageKind, row: object) -> IndexEntry | Problem:
    """Read one row far enough to know the package and whether it is settled; its other cells wait for `row_fields`."""
    spec = KINDS[kind]
    layout = spec.row
    if not isinstance(row, list) or len(row) < layout.width:
        return Problem("row-unreadable", kind=kind.value, value=_shown(row))
    cells = [_cell(value) for value in row]
    status = status_of(_text(cells[layout.status]))
    if (moved := _moved_column(spec, cells, status)) is not None:
        return Problem("row-unreadable", kind=kind.value, field=moved, value=_shown(row))
    try:
        code = canonical_code(_text(cells[layout.code]))
    except CodeUnreadable:
        code = ""
    # A real code fits eight bytes.
    if not code.isdigit() or code == "0" or len(code) > _LONGEST_CODE:
        return Problem("code-unreadable", kind=kind.value, field="kode", value=_shown(row))
    return IndexEntry(kind=kind, code=code, row=cells, fingerprint=fingerprint(cells), settled=status in SETTLED)


def _moved_column(spec: KindSpec, cells: list[Any], status: PackageStatus | None) -> str | None:
    """Which column stands elsewhere than we know; None where nothing speaks for it.

    One odd cell is an odd package. But a row of another length must show its fiscal year where we know it (what is more
    or less may stand at the end, or may have moved all others), a row with neither year nor a known status fits
    nowhere, and a word that is missing in its column and found in another one tells that the two have changed places.
    """
    layout = spec.row
    if not _years_of(layout, cells):
        if len(cells) != spec.columns:
            return f"kolom {layout.years}: tahun anggaran"
        if status is None:
            return f"kolom {layout.years} dan {layout.status}: tahun anggaran dan status"
    if status is None and _stands_elsewhere(cells, layout.status, layout, STATUSES):
        return f"kolom {layout.status}: status"
    if layout.method is not None and _stands_elsewhere(cells, layout.method, layout, METHODS):
        return f"kolom {layout.method}: metode"
    if layout.category not in {None, layout.years} and _stands_elsewhere(cells, layout.category, layout, CATEGORIES):
        return f"kolom {layout.category}: jenis pengadaan"
    return None


def _stands_elsewhere(cells: list[Any], position: int, layout: RowLayout, words: Mapping[str, object]) -> bool:
    """Whether the cell holds none of the words, and a cell beside it does. A name may be any word."""
    if name_key(_text(cells[position])) in words:
        return False
    others = (place for place in range(len(cells)) if place not in {position, layout.name})
    return any(name_key(_text(cells[place])) in words for place in others)


def fingerprint(row: object) -> str:
    return hashlib.sha256(json.dumps(row, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def row_bytes(row: list[Any] | dict[str, Any]) -> bytes:
    """The row as it is kept as evidence."""
    return json.dumps(row, separators=(",", ":")).encode()


def _cell(value: object) -> str | int | bool | None:
    if value is None or isinstance(value, bool | int):
        return value
    return clean_text(value) if isinstance(value, str) else _shown(value)


def _text(cell: object) -> str:
    return "" if cell is None or isinstance(cell, bool) else str(cell)


def _shown(value: object) -> str:
    try:
        return clean_text(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "[…]"


def row_fields(entry: IndexEntry, reader: Reader) -> PackageFields:
    """What the list itself says of a package. Its HPS or pagu is abbreviated ("22,7 M") and therefore no amount."""
    layout = KINDS[entry.kind].row
    cells = [_text(cell) for cell in entry.row]
    name, labels = read_name(cells[layout.name])
    fields = PackageFields(
        labels=labels,
        stage=cells[layout.status] or None,
        status=status_of(cells[layout.status]) or badge_status(labels) or PackageStatus.OTHER,
    )
    if name:
        fields["name"] = name
    if cells[layout.institution]:
        fields["institution_name"] = read_name(cells[layout.institution])[0]
    if years := _years_of(layout, cells):
        fields["fiscal_years"] = years
    if layout.category is not None:
        category_text = _CATEGORY_ENDS.split(cells[layout.category])[0]
        fields["category"] = category_of(category_text) or Category.OTHER
        fields["category_text"] = category_text or None
    if layout.method is not None:
        fields["method"] = method_of(cells[layout.method]) or Method.OTHER
        fields["method_text"] = cells[layout.method] or None
    if layout.qualification is not None and cells[layout.qualification]:
        fields["qualification_text"] = cells[layout.qualification]
    if layout.evaluation is not None:
        fields["evaluation_text"] = cells[layout.evaluation] or None
    if layout.contract is not None:
        _read_contract(cells[layout.contract], fields, reader)
    return fields


def _years_of(layout: RowLayout, cells: list[Any]) -> list[int]:
    """The fiscal years: alone in their cell ("2025"), or behind the category ("Pengadaan Barang - TA 2025,2026")."""
    text = _text(cells[layout.years])
    if layout.years == layout.category:
        _, *years = _CATEGORY_ENDS.split(text)
        return years_in(years[-1]) if years else []
    return years_in(text) if _ONLY_YEARS.fullmatch(text) else []


def _read_contract(text: str, fields: PackageFields, reader: Reader) -> None:
    if text.casefold() in _NO_CONTRACT:
        fields["contract_value"] = None
    elif text.casefold().startswith("rp"):
        amount = reader.amount(text, "nilai kontrak")
        if amount == 0:
            reader.report("amount-zero", field="nilai kontrak", value=text)
        fields["contract_value"] = amount or None
    else:
        # A bare number here is another column that moved, such as the version code "5".
        reader.report("amount-unreadable", field="nilai kontrak", value=text)


def numbers_of(kind: PackageKind, rows: list[Any]) -> list[int]:
    """The codes of those rows that can be read, as numbers."""
    entries = (read_row(kind, row) for row in rows)
    return [int(entry.code) for entry in entries if isinstance(entry, IndexEntry)]


def anchor_of(row: object) -> str:
    """By what a row is known again on the next page, readable or not."""
    first = row[0] if isinstance(row, list) and row else row
    return clean_text(first) if isinstance(first, str) else _shown(first)
