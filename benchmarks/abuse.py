"""What the API bears: callers who abuse it in every way a socket allows, while an honest one keeps asking.

    uv run --frozen python benchmarks/abuse.py [--seconds 5] [--json]

Serves the API over a PostgreSQL of its own on this machine, and ends by itself. The honest caller comes from 127.0.0.2
and asks twenty times a second, each time on a new connection. Exit code 1: memory grew by 300 MB or more, or the honest
caller was left without an answer more than once in a hundred times.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from app.kit.postgres import EmbeddedPostgres, ServerUrls, erase_server
from app.kit.server import migrate

MAX_GROWTH_MB = 300
LEAST_ANSWERED = 0.99
HONEST_PATH = "/api/v1/regions?limit=5"
HONEST_PATIENCE = 5.0
GET = b"GET %s HTTP/1.1\r\nHost: rakor.test\r\n%s\r\n"
POST = b"POST /api/v1/nodes/surabaya/submissions HTTP/1.1\r\nHost: rakor.test\r\n%s\r\n"


@dataclass(frozen=True, slots=True)
class Target:
    """The API under abuse: its port, its process, and a key that opens it."""

    port: int
    pid: int
    key: bytes

    def megabytes(self) -> float:
        """Resident memory of the process that answers."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def authorization(self) -> bytes:
        return b"Authorization: Bearer " + self.key + b"\r\n"


Abuse = Callable[[Target, int], Awaitable[None]]


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is cut without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def trickle(writer: asyncio.StreamWriter, piece: bytes, seconds: float) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(seconds)


async def silence(target: Target, _number: int) -> None:
    async with connected(target) as (reader, _writer):
        await reader.read()


async def slow_head(target: Target, _number: int) -> None:
    async with connected(target) as (_reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n")
        await trickle(writer, b"X-Slow: y\r\n", 0.5)


async def endless_head(target: Target, number: int) -> None:
    async with connected(target) as (_reader, writer):
        writer.write((b"GET /", b"GET / HTTP/1.1\r\nX-Endless: ", b"GET / HTTP/1.1\r\n")[number % 3])
        await trickle(writer, b"X: " + b"y" * 65000 + b"\r\n" if number % 3 == 2 else b"y" * 65536, 0)


async def slow_body(target: Target, _number: int) -> None:
    async with connected(target) as (_reader, writer):
        writer.write(POST % (target.authorization + b"Content-Type: text/csv\r\nContent-Length: 1000000\r\n"))
        await trickle(writer, b"kind,code\r\n", 0.5)


async def endless_body(target: Target, number: int) -> None:
    """A body without end where JSON is wanted, and one of a stranger where packages are."""
    async with connected(target) as (_reader, writer):
        head = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        request = GET.replace(b"GET", b"POST") % (b"/api/v1/run-batches", head) if number % 2 else POST % head
        writer.write(request)
        await trickle(writer, b"10000\r\n" + b" " * 65536 + b"\r\n", 0)


async def many_ahead(target: Target, _number: int) -> None:
    async with connected(target) as (_reader, writer):
        await trickle(writer, GET % (b"/api/v1/packages", b"") * 1000, 0)


async def unread(target: Target, _number: int) -> None:
    async with connected(target) as (_reader, writer):
        writer.write(GET % (b"/docs/assets/swagger-ui-bundle.js", b"") * 10)
        await asyncio.sleep(3600)


async def bad_keys(target: Target, number: int) -> None:
    async with connected(target) as (reader, writer):
        for attempt in range(1_000_000):
            writer.write(GET % (b"/api/v1/packages", b"Authorization: Bearer rk_%d_%d\r\n" % (number, attempt)))
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)


async def new_connections(target: Target, _number: int) -> None:
    while True:
        async with connected(target):
            await asyncio.sleep(0)


ABUSES: dict[str, tuple[int, Abuse | None]] = {
    "nobody": (0, None),
    "silent connections": (4000, silence),
    "heads that trickle": (2000, slow_head),
    "heads without end": (30, endless_head),
    "bodies that trickle": (300, slow_body),
    "bodies without end": (30, endless_body),
    "requests sent far ahead": (30, many_ahead),
    "answers nobody reads": (300, unread),
    "keys tried at random": (30, bad_keys),
    "connections opened and cut": (30, new_connections),
}


async def insist(abuse: Abuse, target: Target, number: int) -> None:
    """Whoever is thrown out comes back."""
    while True:
        with contextlib.suppress(OSError, EOFError, StopIteration, RuntimeError, asyncio.IncompleteReadError):
            await abuse(target, number)
        await asyncio.sleep(0.05)


async def ask_honestly(target: Target) -> float | None:
    """How many seconds an honest request took; None if it got no answer."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(HONEST_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", target.port, local_addr=("127.0.0.2", 0))
            writer.write(GET % (HONEST_PATH.encode(), b"Connection: close\r\n"))
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return None
    return time.perf_counter() - began if answer.startswith(b"HTTP/1.1 200") else None


async def endure(target: Target, many: int, abuse: Abuse | None, seconds: float) -> dict[str, float]:
    """One abuse for a while: what became of honest requests, and how much memory it took at most."""
    before = most = target.megabytes()
    abusers = [asyncio.create_task(insist(abuse, target, number)) for number in range(many)] if abuse else []
    asking: list[asyncio.Task[float | None]] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        asking.append(asyncio.create_task(ask_honestly(target)))
        await asyncio.sleep(0.05)
        most = max(most, target.megabytes())
    answers = await asyncio.gather(*asking)
    for task in abusers:
        task.cancel()
    await asyncio.gather(*abusers, return_exceptions=True)
    taken = sorted(answer for answer in answers if answer is not None)
    return {
        "asked": len(answers),
        "answered": len(taken),
        "median_ms": round(taken[len(taken) // 2] * 1000, 1) if taken else -1,
        "slowest_ms": round(taken[-1] * 1000, 1) if taken else -1,
        "grew_mb": round(most - before, 1),
    }


async def endure_all(target: Target, seconds: float) -> dict[str, dict[str, float]]:
    for _ in range(20):
        await ask_honestly(target)
    found: dict[str, dict[str, float]] = {}
    for name, (many, abuse) in ABUSES.items():
        found[name] = await endure(target, many, abuse, seconds)
        await asyncio.sleep(0.5)
    return found


@contextmanager
def database() -> Iterator[ServerUrls]:
    with tempfile.TemporaryDirectory(prefix="rakor-benchmark-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs under another account when we are root.
        data_dir = Path(folder) / "data"
        try:
            with EmbeddedPostgres(data_dir) as embedded:
                urls = embedded.urls("rakor")
                migrate(urls)
                yield urls
        finally:
            erase_server(data_dir)


@contextmanager
def target(urls: ServerUrls) -> Iterator[Target]:
    """The API as `rakor serve` serves it, in a process of its own."""
    rakor = [sys.executable, "-m", "app.cli"]
    environment = {**os.environ, "RAKOR_DATABASE_URL": urls.app, "RAKOR_MIGRATION_URL": urls.owner}
    with tempfile.TemporaryFile("w+") as said:
        serving = subprocess.Popen(
            [*rakor, "serve", "--port", "0", "--no-worker"], env=environment, stderr=said, text=True
        )
        try:
            create = [*rakor, "key", "create", "--role", "province", "--name", "benchmark", "--json"]
            made = subprocess.run(create, env=environment, capture_output=True, check=True, text=True)
            yield Target(_port(serving, said), serving.pid, json.loads(made.stdout)["key"].encode())
        finally:
            serving.terminate()
            try:
                serving.wait(30)
            except subprocess.TimeoutExpired:
                serving.kill()


def _port(serving: subprocess.Popen[str], said: TextIO) -> int:
    """Where it listens, once it says so."""
    for _ in range(600):
        said.seek(0)
        found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", said.read())
        if found:
            return int(found[1])
        if serving.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("the API did not start")


def show(found: dict[str, dict[str, float]]) -> None:
    print(f"{'':<28}{'honest: answered':>18}{'median ms':>11}{'slowest ms':>12}{'grew MB':>9}")
    for name, figures in found.items():
        answered = f"{figures['answered']:.0f} of {figures['asked']:.0f}"
        print(f"{name:<28}{answered:>18}{figures['median_ms']:>11}{figures['slowest_ms']:>12}{figures['grew_mb']:>9}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="how long each abuse lasts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with database() as urls, target(urls) as served:
        before = served.megabytes()
        found = asyncio.run(endure_all(served, options.seconds))
        grown = served.megabytes() - before
    if options.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        show(found)
        print(f"memory at the end beside the beginning: {grown:+.0f} MB")
    is_borne = all(
        figures["answered"] >= LEAST_ANSWERED * figures["asked"] and figures["grew_mb"] < MAX_GROWTH_MB
        for figures in found.values()
    )
    raise SystemExit(0 if is_borne and grown < MAX_GROWTH_MB else 1)


if __name__ == "__main__":
    main()
