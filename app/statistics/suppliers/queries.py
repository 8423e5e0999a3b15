"""Questions to what suppliers won: completed tenders and non-tenders, as the sums kept by the writers say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.kit.db import ReadSession


@dataclass(frozen=True, slots=True)
class SupplierFilter:
    """Whose wins are asked for, and which of them; empty means any. Values of one field are alternatives."""

    fiscal_year: tuple[int, ...] = ()
    province: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    institution: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    q: str | None = None


_CONDITIONS = {
    "fiscal_year": "w.fiscal_year = ANY(CAST(:fiscal_year AS integer[]))",
    "province": "w.institution IN (SELECT kd_klpd FROM institutions WHERE left(region, 2) = ANY(CAST(:province AS text[])))",
    "region": "w.institution IN (SELECT kd_klpd FROM institutions WHERE region = ANY(CAST(:region AS text[])))",
    "institution": "w.institution = ANY(CAST(:institution AS text[]))",
    "node": "w.node_id IN (SELECT id FROM nodes WHERE slug = ANY(CAST(:node AS text[])))",
    "kind": "w.kind = ANY(CAST(:kind AS text[]))",
    # All words must be there. There is no way to exclude one, by which hidden words could be asked for one by one.
    "q": "to_tsvector('simple', s.name) @@ plainto_tsquery('simple', :q)",
}
_SUMS = """
    sum(w.awards) AS awards, sum(w.valued) AS valued, sum(w.value) AS value,
    min(w.fiscal_year) AS first_fiscal_year, max(w.fiscal_year) AS last_fiscal_year
"""


async def list_suppliers(
    session: ReadSession, wanted: SupplierFilter, *, after: int, limit: int
) -> Sequence[dict[str, Any]]:
    """Suppliers that won something of what is asked for, by id, with what they won of it."""
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) not in {None, ()}}
    # What was won once and is not any longer leaves a row of zeros.
    conditions = " AND ".join(("w.awards <> 0", "w.supplier_id > :after", *(_CONDITIONS[name] for name in given)))
    statement = f"""
        SELECT s.id, s.name, s.npwp, {_SUMS} FROM supplier_summaries w JOIN suppliers s ON s.id = w.supplier_id
        WHERE {conditions} GROUP BY w.supplier_id, s.id ORDER BY w.supplier_id LIMIT :limit
    """  # noqa: S608 (conditions are constants of this module)
    parameters = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    rows = await session.execute(text(statement), {**parameters, "after": after, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def find_by_words(session: ReadSession, words: dict[int, str], q: str) -> set[int]:
    """Which of the texts a search finds."""
    answer = await session.execute(
        text("""
            SELECT id FROM unnest(CAST(:ids AS bigint[]), CAST(:texts AS text[])) AS shown (id, words)
            WHERE to_tsvector('simple', words) @@ plainto_tsquery('simple', :q)
        """),
        {"ids": list(words), "texts": list(words.values()), "q": q},
    )
    return set(answer.scalars())


async def find_supplier(session: ReadSession, supplier: int) -> dict[str, Any] | None:
    """Who it is, and what was won in all: zeros where nothing stands any longer."""
    rows = await session.execute(
        text("""
            SELECT s.id, s.name, s.npwp, coalesce(sum(w.awards), 0) AS awards, coalesce(sum(w.valued), 0) AS valued,
                   coalesce(sum(w.value), 0.00) AS value,
                   min(w.fiscal_year) AS first_fiscal_year, max(w.fiscal_year) AS last_fiscal_year
            FROM suppliers s LEFT JOIN supplier_summaries w ON w.supplier_id = s.id AND w.awards <> 0
            WHERE s.id = :supplier GROUP BY s.id
        """),
        {"supplier": supplier},
    )
    row = rows.mappings().one_or_none()
    return None if row is None else dict(row)


async def list_places(session: ReadSession, supplier: int) -> Sequence[dict[str, Any]]:
    """What a supplier won by node and fiscal year."""
    rows = await session.execute(
        text("""
            SELECT n.slug AS node, w.fiscal_year, sum(w.awards) AS awards, sum(w.valued) AS valued, sum(w.value) AS value
            FROM supplier_summaries w JOIN nodes n ON n.id = w.node_id
            WHERE w.supplier_id = :supplier AND w.awards <> 0
            GROUP BY n.slug, w.fiscal_year ORDER BY n.slug, w.fiscal_year
        """),
        {"supplier": supplier},
    )
    return [dict(row) for row in rows.mappings()]
