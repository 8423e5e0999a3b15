"""Finding the same supplier on two pages of one package. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from app.core.text import name_key

Party = tuple[str, str]
"""A name in `name_key` form and an NPWP as shown; empty where none is."""


def party(name: str, npwp: str | None) -> Party:
    return name_key(name), npwp or ""


def _npwp(one: Party) -> object:
    return one[1]


def _name(one: Party) -> object:
    return one[0]


def _both(one: Party) -> object:
    return one


_KEYS: tuple[Callable[[Party], object], ...] = (_both, _npwp, _name)


def pair(ours: Sequence[Party], theirs: Sequence[Party]) -> dict[int, int]:
    """Which of ours is which of theirs, by position: theirs → ours.

    The same name and NPWP, else the only ones of that NPWP, else the only ones of that name. NPWPs are masked on some
    pages, and two companies may share a name, so that a doubtful pair is none.
    """
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for key in _KEYS:
        open_places: dict[object, list[int]] = defaultdict(list)
        for position, one in enumerate(ours):
            if position not in taken:
                open_places[key(one)].append(position)
        rivals = Counter(key(other) for other in theirs)
        for position, other in enumerate(theirs):
            places = open_places.get(key(other), [])
            if position not in pairs and key(other) and len(places) == 1 and rivals[key(other)] == 1:
                pairs[position] = places[0]
                taken.add(places[0])
    return pairs
