"""What statistics say over HTTP."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.kit.web.schema import Amount, Message, OptionalRatio, Schema


class SavingsByPagu(Schema):
    """Savings against the budget ceiling, over exactly `packages` packages."""

    packages: int
    pagu: Amount
    value: Amount
    savings: Amount
    ratio: OptionalRatio


class SavingsByHPS(Schema):
    """Savings against the owner's estimate, over exactly `packages` packages."""

    packages: int
    hps: Amount
    value: Amount
    savings: Amount
    ratio: OptionalRatio


class LeftOut(Schema):
    """Completed packages that a block could not count, by reason."""

    no_value: Annotated[int, Field(description="Completed, but no agreed amount is known: in neither block.")]
    no_pagu: Annotated[int, Field(description="Has a value but no pagu: not in by_pagu.")]
    no_hps: Annotated[int, Field(description="Has a value but no HPS: not in by_hps.")]


class BasisCounts(Schema):
    """How many values rest on which amount."""

    contract: int
    negotiated: int
    corrected: int
    bid: int
    award: int


class SavingsFigure(Schema):
    """One savings figure and what it rests on."""

    packages: Annotated[
        int, Field(description="All tender and non-tender packages of the group, whatever their status.")
    ]
    completed: int
    by_pagu: SavingsByPagu
    by_hps: SavingsByHPS
    left_out: LeftOut
    basis: BasisCounts


class SavingsItem(SavingsFigure):
    """The figure of one group. Only the keys asked for by `group_by` are present; null is the group of the unknown."""

    model_config = ConfigDict(extra="allow")

    node: Annotated[str, Field(examples=["surabaya"])] = ""
    region: Annotated[str | None, Field(examples=["35.78"])] = None
    institution: Annotated[str | None, Field(examples=["D181"])] = None
    fiscal_year: Annotated[int, Field(examples=[2025])] = 0
    kind: Annotated[str, Field(examples=["tender"])] = ""
    category: Annotated[str | None, Field(examples=["works"])] = None
    method: Annotated[str | None, Field(examples=["tender"])] = None
    month: Annotated[str | None, Field(description="Month of the award on the node's clock.", examples=["2025-07"])] = (
        None
    )


class Formula(Schema):
    """Which formula, in which version, and what it says."""

    id: Annotated[str, Field(examples=["savings"])]
    version: Annotated[int, Field(examples=[1])]
    definition: Message


class CoverageRead(Schema):
    """How much of what was asked about has been read from its source."""

    nodes: Annotated[int, Field(description="Active nodes concerned.")]
    collected_nodes: Annotated[
        int, Field(description="Of these, once read completely for every fiscal year asked for.")
    ]
    fresh_nodes: Annotated[int, Field(description="Of these, within the last 48 hours.")]
    oldest_at: Annotated[datetime | None, Field(description="The oldest complete reading among them.")]


class SavingsRead(Schema):
    """Savings per group and in total, with what they rest on."""

    items: list[SavingsItem]
    total: SavingsFigure
    as_of: Annotated[
        datetime | None, Field(description="The newest complete reading the figures rest on; null if none.")
    ]
    coverage: CoverageRead
    formula: Formula
