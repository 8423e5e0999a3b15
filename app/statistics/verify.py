"""Recompute every published figure from what it follows from, in SQL that shares nothing with the summaries.

It goes node by node, and within a node by pieces of so many packages: a statement has the same little to do however
large the hub is, and figures of a node's pieces are added up before they are compared. Every statement reaches its rows
package by package through an index (LATERAL), whatever the planner knows of the tables or does not know yet.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from itertools import islice
from typing import Any

from sqlalchemy import TextClause, text

from app.kit.db import ReadSession

Key = tuple[Any, ...]
Sums = tuple[int | Decimal, ...]
Progress = Callable[[int, int], None]
"""Told how many packages are done, and of how many."""

PIECE = 4000
"""Packages of one statement: about a quarter of a second of work."""
MOST_GROUPS = 100
"""Differing groups that are reported of each check."""

# One row per package, from its current observations alone: the most trusted source that speaks of a field gives it, one
# that no longer shows the package after all others; what ends a package goes before what does not, and a word that is
# known before one that is not; value is the first basis that every winner has, summed over the winners, else what the
# source states. Where a single source speaks, as of most packages, its word is all there is to believe.
_FROM_OBSERVATIONS = """
    WITH figures AS (
        SELECT years.fiscal_year, p.kind, coalesce(p.institution, '') AS institution,
               coalesce(f.category, '') AS category, coalesce(f.method, '') AS method,
               coalesce(to_char(f.awarded_at AT TIME ZONE
                   CASE n.time_zone WHEN 'WIB' THEN 'Asia/Jakarta' WHEN 'WITA' THEN 'Asia/Makassar' ELSE 'Asia/Jayapura' END,
                   'YYYY-MM'), '') AS awarded_month,
               f.status, f.pagu, f.hps,
               CASE WHEN f.status = 'completed' THEN
                   coalesce(a.contract_value, a.negotiated_value, a.corrected_value, a.bid_value, a.award_value) END AS value,
               CASE WHEN f.status = 'completed' THEN CASE
                   WHEN a.contract_value IS NOT NULL THEN 'contract' WHEN a.negotiated_value IS NOT NULL THEN 'negotiated'
                   WHEN a.corrected_value IS NOT NULL THEN 'corrected' WHEN a.bid_value IS NOT NULL THEN 'bid'
                   WHEN a.award_value IS NOT NULL THEN 'award' END END AS value_basis
        FROM unnest(CAST(:packages AS bigint[])) AS piece (package_id)
        JOIN packages p ON p.id = piece.package_id
        JOIN nodes n ON n.id = p.node_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS sources, (array_agg(o.fields))[1] AS fields, bool_or(o.withdrawn_at IS NULL) AS shown
            FROM observations o WHERE o.package_id = p.id AND o.is_current
        ) AS told
        CROSS JOIN LATERAL jsonb_to_record(CASE WHEN told.sources = 1 THEN told.fields ELSE (
            SELECT jsonb_object_agg(spoken.key, spoken.value) FROM (
                SELECT DISTINCT ON (field.key) field.key, field.value
                FROM observations o, jsonb_each(o.fields) AS field
                WHERE o.package_id = p.id AND o.is_current
                  AND field.key IN ('status', 'category', 'method', 'pagu', 'hps', 'fiscal_years', 'awards',
                      'contract_value', 'negotiated_value', 'corrected_value', 'bid_value', 'award_value')
                ORDER BY field.key,
                    CASE WHEN field.key IN ('category', 'method') THEN (field.value = '"other"')::integer ELSE 0 END,
                    o.withdrawn_at IS NOT NULL,
                    CASE WHEN field.key <> 'status' THEN 0
                         WHEN field.value #>> '{}' IN ('completed', 'failed', 'cancelled') THEN 0
                         WHEN field.value = '"other"' THEN 2 ELSE 1 END,
                    array_position(
                        CASE WHEN field.key IN ('status', 'fiscal_years')
                             THEN ARRAY['push', 'spse', 'inaproc', 'isb', 'ocds', 'hub']
                             ELSE ARRAY['push', 'inaproc', 'spse', 'isb', 'ocds', 'hub'] END,
                        split_part(o.source, ':', 1)),
                    o.source COLLATE "C"
            ) AS spoken
        ) || jsonb_build_object('awarded_at', (
            -- Where any source says when something happened, dates that were only planned do not count.
            SELECT (array_agg(awarded ORDER BY gone, trust, source COLLATE "C")
                    FILTER (WHERE awarded IS NOT NULL AND actual = any_actual))[1]
            FROM (SELECT gone, trust, source, awarded, actual, bool_or(actual AND dated) OVER () AS any_actual
                  FROM (SELECT o.withdrawn_at IS NOT NULL AS gone, o.source,
                               array_position(ARRAY['push', 'inaproc', 'spse', 'isb', 'ocds', 'hub'],
                                              split_part(o.source, ':', 1)) AS trust,
                               o.fields ->> 'awarded_at' AS awarded,
                               coalesce(o.fields ->> 'date_basis', 'actual') = 'actual' AS actual,
                               coalesce(o.fields ->> 'announced_at', o.fields ->> 'awarded_at',
                                        o.fields ->> 'contracted_at') IS NOT NULL AS dated
                        FROM observations o WHERE o.package_id = p.id AND o.is_current) AS stated) AS judged
        )) END) AS f (
            status text, category text, method text, fiscal_years jsonb, awarded_at timestamptz, awards jsonb,
            pagu numeric, hps numeric, contract_value numeric, negotiated_value numeric, corrected_value numeric,
            bid_value numeric, award_value numeric
        )
        CROSS JOIN LATERAL (
            SELECT min(CAST(year AS integer)) AS fiscal_year FROM jsonb_array_elements_text(f.fiscal_years) AS listed (year)
        ) AS years
        CROSS JOIN LATERAL (
            SELECT count(*) AS winners,
                   count(winner ->> 'contract_value') AS contracts, sum(CAST(winner ->> 'contract_value' AS numeric)) AS contract_value,
                   count(winner ->> 'negotiated_value') AS negotiations, sum(CAST(winner ->> 'negotiated_value' AS numeric)) AS negotiated_value,
                   count(winner ->> 'corrected_value') AS corrections, sum(CAST(winner ->> 'corrected_value' AS numeric)) AS corrected_value,
                   count(winner ->> 'bid_value') AS bids, sum(CAST(winner ->> 'bid_value' AS numeric)) AS bid_value,
                   count(winner ->> 'award_value') AS awarded, sum(CAST(winner ->> 'award_value' AS numeric)) AS award_value
            FROM jsonb_array_elements(CASE WHEN jsonb_typeof(f.awards) = 'array' THEN f.awards END) AS listed (winner)
        ) AS w
        CROSS JOIN LATERAL (
            SELECT CASE w.contracts WHEN 0 THEN f.contract_value WHEN w.winners THEN w.contract_value END AS contract_value,
                   CASE w.negotiations WHEN 0 THEN f.negotiated_value WHEN w.winners THEN w.negotiated_value END AS negotiated_value,
                   CASE w.corrections WHEN 0 THEN f.corrected_value WHEN w.winners THEN w.corrected_value END AS corrected_value,
                   CASE w.bids WHEN 0 THEN f.bid_value WHEN w.winners THEN w.bid_value END AS bid_value,
                   CASE w.awarded WHEN 0 THEN f.award_value WHEN w.winners THEN w.award_value END AS award_value
        ) AS a
        WHERE told.shown AND years.fiscal_year IS NOT NULL
    )
"""

# The same rows from the last version of every package, as history tells it.
_FROM_VERSIONS = """
    WITH figures AS (
        SELECT s.fiscal_year, p.kind, coalesce(s.institution, '') AS institution, coalesce(s.category, '') AS category,
               coalesce(s.method, '') AS method, coalesce(s.awarded_month, '') AS awarded_month,
               s.status, s.pagu, s.hps, s.value, s.value_basis
        FROM unnest(CAST(:packages AS bigint[])) AS piece (package_id)
        JOIN packages p ON p.id = piece.package_id
        CROSS JOIN LATERAL (
            SELECT v.state FROM package_versions v WHERE v.package_id = p.id ORDER BY v.version DESC LIMIT 1
        ) AS last
        CROSS JOIN LATERAL jsonb_to_record(last.state) AS s (
            fiscal_year integer, institution text, category text, method text, awarded_month text, status text,
            pagu numeric, hps numeric, value numeric, value_basis text, withdrawn boolean
        )
        WHERE NOT coalesce(s.withdrawn, false)
    )
"""

# The same rows from the packages themselves: whether the summaries followed them.
_FROM_PACKAGES = """
    WITH figures AS (
        SELECT fiscal_year, kind, coalesce(institution, '') AS institution, coalesce(category, '') AS category,
               coalesce(method, '') AS method, coalesce(awarded_month, '') AS awarded_month,
               status, pagu, hps, value, value_basis
        FROM unnest(CAST(:packages AS bigint[])) AS piece (package_id)
        JOIN packages p ON p.id = piece.package_id
        WHERE NOT withdrawn
    )
"""

# What one piece of packages adds to each group of its node.
_SUMS = """
    SELECT fiscal_year, kind, institution, category, method, awarded_month,
           count(*), count(*) FILTER (WHERE status = 'completed'),
           count(*) FILTER (WHERE value IS NOT NULL AND pagu IS NOT NULL),
           coalesce(sum(pagu) FILTER (WHERE value IS NOT NULL), 0),
           coalesce(sum(value) FILTER (WHERE pagu IS NOT NULL), 0),
           count(*) FILTER (WHERE value IS NOT NULL AND hps IS NOT NULL),
           coalesce(sum(hps) FILTER (WHERE value IS NOT NULL), 0),
           coalesce(sum(value) FILTER (WHERE hps IS NOT NULL), 0),
           count(*) FILTER (WHERE status = 'completed' AND value IS NULL),
           count(*) FILTER (WHERE value IS NOT NULL AND pagu IS NULL),
           count(*) FILTER (WHERE value IS NOT NULL AND hps IS NULL),
           count(*) FILTER (WHERE value_basis = 'contract'), count(*) FILTER (WHERE value_basis = 'negotiated'),
           count(*) FILTER (WHERE value_basis = 'corrected'), count(*) FILTER (WHERE value_basis = 'bid'),
           count(*) FILTER (WHERE value_basis = 'award')
    FROM figures GROUP BY 1, 2, 3, 4, 5, 6
"""

_PUBLISHED = text("""
    SELECT fiscal_year, kind, institution, category, method, month,
           packages, completed, pagu_packages, pagu_base, pagu_value, hps_packages, hps_base, hps_value,
           no_value, no_pagu, no_hps, basis_contract, basis_negotiated, basis_corrected, basis_bid, basis_award
    FROM package_summaries WHERE grain = 'awarded_trade' AND node_id = :node AND packages <> 0
""")

# Nodes with anything to compare: a summary without packages is a difference too. The least id from here on is one step in
# an index; EXISTS would be planned as if found early, and read all packages for each node that has none.
_NODES = text("""
    SELECT id, slug FROM nodes n
    WHERE id = (SELECT min(p.node_id) FROM packages p WHERE p.node_id >= n.id)
       OR id = (SELECT min(s.node_id) FROM package_summaries s WHERE s.node_id >= n.id)
    ORDER BY slug
""")
_COUNT = text("SELECT count(*) FROM packages WHERE node_id = :node")
# Every package of a node is in exactly one piece. All three columns stand in the comparison, so that only the index over
# them can begin where the last piece ended; by another, each piece would read its way through packages of other nodes.
_PIECE = text("""
    SELECT fiscal_year, id FROM packages
    WHERE node_id = :node AND (node_id, fiscal_year, id) > (:node, :fiscal_year, :id)
    ORDER BY node_id, fiscal_year, id LIMIT :limit
""")

FIGURES = (
    "packages",
    "completed",
    "by_pagu.packages",
    "by_pagu.pagu",
    "by_pagu.value",
    "by_hps.packages",
    "by_hps.hps",
    "by_hps.value",
    "left_out.no_value",
    "left_out.no_pagu",
    "left_out.no_hps",
    "basis.contract",
    "basis.negotiated",
    "basis.corrected",
    "basis.bid",
    "basis.award",
)

KEY = ("fiscal_year", "kind", "institution", "category", "method", "month")

CHECKS: Mapping[str, TextClause] = {
    "observations": text(_FROM_OBSERVATIONS + _SUMS),
    "versions": text(_FROM_VERSIONS + _SUMS),
    "packages": text(_FROM_PACKAGES + _SUMS),
}

# Sums of sums are as exact as PostgreSQL's own, whatever their size.
_EXACT = Context(prec=200, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that does not follow from what it should follow from."""

    against: str
    key: dict[str, Any]
    figure: str
    published: Any
    recomputed: Any


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared, and every difference found (at most a hundred groups per check)."""

    packages: int
    groups: int
    differences: tuple[Difference, ...]


async def verify_figures(session: ReadSession, progress: Progress | None = None, *, piece: int = PIECE) -> Verification:
    """Compare every published sum with its recomputation from observations, versions and packages.

    All pieces see one moment, for they are read in one session: what is written in between is no difference.
    """
    nodes = (await session.execute(_NODES)).all()
    counts = [(await session.execute(_COUNT, {"node": node.id})).scalar_one() for node in nodes]
    total, done, groups = sum(counts), 0, 0
    found: dict[str, list[tuple[str, Key, Sums | None, Sums | None]]] = {against: [] for against in CHECKS}
    for node in nodes:
        recomputed: dict[str, dict[Key, Sums]] = {against: {} for against in CHECKS}
        async for packages in _pieces(session, node.id, piece):
            for against, statement in CHECKS.items():
                _add(recomputed[against], await _groups(session, statement, {"packages": packages}))
            done += len(packages)
            if progress is not None:
                progress(done, total)
        published = dict(await _groups(session, _PUBLISHED, {"node": node.id}))
        groups += len(published)
        for against, differing in found.items():
            room = MOST_GROUPS - len(differing)
            differing.extend((node.slug, *group) for group in _compare(published, recomputed[against], room))
    differences = tuple(
        difference
        for against, differing in found.items()
        for group in differing
        for difference in _tell(against, *group)
    )
    return Verification(packages=done, groups=groups, differences=differences)


async def _pieces(session: ReadSession, node: int, limit: int) -> AsyncIterator[list[int]]:
    """The ids of a node's packages, so many at a time."""
    after = {"fiscal_year": 0, "id": 0}
    while rows := (await session.execute(_PIECE, {"node": node, "limit": limit, **after})).all():
        yield [row.id for row in rows]
        after = {"fiscal_year": rows[-1].fiscal_year, "id": rows[-1].id}


async def _groups(session: ReadSession, statement: TextClause, parameters: Mapping[str, Any]) -> list[tuple[Key, Sums]]:
    rows = (await session.execute(statement, parameters)).all()
    return [(tuple(row[: len(KEY)]), tuple(row[len(KEY) :])) for row in rows]


def _add(sums: dict[Key, Sums], piece: Sequence[tuple[Key, Sums]]) -> None:
    for key, more in piece:
        before = sums.get(key)
        sums[key] = more if before is None else tuple(map(_plus, before, more))


def _plus(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    return one + other if isinstance(one, int) and isinstance(other, int) else _EXACT.add(one, other)


def _compare(
    published: Mapping[Key, Sums], recomputed: Mapping[Key, Sums], limit: int
) -> list[tuple[Key, Sums | None, Sums | None]]:
    """The first groups that differ, in order; a group that only one side has differs too."""
    differing = (key for key in published.keys() | recomputed.keys() if published.get(key) != recomputed.get(key))
    first = islice(sorted(differing, key=lambda key: [(part is None, part) for part in key]), limit)
    return [(key, published.get(key), recomputed.get(key)) for key in first]


def _tell(against: str, node: str, key: Key, published: Sums | None, recomputed: Sums | None) -> list[Difference]:
    nothing = (None,) * len(FIGURES)
    where = {"node": node, **dict(zip(KEY, key, strict=True))}
    return [
        Difference(against, where, figure, ours, theirs)
        for figure, ours, theirs in zip(FIGURES, published or nothing, recomputed or nothing, strict=True)
        if ours != theirs
    ]
