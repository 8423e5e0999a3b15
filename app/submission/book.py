"""A submission's own book: taken up, carried on batch by batch behind a fence, finished or failed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.problems import Problem
from app.kit.db import WriteSession
from app.kit.json import dumps_text
from app.procurement.entries import Sender
from app.submission.intake import Unit
from app.submission.rows import RowProblem, RowReading
from app.submission.tables import COUNTS, Submission
from app.submission.taking import Taken, codes_of, spread, store_problems, take_in

MAX_IDLE_ATTEMPTS = 6
"""A submission with which workers die so often without getting anywhere is given up: it would take every worker along."""


_ROW_STATES = ("22", "23", "54")
"""Classes of SQLSTATE that speak of values: out of range, against a check, too large."""


class Fenced(Exception):
    """Another worker has taken the submission up, or it has ended: what is in hand here must not be stored."""


async def take_up(session: WriteSession, submission_id: int, *, now: datetime) -> Submission | None:
    """Claim a submission that waits or whose worker died; None when it has ended already."""
    submission = await session.get(Submission, submission_id, with_for_update=True)
    if submission is None or submission.state not in {"received", "processing"}:
        return None
    submission.state = "processing"
    submission.attempt += 1
    submission.idle_attempts += 1
    submission.started_at = submission.started_at or now
    await session.flush()
    return submission


async def advance(
    session: WriteSession, submission: Submission, sender: Sender, units: Sequence[Unit], *, now: datetime
) -> Taken:
    """Take one batch in and write down how far that is: all of it or nothing, and only while the claim stands."""
    if submission.dry_run:
        async with session.begin_nested() as savepoint:
            taken = await _take_apart(session, sender, units, now)
            await savepoint.rollback()
    else:
        taken = await _take_apart(session, sender, units, now)
    await note(session, submission, taken, position=submission.position + len(units))
    return taken


async def _take_apart(session: WriteSession, sender: Sender, units: Sequence[Unit], now: datetime) -> Taken:
    """Take units in; where the database itself refuses a batch, find the unit it is about and refuse that one."""
    try:
        async with session.begin_nested():
            return await take_in(session, sender, units, now=now)
    except DBAPIError as error:
        if not _is_about_rows(error):
            raise
    if len(units) == 1:
        return await take_in(session, sender, [_refused(units[0])], now=now)
    whole = Taken()
    for part in spread(units):
        taken = await _take_apart(session, sender, part, now)
        whole.counts.update(taken.counts)
        whole.found += taken.found
    return whole


def _is_about_rows(error: DBAPIError) -> bool:
    """Whether the database refused what stands in a row; everything else is an outage, or a fault of ours."""
    return (getattr(error.orig, "sqlstate", None) or "").startswith(_ROW_STATES)


def _refused(unit: Unit) -> Unit:
    record = unit.reading.record
    problem = Problem("row-unstorable", kind=record.kind if record else None, package=record.code if record else None)
    return Unit(unit.rows, RowReading(None, (RowProblem(problem, unit.row),)), unit.repeated)


# One statement that only the holder of the attempt can carry out; counts and position move together.
_NOTE = text(f"""
    UPDATE submissions SET {", ".join(f"{name} = {name} + :{name}" for name in COUNTS)},
           problems = problems + :found, position = :position, idle_attempts = 0,
           problem_codes = (
               SELECT coalesce(jsonb_object_agg(code, total), '{{}}')
               FROM (SELECT code, sum(CAST(number AS bigint)) AS total
                     FROM (SELECT * FROM jsonb_each_text(problem_codes)
                           UNION ALL SELECT * FROM jsonb_each_text(CAST(:codes AS jsonb))) AS every (code, number)
                     GROUP BY code) AS summed)
    WHERE id = :id AND attempt = :attempt AND state = 'processing'
    RETURNING problems
""")  # noqa: S608 (column names of our own)


async def note(session: WriteSession, submission: Submission, taken: Taken, *, position: int) -> None:
    """Write down what became of rows. Raises Fenced if the claim no longer stands: the transaction must roll back."""
    counts = {name: taken.counts[name] for name in COUNTS}
    problems = await session.scalar(
        _NOTE,
        {
            **counts,
            "found": len(taken.found),
            "codes": dumps_text(codes_of(taken.found)),
            "position": position,
            "id": submission.id,
            "attempt": submission.attempt,
        },
    )
    if problems is None:
        raise Fenced
    await store_problems(session, submission.id, taken, listed=problems - len(taken.found))
    submission.position = position


async def remark(session: WriteSession, submission: Submission, remarks: Sequence[RowProblem]) -> None:
    """Write down remarks on the body as a whole."""
    if remarks:
        await note(
            session,
            submission,
            Taken(found=[(remark, None) for remark in remarks]),
            position=submission.position,
        )


async def note_total(session: WriteSession, submission: Submission, rows: int) -> None:
    """Write down how many rows the body has."""
    await session.execute(
        text("UPDATE submissions SET rows_total = :rows WHERE id = :id AND attempt = :attempt"),
        {"rows": rows, "id": submission.id, "attempt": submission.attempt},
    )


async def finish(session: WriteSession, submission: Submission, state: str, *, now: datetime) -> None:
    """Close the book: completed, or failed. Nothing is added behind it."""
    ended = await session.execute(
        text("""
            UPDATE submissions SET state = :state, finished_at = :now, rows_total = coalesce(rows_total, seen)
            WHERE id = :id AND attempt = :attempt AND state = 'processing' RETURNING id
        """),
        {"state": state, "now": now, "id": submission.id, "attempt": submission.attempt},
    )
    if ended.scalar() is None:
        raise Fenced
    if submission.dry_run:
        # What was only tried is not kept.
        await session.execute(
            text("DELETE FROM submission_bodies WHERE body_id = :body_id"), {"body_id": submission.body_id}
        )


async def fail(session: WriteSession, submission: Submission, problem: RowProblem, *, now: datetime) -> None:
    """Close the book because the body cannot be taken in, and say why."""
    await remark(session, submission, [problem])
    await finish(session, submission, "failed", now=now)
