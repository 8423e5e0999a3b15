"""Hosts that do harm, in a process of their own: silent, dripping, endless, exploding, and leading round in circles.

Reads their addresses as JSON from stdin, prints its port once it listens, and ends with whoever started it.
"""

import asyncio
import json
import os
import sys
import threading
import zlib
from collections.abc import Awaitable, Callable

from simulating import leave_with, listen

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNK = b"<p>" + b"contoh " * 9000


def bomb() -> bytes:
    """A gigabyte of nothing, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(1024)]
    return b"".join([*parts, packer.flush()])


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.2)


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n")
    while True:
        writer.write(CHUNK)
        await writer.drain()


async def circle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: ?again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()


def explode(packed: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
        writer.write(head + packed)
        await writer.drain()

    return answer


async def serve(hosts: list[str]) -> None:
    ways = (hang, drip, flood, circle, explode(bomb()))
    port = None
    for number, listening in enumerate(listen(hosts)):
        port = listening.getsockname()[1]
        way = ways[number % len(ways)]

        async def answer(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Callable[..., Awaitable[None]] = way
        ) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                await way(writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        await asyncio.start_server(answer, sock=listening)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.sleep(3600)


def main() -> None:
    threading.Thread(target=leave_with, args=(os.getppid(),), daemon=True).start()
    asyncio.run(serve(json.loads(sys.stdin.readline())["hosts"]))


if __name__ == "__main__":
    main()
