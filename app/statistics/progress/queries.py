"""What the packages of each local government add up to, on which nodes, and which SPSE those run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.core.vocabulary import PackageStatus
from app.kit.db import ReadSession


@dataclass(frozen=True, slots=True)
class Government:
    """A province, regency or city on the register."""

    region: str
    name: str
    type: str
    province: str


async def list_governments(
    session: ReadSession, *, provinces: Sequence[str], regions: Sequence[str]
) -> list[Government]:
    """Governments with an institution on the register, by code; empty filters mean all."""
    rows = await session.execute(
        text("""
            SELECT r.code AS region, r.name, r.type, left(r.code, 2) AS province FROM regions r
            WHERE EXISTS (SELECT 1 FROM institutions i WHERE i.region = r.code)
              AND (CAST(:provinces AS text[]) IS NULL OR left(r.code, 2) = ANY(CAST(:provinces AS text[])))
              AND (CAST(:regions AS text[]) IS NULL OR r.code = ANY(CAST(:regions AS text[])))
            ORDER BY r.code
        """),
        {"provinces": list(provinces) or None, "regions": list(regions) or None},
    )
    return [Government(**row) for row in rows.mappings()]


async def list_years(session: ReadSession, regions: Sequence[str]) -> list[int]:
    """The fiscal years of which these governments have packages."""
    rows = await session.scalars(
        text("""
            SELECT DISTINCT s.fiscal_year FROM package_summaries s JOIN institutions i ON i.kd_klpd = s.institution
            WHERE s.grain = 'place' AND s.packages <> 0 AND i.region = ANY(CAST(:regions AS text[]))
            ORDER BY s.fiscal_year
        """),
        {"regions": list(regions)},
    )
    return list(rows.all())


SUMS = {
    "packages": "packages",
    "completed": "completed",
    "pagu_known": "pagu_known",
    "pagu": " + ".join(f"pagu_{status}" for status in PackageStatus),
    "planned": "planned",
    "planned_pagu": "planned_pagu",
    "contracted": "contracted",
}
_SUMMED = ", ".join(f"sum({expression}) AS {name}" for name, expression in SUMS.items())


async def sum_governments(
    session: ReadSession, regions: Sequence[str], years: Sequence[int], *, apart: bool
) -> list[dict[str, Any]]:
    """The sums of SUMS by kind and, where they are wanted `apart`, by region, fiscal year and node as well."""
    keys = "i.region, s.fiscal_year, s.node_id, s.kind" if apart else "s.kind"
    statement = f"""
        SELECT {keys}, {_SUMMED}
        FROM package_summaries s JOIN institutions i ON i.kd_klpd = s.institution
        WHERE s.grain = 'place' AND s.packages <> 0 AND i.region = ANY(CAST(:regions AS text[]))
          AND s.fiscal_year = ANY(CAST(:years AS integer[]))
        GROUP BY {keys}
    """  # noqa: S608 (keys and measures are constants of this module)
    rows = await session.execute(text(statement), {"regions": list(regions), "years": list(years)})
    return [dict(row) for row in rows.mappings()]


@dataclass(frozen=True, slots=True)
class Host:
    """A node, and what the pages of its SPSE last said of their version and when."""

    id: int
    slug: str
    name: str
    state: str
    region: str | None
    province: str | None
    version: str | None
    seen_at: datetime | None


async def list_hosts(session: ReadSession) -> list[Host]:
    """Every node of the register with the SPSE version that was last seen on it, by a run or by a probe.

    The latest sighting counts, of two at one moment the later version; what a node's entry says of old stands where
    neither a run nor a probe has kept anything.
    """
    rows = await session.execute(
        text("""
            SELECT n.id, n.slug, n.name, n.state, n.region, n.province,
                   coalesce(seen.version, n.software_version) AS version, seen.at AS seen_at
            FROM nodes n
            LEFT JOIN (
                SELECT DISTINCT ON (sighting.node_id) sighting.node_id, sighting.version, sighting.at
                FROM (
                    SELECT node_id, software_version AS version, last_attempt_at AS at FROM node_freshness
                    UNION ALL
                    SELECT e.node_id, h.software_version, h.last_ok_at
                    FROM endpoints e JOIN endpoint_health h ON h.endpoint_id = e.id
                ) AS sighting
                WHERE sighting.version IS NOT NULL AND sighting.at IS NOT NULL
                ORDER BY sighting.node_id, sighting.at DESC, sighting.version COLLATE "C" DESC
            ) AS seen ON seen.node_id = n.id
            ORDER BY n.slug
        """)
    )
    return [Host(**row) for row in rows.mappings()]


async def list_uses(session: ReadSession, regions: Sequence[str]) -> set[tuple[str, int]]:
    """Which nodes the register gives each government: its own ones, and those by which its institutions buy."""
    rows = await session.execute(
        text("""
            SELECT n.region, n.id AS node_id FROM nodes n
            WHERE n.region = ANY(CAST(:regions AS text[])) AND n.state <> 'retired'
            UNION
            SELECT i.region, u.node_id FROM institutions i
            JOIN node_institutions u ON u.kd_klpd = i.kd_klpd
            JOIN nodes n ON n.id = u.node_id AND n.state <> 'retired'
            WHERE i.region = ANY(CAST(:regions AS text[]))
        """),
        {"regions": list(regions)},
    )
    return {(row.region, row.node_id) for row in rows}
