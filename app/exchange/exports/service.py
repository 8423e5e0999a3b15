"""Handing out an export: sent while it is made, made while its reader waits, or prepared by a job."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from app.access.callers import Caller
from app.exchange.exports.errors import ExportNotFound, ExportsBusy
from app.exchange.exports.filing import Filed, begin_export, bytes_of, make_file
from app.exchange.exports.forms.protocol import STREAMED, Heading
from app.exchange.exports.preparing import ExportPolicy, ask_for, find_export, find_ready
from app.exchange.exports.questions import Wanted
from app.exchange.exports.sight import EVERYBODY, audience_named, audience_of
from app.exchange.exports.tables import PreparedExport
from app.kit.db import Database, ReadSession
from app.submission.bodies import spool

_PATIENCE_SECONDS = 10.0
"""So long somebody waits for a place among those who are served."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """An export under way: `close` gives its place and its connection back, whether or not it came to its end."""

    heading: Heading
    pieces: AsyncGenerator[bytes]
    close: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Made:
    """A whole file of this process; `close` removes it."""

    filed: Filed
    file: BinaryIO
    close: Callable[[], Awaitable[None]]


HandedOut = Streamed | Made | PreparedExport


class Desk:
    """Where one process hands out exports. They have connections of their own: others never wait for a slow reader."""

    def __init__(self, database: Database, policy: ExportPolicy) -> None:
        self.database = database
        self.policy = policy
        self._streams = asyncio.Semaphore(policy.streams)
        self._files = asyncio.Semaphore(policy.files)
        self._askers: Counter[str] = Counter()

    async def hand_out(self, wanted: Wanted, *, asker: str, as_file: bool, now: datetime) -> HandedOut:
        """Give what is wanted as soon as it can be had; `as_file` is for those who want to be able to resume."""
        if not as_file:
            handed = await self._at_once(wanted, asker, now=now)
            if handed is not None:
                return handed
        async with self.database.reading() as session:
            ready = await find_ready(session, wanted, self.policy, now=now)
        if ready is not None:
            return ready
        async with self.database.transaction() as session:
            return await ask_for(session, wanted, self.policy, now=now)

    async def _at_once(self, wanted: Wanted, asker: str, *, now: datetime) -> Streamed | Made | None:
        """None where it is too large to be waited for."""
        async with AsyncExitStack() as opened, AsyncExitStack() as keeping:
            opened.enter_context(self._share(asker))
            await opened.enter_async_context(_place(self._streams))
            session = await opened.enter_async_context(self.database.reading())
            begun = await begin_export(session, wanted, now=now)
            if wanted.form in STREAMED and begun.source.rows is not None:
                return Streamed(begun.heading, bytes_of(begun), opened.pop_all().aclose)
            if not self.policy.is_small(wanted.form, begun.source.most):
                return None
            await opened.enter_async_context(_place(self._files))
            file = keeping.enter_context(spool())
            filed = await make_file(begun, file)
            return Made(filed, file, keeping.pop_all().aclose)

    @contextmanager
    def _share(self, asker: str) -> Iterator[None]:
        if self._askers[asker] >= self.policy.streams_each:
            raise ExportsBusy
        self._askers[asker] += 1
        try:
            yield
        finally:
            self._askers[asker] -= 1
            if not self._askers[asker]:
                del self._askers[asker]


@asynccontextmanager
async def _place(places: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await places.acquire()
    except TimeoutError:
        raise ExportsBusy from None
    try:
        yield
    finally:
        places.release()


async def get_export(
    session: ReadSession, export_id: uuid.UUID, caller: Caller | None, *, now: datetime
) -> PreparedExport:
    """A prepared export, for whom it was made: to all others it is not there."""
    export = await find_export(session, export_id, now=now)
    if export is None:
        raise ExportNotFound
    audience, asker = audience_named(export.audience), audience_of(caller)
    if audience not in (EVERYBODY, asker) and not asker.sees_all:
        raise ExportNotFound
    return export
