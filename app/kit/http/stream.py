"""The bytes of one connection: received with back-pressure, counted, and given up in an instant."""

import asyncio
import re
from typing import Any, cast

from app.kit.http.failures import AnswerTooLarge
from app.kit.http.library import httpcore

MAX_HEAD_BYTES = 256 * 1024
"""All that may come before an answer's body has begun, interim (1xx) answers included."""

_HIGH_WATER = 256 * 1024
_TAIL = 4
_BLANK_LINE = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/\d\.\d 1\d\d\b")


class Incoming(asyncio.Protocol):
    """What has arrived and was not read yet; the other side is made to wait when that is much."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._buffer = bytearray()
        self._is_paused = False
        self._has_ended = False
        self._error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _HIGH_WATER and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._has_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_ended = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    @property
    def is_stirred(self) -> bool:
        """Whether anything has come that nobody has read, be it the end."""
        return self._has_ended or bool(self._buffer)

    async def take(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Wait for bytes and give them; none at the end. Raises what broke the connection, once all is read."""
        if not self.is_stirred:
            loop = asyncio.get_running_loop()
            self._waiting = waiting = loop.create_future()
            # A timer alone costs a fraction of asyncio.timeout(), and every read needs one.
            timer = None if timeout is None else loop.call_later(timeout, _give_up, waiting)
            try:
                await waiting
            finally:
                self._waiting = None
                if timer is not None:
                    timer.cancel()
        if not self._buffer:
            if self._error is not None:
                raise ConnectionError(str(self._error)) from self._error
            return b""
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        if self._is_paused and not self._buffer and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data


def _give_up(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


class GuardedStream(httpcore.AsyncNetworkStream):
    """One connection, which knows of the answer that is under way how much of it has come.

    On HTTP/1.1 one request follows the other, so writing after reading is the beginning of the next exchange.
    """

    def __init__(self, incoming: Incoming, transport: asyncio.Transport, host: str, max_wire_bytes: int) -> None:
        self.exchanges = 0
        self._incoming = incoming
        self._transport = transport
        self._host = host
        self._max_wire_bytes = max_wire_bytes
        self._is_answering = True
        self._in_head = True
        self._received = 0
        self._head = bytearray()
        self._tail = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._is_answering = True
        try:
            data = await self._incoming.take(max_bytes, timeout)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self._received += len(data)
        self._tail = (self._tail + data[-_TAIL:])[-_TAIL:]
        if self._in_head:
            self._head += data
            if len(self._head) > MAX_HEAD_BYTES:
                raise AnswerTooLarge(f"“{self._host}” sent {MAX_HEAD_BYTES} bytes of headers and no end of them.")
        if self._received > self._max_wire_bytes:
            raise AnswerTooLarge(f"“{self._host}” answers with more than {self._max_wire_bytes} bytes.")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Hand the bytes over. What we send is small and in memory anyway: waiting for it to leave gains nothing."""
        if self._is_answering:
            self._is_answering = False
            self._in_head = True
            self._received = 0
            self._head.clear()
            self._tail = b""
            self.exchanges += 1
        del timeout
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection was closed")
        self._transport.write(buffer)

    @property
    def has_answered(self) -> bool:
        """Whether anything has come since the last request."""
        return self._received > 0

    def end_of_head(self) -> None:
        """The headers are complete: what comes from now on is body, with the limits of a body."""
        self._in_head = False

    def is_overlong(self, body_length: int | None) -> bool:
        """Whether more has come than belongs to the answer, whose body is `body_length` bytes, or None if chunked.

        Such bytes would be taken for the beginning of the next answer. A chunked body is seen to end in an empty
        line; junk behind it that came in one piece with it and ends likewise goes unnoticed.
        """
        if body_length is None:
            return not self._tail.endswith((b"\n\r\n", b"\n\n"))
        return self._received > _head_length(self._head) + body_length

    def abort(self) -> None:
        """Close at once, without a word and without waiting: nothing can come between, not even a cancellation."""
        self._transport.abort()

    async def aclose(self) -> None:
        self.abort()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._incoming.is_stirred or self._transport.is_closing()
        if info == "peercert":
            return self._transport.get_extra_info("peercert")
        return None


def _head_length(received: bytes | bytearray) -> int:
    """Where the body begins: after the headers of the first answer that is not an interim one."""
    position = 0
    while (blank := _BLANK_LINE.search(received, position)) is not None:
        is_interim = _INTERIM.match(received, position) is not None
        position = blank.end()
        if not is_interim:
            break
    return position
