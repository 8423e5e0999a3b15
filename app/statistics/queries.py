"""Sums over the summary tables, and how complete what they rest on is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from app.core.vocabulary import SAVING_KINDS
from app.kit.db import ReadSession


class Dimension(StrEnum):
    """What figures can be grouped by."""

    NODE = "node"
    REGION = "region"
    INSTITUTION = "institution"
    FISCAL_YEAR = "fiscal_year"
    KIND = "kind"
    CATEGORY = "category"
    METHOD = "method"
    MONTH = "month"


COLUMNS = {
    Dimension.NODE: "n.slug",
    Dimension.REGION: "i.region",
    Dimension.INSTITUTION: "nullif(s.institution, '')",
    Dimension.FISCAL_YEAR: "s.fiscal_year",
    Dimension.KIND: "s.kind",
    Dimension.CATEGORY: "nullif(s.category, '')",
    Dimension.METHOD: "nullif(s.method, '')",
    Dimension.MONTH: "nullif(s.awarded_month, '')",
}

SUMS = (
    "packages",
    "completed",
    "pagu_packages",
    "pagu_base",
    "pagu_value",
    "hps_packages",
    "hps_base",
    "hps_value",
    "no_value",
    "no_pagu",
    "no_hps",
    "basis_contract",
    "basis_negotiated",
    "basis_corrected",
    "basis_bid",
    "basis_award",
)
_SUMMED = ", ".join(f"coalesce(sum(s.{name}), 0) AS {name}" for name in SUMS)


@dataclass(frozen=True, slots=True)
class FigureFilter:
    """Which packages a figure is about; empty means "all". Values of one field are alternatives."""

    fiscal_year: tuple[int, ...] = ()
    province: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    institution: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    method: tuple[str, ...] = ()


# `region` selects that government's own institutions wherever they buy; `province` all institutions below that code.
_CONDITIONS = {
    "fiscal_year": "s.fiscal_year = ANY(CAST(:fiscal_year AS integer[]))",
    "province": "left(i.region, 2) = ANY(CAST(:province AS text[]))",
    "region": "i.region = ANY(CAST(:region AS text[]))",
    "institution": "s.institution = ANY(CAST(:institution AS text[]))",
    "node": "n.slug = ANY(CAST(:node AS text[]))",
    "kind": "s.kind = ANY(CAST(:kind AS text[]))",
    "category": "s.category = ANY(CAST(:category AS text[]))",
    "method": "s.method = ANY(CAST(:method AS text[]))",
}


async def sum_savings(
    session: ReadSession, wanted: FigureFilter, group_by: Sequence[Dimension]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The sums per group in the order of the keys (unknown last), and their total, from one statement."""
    given = {name: list(getattr(wanted, name)) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = " AND ".join(["s.kind = ANY(CAST(:saving_kinds AS text[]))", *(_CONDITIONS[name] for name in given)])
    keys = "".join(f"{COLUMNS[dimension]} AS {dimension}, " for dimension in group_by)
    columns = ", ".join(COLUMNS[dimension] for dimension in group_by)
    statement = f"""
        SELECT {keys}{_SUMMED}, {f"GROUPING({columns}) <> 0" if columns else "true"} AS is_total
        FROM package_summaries s
        JOIN nodes n ON n.id = s.node_id
        LEFT JOIN institutions i ON i.kd_klpd = s.institution
        WHERE s.packages <> 0 AND {conditions}
        GROUP BY GROUPING SETS ({f"({columns}), " if columns else ""}())
        ORDER BY {columns or "1"}
    """  # noqa: S608 (columns and conditions are constants of this module)
    rows = (await session.execute(text(statement), {**given, "saving_kinds": list(SAVING_KINDS)})).mappings().all()
    groups = [dict(row) for row in rows if not row["is_total"]]
    total = next(dict(row) for row in rows if row["is_total"])
    return groups, total


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the nodes concerned were read completely, and when."""

    nodes: int
    collected_nodes: int
    fresh_nodes: int
    oldest_at: datetime | None
    newest_at: datetime | None


async def cover(session: ReadSession, wanted: FigureFilter, *, fresh_since: datetime) -> Coverage:
    """How fresh the active nodes concerned are, over all the fiscal years asked for.

    Concerned are the nodes of the places asked for and every node by which an institution asked for buys, wherever it
    is. A node counts as collected when every year asked for (or, without a year, any) was once read completely.
    """
    rows = await session.execute(
        text("""
            WITH buyers AS (
                SELECT kd_klpd FROM institutions
                WHERE (CAST(:province AS text[]) IS NULL OR left(region, 2) = ANY(CAST(:province AS text[])))
                  AND (CAST(:region AS text[]) IS NULL OR region = ANY(CAST(:region AS text[])))
                  AND (CAST(:institution AS text[]) IS NULL OR kd_klpd = ANY(CAST(:institution AS text[])))
            ),
            hosts AS (
                SELECT node_id FROM node_institutions WHERE kd_klpd IN (SELECT kd_klpd FROM buyers)
                UNION
                SELECT node_id FROM package_summaries
                WHERE packages <> 0 AND institution IN (SELECT kd_klpd FROM buyers)
            ),
            concerned AS (
                SELECT n.id FROM nodes n
                WHERE n.state = 'active'
                  AND (CAST(:node AS text[]) IS NULL OR n.slug = ANY(CAST(:node AS text[])))
                  AND (n.id IN (SELECT node_id FROM hosts)
                       OR (CAST(:institution AS text[]) IS NULL
                           AND (CAST(:province AS text[]) IS NULL OR n.province = ANY(CAST(:province AS text[])))
                           AND (CAST(:region AS text[]) IS NULL OR n.region = ANY(CAST(:region AS text[])))))
            ),
            read AS (
                SELECT f.node_id, min(f.last_completed_at) AS oldest, max(f.last_completed_at) AS newest
                FROM node_freshness f
                JOIN concerned c ON c.id = f.node_id
                WHERE f.last_completed_at IS NOT NULL
                  AND (CAST(:years AS integer[]) IS NULL OR f.fiscal_year = ANY(CAST(:years AS integer[])))
                GROUP BY f.node_id
                HAVING count(*) >= coalesce(cardinality(CAST(:years AS integer[])), 1)
            )
            SELECT (SELECT count(*) FROM concerned) AS nodes, count(*) AS collected,
                   count(*) FILTER (WHERE oldest >= :fresh_since) AS fresh, min(oldest) AS oldest, max(newest) AS newest
            FROM read
        """),
        {
            "node": list(wanted.node) or None,
            "province": list(wanted.province) or None,
            "region": list(wanted.region) or None,
            "institution": list(wanted.institution) or None,
            "years": sorted(set(wanted.fiscal_year)) or None,
            "fresh_since": fresh_since,
        },
    )
    row = rows.one()
    return Coverage(row.nodes, row.collected, row.fresh, row.oldest, row.newest)
