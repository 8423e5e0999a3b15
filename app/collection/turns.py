"""Turns: a long run makes room for others that wait, and stops at the hours at which its host wants to be left alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.collection.policy import HostPolicy
from app.collection.scope import Claim
from app.collection.service import COLLECT_NODE, enqueue_run, priority_of
from app.collection.tables import Run
from app.kit.clock import utc_now
from app.kit.db import Database

_LOOK_EVERY_SECONDS = 5.0


class TurnOver(Exception):
    """The run may not begin now."""


@dataclass(slots=True)
class Turn:
    """Whether a run should be put down, and when it may go on at the earliest."""

    host: HostPolicy
    is_over: bool = False
    not_before: datetime | None = None

    def begin(self) -> None:
        """Raise TurnOver when the host is not to be asked at this hour."""
        self.check_hours()
        if self.is_over:
            raise TurnOver

    def check_hours(self) -> None:
        now = utc_now()
        if wait := self.host.opens_in(now):
            self.is_over, self.not_before = True, now + wait


@asynccontextmanager
async def taking_turn(database: Database, claim: Claim, host: HostPolicy, seconds: float) -> AsyncIterator[Turn]:
    """One run's turn: over when it has lasted `seconds` and others wait for a worker, or when the host closes."""
    turn = Turn(host)
    watching = asyncio.create_task(_watch(turn, database, claim, seconds))
    try:
        yield turn
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(turn: Turn, database: Database, claim: Claim, seconds: float) -> None:
    began = time.monotonic()
    while not turn.is_over:
        await asyncio.sleep(min(seconds, _LOOK_EVERY_SECONDS))
        turn.check_hours()
        if time.monotonic() - began >= seconds and await _others_wait(database, claim):
            turn.is_over = True


async def _others_wait(database: Database, claim: Claim) -> bool:
    """Whether a run that is at least as urgent waits for a worker. A lost database is noticed elsewhere."""
    with suppress(Exception):
        async with database.reading() as session:
            found = await session.scalar(
                text("""
                    SELECT EXISTS (
                        SELECT 1 FROM procrastinate_jobs j
                        WHERE j.task_name = :task AND j.status = 'todo' AND j.priority >= :priority
                          AND coalesce(j.scheduled_at, now()) <= now()
                          -- One whose node is busy, or keeps another job before it, would not be taken up either.
                          AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs d
                                          WHERE d.lock = j.lock
                                            AND (d.status = 'doing'
                                                 OR (d.status = 'todo' AND (d.priority, -d.id) > (j.priority, -j.id))))
                    )
                """),
                {"task": COLLECT_NODE, "priority": priority_of(claim.fiscal_year)},
            )
            return bool(found)
    return False


async def come_again(database: Database, claim: Claim, turn: Turn) -> None:
    """Put the run at the end of the queue, unless somebody else has it by now."""
    async with database.transaction() as session:
        run = await session.get(Run, claim.run_id)
        if run is not None and run.attempt == claim.attempt and run.state == "running":
            await enqueue_run(session, run, not_before=turn.not_before)
