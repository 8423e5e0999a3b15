"""The published contract: function names as operation ids, problems under their true media type."""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app.kit.web.schema import Problem

VALIDATION_SCHEMAS = ("HTTPValidationError", "ValidationError")
_REFERENCE = re.compile(r"#/components/schemas/([\w.-]+)")
_METHODS = ("get", "post", "put", "patch", "delete")


def operation_id(route: APIRoute) -> str:
    """Names are unique and readable aloud: list_nodes."""
    return route.name


def describe(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI document, once. FastAPI files error bodies under application/json; here they are what we send."""
    if app.openapi_schema is None:
        app.openapi_schema = _build(app)
    return app.openapi_schema


def _build(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
    )
    schemas = document["components"]["schemas"]
    for name in VALIDATION_SCHEMAS:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete(operations[method], is_api=path.startswith("/api/"))
    # FastAPI also files the type behind a parameter that states its form itself: nobody refers to that one.
    mentioned = set(_REFERENCE.findall(str(document)))
    document["components"]["schemas"] = {name: schema for name, schema in schemas.items() if name in mentioned}
    return document


def _complete(operation: dict[str, Any], *, is_api: bool) -> None:
    responses = operation["responses"]
    for status, response in responses.items():
        if status.startswith(("4", "5")) and "Health" not in str(response.get("content")):
            response["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if is_api:
        responses["default"] = {
            "description": "Any other refusal or fault, for example `database-unavailable` with Retry-After.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
