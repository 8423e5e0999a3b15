"""How many runs of one worker read details at the same time: as many as it can keep up with, never all at once.

Packages that are half read are lost when a worker is killed, and small commits cost more than large ones. So runs read by
turns, a commit's worth each, and there are more seats only while the event loop is idle: then the nodes are what is slow.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

_TICK_SECONDS = 0.1
_IDLE_LAG_SECONDS = 0.010
_BUSY_LAG_SECONDS = 0.030
_LEAVE = 0.8


class Seats:
    """Seats for runs; their number follows how late the event loop is with what is due."""

    def __init__(self, *, least: int = 4, most: int = 64) -> None:
        self._least = least
        self._most = most
        self._limit = float(least)
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._watch: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def seat(self) -> AsyncIterator[None]:
        """Wait for a seat, first come first served, and hold it until the block ends."""
        await self._sit_down()
        try:
            yield
        finally:
            self._taken -= 1
            self._let_in()

    async def _sit_down(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._measure())
        if not self._waiting and self._taken < int(self._limit):
            self._taken += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._taken -= 1
                self._let_in()
            raise

    def _let_in(self) -> None:
        while self._waiting and self._taken < int(self._limit):
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._taken += 1
                waiter.set_result(None)

    async def _measure(self) -> None:
        """Add a seat while the loop is punctual, take some away while it is late; ends when nobody sits."""
        loop = asyncio.get_running_loop()
        while self._taken or self._waiting:
            due = loop.time() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            lag = loop.time() - due
            if lag < _IDLE_LAG_SECONDS and self._waiting:
                self._limit = min(self._limit + 1, self._most)
            elif lag > _BUSY_LAG_SECONDS:
                self._limit = max(self._limit * _LEAVE, self._least)
            self._let_in()
