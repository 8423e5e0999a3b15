"""Hosts on loopback that answer as badly as the test at hand wants."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from app.kit.http import GuardedClient, OutboundPolicy

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

# One attempt, so that the first failure is seen as it is. The times are long enough for the busiest machine: a test in
# which time runs out names the time that does.
HASTY = OutboundPolicy(
    allowed_networks=LOOPBACK,
    total_seconds=60,
    overall_seconds=120,
    connect_seconds=60,
    read_seconds=60,
    max_wire_bytes=1024 * 1024,
    max_body_bytes=1024 * 1024,
    attempts=1,
    backoff_seconds=0.01,
    user_agent="Rakor test",
)
STUBBORN = replace(HASTY, attempts=4)
PATIENCE_SECONDS = 60.0
"""For what must happen at last."""


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


Behave = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Stranger:
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0

    def url(self, path="/", host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def listening(serve, *, tls: ssl.SSLContext | None = None):
    """A server of raw connections, gone without a trace at the end; gives its port."""
    running: dict[asyncio.Task, asyncio.StreamWriter] = {}

    async def accept(reader, writer):
        running[asyncio.current_task()] = writer
        try:
            await serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, writer in running.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def stranger(behave: Behave, *, tls: ssl.SSLContext | None = None):
    """A server that reads requests properly and lets `behave` write whatever it likes back."""
    here = Stranger()

    async def serve(reader, writer):
        here.connections += 1
        here.open_connections += 1
        number = here.connections
        try:
            while (asked := await _read_request(reader, number)) is not None and not writer.is_closing():
                here.asked.append(asked)
                await behave(asked, writer)
                await writer.drain()
        finally:
            here.open_connections -= 1

    async with listening(serve, tls=tls) as here.port:
        yield here


async def _read_request(reader, number):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, OSError):
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, target, headers, body, number)


def reply(body=b"", status=200, **headers):
    """The bytes of a well-formed answer; `content_type="…"` becomes Content-Type. None leaves a header out."""
    lines = {"content_length": len(body), **headers}
    shown = [f"{name.replace('_', '-').title()}: {value}" for name, value in lines.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *shown, "", ""]).encode() + body


def redirect(location, status=302, **headers):
    return reply(b"<html>moved</html>", status=status, location=location, **headers)


def chunked(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def says(*answers, then_close=False):
    """Gives one answer after the other, and the last one for ever."""
    left = list(answers)

    async def behave(asked, writer):
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        if then_close:
            await writer.drain()
            writer.close()

    return behave


def leads(routes):
    """Answers by path."""

    async def behave(asked, writer):
        writer.write(routes[re.split(r"[?]", asked.target)[0]])

    return behave


async def ask(behave, policy=HASTY, **how):
    """One GET to one stranger, whose answer or failure is the test's matter."""
    async with stranger(behave) as host, GuardedClient(policy, **how) as client:
        return await client.get(host.url())


def resolving(*answers):
    """A resolver that gives these answers in turn, the last one for ever, and remembers what it was asked."""
    left = [list(answer) for answer in answers]

    async def resolver(host, port):
        resolver.asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    resolver.asked = []
    return resolver
