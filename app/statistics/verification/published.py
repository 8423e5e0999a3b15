"""What is published: every column of the three tables of sums, and of which nodes there is anything at all."""

from dataclasses import dataclass
from datetime import UTC, tzinfo

from sqlalchemy import Table, text

from app.core.dates import TimeZone
from app.kit.db import ReadSession
from app.statistics import tables
from app.statistics.verification.meaning import GRAINS
from app.statistics.verification.sums import Groups

PUBLISHED = (tables.package_summaries, tables.duration_summaries, tables.supplier_summaries)

KEYS = {
    str(table.name): tuple(
        str(column.name) for column in table.primary_key if column.name not in {"node_id", "supplier_id"}
    )
    + (("supplier",) if "supplier_id" in table.c else ())
    for table in PUBLISHED
}
FIGURES = {
    str(table.name): tuple(str(column.name) for column in table.columns if not column.primary_key)
    for table in PUBLISHED
}
"""Whatever columns a table has: one that nobody recomputes is a difference as soon as it holds anything."""


def _rows_of(table: Table) -> str:
    """All rows of a node, suppliers by what they are known by. Most numbers of most groups are nothing, and cost least as NULL."""
    supplier = "coalesce((SELECT s.identity FROM suppliers s WHERE s.id = supplier_id), 'supplier ' || supplier_id)"
    key = [supplier if name == "supplier" else name for name in KEYS[table.name]]
    figures = [f"nullif({name}, 0)" for name in FIGURES[table.name]]
    grained = f" AND grain IN ({', '.join(repr(grain) for grain in GRAINS)})" if "grain" in table.c else ""
    return f"SELECT {', '.join((*key, *figures))} FROM {table.name} WHERE node_id = :node{grained}"  # noqa: S608 (names of our own)


_ROWS = {str(table.name): text(_rows_of(table)) for table in PUBLISHED}


async def read_published(session: ReadSession, node: int) -> Groups:
    """All groups of a node that hold anything. One that has lost its last package stays as a row of zeros, which is none."""
    found: Groups = {}
    for table, rows in _ROWS.items():
        length, figures = len(KEYS[table]), FIGURES[table]
        for row in await session.execute(rows, {"node": node}):
            if sums := {name: number for name, number in zip(figures, row[length:], strict=True) if number is not None}:
                found[table, *row[:length]] = sums
    return found


# A node has something to compare if any of these has a row of it: sums without packages are a difference too. The least id
# behind the last one is one step in an index; DISTINCT would read all rows.
_HELD = (
    "FROM packages WHERE node_id",
    *(f"FROM package_summaries WHERE grain = '{grain}' AND node_id" for grain in GRAINS),
    "FROM duration_summaries WHERE node_id",
    "FROM supplier_summaries WHERE node_id",
)
_NODES = text(f"""
    WITH RECURSIVE held (node_id) AS (
        SELECT CAST(0 AS bigint)
        UNION ALL
        SELECT least({", ".join(f"(SELECT min(node_id) {rows} > held.node_id)" for rows in _HELD)})
        FROM held WHERE held.node_id IS NOT NULL
    )
    SELECT held.node_id AS id, coalesce(n.slug, 'node ' || held.node_id) AS slug, n.time_zone
    FROM held LEFT JOIN nodes n ON n.id = held.node_id
    WHERE held.node_id > 0 ORDER BY slug
""")  # noqa: S608 (constants of our own)
_COUNT = text("SELECT count(*) FROM packages WHERE node_id = :node")


@dataclass(frozen=True, slots=True)
class Holder:
    """A node with packages, or with sums at least."""

    id: int
    slug: str
    clock: tzinfo
    packages: int


async def read_holders(session: ReadSession) -> list[Holder]:
    holders: list[Holder] = []
    for node in (await session.execute(_NODES)).all():
        packages = (await session.execute(_COUNT, {"node": node.id})).scalar_one()
        clock = TimeZone(node.time_zone).info if node.time_zone else UTC
        holders.append(Holder(node.id, node.slug, clock, packages))
    return holders
