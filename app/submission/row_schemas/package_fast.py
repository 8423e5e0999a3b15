"""A pushed package in JSON, read at once where nothing about it is in doubt; whatever is goes to `package_json`.

Nearly all rows of a body are fine, and a province pushes them by the million. Nothing is decided here that the patient
way would decide otherwise: at the first thing that is not plainly right this one gives up.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, cast

import msgspec

from app.core.dates import TimeZone
from app.core.money import MAX_AMOUNT
from app.core.records import PackageFields, PackageRecord
from app.submission.row_schemas import words
from app.submission.row_schemas.fields import (
    FISCAL_YEARS,
    MAX_CODE,
    MAX_COUNT,
    MAX_LIST,
    MAX_LONG_TEXT,
    MAX_TEXT,
    MOMENT_YEARS,
    FieldSpec,
    Shape,
)
from app.submission.row_schemas.findings import Findings
from app.submission.row_schemas.package_fields import AWARD, OFFER, PACKAGE, REALIZATION, STAGE
from app.submission.row_schemas.package_json import moment_of
from app.submission.row_schemas.package_record import SPECIAL, make_record
from app.submission.rows import RowContext, RowReading

# Hidden characters (`HIDDEN_CHARACTERS`), as they are and as JSON escapes them, and escaped backslashes: without these a
# quotation mark behind a backslash is one within a text.
_DOUBTFUL = re.compile(
    rb"\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xc2[\x80-\x9f]|\xd8\x9c|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80\x81]"
    rb"|\\u(?:00[0189]|007|061[cC]|20[026]|[fF][eE][fF]{2}|[fF]{3}[9a-bA-B]|[dD][89a-fA-F])|\\[bf\\]"
)
_DELETE = b"\x7f"
# msgspec rounds a moment to microseconds, and an eighth decimal is not always 0.
_TOO_FINE = re.compile(rb"\.[0-9]{7}")
_SEN, _TENTH = Decimal("0.01"), Decimal("0.1")
_MAX_WHOLE = int(MAX_AMOUNT)
_MAX_SCORE = 1_000_000
_FIRST_YEAR, _LAST_YEAR = MOMENT_YEARS.start + 1, MOMENT_YEARS.stop - 2
"""A year less on both sides, so that no offset matters."""


class _Doubt(Exception):
    """Something about the row wants a closer look."""


def _plain_number(text: str) -> Decimal:
    """A number with a point. One with an exponent would lose it: 1.5e1 is no different from 15 afterwards."""
    if "e" in text or "E" in text:
        raise _Doubt
    return Decimal(text)


def _wire_type(name: str, fields: tuple[FieldSpec, ...], moment: Any, parts: Mapping[str, Any]) -> Any:
    """The type by which msgspec reads an object. What is left out is not known to it, and is noticed by the count of names."""
    shapes: dict[Shape, Any] = {
        Shape.TEXT: str | None,
        Shape.LONG_TEXT: str | None,
        Shape.WORD: str | None,
        Shape.CODE: str | int | None,
        Shape.YEAR: int | None,
        Shape.YEARS: list[int] | None,
        Shape.COUNT: int | None,
        Shape.YES: bool | None,
        Shape.DAY: date | None,
        Shape.MOMENT: moment,
        Shape.TEXTS: list[str] | None,
        Shape.NAMED_TEXTS: dict[str, str] | None,
        # Read as they come, for a Decimal would be made of texts and of exponents as well.
        Shape.AMOUNT: Any,
        Shape.SCORE: Any,
    }
    known = {spec.name: shapes[spec.shape] for spec in fields if spec.shape in shapes} | dict(parts)
    return TypedDict(name, known, total=False)  # type: ignore[operator]  # Made from the table of fields.


def _row_type(moment: Any) -> Any:
    lists = {"awards": AWARD, "offers": OFFER, "realizations": REALIZATION, "schedule": STAGE}
    parts = {name: list[_wire_type(name, fields, moment, {})] | None for name, fields in lists.items()}  # type: ignore[misc]
    return _wire_type("package", PACKAGE, moment, parts)


_decode = msgspec.json.Decoder(_row_type(datetime | None), float_hook=_plain_number).decode
_decode_days = msgspec.json.Decoder(_row_type(str | None), float_hook=_plain_number).decode
"""For rows whose moments are days, or lack their seconds."""


def read_plain_package(content: bytes, row: int, context: RowContext) -> RowReading | None:
    """The reading of a row that is plainly right; None where it has to be looked at with patience."""
    if (_DELETE in content or not content.isascii() or b"\\" in content) and _is_doubtful(content):
        return None
    if _TOO_FINE.search(content):
        return None
    try:
        try:
            read = _decode(content)
        except msgspec.ValidationError:
            read = _decode_days(content)
        kinds = list(map(type, read.values()))
        texts = kinds.count(str) + kinds.count(datetime) + kinds.count(date)
        names = len(kinds)
        if len(content) > MAX_TEXT:
            _check_lengths(read)
        for name, reader in _CHECKED:
            if (value := read.get(name)) is not None:
                read[name] = reader(value, context.time_zone)
        for name in _LISTS:
            value = read.get(name, ())
            if value:
                if len(value) > MAX_LIST:
                    return None
                if name in _OBJECTS:
                    more_names, more_texts = _objects(name, value, context.time_zone)
                    names += more_names
                    texts += more_texts
                elif name == "source_ids":
                    names += len(value)
                    texts += len(value)
                else:
                    texts += len(value)
            elif value is None:
                read[name] = {} if name == "source_ids" else []
        # Every name and every text stands between two quotation marks: as many as were kept, so that no name came twice
        # and none is unknown, here or in any object within.
        marks = content.count(b'"') - (content.count(b'\\"') if b"\\" in content else 0)
        if marks != 2 * (names + texts):
            return None
        return _plain_record(read, context, row) or _worded_record(read, context, row)
    except (_Doubt, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_doubtful(content: bytes) -> bool:
    return _DELETE in content or _DOUBTFUL.search(content) is not None


def _plain_record(read: dict[str, Any], context: RowContext, row: int) -> RowReading | None:
    """The record of a row in the hub's own codes, of one year; None for all others, which are left as they are."""
    kind = words.KIND_CODES.get(read.get("kind") or context.kind or "")
    code = read.get("code")
    if (year := read.get("fiscal_year")) is None:
        year = context.fiscal_year
    updated_at = read.get("updated_at")
    category, method, status = read.get("category"), read.get("method"), read.get("status")
    if (
        kind is None
        or type(code) is not str
        or not (code.isdecimal() and code.isascii() and code[0] != "0" and len(code) <= MAX_CODE)
        or year not in FISCAL_YEARS
        or (category is not None and category not in words.CATEGORY_CODES)
        or (method is not None and method not in words.METHOD_CODES)
        or (status is not None and status not in words.STATUS_CODES)
        or not _RARE.isdisjoint(read)
        or len(read.get("awards", ())) > 1
        or (updated_at is not None and (context.now is None or updated_at > context.now))
    ):
        return None
    del read["code"]
    read.pop("kind", None)
    read.pop("fiscal_year", None)
    read.pop("updated_at", None)
    read["fiscal_years"] = [year]
    if category is not None:
        read["category"] = words.CATEGORY_CODES[category]
    if method is not None:
        read["method"] = words.METHOD_CODES[method]
    if status is not None:
        read["status"] = words.STATUS_CODES[status]
    else:
        read.pop("status", None)
    return RowReading(PackageRecord(kind, code, cast("PackageFields", read), updated_at, row=row))


def _worded_record(read: dict[str, Any], context: RowContext, row: int) -> RowReading | None:
    special = {name: read.pop(name) for name in SPECIAL & read.keys()}
    if type(code := special.get("code")) is int:
        special["code"] = str(code)
    reading = make_record(special, read, context, Findings(row), row)
    return None if reading.record is None else reading


def _objects(name: str, items: list[dict[str, Any]], zone: TimeZone) -> tuple[int, int]:
    """How many names and texts a list of objects holds; what is in them is read where it stands."""
    readers = _OBJECTS[name]
    mandatory = _NAMED_BY.get(name)
    is_dated = name in _DATED
    names = texts = 0
    for item in items:
        if mandatory and not (item.get(mandatory) or "").strip():
            raise _Doubt
        names += len(item)
        for part, stated in item.items():
            if type(stated) is str:
                texts += 1
                if part in readers:
                    item[part] = readers[part](stated, zone)
            elif stated is not None:
                item[part] = readers[part](stated, zone)
                if is_dated and isinstance(stated, date):
                    texts += 1
    return names, texts


def _check_lengths(read: dict[str, Any]) -> None:
    for name, value in read.items():
        if type(value) is str:
            if len(value) > (MAX_LONG_TEXT if name in _LONG_TEXTS else MAX_TEXT):
                raise _Doubt
        elif type(value) in {list, dict}:
            parts = value if type(value) is list else [value]
            within = [part for item in parts for part in (item.values() if type(item) is dict else [item])]
            if any(type(part) is str and len(part) > MAX_TEXT for part in within):
                raise _Doubt


def _amount(value: Any, _zone: TimeZone | None = None) -> Decimal:
    kind = type(value)
    if kind is int and 0 <= value <= _MAX_WHOLE:
        return Decimal(value)
    if kind is Decimal and (value.same_quantum(_SEN) or value.same_quantum(_TENTH)):
        amount: Decimal = value
        if not amount.is_signed() and amount <= MAX_AMOUNT:
            return amount
    raise _Doubt


def _score(value: Any, _zone: TimeZone) -> Decimal:
    if (score := _amount(value)) < _MAX_SCORE:
        return score
    raise _Doubt


def _moment(value: Any, zone: TimeZone) -> datetime:
    moment = value if type(value) is datetime else moment_of(value, zone)
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise _Doubt
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone.info)


def _day(value: Any, _zone: TimeZone) -> date:
    if value.year in MOMENT_YEARS:
        return value  # type: ignore[no-any-return]  # msgspec made it.
    raise _Doubt


def _count(value: Any, _zone: TimeZone) -> int:
    if 0 <= value < MAX_COUNT:
        return value  # type: ignore[no-any-return]  # msgspec made it.
    raise _Doubt


def _self_managed_type(value: Any, _zone: TimeZone) -> int:
    if 1 <= value <= 4:
        return value  # type: ignore[no-any-return]  # msgspec made it.
    raise _Doubt


def _yes(value: Any, _zone: TimeZone) -> bool:
    return value  # type: ignore[no-any-return]  # msgspec made it.


_Reader = Callable[[Any, TimeZone], Any]
_READERS: dict[Shape, _Reader] = {
    Shape.AMOUNT: _amount,
    Shape.SCORE: _score,
    Shape.MOMENT: _moment,
    Shape.DAY: _day,
    Shape.COUNT: _count,
    Shape.YES: _yes,
}


def _readers(parts: tuple[FieldSpec, ...]) -> dict[str, _Reader]:
    return {spec.name: _READERS[spec.shape] for spec in parts if spec.shape in _READERS}


_OBJECTS = {
    "awards": _readers(AWARD),
    "offers": _readers(OFFER),
    "realizations": _readers(REALIZATION),
    "schedule": _readers(STAGE),
}
_NAMED_BY = {"awards": "supplier_name", "offers": "supplier_name", "schedule": "name"}
_DATED = frozenset({"realizations", "schedule"})
_LISTS = tuple(spec.name for spec in PACKAGE if spec.shape in {Shape.TEXTS, Shape.OBJECTS, Shape.NAMED_TEXTS})
_CHECKED = tuple((_readers(PACKAGE) | {"self_managed_type": _self_managed_type}).items())
_LONG_TEXTS = frozenset(spec.name for spec in PACKAGE if spec.shape is Shape.LONG_TEXT)
_RARE = frozenset({"fiscal_years", "date_basis", "node"})
