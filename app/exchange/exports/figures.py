"""Figures as a table: one row an item, its keys first, every number of the figure as a column of its own."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from app.core.vocabulary import Category, Method, PackageKind
from app.exchange.exports.layout import Column, Layout, Type
from app.kit.db import ReadSession
from app.statistics import service
from app.statistics.figures import STATISTICS, Statistic
from app.statistics.questions import Dimension, Question

FIGURES = tuple(STATISTICS)
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
    numbers = [_number(statistic, name, value) for name, value in _flat(_of_nothing(statistic))]
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


_TYPES = {
    "to_threshold": Type.SUM,
    "reaches_threshold": Type.FLAG,
    "threshold": Type.SHARE,
    "median": Type.DAYS,
    "p90": Type.DAYS,
}
"""Of numbers whose figure of nothing does not tell by itself: there all others are counts, sums, and unknown shares."""


def _number(statistic: Statistic, name: str, value: Any) -> Column:
    title, path = statistic.formula.title, name.replace("_", " ")
    plain = Type.WHOLE if isinstance(value, int) else Type.SHARE if value is None else Type.SUM
    type_ = next((found for ending, found in _TYPES.items() if f"_{name}".endswith(f"_{ending}")), plain)
    return Column(name, type_, f"{title['en']}: {path}.", f"{title['id']}: {path}.")


def _flat(figure: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figure.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif prefix or name != "previous":
            yield f"{prefix}{name}", value
