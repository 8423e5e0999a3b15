"""Bodies travel as small as their reader can take them: zstd or gzip, whichever Accept-Encoding prefers."""

import asyncio
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 2048
"""A shorter body fits into the packet that its headers travel in."""
IN_A_THREAD = 128 * 1024
"""A longer piece would keep the others waiting while it is compressed."""

# Level 3 is zstd's own default, and its window is one that every browser takes (RFC 9659).
_ZSTD_LEVEL = 3
_GZIP_LEVEL = 4

IDENTITY = "identity"
_CODINGS = ("zstd", "gzip", IDENTITY)
"""In our order, where a reader likes several equally well."""

_TEXTS = ("text/",)
_ALIKE_TEXTS = frozenset({"application/json", "application/javascript", "application/x-ndjson", "application/xml"})
_EVENTS = "text/event-stream"
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_LONGEST_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """The coding that suits a reader best; `is_plain_refused` where even a short body must not come as it is."""

    coding: str
    is_plain_refused: bool = False


@lru_cache(maxsize=512)
def choose(accepted: str) -> Choice:
    """What Accept-Encoding wants (RFC 9110, 12.5.3). Whoever takes nothing that we have gets the body as it is."""
    stated: dict[str, float] = {}
    for part in accepted.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            stated["gzip" if name == "x-gzip" else name] = _quality(parameters)
    others = stated.get("*", 0.0)
    liked = {coding: stated.get(coding, others) for coding in _CODINGS[:-1]}
    # Unless it is spoken of, a plain body is acceptable, and nobody's first wish.
    liked[IDENTITY] = stated.get(IDENTITY, stated.get("*", 0.001) and 0.001)
    best = max(_CODINGS, key=lambda coding: (liked[coding], -_CODINGS.index(coding)))
    return Choice(best if liked[best] > 0 else IDENTITY, is_plain_refused=liked[IDENTITY] == 0 < liked[best])


def coding_for(headers: list[tuple[bytes, bytes]]) -> Choice:
    """The same of a request's raw headers, which may state it in several lines."""
    lines = [value for name, value in headers if name == b"accept-encoding"]
    accepted = b",".join(lines).decode("latin-1")
    return choose(accepted) if len(accepted) <= _LONGEST_REMEMBERED else choose.__wrapped__(accepted)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return 1.0


class _Encoder(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self, mode: int = ..., /) -> bytes: ...


class _Squeezing:
    """One body under way; every piece can be read as soon as it has come."""

    def __init__(self, coding: str) -> None:
        self._encoder: _Encoder
        if coding == "zstd":
            self._encoder = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
            self._piece, self._end = zstandard.COMPRESSOBJ_FLUSH_BLOCK, zstandard.COMPRESSOBJ_FLUSH_FINISH
        else:
            self._encoder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
            self._piece, self._end = zlib.Z_SYNC_FLUSH, zlib.Z_FINISH

    async def squeeze(self, body: bytes, *, is_last: bool) -> bytes:
        if not body and not is_last:
            return b""
        if len(body) >= IN_A_THREAD:
            return await asyncio.to_thread(self._squeeze, body, is_last=is_last)
        return self._squeeze(body, is_last=is_last)

    def _squeeze(self, body: bytes, *, is_last: bool) -> bytes:
        return self._encoder.compress(body) + self._encoder.flush(self._end if is_last else self._piece)


class Compression:
    """A plain ASGI layer. What it leaves alone: short bodies, parts of a body (206), what is compressed already, streams of
    events, and answers with a strong tag, for that promises the very bytes (ranges, If-Match).

    A streamed body is flushed piece by piece, so that nobody waits longer than without it.
    """

    def __init__(self, app: ASGIApp, *, smallest: int = SMALLEST) -> None:
        self.app = app
        self._smallest = smallest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        choice = coding_for(scope["headers"])
        start: Message | None = None
        squeezing: _Squeezing | None = None

        async def compressing(message: Message) -> None:
            nonlocal start, squeezing
            if message["type"] == "http.response.start":
                if _differs(message):
                    headers = MutableHeaders(raw=list(message["headers"]))
                    headers.add_vary_header("Accept-Encoding")
                    message = {**message, "headers": headers.raw}
                if choice.coding != IDENTITY and _is_squeezable(message):
                    start = message
                else:
                    await send(message)
                return
            if message["type"] != "http.response.body" or (start is None and squeezing is None):
                await send(message)
                return
            body, is_last = message.get("body", b""), not message.get("more_body", False)
            if start is not None:
                held, start = start, None
                if is_last and (not body or (len(body) < self._smallest and not choice.is_plain_refused)):
                    await send(held)
                    await send(message)
                    return
                squeezing = _Squeezing(choice.coding)
                body = await squeezing.squeeze(body, is_last=is_last)
                await send(_coded(held, choice.coding, length=len(body) if is_last else None))
            elif squeezing is not None:
                body = await squeezing.squeeze(body, is_last=is_last)
            await send({**message, "body": body})

        await self.app(scope, receive, compressing)


def _differs(start: Message) -> bool:
    """Whether another reader might be sent other bytes of this; a 304 no longer says of what it speaks."""
    headers = Headers(raw=start["headers"])
    return start["status"] == 304 or _is_squeezable(start, headers)


def _is_squeezable(start: Message, headers: Headers | None = None) -> bool:
    headers = headers or Headers(raw=start["headers"])
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return (
        start["status"] not in {204, 205, 206, 304}
        and (media_type.startswith(_TEXTS) or media_type in _ALIKE_TEXTS or media_type.endswith(("+json", "+xml")))
        and media_type != _EVENTS
        and "content-encoding" not in headers
        and headers.get("etag", "W/").startswith("W/")
    )


def _coded(start: Message, coding: str, *, length: int | None) -> Message:
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["content-encoding"] = coding
    # A range would be one of the plain bytes, and so is a digest that the route has stated (RFC 9530).
    del headers["accept-ranges"]
    for name in ("content-digest", "repr-digest"):
        if name in headers:
            headers["unencoded-digest"] = headers[name]
            del headers[name]
    if length is None:
        del headers["content-length"]
    else:
        headers["content-length"] = str(length)
    return {**start, "headers": headers.raw}
