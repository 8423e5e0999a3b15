"""Conditional reads (RFC 9110, 13): answers are tagged by their content, and whoever has one already is told so by a 304."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.clock import utc_now

_BODY_HEADERS = {
    b"accept-ranges",
    b"content-digest",
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"repr-digest",
    b"unencoded-digest",
}
_SECOND = timedelta(seconds=1)


def last_modified(changed_at: datetime) -> str:
    """The value of Last-Modified for something that last changed then.

    HTTP knows whole seconds only. While the second of the change lasts another change may follow within it, so until it
    is over the one before is named: a reader then asks once too often, and never keeps what is no longer true.
    """
    moment = min(changed_at, utc_now() - _SECOND)
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def matches_tag(wanted: str, tag: str) -> bool:
    if wanted.strip() == "*":
        return True
    opaque = tag.removeprefix("W/")
    return any(candidate.strip().removeprefix("W/") == opaque for candidate in wanted.split(","))


@dataclass(frozen=True, slots=True)
class Condition:
    """What a reader says to have: answers with these tags, or the answer of that moment. Tags alone count where both are."""

    tags: str | None
    since: str | None

    def is_met_by(self, headers: Headers) -> bool:
        """Whether the reader has the answer with these headers already."""
        if self.tags is not None:
            return "etag" in headers and matches_tag(self.tags, headers["etag"])
        since, modified = _moment(self.since), _moment(headers.get("last-modified"))
        # See last_modified: nothing that is said of the last two seconds is settled.
        return since is not None and modified is not None and modified <= since and modified < utc_now() - 2 * _SECOND


NAMES = frozenset({b"if-none-match", b"if-modified-since"})


def condition_of(scope: Scope) -> Condition | None:
    """What a request states, if it states any."""
    if not any(name in NAMES for name, _value in scope["headers"]):
        return None
    headers = Headers(scope=scope)
    tags = headers.getlist("if-none-match")
    return Condition(",".join(tags) if tags else None, headers.get("if-modified-since"))


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def not_modified(start: Message) -> Message:
    """The 304 in place of an answer: everything that is said about it, nothing that is said about its body."""
    kept = [(name, value) for name, value in start["headers"] if name.lower() not in _BODY_HEADERS]
    return {**start, "status": 304, "headers": kept}


class EntityTags:
    """Tags what can be read and has no tag yet, and answers 304 to a reader who has it already.

    A plain ASGI layer: it holds one body that comes in one piece; of a streamed one only the tag and moment count that the
    route has given it, and a reader who has it does not make us write it again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        condition = condition_of(scope)
        start: Message | None = None

        async def tagging(message: Message) -> bool:
            """Passes an answer on; true once no more of it is wanted."""
            nonlocal start
            if message["type"] == "http.response.start" and _may_be_had(message):
                start = message
                return False
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return False
            held, start = start, None
            if not message.get("more_body", False):
                held = _tagged(held, message.get("body", b""))
            if condition is not None and condition.is_met_by(Headers(raw=held["headers"])):
                await send(not_modified(held))
                await send({"type": "http.response.body", "body": b""})
                return True
            await send(held)
            await send(message)
            return False

        if condition is None:
            await self.app(scope, receive, _indifferent(tagging))
        else:
            await run_until(self.app, scope, receive, tagging)


def _may_be_had(start: Message) -> bool:
    """Nobody has a stream of events beforehand, and whoever listens to one wants to know at once that it stands."""
    media_type = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] == 200 and not media_type.startswith("text/event-stream")


def _indifferent(send: Callable[[Message], Awaitable[bool]]) -> Send:
    async def sending(message: Message) -> None:
        await send(message)

    return sending


def _tagged(start: Message, body: bytes) -> Message:
    headers = Headers(raw=start["headers"])
    caching = headers.get("cache-control")
    added = []
    if "etag" not in headers and "no-store" not in (caching or ""):
        added.append((b"etag", f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'.encode()))
    if caching is None:
        added.append((b"cache-control", b"no-cache"))
    return {**start, "headers": [*start["headers"], *added]}


async def run_until(app: ASGIApp, scope: Scope, receive: Receive, send: Callable[[Message], Awaitable[bool]]) -> None:
    """Let an application answer until `send` says that no more is wanted; what it still does is then cancelled."""
    is_enough = False

    async def sending(message: Message) -> None:
        nonlocal is_enough
        is_enough = is_enough or await send(message)
        if is_enough and message.get("more_body", False):
            answering.cancel()
            await asyncio.sleep(0)

    answering = asyncio.ensure_future(app(scope, receive, sending))
    try:
        await answering
    except asyncio.CancelledError:
        if not is_enough:
            raise
