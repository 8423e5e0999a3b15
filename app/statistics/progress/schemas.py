"""What the progress of e-procurement says over HTTP."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from app.core.vocabulary import NodeState, PackageKind
from app.kit.web.schema import Amount, Message, OptionalAmount, OptionalRatio, Page, Schema
from app.statistics.schemas import CoverageRead, FormulaRead, NewestReading

OptionalPoints = Annotated[
    Decimal | None,
    WithJsonSchema({"type": ["number", "null"], "description": "Points, six decimals; null when not known."}),
]
OutdatedFlag = Annotated[
    bool | None, Field(description="Whether a newer version is seen on the hub; null when that cannot be said.")
]
Behind = Annotated[int | None, Field(description="How many newer versions are seen on the hub.", examples=[1])]
DaysBehind = Annotated[
    int | None, Field(description="Days between the day in this version's name and that in the newest one's.")
]
SoftwareVersion = Annotated[str | None, Field(examples=["4.5u20250321"])]


class PackageAmounts(Schema):
    """How many packages there are, whatever their status, and their pagu."""

    packages: int
    completed: int
    pagu_known: Annotated[int, Field(description="Packages whose pagu is known.")]
    pagu: OptionalAmount


class ShareRead(Schema):
    """A part of all packages and of all pagu."""

    packages: int
    pagu: Amount
    packages_ratio: OptionalRatio
    pagu_ratio: OptionalRatio


class ComponentRead(Schema):
    """One component of ITKP; where it cannot be computed, `missing` says which data that would take."""

    id: Annotated[str, Field(examples=["e_contract"])]
    title: Message
    weight: Annotated[int, Field(description="Points it can give.", examples=[5])]
    available: Annotated[bool, Field(description="Whether the hub's data give it.")]
    unit: Annotated[
        Literal["packages", "rupiah"] | None, Field(description="Of both sides; null where it is no ratio of either.")
    ]
    numerator: Annotated[
        Decimal | int | None,
        WithJsonSchema(
            {"type": ["number", "null"], "description": "What is known of it, also without the other side."}
        ),
    ]
    denominator: Annotated[
        Decimal | int | None, WithJsonSchema({"type": ["number", "null"], "description": "Null when not known."})
    ]
    ratio: OptionalRatio
    points: OptionalPoints
    missing: Annotated[Message | None, Field(description="Which data are missing; null where it is available.")]


class ITKPRead(Schema):
    """ITKP as far as it can be computed. It is not the index: compare `points` to `points_possible` only."""

    points: OptionalPoints
    points_possible: Annotated[int, Field(description="Of the components that are available.", examples=[5])]
    points_of_all: Annotated[int, Field(description="Of all components.", examples=[100])]
    components: list[ComponentRead]


class ProgressFigure(PackageAmounts):
    """How far e-procurement has come; the formula says what each part is."""

    kinds: dict[PackageKind, PackageAmounts]
    planned: ShareRead
    electronic: ShareRead
    recorded: ShareRead
    itkp: ITKPRead


class HostRead(Schema):
    """A node that a government uses, and its SPSE."""

    node: Annotated[str, Field(examples=["surabaya"])]
    name: Annotated[str, Field(examples=["LPSE Kota Surabaya"])]
    state: NodeState
    is_own: Annotated[bool, Field(description="Whether it is the government's own; else another's on which it buys.")]
    packages: Annotated[int, Field(description="Packages of this government and year on it.")]
    software_version: SoftwareVersion
    version_seen_at: Annotated[
        datetime | None, Field(description="When a run or probe last met a page of it; null if that was not kept.")
    ]
    outdated: OutdatedFlag
    releases_behind: Behind
    days_behind: DaysBehind


class ProgressItem(ProgressFigure):
    """One local government and fiscal year."""

    region: Annotated[str, Field(description="Kemendagri code.", examples=["35.78"])]
    name: Annotated[str, Field(examples=["Kota Surabaya"])]
    type: Literal["provinsi", "kabupaten", "kota"]
    province: Annotated[str, Field(examples=["35"])]
    fiscal_year: Annotated[int, Field(examples=[2025])]
    nodes: Annotated[list[HostRead], Field(description="Those with packages of it first, most of them first.")]


class ProgressTotal(ProgressFigure):
    """All governments and years of the list, not only those of the page."""

    rows: Annotated[int, Field(description="Governments and years of the list.")]


class SoftwareVersionRead(Schema):
    """One SPSE version and who runs it."""

    version: Annotated[str, Field(examples=["4.5u20250321"])]
    released_on: Annotated[date | None, Field(description="The day in its name; null where it names none.")]
    nodes: int
    slugs: Annotated[list[str], Field(description="The nodes that run it.", examples=[["surabaya"]])]
    outdated: OutdatedFlag
    releases_behind: Behind
    days_behind: DaysBehind


class SoftwareRead(Schema):
    """Which SPSE versions the active nodes of the places asked for run."""

    current: Annotated[
        str | None,
        Field(description="The newest version seen on any active node of the hub.", examples=["4.5u20250321"]),
    ]
    nodes: Annotated[int, Field(description="Active nodes of the places asked for.")]
    outdated: Annotated[int, Field(description="Of these, with an older version than the current.")]
    unknown: Annotated[int, Field(description="Of these, whose version nothing has been seen of.")]
    unknown_slugs: list[str]
    versions: Annotated[list[SoftwareVersionRead], Field(description="Newest first.")]


class ProgressRead(Page[ProgressItem]):
    """How far e-procurement has come, by local government and fiscal year."""

    total: ProgressTotal
    software: SoftwareRead
    as_of: NewestReading
    coverage: CoverageRead
    formula: FormulaRead
