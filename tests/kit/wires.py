"""A small API on a real loopback port, and raw sockets to treat it badly."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import uvicorn
from fastapi import FastAPI

from app.kit.web.connections import bounded_protocol

PATIENCE_SECONDS = 60.0
"""For what must happen at last, on however busy a machine."""


@contextmanager
def listening(app: FastAPI, **bounds: Any) -> Iterator[tuple[uvicorn.Server, int]]:
    """Serve an application by the bounded protocol; `bounds` replace its own."""
    protocol = bounded_protocol()
    for name, value in bounds.items():
        setattr(protocol, name, value)
    config = uvicorn.Config(app, port=0, http=protocol, ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="wires", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.005)
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


class Wire:
    """One connection, written to by hand."""

    def __init__(self, port: int, *, timeout: float = PATIENCE_SECONDS) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def say(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def head(self, *lines: str, method: str = "POST", path: str = "/bodies") -> None:
        self.say("\r\n".join([f"{method} {path} HTTP/1.1", "Host: rakor.test", *lines, "", ""]).encode())

    def flood(self, piece: bytes, times: int) -> int:
        """Write until told to stop; how many pieces got through."""
        for sent in range(times):
            try:
                self.socket.sendall(piece)
            except OSError:
                return sent
        return times

    def answer(self) -> bytes:
        """One answer with a Content-Length, as it came."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        while len(body) < length:
            body += self._more()
        return head + b"\r\n\r\n" + body

    def is_closed(self) -> bool:
        """Whether the other side ends the connection, before the socket's patience does."""
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def _more(self) -> bytes:
        received = self.socket.recv(65536)
        assert received, "the connection ended before the answer"
        return received
