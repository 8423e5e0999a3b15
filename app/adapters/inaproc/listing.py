"""Walking the lists of one kind to their proven end, one institution after the other."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import msgspec

from app.adapters.inaproc.gateway import CursorRefused, Gateway, ListMissing, ListPage
from app.adapters.inaproc.resources import KINDS
from app.adapters.inaproc.rows import read_rows
from app.adapters.protocol import IndexIncomplete, IndexPage, NodeContractBroken
from app.core.problems import Problem
from app.core.vocabulary import PackageKind
from app.kit.json import dumps_text, loads

LIMIT = 1000
"""The most rows that the gateway gives at once."""
MAX_PAGES = 1000
MAX_ROWS = 500_000
"""Far beyond any institution's year: a list that still goes on is made up while we read."""
_PATIENCE = 5
"""Pages in a row without a new row before a list is held to go in circles."""
_READINGS = 2
"""How often a list is read before its own count, which it does not reach, makes it incomplete."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next page begins. `rows` were read of the list before it; an empty `resource` is the end of all."""

    institution: str = ""
    resource: str = ""
    cursor: str | None = None
    rows: int = 0

    @property
    def text(self) -> str:
        return dumps_text(
            {"kd_klpd": self.institution, "resource": self.resource, "cursor": self.cursor, "rows": self.rows}
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read a position; None where it is none of ours."""
        try:
            found: Any = loads(text)
            position = cls(found["kd_klpd"], found["resource"], found["cursor"], found["rows"])
        except (msgspec.DecodeError, RecursionError, TypeError, KeyError):
            return None
        known = isinstance(position.resource, str) and isinstance(position.cursor, str | None)
        known = known and isinstance(position.rows, int)
        return position if known else None


async def walk(
    gateway: Gateway, kind: PackageKind, institutions: tuple[str, ...], fiscal_year: int, *, resume: str = ""
) -> AsyncIterator[IndexPage]:
    """Yield the lists page by page; ends when all are proved complete, raises NodeFailure where one is not."""
    steps = [(institution, resource) for institution in institutions for resource in KINDS[kind].all]
    start = Position.read(resume) if resume else None
    begun: Position | None = None
    if start is not None:
        if not start.resource:
            return
        if (start.institution, start.resource) in steps:
            steps = steps[steps.index((start.institution, start.resource)) :]
            begun = start
    for number, (institution, resource) in enumerate(steps):
        following = Position(*steps[number + 1]) if number + 1 < len(steps) else Position()
        here = begun if number == 0 and begun is not None else Position(institution, resource)
        async for page in _List(gateway, kind, fiscal_year, here, following).pages():
            yield page


class _List:
    """One list, read from a position to its end."""

    def __init__(
        self, gateway: Gateway, kind: PackageKind, fiscal_year: int, start: Position, following: Position
    ) -> None:
        self._gateway = gateway
        self._kind = kind
        self._fiscal_year = fiscal_year
        self._start = start
        self._following = following
        self._resource = start.resource
        self._seen: set[int] = set()
        self._cursors: set[str] = set()

    async def pages(self) -> AsyncIterator[IndexPage]:
        """Every page. A list whose cursor is not known any more, or whose count does not fit, is read once more."""
        start = self._start
        reading = 1
        while True:
            try:
                async for page in self._read(start):
                    yield page
            except CursorRefused as refused:
                if reading >= _READINGS:
                    raise refused.failure from refused
            except ListMissing as missing:
                yield self._without(missing)
                return
            except _CountUnmet as unmet:
                if reading >= _READINGS:
                    raise IndexIncomplete(f"“{self._resource}”: {unmet}") from unmet
            else:
                return
            reading += 1
            start = Position(self._start.institution, self._resource)

    def _without(self, missing: ListMissing) -> IndexPage:
        if self._resource == KINDS[self._kind].announcement:
            raise NodeContractBroken(f"the gateway has no list “{self._resource}” (404)", evidence=missing.evidence)
        problem = Problem(
            "source-without-part", kind=self._kind.value, field=self._resource, value=f"404 {missing.evidence}"
        )
        return IndexPage(entries=(), received=0, problems=(problem,), position=self._following.text)

    async def _read(self, start: Position) -> AsyncIterator[IndexPage]:
        cursor, rows, pages, stale = start.cursor, start.rows, 0, 0
        self._cursors = set() if cursor is None else {cursor}
        self._seen.clear()
        counts = _Counts()
        while True:
            answer = await self._gateway.page(
                self._resource, start.institution, self._fiscal_year, limit=LIMIT, cursor=cursor
            )
            pages += 1
            rows += len(answer.rows)
            counts.note(answer)
            entries, problems = read_rows(self._kind, self._resource, answer.rows)
            if answer.rows and not entries:
                raise NodeContractBroken(
                    f"no row of “{self._resource}” names a package and its LPSE", evidence=problems[0].value
                )
            before = len(self._seen)
            self._seen.update(hash(name) for entry in entries for name in entry.row)
            stale = 0 if len(self._seen) > before else stale + 1
            found = IndexPage(tuple(entries), len(answer.rows), tuple(problems))
            try:
                cursor = self._next_cursor(answer)
                if cursor is None:
                    counts.check(rows)
                else:
                    self._check_progress(pages, rows, stale)
            except (IndexIncomplete, _CountUnmet):
                # What it did show is kept; whoever resumes begins this list again.
                yield replace(found, position=Position(start.institution, self._resource).text)
                raise
            following = self._following if cursor is None else Position(start.institution, self._resource, cursor, rows)
            yield replace(found, position=following.text)
            if cursor is None:
                return

    def _next_cursor(self, answer: ListPage) -> str | None:
        if not answer.whole:
            raise IndexIncomplete(f"“{self._resource}” does not say how it goes on after {len(answer.rows)} rows")
        if answer.cursor is not None:
            if answer.cursor in self._cursors:
                raise IndexIncomplete(f"“{self._resource}” leads back to a page that was read before")
            self._cursors.add(answer.cursor)
        return answer.cursor

    def _check_progress(self, pages: int, rows: int, stale: int) -> None:
        if stale >= _PATIENCE:
            raise IndexIncomplete(f"“{self._resource}” goes on, but {stale} pages in a row brought no new row")
        if pages >= MAX_PAGES or rows >= MAX_ROWS:
            raise IndexIncomplete(f"“{self._resource}” goes on beyond {pages} pages and {rows} rows")


class _CountUnmet(Exception):
    """The list states another number of rows than it shows."""


class _Counts:
    """What a list says of its own length.

    `total` counts the whole list. `count` is not explained anywhere: it may count the page or the list, so that it is
    believed where it fits either.
    """

    def __init__(self) -> None:
        self._total: int | None = None
        self._count: int | None = None
        self._counts_pages = True

    def note(self, answer: ListPage) -> None:
        if answer.total is not None:
            self._total = answer.total
        if answer.count is not None:
            self._count = answer.count
            self._counts_pages = self._counts_pages and answer.count == len(answer.rows)

    def check(self, rows: int) -> None:
        stated = [self._total] if self._total is not None else []
        if self._count is not None and not self._counts_pages:
            stated.append(self._count)
        for number in stated:
            if number != rows:
                raise _CountUnmet(f"the list states {number} rows and shows {rows}")


def institutions_in(option: object) -> Iterator[str]:
    """The kd_klpd of the endpoint's options: one, or several in a list; those that are none are left out."""
    for text in option if isinstance(option, list | tuple) else [option]:
        if isinstance(text, str) and (code := text.strip()).isascii() and code.isalnum():
            yield code.upper()
