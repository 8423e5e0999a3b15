"""Examples for the published contract: what a schema describes, put together from the examples of its fields."""

import re
from collections.abc import Mapping
from typing import Any

MOMENT, DAY = "2026-01-31T02:05:00Z", "2026-01-31"
_BY_FORMAT = {"date-time": MOMENT, "date": DAY, "uri": "https://contoh.example/"}
_BY_TYPE: dict[str, Any] = {"string": "contoh", "integer": 12, "number": 12.5, "boolean": False, "null": None}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_DEEPEST = 8

Schemas = Mapping[str, dict[str, Any]]


def example_of(schema: dict[str, Any], schemas: Schemas, *, is_sent: bool = False, depth: int = 0) -> Any:
    """One value that a schema allows. Of what is sent only the fields that must be there, and those it would be empty without."""
    schema = resolved(schema, schemas)
    if "examples" in schema and not ("properties" in schema and is_sent):
        return schema["examples"][0]
    for name in ("example", "const"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    # Beside fields of its own, alternatives only say which of them must be there.
    for option in () if "properties" in schema else schema.get("anyOf", schema.get("oneOf", ())):
        if option.get("type") != "null":
            return example_of({**_without_options(schema), **option}, schemas, is_sent=is_sent, depth=depth)
    match first_type(schema):
        case "object":
            return _object(schema, schemas, is_sent=is_sent, depth=depth + 1)
        case "array":
            items = schema.get("items")
            one = [example_of(items, schemas, is_sent=is_sent, depth=depth + 1)] if items and depth < _DEEPEST else []
            return one * max(schema.get("minItems", 1), 1) if one else []
        case kind:
            return _plain(schema, kind)


def resolved(schema: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    """The schema that is meant, with what is said beside the reference."""
    while "$ref" in schema:
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        schema = {**schemas[schema["$ref"].rpartition("/")[2]], **beside}
    return schema


def first_type(schema: dict[str, Any]) -> str | None:
    """The first type that is allowed and says something."""
    stated = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(stated, list):
        return next((kind for kind in stated if kind != "null"), "null")
    return stated


def fits(value: Any, schema: dict[str, Any], schemas: Schemas) -> bool:
    """Whether a schema allows a value, as far as words of one field can be wrong about it."""
    schema = resolved(schema, schemas)
    options = schema.get("anyOf")
    if options is not None and "type" not in schema and not any(fits(value, option, schemas) for option in options):
        return False
    stated: Any = schema.get("type", list(_TYPES))
    if not any(_is_of(value, kind) for kind in (stated if isinstance(stated, list) else [stated])):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None and not _has_format(schema, value)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return all(fits(item, schema["items"], schemas) for item in value)
    return True


def _is_of(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _has_format(schema: dict[str, Any], value: str) -> bool:
    """A moment or a day is spelt by its format, not by words."""
    return schema.get("format") in _BY_FORMAT and value != _BY_FORMAT[schema["format"]]


def _without_options(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in {"anyOf", "oneOf"}}


def _object(schema: dict[str, Any], schemas: Schemas, *, is_sent: bool, depth: int) -> dict[str, Any]:
    fields: dict[str, Any] = schema.get("properties", {})
    wanted = schema.get("required", []) or list(fields)[:1] if is_sent else list(fields)
    if depth > _DEEPEST:
        wanted = schema.get("required", [])
    shown = {name: example_of(fields[name], schemas, is_sent=is_sent, depth=depth) for name in wanted if name in fields}
    others = schema.get("additionalProperties")
    if not fields and isinstance(others, dict) and others and depth <= _DEEPEST:
        names = resolved(schema.get("propertyNames", {}), schemas).get("enum", [])
        shown[names[0] if names else "contoh"] = example_of(others, schemas, is_sent=is_sent, depth=depth)
    return shown


def _plain(schema: dict[str, Any], kind: str | None) -> Any:
    if "format" in schema and schema["format"] in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    value: Any = _BY_TYPE[kind or "string"]
    if kind in {"integer", "number"}:
        return min(max(value, schema.get("minimum", value)), schema.get("maximum", value))
    return value
