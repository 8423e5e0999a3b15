"""Which packages stand on a page: their ids in order, touching as few rows as can be told beforehand.

A page is walked to along an index where what is wanted is common, and gathered by facets and words where it is rare. The
planner takes one for the other: it expects rows that are wanted to lie evenly among all ids, but they come node by node and
year by year.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.kit.db import ReadSession
from app.kit.json import loads
from app.procurement.filtering import Conditions, Fact, PackageFilter, Places

WINDOW = 50_000
"""Ids that one walk passes at most."""
MOST_GATHERED = 200_000
"""Rows that are gathered where a walk has found less than a page."""

# How a filter's values are spread matters more than a millisecond of planning; a page is no work for several processes.
_BEGIN = text("""
    SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
           set_config('max_parallel_workers_per_gather', '0', true),
           (SELECT max(id) FROM packages) AS last_id,
           (SELECT reltuples FROM pg_class WHERE oid = CAST('packages' AS regclass)) AS packages
""")


@dataclass(frozen=True, slots=True)
class Range:
    """Ids after `start` up to `end`, if there is one, of which `limit` are wanted; `also` must hold of `p` besides."""

    start: int
    limit: int
    end: int | None = None
    also: Sequence[str] = ()


async def places_of(session: ReadSession, wanted: PackageFilter) -> Places:
    """Filters of places as ids of nodes and institutions, which are few: so the planner knows what it looks for."""
    rows = await session.execute(
        text("""
            SELECT (SELECT array_agg(id ORDER BY id) FROM nodes WHERE slug = ANY(CAST(:node AS text[]))) AS nodes,
                   (SELECT array_agg(kd_klpd ORDER BY kd_klpd) FROM institutions
                    WHERE (CAST(:institution AS text[]) = '{}' OR kd_klpd = ANY(CAST(:institution AS text[])))
                      AND (CAST(:region AS text[]) = '{}' OR region = ANY(CAST(:region AS text[])))
                      AND (CAST(:province AS text[]) = '{}' OR left(region, 2) = ANY(CAST(:province AS text[])))
                   ) AS institutions,
                   (SELECT array_agg(kd_klpd ORDER BY kd_klpd) FROM institutions WHERE region IS NULL) AS without_region
        """),
        {name: list(getattr(wanted, name)) for name in ("node", "institution", "region", "province")},
    )
    found = rows.one()
    of_institutions = wanted.institution or wanted.region or wanted.province
    return Places(
        nodes=tuple(found.nodes or ()) if wanted.node else None,
        institutions=tuple(found.institutions or ()) if of_institutions else None,
        without_region=tuple(found.without_region or ()),
    )


def names_places(wanted: PackageFilter) -> bool:
    """Whether a filter says anything that only the register can tell."""
    named = wanted.node or wanted.institution or wanted.region or wanted.province
    return bool(named) or Fact.REGION in (*wanted.known, *wanted.unknown)


async def find_ids(session: ReadSession, conditions: Conditions, wanted: Range) -> tuple[list[int], int | None]:
    """Ids of a page, and the id up to which all was looked at: None is the end."""
    begun = (await session.execute(_BEGIN)).one()
    last_id = begun.last_id or 0
    if not conditions.by_columns:
        return await _walk(session, conditions, wanted, last_id=last_id)
    if conditions.of_nodes_and_years and not wanted.also:
        # The index of both holds the ids too: even those of the largest node are read without a row.
        return await _gather(session, conditions, wanted, conditions.by_columns)
    if not conditions.indexed:
        return await _walk(session, conditions, wanted, last_id=last_id)
    costs = await _costs(session, conditions, wanted, max(begun.packages, 1))
    if costs.walking < costs.gathering:
        ids, read_to = await _walk(session, conditions, wanted, last_id=last_id)
        if len(ids) == wanted.limit or read_to is None or costs.gathering > MOST_GATHERED:
            return ids, read_to
    return await _gather(session, conditions, wanted, costs.gathered)


@dataclass(frozen=True, slots=True)
class _Costs:
    """How many rows either way is expected to touch, and the conditions of gathering."""

    walking: float
    gathering: float
    gathered: list[str]


_COMMON = 0.2
"""What more packages have than this share of all is not worth reading its list of them."""

_READ_AT_ONCE = 20
"""So many places in the list of an index cost about as much as one row."""


async def _costs(session: ReadSession, conditions: Conditions, wanted: Range, packages: float) -> _Costs:
    findings = [indexed.finding for indexed in conditions.indexed]
    year = [conditions.year] if conditions.year else []
    expected, *found = await _expected(
        session, conditions, wanted, [" AND ".join((*findings, *conditions.rest)), *findings, *year]
    )
    walked = found.pop() if year else packages
    rarest = min(found)
    gathering, lists, gathered = packages, 0.0, list(conditions.rest)
    for indexed, rows in zip(conditions.indexed, found, strict=True):
        if rows == rarest or rows <= packages * _COMMON:
            gathering *= min(rows / packages, 1)
            lists += rows
            gathered.append(indexed.finding)
        else:
            gathered.append(indexed.looking)
    return _Costs(
        walking=wanted.limit * walked / max(expected, 1), gathering=gathering + lists / _READ_AT_ONCE, gathered=gathered
    )


async def _expected(
    session: ReadSession, conditions: Conditions, wanted: Range, alternatives: Sequence[str]
) -> list[float]:
    """How many packages the planner expects for each of the conditions."""
    each = " UNION ALL ".join(f"SELECT 1 FROM packages p WHERE {condition}" for condition in alternatives)  # noqa: S608
    statement = f"EXPLAIN (FORMAT JSON) {each}"
    answer = await session.scalar(text(statement), _used(statement, conditions, wanted))
    plan = (loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return [float(child["Plan Rows"]) for child in plan["Plans"]]


async def _walk(
    session: ReadSession, conditions: Conditions, wanted: Range, *, last_id: int
) -> tuple[list[int], int | None]:
    if not conditions.by_columns:
        return await _ids(session, conditions, wanted)
    end = last_id if wanted.end is None else wanted.end
    if conditions.year:
        # Sorted so, the planner cannot walk by id through all other years.
        statement = f"""
            SELECT p.id FROM packages p WHERE {conditions.year} AND p.id > :start
            ORDER BY p.fiscal_year, p.id OFFSET {WINDOW} LIMIT 1
        """  # noqa: S608 (constants)
        upto = await session.scalar(text(statement), _used(statement, conditions, wanted)) or end
        order = "p.fiscal_year, p.id"
    else:
        upto, order = wanted.start + WINDOW, "p.id"
    if upto >= end:
        return await _ids(session, conditions, wanted, order)
    return await _ids(session, conditions, Range(wanted.start, wanted.limit, upto, wanted.also), order)


async def _ids(
    session: ReadSession, conditions: Conditions, wanted: Range, order: str = "p.id"
) -> tuple[list[int], int | None]:
    where = " AND ".join((*conditions.by_columns, *_bounds(wanted)))
    statement = f"SELECT p.id FROM packages p WHERE {where} ORDER BY {order} LIMIT :limit"  # noqa: S608 (constants)
    return await _page(session, statement, conditions, wanted)


async def _gather(
    session: ReadSession, conditions: Conditions, wanted: Range, said: Sequence[str]
) -> tuple[list[int], int | None]:
    where = " AND ".join((*said, *_bounds(wanted)))
    statement = f"""
        WITH gathered AS MATERIALIZED (SELECT p.id FROM packages p WHERE {where})
        SELECT id FROM gathered ORDER BY id LIMIT :limit
    """  # noqa: S608 (the same)
    return await _page(session, statement, conditions, wanted)


def _bounds(wanted: Range) -> list[str]:
    upper = [] if wanted.end is None else ["p.id <= :end"]
    return ["p.id > :start", *upper, *wanted.also]


async def _page(
    session: ReadSession, statement: str, conditions: Conditions, wanted: Range
) -> tuple[list[int], int | None]:
    parameters = _used(statement, conditions, wanted)
    ids = list((await session.execute(text(statement), parameters)).scalars())
    return ids, ids[-1] if len(ids) == wanted.limit else wanted.end


_PARAMETER = re.compile(r"(?<!:):(\w+)")


def used(statement: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a statement names: either way of saying a filter leaves some of them out."""
    return {name: parameters[name] for name in _PARAMETER.findall(statement) if name in parameters}


def _used(statement: str, conditions: Conditions, wanted: Range) -> dict[str, Any]:
    bounds = {"start": wanted.start, "end": wanted.end, "limit": wanted.limit}
    return used(statement, {**conditions.parameters, **bounds})
