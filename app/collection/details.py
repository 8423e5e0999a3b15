"""Read the details of many packages: a few under way at once, what has come handed on soon, failures judged together."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from app.adapters.protocol import IndexEntry, NodeFailure, NodeRefused, NodeVisit
from app.collection.seats import Seats
from app.core.records import PackageRecord

STORE_AFTER_SECONDS = 1.0
"""So much work is lost at most, beside what is under way, when a worker is killed."""

DEAD_STREAK = 5
"""So many packages in a row that could not be read mean that the node is down; fewer between good ones are broken."""

DEAD_SECONDS = 100.0
"""A node that has let nothing but failures come for so long is down too: one that keeps us waiting must not do so often."""

MAX_BROKEN_PACKAGES = 25
"""A node that fails for more packages than this is left alone; single broken packages do not stop the others."""

_LOAD_AT_ONCE = 100
_LOOK_UP_SECONDS = 0.5

Load = Callable[[int], Awaitable[list[IndexEntry]]]
"""The next packages that wait for their details, those under way among them; at most so many."""
Broken = list[tuple[IndexEntry, NodeFailure]]
Found = list[tuple[IndexEntry, PackageRecord]]
Store = Callable[[Found, Broken], Awaitable[None]]
"""Keep what was read, and note which single packages are broken."""


class DetailReader:
    """Reads all that waits. What a refusing or dead node did not give is handed on to nobody: it goes on waiting."""

    def __init__(
        self,
        visit: NodeVisit,
        load: Load,
        store: Store,
        *,
        packages_at_once: int,
        packages_per_commit: int,
        is_stopping: Callable[[], bool],
        seats: Seats | None = None,
    ) -> None:
        self._seats = seats or Seats()
        self._visit = visit
        self._load = load
        self._store = store
        self._at_once = packages_at_once
        self._per_commit = packages_per_commit
        self._is_stopping = is_stopping
        self._waiting: deque[IndexEntry] = deque()
        self._is_all_loaded = False
        self._reading: dict[asyncio.Task[PackageRecord], IndexEntry] = {}
        self._records: Found = []
        self._broken: Broken = []
        self._streak: Broken = []
        self._broken_ever = 0
        self._has_read = False
        self._last_read_at = time.monotonic()
        self._oldest_at = 0.0

    async def read_all(self) -> bool:
        """Read on until nothing waits; False when the worker is asked to stop. Raises the NodeFailure that ended it."""
        try:
            is_more = True
            while is_more and not self._is_stopping():
                async with self._seats.seat():
                    is_more = await self._read_turn()
        finally:
            for task in self._reading:
                task.cancel()
            await asyncio.gather(*self._reading, return_exceptions=True)
        if self._is_stopping():
            # What fails while we leave may well be our own network going: it is asked again by whoever goes on.
            self._broken.clear()
            await self._hand_over()
            return False
        if self._streak and not self._has_read:
            raise self._streak[0][1]
        self._broken += self._streak
        await self._hand_over()
        return True

    async def _read_turn(self) -> bool:
        """Read a commit's worth of packages to their end and hand them on; False when none was left."""
        begun = 0
        while not self._is_stopping():
            begun += await self._begin_more(self._per_commit - begun)
            if not self._reading:
                break
            await self._take_results()
            if self._is_time_to_store():
                await self._hand_over()
        if not self._is_stopping():
            await self._hand_over()
        return begun > 0

    async def _begin_more(self, most: int) -> int:
        """Keep as many packages under way as may be, beginning at most so many; says how many were begun."""
        begun = 0
        while begun < most and len(self._reading) < self._at_once:
            if not self._waiting and not self._is_all_loaded:
                await self._look_what_waits()
            if not self._waiting:
                break
            entry = self._waiting.popleft()
            self._reading[asyncio.create_task(self._visit.detail(entry))] = entry
            begun += 1
        return begun

    async def _look_what_waits(self) -> None:
        held = [
            *self._reading.values(),
            *(entry for entry, _ in (*self._records, *self._broken, *self._streak)),
        ]
        known = {_key(entry) for entry in held}
        found = await self._load(_LOAD_AT_ONCE + len(known))
        self._waiting.extend(entry for entry in found if _key(entry) not in known)
        self._is_all_loaded = not self._waiting

    async def _take_results(self) -> None:
        done, _ = await asyncio.wait(self._reading, timeout=_LOOK_UP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        fatal: BaseException | None = None
        for task in done:
            entry, error = self._reading.pop(task), task.exception()
            if error is None:
                self._keep(entry, task.result())
            elif isinstance(error, NodeFailure) and not isinstance(error, NodeRefused):
                self._streak.append((entry, error))
            else:
                fatal = fatal or error
        fatal = fatal or self._verdict()
        if fatal is not None and not self._is_stopping():
            await self._hand_over()
            raise fatal

    def _keep(self, entry: IndexEntry, record: PackageRecord) -> None:
        if not self._records:
            self._oldest_at = time.monotonic()
        self._records.append((entry, record))
        self._has_read = True
        self._last_read_at = time.monotonic()
        # The node lives: those that failed before this one are broken themselves.
        self._broken_ever += len(self._streak)
        self._broken += self._streak
        self._streak.clear()

    def _verdict(self) -> NodeFailure | None:
        """The failure that the run ends with, if the failures so far say that going on is useless."""
        silent_for = time.monotonic() - self._last_read_at
        if self._streak and (len(self._streak) >= DEAD_STREAK or silent_for > DEAD_SECONDS):
            return self._streak[0][1]
        if self._broken_ever > MAX_BROKEN_PACKAGES and self._broken:
            return self._broken[-1][1]
        return None

    def _is_time_to_store(self) -> bool:
        if not self._records:
            return False
        return (
            len(self._records) + len(self._broken) >= self._per_commit
            or time.monotonic() - self._oldest_at >= STORE_AFTER_SECONDS
        )

    async def _hand_over(self) -> None:
        if self._records or self._broken:
            await self._store(self._records, self._broken)
            self._records = []
            self._broken = []


def _key(entry: IndexEntry) -> tuple[str, str, int | None]:
    return entry.kind, entry.code, entry.lpse
