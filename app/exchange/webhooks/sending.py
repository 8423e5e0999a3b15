"""Sending what is due: every subscription has a lane of its own, so that a slow or dead receiver holds up nobody else."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from app.core.text import clean_text, mask_personal
from app.exchange.webhooks.book import (
    Due,
    Outcome,
    Round,
    leave,
    leave_all,
    list_due_webhooks,
    record_round,
    take_round,
)
from app.exchange.webhooks.filling import fill_deliveries
from app.exchange.webhooks.signing import signed_headers
from app.exchange.webhooks.targets import policy_for
from app.kit.clock import utc_now
from app.kit.db import Database, WriteSession, is_outage
from app.kit.http import (
    AddressForbidden,
    GuardedClient,
    OutboundFailure,
    OutboundPolicy,
    Resolver,
    UrlForbidden,
    resolve_by_system,
)
from app.kit.http.retry import retry_after_seconds

log = structlog.get_logger()

MOST_LANES = 200
"""Subscriptions that one worker serves at the same time."""
AT_ONCE = 8
"""Messages under way to one receiver that answers well; to one that fails it is one."""
LONGEST_TURN_SECONDS = 60.0
"""After so long a lane ends although there is more, and whichever worker is free takes the next turn."""
LOOK_SECONDS = 0.25
"""While there is something to tell, what comes next is looked for this often."""
_STORING_AT_ONCE = 4
"""Lanes that use the database at the same time: collection, which shares the pool, finds connections left."""
_DETAIL_LENGTH = 200
_FORBIDDEN = "The URL leads where messages may not go."


@dataclass(eq=False)
class Courier:
    """What sends. `tend` begins lanes for what is due and returns; `close` ends them: what was under way is due again."""

    database: Database
    outbound: OutboundPolicy
    now: Callable[[], datetime] = utc_now
    is_stopping: Callable[[], bool] = lambda: False
    resolver: Resolver = resolve_by_system
    ca_file: Path | None = None
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    _lanes: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _storing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_STORING_AT_ONCE))

    async def tend(self) -> bool:
        """Make deliveries of what has happened, and see to it that what is due is being sent; whether there was anything."""
        made = await fill_deliveries(self.database, now=self.now, is_stopping=self.is_stopping)
        if made:
            log.debug("webhooks.filled", deliveries=made)
        return await self._begin_lanes() or made > 0

    async def tend_until_idle(self) -> None:
        """Tend for as long as there is something to tell; to be called every second."""
        while await self.tend():  # noqa: ASYNC110 (what other processes do sets no event)
            await asyncio.sleep(LOOK_SECONDS)

    async def finish(self) -> None:
        """Wait until the lanes under way have nothing more to do."""
        while self._lanes:
            await asyncio.gather(*self._lanes.values())

    async def close(self) -> None:
        """Break off what is under way and let others have it."""
        lanes = list(self._lanes.values())
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        if lanes:
            async with self._transaction() as session:
                await leave_all(session, self.holder)

    async def _begin_lanes(self) -> bool:
        free = MOST_LANES - len(self._lanes)
        if self.is_stopping() or not free:
            return False
        async with self.database.reading() as session:
            due = await list_due_webhooks(session, now=self.now(), limit=MOST_LANES)
        for webhook_id in [each for each in due if each not in self._lanes][:free]:
            self._lanes[webhook_id] = asyncio.create_task(self._lane(webhook_id))
        return bool(self._lanes)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[WriteSession]:
        async with self._storing, self.database.transaction() as session:
            yield session

    async def _lane(self, webhook_id: int) -> None:
        try:
            await self._serve(webhook_id)
            async with self._transaction() as session:
                await leave(session, webhook_id, self.holder)
        except Exception as error:
            # What was under way is due again when the lease has ended.
            if not is_outage(error):
                log.exception("webhook.crashed", webhook=webhook_id)
        finally:
            self._lanes.pop(webhook_id, None)

    async def _serve(self, webhook_id: int) -> None:
        """Round after round: take, send, record. No transaction is open while a receiver thinks."""
        clock = asyncio.get_running_loop().time
        ends = clock() + LONGEST_TURN_SECONDS
        following = await self._take(webhook_id)
        if following is None:
            return
        url = following.url
        client = GuardedClient(
            policy_for(url, self.outbound), resolver=self.resolver, ca_file=self.ca_file, connections=AT_ONCE
        )
        async with client:
            while following is not None and following.url == url:
                outcomes = await asyncio.gather(*(self._send(client, following, due) for due in following.due))
                async with self._transaction() as session:
                    await record_round(session, webhook_id, outcomes, now=self.now())
                _tell(webhook_id, outcomes)
                following = None if self.is_stopping() or clock() > ends else await self._take(webhook_id)

    async def _take(self, webhook_id: int) -> Round | None:
        async with self._transaction() as session:
            return await take_round(session, webhook_id, self.holder, now=self.now(), at_once=AT_ONCE)

    async def _send(self, client: GuardedClient, current: Round, due: Due) -> Outcome:
        clock = asyncio.get_running_loop().time
        began, now = clock(), self.now()
        headers = signed_headers(due.message_id, due.payload, current.keys, now=now)
        try:
            answer = await client.post(current.url, due.payload, headers=headers)
        except OutboundFailure as failure:
            return Outcome(due, now, _since(began), error=failure.code, detail=_told(failure))
        except Exception:
            # A fault of ours is no reason to try without a pause, for ever.
            log.exception("webhook.crashed", delivery=due.id)
            return Outcome(due, now, _since(began), error="internal-error")
        asked = retry_after_seconds(answer.headers.get("retry-after"), answer.fetched_at)
        return Outcome(
            due,
            now,
            _since(began),
            status=answer.status,
            error=None if 200 <= answer.status < 300 else f"http-{answer.status}",
            detail=None if 200 <= answer.status < 300 else _shortened(answer.text),
            asked=timedelta(seconds=asked) if asked is not None and answer.status in {429, 503} else None,
        )


def _since(began: float) -> int:
    return round((asyncio.get_running_loop().time() - began) * 1000)


def _told(failure: OutboundFailure) -> str | None:
    # What a name leads to inside is not told to whoever named it.
    return _FORBIDDEN if isinstance(failure, AddressForbidden | UrlForbidden) else _shortened(str(failure))


def _shortened(said: str) -> str | None:
    """What a stranger said, so that it can be kept and shown: one line, short, nobody's number in it."""
    told = clean_text(mask_personal(said[:4000]))
    return None if not told else told if len(told) <= _DETAIL_LENGTH else f"{told[: _DETAIL_LENGTH - 1]}…"


def _tell(webhook_id: int, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        say = log.debug if outcome.is_success else log.info
        say(
            "webhook.delivered" if outcome.is_success else "webhook.failed",
            webhook=webhook_id,
            delivery=outcome.due.id,
            status=outcome.status,
            error=outcome.error,
            tries=outcome.due.tries + 1,
            ms=outcome.latency_ms,
        )
