"""Waiting for what comes next: one look at the feed's end for all who wait, and a bound on how many may."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from app.exchange.feed.errors import FollowersTooMany
from app.exchange.feed.places import VISIBLE

MOST_FOLLOWERS = 500
"""Followers of one process that wait at the same time."""
PAUSE_SECONDS = 0.1
"""How often the feed's end is looked at while somebody waits."""

HEAD = f"""
    SELECT c.epoch || '.' || c.xid::text || '.' || c.seq FROM changes c
    WHERE {VISIBLE} ORDER BY c.epoch DESC, c.xid DESC, c.seq DESC LIMIT 1
"""  # noqa: S608 (a constant)


class FeedWatch:
    """Knows when there is more to read. `read_head` names the last change that everybody may see (`HEAD`)."""

    def __init__(self, read_head: Callable[[], Awaitable[str | None]]) -> None:
        self.head = read_head
        self._followers = 0
        self.is_closed = False

    def close(self) -> None:
        """Let everybody go: the process is leaving."""
        self.is_closed = True

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who wait. Raises FollowersTooMany when there is none."""
        if self._followers >= MOST_FOLLOWERS:
            raise FollowersTooMany
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1

    async def moves(self, seen: str | None, *, seconds: float, is_gone: Callable[[], Awaitable[bool]]) -> bool:
        """Wait until the end of the feed is no longer what it was; False when time is over or the follower has left."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while (left := until - clock()) > 0 and not self.is_closed and not await is_gone():
            await asyncio.sleep(min(PAUSE_SECONDS, left))
            if await self.head() != seen:
                return True
        return False
