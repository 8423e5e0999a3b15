"""Where what is published does not follow from what it should follow from."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.statistics.verification.meaning import GRAINS
from app.statistics.verification.published import KEYS
from app.statistics.verification.sums import Groups, Key, Sums, not_nothing

MOST_GROUPS = 100
"""Differing groups that are reported of each table, against each source."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that does not follow from what it should follow from.

    `against` is the source that it was recomputed from; the key begins with node and table. None where one side has no
    such group at all.
    """

    against: str
    key: dict[str, Any]
    figure: str
    published: Any
    recomputed: Any


class Findings:
    """All differences, within bounds however much differs."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self._reported: Counter[tuple[str, str]] = Counter()

    def compare(self, node: str, against: str, published: Groups, recomputed: Groups) -> None:
        """Note the first groups of a node that differ, coarse ones first; one that only one side has differs too."""
        differing = [key for key in published.keys() | recomputed.keys() if _differs(key, published, recomputed)]
        for key in sorted(differing, key=_coarse_first):
            table = str(key[0])
            if self._reported[against, table] < MOST_GROUPS:
                self._reported[against, table] += 1
                self.differences += _tell(against, node, key, published.get(key), recomputed.get(key))


def _differs(key: Key, published: Groups, recomputed: Groups) -> bool:
    ours, theirs = published.get(key), recomputed.get(key)
    return ours != theirs and not_nothing(ours or {}) != not_nothing(theirs or {})


_GRAINS = {grain: place for place, grain in enumerate(GRAINS)}


def _coarse_first(key: Key) -> tuple[Any, ...]:
    table, first, *_ = key
    return table, _GRAINS.get(str(first), 0), key


def _tell(against: str, node: str, key: Key, published: Sums | None, recomputed: Sums | None) -> Iterator[Difference]:
    table, *place = key
    where = {"node": node, "table": table, **dict(zip(KEYS[str(table)], place, strict=True))}
    for figure in dict.fromkeys((*(published or ()), *(recomputed or ()))):
        ours, theirs = _number(published, figure), _number(recomputed, figure)
        if ours != theirs:
            yield Difference(against, where, figure, ours, theirs)


def _number(sums: Sums | None, figure: str) -> Any:
    return None if sums is None else sums.get(figure, 0)
