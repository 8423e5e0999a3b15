"""What surrounds every request: an id in answer and log, headers that keep browsers honest, HEAD wherever GET is, CORS."""

import re
import time
import uuid
from collections.abc import Collection

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.errors import HubError, Kind
from app.kit.web.conditional import run_until
from app.kit.web.problems import problem

_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

log = structlog.get_logger()


class RequestEdge:
    """Gives each request an id (the caller's own if it is usable), logs one line, and sets security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _USABLE_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def finishing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=message["headers"])
                headers["x-request-id"] = request_id
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                message["headers"] = headers.raw
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self.app(scope, receive, finishing)
            elapsed = round((time.perf_counter() - started) * 1000, 1)
            log.debug("request.answered", method=scope["method"], path=scope["path"], status=status, ms=elapsed)


class HeadAsGet:
    """Answer HEAD with the headers of GET and no body, as HTTP wants it of every address that can be read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def bodiless(message: Message) -> bool:
            """Headers are all that is wanted: what would be streamed after them is not made."""
            if message["type"] != "http.response.body":
                await send(message)
                return False
            await send({"type": "http.response.body", "body": b""})
            return True

        await run_until(self.app, {**scope, "method": "GET"}, receive, bodiless)


class CrossOriginReads(CORSMiddleware):
    """Which pages of other origins may read. Writing is for none of them, and cookies mean nothing here.

    Where everybody may, every answer says so, also to who has not asked: what a cache keeps is then good for all. A key
    may be sent along, for a page that its user has given one (or that has a provider's token) is no stranger.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=("GET", "HEAD"),
            allow_headers=_MAY_BE_SENT,
            expose_headers=_MAY_BE_READ,
            max_age=3600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            await super().__call__(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "origin" not in headers or "access-control-request-method" not in headers:
            await super().__call__(scope, receive, send)
            return
        answer = self.preflight_response(headers)
        if answer.status_code != 200:
            error = CrossOriginRefused()
            vary = answer.headers["vary"]
            answer = problem(Request(scope), 403, error.code, error.title, error.english, error.indonesian)
            answer.headers["Vary"] = vary
        await answer(scope, receive, send)

    async def send(self, message: Message, send: Send, request_headers: Headers) -> None:
        if not self.allow_all_origins:
            await super().send(message, send, request_headers)
            return
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            headers.update(self.simple_headers)
            message = {**message, "headers": headers.raw}
        await send(message)


class CrossOriginRefused(HubError):
    kind = Kind.FORBIDDEN
    code = "cross-origin-refused"
    title = "Not open to this page"

    def __init__(self) -> None:
        super().__init__(
            "Pages of this origin may not do that here: what is public may be read by GET and HEAD, and nothing is written.",
            "Halaman dari asal ini tidak dapat melakukannya: data publik boleh dibaca dengan GET dan HEAD, tidak ada yang boleh ditulis.",
        )


_MAY_BE_SENT = (
    "Authorization",
    "Cache-Control",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
    "X-Request-Id",
)
_MAY_BE_READ = (
    "Accept-Ranges",
    "Content-Digest",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Last-Modified",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Repr-Digest",
    "Retry-After",
    "Unencoded-Digest",
    "X-Export-Cursor",
    "X-Export-Moment",
    "X-Export-Rows",
    "X-More",
    "X-Next-Cursor",
    "X-Request-Id",
)
