"""The adapter of SPSE nodes: one visit, its list and its packages."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from string import ascii_lowercase

from app.adapters.protocol import Endpoint, IndexEntry, IndexPage, NodeFacts
from app.adapters.spse.announcement import read_announcement
from app.adapters.spse.index import SETTLED, Direction, ListAnswer, row_bytes, row_fields
from app.adapters.spse.kinds import KINDS, DetailPage
from app.adapters.spse.listing import walk
from app.adapters.spse.markup import PackagePage
from app.adapters.spse.offers import read_evaluation, read_participants
from app.adapters.spse.pages import named_code
from app.adapters.spse.reading import Reader
from app.adapters.spse.realizations import read_realizations
from app.adapters.spse.record import Found, combine
from app.adapters.spse.schedule import read_history, read_schedule
from app.adapters.spse.session import PageLost, Session, clock_of
from app.adapters.spse.winners import read_winners
from app.core.dates import TimeZone
from app.core.records import AwardFields, PackageRecord, RawAnswer
from app.core.vocabulary import Interface, PackageKind, PackageStatus
from app.kit.http import Answer, GuardedClient

_PATIENCE = 3
"""Packages in a row whose page was lost before the node itself is held to be sick: one sick package stops no run.
Histories are worth no stop: after as many they are no longer asked for."""


class SpseAdapter:
    """Speaks to SPSE 4.x as a visitor's browser does."""

    interface: Interface = Interface.SPSE
    kinds: frozenset[PackageKind] = frozenset(KINDS)
    parser_version: str = "spse-2"
    joins: bool = False
    lists_tell_all: bool = False

    @asynccontextmanager
    async def visit(self, client: GuardedClient, endpoint: Endpoint) -> AsyncIterator["SpseVisit"]:
        yield SpseVisit(Session(client, endpoint))

    async def probe(self, client: GuardedClient, endpoint: Endpoint) -> NodeFacts:
        """See NodeAdapter. The page on which visitors browse tenders is asked for, and must be that page."""
        session = Session(client, endpoint)
        await session.probe()
        return session.facts


class SpseVisit:
    """One sitting with one node."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listed: dict[tuple[PackageKind, str], tuple[str, datetime]] = {}
        self._lost: Counter[DetailPage] = Counter()

    @property
    def facts(self) -> NodeFacts:
        return self._session.facts

    async def index(self, kind: PackageKind, fiscal_year: int, *, resume: str = "") -> AsyncIterator[IndexPage]:
        """See NodeVisit."""
        origin: list[tuple[str, datetime]] = []

        async def ask(start: int, length: int, direction: Direction) -> ListAnswer:
            rows, answer = await self._session.ask_list(kind, fiscal_year, start, length, direction)
            origin[:] = [(answer.url, answer.fetched_at)]
            return rows

        async for page in walk(kind, ask, resume=resume):
            self._listed.update(((entry.kind, entry.code), origin[0]) for entry in page.entries)
            yield page

    async def detail(self, entry: IndexEntry) -> PackageRecord:
        """See NodeVisit. A page that cannot be had or used is a problem of the record; what it says stays unsaid."""
        package = _Package(entry)
        await self._read_announcement(package)
        if package.found.announcement is not None:
            await self._read_schedule(package)
            await self._read_participants(package)
            await self._read_awards(package)
            await self._read_realizations(package)
        fields = combine(package.found, package.reader)
        if (origin := self._listed.get((entry.kind, entry.code))) is not None:
            url, fetched_at = origin
            package.raw.insert(0, RawAnswer("index", url, row_bytes(entry.row), "application/json", fetched_at))
        return PackageRecord(
            kind=entry.kind,
            code=entry.code,
            fields=fields,
            raw=tuple(package.raw),
            problems=tuple(package.reader.problems),
        )

    async def _read_announcement(self, package: "_Package") -> None:
        page = await self._page(package, DetailPage.ANNOUNCEMENT)
        if page is not None:
            package.found.announcement = read_announcement(page.markup, package.spec, package.reader)

    async def _read_schedule(self, package: "_Package") -> None:
        """The stages, and of those that were changed how they stood before."""
        announcement = package.found.announcement
        if announcement is None or not announcement.has_schedule:
            return
        page = await self._page(package, DetailPage.SCHEDULE)
        if page is None:
            return
        schedule = read_schedule(page.markup, package.spec, self._zone(page), package.reader)
        package.found.schedule = schedule
        if schedule is None:
            return
        if schedule.histories and self._lost[DetailPage.HISTORY] >= _PATIENCE:
            package.reader.report("detail-missing", field=DetailPage.HISTORY.value, value="lost for several packages")
            return
        for position, code in schedule.histories.items():
            page = await self._page(package, DetailPage.HISTORY, code=code, ordinal=position)
            revisions = None if page is None else read_history(page.markup, self._zone(page), package.reader)
            if revisions is None:
                break  # One that is lost tells enough of the others.
            schedule.stages[position]["revisions"] = revisions

    async def _read_participants(self, package: "_Package") -> None:
        """Offers are public once the package is settled; before, the page is worth a request for their number only."""
        found = package.found
        is_counted = found.announcement is not None and found.announcement.fields.get("participants") is not None
        if found.status in SETTLED or not is_counted:
            page = await self._tab(package, DetailPage.PARTICIPANTS)
            if page is not None:
                found.participants = read_participants(page.markup, package.reader)
                package.note(DetailPage.PARTICIPANTS, found.participants)
        if found.status in {PackageStatus.COMPLETED, PackageStatus.FAILED}:
            page = await self._tab(package, DetailPage.EVALUATION)
            if page is not None:
                found.evaluation = read_evaluation(page.markup, package.reader)
                package.note(DetailPage.EVALUATION, found.evaluation)

    async def _read_awards(self, package: "_Package") -> None:
        if package.found.status is PackageStatus.COMPLETED and DetailPage.WINNERS in package.spec.pages:
            package.found.winners = await self._read_winners(package, DetailPage.WINNERS)
            package.found.contracted = await self._read_winners(package, DetailPage.CONTRACTED)

    async def _read_winners(self, package: "_Package", detail: DetailPage) -> list[AwardFields] | None:
        if not package.has(detail):
            return []
        page = await self._page(package, detail)
        return None if page is None else read_winners(page.markup, detail, package.reader)

    async def _read_realizations(self, package: "_Package") -> None:
        """A recorded package is paid piece by piece, so that its realisations are asked for before it is settled too."""
        page = await self._tab(package, DetailPage.REALIZATIONS)
        if page is not None:
            package.found.realizations = read_realizations(page.markup, package.reader)

    async def _tab(self, package: "_Package", detail: DetailPage) -> "_Page | None":
        """A page that the package may have; None when it has none."""
        return await self._page(package, detail) if package.has(detail) else None

    async def _page(
        self, package: "_Package", detail: DetailPage, *, code: str | None = None, ordinal: int | None = None
    ) -> "_Page | None":
        """Fetch a page and make sure that it speaks of this package; None and a problem when it does not.

        `code` is the page's own, where it is not the package's; `ordinal` tells several pages of one sort apart.
        """
        entry = package.entry
        try:
            markup, answer = await self._session.page(entry.kind, detail, code or entry.code)
        except PageLost as lost:
            package.reader.report("detail-missing", field=detail.value, value=str(lost))
            package.note(detail, None)
            self._lost[detail] += 1
            if self._lost[detail] >= _PATIENCE and detail is not DetailPage.HISTORY:
                raise lost.failure from lost
            return None
        self._lost[detail] = 0
        named = named_code(markup)
        if named is not None and named != entry.code:
            package.reader.report("code-mismatch", field=detail.value, value=named)
            package.note(detail, None)
            return None
        name = detail.value if ordinal is None else f"{detail.value}-{_letters(ordinal)}"
        package.raw.append(RawAnswer(name, answer.url, answer.content, answer.media_type, answer.fetched_at))
        return _Page(markup, answer)

    def _zone(self, page: "_Page") -> TimeZone:
        """The clock of the page's own footer, else of the node's, else of the register."""
        return clock_of(page.answer.text) or self._session.facts.time_zone or self._session.time_zone


def _letters(ordinal: int) -> str:
    """Raw answers are named by letters: a, b, … z, ba, …"""
    letters = ""
    while ordinal or not letters:
        ordinal, rest = divmod(ordinal, len(ascii_lowercase))
        letters = ascii_lowercase[rest] + letters
    return letters


@dataclass(frozen=True, slots=True)
class _Page:
    """One page, understood as markup, and the answer in which it came."""

    markup: PackagePage
    answer: Answer


class _Package:
    """What is gathered of one package while its pages are read."""

    def __init__(self, entry: IndexEntry) -> None:
        self.entry = entry
        self.spec = KINDS[entry.kind]
        self.reader = Reader(entry.kind, entry.code)
        self.found = Found(row_fields(entry, self.reader))
        self.raw: list[RawAnswer] = []

    def has(self, detail: DetailPage) -> bool:
        """Whether the package has this page, as far as its kind and its tabs tell."""
        tabs = self.found.announcement.tabs if self.found.announcement is not None else None
        return detail in self.spec.pages and (tabs is None or detail in tabs)

    def note(self, detail: DetailPage, read: object) -> None:
        """Remember that a page was asked for and nothing came of it."""
        if read is None:
            self.found.lost.add(detail)
