"""What routes ask for by type: sessions whose transaction ends before the answer leaves, and the moment."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, get_origin

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app.kit.clock import utc_now
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.web import sparse


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _reading(request: Request) -> AsyncIterator[ReadSession]:
    async with _database(request).reading() as session:
        yield session


async def _writing(request: Request) -> AsyncIterator[WriteSession]:
    async with _database(request).transaction() as session:
        yield session


# scope="function": the transaction commits before the answer leaves, so that a failed commit is never a cheerful 201.
Reading = Annotated[ReadSession, Depends(_reading, scope="function")]
Writing = Annotated[WriteSession, Depends(_writing, scope="function")]
Now = Annotated[datetime, Depends(utc_now)]


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a query parameter the route does not know, or a single one given twice; keep which fields are wanted.

    A misspelt filter, or one of which only the last value counts, would quietly answer another question.
    """
    route = request.scope["route"]
    known = _known_parameters(route.dependant)
    errors: list[dict[str, Any]] = []
    item = sparse.selectable_of(route.response_model) if request.method == "GET" else None
    if item is not None:
        known[sparse.PARAMETER] = True
        errors += _choose_fields(request, item)
    for name, count in Counter(name for name, _value in request.query_params.multi_items()).items():
        if name not in known:
            errors.append(_query_error(name, "unknown_parameter", "This address knows no such parameter"))
        elif count > 1 and not known[name]:
            errors.append(_query_error(name, "repeated_parameter", "This parameter may be given once"))
    if errors:
        raise RequestValidationError(errors)


def _choose_fields(request: Request, item: type[BaseModel]) -> list[dict[str, Any]]:
    values = request.query_params.getlist(sparse.PARAMETER)
    if not values:
        return []
    names = sparse.names_in(values)
    sparse.choose(request, names)
    sentences = sparse.unknown_among(names, sparse.names_of(item))
    return [_query_error(sparse.PARAMETER, "unknown_field", sentence) for sentence in sentences]


async def refuse_other_media(request: Request) -> None:
    """Refuse a body that does not say it is JSON, before anybody tries to read it as something else."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if request.scope["route"].body_field is None or not (media_type or has_body):
        return
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise HTTPException(415)


def _query_error(name: str, code: str, sentence: str) -> dict[str, Any]:
    return {"loc": ("query", name), "type": code, "msg": sentence, "input": None}


def _known_parameters(dependant: Any) -> dict[str, bool]:
    """The query parameters of a route and of what it depends on, and whether each may be repeated."""
    known = {field.alias: get_origin(field.field_info.annotation) is list for field in dependant.query_params}
    for child in dependant.dependencies:
        known |= _known_parameters(child)
    return known
