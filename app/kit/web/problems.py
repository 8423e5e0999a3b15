"""Every error as `application/problem+json` (RFC 9457), with a stable code and both languages."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.text import mask_personal
from app.kit.db import is_outage
from app.kit.errors import HubError, Kind
from app.kit.json import dumps

STATUS_OF = {
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.UNAVAILABLE: 503,
    Kind.MEDIA_UNSUPPORTED: 415,
    Kind.PRECONDITION: 412,
    Kind.UNREADABLE: 400,
    Kind.TOO_LARGE: 413,
    Kind.TOO_SLOW: 408,
    Kind.TOO_MANY: 429,
    Kind.RANGE: 416,
}

_HTTP_PROBLEMS = {
    400: ("bad-request", "Bad request", "The request could not be read.", "Permintaan tidak dapat dibaca."),
    404: ("not-found", "Not found", "There is nothing at this address.", "Tidak ada apa pun di alamat ini."),
    405: ("method-not-allowed", "Method not allowed", "This address does not take this method.", "Alamat ini tidak menerima metode tersebut."),
    408: ("body-too-slow", "Body too slow", "The body arrived too slowly and was given up.", "Isi permintaan tiba terlalu lambat sehingga dihentikan."),
    413: ("body-too-large", "Body too large", "The body is larger than this address takes.", "Isi permintaan melebihi batas."),
    415: ("media-type-unsupported", "Media type not supported", "Send the body as application/json.", "Kirim isi permintaan sebagai application/json."),
}  # fmt: skip

log = structlog.get_logger()


class ProblemResponse(Response):
    """The body of a refusal."""

    media_type = "application/problem+json"


def problem(
    request: Request, status: int, code: str, title: str, english: str, indonesian: str, **more: Any
) -> ProblemResponse:
    """Build one problem answer. `detail` is English, `message` carries both languages.

    Refusals name what they refuse; where that identifies a person it is masked, as everywhere in public.
    """
    english, indonesian = mask_personal(english), mask_personal(indonesian)
    body = {
        "type": f"/problems#{code}",
        "title": title,
        "status": status,
        "detail": english,
        "instance": mask_personal(request.url.path),
        "code": code,
        "message": {"id": indonesian, "en": english},
        "request_id": getattr(request.state, "request_id", None),
        **more,
    }
    return ProblemResponse(dumps(body), status_code=status)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every expected and unexpected error as a problem; nothing internal leaks."""
    app.add_exception_handler(HubError, _hub_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    for lost in (DBAPIError, PoolExhausted, OSError, TimeoutError):
        app.add_exception_handler(lost, _database_error)
    app.add_exception_handler(Exception, _unexpected_error)


class ProblemGuard:
    """Make problems of what no handler sees: our own faults, and the framework's plain refusal of a large body.

    The innermost layer, so that these answers too get their request id, CORS headers and a log line that names them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        has_started = False
        is_replaced = False

        async def guarding(message: Message) -> None:
            nonlocal has_started, is_replaced
            if message["type"] == "http.response.start":
                has_started = True
                if message["status"] == 413 and not _is_problem(message):
                    is_replaced = True
                    await (await _http_error(request, HTTPException(413)))(scope, receive, send)
            if not is_replaced:
                await send(message)

        try:
            await self.app(scope, receive, guarding)
        except Exception as error:
            if has_started:
                raise
            await (await _unexpected_error(request, error))(scope, receive, send)


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(ProblemResponse.media_type)


async def _hub_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    answer = problem(request, STATUS_OF[error.kind], error.code, error.title, error.english, error.indonesian)
    if error.kind is Kind.UNAUTHENTICATED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="rakor"'
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    answer.headers.update(error.headers)
    return answer


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {
            "pointer": mask_personal("/" + "/".join(str(part) for part in item["loc"])),
            "code": item["type"],
            "detail": mask_personal(item["msg"]),
        }
        for item in error.errors()
    ]
    return problem(
        request,
        422,
        "request-invalid",
        "Request not valid",
        "The request does not have the documented form; see “errors”.",
        "Permintaan tidak sesuai bentuk yang didokumentasikan; lihat “errors”.",
        errors=errors,
    )


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, title, english, indonesian = _HTTP_PROBLEMS.get(
        error.status_code, (f"http-{error.status_code}", "Request refused", "The request was refused.", "Permintaan ditolak.")
    )  # fmt: skip
    answer = problem(request, error.status_code, code, title, english, indonesian)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    if error.status_code == 405:
        answer.headers["Allow"] = ", ".join(_allowed_methods(request))
    return answer


def _allowed_methods(request: Request) -> list[str]:
    """What the address takes by any of its routes; the framework names the methods of the first one only."""
    allowed: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        pattern = getattr(route, "path_regex", None)
        if route.methods and pattern is not None and pattern.match(request.url.path):
            allowed |= route.methods
    return sorted(allowed | {"HEAD"} if "GET" in allowed else allowed) or ["GET", "HEAD"]


async def _database_error(request: Request, error: Exception) -> Response:
    if not is_outage(error):
        return await _unexpected_error(request, error)
    log.warning("database.unavailable", error=type(error).__name__)
    answer = problem(
        request,
        503,
        "database-unavailable",
        "Database not available",
        "The database does not answer at the moment. Try again shortly.",
        "Basis data sedang tidak dapat dihubungi. Cobalah beberapa saat lagi.",
    )
    answer.headers["Retry-After"] = "5"
    return answer


async def _unexpected_error(request: Request, error: Exception) -> Response:
    log.error("request.failed", path=request.url.path, exc_info=error)
    return problem(
        request,
        500,
        "internal-error",
        "Something went wrong on our side",
        "This is a fault of the hub, not of the request. Quote the request id when reporting it.",
        "Ini kesalahan pada hub, bukan pada permintaan. Sebutkan request id saat melaporkan.",
    )


def responses(*errors: type[HubError], invalid: bool = True) -> dict[int | str, dict[str, Any]]:
    """What a route may refuse with, for the published contract."""
    found: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        status = STATUS_OF[error.kind]
        entry = found.setdefault(status, {"description": "", "content": _CONTENT})
        entry["description"] += f"{', ' if entry['description'] else ''}{error.title} (`{error.code}`)"
    if invalid:
        entry = found.setdefault(422, {"description": "", "content": _CONTENT})
        entry["description"] += f"{', ' if entry['description'] else ''}Request not valid (`request-invalid`)"
    return found


_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
