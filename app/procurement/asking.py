"""The filters of packages over HTTP: the same for their list and for whatever else speaks of the same packages."""

from decimal import Decimal
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus, ValueBasis
from app.kit.web.schema import MomentBound
from app.procurement.counting import COUNTED_IN
from app.procurement.filtering import Fact, PackageFilter
from app.registry.schemas import InstitutionCode, ProvinceCode, RegionCode


def _comparable(amount: Decimal) -> Decimal:
    """PostgreSQL compares with some 16,000 decimal places; whoever sends more means no amount."""
    if amount.as_tuple().exponent < -1000:  # type: ignore[operator]  # finite: the bounds have refused NaN and Infinity
        msg = "has too many decimal places"
        raise ValueError(msg)
    return amount


NodeSlugs = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]{1,63}$")]],
    Query(description="Slugs of nodes.", max_length=800),
]
AmountBound = Annotated[
    Annotated[
        Decimal,
        Field(ge=0, lt=10**18),
        AfterValidator(_comparable),
        WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 10**18}),
    ]
    | None,
    Query(description="Rupiah, inclusive."),
]
Facts = Annotated[
    list[Fact],
    Query(
        description="Unlike other filters, all of those named must hold.",
        max_length=len(Fact),
    ),
]


def _is_a_sum(name: str) -> str:
    if name not in COUNTED_IN:
        msg = f"must be one of {', '.join(COUNTED_IN)}"
        raise ValueError(msg)
    return name


CountedIn = Annotated[
    list[Annotated[str, AfterValidator(_is_a_sum), WithJsonSchema({"type": "string", "enum": list(COUNTED_IN)})]],
    Query(
        description="Only packages that figures count there; an answer's `explain.parts` names these sums. "
        "Unlike other filters, all of those named must hold.",
        max_length=len(COUNTED_IN),
        examples=[["pagu_packages"]],
    ),
]
Months = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$")]],
    Query(description="Months on the node's clock.", max_length=200, examples=[["2025-07"]]),
]
DaysBound = Annotated[
    int | None,
    Query(ge=-100_000, le=100_000, description="Calendar days, inclusive. Figures leave out what is below 0."),
]
BiddersBound = Annotated[int | None, Query(ge=0, le=1_000_000, description="Offers, inclusive.")]


def _wanted(
    node: NodeSlugs = [],  # noqa: B006 (FastAPI copies defaults)
    region: Annotated[
        list[RegionCode], Query(description="Governments: their own institutions, wherever they buy.", max_length=600)
    ] = [],  # noqa: B006
    province: Annotated[list[ProvinceCode], Query(description="All institutions below that code.", max_length=50)] = [],  # noqa: B006
    institution: Annotated[list[InstitutionCode], Query(description="kd_klpd.", max_length=600)] = [],  # noqa: B006
    fiscal_year: Annotated[
        list[Annotated[int, Query(ge=2000, le=2100)]], Query(description="Fiscal years.", max_length=50)
    ] = [],  # noqa: B006
    kind: Annotated[list[PackageKind], Query(max_length=5)] = [],  # noqa: B006
    status: Annotated[list[PackageStatus], Query(max_length=6)] = [],  # noqa: B006
    category: Annotated[list[Category], Query(max_length=20)] = [],  # noqa: B006
    method: Annotated[list[Method], Query(max_length=20)] = [],  # noqa: B006
    value_basis: Annotated[list[ValueBasis], Query(description="What value rests on.", max_length=5)] = [],  # noqa: B006
    date_basis: Annotated[
        list[DateBasis], Query(description="Whether dates happened or were only scheduled.", max_length=2)
    ] = [],  # noqa: B006
    announced_month: Months = [],  # noqa: B006
    awarded_month: Months = [],  # noqa: B006
    fund_sources: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=500, pattern="^[^\\x00]*$")]],
        Query(
            description="Whole sets of fund sources, each with commas between: APBD is APBD alone, APBD,BLUD exactly both.",
            max_length=50,
            examples=[["APBD,BLUD"]],
        ),
    ] = [],  # noqa: B006
    supplier: Annotated[
        list[Annotated[int, Query(ge=1, lt=2**63)]], Query(description="Ids of winners, of /suppliers.", max_length=50)
    ] = [],  # noqa: B006
    known: Facts = [],  # noqa: B006
    unknown: Facts = [],  # noqa: B006
    counted_in: CountedIn = [],  # noqa: B006
    value_min: AmountBound = None,
    value_max: AmountBound = None,
    pagu_min: AmountBound = None,
    pagu_max: AmountBound = None,
    bidders_min: BiddersBound = None,
    bidders_max: BiddersBound = None,
    days_to_award_min: DaysBound = None,
    days_to_award_max: DaysBound = None,
    days_to_contract_min: DaysBound = None,
    days_to_contract_max: DaysBound = None,
    announced_from: MomentBound = None,
    announced_before: MomentBound = None,
    awarded_from: MomentBound = None,
    awarded_before: MomentBound = None,
    changed_from: MomentBound = None,
    repeated: Annotated[bool | None, Query(description="Whether it was announced anew after a failure.")] = None,
    schedule_moved: Annotated[
        bool | None, Query(description="Whether its schedule was moved; where none is known, neither.")
    ] = None,
    small_business: Annotated[
        bool | None,
        Query(description="Whether its business size names small enterprises; where none is stated, neither."),
    ] = None,
    withdrawn: Annotated[bool | None, Query(description="Whether it vanished from its node.")] = None,
    q: Annotated[
        str | None, Query(max_length=200, pattern="^[^\\x00]*$", description="Words of the name, code or work unit.")
    ] = None,
) -> PackageFilter:
    return PackageFilter(
        node=tuple(node),
        region=tuple(region),
        province=tuple(province),
        institution=tuple(institution),
        fiscal_year=tuple(fiscal_year),
        kind=tuple(kind),
        status=tuple(status),
        category=tuple(category),
        method=tuple(method),
        value_basis=tuple(value_basis),
        date_basis=tuple(date_basis),
        announced_month=tuple(announced_month),
        awarded_month=tuple(awarded_month),
        fund_sources=tuple(fund_sources),
        supplier=tuple(supplier),
        known=tuple(dict.fromkeys(known)),
        unknown=tuple(dict.fromkeys(unknown)),
        counted_in=tuple(dict.fromkeys(counted_in)),
        bidders_min=bidders_min,
        bidders_max=bidders_max,
        days_to_award_min=days_to_award_min,
        days_to_award_max=days_to_award_max,
        days_to_contract_min=days_to_contract_min,
        days_to_contract_max=days_to_contract_max,
        repeated=repeated,
        schedule_moved=schedule_moved,
        small_business=small_business,
        value_min=value_min,
        value_max=value_max,
        pagu_min=pagu_min,
        pagu_max=pagu_max,
        announced_from=announced_from,
        announced_before=announced_before,
        awarded_from=awarded_from,
        awarded_before=awarded_before,
        changed_from=changed_from,
        withdrawn=withdrawn,
        q=q,
    )


PackagesWanted = Annotated[PackageFilter, Depends(_wanted)]
"""Which packages a caller asks for. Filters of different names must all hold; a repeated one means any of."""
