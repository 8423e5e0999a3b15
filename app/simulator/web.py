"""Requests and replies as the simulator sees them, and how they come in and go out."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from app.simulator.faults import Faults, strikes

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"

_LARGEST_FORM = 65_536
_PIECES = 20
_ENDLESS_PIECE = b"<p>simulasi</p>\n" * 1024


@dataclass(slots=True)
class Reply:
    """What is sent back, before a fault has its way with it."""

    body: bytes
    status: int = 200
    content_type: str = HTML
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class Question:
    """One request, as far as anybody looks at it."""

    method: str
    path: str
    parts: tuple[str, ...]
    query: dict[str, str]
    headers: dict[bytes, bytes]
    body: bytes
    client: tuple[str, int]

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    def comes_from(self, slug: str) -> bool:
        """Whether the Referer lies on this node: real nodes refuse details and index without one."""
        own = f"{self.header(b'host')}/{slug}"
        referer = self.header(b"referer").partition("://")[2]
        return referer == own or referer.startswith((f"{own}/", f"{own}?"))

    @property
    def base_url(self) -> str:
        return f"http://{self.header(b'host')}"


class HungUp(Exception):
    """The server closes the connection on purpose."""


async def read_question(scope: Scope, receive: Receive) -> Question:
    host, port = scope.get("client") or ("", 0)
    return Question(
        method=scope["method"],
        path=scope["path"],
        parts=tuple(part for part in scope["path"].split("/") if part),
        query=read_fields(scope["query_string"]),
        headers=dict(scope["headers"]),
        body=await _read_body(receive),
        client=(host, port),
    )


def read_fields(encoded: bytes) -> dict[str, str]:
    """Query or form as a dictionary; bytes that are no UTF-8 become replacement characters, as Play reads them."""
    return dict(parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True))


async def _read_body(receive: Receive) -> bytes:
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(chunks)
        chunks += message.get("body", b"")[: _LARGEST_FORM - len(chunks)]
        if not message.get("more_body", False):
            return bytes(chunks)


def html(text: str, status: int = 200) -> Reply:
    return Reply(text.encode(), status)


def as_json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False, indent=1).encode(), status, content_type=JSON)


async def send_reply(receive: Receive, send: Send, reply: Reply, faults: Faults, turn: int) -> None:
    if strikes(faults.endless_every, turn):
        await _send_endlessly(receive, send, reply)
        return
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if strikes(faults.truncate_every, turn):
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
        # The server under us closes a connection whose application ends before its answer does.
        raise HungUp
    if faults.body_seconds and reply.body:
        piece = max(len(reply.body) // _PIECES, 1)
        pieces = [reply.body[at : at + piece] for at in range(0, len(reply.body), piece)]
        for one in pieces:
            await send({"type": "http.response.body", "body": one, "more_body": True})
            await asyncio.sleep(faults.body_seconds / len(pieces))
        reply.body = b""
    await send({"type": "http.response.body", "body": reply.body})


async def _send_endlessly(receive: Receive, send: Send, reply: Reply) -> None:
    """Goes on until the visitor has had enough and leaves."""
    headers = [(b"content-type", reply.content_type.encode()), *reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": True})
    leaving = asyncio.ensure_future(receive())
    try:
        while not leaving.done():
            await send({"type": "http.response.body", "body": _ENDLESS_PIECE, "more_body": True})
            await asyncio.sleep(0.001)
    finally:
        leaving.cancel()
