"""What does not add up: exact percentiles of days, and how value is spread over suppliers, by group."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from app.kit.db import ReadSession
from app.statistics.queries import Group
from app.statistics.questions import Dimension
from app.statistics.relations import COLUMNS, Scope, duration_rows, joins, supplier_rows


def _grouped(group_by: Sequence[Dimension]) -> tuple[str, str, str, list[str]]:
    """The keys selected, the columns grouped by, whether a row is the total, and the names of the keys."""
    names = [f"key_{dimension}" for dimension in group_by]
    selected = "".join(f"{COLUMNS[dimension]} AS key_{dimension}, " for dimension in group_by)
    columns = ", ".join(COLUMNS[dimension] for dimension in group_by)
    return selected, columns, f"GROUPING({columns}) <> 0" if columns else "true", names


async def spans_of(
    session: ReadSession, scope: Scope, group_by: Sequence[Dimension]
) -> dict[Group | None, dict[tuple[str, str], dict[str, Any]]]:
    """Per group, span and date basis: how many packages, median and p90 of their days, how many in an impossible order.

    A percentile lies at (n − 1) · p among n sorted days, interpolated between its two neighbours as PostgreSQL's
    percentile_cont does; it is computed in whole numbers, so it is exact.
    """
    source = duration_rows(scope)
    selected, columns, is_total, names = _grouped(group_by)
    keys = ", ".join([*names, "is_total", "span", "date_basis"])
    statement = f"""
        {source.tables + "," if source.tables else "WITH"} taken AS (
            SELECT {selected}{is_total} AS is_total, s.span, s.date_basis, s.days,
                   CAST(sum(s.packages) AS bigint) AS packages
            FROM ({source.rows}) AS s {joins(group_by)}
            GROUP BY GROUPING SETS ({f"({columns}, s.span, s.date_basis, s.days), " if columns else ""}(s.span, s.date_basis, s.days))
            HAVING sum(s.packages) <> 0
        ),
        sorted AS (
            SELECT *, CAST(sum(packages) FILTER (WHERE days >= 0) OVER (PARTITION BY {keys} ORDER BY days) AS bigint) AS upto,
                   CAST(sum(packages) FILTER (WHERE days >= 0) OVER (PARTITION BY {keys}) AS bigint) AS counted
            FROM taken
        )
        SELECT {keys}, coalesce(max(counted), 0) AS packages,
               coalesce(CAST(sum(packages) FILTER (WHERE days < 0) AS bigint), 0) AS out_of_order,
               min(days) FILTER (WHERE upto > (counted - 1) / 2) AS half_low,
               min(days) FILTER (WHERE upto > counted / 2) AS half_high,
               min(days) FILTER (WHERE upto > 9 * (counted - 1) / 10) AS ninety_low,
               min(days) FILTER (WHERE upto > (9 * (counted - 1) + 9) / 10) AS ninety_high
        FROM sorted GROUP BY {keys}
    """  # noqa: S608 (columns and conditions are constants of this room)
    found: dict[Group | None, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    for row in (await session.execute(text(statement), source.parameters)).mappings():
        key = None if row["is_total"] else tuple(row[name] for name in names)
        steps = row["packages"] - 1
        found[key][row["span"], row["date_basis"]] = {
            "packages": row["packages"],
            "median": _between(row["half_low"], row["half_high"], 5 * steps % 10),
            "p90": _between(row["ninety_low"], row["ninety_high"], 9 * steps % 10),
            "out_of_order": row["out_of_order"],
        }
    return found


def _between(low: int | None, high: int | None, tenths: int) -> Decimal | None:
    """So many tenths of the way from one day to the next."""
    if low is None:
        return None
    return low + (high - low) * Decimal(tenths) / 10 if tenths and high is not None else Decimal(low)


async def suppliers_of(
    session: ReadSession, scope: Scope, group_by: Sequence[Dimension]
) -> dict[Group | None, dict[str, Any]]:
    """Per group: how many suppliers won, how many of them are new, and how agreed value is spread over them."""
    source = supplier_rows(scope)
    selected, columns, is_total, names = _grouped(group_by)
    keys = ", ".join([*names, "is_total"])
    if scope.as_of is None:
        first = """(
            SELECT min(w.fiscal_year) FROM supplier_summaries w WHERE w.supplier_id = t.supplier_id AND w.awards <> 0
        )"""
        beginnings = ""
    else:
        everywhere = supplier_rows(scope, everywhere=True)
        first = "b.first_year"
        beginnings = f"""
            , beginnings AS (
                SELECT supplier_id, min(fiscal_year) AS first_year FROM (
                    SELECT e.supplier_id, e.fiscal_year FROM ({everywhere.rows}) AS e
                    GROUP BY 1, 2 HAVING sum(e.awards) <> 0
                ) AS years GROUP BY 1
            )"""  # noqa: S608 (the same)
    joined = "JOIN beginnings b USING (supplier_id)" if beginnings else ""
    statement = f"""
        {source.tables + "," if source.tables else "WITH"} won AS (
            SELECT {selected}{is_total} AS is_total, s.supplier_id, s.won_in, sum(s.awards) AS awards,
                   sum(s.valued) AS valued, coalesce(sum(s.value), 0) AS value
            FROM (SELECT *, fiscal_year AS won_in FROM ({source.rows}) AS r) AS s {joins(group_by)}
            GROUP BY GROUPING SETS ({f"({columns}, s.supplier_id, s.won_in), " if columns else ""}(s.supplier_id, s.won_in))
            HAVING sum(s.awards) <> 0
        ){beginnings},
        spread AS (
            SELECT {", ".join(f"t.{key}" for key in [*names, "is_total"])}, t.supplier_id, sum(t.awards) AS awards,
                   sum(t.valued) AS valued, sum(t.value) AS value, bool_or({first} = t.won_in) AS is_new
            FROM won t {joined} GROUP BY {", ".join(f"t.{key}" for key in [*names, "is_total"])}, t.supplier_id
        ),
        placed AS (
            SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY value DESC, supplier_id) AS place FROM spread
        )
        SELECT {keys}, count(*) AS suppliers, count(*) FILTER (WHERE is_new) AS new, CAST(sum(awards) AS bigint) AS awards,
               CAST(sum(valued) AS bigint) AS valued, sum(value) AS value, sum(value * value) AS squares,
               coalesce(sum(value) FILTER (WHERE place <= 1), 0) AS top_1,
               coalesce(sum(value) FILTER (WHERE place <= 5), 0) AS top_5,
               coalesce(sum(value) FILTER (WHERE place <= 10), 0) AS top_10
        FROM placed GROUP BY {keys}
    """  # noqa: S608 (the same)
    found: dict[Group | None, dict[str, Any]] = {}
    for row in (await session.execute(text(statement), source.parameters)).mappings():
        key = None if row["is_total"] else tuple(row[name] for name in names)
        found[key] = {name: row[name] for name in _SPREAD}
    return found


_SPREAD = ("suppliers", "new", "awards", "valued", "value", "squares", "top_1", "top_5", "top_10")
