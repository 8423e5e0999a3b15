"""Figures as a table: one row an item, its keys first, every number of the figure as a column of its own."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.core.vocabulary import Category, Method, PackageKind
from app.exchange.exports.layout import Column, Layout, Type
from app.kit.db import ReadSession
from app.kit.web.schema import OptionalRatio, Ratio
from app.statistics import service
from app.statistics.figure_schemas import (
    AbsorptionFigure,
    CompetitionFigure,
    CoverageFigure,
    Days,
    PackagesFigure,
    PdnUmkFigure,
    SavingsFigure,
    TimelinessFigure,
)
from app.statistics.figures import STATISTICS, Statistic
from app.statistics.questions import Dimension, Question

_MODELS: dict[str, type[BaseModel]] = {
    "savings": SavingsFigure,
    "packages": PackagesFigure,
    "competition": CompetitionFigure,
    "timeliness": TimelinessFigure,
    "absorption": AbsorptionFigure,
    "pdn-umk": PdnUmkFigure,
    "coverage": CoverageFigure,
}
FIGURES = tuple(_MODELS)
PREVIOUS = "previous_"
"""Before the names of last year's numbers."""

_FIGURE = Column("figure", Type.WORD, "Which figure it is.", "Statistik yang mana.", words=FIGURES)
_EXPLAIN = Column(
    "explain", Type.TEXT, "The list of exactly the packages of this row.", "Daftar paket di balik baris ini."
)
_KEYS = {
    Dimension.NODE: ("Slug of the node.", "Slug node.", ()),
    Dimension.REGION: ("Kemendagri code of the government.", "Kode Kemendagri pemerintah daerah.", ()),
    Dimension.PROVINCE: ("Kemendagri code of the province.", "Kode Kemendagri provinsi.", ()),
    Dimension.INSTITUTION: ("Code of the institution (kd_klpd).", "Kode K/L/PD (kd_klpd).", ()),
    Dimension.FISCAL_YEAR: ("Fiscal year.", "Tahun anggaran.", ()),
    Dimension.KIND: ("Kind of procurement.", "Jenis proses pengadaan.", tuple(PackageKind)),
    Dimension.CATEGORY: ("What is bought.", "Jenis pengadaan.", tuple(Category)),
    Dimension.METHOD: ("How the supplier is chosen.", "Metode pemilihan.", tuple(Method)),
    Dimension.MONTH: ("Month, on the node's clock.", "Bulan, jam node.", ()),
    Dimension.FUND_SOURCES: ("All fund sources of a package together.", "Semua sumber dana satu paket.", ()),
}


def figure_layout(figure: str, group_by: Sequence[Dimension], *, compares: bool = False) -> Layout:
    """The columns of a figure that is grouped so."""
    keys = [_key(dimension) for dimension in group_by]
    statistic = STATISTICS[figure]
    numbers = list(_numbers(statistic, _MODELS[figure], _of_nothing(statistic)))
    before = (column for column in keys if column.type is not Type.TEXT)
    texts = (column for column in keys if column.type is Type.TEXT)
    earlier = (Column(f"{PREVIOUS}{number.name}", number.type, number.english, number.indonesian) for number in numbers)
    return Layout((_FIGURE, *before), (*texts, _EXPLAIN), (), (*numbers, *(earlier if compares else ())))


async def read_figures(
    session: ReadSession, figure: str, question: Question, *, now: datetime
) -> tuple[Layout, list[dict[str, Any]]]:
    """The items of an answer as rows; they are what the API answers to the same question."""
    layout = figure_layout(figure, question.group_by, compares=question.compares_years)
    answer = await service.answer(session, figure, question, now=now)
    empty = dict.fromkeys(layout.names)
    return layout, [{**empty, "figure": figure, **dict(_flat(item))} for item in answer.content["items"]]


def _key(dimension: Dimension) -> Column:
    english, indonesian, words = _KEYS[dimension]
    # A source's own words may stand among fund sources.
    type_ = {Dimension.FISCAL_YEAR: Type.WHOLE, Dimension.FUND_SOURCES: Type.TEXT}.get(dimension, Type.WORD)
    return Column(str(dimension), type_, english, indonesian, words=tuple(str(word) for word in words))


def _of_nothing(statistic: Statistic) -> dict[str, Any]:
    """The figure of no packages: it has every number that a figure has."""
    return statistic.figure(dict.fromkeys(statistic.measures, 0))


def _numbers(
    statistic: Statistic, model: type[BaseModel], figure: dict[str, Any], prefix: str = ""
) -> Iterator[Column]:
    for name, field in model.model_fields.items():
        annotation, value = field.annotation, figure[name]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _numbers(statistic, annotation, value, f"{prefix}{name}_")
        elif get_origin(annotation) is dict:
            inner = get_args(annotation)[1]
            for key, one in value.items():
                yield from _numbers(statistic, inner, one, f"{prefix}{name}_{key}_")
        else:
            english, indonesian = statistic.formula.title["en"], statistic.formula.title["id"]
            path = f"{prefix}{name}".replace("_", " ")
            more = f" {field.description}" if field.description else ""
            yield Column(f"{prefix}{name}", _type_of(field), f"{english}: {path}.{more}", f"{indonesian}: {path}.")


_SHARES = (*get_args(Ratio)[1:], *get_args(OptionalRatio)[1:])
_DAYS = get_args(Days)[0]


def _type_of(field: FieldInfo) -> Type:
    if any(said == share for said in field.metadata for share in _SHARES):
        return Type.SHARE
    kinds = {field.annotation, *get_args(field.annotation)}
    if Decimal in kinds:
        return Type.SUM
    if field.annotation == _DAYS:
        return Type.DAYS
    return Type.FLAG if bool in kinds else Type.WHOLE


def _flat(figure: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figure.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif prefix or name != "previous":
            yield f"{prefix}{name}", value
