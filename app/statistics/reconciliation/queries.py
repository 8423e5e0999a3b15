"""Which nodes and years there are to reconcile, what their packages add up to, and where two sources differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from app.core.vocabulary import PackageStatus, ValueBasis
from app.kit.db import ReadSession
from app.procurement.derive import PRECEDENCE


@dataclass(frozen=True, slots=True)
class NodeScope:
    """Which nodes, by where they are themselves, and which fiscal years; empty means "all"."""

    fiscal_year: tuple[int, ...] = ()
    node: tuple[str, ...] = ()
    province: tuple[str, ...] = ()
    region: tuple[str, ...] = ()


# Spelled out so that what is not asked for costs nothing.
_OF_NODES = {
    "node": "n.slug = ANY(CAST(:node AS text[]))",
    "province": "n.province = ANY(CAST(:province AS text[]))",
    "region": "n.region = ANY(CAST(:region AS text[]))",
}


def _nodes_of(scope: NodeScope) -> tuple[str, dict[str, Any]]:
    given = {name: list(getattr(scope, name)) for name in _OF_NODES if getattr(scope, name)}
    return " AND ".join(["true", *(_OF_NODES[name] for name in given)]), given


async def slugs_in(session: ReadSession, scope: NodeScope) -> list[str]:
    """Slugs of the nodes in scope."""
    condition, given = _nodes_of(scope)
    statement = f"SELECT n.slug FROM nodes n WHERE {condition} ORDER BY n.slug"  # noqa: S608 (constants of this module)
    return list((await session.scalars(text(statement), given)).all())


@dataclass(frozen=True, slots=True)
class Place:
    """A node and a fiscal year of which either side, or both, say something."""

    node_id: int
    node: str
    name: str
    region: str | None
    province: str | None
    fiscal_year: int
    is_reported: bool
    is_computed: bool


async def list_places(session: ReadSession, scope: NodeScope, *, reported: bool | None) -> list[Place]:
    """Every node and year in scope with packages or a statement, by slug and year.

    `reported`: only those with a statement, only those without one, or (None) both.
    """
    condition, given = _nodes_of(scope)
    years = "AND fiscal_year = ANY(CAST(:fiscal_year AS integer[]))" if scope.fiscal_year else ""
    if scope.fiscal_year:
        given["fiscal_year"] = list(scope.fiscal_year)
    statement = f"""
        WITH places AS (SELECT n.id, n.slug, n.name, n.region, n.province FROM nodes n WHERE {condition}),
        computed AS (
            SELECT node_id, fiscal_year, true AS is_computed FROM package_summaries
            WHERE grain = 'place' AND packages <> 0 AND node_id IN (SELECT id FROM places) {years}
            GROUP BY node_id, fiscal_year
        ),
        stated AS (
            SELECT node_id, fiscal_year, true AS is_reported FROM reported_figures
            WHERE node_id IN (SELECT id FROM places) {years}
            GROUP BY node_id, fiscal_year
        )
        SELECT p.id AS node_id, p.slug AS node, p.name, p.region, p.province, fiscal_year,
               coalesce(is_reported, false) AS is_reported, coalesce(is_computed, false) AS is_computed
        FROM computed FULL JOIN stated USING (node_id, fiscal_year) JOIN places p ON p.id = node_id
        WHERE CAST(:reported AS boolean) IS NULL OR coalesce(is_reported, false) = :reported
        ORDER BY p.slug, fiscal_year
    """  # noqa: S608 (conditions are constants of this module)
    rows = await session.execute(text(statement), {**given, "reported": reported})
    return [Place(**row) for row in rows.mappings()]


_STATUSES = tuple(str(status) for status in PackageStatus)
_SUMS = {
    **{
        name: name
        for name in (
            "packages",
            "completed",
            "pagu_known",
            "hps_known",
            "value_known",
            "no_value",
            "no_pagu",
            "no_hps",
            "carried",
            "spent_packages",
            "pagu_completed",
            "hps_completed",
            "value",
            "realized",
            "pagu_packages",
            "pagu_base",
            "pagu_value",
            "hps_packages",
            "hps_base",
            "hps_value",
        )
    },
    "pagu": " + ".join(f"pagu_{status}" for status in _STATUSES),
    "hps": " + ".join(f"hps_{status}" for status in _STATUSES),
}
SUMS = tuple(_SUMS)

Sums = Mapping[str, Any]
"""The measures of SUMS, over the packages of one node, year and kind."""


async def sum_places(session: ReadSession, places: Iterable[Place]) -> dict[tuple[int, int], dict[str, Sums]]:
    """What the packages of nodes and years add up to, by (node_id, fiscal year) and kind."""
    keys = sorted({(place.node_id, place.fiscal_year) for place in places if place.is_computed})
    summed = ", ".join(f"sum({expression}) AS {name}" for name, expression in _SUMS.items())
    statement = f"""
        SELECT s.node_id, s.fiscal_year, s.kind, {summed}
        FROM unnest(CAST(:nodes AS bigint[]), CAST(:years AS integer[])) AS wanted (node_id, fiscal_year)
        JOIN package_summaries s
          ON s.grain = 'place' AND s.node_id = wanted.node_id AND s.fiscal_year = wanted.fiscal_year
        WHERE s.packages <> 0
        GROUP BY s.node_id, s.fiscal_year, s.kind
    """  # noqa: S608 (measures are constants of this module)
    parameters = {"nodes": [node for node, _year in keys], "years": [year for _node, year in keys]}
    found: dict[tuple[int, int], dict[str, Sums]] = {}
    for row in (await session.execute(text(statement), parameters)).mappings():
        found.setdefault((row["node_id"], row["fiscal_year"]), {})[row["kind"]] = dict(row)
    return found


async def count_packages(session: ReadSession, scope: NodeScope) -> int:
    """How many packages the nodes and years in scope have."""
    condition, given = _nodes_of(scope)
    statement = f"""
        SELECT coalesce(sum(s.packages), 0) FROM package_summaries s
        WHERE s.grain = 'place' AND s.fiscal_year = ANY(CAST(:fiscal_year AS integer[]))
          AND s.node_id IN (SELECT n.id FROM nodes n WHERE {condition})
    """  # noqa: S608 (the same)
    return int(await session.scalar(text(statement), {**given, "fiscal_year": list(scope.fiscal_year)}) or 0)


BASES = tuple(f"{basis}_value" for basis in ValueBasis)
COMPARED_AMOUNTS = ("pagu", "hps", *BASES, "realized_value")
EXAMPLES = 5
"""How many differing packages are named of each pair."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """Of one field of a pair of sources: packages of which both state it, and of how many differently.

    `difference` is what the first source states less what the other does; `absolute` without the signs.
    """

    both: int
    differ: int
    difference: Decimal = Decimal(0)
    absolute: Decimal = Decimal(0)

    def plus(self, more: "FieldDifference") -> "FieldDifference":
        return FieldDifference(
            self.both + more.both,
            self.differ + more.differ,
            self.difference + more.difference,
            self.absolute + more.absolute,
        )


@dataclass(frozen=True, slots=True)
class PairDifference:
    """Two sources on the packages of one node and year that both show now; `source` is the one believed first."""

    node: str
    fiscal_year: int
    source: str
    other: str
    packages: int
    differing: int
    status: FieldDifference
    amounts: Mapping[str, FieldDifference]
    examples: Sequence[Mapping[str, str]]


# An amount of the whole package by the rule of `derive.total_of`: summed over the winners where each has it, the one
# stated for the package where none has.
_STATED = ", ".join(
    f"CASE w.{name}_count WHEN 0 THEN f.{name} WHEN w.winners THEN w.{name}_sum END AS {name}" for name in BASES
)
_WON = ", ".join(
    f"count(winner ->> '{name}') AS {name}_count, sum(CAST(winner ->> '{name}' AS numeric)) AS {name}_sum"
    for name in BASES
)
_DIFFERS = " OR ".join(f"coalesce(x.{name} <> y.{name}, false)" for name in ("status", *COMPARED_AMOUNTS))
_MEASURED = ", ".join(
    f"count(*) FILTER (WHERE x.{name} IS NOT NULL AND y.{name} IS NOT NULL) AS {name}_both, "
    f"count(*) FILTER (WHERE x.{name} <> y.{name}) AS {name}_differ, "
    f"coalesce(sum(x.{name} - y.{name}), 0) AS {name}_difference, "
    f"coalesce(sum(abs(x.{name} - y.{name})), 0) AS {name}_absolute"
    for name in COMPARED_AMOUNTS
)
_RANKED = f"ARRAY[{', '.join(repr(str(interface)) for interface in PRECEDENCE)}]"


async def compare_sources(session: ReadSession, scope: NodeScope) -> list[PairDifference]:
    """Each pair of sources on the packages in scope that both show now, by node, year and trust.

    It reads every observation of packages with several, so the scope is bounded by who asks. Which packages these are is
    decided by the index over current observations alone.
    """
    condition, given = _nodes_of(scope)
    statement = f"""
        WITH scoped AS (
            SELECT p.id, n.slug AS node, p.fiscal_year, p.kind, p.code
            FROM nodes n JOIN packages p ON p.node_id = n.id
            WHERE {condition} AND p.fiscal_year = ANY(CAST(:fiscal_year AS integer[])) AND NOT p.withdrawn
        ),
        several AS MATERIALIZED (
            SELECT s.id FROM scoped s JOIN observations o ON o.package_id = s.id AND o.is_current
            GROUP BY s.id HAVING count(*) > 1
        ),
        stated AS MATERIALIZED (
            SELECT o.package_id, o.source,
                   array_position({_RANKED}, split_part(o.source, ':', 1)) AS trust,
                   nullif(f.status, 'other') AS status, f.pagu, f.hps, f.realized_value, {_STATED}
            FROM several s JOIN observations o ON o.package_id = s.id AND o.is_current AND o.withdrawn_at IS NULL
            CROSS JOIN LATERAL jsonb_to_record(o.fields) AS f (
                status text, pagu numeric, hps numeric, realized_value numeric, awards jsonb,
                {", ".join(f"{name} numeric" for name in BASES)}
            )
            CROSS JOIN LATERAL (
                SELECT count(*) AS winners, {_WON}
                FROM jsonb_array_elements(CASE WHEN jsonb_typeof(f.awards) = 'array' THEN f.awards END) AS listed (winner)
            ) AS w
        )
        SELECT s.node, s.fiscal_year, x.source, y.source AS other, count(*) AS packages,
               count(*) FILTER (WHERE {_DIFFERS}) AS differing,
               count(*) FILTER (WHERE x.status IS NOT NULL AND y.status IS NOT NULL) AS status_both,
               count(*) FILTER (WHERE x.status <> y.status) AS status_differ,
               (array_agg(s.kind || ' ' || s.code ORDER BY s.id) FILTER (WHERE {_DIFFERS}))[1:{EXAMPLES}] AS examples,
               {_MEASURED}
        FROM stated x
        JOIN stated y ON y.package_id = x.package_id AND (x.trust, x.source COLLATE "C") < (y.trust, y.source COLLATE "C")
        JOIN scoped s ON s.id = x.package_id
        GROUP BY s.node, s.fiscal_year, x.trust, x.source, y.trust, y.source
        ORDER BY s.node, s.fiscal_year, x.trust, x.source COLLATE "C", y.trust, y.source COLLATE "C"
    """  # noqa: S608 (conditions and columns are constants of this module)
    rows = await session.execute(text(statement), {**given, "fiscal_year": list(scope.fiscal_year)})
    return [_pair(dict(row)) for row in rows.mappings()]


def _pair(row: Mapping[str, Any]) -> PairDifference:
    return PairDifference(
        node=row["node"],
        fiscal_year=row["fiscal_year"],
        source=row["source"],
        other=row["other"],
        packages=row["packages"],
        differing=row["differing"],
        status=FieldDifference(row["status_both"], row["status_differ"]),
        amounts={
            name: FieldDifference(
                row[f"{name}_both"], row[f"{name}_differ"], row[f"{name}_difference"], row[f"{name}_absolute"]
            )
            for name in COMPARED_AMOUNTS
        },
        examples=[dict(zip(("kind", "code"), named.split(" ", 1), strict=True)) for named in row["examples"] or ()],
    )
