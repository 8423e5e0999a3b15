"""Sums per group from the summaries, and how complete what they rest on is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import TextClause, text

from app.kit.db import ReadSession
from app.statistics.questions import Dimension, FigureFilter
from app.statistics.relations import COLUMNS, Scope, joins, summed_rows

Group = tuple[Any, ...]
"""The values of the dimensions asked for, in their order; None is the group of the unknown."""


async def sum_figures(
    session: ReadSession, scope: Scope, group_by: Sequence[Dimension], measures: Sequence[str]
) -> dict[Group | None, dict[str, Any]]:
    """The sums of each group and, under None, of everything asked for, from one statement."""
    source = summed_rows(scope, measures)
    columns = ", ".join(COLUMNS[dimension] for dimension in group_by)
    keys = "".join(f"{COLUMNS[dimension]} AS key_{dimension}, " for dimension in group_by)
    sums = ", ".join(f"coalesce(sum(s.{name}), 0) AS {name}" for name in measures)
    is_total = f"GROUPING({columns}) <> 0" if columns else "true"
    statement = f"""
        {source.tables}
        SELECT {keys}{sums}, {is_total} AS is_total
        FROM ({source.rows}) AS s {joins(group_by)}
        GROUP BY GROUPING SETS ({f"({columns}), " if columns else ""}())
        HAVING {is_total} OR sum(s.packages) <> 0
    """  # noqa: S608 (columns and conditions are constants of this room)
    found: dict[Group | None, dict[str, Any]] = {}
    for row in (await session.execute(text(statement), source.parameters)).mappings():
        key = None if row["is_total"] else tuple(row[f"key_{dimension}"] for dimension in group_by)
        found[key] = {name: row[name] for name in measures}
    return found


FRESH_FOR = timedelta(hours=48)
"""How long a complete reading counts as fresh."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the nodes concerned were read completely, and when; `stale_at` is when the next one stops being fresh."""

    nodes: int
    collected_nodes: int
    fresh_nodes: int
    oldest_at: datetime | None
    newest_at: datetime | None
    stale_at: datetime | None = None


# Concerned are the nodes of the places asked for and every node by which an institution asked for buys, wherever it is.
# Which nodes are on the register is today's knowledge, also for a past moment; when they were read is that moment's.
# Now is what freshness keeps; a past moment needs all readings, of which there are many.
_LATEST = "SELECT node_id, fiscal_year, last_completed_at AS completed_at FROM node_freshness WHERE last_completed_at IS NOT NULL"
_BY_THEN = """
    SELECT node_id, fiscal_year, max(completed_at) AS completed_at FROM complete_readings
    WHERE completed_at <= :now GROUP BY node_id, fiscal_year
"""
_CONCERNED = """
    buyers AS (
        SELECT kd_klpd FROM institutions
        WHERE (CAST(:province AS text[]) IS NULL OR left(region, 2) = ANY(CAST(:province AS text[])))
          AND (CAST(:region AS text[]) IS NULL OR region = ANY(CAST(:region AS text[])))
          AND (CAST(:institution AS text[]) IS NULL OR kd_klpd = ANY(CAST(:institution AS text[])))
    ),
    hosts AS (
        SELECT node_id FROM node_institutions WHERE kd_klpd IN (SELECT kd_klpd FROM buyers)
        UNION
        SELECT node_id FROM package_summaries
        WHERE grain = 'place' AND packages <> 0 AND institution IN (SELECT kd_klpd FROM buyers)
    ),
    concerned AS (
        SELECT n.id, n.slug FROM nodes n
        WHERE n.state = 'active'
          AND (CAST(:node AS text[]) IS NULL OR n.slug = ANY(CAST(:node AS text[])))
          AND (:anywhere OR n.id IN (SELECT node_id FROM hosts)
               OR (CAST(:institution AS text[]) IS NULL
                   AND (CAST(:province AS text[]) IS NULL OR n.province = ANY(CAST(:province AS text[])))
                   AND (CAST(:region AS text[]) IS NULL OR n.region = ANY(CAST(:region AS text[])))))
    ),
    readings AS (
        SELECT c.slug, f.node_id, f.fiscal_year, f.completed_at
        FROM ({readings}) AS f
        JOIN concerned c ON c.id = f.node_id
        WHERE CAST(:years AS integer[]) IS NULL OR f.fiscal_year = ANY(CAST(:years AS integer[]))
    ),
    read AS (
        SELECT slug, node_id, min(completed_at) AS oldest, max(completed_at) AS newest
        FROM readings GROUP BY slug, node_id
        HAVING count(*) >= coalesce(cardinality(CAST(:years AS integer[])), 1)
    )
"""
_COVER = """
    WITH {concerned}
    SELECT (SELECT count(*) FROM concerned) AS nodes, count(*) AS collected,
           count(*) FILTER (WHERE oldest >= :fresh_since) AS fresh, min(oldest) AS oldest, max(newest) AS newest,
           min(oldest) FILTER (WHERE oldest >= :fresh_since) AS next_to_go
    FROM read
"""
_STALE = """
    WITH {concerned}
    SELECT c.slug AS node, r.oldest AS completed_at FROM concerned c LEFT JOIN read r ON r.node_id = c.id
    WHERE r.oldest IS NULL OR r.oldest < :fresh_since ORDER BY c.slug LIMIT :limit
"""


async def cover(
    session: ReadSession, wanted: FigureFilter, *, now: datetime, as_of: datetime | None = None
) -> Coverage:
    """How fresh the active nodes concerned are, now or at a past moment, over all the fiscal years asked for.

    A node counts as collected when every year asked for (or, without a year, any) was once read completely.
    """
    row = (await session.execute(*_about(_COVER, wanted, now, as_of))).one()
    stale_at = None if row.next_to_go is None else row.next_to_go + FRESH_FOR
    return Coverage(row.nodes, row.collected, row.fresh, row.oldest, row.newest, stale_at)


async def list_stale_nodes(
    session: ReadSession, wanted: FigureFilter, *, now: datetime, as_of: datetime | None = None, limit: int
) -> list[dict[str, Any]]:
    """Nodes concerned that are not fresh, with their oldest complete reading of the years asked for (None: not all read)."""
    statement, parameters = _about(_STALE, wanted, now, as_of)
    rows = await session.execute(statement, {**parameters, "limit": limit})
    return [dict(row) for row in rows.mappings()]


def _about(
    question: str, wanted: FigureFilter, now: datetime, as_of: datetime | None
) -> tuple[TextClause, dict[str, Any]]:
    concerned = _CONCERNED.format(readings=_LATEST if as_of is None else _BY_THEN)
    parameters = _places(wanted, as_of or now)
    if as_of is None:
        del parameters["now"]
    return text(question.format(concerned=concerned)), parameters


def _places(wanted: FigureFilter, now: datetime) -> dict[str, Any]:
    return {
        "anywhere": not (wanted.province or wanted.region or wanted.institution),
        "node": list(wanted.node) or None,
        "province": list(wanted.province) or None,
        "region": list(wanted.region) or None,
        "institution": list(wanted.institution) or None,
        "years": sorted(set(wanted.fiscal_year)) or None,
        "now": now,
        "fresh_since": now - FRESH_FOR,
    }
