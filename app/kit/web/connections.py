"""The server's connections, bounded: a request's head in size and time, requests waiting in line, readers that do not read.

uvicorn bounds none of these by its settings (measured with 0.54: one request line of 200 MB takes 200 MB, one endless
header line stops the whole process, an idle connection stays for ever), and its `limit_concurrency` refuses everybody
as soon as somebody holds that many connections open.
"""

import asyncio
import contextlib
from collections import OrderedDict
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.kit.json import dumps

HEAD_BYTES = 32 * 1024
HEAD_SECONDS = 15
IN_LINE = 16
"""Requests sent ahead on one connection while an earlier one is answered."""
READER_SECONDS = 60
"""How long a full buffer (64 KiB) may wait for its reader."""
MAX_CONNECTIONS = 8192
_SPARE_FILES = 512


def _refusal(status: bytes, code: str, title: str, english: str, indonesian: str) -> bytes:
    body = dumps(
        {
            "type": f"/problems#{code}",
            "title": title,
            "status": int(status[:3]),
            "detail": english,
            "code": code,
            "message": {"id": indonesian, "en": english},
            "request_id": None,
        }
    )
    head = f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return b"HTTP/1.1 " + status + b"\r\n" + head.encode() + body


_HEAD_TOO_LARGE = _refusal(
    b"431 Request Header Fields Too Large",
    "head-too-large",
    "Head too large",
    f"The request line and headers are larger than {HEAD_BYTES} bytes.",
    f"Baris permintaan dan header melebihi {HEAD_BYTES} byte.",
)
_UNREADABLE = _refusal(
    b"400 Bad Request", "bad-request", "Bad request", "The request could not be read.", "Permintaan tidak dapat dibaca."
)


class _TooManyInLine(Exception):
    """The parser turns it into a refusal of the connection."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection of a caller."""

    max_connections: ClassVar[int] = MAX_CONNECTIONS
    head_seconds: ClassVar[float] = HEAD_SECONDS
    reader_seconds: ClassVar[float] = READER_SECONDS
    _headless: ClassVar[OrderedDict["BoundedProtocol", None]]
    """Connections on which no request has begun, or whose head is not complete: the longest waiting first."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls._headless = OrderedDict()

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_bytes = 0
        self._wants_head = True
        self._head_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the class above
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            # Whoever says nothing makes room for whoever may have something to say.
            oldest = self._headless.popitem(last=False)[0] if self._headless else self
            oldest.transport.abort()
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_has_come()
        self._stop_reader_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._wants_head and self._head_timer is None:
            self._await_head()
        while self._wants_head and data and not self.transport.is_closing():
            piece = data[: HEAD_BYTES - self._head_bytes]
            data = data[len(piece) :]
            self._head_bytes += len(piece)
            super().data_received(piece)
            if self._wants_head and self._head_bytes >= HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()
        if data and not self.transport.is_closing():
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (ours is the same for every fault)
        self.transport.write(_UNREADABLE)
        self.transport.close()

    def on_message_begin(self) -> None:
        self._wants_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= IN_LINE:
            raise _TooManyInLine
        self._wants_head = False
        self._head_has_come()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head_bytes = 0
        self._wants_head = True

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self.pipeline:
            self._headless[self] = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader_timer = self.loop.call_later(self.reader_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_reader_timer()
        super().resume_writing()

    def _await_head(self) -> None:
        self._headless[self] = None
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._await_head()  # a stray byte behind a request must not cost its answer
        else:
            self.transport.close()

    def _head_has_come(self) -> None:
        self._headless.pop(self, None)
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_reader_timer(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None


def bounded_protocol() -> type[BoundedProtocol]:
    """The protocol for one server of this process, with as many connections as the system gives it files."""

    class Protocol(BoundedProtocol):
        max_connections = min(MAX_CONNECTIONS, max(_open_files() - _SPARE_FILES, 64))

    return Protocol


def _open_files() -> int:
    """How many files the process may open, after asking for as many as it is allowed."""
    try:
        import resource  # noqa: PLC0415 (there is none on Windows)
    except ImportError:
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * MAX_CONNECTIONS)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return soft
