"""The adapter of OCDS publishers: one visit, its feed, and packages joined from releases."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from enum import StrEnum
from typing import Any

from app.adapters.joined import joined_record, rows_of
from app.adapters.ocds.feed import Feed, FeedBatch
from app.adapters.ocds.merging import RECORD, RELEASE, YEAR, compile_rows, is_record, is_whole, years_listed
from app.adapters.ocds.reading import Object, Reader
from app.adapters.ocds.record import combine
from app.adapters.ocds.survey import Facts, Survey, code_of, facts_of
from app.adapters.protocol import Endpoint, IndexEntry, IndexPage, NodeFacts
from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.records import PackageFields, PackageRecord
from app.core.text import clean_text
from app.core.vocabulary import Interface, PackageKind
from app.kit.clock import utc_now
from app.kit.http import GuardedClient
from app.kit.json_plain import name_row
from app.kit.json_stream import UnreadableRow


class OcdsAdapter:
    """Speaks to publishers of the Open Contracting Data Standard 1.1."""

    interface: Interface = Interface.OCDS
    kinds: frozenset[PackageKind] = frozenset({PackageKind.TENDER, PackageKind.NON_TENDER})
    parser_version: str = "ocds-1"
    joins: bool = True
    lists_tell_all: bool = True

    @asynccontextmanager
    async def visit(self, client: GuardedClient, endpoint: Endpoint) -> AsyncIterator["OcdsVisit"]:
        yield OcdsVisit(Feed(client, endpoint), endpoint.time_zone)

    async def probe(self, client: GuardedClient, endpoint: Endpoint) -> NodeFacts:
        """Read the beginning of this year's feed, as far as its first rows."""
        feed = Feed(client, endpoint)
        year = utc_now().astimezone(endpoint.time_zone.info).year
        async with aclosing(feed.pages(feed.first(year))) as batches:
            await anext(batches, None)
        return NodeFacts()


class _Stage(StrEnum):
    """Which rows are listed on a way through the feed. A position is a stage and the page where it goes on."""

    WHOLE = "whole"
    """Rows that hold a whole process; the others are surveyed on the way."""
    MIXED = "mixed"
    """The same, of a feed that is known to have others."""
    PARTS = "parts"
    """The others, of which the survey says where they belong."""


class OcdsVisit:
    """One sitting with one publisher."""

    def __init__(self, feed: Feed, zone: TimeZone) -> None:
        self._feed = feed
        self._zone = zone
        self._surveys: dict[str, Survey] = {}
        self._began_at = utc_now()

    @property
    def facts(self) -> NodeFacts:
        return NodeFacts()

    async def index(self, kind: PackageKind, fiscal_year: int, *, resume: str = "") -> AsyncIterator[IndexPage]:
        """See NodeVisit. A feed of single releases is read twice: kind and year of a process may stand in its last one."""
        first = self._feed.first(fiscal_year)
        survey = self._surveys.setdefault(first, Survey(self._zone))
        listing = _Listing(kind, fiscal_year, survey, is_by_year=self._feed.is_by_year)
        stage, _, page = resume.partition(" ")
        start = page or first
        if stage not in set(_Stage):
            stage, start = _Stage.WHOLE, first
        if stage == _Stage.PARTS:
            await self._survey(first, survey)
        else:
            survey.has_parts = survey.has_parts or stage == _Stage.MIXED
            async for found in self._whole(first, start, survey, listing):
                yield found
            if not survey.has_parts:
                return
            await self._survey(first, survey)
            start = first
        async for batch in self._feed.pages(start):
            parts = [row for row in batch.rows if isinstance(row, dict) and not is_whole(row)]
            yield listing.page(parts, _position(_Stage.PARTS, batch))

    async def _whole(self, first: str, start: str, survey: Survey, listing: "_Listing") -> AsyncIterator[IndexPage]:
        learns = not survey.is_complete
        async for batch in self._feed.pages(start):
            whole: list[Any] = []
            for row in batch.rows:
                if not isinstance(row, dict) or is_whole(row):
                    whole.append(row)
                else:
                    survey.has_parts = True
                    if learns:
                        survey.learn(row)
            yield listing.page(whole, _position(_Stage.MIXED if survey.has_parts else _Stage.WHOLE, batch))
        survey.is_complete = survey.is_complete or start == first

    async def _survey(self, first: str, survey: Survey) -> None:
        """Learn from the whole feed where each process belongs, unless that was done on the way."""
        if survey.is_complete:
            return
        async for batch in self._feed.pages(first):
            for row in batch.rows:
                if isinstance(row, dict) and not is_whole(row):
                    survey.learn(row)
        survey.is_complete = True

    async def detail(self, entry: IndexEntry) -> PackageRecord:
        """See NodeVisit. Nothing is asked."""
        reader = Reader(entry.kind, entry.code, self._zone)
        rows = rows_of(entry)
        listed = years_listed(rows)
        compiled = compile_rows(rows, self._zone)
        fields = PackageFields()
        if compiled:
            if len(compiled) > 1:
                reader.report("duplicate-row", field="ocid", value=", ".join(each.ocid for each in compiled))
            fields = combine(compiled[0], listed, reader)
        # An answer's own address may hold a session or a key; the feed's does not.
        url = self._feed.first(listed[0]) if listed else self._feed.first(self._began_at.year)
        return joined_record(Interface.OCDS, entry, fields, reader.problems, url, self._feed.read_at)


def _position(stage: _Stage, batch: FeedBatch) -> str:
    """A page that was not read to its end is read again; behind the last one there is nothing to read again but it."""
    return f"{stage} {batch.following or batch.page}"


class _Listing:
    """Rows as entries of one kind and year."""

    def __init__(self, kind: PackageKind, fiscal_year: int, survey: Survey, *, is_by_year: bool) -> None:
        self._kind = kind
        self._fiscal_year = fiscal_year
        self._survey = survey
        self._is_by_year = is_by_year

    def page(self, rows: list[Any], position: str) -> IndexPage:
        entries: dict[str, dict[str, Any]] = {}
        problems: list[Problem] = []
        received = 0
        for row in rows:
            if not isinstance(row, dict):
                received += 1
                problems.append(self._problem("row-unreadable", row))
                continue
            facts = facts_of(row, self._survey.zone) if is_whole(row) else self._survey.facts.get(str(row.get("ocid")))
            if facts is None or not self._is_asked_for(facts):
                continue
            received += 1
            code = code_of(row.get("ocid"), facts.tender_id)
            if code is None:
                problems.append(self._problem("code-unreadable", row.get("ocid")))
                continue
            if not self._is_by_year and not facts.years(self._survey.zone):
                problems.append(self._problem("fiscal-year-unreadable", row.get("ocid")))
                continue
            entries.setdefault(code, {}).update(self._named(row))
        found = (IndexEntry(self._kind, code, kept, fingerprint="", settled=True) for code, kept in entries.items())
        return IndexPage(tuple(found), received, tuple(problems), position)

    def _is_asked_for(self, facts: Facts) -> bool:
        """Where nothing says how it was procured, it is a tender; a feed by year says itself which year it is of."""
        if (facts.kind or PackageKind.TENDER) is not self._kind:
            return False
        years = facts.years(self._survey.zone)
        return self._is_by_year or not years or years[0] == self._fiscal_year

    def _named(self, row: Object) -> Iterator[tuple[str, Any]]:
        yield name_row(RECORD if is_record(row) else RELEASE, row)
        yield name_row(YEAR, {YEAR: self._fiscal_year})

    def _problem(self, code: str, value: object) -> Problem:
        text = value.text if isinstance(value, UnreadableRow) else str(value)
        return Problem(code, kind=self._kind.value, field="releases", value=clean_text(text))
