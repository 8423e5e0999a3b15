"""The feed as Server-Sent Events: what has happened, then what happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from app.exchange.feed.cursor import Position
from app.exchange.feed.reading import ChangeFilter, ChangePage, read_changes
from app.exchange.feed.waiting import FeedWatch
from app.kit.db import Database

AT_ONCE = 200
KEEP_ALIVE_SECONDS = 15.0
"""Proxies cut connections on which nothing is said."""
LONGEST_SECONDS = 300.0
"""After this long a stream ends and its follower comes again by itself, to whichever process there is by then."""
_AGAIN = b"retry: 1000\n\n"
_STILL_HERE = b": still here\n\n"


async def read_next(
    database: Database,
    watch: FeedWatch,
    wanted: ChangeFilter,
    *,
    after: Position,
    limit: int,
    seconds: float,
    is_gone: Callable[[], Awaitable[bool]],
) -> ChangePage:
    """What has happened after a place; where that is nothing yet, wait for it so long. No session is held meanwhile."""
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    while True:
        seen = await watch.head() if seconds else None
        async with database.reading() as session:
            page = await read_changes(session, wanted, after=after, limit=limit)
        left = until - clock()
        if page.items or page.more or left <= 0:
            return page
        # What was looked through in vain need not be looked through again.
        after = page.next
        if not await watch.moves(seen, seconds=left, is_gone=is_gone):
            return page


async def events(
    database: Database,
    watch: FeedWatch,
    wanted: ChangeFilter,
    *,
    after: Position,
    is_gone: Callable[[], Awaitable[bool]],
) -> AsyncIterator[bytes]:
    """Events of one stream, each with its cursor as id; a follower that comes again names the last one it has seen."""
    clock = asyncio.get_running_loop().time
    ends = clock() + LONGEST_SECONDS
    with watch.place():
        # What is refused is refused before the stream begins: the first look comes before the first word.
        page, said = (
            await read_next(database, watch, wanted, after=after, limit=AT_ONCE, seconds=0, is_gone=is_gone),
            _AGAIN,
        )
        while True:
            yield said + b"".join(
                b"id: %b\nevent: change\ndata: %b\n\n" % (item.position.encode().encode(), item.content)
                for item in page.items
            )
            left = ends - clock()
            if left <= 0 or watch.is_closed or await is_gone():
                return
            seconds = min(KEEP_ALIVE_SECONDS, left)
            page = await read_next(
                database, watch, wanted, after=page.next, limit=AT_ONCE, seconds=seconds, is_gone=is_gone
            )
            said = b"" if page.items else _STILL_HERE
