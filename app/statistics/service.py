"""Answer one question of one figure: groups and total, last year's beside them, coverage, formula, where the packages are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.kit.db import ReadSession
from app.statistics.distributions import spans_of, suppliers_of
from app.statistics.explain import packages_link
from app.statistics.figures import STATISTICS, Figure, Statistic, Sums
from app.statistics.grounds import coverage_of, formula_of
from app.statistics.queries import Group, cover, list_stale_nodes, sum_figures
from app.statistics.questions import Dimension, FigureFilter, Question
from app.statistics.relations import Scope

Groups = dict[Group | None, dict[str, Any]]

MOST_STALE_NODES = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What travels, and until when it is true as long as nothing is written."""

    content: dict[str, Any]
    true_until: datetime | None


async def answer(session: ReadSession, name: str, question: Question, *, now: datetime) -> Answer:
    """Compute a figure by its published formula over the packages asked for."""
    statistic = STATISTICS[name]
    current = await _groups(session, statistic, question, question.wanted)
    previous = await _year_before(session, statistic, question) if question.compares_years else None
    covered = await cover(session, question.wanted, now=now, as_of=question.as_of)
    content = {
        "items": _items(statistic, question, current, previous),
        "total": _told(statistic, question, (), current[None], _of(previous, None)),
        "as_of": question.as_of or covered.newest_at,
        "coverage": coverage_of(covered),
        "formula": formula_of(statistic.formula),
        "explain": {"parts": dict(statistic.parts)},
    }
    if name == "coverage":
        content["stale_nodes"] = await list_stale_nodes(
            session, question.wanted, now=now, as_of=question.as_of, limit=MOST_STALE_NODES
        )
    return Answer(content, covered.stale_at if question.as_of is None else None)


async def _groups(session: ReadSession, statistic: Statistic, question: Question, wanted: FigureFilter) -> Groups:
    """The sums of every group and, under None, of all."""
    scope = Scope(wanted, statistic.kinds, frozenset(question.group_by), statistic.month, question.as_of)
    groups = await sum_figures(session, scope, question.group_by, statistic.measures)
    if statistic.needs_spans:
        for key, spans in (await spans_of(session, scope, question.group_by)).items():
            groups[key]["spans"] = spans
    if statistic.needs_suppliers:
        for key, suppliers in (await suppliers_of(session, scope, question.group_by)).items():
            groups[key]["suppliers"] = suppliers
    return groups


async def _year_before(session: ReadSession, statistic: Statistic, question: Question) -> Groups:
    """The groups of one fiscal year earlier, under the keys they are compared with; none where no year is asked of."""
    years = question.wanted.fiscal_year
    if not years and Dimension.FISCAL_YEAR not in question.group_by:
        return {}
    earlier = replace(question.wanted, fiscal_year=tuple(year - 1 for year in years))
    found = await _groups(session, statistic, question, earlier)
    total = found.pop(None)
    shifted: Groups = {_a_year_later(question.group_by, key or ()): sums for key, sums in found.items()}
    # Of all years together there is no year before.
    return {**shifted, None: total} if years else shifted


def _a_year_later(group_by: Sequence[Dimension], key: Group) -> Group:
    return tuple(_later(dimension, value) for dimension, value in zip(group_by, key, strict=True))


def _later(dimension: Dimension, value: Any) -> Any:
    if dimension == Dimension.FISCAL_YEAR:
        return value + 1
    if dimension == Dimension.MONTH and value is not None:
        return f"{int(value[:4]) + 1}{value[4:]}"
    return value


def _of(groups: Groups | None, key: Group | None) -> Sums | None:
    return None if groups is None else groups.get(key)


def _items(statistic: Statistic, question: Question, current: Groups, previous: Groups | None) -> list[dict[str, Any]]:
    """One item a group, in the order of the keys, the unknown last. What there was last year only is there with nothing."""
    if not question.group_by:
        earlier = _of(previous, None)
        is_empty = not current[None]["packages"] and not (earlier and earlier["packages"])
        return [] if is_empty else [_told(statistic, question, (), current[None], earlier)]
    keys = {key for key in current if key is not None}
    if previous is not None and question.wanted.fiscal_year:
        keys |= {key for key in previous if key is not None}
    ordered = sorted(keys, key=lambda key: [(part is None, part) for part in key])
    return [
        _told(statistic, question, key, current.get(key), _of(previous, key), compares=previous is not None)
        for key in ordered
    ]


def _told(
    statistic: Statistic,
    question: Question,
    key: Group,
    sums: Sums | None,
    earlier: Sums | None,
    *,
    compares: bool = True,
) -> dict[str, Any]:
    """One figure with its keys first, the link to its packages and, where asked for, last year's beside it."""
    group = list(zip(question.group_by, key, strict=True)) if key else []
    told: Figure = {
        **{str(dimension): value for dimension, value in group},
        **statistic.figure(sums if sums is not None else dict.fromkeys(statistic.measures, 0)),
        "explain": packages_link(statistic, question, group),
    }
    if question.compares_years and compares:
        told["previous"] = None if earlier is None else statistic.figure(earlier)
    return told
