"""Questions about runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from app.collection.tables import Run, RunBatch, RunProblem, RunWithdrawal
from app.kit.db import ReadSession
from app.registry.tables import Node


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for; None means "any"."""

    node: str | None = None
    state: str | None = None
    batch: int | None = None
    fiscal_year: int | None = None


async def list_runs(
    session: ReadSession, wanted: RunFilter, *, before: int | None, limit: int
) -> Sequence[tuple[Run, str]]:
    """Runs with their node's slug, newest first."""
    query = select(Run, Node.slug).join(Node, Node.id == Run.node_id).order_by(Run.id.desc()).limit(limit)
    if wanted.node is not None:
        query = query.where(Node.slug == wanted.node)
    if wanted.state is not None:
        query = query.where(Run.state == wanted.state)
    if wanted.batch is not None:
        query = query.where(Run.batch_id == wanted.batch)
    if wanted.fiscal_year is not None:
        query = query.where(Run.fiscal_year == wanted.fiscal_year)
    if before is not None:
        query = query.where(Run.id < before)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def find_run(session: ReadSession, run_id: int) -> tuple[Run, str] | None:
    row = (
        await session.execute(select(Run, Node.slug).join(Node, Node.id == Run.node_id).where(Run.id == run_id))
    ).first()
    return (row[0], row[1]) if row else None


async def settled_at(session: ReadSession, run: Run) -> datetime | None:
    """When anything of a run that has ended last changed: its end, or a later decision on what it no longer saw."""
    if run.finished_at is None:
        return None
    decided = await session.scalar(
        select(func.greatest(RunWithdrawal.decided_at, RunWithdrawal.undone_at)).where(RunWithdrawal.run_id == run.id)
    )
    return max(run.finished_at, decided or run.finished_at)


async def list_problems(session: ReadSession, run_id: int, *, after: int | None, limit: int) -> Sequence[RunProblem]:
    query = select(RunProblem).where(RunProblem.run_id == run_id).order_by(RunProblem.id).limit(limit)
    if after is not None:
        query = query.where(RunProblem.id > after)
    return (await session.scalars(query)).all()


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """Which problems are asked for; None means "any"."""

    node: str | None = None
    code: str | None = None
    severity: str | None = None
    fiscal_year: int | None = None
    latest: bool = False


async def list_all_problems(
    session: ReadSession, wanted: ProblemFilter, *, before: int | None, limit: int
) -> Sequence[tuple[RunProblem, str]]:
    """Problems with their node's slug, newest first."""
    query = (
        select(RunProblem, Node.slug)
        .join(Run, Run.id == RunProblem.run_id)
        .join(Node, Node.id == Run.node_id)
        .order_by(RunProblem.id.desc())
        .limit(limit)
    )
    if wanted.node is not None:
        query = query.where(Node.slug == wanted.node)
    if wanted.code is not None:
        query = query.where(RunProblem.code == wanted.code)
    if wanted.severity is not None:
        query = query.where(RunProblem.severity == wanted.severity)
    if wanted.fiscal_year is not None:
        query = query.where(Run.fiscal_year == wanted.fiscal_year)
    if wanted.latest:
        last = select(func.max(Run.id)).where(Run.finished_at.is_not(None))
        query = query.where(Run.id.in_(last.group_by(Run.node_id, Run.interface, Run.fiscal_year)))
    if before is not None:
        query = query.where(RunProblem.id < before)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def find_batch(session: ReadSession, batch_id: int) -> RunBatch | None:
    return await session.get(RunBatch, batch_id)


async def batch_progress(session: ReadSession, batch_id: int) -> dict[str, Any]:
    """How far the runs of one batch have come, in one row."""
    row = (
        await session.execute(
            text("""
                SELECT count(*) AS runs, count(DISTINCT node_id) AS nodes,
                       count(*) FILTER (WHERE state = 'queued') AS queued,
                       count(*) FILTER (WHERE state = 'running') AS running,
                       count(*) FILTER (WHERE state = 'completed') AS completed,
                       count(*) FILTER (WHERE state NOT IN ('queued', 'running', 'completed')) AS unsuccessful,
                       coalesce(sum(listed), 0) AS listed, coalesce(sum(seen), 0) AS seen,
                       coalesce(sum(new), 0) AS new, coalesce(sum(changed), 0) AS changed,
                       coalesce(sum(unchanged), 0) AS unchanged, coalesce(sum(superseded), 0) AS superseded,
                       coalesce(sum(rejected), 0) AS rejected, coalesce(sum(duplicate), 0) AS duplicate,
                       coalesce(sum(withdrawn), 0) AS withdrawn, coalesce(sum(requests), 0) AS requests,
                       coalesce(sum(problems), 0) AS problems, max(finished_at) AS last_finished_at
                FROM runs WHERE batch_id = :batch_id
            """),
            {"batch_id": batch_id},
        )
    ).mappings()
    return dict(row.one())
