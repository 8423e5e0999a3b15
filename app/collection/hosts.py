"""Politeness per host: all workers of all machines reserve their slots and places in two tables."""

import asyncio
import math
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import text

from app.collection.leases import LEASE_SECONDS, Wish, give_back, renew_lease
from app.collection.policy import CollectionPolicy
from app.kit.db import Database
from app.kit.http import OutboundFailure

STALE_SECONDS = 1.0
"""A reserved slot unused for this long is given up, so that an idle spell is not followed by a burst."""

LONGEST_PAUSE_SECONDS = 3600.0
"""No host silences itself, and the hundreds of nodes that may share it, for longer than this."""

RENEW_SECONDS = 2.0
"""How often a worker says that it still needs its places at a host."""
_SOON_SECONDS = 0.2
_IDLE_SECONDS = 1.0

# Reserve slots for up to a second at once; the delays are by the database's clock, the only one all workers share.
# No row comes back while the host's pause goes on for longer than anybody should wait.
_RESERVE = text("""
    INSERT INTO host_budgets AS b (host, next_at)
    VALUES (:host, clock_timestamp() + CAST(:span AS double precision) * interval '1 second')
    ON CONFLICT (host) DO UPDATE SET
        next_at = greatest(b.next_at, b.paused_until, clock_timestamp()) + CAST(:span AS double precision) * interval '1 second'
    WHERE b.paused_until IS NULL
       OR b.paused_until <= clock_timestamp() + CAST(:patience AS double precision) * interval '1 second'
    RETURNING extract(epoch FROM next_at - clock_timestamp()) - CAST(:span AS double precision) AS delay
""")

_PAUSE = text("""
    INSERT INTO host_budgets AS b (host, next_at, paused_until)
    VALUES (:host, clock_timestamp(), clock_timestamp() + CAST(:seconds AS double precision) * interval '1 second')
    ON CONFLICT (host) DO UPDATE SET
        paused_until = greatest(b.paused_until, clock_timestamp() + CAST(:seconds AS double precision) * interval '1 second')
""")


class HostPaused(OutboundFailure):
    """The host asked to be left alone for longer than a run waits."""

    code = "host-paused"


@dataclass(slots=True)
class _Host:
    """What this worker knows of one host: its places there, who holds and who awaits them, and its reserved slots."""

    places: int = 0
    used: int = 0
    good_until: float = 0.0
    asked: int = 0
    peak: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    keeper: asyncio.Task[None] | None = None
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    slots: deque[float] = field(default_factory=deque)
    last_slot: float = -math.inf
    paused_until: float = 0.0

    @property
    def wanted(self) -> int:
        return self.used + len(self.waiting)

    @property
    def has_places(self) -> bool:
        """Whether the lease stands. Who slept past its end has no places: others may sit there by now."""
        return self.places > 0 and time.monotonic() < self.good_until

    @property
    def has_room(self) -> bool:
        return self.used < self.places and self.has_places

    def let_in(self) -> None:
        """Give free places to those who wait, first come first served."""
        while self.waiting and self.has_room:
            waiter = self.waiting.popleft()
            if not waiter.done():
                self.used += 1
                waiter.set_result(None)

    def leave(self) -> None:
        self.used -= 1
        self.let_in()

    def turn_away(self, error: Exception) -> None:
        """Nobody can get in: all who wait are told why."""
        self.places = self.asked = 0
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_exception(error)


class HostGate:
    """Lets requests to a host through at the rate of its policy, at most so many at once over all workers."""

    def __init__(self, database: Database, policy: CollectionPolicy) -> None:
        self._database = database
        self._policy = policy
        self._hosts: dict[str, _Host] = {}
        self._holder = uuid.uuid4().hex
        self._is_closed = False

    @asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[None]:
        """Wait for this host's turn; hold one of its places until the block ends. Raises HostPaused."""
        known = self._hosts.setdefault(host, _Host())
        await self._enter(host, known)
        try:
            while True:
                slot = await self._next_slot(host, known)
                await asyncio.sleep(max(0.0, slot - time.monotonic()))
                # A slot that was reserved before the host asked for its pause is lost.
                if time.monotonic() >= known.paused_until:
                    break
            yield
        finally:
            known.leave()

    async def report(self, host: str, status: int | None, retry_after: float | None) -> None:
        """A host that asks for a pause gets it from every worker."""
        if retry_after is None or status not in {429, 503}:
            return
        seconds = min(retry_after, LONGEST_PAUSE_SECONDS)
        known = self._hosts.setdefault(host, _Host())
        known.paused_until = max(known.paused_until, time.monotonic() + seconds)
        known.slots.clear()
        async with self._database.transaction() as session:
            await session.execute(_PAUSE, {"host": host, "seconds": seconds})

    async def close(self) -> None:
        """Give all places back, so that other workers need not wait until they expire."""
        self._is_closed = True
        keepers = [known.keeper for known in self._hosts.values() if known.keeper is not None]
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        async with self._database.transaction() as session:
            await give_back(session, self._holder)

    async def _enter(self, host: str, known: _Host) -> None:
        """Take a place, waiting in line for it."""
        known.peak = max(known.peak, known.wanted + 1)
        if not known.waiting and known.has_room:
            known.used += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        known.waiting.append(waiter)
        if not known.has_places or min(known.wanted, self._policy.for_host(host).concurrency) > known.asked:
            known.stirred.set()
        if known.keeper is None or known.keeper.done():
            known.keeper = asyncio.create_task(self._keep_places(host, known))
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                known.leave()
            with suppress(ValueError):
                known.waiting.remove(waiter)
            raise

    async def _keep_places(self, host: str, known: _Host) -> None:
        """Hold this worker's share of the host's places for as long as it is needed."""
        idle_since: float | None = None
        try:
            while idle_since is None or time.monotonic() - idle_since < _IDLE_SECONDS:
                known.stirred.clear()
                if known.wanted:
                    idle_since = None
                    await self._renew(host, known)
                    known.let_in()
                elif idle_since is None:
                    idle_since = time.monotonic()
                await _pause(known.stirred, self._rest(known))
            known.places = known.asked = 0
            async with self._database.transaction() as session:
                await give_back(session, self._holder, host)
        except Exception as error:  # noqa: BLE001 (whatever it is, those who wait must hear of it)
            known.turn_away(error)
        finally:
            # Whoever came while the last lines ran finds no keeper that would let them in.
            if known.waiting and not known.places and not self._is_closed:
                known.keeper = asyncio.create_task(self._keep_places(host, known))

    async def _renew(self, host: str, known: _Host) -> None:
        # What was needed at most since the last time is asked for, or every short lull would cost a place.
        concurrency = self._policy.for_host(host).concurrency
        known.asked = min(max(known.wanted, known.peak), concurrency)
        known.peak = known.wanted
        # Until the answer is here nobody new comes in: no more may be in use than the others get to read.
        known.places = min(known.places, known.used)
        wish = Wish(concurrency=concurrency, wanted=known.asked, used=known.used)
        began = time.monotonic()
        async with self._database.transaction() as session:
            granted = await renew_lease(session, host, self._holder, wish)
        known.places, known.good_until = granted, began + LEASE_SECONDS

    def _rest(self, known: _Host) -> float:
        if (known.waiting and not known.places) or known.used > known.places:
            return _SOON_SECONDS
        return RENEW_SECONDS

    async def _next_slot(self, host: str, known: _Host) -> float:
        """The moment, by this process's monotonic clock, at which the next request may leave."""
        rate = self._policy.for_host(host).requests_per_second
        async with known.lock:
            while known.slots and known.slots[0] < time.monotonic() - STALE_SECONDS:
                known.slots.popleft()
            if not known.slots:
                number = self._slots_at_once(host, known)
                delay = await self._reserve(host, number / rate)
                # Counted from the answer: however long it took, nobody leaves before their slot.
                first = time.monotonic() + delay
                known.slots.extend(first + turn / rate for turn in range(number))
            # Late users of their slots do not go out in one bunch.
            known.last_slot = max(known.slots.popleft(), time.monotonic(), known.last_slot + 1 / rate)
            return known.last_slot

    def _slots_at_once(self, host: str, known: _Host) -> int:
        """A second's worth of slots for who has all places, less for who could not use so many before they are stale."""
        policy = self._policy.for_host(host)
        return max(1, round(policy.requests_per_second * min(1.0, known.places / policy.concurrency)))

    async def _reserve(self, host: str, span: float) -> float:
        """Reserve so many seconds for this worker; the answer is how many seconds off they are."""
        patience = self._policy.outbound.retry_after_limit_seconds
        async with self._database.transaction() as session:
            reserved = await session.execute(_RESERVE, {"host": host, "span": span, "patience": patience})
            delay = reserved.scalar_one_or_none()
        if delay is None:
            raise HostPaused(f"“{host}” asked to be left alone for more than {patience:g} s.")
        return max(0.0, float(delay))


async def _pause(stirred: asyncio.Event, seconds: float) -> None:
    """Rest, but not longer than until somebody new waits."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stirred.wait()
