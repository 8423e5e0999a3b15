"""Walking the list of packages to its proven end.

The list has no usable total and may change while it is read. So each page begins with the last row of the page before
(a list that shifted shows another row there), codes must rise, the end is a page without a new row, and the same list
asked from its other end must begin with the highest code seen. Where this does not fit, it is read again from the start.

A reading that was broken off goes on a few rows before its place, because rows may have vanished meanwhile; if more of
them did, or if one appeared there, the list is read from its start as well.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.adapters.protocol import IndexEntry, IndexIncomplete, IndexPage
from app.adapters.spse.index import Direction, ListAnswer, anchor_of, numbers_of, read_row
from app.core.problems import Problem
from app.core.vocabulary import PackageKind

PAGE_LENGTH = 100
_TOP_LENGTH = 10
_READINGS = 3
_STEP_BACK = 10
"""Rows before the place of resuming that are read again: so many may have vanished before it in the meantime."""
_SHOWN = 100
"""How much of a row's first cell it is known again by."""
MAX_ROWS = 200_000
"""Far beyond any node's year: a list that still goes on is made up while we read."""

_PLACE = re.compile(r"([0-9]{1,9}):([0-9]{1,64})")

Ask = Callable[[int, int, Direction], Awaitable[ListAnswer]]
"""Ask the list for rows: start, length, direction."""


@dataclass(frozen=True, slots=True)
class Place:
    """Between two rows of the list: how many rows lie before, and the highest code among them."""

    row: int
    code: int

    def __str__(self) -> str:
        return f"{self.row}:{self.code}"


def read_place(text: str) -> Place | None:
    """A page's `position`; None, which is the beginning, for anything else."""
    match = _PLACE.fullmatch(text)
    return Place(int(match[1]), int(match[2])) if match else None


async def walk(kind: PackageKind, ask: Ask, *, resume: str = "") -> AsyncIterator[IndexPage]:
    """Yield the list page by page; ends when it is proved complete, raises IndexIncomplete when it cannot be.

    Rows that a second reading only repeats are neither yielded nor counted again. The last reading goes on to the end
    even when nothing fits any more, so that whatever the node does show is kept.
    """
    known: set[str] = set()
    for attempt in range(1, _READINGS + 1):
        reading = _Reading(kind, ask, read_place(resume) if attempt == 1 else None, known)
        while True:
            page = await reading.next_page()
            if page is not None and page.received:
                yield page
            if reading.shift is not None and (page is None or attempt < _READINGS):
                break
            if page is None and await reading.proves_end():
                return
        known |= reading.seen
    raise IndexIncomplete(f"{_READINGS} readings of the list did not fit together: {reading.shift}")


class _Reading:
    """One reading of the list. `shift` says what no longer fits, `position` is the place of the next row."""

    def __init__(self, kind: PackageKind, ask: Ask, resumed: Place | None, known: set[str]) -> None:
        self.shift: str | None = None
        self.seen: set[str] = set()
        self._kind = kind
        self._ask = ask
        self._known = known
        self._resumed = resumed
        self._position = max(resumed.row - _STEP_BACK, 0) if resumed else 0
        self._anchor: str | None = None
        self._last: int | None = None
        self._declared: frozenset[int] = frozenset()
        self._stalled = False

    async def next_page(self) -> IndexPage | None:
        """The next rows; None when there are no more."""
        overlap = 1 if self._anchor is not None and self.shift is None else 0
        answer = await self._ask(self._position - overlap, PAGE_LENGTH, Direction.ASCENDING)
        self._declared = answer.declared
        rows = answer.rows
        if overlap:
            self._check_overlap(rows)
            if self.shift is None:
                rows = rows[1:]
        elif self._resumed is not None:
            self._check_resumed(self._resumed, rows)
            self._resumed = None
        if not rows:
            return None
        self._stalled = False
        self._position += len(rows)
        self._anchor = anchor_of(rows[-1])[:_SHOWN]
        if self._position > MAX_ROWS:
            raise IndexIncomplete(f"the list goes on beyond {MAX_ROWS} rows")
        seen_before = len(self.seen)
        page = self._read(rows)
        return None if self.shift is not None and len(self.seen) == seen_before else page

    def _check_overlap(self, rows: list[Any]) -> None:
        if not rows:
            self.shift = f"row {self._position} is gone"
        elif (found := anchor_of(rows[0])[:_SHOWN]) != self._anchor:
            self.shift = f"row {self._position} was {self._anchor} and is now {found}"

    def _check_resumed(self, place: Place, rows: list[Any]) -> None:
        """Whether the rows before the place are still there, or at most a few of them gone."""
        before = sum(1 for number in numbers_of(self._kind, rows) if number <= place.code)
        if self._position > 0 and before == 0:
            self.shift = f"the rows before row {place.row} are gone"
        elif before > place.row - self._position:
            self.shift = f"rows appeared before row {place.row}"

    def _read(self, rows: list[Any]) -> IndexPage:
        entries: list[IndexEntry] = []
        problems: list[Problem] = []
        here: set[int] = set()
        received = 0
        for row in rows:
            outcome = read_row(self._kind, row)
            key = outcome.fingerprint if isinstance(outcome, IndexEntry) else str(outcome.value)
            repeated = key in self._known or (self.shift is not None and key in self.seen)
            received += not repeated
            self.seen.add(key)
            if isinstance(outcome, Problem):
                if not repeated:
                    problems.append(outcome)
                continue
            number = int(outcome.code)
            duplicate = number in here or number == self._last
            here.add(number)
            if not duplicate:
                self._check_order(number)
            if repeated:
                continue
            if duplicate:
                problems.append(
                    Problem("duplicate-row", package=outcome.code, kind=self._kind.value, value=outcome.code)
                )
            else:
                entries.append(outcome)
        position = "" if self._last is None else str(Place(self._position, self._last))
        return IndexPage(tuple(entries), received, tuple(problems), position)

    def _check_order(self, number: int) -> None:
        if self._last is not None and number < self._last:
            self.shift = self.shift or f"code {number} comes after {self._last}"
        else:
            self._last = number

    async def proves_end(self) -> bool:
        """Whether the list, asked from its other end and by its own count, has nothing that we have not seen."""
        top = numbers_of(self._kind, (await self._ask(0, _TOP_LENGTH, Direction.DESCENDING)).rows)
        highest = max(top, default=None)
        if highest is not None and (self._last is None or highest > self._last) and not self._stalled:
            self._stalled = True  # Announced meanwhile: it must stand on the next page.
            return False
        if highest != self._last:
            self.shift = f"the list ends with {self._last}, asked from its other end with {highest}"
        elif self._declared and self._declared != {self._position}:
            counts = ", ".join(str(count) for count in sorted(self._declared))
            self.shift = f"the list states {counts} rows and shows {self._position}"
        return self.shift is None
