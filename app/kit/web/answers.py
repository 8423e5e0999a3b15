"""Exact JSON answers with entity tags: an amount is a number written exactly, an unchanged answer costs a 304."""

import hashlib
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.json import dumps


class ExactJSON(Response):
    """A JSON body in which every Decimal is a number with exactly its digits."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return dumps(content)


KEY_OPTIONAL: dict[str, Any] = {"security": [{}]}
"""For `openapi_extra` of a route that everybody may ask and that shows more to some: without a key it works too."""


def answer_for(caller: object | None, content: Any, *, status_code: int = 200) -> ExactJSON:
    """An answer that may differ by who asks: no cache between hands one caller's to another."""
    caching = "no-cache" if caller is None else "private, no-cache"
    return ExactJSON(content, status_code=status_code, headers={"Cache-Control": caching, "Vary": "Authorization"})


class EntityTags:
    """Tag successful JSON reads by their content and answer 304 to a reader who already has it.

    A plain ASGI layer: it holds one small answer until it is complete; streamed and non-JSON answers pass untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return

        start: Message | None = None
        wanted = Headers(scope=scope).get("if-none-match")

        async def tagging(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _taggable(message):
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            held, start = start, None
            if not message.get("more_body", False):
                tag = f'W/"{hashlib.blake2b(message.get("body", b""), digest_size=16).hexdigest()}"'
                held["headers"] = [*held["headers"], (b"etag", tag.encode())]
                if not any(name.lower() == b"cache-control" for name, _value in held["headers"]):
                    held["headers"].append((b"cache-control", b"no-cache"))
                if wanted is not None and matches_tag(wanted, tag):
                    kept = [(name, value) for name, value in held["headers"] if name.lower() not in _BODY_HEADERS]
                    await send({**held, "status": 304, "headers": kept})
                    await send({"type": "http.response.body", "body": b""})
                    return
            await send(held)
            await send(message)

        await self.app(scope, receive, tagging)


_BODY_HEADERS = {b"content-length", b"content-type"}


def _taggable(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    return (
        message["status"] == 200
        and headers.get("content-type", "").startswith("application/json")
        and "etag" not in headers
    )


def matches_tag(wanted: str, tag: str) -> bool:
    if wanted.strip() == "*":
        return True
    opaque = tag.removeprefix("W/")
    return any(candidate.strip().removeprefix("W/") == opaque for candidate in wanted.split(","))
