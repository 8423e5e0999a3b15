"""Questions about submissions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core.problems import message_of
from app.kit.db import ReadSession
from app.registry.tables import Node
from app.submission.tables import COUNTS, Submission, SubmissionProblem

FIRST_PROBLEMS = 20
"""How many problems a receipt shows at once; the rest are a page away."""
MAX_SHOWN = 5000
"""How many a dry run shows that was answered at once."""


@dataclass(frozen=True, slots=True)
class SubmissionFilter:
    """Which submissions are asked for; None means "any"."""

    node: str
    state: str | None = None
    schema: str | None = None


async def find_submission(session: ReadSession, submission_id: int) -> tuple[Submission, str] | None:
    """A submission with its node's slug."""
    query = select(Submission, Node.slug).join(Node, Node.id == Submission.node_id)
    row = (await session.execute(query.where(Submission.id == submission_id))).first()
    return (row[0], row[1]) if row else None


async def list_submissions(
    session: ReadSession, wanted: SubmissionFilter, *, before: int | None, limit: int
) -> Sequence[Submission]:
    """A node's submissions, newest first."""
    query = select(Submission).join(Node, Node.id == Submission.node_id).where(Node.slug == wanted.node)
    if wanted.state is not None:
        query = query.where(Submission.state == wanted.state)
    if wanted.schema is not None:
        query = query.where(Submission.schema == wanted.schema)
    if before is not None:
        query = query.where(Submission.id < before)
    return (await session.scalars(query.order_by(Submission.id.desc()).limit(limit))).all()


async def list_problems(
    session: ReadSession, submission_id: int, *, after: int, limit: int
) -> Sequence[SubmissionProblem]:
    """What was wrong with a submission's rows, in the order in which it was found."""
    query = select(SubmissionProblem).where(
        SubmissionProblem.submission_id == submission_id, SubmissionProblem.id > after
    )
    return (await session.scalars(query.order_by(SubmissionProblem.id).limit(limit))).all()


async def receipt(
    session: ReadSession, submission: Submission, node: str, *, shown: int = FIRST_PROBLEMS
) -> dict[str, Any]:
    """A submission as its sender sees it."""
    first = await list_problems(session, submission.id, after=0, limit=shown) if submission.problems else []
    names = (
        "id",
        "schema",
        "form",
        "state",
        "fiscal_year",
        "kind",
        "complete",
        "dry_run",
        "idempotency_key",
        "problems",
    )
    return {
        **{name: getattr(submission, name) for name in names},
        "node": node,
        "sha256": submission.sha256.hex(),
        "bytes": submission.length,
        "counts": {name: getattr(submission, name) for name in (*COUNTS, "withdrawn")},
        "progress": {"rows_done": submission.seen, "rows_total": submission.rows_total},
        "problem_codes": dict(sorted(submission.problem_codes.items())),
        "first_problems": [problem_read(problem, node) for problem in first],
        "caller": submission.caller_name,
        "received_at": submission.received_at,
        "started_at": submission.started_at,
        "finished_at": submission.finished_at,
    }


def problem_read(problem: SubmissionProblem, node: str) -> dict[str, Any]:
    """One problem as its reader sees it."""
    names = ("code", "severity", "kind", "package", "row", "pointer", "cell", "field", "value")
    return {
        **{name: getattr(problem, name) for name in names},
        "node": node,
        "message": message_of(problem.code, field=problem.field, value=problem.value),
    }
