"""The verbs of the push door: take a body in at once when it is small, put it aside for a worker when it is not."""

import asyncio
import io
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.access.callers import Caller
from app.access.permissions import Act, may, require
from app.access.service import confirm_caller
from app.core.vocabulary import NodeState
from app.jobs.queue import enqueue
from app.kit.db import Database, ReadSession, WriteSession, write_for_node
from app.kit.json import dumps
from app.registry import service as registry
from app.registry.tables import Node
from app.submission import book
from app.submission.absence import judge_absence
from app.submission.bodies import Body, store_piece
from app.submission.errors import NodeRetired, SubmissionNotFound
from app.submission.forms.failures import BodyUnreadable
from app.submission.idempotency import Answer, claim_key, find_resend, fingerprint_of, remember_key
from app.submission.intake import BodyPlan, Unit, batches, open_units
from app.submission.queries import FIRST_PROBLEMS, MAX_SHOWN, find_submission, receipt
from app.submission.rows import RowProblem
from app.submission.tables import Submission
from app.submission.taking import body_problem, sender_of

PROCESS_SUBMISSION = "process_submission"
MAX_ROWS_AT_ONCE = 1000
"""What is answered at once; a transaction stays well under a second. Larger bodies are a worker's."""
UNITS_PER_COMMIT = 500


@dataclass(frozen=True, slots=True)
class Push:
    """What a caller asks of the push door, beside the body itself."""

    caller: Caller
    node: Node
    plan: BodyPlan
    complete: bool
    dry_run: bool
    idempotency_key: str | None
    request_id: str | None = None

    def fingerprint(self, body: Body) -> bytes:
        """What makes another request the same as this one."""
        context = self.plan.context
        request: dict[str, object] = {
            "node": self.node.slug,
            "schema": self.plan.schema.name,
            "form": self.plan.form,
            "encoding": self.plan.encoding,
            "charset": self.plan.charset,
            "columns": dict(self.plan.columns),
            "fiscal_year": context.fiscal_year,
            "kind": context.kind,
            "complete": self.complete,
            "dry_run": self.dry_run,
        }
        return fingerprint_of(request, body.sha256)


@dataclass(frozen=True, slots=True)
class Policy:
    """When the absence of packages from complete lists is believed."""

    withdraw_after: int = 3


async def get_open_node(session: ReadSession, caller: Caller, slug: str) -> Node:
    """The node that a caller may push to. A key of another node learns nothing of which nodes there are."""
    require(caller, Act.PUSH, slug)
    node = await registry.get_node(session, slug)
    if node.state == NodeState.RETIRED:
        raise NodeRetired(slug)
    return node


async def get_submission(session: ReadSession, caller: Caller, submission_id: int) -> tuple[Submission, str]:
    """A submission with its node's slug; one that the caller may not see is as one that is not there."""
    found = await find_submission(session, submission_id)
    if found is None or not may(caller, Act.READ_SUBMISSIONS, found[1]):
        raise SubmissionNotFound(submission_id)
    return found


class _TriedOnly(Exception):
    """A dry run has come to its answer: everything it did is rolled back."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


async def submit(database: Database, push: Push, body: Body, policy: Policy, *, now: datetime) -> Answer:
    """Take a body in, or put it aside for a worker: in one transaction with its receipt and its Idempotency-Key."""
    small = await asyncio.to_thread(_read_small, push.plan, body) if body.content is not None else None
    try:
        async with database.transaction() as session:
            return await _submit(session, push, body, small, policy, now)
    except _TriedOnly as tried:
        return tried.answer


@dataclass(frozen=True, slots=True)
class _Small:
    """A small body that was read to its end: its units, or why it cannot be read."""

    units: list[Unit]
    remarks: list[RowProblem]
    failure: RowProblem | None = None


def _read_small(plan: BodyPlan, body: Body) -> _Small | None:
    """Read a body that is held in memory; None when it has more rows than are taken in at once."""
    units: list[Unit] = []
    rows = 0
    if not body.content:
        return _Small([], [], body_problem("body-empty"))
    try:
        stream, remarks = open_units(io.BytesIO(body.content), plan)
        for unit in stream:
            units.append(unit)
            rows += len(unit.rows) + unit.repeated
            if rows > MAX_ROWS_AT_ONCE:
                return None
    except BodyUnreadable as error:
        return _Small([], [], error.problem)
    return _Small(units, remarks)


async def _submit(
    session: WriteSession, push: Push, body: Body, small: _Small | None, policy: Policy, now: datetime
) -> Answer:
    # A long upload may outlive its key: who writes is looked at where the write happens.
    caller = await confirm_caller(session, push.caller, now=now)
    require(caller, Act.PUSH, push.node.slug)
    await write_for_node(session, push.node.id)
    fingerprint = push.fingerprint(body)
    is_tried_only = push.dry_run and small is not None
    # A dry run has no effect that a key could belong to.
    key = None if push.dry_run else push.idempotency_key
    if not push.dry_run:
        if key is not None:
            known = await claim_key(session, caller.id, key, fingerprint)
            if known is not None:
                return known
        else:
            sent = await find_resend(session, push.node.id, caller.id, fingerprint, now=now)
            if sent is not None:
                return await _answer(session, sent, push, is_replayed=True)

    submission = await _open(session, push, body, fingerprint, now)
    if small is not None:
        await _take_all(session, submission, push, small, policy, now)
    else:
        await enqueue_submission(session, submission)
    answer = await _answer(session, submission, push)
    if is_tried_only:
        raise _TriedOnly(replace(answer, submission_id=None))
    if key is not None:
        await remember_key(session, caller.id, key, fingerprint, answer, now=now)
    return answer


async def _open(session: WriteSession, push: Push, body: Body, fingerprint: bytes, now: datetime) -> Submission:
    """Write a submission into the book, with its body as received."""
    submission = Submission(
        node_id=push.node.id,
        schema=push.plan.schema.name,
        form=push.plan.form,
        encoding=push.plan.encoding,
        charset=push.plan.charset,
        columns=dict(push.plan.columns),
        fiscal_year=push.plan.context.fiscal_year,
        kind=push.plan.context.kind,
        complete=push.complete,
        dry_run=push.dry_run,
        caller=push.caller.id,
        caller_name=push.caller.name,
        idempotency_key=push.idempotency_key,
        fingerprint=fingerprint,
        sha256=body.sha256,
        length=body.length,
        body_id=body.id,
        state="received",
        received_at=now,
    )
    session.add(submission)
    await session.flush()
    if body.content is not None:
        await store_piece(session, body.id, 0, body.content, now=now)
    return submission


async def _take_all(
    session: WriteSession, submission: Submission, push: Push, small: _Small, policy: Policy, now: datetime
) -> None:
    """Take the whole of a small body in, within the request's own transaction."""
    await book.take_up(session, submission.id, now=now)
    if small.failure is not None:
        await book.fail(session, submission, small.failure, now=now)
        return
    sender = sender_of(submission, push.node, push.plan.schema)
    await book.remark(session, submission, small.remarks)
    for batch in batches(small.units, UNITS_PER_COMMIT):
        await book.advance(session, submission, sender, batch, now=now)
    await close_book(session, submission, push.node, push.plan, policy, now=now)


async def close_book(
    session: WriteSession, submission: Submission, node: Node, plan: BodyPlan, policy: Policy, *, now: datetime
) -> None:
    """All rows are in: judge what a complete list lacks, and finish."""
    await session.refresh(submission)
    if submission.complete:
        sender = sender_of(submission, node, plan.schema)
        async with session.begin_nested() as savepoint:
            withdrawn, remarks = await judge_absence(
                session, submission, sender, withdraw_after=policy.withdraw_after, now=now
            )
            if submission.dry_run:
                await savepoint.rollback()
        await book.remark(session, submission, remarks)
        await session.execute(
            text("UPDATE submissions SET withdrawn = :withdrawn WHERE id = :id"),
            {"withdrawn": withdrawn, "id": submission.id},
        )
    await book.finish(session, submission, "completed", now=now)


async def enqueue_submission(session: WriteSession, submission: Submission) -> None:
    """Give a submission to the workers; those of one node are taken up one after the other."""
    await enqueue(
        session,
        PROCESS_SUBMISSION,
        {"submission_id": submission.id},
        lock=f"submissions:{submission.node_id}",
        priority=10,
    )


async def requeue_orphans(session: WriteSession) -> int:
    """Give back to the queue what no job carries any more; the answer is how many submissions."""
    rows = await session.execute(
        text("""
            SELECT s.id FROM submissions s
            WHERE s.state IN ('received', 'processing')
              AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
                              WHERE j.task_name = :task AND j.status IN ('todo', 'doing')
                                AND (j.args ->> 'submission_id')::bigint = s.id)
            FOR UPDATE OF s SKIP LOCKED
        """),
        {"task": PROCESS_SUBMISSION},
    )
    ids = [row.id for row in rows]
    for submission_id in ids:
        submission = await session.get_one(Submission, submission_id)
        await enqueue_submission(session, submission)
    return len(ids)


async def _answer(session: WriteSession, submission: Submission, push: Push, *, is_replayed: bool = False) -> Answer:
    await session.refresh(submission)
    is_over = submission.state in {"completed", "failed"}
    # What is only tried has no page of problems to go on to: all of them stand in the answer.
    is_tried_only = submission.dry_run and is_over
    content = await receipt(session, submission, push.node.slug, shown=MAX_SHOWN if is_tried_only else FIRST_PROBLEMS)
    if is_tried_only:
        content["id"] = None
    if submission.state == "failed":
        return Answer(422, dumps(_refusal(content, push)), submission.id, is_replayed)
    done = 200 if submission.dry_run or is_replayed else 201
    return Answer(done if is_over else 202, dumps(content), submission.id, is_replayed)


def _refusal(content: dict[str, Any], push: Push) -> dict[str, Any]:
    """A body that cannot be read, as a problem (RFC 9457) that carries the receipt: the body itself is kept."""
    first = content["first_problems"][0]
    return {
        "type": f"/problems#{first['code']}",
        "title": "Body not readable",
        "status": 422,
        "detail": first["message"]["en"],
        "instance": f"/api/v1/nodes/{push.node.slug}/submissions",
        "code": first["code"],
        "message": first["message"],
        "request_id": push.request_id,
        "submission": content,
    }
