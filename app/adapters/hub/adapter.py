"""The adapter of other hubs: one visit, and the packages of a node from that hub's change feed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from app.adapters.hub.asking import FeedPage, FeedRestarted, OtherHub, PageTooLarge, asked_slug
from app.adapters.hub.circles import refuse_circle
from app.adapters.hub.listing import read_line
from app.adapters.hub.record import read_package
from app.adapters.protocol import (
    Endpoint,
    IndexEntry,
    IndexIncomplete,
    IndexPage,
    NodeContractBroken,
    NodeFacts,
    NodeRefused,
)
from app.core.problems import Problem
from app.core.records import PackageRecord, RawAnswer
from app.core.vocabulary import Interface, PackageKind
from app.kit.clock import utc_now
from app.kit.http import GuardedClient
from app.kit.json import loads

LIMIT = 500
"""Changes of one page: at some kilobytes each, well below what one answer may hold."""
MAX_PAGES = 20_000
_RESTARTS = 1


class HubAdapter:
    """Speaks to another Rakor by its change feed."""

    interface: Interface = Interface.HUB
    kinds: frozenset[PackageKind] = frozenset(PackageKind)
    parser_version: str = "hub-1"
    joins: bool = False
    lists_tell_all: bool = True

    @asynccontextmanager
    async def visit(self, client: GuardedClient, endpoint: Endpoint) -> AsyncIterator["HubVisit"]:
        yield HubVisit(client, endpoint)

    async def probe(self, client: GuardedClient, endpoint: Endpoint) -> NodeFacts:
        """Ask for the node: only a Rakor answers so."""
        hub = OtherHub(client, endpoint.base_url, asked_slug(endpoint))
        there = await hub.node()
        return replace(hub.facts, time_zone=there.time_zone)


class HubVisit:
    """One sitting with another hub."""

    def __init__(self, client: GuardedClient, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self._hub = OtherHub(client, endpoint.base_url, asked_slug(endpoint))
        self._limit = LIMIT
        self._is_known = False
        self._read_at = utc_now()

    @property
    def facts(self) -> NodeFacts:
        return self._hub.facts

    async def index(self, kind: PackageKind, fiscal_year: int, *, resume: str = "") -> AsyncIterator[IndexPage]:
        """See NodeVisit. What changes while it is read comes once more at the end, so that nothing is passed over.

        A hub that was restored from a backup meanwhile is read from the beginning, once.
        """
        await self._know()
        question = {
            "entity": "package",
            "node": self._hub.slug,
            "kind": kind.value,
            "fiscal_year": str(fiscal_year),
            "latest": "true",
        }
        # A position that is none of ours begins at the beginning.
        after = resume if len(resume) == 48 and resume.isalnum() else ""
        restarts = pages = 0
        while True:
            try:
                page = await self._page(question, after)
            except FeedRestarted as restarted:
                restarts += 1
                if restarts > _RESTARTS or not after:
                    raise IndexIncomplete("the hub began its feed anew while it was read") from restarted
                after = ""
                continue
            pages += 1
            yield self._listed(page, kind, fiscal_year)
            if not page.more:
                return
            if page.next <= after or pages >= MAX_PAGES:
                raise IndexIncomplete(f"the feed does not come to an end after {pages} pages", evidence=page.next)
            after = page.next

    async def _know(self) -> None:
        """Before the first page: is it the same LPSE, and does the hub know more of it than what it has from us?"""
        if self._is_known:
            return
        there = await self._hub.node()
        ours = self._endpoint.options.get("kd_lpse")
        if there.kd_lpse is not None and ours is not None and there.kd_lpse != ours:
            raise NodeRefused(
                f"that hub's node “{there.slug}” is LPSE {there.kd_lpse}, ours is LPSE {ours}: set options.node"
            )
        await refuse_circle(self._client, self._hub, there)
        self._hub.facts = replace(self._hub.facts, time_zone=there.time_zone)
        self._is_known = True

    async def _page(self, question: dict[str, str], after: str) -> FeedPage:
        """One page, in smaller ones where packages are so large that many do not go into one answer."""
        while True:
            try:
                page = await self._hub.page(question, limit=self._limit, after=after)
            except PageTooLarge as too_large:
                if self._limit == 1:
                    raise too_large.failure from too_large
                self._limit = max(1, self._limit // 8)
            else:
                self._read_at = utc_now()
                return page

    def _listed(self, page: FeedPage, kind: PackageKind, fiscal_year: int) -> IndexPage:
        entries: list[IndexEntry] = []
        problems: list[Problem] = []
        received = 0
        for line in page.lines:
            found = read_line(line, node=self._hub.slug, kind=kind, fiscal_year=fiscal_year)
            if found is None:
                continue
            received += 1
            if isinstance(found, Problem):
                problems.append(found)
            else:
                entries.append(found)
        if received and not entries:
            raise NodeContractBroken("no line of the feed tells of a package", evidence=problems[0].value)
        return IndexPage(tuple(entries), received, tuple(problems), page.next)

    async def detail(self, entry: IndexEntry) -> PackageRecord:
        """See NodeVisit. Nothing is asked: the list has told everything."""
        [text] = entry.row
        item: Any = loads(text)
        fields, problems = read_package(item["package"], entry.kind, entry.code, self._endpoint.time_zone)
        url = f"{self._hub.root}/api/v1/packages/{self._hub.slug}/{entry.kind.value}/{entry.code}"
        evidence = RawAnswer(Interface.HUB.value, url, str(text).encode(), "application/json", self._read_at)
        return PackageRecord(entry.kind, entry.code, fields, raw=(evidence,), problems=tuple(problems))
