"""What an indicator is computed from, cell by cell: its points, the same drawn anew, and what another figure would take.

Amounts are whole sen and counts whole numbers, so that nothing here is rounded but the published figure itself.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Protocol

from app.core.ranking import Direction

MILLION = 1_000_000


class Sample(Protocol):
    """One node's data behind one indicator."""

    def __hash__(self) -> int: ...

    def points(self) -> int | None:
        """The published figure in points; None when there is nothing to divide by."""
        ...

    def drawn_anew(self, seed: str, *, times: int, cells_needed: int) -> list[int] | None:
        """The points of so many resamples, always the same for the same seed; None when there are too few cells."""
        ...

    def step(self, target: int, direction: Direction) -> int:
        """By how much the data must change, at the least, to be published with the points of a better one."""
        ...


def sen(amount: Decimal) -> int:
    """Rupiah as whole sen."""
    return int(amount * 100)


def millionths(part: int, base: int) -> int:
    """`savings.ratio` in whole millionths: half away from zero. The base is positive."""
    size = (2 * abs(part) * MILLION + base) // (2 * base)
    return size if part >= 0 else -size


@dataclass(frozen=True, slots=True)
class Shares:
    """A ratio of sums: (numerator, denominator) of every cell, for example of every month."""

    cells: tuple[tuple[int, int], ...]

    @property
    def part(self) -> int:
        return sum(part for part, _base in self.cells)

    @property
    def base(self) -> int:
        return sum(base for _part, base in self.cells)

    def points(self) -> int | None:
        base = self.base
        return millionths(self.part, base) if base else None

    def drawn_anew(self, seed: str, *, times: int, cells_needed: int) -> list[int] | None:
        """As many cells as there are, drawn with replacement; the ratio of their sums."""
        cells = [cell for cell in self.cells if cell != (0, 0)]
        count, points = len(cells), self.points()
        if count < cells_needed or points is None:
            return None
        # Both sums are carried in one number, the base in its lower bits, which are wide enough for any draw.
        width = (count * max(base for _part, base in cells)).bit_length()
        packed = [(part << width) + base for part, base in cells]
        lower = (1 << width) - 1
        drawn = Random(f"{seed}/{count}").choices(packed, k=count * times)  # noqa: S311 (dice that must repeat)
        sums = (sum(drawn[start : start + count]) for start in range(0, count * times, count))
        # A draw of nothing but cells without a base says nothing: the figure itself stands for it.
        return [millionths(total >> width, total & lower) if total & lower else points for total in sums]

    def step(self, target: int, direction: Direction) -> int:
        """By how much the numerator must change on the same denominator: sen or a count, always positive."""
        part, base = self.part, self.base
        if direction is Direction.LOWER:
            part, target = -part, -target
        # From where on `millionths` gives the target: half away from zero, so the half itself counts above zero only.
        edge, rest = divmod((2 * target - 1) * base, 2 * MILLION)
        return edge + (1 if rest or target <= 0 else 0) - part


@dataclass(frozen=True, slots=True)
class Days:
    """A median: how many packages took how many days, in ascending order of days."""

    days: tuple[int, ...]
    upto: tuple[int, ...]
    """How many packages took so many days or fewer."""

    @classmethod
    def of(cls, histogram: Mapping[int, int] | Iterable[tuple[int, int]]) -> "Days":
        told = sorted((days, count) for days, count in dict(histogram).items() if count > 0)
        return cls(tuple(days for days, _count in told), tuple(accumulate(count for _days, count in told)))

    @property
    def packages(self) -> int:
        return self.upto[-1] if self.upto else 0

    def percentile(self, tenths: int) -> int:
        """The share of `tenths`/10 in tenths of a day: exact, by linear interpolation between the two nearest packages."""
        position, rest = divmod((self.packages - 1) * tenths, 10)
        low, high = self._at(position), self._at(position + 1 if rest else position)
        return 10 * low + rest * (high - low)

    def points(self) -> int | None:
        return self.percentile(5) if self.packages else None

    def drawn_anew(self, seed: str, *, times: int, cells_needed: int) -> list[int] | None:
        """Medians of as many packages as there are, drawn with replacement.

        Nobody needs to draw them all: the middle of so many uniform numbers follows a beta distribution, and where it
        falls among the packages is the middle of the draw.
        """
        count = self.packages
        if count < cells_needed:
            return None
        dice = Random(f"{seed}/{count}")  # noqa: S311 (dice that must repeat)
        middle = (count + 1) // 2
        medians = []
        for _ in range(times):
            low = dice.betavariate(middle, count - middle + 1)
            found = self._at(min(int(low * count), count - 1))
            if count % 2:
                medians.append(10 * found)
                continue
            # The other one of the two in the middle is the least of those that fell above.
            high = 1 - (1 - low) * dice.random() ** (1 / (count - middle))
            medians.append(5 * (found + self._at(min(int(high * count), count - 1))))
        return medians

    def step(self, target: int, direction: Direction) -> int:
        """How many of the slowest packages would have to be done within the whole days of the target."""
        assert direction is Direction.LOWER
        limit = target // 10
        place = bisect_left(self.days, limit + 1)
        within = self.upto[place - 1] if place else 0
        lower, upper = (self.packages - 1) // 2, self.packages // 2
        for moved in range(max(1, lower + 1 - within), upper + 1 - within):
            if self.sooner(moved, limit).percentile(5) <= target:
                return moved
        return upper + 1 - within

    def sooner(self, moved: int, limit: int) -> "Days":
        """The same with so many of the slowest packages done in `limit` days."""
        kept = self.packages - moved
        counts = dict(zip(self.days, (min(upto, kept) for upto in self.upto), strict=True))
        histogram = {
            days: upto - before for (days, upto), before in zip(counts.items(), (0, *counts.values()), strict=False)
        }
        histogram[limit] = histogram.get(limit, 0) + moved
        return Days.of(histogram)

    def _at(self, position: int) -> int:
        """Days of one package, the quickest being at 0."""
        return self.days[bisect_left(self.upto, position + 1)]
