"""What rankings are computed from: the nodes, their sums by month, their histograms of days, and their state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.core.vocabulary import SAVING_KINDS, DateBasis, PackageKind
from app.kit.db import ReadSession
from app.statistics.measures import Grain

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An active node: the only ones that are ever ranked."""

    id: int
    slug: str
    name: str
    region: str | None
    region_type: str | None
    province: str | None


_CANDIDATES = text("""
    SELECT n.id, n.slug, n.name, n.region, r.type AS region_type, n.province
    FROM nodes n LEFT JOIN regions r ON r.code = n.region
    WHERE n.state = 'active' AND (CAST(:provinces AS text[]) IS NULL OR n.province = ANY(CAST(:provinces AS text[])))
    ORDER BY n.slug
""")


async def active_nodes(session: ReadSession, provinces: Sequence[str]) -> list[Candidate]:
    """The nodes of some provinces, or all, in the order of their names."""
    rows = await session.execute(_CANDIDATES, {"provinces": list(provinces) or None})
    return [Candidate(*row) for row in rows]


_LATEST = text("""
    SELECT fiscal_year FROM package_summaries
    WHERE grain = 'place' AND completed > 0 AND fiscal_year <= :latest AND node_id = ANY(CAST(:nodes AS bigint[]))
    ORDER BY fiscal_year DESC LIMIT 1
""")


async def latest_year(session: ReadSession, nodes: Sequence[int], *, not_after: int) -> int | None:
    """The latest fiscal year of which these nodes have completed packages."""
    year: int | None = await session.scalar(_LATEST, {"nodes": list(nodes), "latest": not_after})
    return year


# What is summed, by name: the columns of package_summaries, and of which kinds.
_OF_ALL = ("packages", "pagu_known", "institution_known")
_OF_SOLD = (
    "packages", "completed", "pagu_packages", "pagu_base", "pagu_value", "hps_packages", "hps_base", "hps_value",
    "no_value", "no_pagu", "hps_known", "category_known", "method_known", "announced_known",
)  # fmt: skip
_OF_TENDERS = ("completed", "bidders_known", "single_bid", "bidders")
_SUMS = ", ".join(
    (
        *(f"sum(s.{name}) AS {name}" for name in _OF_ALL),
        # What was cancelled or failed is announced anew, and would count twice.
        "sum(s.pagu_running + s.pagu_completed) AS volume",
        *(f"coalesce(sum(s.{name}) FILTER (WHERE s.kind = ANY(:sold)), 0) AS sold_{name}" for name in _OF_SOLD),
        *(f"coalesce(sum(s.{name}) FILTER (WHERE s.kind = :tender), 0) AS tender_{name}" for name in _OF_TENDERS),
    )
)


async def sums(session: ReadSession, grain: Grain, nodes: Sequence[int], years: Sequence[int]) -> list[Row]:
    """The sums of nodes and years by the month of the grain; `place` has one row a year."""
    statement = f"""
        SELECT s.node_id, s.fiscal_year, s.month, {_SUMS}
        FROM package_summaries s
        WHERE s.grain = '{grain}' AND s.node_id = ANY(CAST(:nodes AS bigint[]))
          AND s.fiscal_year = ANY(CAST(:years AS integer[])) AND s.packages <> 0
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """  # noqa: S608 (the grain and the columns are constants)
    given = {"nodes": list(nodes), "years": list(years), "sold": list(SAVING_KINDS), "tender": PackageKind.TENDER}
    return [dict(row) for row in (await session.execute(text(statement), given)).mappings()]


_DAYS = text("""
    WITH taken AS (
        SELECT node_id, fiscal_year, days, date_basis, CAST(sum(packages) AS bigint) AS packages
        FROM duration_summaries
        WHERE node_id = ANY(CAST(:nodes AS bigint[])) AND fiscal_year = ANY(CAST(:years AS integer[]))
          AND kind = :tender AND span = 'award'
        GROUP BY 1, 2, 3, 4 HAVING sum(packages) <> 0
    )
    SELECT node_id, fiscal_year,
           array_agg(days ORDER BY days) FILTER (WHERE date_basis = :actual AND days >= 0) AS days,
           array_agg(packages ORDER BY days) FILTER (WHERE date_basis = :actual AND days >= 0) AS packages,
           CAST(coalesce(sum(packages) FILTER (WHERE date_basis = :actual AND days < 0), 0) AS bigint) AS impossible,
           CAST(coalesce(sum(packages) FILTER (WHERE date_basis <> :actual), 0) AS bigint) AS not_actual
    FROM taken GROUP BY 1, 2
""")


async def award_days(session: ReadSession, nodes: Sequence[int], years: Sequence[int]) -> list[Row]:
    """How many days completed tenders took from announcement to award: one histogram for each node and year."""
    given = {"nodes": list(nodes), "years": list(years), "tender": PackageKind.TENDER, "actual": DateBasis.ACTUAL}
    return [dict(row) for row in (await session.execute(_DAYS, given)).mappings()]


_READINGS = text("""
    SELECT node_id, array_agg(fiscal_year) AS asked, max(last_completed_at) AS newest,
           coalesce(array_agg(fiscal_year) FILTER (WHERE last_completed_at IS NOT NULL), '{}') AS read
    FROM node_freshness WHERE node_id = ANY(CAST(:nodes AS bigint[])) GROUP BY 1
""")


async def readings(session: ReadSession, nodes: Sequence[int]) -> list[Row]:
    """The fiscal years that each node was ever asked for, those once read completely, and the newest such reading."""
    return [dict(row) for row in (await session.execute(_READINGS, {"nodes": list(nodes)})).mappings()]


_STATES = text("""
    SELECT n.id AS node_id, n.software_version, addresses.is_failing, addresses.is_known, probed.probes, probed.ok
    FROM nodes n
    CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(h.state IN ('failing', 'open')), false) AS is_failing,
               coalesce(bool_or(h.state <> 'unknown'), false) AS is_known
        FROM endpoints e JOIN endpoint_health h ON h.endpoint_id = e.id WHERE e.node_id = n.id
    ) AS addresses
    CROSS JOIN LATERAL (
        SELECT CAST(coalesce(sum(p.probes), 0) AS bigint) AS probes, CAST(coalesce(sum(p.ok), 0) AS bigint) AS ok
        FROM probe_hours p WHERE p.node_id = n.id AND p.hour > :since AND p.hour <= :now
    ) AS probed
    WHERE n.id = ANY(CAST(:nodes AS bigint[]))
""")


async def states(session: ReadSession, nodes: Sequence[int], *, now: datetime, probed_for: timedelta) -> list[Row]:
    """Each node's addresses, version and probes; probes are those of the whole hours that began in the time given."""
    given = {"nodes": list(nodes), "now": now, "since": now - probed_for}
    return [dict(row) for row in (await session.execute(_STATES, given)).mappings()]
