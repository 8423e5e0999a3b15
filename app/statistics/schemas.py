"""What all answers of statistics have in common over HTTP: keys, coverage, formula, explanation."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from app.kit.web.schema import Message, Schema


class GroupKeys(Schema):
    """Only the keys asked for by `group_by` are present; null is the group of the unknown."""

    node: Annotated[str, Field(examples=["surabaya"])] = ""
    region: Annotated[str | None, Field(examples=["35.78"])] = None
    province: Annotated[str | None, Field(examples=["35"])] = None
    institution: Annotated[str | None, Field(examples=["D181"])] = None
    fiscal_year: Annotated[int, Field(examples=[2025])] = 0
    kind: Annotated[str, Field(examples=["tender"])] = ""
    category: Annotated[str | None, Field(examples=["works"])] = None
    method: Annotated[str | None, Field(examples=["tender"])] = None
    month: Annotated[str | None, Field(description="On the node's clock.", examples=["2025-07"])] = None
    fund_sources: Annotated[
        str | None, Field(description="All fund sources of a package together.", examples=["APBD"])
    ] = None
    explain: Annotated[
        str | None,
        Field(
            description="The list of exactly the packages of this group; with `&` and the words of `explain.parts`, of a part.",
            examples=["/api/v1/packages?node=surabaya&kind=tender&withdrawn=false"],
        ),
    ]


class FormulaRead(Schema):
    """A published formula: which one, in which version, and what it says."""

    id: Annotated[str, Field(examples=["savings"])]
    version: Annotated[int, Field(description="Changes with what is computed.", examples=[1])]
    title: Message
    definition: Message


class FormulaList(Schema):
    """All published formulas."""

    items: list[FormulaRead]


class CoverageRead(Schema):
    """How much of what was asked about has been read from its source."""

    nodes: Annotated[int, Field(description="Active nodes concerned.")]
    collected_nodes: Annotated[
        int, Field(description="Of these, once read completely for every fiscal year asked for.")
    ]
    fresh_nodes: Annotated[int, Field(description="Of these, within the last 48 hours.")]
    oldest_at: Annotated[datetime | None, Field(description="The oldest complete reading among them.")]
    newest_at: Annotated[datetime | None, Field(description="The newest complete reading among them.")]


NewestReading = Annotated[
    datetime | None, Field(description="The newest complete reading the figures rest on; null if none.")
]


class Explanation(Schema):
    """How to see the packages behind each number of an item."""

    parts: Annotated[
        dict[str, str],
        Field(
            description="What to put behind `&` of an item's `explain` to see the packages of one number.",
            examples=[{"by_pagu": "status=completed&known=value&known=pagu"}],
        ),
    ]


FigureT = TypeVar("FigureT", bound=Schema)
ItemT = TypeVar("ItemT", bound=Schema)


class StatisticRead(Schema, Generic[ItemT, FigureT]):
    """Figures per group and in total, with what they rest on."""

    items: list[ItemT]
    total: FigureT
    as_of: Annotated[
        datetime | None,
        Field(
            description="The moment asked for; without one the newest complete reading the figures rest on, null if none."
        ),
    ]
    coverage: CoverageRead
    formula: FormulaRead
    explain: Explanation
