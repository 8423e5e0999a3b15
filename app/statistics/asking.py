"""The grammar of figures over HTTP: the same filters, groups, comparison and moment for every statistic."""

from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

from app.core.vocabulary import Category, Method, PackageKind
from app.kit.web.schema import AsOf
from app.registry.schemas import InstitutionCode, ProvinceCode, RegionCode
from app.statistics.questions import Dimension, FigureFilter, Question


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
Kinds = Annotated[
    list[PackageKind],
    Query(description="Kinds of packages. Each figure is about some kinds only; others count nowhere.", max_length=5),
]
Categories = Annotated[list[Category], Query(description="What is bought.", max_length=20)]
Methods = Annotated[list[Method], Query(description="How the supplier is chosen.", max_length=20)]
GroupBy = Annotated[
    list[Annotated[Dimension, WithJsonSchema(_DIMENSIONS)]],
    BeforeValidator(_split),
    Query(
        description=f"Dimensions to group by, comma-separated: {', '.join(Dimension)}.",
        examples=[["node", "fiscal_year"]],
    ),
]
Compare = Annotated[
    Literal["previous_year"] | None,
    Query(
        description="Put the same of the fiscal year before beside each figure, as `previous`. It needs years to compare: "
        "name them, or group by fiscal_year; else `previous` is null."
    ),
]


def _question(
    fiscal_year: FiscalYears = [],  # noqa: B006 (FastAPI copies defaults)
    province: Provinces = [],  # noqa: B006
    region: Regions = [],  # noqa: B006
    institution: Institutions = [],  # noqa: B006
    node: Nodes = [],  # noqa: B006
    kind: Kinds = [],  # noqa: B006
    category: Categories = [],  # noqa: B006
    method: Methods = [],  # noqa: B006
    group_by: GroupBy = [],  # noqa: B006
    compare: Compare = None,
    as_of: AsOf = None,
) -> Question:
    return Question(
        wanted=FigureFilter(
            fiscal_year=tuple(dict.fromkeys(fiscal_year)),
            province=tuple(province),
            region=tuple(region),
            institution=tuple(institution),
            node=tuple(node),
            kind=tuple(kind),
            category=tuple(category),
            method=tuple(method),
        ),
        group_by=tuple(group_by),
        as_of=as_of,
        compares_years=compare is not None,
    )


Asked = Annotated[Question, Depends(_question)]
"""What a caller wants to know, by the one grammar."""
