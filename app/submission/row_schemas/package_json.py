"""A pushed package in JSON, read with patience: every problem in it with its pointer."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from app.core.dates import TimeZone
from app.core.money import MAX_AMOUNT
from app.submission.row_schemas.fields import (
    MAX_COUNT,
    MAX_LIST,
    MAX_LONG_TEXT,
    MAX_TEXT,
    MOMENT_YEARS,
    FieldSpec,
    Shape,
)
from app.submission.row_schemas.findings import Findings, pointer_to
from app.submission.row_schemas.package_fields import PACKAGE
from app.submission.row_schemas.package_record import SPECIAL, make_record
from app.submission.row_schemas.strict_json import Number, read_row, shown
from app.submission.rows import RowContext, RowReading

_PLAIN = re.compile(r"[0-9]{1,40}(?:\.(?P<sen>[0-9]+))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6}0{0,3})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_WHOLE = re.compile(r"(?P<whole>[0-9]{1,64})(?:\.0+)?")
_UNREAD = object()

Specs = Mapping[str, FieldSpec]


def read_package(content: bytes, row: int, context: RowContext) -> RowReading:
    """Read a row to the letter."""
    found = Findings(row)
    members = read_row(content, found)
    if members is None:
        return RowReading(None, found.problems)
    read = _PackageReader(context.time_zone, found).members(members, SPECS[""], "")
    values = {name: read.pop(name) for name in SPECIAL & read.keys()}
    return make_record(values, read, context, found, row)


class _PackageReader:
    """Reads values by their shapes; what cannot be read becomes a finding."""

    def __init__(self, zone: TimeZone, found: Findings) -> None:
        self._zone = zone
        self._found = found

    def members(self, members: Mapping[str, Any], specs: Specs, pointer: str) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, value in members.items():
            here = pointer_to(pointer, name)
            spec = specs.get(name)
            if spec is None:
                self._found.add("field-unknown", here, _with_suggestion(name, value, specs))
            elif (taken := self._value(spec, value, here)) is not _UNREAD:
                read[name] = taken
        for spec in specs.values():
            if spec.required and pointer and spec.name not in members:
                self._found.add("field-missing", f"{pointer}/{spec.name}")
        return read

    def _value(self, spec: FieldSpec, value: Any, pointer: str) -> Any:
        if value is None:
            if spec.required and spec.name not in SPECIAL:
                self._found.add("field-missing", pointer)
            return [] if spec.shape in {Shape.OBJECTS, Shape.TEXTS} else {} if spec.shape is Shape.NAMED_TEXTS else None
        return _READERS[spec.shape](self, spec, value, pointer)

    def _refuse(self, code: str, pointer: str, value: Any) -> Any:
        self._found.add(code, pointer, shown(value))
        return _UNREAD

    def text(self, spec: FieldSpec, value: Any, pointer: str) -> Any:
        if spec.name == "node" and isinstance(value, Number):
            return value.text
        if not isinstance(value, str):
            return self._refuse("text-expected", pointer, value)
        if len(value) > (MAX_LONG_TEXT if spec.shape is Shape.LONG_TEXT else MAX_TEXT):
            return self._refuse("text-too-long", pointer, str(len(value)))
        if spec.required and spec.name not in SPECIAL and not value.strip():
            self._found.add("field-missing", pointer)
        return value

    def code(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        """An id: a text, or a whole number that became one on its way."""
        if isinstance(value, Number) and (whole := _WHOLE.fullmatch(value.text)):
            return whole["whole"]
        return value if isinstance(value, str) else self._refuse("code-unreadable", pointer, value)

    def amount(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        """Digits, and at most two decimals after a point: what a number or a text says without any doubt."""
        stated = shown(value) if isinstance(value, Number | str) else ""
        if stated.startswith("-") and _PLAIN.fullmatch(stated[1:]) and Decimal(stated) != 0:
            return self._refuse("amount-negative", pointer, value)
        plain = _PLAIN.fullmatch(stated.removeprefix("-") if isinstance(value, Number) else stated)
        if plain is None:
            return self._refuse(_why_no_amount(stated), pointer, value)
        if plain["sen"] is not None and len(plain["sen"]) > 2:
            is_text = isinstance(value, str) and len(plain["sen"]) == 3
            return self._refuse("amount-ambiguous" if is_text else "amount-too-precise", pointer, value)
        amount = abs(Decimal(stated))
        return amount if amount <= MAX_AMOUNT else self._refuse("amount-too-large", pointer, value)

    def score(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        stated = _PLAIN.fullmatch(value.text) if isinstance(value, Number) else None
        if stated is None or len(stated["sen"] or "") > 2 or len(stated[0]) > 12:
            return self._refuse("score-unreadable", pointer, value)
        return Decimal(stated[0])

    def moment(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        moment = moment_of(value, self._zone) if isinstance(value, str) else None
        return self._refuse("date-unreadable", pointer, value) if moment is None else moment

    def day(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        try:
            day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
        except ValueError:
            day = None
        return day if day and day.year in MOMENT_YEARS else self._refuse("date-unreadable", pointer, value)

    def count(self, spec: FieldSpec, value: Any, pointer: str) -> Any:
        whole = _WHOLE.fullmatch(value.text) if isinstance(value, Number) else None
        number = int(whole["whole"]) if whole else -1
        allowed = range(1, 5) if spec.name == "self_managed_type" else range(MAX_COUNT)
        return number if number in allowed else self._refuse("number-expected", pointer, value)

    def year(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        whole = _WHOLE.fullmatch(value.text) if isinstance(value, Number) else None
        return int(whole["whole"]) if whole else self._refuse("fiscal-year-unreadable", pointer, value)

    def yes(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        return value if isinstance(value, bool) else self._refuse("yes-no-expected", pointer, value)

    def items(self, spec: FieldSpec, value: Any, pointer: str) -> Any:
        """A list, each item read by what the list is of."""
        if not isinstance(value, list):
            return self._refuse("list-expected", pointer, value)
        if len(value) > MAX_LIST:
            return self._refuse("list-too-long", pointer, str(len(value)))
        items = [self._item(spec, item, pointer_to(pointer, position)) for position, item in enumerate(value)]
        return [item for item in items if item is not _UNREAD]

    def _item(self, spec: FieldSpec, item: Any, pointer: str) -> Any:
        if spec.shape is Shape.YEARS:
            return self.year(spec, item, pointer)
        if spec.shape is Shape.TEXTS:
            return self.code(spec, item, pointer) if isinstance(item, Number) else self.text(spec, item, pointer)
        if not isinstance(item, dict):
            return self._refuse("object-expected", pointer, item)
        return self.members(item, SPECS[spec.name], pointer)

    def named_texts(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        if not isinstance(value, dict):
            return self._refuse("object-expected", pointer, value)
        if len(value) > MAX_LIST:
            return self._refuse("list-too-long", pointer, str(len(value)))
        read = {
            name: item if item is None else self.text(_spec, item, pointer_to(pointer, name))
            for name, item in value.items()
        }
        return {name: text for name, text in read.items() if text is not _UNREAD}

    def read_only(self, _spec: FieldSpec, value: Any, pointer: str) -> Any:
        """Only `value` is looked at, and only as far as it can be read."""
        plain = _PLAIN.fullmatch(value.text) if isinstance(value, Number) else None
        return Decimal(plain[0]) if plain and pointer == "/value" else _UNREAD


def _why_no_amount(stated: str) -> str:
    if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}|[0-9]+,[0-9]{1,2}", stated):
        return "amount-ambiguous"
    return "amount-unreadable"


def _with_suggestion(name: str, value: Any, specs: Specs) -> str:
    nearest = get_close_matches(name.casefold(), specs, n=1)
    return f"{shown(value)[:100]}{f' (→ {nearest[0]}?)' if nearest else ''}"


def moment_of(text: str, zone: TimeZone) -> datetime | None:
    """ISO 8601; without an offset, or as a day alone, on the node's clock.

    None where it is none, in no year of ours, or finer than the microseconds that are kept.
    """
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone.info)
        return moment if moment.astimezone(UTC).year in MOMENT_YEARS else None
    except (ValueError, OverflowError):
        return None


_Read = Callable[[_PackageReader, FieldSpec, Any, str], Any]
_READERS: dict[Shape, _Read] = {
    Shape.TEXT: _PackageReader.text,
    Shape.LONG_TEXT: _PackageReader.text,
    Shape.WORD: _PackageReader.text,
    Shape.CODE: _PackageReader.code,
    Shape.AMOUNT: _PackageReader.amount,
    Shape.SCORE: _PackageReader.score,
    Shape.MOMENT: _PackageReader.moment,
    Shape.DAY: _PackageReader.day,
    Shape.COUNT: _PackageReader.count,
    Shape.YEAR: _PackageReader.year,
    Shape.YEARS: _PackageReader.items,
    Shape.YES: _PackageReader.yes,
    Shape.TEXTS: _PackageReader.items,
    Shape.OBJECTS: _PackageReader.items,
    Shape.NAMED_TEXTS: _PackageReader.named_texts,
    Shape.READ_ONLY: _PackageReader.read_only,
}


def _parts_of(fields: tuple[FieldSpec, ...], name: str) -> Iterator[tuple[str, Specs]]:
    yield name, {spec.name: spec for spec in fields}
    for spec in fields:
        if spec.parts:
            yield from _parts_of(spec.parts, spec.name)


SPECS: dict[str, Specs] = dict(_parts_of(PACKAGE, ""))
"""The fields of a package (""), and of the objects in each of its lists."""
