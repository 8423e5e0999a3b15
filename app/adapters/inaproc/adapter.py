"""The adapter of the INAPROC gateway: one visit, its lists, and packages joined from them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.adapters.inaproc.gateway import Gateway, ListMissing
from app.adapters.inaproc.listing import institutions_in, walk
from app.adapters.inaproc.resources import KINDS
from app.adapters.joined import joined_record, rows_of
from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.record import combine
from app.adapters.lkpp.rows import by_list
from app.adapters.protocol import (
    Endpoint,
    IndexEntry,
    IndexPage,
    NodeContractBroken,
    NodeFacts,
    NodeRefused,
)
from app.core.dates import TimeZone
from app.core.records import PackageRecord
from app.core.vocabulary import Interface, PackageKind
from app.kit.clock import utc_now
from app.kit.http import GuardedClient


class InaprocAdapter:
    """Speaks to the gateway that lists the packages of an institution, on whichever LPSE they run."""

    interface: Interface = Interface.INAPROC
    kinds: frozenset[PackageKind] = frozenset(KINDS)
    parser_version: str = "inaproc-1"
    joins: bool = True
    lists_tell_all: bool = True

    @asynccontextmanager
    async def visit(self, client: GuardedClient, endpoint: Endpoint) -> AsyncIterator["InaprocVisit"]:
        yield InaprocVisit(Gateway(client, endpoint), asked_institutions(endpoint), endpoint.time_zone)

    async def probe(self, client: GuardedClient, endpoint: Endpoint) -> NodeFacts:
        """Ask for one announcement of this year."""
        gateway = Gateway(client, endpoint)
        year = utc_now().astimezone(endpoint.time_zone.info).year
        resource = KINDS[PackageKind.TENDER].announcement
        try:
            await gateway.page(resource, asked_institutions(endpoint)[0], year, limit=1)
        except ListMissing as missing:
            raise NodeContractBroken(
                f"the gateway has no list “{resource}” (404)", evidence=missing.evidence
            ) from missing
        return gateway.facts


class InaprocVisit:
    """One sitting with the gateway."""

    def __init__(self, gateway: Gateway, institutions: tuple[str, ...], zone: TimeZone) -> None:
        self._gateway = gateway
        self._institutions = institutions
        self._zone = zone

    @property
    def facts(self) -> NodeFacts:
        return self._gateway.facts

    def index(self, kind: PackageKind, fiscal_year: int, *, resume: str = "") -> AsyncIterator[IndexPage]:
        """See NodeVisit. Each entry holds the rows that one page has of one package."""
        return walk(self._gateway, kind, self._institutions, fiscal_year, resume=resume)

    async def detail(self, entry: IndexEntry) -> PackageRecord:
        """See NodeVisit. Nothing is asked. Times are read on the endpoint's clock, also where another LPSE hosts the
        package: rows do not tell the zone.
        """
        reader = Reader(entry.kind, entry.code, self._zone)
        lists = KINDS[entry.kind]
        fields = combine(lists, by_list(rows_of(entry)), reader)
        url = self._gateway.url(lists.announcement)
        return joined_record(Interface.INAPROC, entry, fields, reader.problems, url, utc_now())


def asked_institutions(endpoint: Endpoint) -> tuple[str, ...]:
    """Whose packages to ask for: the gateway answers per institution, never per LPSE."""
    found = tuple(dict.fromkeys(institutions_in(endpoint.options.get("kd_klpd"))))
    if not found:
        raise NodeRefused(
            "the endpoint does not say whose packages to ask for: set options.kd_klpd to the code of the institution, "
            'such as "D181", or to a list of codes'
        )
    return found
