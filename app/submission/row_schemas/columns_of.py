"""The columns and the JSON Schema of a schema's fields."""

from collections.abc import Mapping
from typing import Any

from app.submission.row_schemas.columns import ColumnKind, ColumnSpec
from app.submission.row_schemas.fields import (
    FISCAL_YEARS,
    MAX_COUNT,
    MAX_LIST,
    MAX_LONG_TEXT,
    MAX_TEXT,
    FieldSpec,
    Shape,
)

_KINDS = {
    Shape.TEXT: ColumnKind.TEXT,
    Shape.LONG_TEXT: ColumnKind.TEXT,
    Shape.CODE: ColumnKind.TEXT,
    Shape.AMOUNT: ColumnKind.AMOUNT,
    Shape.SCORE: ColumnKind.AMOUNT,
    Shape.MOMENT: ColumnKind.MOMENT,
    Shape.DAY: ColumnKind.DAY,
    Shape.COUNT: ColumnKind.WHOLE,
    Shape.YEAR: ColumnKind.WHOLE,
    Shape.YEARS: ColumnKind.LIST,
    Shape.YES: ColumnKind.YES,
    Shape.TEXTS: ColumnKind.LIST,
    Shape.WORD: ColumnKind.CHOICE,
}


def column_of(
    field: FieldSpec, *, number: int | None = None, parent: str = "", choices: Mapping[str, str] | None = None
) -> ColumnSpec:
    """The column of a field; with a number, of one object of a list. The first of several needs no number in its heading."""
    is_later = number is not None and number > 1
    return ColumnSpec(
        path=field.name if number is None else f"{parent}.{number}.{field.name}",
        heading=f"{field.heading} {number}" if is_later else field.heading,
        kind=_KINDS[field.shape],
        help_id=field.help_id,
        help_en=field.help_en,
        example="" if is_later else field.cell or _cell_example(field.example),
        required=field.required and number is None,
        choices=choices or {},
        aliases=tuple(f"{alias} {number}" for alias in field.aliases) if is_later else field.aliases,
    )


def _cell_example(example: Any) -> str:
    if isinstance(example, list):
        return "; ".join(map(str, example))
    if isinstance(example, float):
        return f"{example:.2f}".replace(".", ",")
    return "" if example is None else str(example)


_MOMENT = r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6}0{0,3})?)?([Zz]|[+-]\d{2}:?\d{2})?)?$"
_SHAPES: dict[Shape, dict[str, Any]] = {
    Shape.TEXT: {"type": ["string", "null"], "maxLength": MAX_TEXT},
    Shape.LONG_TEXT: {"type": ["string", "null"], "maxLength": MAX_LONG_TEXT},
    Shape.WORD: {"type": ["string", "null"], "maxLength": MAX_TEXT},
    Shape.CODE: {"type": ["string", "integer"], "pattern": r"^\s*[0-9A-Za-z][0-9A-Za-z._-]{0,63}\s*$", "minimum": 0},
    Shape.AMOUNT: {
        "type": ["number", "string", "null"],
        "minimum": 0,
        "pattern": r"^\d{1,40}(\.\d{1,2})?$",
        "$comment": "At most two decimals and no exponent, also as a number. A string holds plain digits.",
    },
    Shape.SCORE: {"type": ["number", "null"], "minimum": 0, "$comment": "At most two decimals."},
    Shape.MOMENT: {"type": ["string", "null"], "pattern": _MOMENT},
    Shape.DAY: {"type": ["string", "null"], "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    Shape.COUNT: {"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": MAX_COUNT},
    Shape.YEAR: {"type": ["integer", "null"], "minimum": FISCAL_YEARS.start, "maximum": FISCAL_YEARS.stop - 1},
    Shape.YES: {"type": ["boolean", "null"]},
    Shape.TEXTS: {"type": ["array", "null"], "items": {"type": ["string", "integer"]}, "maxItems": MAX_LIST},
    Shape.YEARS: {
        "type": ["array", "null"],
        "items": {"type": "integer", "minimum": FISCAL_YEARS.start, "maximum": FISCAL_YEARS.stop - 1},
        "maxItems": MAX_LIST,
    },
    Shape.NAMED_TEXTS: {
        "type": ["object", "null"],
        "additionalProperties": {"type": ["string", "null"], "maxLength": MAX_TEXT},
    },
    Shape.READ_ONLY: {"readOnly": True},
}


def object_schema(fields: tuple[FieldSpec, ...], words: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The JSON Schema of an object of these fields. `words` are the codes of those that have a vocabulary."""
    return {
        "type": "object",
        "properties": {field.name: _property(field, (words or {}).get(field.name)) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _property(field: FieldSpec, words: list[str] | None) -> dict[str, Any]:
    described: dict[str, Any] = {"title": field.heading} if field.heading else {}
    described["description"] = f"{field.help_en} ({field.help_id})" if field.help_id else field.help_en
    if field.example is not None:
        described["examples"] = [field.example]
    if words:
        described["$comment"] = f"Codes of the hub: {', '.join(words)}. Words of SPSE, INAPROC and OCDS are mapped."
    if field.shape is Shape.OBJECTS:
        items = object_schema(field.parts)
        return {"type": ["array", "null"], "items": items, "maxItems": MAX_LIST} | described
    shape = dict(_SHAPES[field.shape])
    if field.required and field.shape is Shape.TEXT:
        shape = {"type": "string", "pattern": r"\S", "maxLength": MAX_TEXT}
    if field.name == "self_managed_type":
        shape |= {"minimum": 1, "exclusiveMaximum": 5}
    if field.name == "node":
        shape["type"] = ["string", "integer", "null"]
    return shape | described
