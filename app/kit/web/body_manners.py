"""Bodies as every address sees them: a slow one is given up, and one that nobody wants is not read to its end."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.web.bodies import BodyTooSlow, Patience

SMALL_BYTES = 64 * 1024
"""An unread body up to this size is read over before the answer, so that the connection can go on."""
LINGER_SECONDS = 2
LINGER_BYTES = 4 * 1024 * 1024


class BodyManners:
    """Bounds what a sender may cost, whatever the route does with the body.

    A refused upload would be read to its end for nothing, however long it is. But a connection that is closed while
    its sender still writes is reset, and a reset may swallow the answer: so the answer is sent whole, what still
    arrives is dropped for a short while, and only then the connection ends.
    """

    def __init__(self, app: ASGIApp, *, linger_seconds: float = LINGER_SECONDS) -> None:
        self.app = app
        self._linger_seconds = linger_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = _announced(scope) if scope["type"] == "http" else 0
        if length == 0:
            await self.app(scope, receive, send)
            return
        patience = Patience()
        is_read = has_started = is_closing = False

        async def reading() -> Message:
            nonlocal is_read
            if is_read or has_started:
                return await receive()
            try:
                message = await patience.next_message(receive)
            except BodyTooSlow as error:
                # The framework lets its own exception through where it reads bodies itself.
                raise HTTPException(408) from error
            is_read = _is_last(message)
            return message

        async def answering(message: Message) -> None:
            nonlocal is_read, has_started, is_closing
            if message["type"] == "http.response.start":
                has_started = True
                if not is_read and length <= SMALL_BYTES:
                    is_read = await self._drop(receive)
                is_closing = not is_read
                if is_closing:
                    headers = MutableHeaders(raw=message["headers"])
                    headers["connection"] = "close"
                    message = {**message, "headers": headers.raw}
            elif is_closing and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await self._drop(receive)
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        await self.app(scope, reading, answering)

    async def _drop(self, receive: Receive) -> bool:
        """Read over what still comes, for a short while; whether that was all."""
        dropped = 0
        try:
            async with asyncio.timeout(self._linger_seconds):
                while dropped < LINGER_BYTES:
                    message = await receive()
                    if _is_last(message):
                        return True
                    dropped += len(message.get("body", b""))
        except TimeoutError:
            pass
        return False


def _is_last(message: Message) -> bool:
    return message["type"] == "http.disconnect" or not message.get("more_body", False)


def _announced(scope: Scope) -> float:
    """How many bytes the sender says will come; without end where they come in chunks."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return float("inf")
    length = headers.get("content-length", "0")
    return int(length[:20]) if length.isascii() and length.isdigit() else float("inf")
