"""Answers that are ready: bytes are given again for as long as nothing they rest on has changed, never longer.

Whoever asks waits for one small reading of the version of the data; requests that come while such a reading is on its way
wait for the next one together, so that an answer is never older than its question and a thousand askers cost one reading.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.clock import utc_now
from app.kit.web.compression import Choice, coding_for
from app.kit.web.conditional import NAMES, Condition, condition_of, not_modified

READY = "ready_until"
"""The name in the request's state by which a route says that its answer follows from the versioned data alone."""

MOST_ANSWERS = 4096
MOST_BYTES = 64 * 1024 * 1024
LARGEST_ANSWER = 4 * 1024 * 1024

Key = tuple[str, bytes, Choice]
"""Path, query and how the reader takes bodies: each has its own bytes."""

Value = TypeVar("Value")


def mark_ready(request: Request, *, until: datetime | None) -> None:
    """Say that this answer may be given again until the data change, or (where time alone changes it) until a moment."""
    request.scope.setdefault("state", {})[READY] = until


class SharedReading(Generic[Value]):
    """One reading for all who ask at the same time: it always begins after the question was asked."""

    def __init__(self, read: Callable[[], Awaitable[Value]]) -> None:
        self._read = read
        self._now: asyncio.Task[Value] | None = None
        self._next: asyncio.Task[Value] | None = None

    async def __call__(self) -> Value:
        """What is read, as it is or was at some moment after this call began."""
        if self._now is None or self._now.done():
            self._now = asyncio.create_task(self._reading())
            return await asyncio.shield(self._now)
        if self._next is None or self._next.done():
            self._next = asyncio.create_task(self._after(self._now))
        return await asyncio.shield(self._next)

    async def _reading(self) -> Value:
        return await self._read()

    async def _after(self, running: asyncio.Task[Value]) -> Value:
        await asyncio.wait([running])
        # From here on this is the reading on its way: who comes now waits for the one after it.
        self._now, self._next = self._next, None
        return await self._read()


@dataclass(frozen=True, slots=True)
class _Answer:
    version: int
    until: datetime | None
    start: Message
    body: bytes
    tag: str


class ReadyAnswers:
    """A plain ASGI layer over the routes under some paths; what no route has marked passes through it untouched.

    The version is read before the route works, so an answer that is kept may be newer than its version says, never older.
    """

    def __init__(self, app: ASGIApp, *, prefixes: tuple[str, ...]) -> None:
        self.app = app
        self._prefixes = prefixes
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self._prefixes):
            await self.app(scope, receive, send)
            return
        condition = condition_of(scope)
        key = (scope["path"], scope["query_string"], coding_for(scope["headers"]))
        try:
            version = await scope["app"].state.figure_version()
        except Exception:  # noqa: BLE001 (whatever keeps the version away, the route meets it too and says it better)
            await self.app(scope, receive, send)
            return
        known = self._answers.get(key)
        if known is not None and known.version == version and (known.until is None or utc_now() < known.until):
            self._answers.move_to_end(key)
            await _give(known, condition, send)
            return
        await self._ask(scope, receive, send, key, version, condition)

    async def _ask(
        self, scope: Scope, receive: Receive, send: Send, key: Key, version: int, condition: Condition | None
    ) -> None:
        """Let the route answer, and keep what it marked. The whole answer is made even for who has it already."""
        asked = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in NAMES]}
        state: dict[str, object] = asked.setdefault("state", {})
        messages: list[Message] = []

        async def holding(message: Message) -> None:
            messages.append(message)

        await self.app(asked, receive, holding)
        start, *bodies = messages
        body = b"".join(message.get("body", b"") for message in bodies)
        tag = Headers(raw=start["headers"]).get("etag", "")
        until = state.get(READY, "not ready")
        answer = _Answer(version, until if isinstance(until, datetime) else None, start, body, tag)
        if start["status"] == 200 and tag and until != "not ready" and len(body) <= LARGEST_ANSWER:
            self._keep(key, answer)
        await _give(answer, condition, send)

    def _keep(self, key: Key, answer: _Answer) -> None:
        if (before := self._answers.pop(key, None)) is not None:
            self._bytes -= len(before.body)
        self._answers[key] = answer
        self._bytes += len(answer.body)
        while self._bytes > MOST_BYTES or len(self._answers) > MOST_ANSWERS:
            _key, oldest = self._answers.popitem(last=False)
            self._bytes -= len(oldest.body)


async def _give(answer: _Answer, condition: Condition | None, send: Send) -> None:
    """Send an answer; a reader who has it already is told so."""
    headers = list(answer.start["headers"])
    if answer.start["status"] == 200 and condition is not None and condition.is_met_by(Headers(raw=headers)):
        await send(not_modified(answer.start))
        await send({"type": "http.response.body", "body": b""})
        return
    await send({**answer.start, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
