"""What an answer says of what it rests on: how complete the reading behind it is, as of when, by which formula."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from app.core.formulas import Formula
from app.kit.db import ReadSession
from app.kit.web.schema import Message, Schema
from app.statistics.queries import Coverage, FigureFilter, cover


class AppliedFormula(Schema):
    """The published formula by which an answer was computed."""

    id: Annotated[str, Field(examples=["reconciliation"])]
    version: Annotated[int, Field(description="Changes with what is computed.", examples=[1])]
    title: Message
    definition: Message


class ReadingCoverage(Schema):
    """How much of what was asked about has been read from its source."""

    nodes: Annotated[int, Field(description="Active nodes concerned.")]
    collected_nodes: Annotated[
        int, Field(description="Of these, once read completely for every fiscal year asked for.")
    ]
    fresh_nodes: Annotated[int, Field(description="Of these, within the last 48 hours.")]
    oldest_at: Annotated[datetime | None, Field(description="The oldest complete reading among them.")]


AsOf = Annotated[
    datetime | None,
    Field(description="The newest complete reading the figures rest on; null if none."),
]


async def cover_nodes(
    session: ReadSession, slugs: Sequence[str], fiscal_years: Sequence[int], *, now: datetime
) -> Coverage:
    """How complete the reading of exactly these nodes is."""
    if not slugs:
        return Coverage(0, 0, 0, None, None)
    wanted = FigureFilter(fiscal_year=tuple(fiscal_years), node=tuple(slugs))
    return await cover(session, wanted, now=now)


async def cover_places(session: ReadSession, wanted: FigureFilter, *, now: datetime) -> Coverage:
    """How complete the reading of all nodes is that the places asked for use."""
    return await cover(session, wanted, now=now)


def grounds(coverage: Coverage, formula: Formula) -> dict[str, Any]:
    """The fields `as_of`, `coverage` and `formula` of an answer."""
    return {
        "as_of": coverage.newest_at,
        "coverage": {
            "nodes": coverage.nodes,
            "collected_nodes": coverage.collected_nodes,
            "fresh_nodes": coverage.fresh_nodes,
            "oldest_at": coverage.oldest_at,
        },
        "formula": {
            "id": formula.id,
            "version": formula.version,
            "title": formula.title,
            "definition": formula.definition,
        },
    }
