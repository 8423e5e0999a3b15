"""A large body, taken in by a worker: first read to its end, then row by row, resumable after every batch."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

import structlog

from app.core.dates import TimeZone
from app.kit.clock import utc_now
from app.kit.db import Database, WriteSession, write_for_node
from app.procurement.preparing import Preparer
from app.registry.tables import Node
from app.submission import book
from app.submission.bodies import fill, spool
from app.submission.forms.catalogue import Encoding, Form
from app.submission.forms.failures import BodyUnreadable
from app.submission.intake import BodyPlan, Unit, batches, count_rows, find_schema, open_units, prepare_units
from app.submission.rows import RowContext
from app.submission.service import UNITS_PER_COMMIT, Policy, close_book
from app.submission.tables import Submission
from app.submission.taking import body_problem, sender_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Intake:
    """What a worker takes submissions in with."""

    database: Database
    policy: Policy = field(default_factory=Policy)
    is_stopping: Callable[[], bool] = bool
    units_per_commit: int = 2 * UNITS_PER_COMMIT


class _Stopping(Exception):
    """The worker is asked to stop: what is done stands, the rest waits for the next one."""


async def process_submission(intake: Intake, submission_id: int) -> None:
    """Carry a submission on to its end, from where its book says. A second worker's claim ends the first one's."""
    async with intake.database.transaction() as session:
        submission = await session.get(Submission, submission_id)
        if submission is None:
            return
        node = await session.get_one(Node, submission.node_id)
        await write_for_node(session, node.id)
        submission = await book.take_up(session, submission_id, now=utc_now())
        if submission is None:
            return
        if submission.idle_attempts > book.MAX_IDLE_ATTEMPTS:
            await book.fail(session, submission, body_problem("submission-given-up"), now=utc_now())
            return
    try:
        await _process(intake, submission, node)
    except book.Fenced:
        log.info("submission.fenced", submission=submission_id)
    except _Stopping:
        log.info("submission.put_down", submission=submission_id, position=submission.position)


@asynccontextmanager
async def _writing(intake: Intake, submission: Submission) -> AsyncIterator[WriteSession]:
    """A transaction that may write for the node whose sender was let in, and for no other."""
    async with intake.database.transaction() as session:
        await write_for_node(session, submission.node_id)
        yield session


async def _process(intake: Intake, submission: Submission, node: Node) -> None:
    plan = plan_of(submission, node)
    with spool() as file:
        if await fill(file, intake.database, submission.body_id) != submission.sha256:
            await _fail(intake, submission, "body-damaged")
            return
        try:
            total = await asyncio.to_thread(count_rows, file, plan)
            async with _writing(intake, submission) as session:
                await book.note_total(session, submission, total)
            await _take_rows(intake, submission, node, plan, file)
        except BodyUnreadable as error:
            async with _writing(intake, submission) as session:
                await book.fail(session, submission, error.problem, now=utc_now())
            return
    async with _writing(intake, submission) as session:
        current = await session.get_one(Submission, submission.id)
        await close_book(session, current, node, plan, intake.policy, now=utc_now())
    log.info("submission.completed", submission=submission.id, node=node.slug)


async def _take_rows(intake: Intake, submission: Submission, node: Node, plan: BodyPlan, file: BinaryIO) -> None:
    """Take the rows in: while PostgreSQL stores one batch, a thread reads the next."""
    sender = sender_of(submission, node, plan.schema)
    units, remarks = await asyncio.to_thread(open_units, file, plan)
    if submission.position == 0 and submission.attempt == 1:
        async with _writing(intake, submission) as session:
            await book.remark(session, submission, remarks)
    preparer = Preparer(sender.source, sender.time_zone)
    stream = batches(units, intake.units_per_commit, skip=submission.position)
    coming = asyncio.create_task(asyncio.to_thread(_next, stream, preparer))
    try:
        while batch := await coming:
            coming = asyncio.create_task(asyncio.to_thread(_next, stream, preparer))
            if intake.is_stopping():
                raise _Stopping
            async with _writing(intake, submission) as session:
                taken = await book.advance(session, submission, sender, batch, now=utc_now())
            preparer.learn(taken.outcomes, taken.institutions)
    finally:
        # The thread reads from the file: it must be done before the file is closed.
        await asyncio.gather(coming, return_exceptions=True)


def _next(stream: Iterator[list[Unit]], preparer: Preparer) -> list[Unit]:
    return prepare_units(next(stream, []), preparer)


async def _fail(intake: Intake, submission: Submission, code: str) -> None:
    async with _writing(intake, submission) as session:
        await book.fail(session, submission, body_problem(code), now=utc_now())


def plan_of(submission: Submission, node: Node) -> BodyPlan:
    """How a stored submission is to be read: as its sender said when it came."""
    schema = find_schema(submission.schema)
    if schema is None:
        msg = f"submission {submission.id} has the unknown schema {submission.schema!r}"
        raise ValueError(msg)
    context = RowContext(
        node=node.slug,
        kd_lpse=node.kd_lpse,
        time_zone=TimeZone(node.time_zone),
        fiscal_year=submission.fiscal_year,
        kind=submission.kind,
        now=submission.received_at,
    )
    return BodyPlan(
        schema, Form(submission.form), Encoding(submission.encoding), submission.columns, context, submission.charset
    )
