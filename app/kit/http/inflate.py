"""Decompression that cannot be made to explode, to run for ever, or to pass a half stream for a whole one."""

import asyncio
import zlib
from typing import Protocol

from app.kit.http.failures import AnswerBroken, AnswerTooLarge, shortened

_STEP = 1024 * 1024
_MAX_MEMBERS = 1000

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS


class Body(Protocol):
    """Takes an answer's bytes as they come and gives the content when they have ended."""

    async def feed(self, data: bytes) -> None: ...
    def take(self) -> bytes: ...
    def finish(self) -> bytes: ...


def body_for(content_encoding: str, limit: int) -> Body:
    """The reader of one encoding; `limit` bounds the content in bytes.

    We ask for gzip only. Deflate is read too, since some answer with it unasked; anything else cannot be read, and
    bytes that cannot be read are a broken answer rather than content.
    """
    encodings = [name for part in content_encoding.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    match encodings:
        case []:
            return _Plain(limit)
        case ["gzip" | "x-gzip"]:
            return _Inflated(limit, _GZIP)
        case ["deflate"]:
            return _Inflated(limit, None)
        case _:
            raise AnswerBroken(f"The answer is encoded as “{shortened(content_encoding)}”, which nobody asked for.")


class _Stream(Protocol):
    """What zlib calls a decompression object."""

    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Content:
    """The content so far, which stops growing at its limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise AnswerTooLarge(f"The answer's content is larger than {self._limit} bytes.")
        self._parts.append(part)

    def _content(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def take(self) -> bytes:
        """Give away the content so far, for who does not want to hold all of it; `finish` gives what is left."""
        content = self._content()
        self._parts.clear()
        return content


class _Plain(_Content):
    async def feed(self, data: bytes) -> None:
        self._keep(data)

    def finish(self) -> bytes:
        return self._content()


class _Inflated(_Content):
    """Gzip (members one after the other, as RFC 1952 allows) or deflate (with or without zlib's frame).

    Zero bytes after the end are padding; anything else there is a broken answer.
    """

    def __init__(self, limit: int, window: int | None) -> None:
        super().__init__(limit)
        self._window = window
        self._waiting = b""
        self._stream: _Stream | None = None
        self._members = 0
        self._began = False

    async def feed(self, data: bytes) -> None:
        self._began = self._began or bool(data)
        data = self._waiting + data
        self._waiting = b""
        while data:
            if self._stream is None:
                if self._members:
                    data = data.lstrip(b"\0")
                    if not data:
                        return
                if not self._next_stream(data):
                    self._waiting = data
                    return
            data = await self._inflate(data)

    def _next_stream(self, data: bytes) -> bool:
        """Begin a member; False while too little has come to tell which form of deflate it is."""
        if self._members and self._window != _GZIP:
            raise AnswerBroken("The compressed answer goes on after its end.")
        if self._members >= _MAX_MEMBERS:
            raise AnswerBroken(f"The compressed answer has more than {_MAX_MEMBERS} members.")
        if self._window is None:
            if len(data) < 2:
                return False
            framed = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0
            self._window = _ZLIB if framed else _RAW
        self._members += 1
        self._stream = zlib.decompressobj(self._window)
        return True

    async def _inflate(self, data: bytes) -> bytes:
        """Inflate what has come, step by step so that others get their turn; gives what follows the member's end."""
        assert self._stream is not None
        while True:
            try:
                part = self._stream.decompress(data, _STEP)
            except zlib.error as error:
                raise AnswerBroken(f"The compressed answer cannot be inflated: {error}.") from error
            self._keep(part)
            if self._stream.eof:
                rest = self._stream.unused_data
                self._stream = None
                return rest
            data = self._stream.unconsumed_tail
            # A full step may have left output inside the stream although all input was taken.
            if len(part) < _STEP and not data:
                return b""
            await asyncio.sleep(0)

    def finish(self) -> bytes:
        if self._began and (self._stream is not None or self._waiting):
            raise AnswerBroken("The compressed answer ends in the middle of its stream.")
        return self._content()
