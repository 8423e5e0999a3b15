"""Statistics over HTTP: one grammar of filters and groups."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

from app.core.vocabulary import Category, Method, PackageKind
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading
from app.registry.schemas import InstitutionCode, ProvinceCode, RegionCode
from app.statistics import service
from app.statistics.queries import Dimension, FigureFilter
from app.statistics.schemas import SavingsRead

router = APIRouter(tags=["statistics"])


def _split(value: object) -> object:
    """`node,fiscal_year` and repeated parameters mean the same; an empty one names no dimension."""
    if isinstance(value, list):
        return list(dict.fromkeys(part for item in value if item != "" for part in str(item).split(",")))
    return value


_ANY = "|".join(Dimension)
# What one parameter may say, exactly: nothing, one dimension, or several with commas between them.
_DIMENSIONS = {"type": "string", "pattern": f"^(({_ANY})(,({_ANY}))*)?$"}


FiscalYears = Annotated[
    list[Annotated[int, Query(ge=2000, le=2100)]],
    Query(description="Fiscal years; a package belongs to its first one.", max_length=50),
]
Provinces = Annotated[
    list[ProvinceCode], Query(description="Provinces: all institutions below that code.", max_length=50)
]
Regions = Annotated[
    list[RegionCode], Query(description="Governments: their own institutions, wherever they buy.", max_length=600)
]
Institutions = Annotated[list[InstitutionCode], Query(description="kd_klpd of institutions.", max_length=600)]
Nodes = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]{1,63}$")]],
    Query(description="Slugs of nodes.", max_length=800),
]
Kinds = Annotated[list[PackageKind], Query(description="Only tender and non_tender can save.", max_length=5)]
Categories = Annotated[list[Category], Query(description="What is bought.", max_length=20)]
Methods = Annotated[list[Method], Query(description="How the supplier is chosen.", max_length=20)]
GroupBy = Annotated[
    list[Annotated[Dimension, WithJsonSchema(_DIMENSIONS)]],
    BeforeValidator(_split),
    Query(
        description="Dimensions to group by, comma-separated: node, region, institution, fiscal_year, kind, category, method, month.",
        examples=["node,fiscal_year"],
    ),
]


@router.get(
    "/statistics/savings", response_model=SavingsRead, response_model_exclude_unset=True, responses=problems.responses()
)
async def get_savings(
    session: Reading,
    now: Now,
    fiscal_year: FiscalYears = [],  # noqa: B006 (FastAPI copies defaults)
    province: Provinces = [],  # noqa: B006
    region: Regions = [],  # noqa: B006
    institution: Institutions = [],  # noqa: B006
    node: Nodes = [],  # noqa: B006
    kind: Kinds = [],  # noqa: B006
    category: Categories = [],  # noqa: B006
    method: Methods = [],  # noqa: B006
    group_by: GroupBy = [],  # noqa: B006
) -> Response:
    """What was saved, against pagu and against HPS, by the published formula.

    Every figure says on how many packages it rests, which it had to leave out, and how fresh the nodes behind it are.
    Amounts are exact rupiah; a ratio is the ratio of the sums.
    """
    wanted = FigureFilter(
        fiscal_year=tuple(fiscal_year),
        province=tuple(province),
        region=tuple(region),
        institution=tuple(institution),
        node=tuple(node),
        kind=tuple(kind),
        category=tuple(category),
        method=tuple(method),
    )
    answer = await service.savings(session, wanted, group_by, now=now)
    coverage = answer.coverage
    return ExactJSON(
        {
            "items": answer.items,
            "total": answer.total,
            "as_of": coverage.newest_at,
            "coverage": {
                "nodes": coverage.nodes,
                "collected_nodes": coverage.collected_nodes,
                "fresh_nodes": coverage.fresh_nodes,
                "oldest_at": coverage.oldest_at,
            },
            "formula": answer.formula,
        }
    )
