"""How sure a rank is: the ranking is repeated on data drawn anew, and the ranks that come out span the interval.

The same data always give the same interval: the dice of each node are seeded by the formula, the node and how many cells it
has. They know neither the order of the nodes nor the size of amounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.core.ranking import RankingFormula, Resampling, mean_score, mid_rank, places_of
from app.core.ranking_samples import Sample


@dataclass(frozen=True, slots=True)
class Replicates:
    """The merits of nodes in every repetition. Whoever has too few cells to be drawn anew stands still."""

    keys: tuple[str, ...]
    rounds: Sequence[Sequence[int]]
    """Per repetition the merit of each key."""
    moving: frozenset[str]


@lru_cache(maxsize=4096)
def _drawn(sample: Sample, seed: str, times: int, cells_needed: int) -> list[int] | None:
    # Most of the time only one node's data have changed since a ranking was last asked for.
    return sample.drawn_anew(seed, times=times, cells_needed=cells_needed)


def repeat(formula: RankingFormula, samples: Mapping[str, Sample]) -> Replicates:
    """Draw every node's data anew, as often as the formula says. One without resampling stands still."""
    keys, plan = tuple(sorted(samples)), formula.resampling or Resampling(what={})
    moving, columns = set(), []
    for key in keys:
        drawn = formula.resampling and _drawn(samples[key], f"{formula.seed}/{key}", plan.replicates, plan.cells_needed)
        if drawn:
            moving.add(key)
        points = samples[key].points()
        assert points is not None
        columns.append([formula.merit(found) for found in drawn or [points] * plan.replicates])
    return Replicates(keys, list(zip(*columns, strict=True)), frozenset(moving))


def intervals(replicates: Replicates, plan: Resampling, ranks: Mapping[str, int]) -> dict[str, tuple[int, int] | None]:
    """The middle `level` of each node's ranks, widened to hold the rank itself; None for who stands still."""
    repeated: list[list[int]] = []
    for merits in replicates.rounds:
        places, count = places_of(merits), len(merits)
        rank_of = {merit: count - below - equal + 1 for merit, (below, equal) in places.items()}
        repeated.append([rank_of[merit] for merit in merits])
    outside = int((1 - plan.level) / 2 * plan.replicates)
    found: dict[str, tuple[int, int] | None] = {}
    for key, column in zip(replicates.keys, zip(*repeated, strict=True), strict=True):
        ordered, rank = sorted(column), ranks[key]
        span = (min(ordered[outside], rank), max(ordered[-1 - outside], rank))
        found[key] = span if key in replicates.moving else None
    return found


def combine(components: Sequence[tuple[Replicates, bool]], keys: Sequence[str]) -> Replicates:
    """The composite in every repetition: the mean of the scores that a node has in each component, among its peers there.

    Each component comes with whether it can be drawn anew at all: one that cannot keeps nobody from having an interval.
    """
    keys = tuple(sorted(keys))
    if not keys:
        return Replicates((), (), frozenset())
    scored = []
    moving = set(keys)
    for replicates, is_sample in components:
        position = {key: place for place, key in enumerate(replicates.keys)}
        places = [position[key] for key in keys]
        scored.append([_scores(merits, places) for merits in replicates.rounds])
        if is_sample:
            moving &= replicates.moving
    rounds = [[mean_score(scores) for scores in zip(*row, strict=True)] for row in zip(*scored, strict=True)]
    return Replicates(keys, rounds, frozenset(moving))


def _scores(merits: Sequence[int], places: Sequence[int]) -> list[int]:
    count = len(merits)
    score_of = {merit: mid_rank(below, equal, count) for merit, (below, equal) in places_of(merits).items()}
    return [score_of[merits[place]] for place in places]
