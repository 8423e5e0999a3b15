"""What reconciliation says over HTTP."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from app.core.vocabulary import PackageKind, ValueBasis
from app.kit.web.schema import Amount, Message, OptionalRatio, Page, Schema
from app.statistics.reconciliation.judging import Population, Verdict
from app.statistics.reported_schemas import SourceDocumentRead
from app.statistics.schemas import CoverageRead, FormulaRead, NewestReading

TotalName = Literal["packages", "pagu", "hps", "value", "savings"]
_NUMBER: dict[str, Any] = {"type": ["number", "null"], "examples": [165146000.00]}
Figure = Annotated[
    Decimal | int | None,
    WithJsonSchema(_NUMBER | {"description": "Rupiah exact to the sen, or packages; null when unknown."}),
]
Judged = Annotated[
    Verdict,
    Field(description="equal, close (within 1 percent) or differs; not_computed and not_reported lack a side."),
]


class GapRead(Schema):
    """One total on both sides."""

    reported: Figure
    computed: Figure
    gap: Annotated[
        Decimal | int | None, WithJsonSchema(_NUMBER | {"description": "Reported less computed; null without both."})
    ]
    ratio: OptionalRatio
    verdict: Annotated[
        Literal[Verdict.EQUAL, Verdict.CLOSE, Verdict.DIFFERS] | None, Field(description="Null without both sides.")
    ]


class ComparisonRead(Schema):
    """What is stated against what each population gives; the formula says which packages these are."""

    completed: Annotated[dict[TotalName, GapRead], Field(description="Against completed packages.")]
    all: Annotated[dict[TotalName, GapRead], Field(description="Against all packages.")]
    savings_base: Annotated[Literal["pagu", "hps"], Field(description="What the savings compared are counted against.")]
    judged_by: Annotated[Population | None, Field(description="The population that fits better.")]
    verdict: Judged


class StatementRead(Schema):
    """The statement that was compared; all of it stands under the node's reported figures."""

    revision: Annotated[int, Field(examples=[1])]
    savings_base: Annotated[Literal["pagu", "hps"] | None, Field(description="As the node names it.")]
    stated_on: date | None
    stated_by: Literal["node", "province"]
    received_at: datetime
    source_document: SourceDocumentRead | None


class RestsOnRead(Schema):
    """How many packages of the node and year, of all kinds, the computed side rests on and lacks amounts of."""

    packages: int
    completed: int
    pagu_known: int
    hps_known: Annotated[int, Field(description="Of tenders and non-tenders.")]
    value_known: Annotated[int, Field(description="Of completed tenders and non-tenders.")]
    no_value: Annotated[int, Field(description="Completed tenders and non-tenders of which no agreed amount is known.")]
    no_pagu: Annotated[int, Field(description="Tenders and non-tenders with a value but no pagu.")]
    no_hps: Annotated[int, Field(description="Tenders and non-tenders with a value but no HPS.")]


class ReconciliationItem(ComparisonRead):
    """One node and fiscal year."""

    node: Annotated[str, Field(examples=["surabaya"])]
    name: Annotated[str, Field(examples=["LPSE Kota Surabaya"])]
    region: Annotated[str | None, Field(description="The node's own.", examples=["35.78"])]
    province: Annotated[str | None, Field(description="The node's own.", examples=["35"])]
    fiscal_year: Annotated[int, Field(examples=[2025])]
    statement: Annotated[StatementRead | None, Field(description="Null where the node has stated nothing.")]
    kinds: Annotated[
        dict[PackageKind, ComparisonRead], Field(description="The same for each kind that the statement tells apart.")
    ]
    rests_on: RestsOnRead
    message: Message


class GrandGapRead(Schema):
    """One total over all rows of which both sides are known."""

    rows: Annotated[int, Field(description="Nodes and years of which both sides are known.")]
    reported: Figure
    computed: Figure
    gap: Figure
    ratio: OptionalRatio


class ReconciliationTotal(Schema):
    """All rows of the list, not only those of the page."""

    rows: int
    verdicts: Annotated[dict[Verdict, int], Field(description="How many rows each verdict has.")]
    completed: dict[TotalName, GrandGapRead]
    all: dict[TotalName, GrandGapRead]


class ReconciliationRead(Page[ReconciliationItem]):
    """What nodes report against what is computed, by node and fiscal year."""

    total: ReconciliationTotal
    as_of: NewestReading
    coverage: CoverageRead
    formula: FormulaRead


AmountName = Literal[
    "pagu", "hps", "contract_value", "negotiated_value", "corrected_value", "bid_value", "award_value", "realized_value"
]
assert {f"{basis}_value" for basis in ValueBasis} < set(AmountName.__args__)  # type: ignore[attr-defined]  # typing has it
Source = Annotated[
    str, Field(description="An interface; what was pushed says in which shape (push:ocds).", examples=["spse"])
]


class StatusDifferenceRead(Schema):
    """How often two sources state another status."""

    both: Annotated[int, Field(description="Packages of which both state it.")]
    differ: int


class AmountDifferenceRead(StatusDifferenceRead):
    """How often, and by how much, two sources state another amount."""

    difference: Annotated[
        Amount, Field(description="Σ(source − other), signed: what stands against each other cancels out.")
    ]
    absolute: Annotated[Amount, Field(description="Σ|source − other|.")]


class SourcePairRead(Schema):
    """Two sources on the same packages. `source` is the one that the hub believes first."""

    source: Source
    other: Source
    packages: Annotated[int, Field(description="Packages that both show now.")]
    differing: Annotated[int, Field(description="Of these, with any compared field that is not the same.")]
    status: StatusDifferenceRead
    amounts: dict[AmountName, AmountDifferenceRead]
    message: Message


class DifferingPackage(Schema):
    """A package on which sources differ; its page shows what each of them says."""

    kind: PackageKind
    code: Annotated[str, Field(examples=["10001000"])]


class SourcesItem(SourcePairRead):
    """Two sources on the packages of one node and fiscal year."""

    node: Annotated[str, Field(examples=["surabaya"])]
    fiscal_year: Annotated[int, Field(examples=[2025])]
    examples: Annotated[list[DifferingPackage], Field(description="The first five packages that differ.")]


class SourcesRead(Schema):
    """What one source says against another."""

    items: list[SourcesItem]
    total: Annotated[list[SourcePairRead], Field(description="Each pair of sources over all items.")]
    as_of: NewestReading
    coverage: CoverageRead
    formula: FormulaRead
