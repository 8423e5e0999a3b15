"""Asks a server the same over and over, in a process of its own and with little work of its own: raw HTTP/1.1 over asyncio.

Reads {"port", "path", "connections", "seconds"} from stdin, prints one JSON line: requests, seconds, the latencies'
percentiles in milliseconds, the CPU seconds of this process, how many answers were not 200.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for a while."""

    requests: int
    seconds: float
    p50: float
    p99: float
    cpu_seconds: float
    refused: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class Caller(asyncio.Protocol):
    """One connection, on which the next request follows the whole of the last answer."""

    def __init__(self, request: bytes, until: float, taken: list[float]) -> None:
        self._request = request
        self._until = until
        self._taken = taken
        self._began = 0.0
        self._missing = 0
        self._head = b""
        self.refused = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._missing:
            self._head += data
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self.refused += not head.startswith(b"HTTP/1.1 200")
            self._missing = length_of(head) - len(body)
            self._head = b""
        else:
            self._missing -= len(data)
        if self._missing:
            return
        now = time.perf_counter()
        self._taken.append(now - self._began)
        if now < self._until:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (as asyncio calls it)
        if not self.over.done():
            self.over.set_result(None)


def length_of(head: bytes) -> int:
    """What the head of an answer says of the length of its body."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise ValueError("an answer without a length")


def request_for(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode()


def percentile(seconds: Sequence[float], share: float) -> float:
    """In milliseconds; the smallest that so large a share of all does not exceed."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)] * 1000 if ordered else float("nan")


def ask(port: int, path: str, *, connections: int, seconds: float) -> Asked:
    """Ask for so many seconds, from a fresh process."""
    options = {"port": port, "path": path, "connections": connections, "seconds": seconds}
    finished = subprocess.run(
        [sys.executable, "-S", str(Path(__file__))],
        input=json.dumps(options),
        stdout=subprocess.PIPE,
        text=True,
        timeout=seconds + 180,
        check=True,
    )
    return Asked(**json.loads(finished.stdout))


async def _work(given: dict[str, Any]) -> dict[str, Any]:
    taken: list[float] = []
    began, spent = time.perf_counter(), time.process_time()
    request = request_for(given["path"])
    until = began + given["seconds"]
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(request, until, taken), "127.0.0.1", given["port"]))[1]
        for _ in range(given["connections"])
    ]
    await asyncio.gather(*(caller.over for caller in callers))
    return {
        "requests": len(taken),
        "seconds": time.perf_counter() - began,
        "p50": percentile(taken, 0.5),
        "p99": percentile(taken, 0.99),
        "cpu_seconds": time.process_time() - spent,
        "refused": sum(caller.refused for caller in callers),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_work(json.load(sys.stdin)))) + "\n")
