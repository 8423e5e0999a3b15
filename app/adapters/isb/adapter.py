"""The adapter of ISB-2 and Satu Data: one visit, its datasets, and packages joined from them."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from app.adapters.isb.datasets import KINDS, SATU_DATA, Services
from app.adapters.isb.masters import MasterLists, read_master_klpd, read_master_lpse
from app.adapters.isb.record import combine
from app.adapters.isb.rows import entries_of
from app.adapters.joined import joined_record, rows_of
from app.adapters.lkpp.reading import Reader
from app.adapters.protocol import (
    Endpoint,
    IndexEntry,
    IndexPage,
    NodeContractBroken,
    NodeFacts,
    NodeRefused,
)
from app.adapters.row_streams import read_list
from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.records import PackageRecord
from app.core.vocabulary import Interface, PackageKind
from app.kit.clock import utc_now
from app.kit.http import GuardedClient
from app.kit.json_stream import RowReader

_LISTS = ("data", "result")
_END = "-"
_NOT_DEFINED = "URL-NOT-DEFINED"
_NOT_FOUND = "HTTP 404"


class IsbAdapter:
    """Speaks to LKPP's ISB-2, which gives a whole year of one LPSE at once."""

    interface: Interface = Interface.ISB
    kinds: frozenset[PackageKind] = frozenset(KINDS)
    parser_version: str = "isb-1"
    joins: bool = True
    lists_tell_all: bool = True

    @asynccontextmanager
    async def visit(self, client: GuardedClient, endpoint: Endpoint) -> AsyncIterator["IsbVisit"]:
        services = Services(endpoint)
        _ = services.lpse
        yield IsbVisit(client, services, endpoint.time_zone)

    async def probe(self, client: GuardedClient, endpoint: Endpoint) -> NodeFacts:
        """Read the beginning of one list of this year, as far as its first rows."""
        services = Services(endpoint)
        year = utc_now().astimezone(endpoint.time_zone.info).year
        names = [name for kind in KINDS for name in services.names(kind)]
        if not names:
            raise NodeRefused("the endpoint has no datasets: store their paths, or set options.satudata to true")
        url = services.url(names[0], year)
        async with aclosing(read_list(client, url, _new_reader, hide=services.hide)) as batches:
            await anext(batches, None)
        return NodeFacts()

    async def master_lists(self, client: GuardedClient, endpoint: Endpoint) -> MasterLists:
        """LKPP's own lists of LPSEs and institutions. Raises NodeFailure."""
        services = Services(endpoint)

        async def rows_of(name: str) -> list[Any]:
            batches = read_list(client, services.master_url(name), _new_reader, hide=services.hide)
            return [row async for batch in batches for row in batch.rows]

        lists = MasterLists(
            read_master_lpse(await rows_of("MasterLPSE")), read_master_klpd(await rows_of("MasterKLPD"))
        )
        if not lists.lpse or not lists.klpd:
            raise NodeContractBroken("a master list names nobody")
        return lists


class IsbVisit:
    """One sitting with ISB."""

    def __init__(self, client: GuardedClient, services: Services, zone: TimeZone) -> None:
        self._client = client
        self._services = services
        self._zone = zone
        self._read_at = utc_now()

    @property
    def facts(self) -> NodeFacts:
        return NodeFacts()

    async def index(self, kind: PackageKind, fiscal_year: int, *, resume: str = "") -> AsyncIterator[IndexPage]:
        """See NodeVisit. A position is a dataset, which is read from its beginning: there is no other way in."""
        names = self._services.names(kind)
        announcement = next((name for name in (KINDS[kind].announcement, SATU_DATA) if name in names), None)
        if announcement is None and resume != _END:
            unset = KINDS[kind].announcement
            yield IndexPage((), 0, (_missing(kind, unset, "no path"),), position=names[0] if names else _END)
        if resume == _END:
            return
        for place, name in enumerate(names):
            if resume in names and place < names.index(resume):
                continue
            following = names[place + 1] if place + 1 < len(names) else _END
            try:
                async for page in self._dataset(kind, name, fiscal_year, following):
                    yield page
            except NodeContractBroken as broken:
                if name == announcement or not _is_not_defined(broken):
                    raise NodeContractBroken(f"“{name}”: {broken.reason}", evidence=broken.evidence) from None
                yield IndexPage((), 0, (_missing(kind, name, _NOT_DEFINED),), position=following)

    async def _dataset(
        self, kind: PackageKind, name: str, fiscal_year: int, following: str
    ) -> AsyncIterator[IndexPage]:
        url = self._services.url(name, fiscal_year)
        async with aclosing(read_list(self._client, url, _new_reader, hide=self._services.hide)) as batches:
            async for batch in batches:
                self._read_at = batch.fetched_at
                entries, problems = entries_of(kind, name, batch.rows, fiscal_year, self._services.lpse)
                if batch.rows and not entries:
                    surprise = self._services.hide(problems[0].value or "")
                    raise NodeContractBroken("no row names a package", evidence=surprise)
                position = following if batch.is_last else name
                yield IndexPage(tuple(entries), len(batch.rows), tuple(problems), position)

    async def detail(self, entry: IndexEntry) -> PackageRecord:
        """See NodeVisit. Nothing is asked."""
        reader = Reader(entry.kind, entry.code, self._zone)
        fields = combine(rows_of(entry), reader)
        return joined_record(Interface.ISB, entry, fields, reader.problems, self._services.base, self._read_at)


def _new_reader() -> RowReader:
    return RowReader(_LISTS)


def _is_not_defined(failure: NodeContractBroken) -> bool:
    """ISB answers a path that it does not know with 200 and a text."""
    return (failure.evidence or "").startswith(_NOT_DEFINED) or failure.reason == _NOT_FOUND


def _missing(kind: PackageKind, dataset: str, why: str) -> Problem:
    return Problem("source-without-part", kind=kind.value, field=dataset, value=why)
