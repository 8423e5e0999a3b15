"""What rankings say over HTTP."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from app.core.ranking import Direction, Peers, StepUnit, Unit, Volume
from app.kit.web.schema import Message, Schema
from app.statistics.schemas import CoverageRead

PeersAsked = Literal["all", "province", "regency", "city", "ministry-other"]
VolumeAsked = Literal["all", "small", "medium", "large"]

Value = Annotated[
    Decimal,
    WithJsonSchema(
        {
            "type": "number",
            "description": "The indicator: a share or score with six decimals, days with one.",
            "examples": [0.071234],
        }
    ),
]
Score = Annotated[
    Decimal,
    WithJsonSchema(
        {
            "type": "number",
            "description": "The share of the ranked peers left behind, ties counted half: 0 to 1, free of any scale.",
            "examples": [0.914286],
        }
    ),
]
_Number = Annotated[Decimal | int, WithJsonSchema({"type": "number", "examples": [10]})]
_Bound = Annotated[Decimal | int | None, WithJsonSchema({"type": ["number", "null"], "examples": [10]})]


class EligibilityRule(Schema):
    """One condition under which a node is ranked."""

    code: Annotated[
        str, Field(description="The reason of a node that fails it; stable.", examples=["too-few-packages"])
    ]
    fact: Annotated[str, Field(description="What is judged.", examples=["counted_packages"])]
    at_least: _Bound
    at_most: _Bound
    sentence: Annotated[Message, Field(description="What is said, with {found} and {needed} to be filled in.")]


class Uncertainty(Schema):
    """How the interval of a rank is found."""

    what: Message
    replicates: Annotated[int, Field(examples=[200])]
    level: Annotated[Decimal, WithJsonSchema({"type": "number", "examples": [0.9]})]
    cells_needed: Annotated[int, Field(description="With fewer cells of data a node has no interval.", examples=[4])]


class RankingFormulaRead(Schema):
    """A published ranking formula."""

    ranking: Annotated[str, Field(description="Its name in addresses.", examples=["savings"])]
    id: Annotated[str, Field(examples=["ranking-savings"])]
    version: Annotated[int, Field(description="Changes with what is computed.", examples=[1])]
    title: Message
    definition: Message
    unit: Unit
    direction: Annotated[Direction, Field(description="Which end is the better one.")]
    eligibility: list[EligibilityRule]
    uncertainty: Annotated[Uncertainty | None, Field(description="Null where nothing is estimated from a sample.")]
    step_unit: Annotated[StepUnit, Field(description="In what the way to the next place is counted.")]
    components: Annotated[list[str], Field(description="Of a composite: the rankings whose scores it means.")]
    parameters: Annotated[
        dict[str, Any], Field(description="Thresholds inside the indicator.", examples=[{"fresh_within_hours": 48}])
    ]


class NoInterval(Schema):
    """Why the rank of a node has no interval."""

    code: Annotated[str, Field(examples=["too-few-cells"])]
    message: Message


class NextPlace(Schema):
    """What would take a node to the next better place, the others standing still."""

    node: Annotated[str, Field(description="Whose place it is; the first by name of those who share it.")]
    rank: int
    value: Value
    change: Annotated[
        Decimal | int,
        WithJsonSchema(
            {
                "type": "number",
                "description": "The least change that is enough, in `unit`: rupiah exact to the sen, or a whole number.",
                "examples": [165146000.00],
            }
        ),
    ]
    unit: StepUnit
    message: Message


class RankedNode(Schema):
    """Whose node it is."""

    node: Annotated[str, Field(examples=["surabaya"])]
    name: Annotated[str, Field(examples=["LPSE Kota Surabaya"])]
    region: Annotated[str | None, Field(examples=["35.78"])]
    peers: Peers
    volume: Annotated[Volume | None, Field(description="Its third by pagu; null where no pagu is known.")]


class RankingItem(RankedNode):
    """One ranked node."""

    rank: Annotated[int, Field(description="1 is the best; equal figures share a rank and the next is skipped.")]
    rank_low: Annotated[int | None, Field(description="The better end of the interval of the rank.")]
    rank_high: Annotated[int | None, Field(description="The worse end.")]
    no_interval: NoInterval | None
    value: Value
    score: Score
    packages: Annotated[
        int | None, Field(description="How many packages the indicator rests on; null where it rests on none directly.")
    ]
    basis: Annotated[
        dict[str, Any],
        Field(
            description=(
                "The exact sums: `numerator` and `denominator` of a share (rupiah or counts), `median_days` and `p90_days` "
                "of days, `components` with rank, value and score of a composite, and what stands beside them."
            ),
            examples=[{"numerator": 11200000.50, "denominator": 100000000.00, "value": 88799999.50}],
        ),
    ]
    to_next: Annotated[NextPlace | None, Field(description="Null for the best.")]


class Reason(Schema):
    """One rule that a node fails."""

    code: Annotated[str, Field(examples=["too-few-packages"])]
    component: Annotated[str | None, Field(description="Of a composite: in which ranking.", examples=["savings"])]
    found: _Number
    needed: _Number
    message: Message


class NotRanked(RankedNode):
    """A node that is not ranked, and everything that keeps it from being ranked."""

    reasons: list[Reason]


class VolumeBounds(Schema):
    """One third of the peers by the pagu of their running and completed packages."""

    group: Volume
    nodes: int
    smallest: Annotated[Decimal, WithJsonSchema({"type": "number", "description": "Rupiah.", "examples": [1000000.00]})]
    largest: Annotated[Decimal, WithJsonSchema({"type": "number", "description": "Rupiah.", "examples": [9000000.00]})]


class RankingAsked(Schema):
    """What was ranked."""

    ranking: Annotated[str, Field(examples=["savings"])]
    formula: RankingFormulaRead
    province: list[str]
    peers: PeersAsked
    volume: VolumeAsked
    as_of: Annotated[
        datetime | None, Field(description="The newest complete reading of the nodes compared; null if none.")
    ]
    coverage: CoverageRead


class RankingRead(RankingAsked):
    """One ranking for one fiscal year: the ranked by rank, the others by name."""

    fiscal_year: int
    volumes: list[VolumeBounds]
    items: list[RankingItem]
    not_ranked: list[NotRanked]


class YearOfHistory(Schema):
    """Where a node stood in the ranking of one fiscal year; null where it is not ranked in it."""

    fiscal_year: int
    rank: int | None
    ranked: Annotated[int, Field(description="How many nodes are ranked in that year.")]
    value: Annotated[Decimal | None, WithJsonSchema({"type": ["number", "null"], "examples": [0.071234]})]
    score: Annotated[Decimal | None, WithJsonSchema({"type": ["number", "null"], "examples": [0.914286]})]


class NodeHistory(Schema):
    """One node over the years, the latest first."""

    node: Annotated[str, Field(examples=["surabaya"])]
    name: Annotated[str, Field(examples=["LPSE Kota Surabaya"])]
    region: Annotated[str | None, Field(examples=["35.78"])]
    years: list[YearOfHistory]


class RankingHistoryRead(RankingAsked):
    """The ranking of five fiscal years by node: each year as its own ranking answers today."""

    fiscal_years: list[int]
    items: list[NodeHistory]
