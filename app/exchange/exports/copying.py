"""Rows straight from PostgreSQL: COPY's own output, in pieces, in the session's transaction and in little memory."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from app.exchange.exports.layout import Line, Spelling, parted
from app.kit.db import ReadSession, speaking_plainly

_PIECE = 128 * 1024
"""So much is handed on in one go: enough to be quick, little enough that nobody beside waits for long."""
_WAITING = 2
"""Pieces that wait for whoever takes them; then the server waits too."""
_MOST_SECONDS = 6 * 3600.0
_PARAMETER = re.compile(r"(?<!:):(\w+)")


async def copy_lines(
    session: ReadSession, select: str, parameters: Mapping[str, Any], spelling: Spelling
) -> AsyncGenerator[list[Line]]:
    """What a SELECT of a layout's columns gives. Whoever breaks off loses the connection, which is in the middle of it."""
    rest = b""
    async with aclosing(_copied(session, select, parameters, null=spelling.null)) as pieces:
        async for piece in pieces:
            whole, end, rest = (rest + piece).rpartition(b"\n")
            if end:
                yield [parted(row) for row in whole.decode().split("\n")]


async def _copied(
    session: ReadSession, select: str, parameters: Mapping[str, Any], *, null: str
) -> AsyncGenerator[bytes]:
    statement, arguments = _numbered(select, parameters)
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
    held: list[bytes] = []
    length = 0

    async def take(data: bytes) -> None:
        nonlocal length
        held.append(bytes(data))
        length += len(data)
        if length >= _PIECE:
            await pieces.put(b"".join(held))
            held.clear()
            length = 0

    async with speaking_plainly(session) as driver:

        async def copy() -> None:
            try:
                await driver.copy_from_query(statement, *arguments, output=take, null=null, timeout=_MOST_SECONDS)
                if held:
                    await pieces.put(b"".join(held))
            except asyncio.CancelledError:
                raise  # Nobody waits for the end any more.
            except BaseException:
                await pieces.put(None)
                raise
            await pieces.put(None)

        copying = asyncio.create_task(copy())
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await copying
        finally:
            copying.cancel()
            await asyncio.wait({copying})
            if not copying.cancelled():
                copying.exception()  # It has been told already, or nobody is there to be told.


def _numbered(statement: str, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement with its named parameters as the driver numbers them."""
    names = list(dict.fromkeys(name for name in _PARAMETER.findall(statement) if name in parameters))
    numbers = {name: f"${number}" for number, name in enumerate(names, start=1)}
    numbered = _PARAMETER.sub(lambda found: numbers.get(found[1], found[0]), statement)
    return numbered, [parameters[name] for name in names]
