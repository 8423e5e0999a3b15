"""What an answer says of what it rests on: how complete the reading behind it is, as of when, by which formula."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.formulas import Formula
from app.kit.db import ReadSession
from app.statistics.queries import Coverage, cover
from app.statistics.questions import FigureFilter


async def cover_nodes(
    session: ReadSession, slugs: Sequence[str], fiscal_years: Sequence[int], *, now: datetime
) -> Coverage:
    """How complete the reading of exactly these nodes is."""
    if not slugs:
        return Coverage(0, 0, 0, None, None)
    wanted = FigureFilter(fiscal_year=tuple(fiscal_years), node=tuple(slugs))
    return await cover(session, wanted, now=now)


def coverage_of(covered: Coverage) -> dict[str, Any]:
    """Coverage as answers show it."""
    return {
        "nodes": covered.nodes,
        "collected_nodes": covered.collected_nodes,
        "fresh_nodes": covered.fresh_nodes,
        "oldest_at": covered.oldest_at,
        "newest_at": covered.newest_at,
    }


def formula_of(formula: Formula) -> dict[str, Any]:
    """A published formula as answers show it."""
    return {
        "id": formula.id,
        "version": formula.version,
        "title": formula.title,
        "definition": formula.definition,
    }


def grounds(coverage: Coverage, formula: Formula) -> dict[str, Any]:
    """The fields `as_of`, `coverage` and `formula` of an answer."""
    return {"as_of": coverage.newest_at, "coverage": coverage_of(coverage), "formula": formula_of(formula)}
