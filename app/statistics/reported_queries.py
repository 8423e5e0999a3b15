"""Reads statements of nodes: the current one, all years, all revisions; and what all nodes report, for comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from app.kit.db import ReadSession
from app.registry.tables import Node
from app.statistics.reported_tables import ReportedFigures


async def find_current(session: ReadSession, node_id: int, fiscal_year: int) -> ReportedFigures | None:
    return await session.scalar(
        select(ReportedFigures)
        .where(ReportedFigures.node_id == node_id, ReportedFigures.fiscal_year == fiscal_year)
        .order_by(ReportedFigures.revision.desc())
        .limit(1)
    )


async def list_current(
    session: ReadSession, node_id: int, *, before: int | None, limit: int
) -> Sequence[ReportedFigures]:
    """The current statement of each year, latest year first, those before a year."""
    query = (
        select(ReportedFigures)
        .ext(distinct_on(ReportedFigures.fiscal_year))
        .where(ReportedFigures.node_id == node_id)
        .order_by(ReportedFigures.fiscal_year.desc(), ReportedFigures.revision.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ReportedFigures.fiscal_year < before)
    return (await session.scalars(query)).all()


async def list_revisions(
    session: ReadSession, node_id: int, fiscal_year: int, *, after: int, limit: int
) -> Sequence[ReportedFigures]:
    found = await session.scalars(
        select(ReportedFigures)
        .where(
            ReportedFigures.node_id == node_id,
            ReportedFigures.fiscal_year == fiscal_year,
            ReportedFigures.revision > after,
        )
        .order_by(ReportedFigures.revision)
        .limit(limit)
    )
    return found.all()


@dataclass(frozen=True, slots=True)
class Reported:
    """What one node states of one fiscal year."""

    node: str
    figures: ReportedFigures


async def reported_by_nodes(
    session: ReadSession,
    *,
    nodes: Sequence[str] = (),
    fiscal_years: Sequence[int] = (),
    as_of: datetime | None = None,
) -> list[Reported]:
    """What nodes report, one statement a node and year, by slug and year; empty filters mean all.

    `as_of`: as it was known on the hub at that moment.
    """
    query = (
        select(Node.slug, ReportedFigures)
        .join(Node, Node.id == ReportedFigures.node_id)
        .ext(distinct_on(Node.slug, ReportedFigures.fiscal_year))
        .order_by(Node.slug, ReportedFigures.fiscal_year, ReportedFigures.revision.desc())
    )
    if nodes:
        query = query.where(Node.slug.in_(nodes))
    if fiscal_years:
        query = query.where(ReportedFigures.fiscal_year.in_(fiscal_years))
    if as_of is not None:
        query = query.where(ReportedFigures.received_at <= as_of)
    return [Reported(slug, figures) for slug, figures in await session.execute(query)]
