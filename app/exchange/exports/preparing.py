"""Exports that are prepared: asked for once whoever asks, made by a job, kept in pieces, swept away when their time is over."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

import structlog
from sqlalchemy import CursorResult, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.exchange.exports.errors import ExportsBusy
from app.exchange.exports.filing import Filed, PutDown, begin_export, file_export
from app.exchange.exports.forms.protocol import Form
from app.exchange.exports.pieces import PieceFile
from app.exchange.exports.questions import Wanted, wanted_again
from app.exchange.exports.tables import PreparedExport
from app.jobs.queue import QUEUE, enqueue
from app.kit.clock import utc_now
from app.kit.db import Database, ReadSession, WriteSession, is_outage

PREPARE_EXPORT = "prepare_export"
"""The job's name on the queue."""
BROKEN_OFF_AFTER = timedelta(hours=12)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ExportPolicy:
    """How many exports are borne at once, how long files are kept, and what is small enough to be made while one waits."""

    keep: timedelta = timedelta(days=7)
    fresh: timedelta = timedelta(hours=6)
    """A file this young is given to whoever asks for the same."""
    waiting: int = 24
    """So many may wait to be prepared."""
    streams: int = 6
    """So many are sent at once by one process while they are made."""
    streams_each: int = 3
    """So many of them to one asker: nobody takes all places by reading slowly."""
    files: int = 2
    """So many small files are made at once by one process."""
    at_once: int = 20_000
    """Rows of a file that is made while its reader waits."""
    at_once_xlsx: int = 2_000
    """The same of workbooks, which take ten times as long."""

    def is_small(self, form: Form, rows: int) -> bool:
        return rows <= (self.at_once_xlsx if form is Form.XLSX else self.at_once)


async def find_ready(
    session: ReadSession, wanted: Wanted, policy: ExportPolicy, *, now: datetime
) -> PreparedExport | None:
    """The youngest file of the same export, unless it is too old to stand for it."""
    ready = (
        select(PreparedExport)
        .where(
            PreparedExport.key == wanted.key(),
            PreparedExport.state == "ready",
            PreparedExport.finished_at > now - policy.fresh,
            PreparedExport.expires_at > now,
        )
        .order_by(PreparedExport.finished_at.desc())
        .limit(1)
    )
    return (await session.scalars(ready)).first()


async def find_export(session: ReadSession, export_id: uuid.UUID, *, now: datetime) -> PreparedExport | None:
    """One prepared export, while it is kept."""
    export = await session.get(PreparedExport, export_id)
    return export if export is not None and export.expires_at > now else None


async def ask_for(session: WriteSession, wanted: Wanted, policy: ExportPolicy, *, now: datetime) -> PreparedExport:
    """Have a file prepared; whoever asks for what is being prepared already joins in."""
    key = wanted.key()
    waiting = select(PreparedExport).where(PreparedExport.key == key, PreparedExport.finished_at.is_(None))
    if (export := await session.scalar(waiting)) is not None:
        return export
    count = await session.scalar(
        select(func.count()).select_from(PreparedExport).where(PreparedExport.finished_at.is_(None))
    )
    if count is not None and count >= policy.waiting:
        raise ExportsBusy
    asked = insert(PreparedExport).values(
        id=uuid.uuid4(),
        dataset=wanted.dataset,
        form=str(wanted.form),
        audience=wanted.audience.name,
        question=wanted.question(),
        key=key,
        state="queued",
        asked_at=now,
        expires_at=now + policy.keep,
    )
    unless = asked.on_conflict_do_nothing(index_elements=["key"], index_where=text("finished_at IS NULL"))
    added = await session.scalar(unless.returning(PreparedExport))
    if added is None:
        # Somebody asked at the same moment; should theirs be ready by now, the next question finds it.
        if (export := await session.scalar(waiting)) is None:
            raise ExportsBusy
        return export
    await _enqueue(session, added.id, wanted.form)
    return cast("PreparedExport", added)


async def _enqueue(session: WriteSession, export_id: uuid.UUID, form: str) -> None:
    # One of each form at a time: the others wait, and collecting goes on beside them.
    await enqueue(session, PREPARE_EXPORT, {"export_id": str(export_id)}, lock=f"exports:{form}")


async def prepare(
    database: Database, policy: ExportPolicy, export_id: uuid.UUID, *, is_stopping: Callable[[], bool]
) -> None:
    """Make one file and keep it. May be begun again by another worker: the last one to begin is the one that counts."""
    async with database.transaction() as session:
        begun = (
            await session.execute(
                text("""
                    UPDATE prepared_exports SET attempt = attempt + 1, state = 'preparing'
                    WHERE id = :id AND finished_at IS NULL RETURNING attempt, dataset, form, audience, question
                """),
                {"id": export_id},
            )
        ).one_or_none()
    if begun is None:
        return
    wanted = wanted_again(begun.dataset, begun.form, begun.audience, begun.question)
    try:
        file = PieceFile(database, asyncio.get_running_loop())
        async with database.reading() as session:
            ready = await begin_export(session, wanted, now=utc_now())
            rows = await file_export(ready, cast("BinaryIO", file), is_stopping=is_stopping)
        await asyncio.to_thread(file.finish)
    except PutDown:
        await _put_down(database, export_id, begun.attempt, wanted.form)
        return
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("export.failed", export=str(export_id), dataset=wanted.dataset, form=str(wanted.form))
        await _finish(database, policy, export_id, begun.attempt, None)
        return
    filed = Filed(ready.heading.moment, ready.heading.cursor, rows, file.length, file.sha256)
    await _finish(database, policy, export_id, begun.attempt, (file.file_id, filed))
    log.info("export.prepared", export=str(export_id), rows=filed.rows, bytes=filed.length)


async def _finish(
    database: Database,
    policy: ExportPolicy,
    export_id: uuid.UUID,
    attempt: int,
    made: tuple[uuid.UUID, Filed] | None,
) -> None:
    now = utc_now()
    found: dict[str, Any] = {"state": "failed"}
    if made is not None:
        file_id, filed = made
        found = {
            "state": "ready",
            "file_id": file_id,
            "moment": filed.moment,
            "cursor": filed.cursor,
            "rows": filed.rows,
            "length": filed.length,
            "sha256": filed.sha256,
        }
    fenced = PreparedExport.__table__.update().where(  # type: ignore[attr-defined]  # a Table, which the base class hides
        PreparedExport.id == export_id, PreparedExport.attempt == attempt, PreparedExport.finished_at.is_(None)
    )
    async with database.transaction() as session:
        await session.execute(fenced.values(**found, finished_at=now, expires_at=now + policy.keep))


async def _put_down(database: Database, export_id: uuid.UUID, attempt: int, form: str) -> None:
    async with database.transaction() as session:
        back = await session.scalar(
            text("""
                UPDATE prepared_exports SET state = 'queued'
                WHERE id = :id AND attempt = :attempt AND finished_at IS NULL RETURNING id
            """),
            {"id": export_id, "attempt": attempt},
        )
        if back is not None:
            await _enqueue(session, export_id, form)


async def tend(session: WriteSession, *, now: datetime) -> int:
    """Give exports that no job carries back to the queue; the answer is how many."""
    lost = await session.execute(
        text("""
            SELECT id, form FROM prepared_exports e WHERE finished_at IS NULL AND asked_at < :before
              AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.queue_name = :queue AND j.task_name = :task
                              AND j.status IN ('todo', 'doing') AND j.args ->> 'export_id' = CAST(e.id AS text))
            FOR UPDATE SKIP LOCKED
        """),
        {"before": now - timedelta(seconds=30), "queue": QUEUE, "task": PREPARE_EXPORT},
    )
    orphans = lost.all()
    for orphan in orphans:
        await _enqueue(session, orphan.id, orphan.form)
    return len(orphans)


async def sweep(session: WriteSession, *, now: datetime) -> int:
    """Forget exports whose time is over, and pieces that belong to none; the answer is how many exports."""
    swept = cast(
        "CursorResult[object]",
        await session.execute(text("DELETE FROM prepared_exports WHERE expires_at < :now"), {"now": now}),
    )
    await session.execute(
        text("""
            DELETE FROM export_pieces p
            WHERE NOT EXISTS (SELECT 1 FROM prepared_exports e WHERE e.file_id = p.file_id)
              AND (p.stored_at < :before OR NOT EXISTS (SELECT 1 FROM prepared_exports WHERE state = 'preparing'))
        """),
        {"before": now - BROKEN_OFF_AFTER},
    )
    return swept.rowcount
