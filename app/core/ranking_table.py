"""From contenders to a table: who is placed where and how surely, what would move them up, and who is not ranked and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.core.ranking import (
    Number,
    RankingFormula,
    Shortfall,
    StepUnit,
    in_both,
    judge,
    mean_score,
    next_better,
    rupiah,
    stand,
)
from app.core.ranking_intervals import Replicates, combine, intervals, repeat
from app.core.ranking_samples import Sample

StepOf = Callable[[str, str], tuple[Number, dict[str, str]]]
"""The change that would take a node to the place of another, as a number and in words."""

NO_INTERVAL = {
    "too-few-cells": {
        "id": "Datanya tersebar pada terlalu sedikit bulan untuk diundi ulang, sehingga selang peringkatnya tidak diketahui.",
        "en": "The data lie in too few months to be drawn anew, so the interval of the rank is not known.",
    },
    "no-sample": {
        "id": "Peringkat ini menyatakan keadaan, bukan perkiraan dari sampel, sehingga tidak memiliki selang.",
        "en": "This ranking states what is and estimates nothing from a sample, so it has no interval.",
    },
}
"""Why a ranked node has no interval, by code."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One node that may be ranked: its data, and the facts by which the rules judge whether it is."""

    sample: Sample
    facts: Mapping[str, Number | None]


@dataclass(frozen=True, slots=True)
class Step:
    """What would take a node to the next place: that of `key` with rank `rank` and its `points`."""

    key: str
    rank: int
    points: int
    change: Number
    """Rupiah, packages, facts, conditions or score: the formula says which."""
    sentence: dict[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """One ranked node. Without an interval `no_interval` is the code of the reason."""

    rank: int
    points: int
    score: int
    step: Step | None
    interval: tuple[int, int] | None = None
    no_interval: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A ranking: the placed by rank and name, and the others by name, each with every reason."""

    formula: RankingFormula
    placed: dict[str, Placed]
    not_ranked: dict[str, list[Shortfall]]


def place(formula: RankingFormula, contenders: Mapping[str, Contender]) -> Table:
    """Rank by one indicator, without intervals."""
    not_ranked = {key: found for key in sorted(contenders) if (found := judge(formula.rules, contenders[key].facts))}
    samples = {key: contenders[key].sample for key in contenders if key not in not_ranked}
    points = {key: _known(sample.points()) for key, sample in samples.items()}
    merits = {key: formula.merit(found) for key, found in points.items()}

    def step(key: str, other: str) -> tuple[Number, dict[str, str]]:
        change = samples[key].step(points[other], formula.direction)
        return _change(formula, change), _amount(formula, change)

    return Table(formula, _placed(formula, points, merits, step), not_ranked)


def place_all(formula: RankingFormula, components: Mapping[str, Table]) -> Table:
    """Rank by the mean of the scores in every component, without intervals."""
    not_ranked: dict[str, list[Shortfall]] = {}
    for name in formula.components:
        for key, reasons in components[name].not_ranked.items():
            not_ranked.setdefault(key, []).extend(replace(reason, component=name) for reason in reasons)
    keys = {key for table in components.values() for key in table.placed} - not_ranked.keys()
    points = {
        key: mean_score([components[name].placed[key].score for name in formula.components]) for key in sorted(keys)
    }

    def step(key: str, other: str) -> tuple[Number, dict[str, str]]:
        change = points[other] - points[key]
        return _change(formula, change), _amount(formula, change)

    return Table(formula, _placed(formula, points, points, step), dict(sorted(not_ranked.items())))


def repetitions(table: Table, contenders: Mapping[str, Contender]) -> Replicates:
    """The ranking of one indicator repeated on data drawn anew."""
    return repeat(table.formula, {key: contenders[key].sample for key in table.placed})


def repetitions_of_all(table: Table, components: Sequence[tuple[RankingFormula, Replicates]]) -> Replicates:
    """The composite repeated: each of its components as in its own ranking."""
    return combine([(found, formula.resampling is not None) for formula, found in components], list(table.placed))


def with_intervals(table: Table, replicates: Replicates) -> Table:
    """The same table, each rank with its interval or with the reason why there is none."""
    if table.formula.resampling is None:
        return replace(
            table, placed={key: replace(placed, no_interval="no-sample") for key, placed in table.placed.items()}
        )
    ranks = {key: placed.rank for key, placed in table.placed.items()}
    found = intervals(replicates, table.formula.resampling, ranks)
    return replace(
        table,
        placed={
            key: replace(placed, interval=found[key], no_interval=None if found[key] else "too-few-cells")
            for key, placed in table.placed.items()
        },
    )


def _placed(
    formula: RankingFormula, points: Mapping[str, int], merits: Mapping[str, int], step: StepOf
) -> dict[str, Placed]:
    standings, above = stand(merits), next_better(merits)
    placed = {}
    for key in sorted(points, key=lambda key: (standings[key].rank, key)):
        upward = None
        if other := above.get(key):
            change, told = step(key, other)
            rank, days = standings[other].rank, str(points[other] // 10)
            sentence = {
                language: text.format(change=told[language], node=other, rank=rank, days=days)
                for language, text in formula.step.items()
            }
            upward = Step(other, rank, points[other], change, sentence)
        placed[key] = Placed(standings[key].rank, points[key], standings[key].score, upward)
    return placed


def _known(points: int | None) -> int:
    # The rules of every formula let nobody through who has nothing to divide by.
    assert points is not None
    return points


def _change(formula: RankingFormula, change: int) -> Number:
    match formula.step_unit:
        case StepUnit.RUPIAH:
            return Decimal(change).scaleb(-2)
        case StepUnit.SCORE:
            return formula.published(change)
        case _:
            return change


def _amount(formula: RankingFormula, change: int) -> dict[str, str]:
    if formula.step_unit is StepUnit.RUPIAH:
        return rupiah(change)
    return in_both(_change(formula, change))
