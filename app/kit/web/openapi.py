"""The published contract: function names as operation ids, problems under their true media type, examples everywhere."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple, Protocol

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app.kit.web import sparse
from app.kit.web.examples import DAY, MOMENT, Schemas, example_of, first_type, fits, resolved
from app.kit.web.schema import Page, Problem

VALIDATION_SCHEMAS = ("HTTPValidationError", "ValidationError")
_REFERENCE = re.compile(r"#/components/schemas/([\w.-]+)")
_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"
_OF_32_BITS, _ANY = 2**31 - 1, 2**63

HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "Names the answer by its content. Send it back as `If-None-Match`: an unchanged answer is a 304.",
        "schema": {"type": "string"},
        "example": 'W/"5b1f0a0b9d1c4e7fa2c3d4e5f6a7b8c9"',
    },
    "Link": {
        "description": "The pages around this one (RFC 8288): `next` where one follows, and `first`.",
        "schema": {"type": "string"},
        "example": '</api/v1/nodes?limit=50&after=6769616e796172>; rel="next", </api/v1/nodes?limit=50>; rel="first"',
    },
}


class Word(Protocol):
    """What is said of a field or parameter that says nothing itself."""

    @property
    def sentence(self) -> str: ...
    @property
    def example(self) -> Any: ...


class Words(NamedTuple):
    """Of fields, by `field` or `Schema.field`, and of parameters."""

    fields: Mapping[str, Word]
    parameters: Mapping[str, Word]


def operation_id(route: APIRoute) -> str:
    """Names are unique and readable aloud: list_nodes."""
    return route.name


def describe(app: FastAPI, words: Words) -> dict[str, Any]:
    """Build the OpenAPI document, once. FastAPI files error bodies under application/json; here they are what we send."""
    if app.openapi_schema is None:
        app.openapi_schema = _build(app, words)
    return app.openapi_schema


def _build(app: FastAPI, words: Words) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
        contact=app.contact,
        servers=app.servers,
    )
    # Public unless an operation says otherwise.
    document["security"] = []
    schemas = document["components"]["schemas"]
    for name in VALIDATION_SCHEMAS:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    document["components"]["headers"] = deepcopy(HEADERS)
    answers = {route.name: getattr(route, "response_model", None) for route in iter_route_contexts(app.routes)}
    for path, operation in _operations(document):
        _complete(operation, is_api=path.startswith("/api/"))
        if (item := sparse.selectable_of(answers.get(operation["operationId"]))) is not None:
            _offer_fields(operation, sparse.names_of(item), schemas)
    # FastAPI also files the type behind a parameter that states its form itself: nobody refers to that one.
    mentioned = set(_REFERENCE.findall(str(document)))
    schemas = {name: schema for name, schema in schemas.items() if name in mentioned}
    document["components"]["schemas"] = schemas
    _respell_bounds(schemas)
    _widen_integers(document)
    for name, schema in schemas.items():
        _word_fields(name, schema, schemas, words.fields)
    for _path, operation in _operations(document):
        _word_parameters(operation, schemas, words.parameters)
        _give_examples(operation, schemas)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                yield path, operations[method]


def _complete(operation: dict[str, Any], *, is_api: bool) -> None:
    responses = operation["responses"]
    # There is no address that would not refuse a parameter it does not know.
    if not any(status.startswith("4") for status in responses):
        responses["422"] = {"description": "Request not valid (`request-invalid`)"}
    for status, response in responses.items():
        if status.startswith(("4", "5")) and "Health" not in str(response.get("content")):
            response["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if status == "200" and _JSON in response.get("content", {}):
            names = ("ETag", "Link") if "Page_" in str(response["content"][_JSON]) else ("ETag",)
            response.setdefault("headers", {}).update(
                {name: {"$ref": f"#/components/headers/{name}"} for name in names}
            )
    if is_api:
        responses["default"] = {
            "description": "Any other refusal or fault, for example `database-unavailable` with Retry-After.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _offer_fields(operation: dict[str, Any], names: list[str], schemas: dict[str, Any]) -> None:
    """State the parameter `fields`, and what an answer is in which only those fields stand."""
    shown = [name for name in names if name != "id"][:3]
    operation.setdefault("parameters", []).append(
        {
            "name": sparse.PARAMETER,
            "in": "query",
            "required": False,
            "style": "form",
            "explode": False,
            "description": "Only these fields of each item, comma-separated. The answer then comes as "
            f"`{sparse.MEDIA_TYPE}`; only in it may fields be absent that are required otherwise.",
            "schema": {"type": "array", "items": {"type": "string", "enum": names}, "minItems": 1},
            "example": shown,
        }
    )
    content = operation["responses"]["200"]["content"]
    whole = content[_JSON]["schema"]["$ref"].rpartition("/")[2]
    content[sparse.MEDIA_TYPE] = {"schema": {"$ref": f"#/components/schemas/{_sparse(whole, schemas)}"}}


def _sparse(name: str, schemas: dict[str, Any]) -> str:
    """Add the schema of a page or thing of which only some fields are sent, and answer its name."""
    thinned = f"Sparse{name}"
    if thinned not in schemas:
        schema = deepcopy(schemas[name])
        item = schema["properties"].get("items", {}).get("items", {}).get("$ref", "").rpartition("/")[2]
        if item:
            schema["properties"]["items"]["items"] = {"$ref": f"#/components/schemas/{_sparse(item, schemas)}"}
        else:
            schema.pop("required", None)
            schema["minProperties"] = 1
            schema["description"] = f"Those fields of {name} that were asked for."
        schema["title"] = thinned
        schemas[thinned] = schema
    return thinned


def _respell_bounds(schema: Any) -> None:
    """Where a bound stands behind a validator of ours, pydantic writes its own word for it instead of JSON Schema's."""
    if isinstance(schema, dict):
        for ours, theirs in (("ge", "minimum"), ("le", "maximum")):
            if isinstance(schema.get(ours), int):
                schema[theirs] = schema.pop(ours)
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _respell_bounds(part)


def _widen_integers(node: Any) -> None:
    """Say where a number may be larger than 32 bits hold: some languages must know beforehand."""
    if isinstance(node, dict) and "integer" in (node.get("type"), *_as_list(node.get("type"))):
        most = min(node.get("maximum", _ANY), node.get("exclusiveMaximum", _ANY))
        if most > _OF_32_BITS and "enum" not in node and "const" not in node:
            node.setdefault("format", "int64")
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _widen_integers(part)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word_fields(name: str, schema: dict[str, Any], schemas: Schemas, words: Mapping[str, Word]) -> None:
    if "_" in name and "description" not in schema:
        schema["description"] = Page.__doc__
    for field, described in schema.get("properties", {}).items():
        word = words.get(f"{name.removeprefix('Sparse')}.{field}", words.get(field))
        if word is not None and "description" not in described and "$ref" not in described:
            described["description"] = word.sentence
        if "examples" in described or described.get("default") or not _wants_example(described, schemas):
            continue
        if word is not None and word.example is not None and fits(word.example, described, schemas):
            described["examples"] = [word.example]
        else:
            plain = example_of(described, schemas)
            if plain in (MOMENT, DAY) or isinstance(plain, int | float) or (isinstance(plain, dict) and plain):
                described["examples"] = [plain]


def _wants_example(schema: dict[str, Any], schemas: Schemas) -> bool:
    """Whether a value cannot be read off the schema itself."""
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    return not any("$ref" in option or {"enum", "const"} & set(option) for option in options) and not any(
        first_type(option) == "boolean"
        or (first_type(option) == "array" and "properties" in resolved(option.get("items", {}), schemas))
        for option in options
    )


def _word_parameters(operation: dict[str, Any], schemas: Schemas, words: Mapping[str, Word]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "header":
            _say_no_null(parameter["schema"])
        word = words.get(parameter["name"])
        if word is not None:
            parameter.setdefault("description", word.sentence)
        schema = parameter["schema"]
        if {"example", "examples"} & {*parameter, *schema}:
            continue
        stated = None if word is None else word.example
        candidates = [stated, *(stated if isinstance(stated, list) else ()), example_of(schema, schemas)]
        fitting = [value for value in candidates if value is not None and fits(value, schema, schemas)]
        if fitting:
            parameter["example"] = fitting[0]


def _say_no_null(schema: dict[str, Any]) -> None:
    """A header that is not sent is not null: that would be four letters."""
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        del schema["anyOf"]
        schema |= {**options[0], **schema}


def _give_examples(operation: dict[str, Any], schemas: Schemas) -> None:
    bodies = [(operation.get("requestBody", {}), True)]
    bodies += [(response, False) for status, response in operation["responses"].items() if status.startswith("2")]
    for body, is_sent in bodies:
        for media_type, content in body.get("content", {}).items():
            # Bytes of a form that is read by other rules than a schema's need none.
            is_described = bool(content.get("schema")) and content["schema"].get("format") != "binary"
            if is_described and media_type.endswith("json") and not {"example", "examples"} & set(content):
                example = example_of(content["schema"], schemas, is_sent=is_sent)
                content["example"] = _thin(example) if media_type == sparse.MEDIA_TYPE else example


def _thin(example: dict[str, Any]) -> dict[str, Any]:
    """The same with three fields of each thing."""
    if isinstance(example.get("items"), list):
        return {**example, "items": [_thin(item) for item in example["items"]]}
    return dict(list(example.items())[:3])
