"""From the read values of one pushed package to its record: identity, words, years and times, whatever form it came in."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from app.core.money import MAX_AMOUNT
from app.core.records import PackageFields, PackageRecord
from app.core.text import CodeUnreadable, canonical_code
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus
from app.kit.clock import utc_now
from app.submission.row_schemas import words
from app.submission.row_schemas.fields import FISCAL_YEARS
from app.submission.row_schemas.findings import Findings
from app.submission.rows import RowContext, RowReading

SPECIAL = frozenset(
    "kind code fiscal_year fiscal_years category method status date_basis node updated_at value".split()  # noqa: SIM905
)
"""What does not go into the record as it was read. Everything else does."""
_BASIS_FIELDS = ("contract_value", "negotiated_value", "corrected_value", "bid_value", "award_value")
_WAS_A_FLOAT = re.compile(r"\s*[0-9]+\.0*\s*|\s*[0-9.]+[eE][+-]?[0-9]+\s*")
_CLOCKS_DIFFER_BY = timedelta(days=1)


def make_record(
    values: Mapping[str, Any], fields: dict[str, Any], context: RowContext, found: Findings, row: int
) -> RowReading:
    """`values` are the special ones as texts, whole numbers and moments; `fields` all others, as records hold them."""
    kind = _kind_of(_said(values, "kind") or context.kind, found)
    code = _code_of(values.get("code"), found)
    found.kind, found.code = kind, code
    if (years := _years_of(values, context, found)) is not None:
        fields["fiscal_years"] = years
    if not values.keys().isdisjoint(_WORDS):
        _say_words(values, fields, found)
    if values.get("node") is not None:
        _check_node(values["node"], context, found)
    source_at = values.get("updated_at")
    if source_at is not None and source_at > (context.now or utc_now()) + _CLOCKS_DIFFER_BY:
        found.add("updated-in-future", "/updated_at", source_at.isoformat())
    awards = fields.get("awards")
    if awards:
        _check_awards(awards, found)
    if (value := values.get("value")) is not None:
        _look_at_value(value, fields, found)
    if found.is_refused or kind is None or code is None:
        return RowReading(None, found.problems)
    record = PackageRecord(kind, code, cast("PackageFields", fields), source_at, row=row)
    return RowReading(record, found.problems)


def _kind_of(text: Any, found: Findings) -> PackageKind | None:
    if not text:
        if "/kind" not in found.pointers:
            found.add("field-missing", "/kind")
        return None
    kind = words.KIND_CODES.get(text) or words.kind_of(text)
    if kind is None:
        found.add("kind-unknown", "/kind", text)
    return kind


def _code_of(code: Any, found: Findings) -> str | None:
    if code is None or code == "":
        if "/code" not in found.pointers:
            found.add("field-missing", "/code")
        return None
    try:
        # A whole number that went through a float on its way is no code that anybody has.
        if not _WAS_A_FLOAT.fullmatch(code):
            return canonical_code(code)
    except CodeUnreadable:
        pass
    found.add("code-unreadable", "/code", code)
    return None


def _years_of(values: Mapping[str, Any], context: RowContext, found: Findings) -> list[int] | None:
    """The years that a row states, or the one that was said of all rows."""
    stated, several = values.get("fiscal_year"), values.get("fiscal_years")
    one = context.fiscal_year if stated is None else stated
    years: list[int] = sorted(set(several)) if several else [] if one is None else [one]
    if not years:
        if found.pointers.isdisjoint({"/fiscal_year", "/fiscal_years"}):
            found.add("field-missing", "/fiscal_year")
        return None
    if years[0] not in FISCAL_YEARS or years[-1] not in FISCAL_YEARS:
        found.add("fiscal-year-unreadable", "/fiscal_years" if several else "/fiscal_year", str(years)[1:-1])
        return None
    if several and stated is not None and stated != years[0]:
        found.add("fiscal-years-disagree", "/fiscal_year", f"{stated}; {', '.join(map(str, years))}")
    return years


def _said(values: Mapping[str, Any], name: str) -> str:
    """What a row says in a field of words; nothing where it holds white space alone."""
    text: str = values.get(name) or ""
    return "" if text.isspace() else text


def _say_words(values: Mapping[str, Any], fields: dict[str, Any], found: Findings) -> None:
    """An empty text says none, as null does. A package always has a status: there both are as if nothing was said."""
    for name, known, read, other in _CLASSES:
        if name not in values:
            continue
        if not (text := _said(values, name)):
            fields[name] = None
            continue
        if (word := known.get(text)) is None:
            word = read(text)
            fields.setdefault(f"{name}_text", text)
        if word is None:
            found.add(f"{name}-unknown", f"/{name}", text)
        fields[name] = word or other
    if text := _said(values, "status"):
        if (status := words.STATUS_CODES.get(text)) is None:
            status = words.status_of(text, fields.get("reason") or "")
            fields.setdefault("stage", text)
        if status is None:
            found.add("status-unknown", "/status", text)
        fields["status"] = status or PackageStatus.OTHER
    if text := _said(values, "date_basis"):
        if (basis := words.date_basis_of(text)) is None:
            found.add("word-unknown", "/date_basis", text)
        else:
            fields["date_basis"] = basis


_Class = tuple[str, Mapping[str, Any], Callable[[str], Any], Any]
_CLASSES: tuple[_Class, ...] = (
    ("category", words.CATEGORY_CODES, words.category_of, Category.OTHER),
    ("method", words.METHOD_CODES, words.method_of, Method.OTHER),
)
_WORDS = frozenset({"category", "method", "status", "date_basis"})


def _check_node(node: str, context: RowContext, found: Findings) -> None:
    """A row may say whose it is; it is not taken for anybody else's."""
    stated = node.strip().casefold()
    if stated != context.node.casefold() and (not stated.isdecimal() or int(stated) != context.kd_lpse):
        found.add("node-mismatch", "/node", node)


def _check_awards(awards: list[dict[str, Any]], found: Findings) -> None:
    """A package has its winners' amounts added up, in columns of the same size as one amount."""
    for position, award in enumerate(awards):
        if not (award.get("supplier_name") or "").strip():
            pointer = f"/awards/{position}/supplier_name"
            if pointer not in found.pointers:
                found.add("field-missing", pointer)
    if len(awards) > 1:
        for name in (*_BASIS_FIELDS, "pdn_value", "umk_value"):
            total = sum((award.get(name) or Decimal(0) for award in awards), Decimal(0))
            if total > MAX_AMOUNT:
                found.add("amount-too-large", f"/awards/0/{name}", total)


def _look_at_value(value: Decimal, fields: dict[str, Any], found: Findings) -> None:
    """The published `value` follows from the others; where no other says the same, its sender means it as news."""
    awards = fields.get("awards") or []
    stated = {fields.get(name) for name in _BASIS_FIELDS} | {
        sum((award.get(name) or Decimal(0) for award in awards), Decimal(0)) for name in _BASIS_FIELDS if awards
    }
    if value not in stated:
        found.add("field-read-only", "/value", value)
