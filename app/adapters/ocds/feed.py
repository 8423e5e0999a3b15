"""Walking a publisher's feed from its first page to its proven end."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.adapters.ocds.reading import child
from app.adapters.protocol import Endpoint, IndexIncomplete, NodeContractBroken, NodeRefused
from app.adapters.row_streams import Batch, read_list
from app.kit.clock import utc_now
from app.kit.http import GuardedClient
from app.kit.json_stream import LineReader, RowReader

_LISTS = ("releases", "records")
_LINES = "lines"
_PACKAGES = "packages"
_MAX_PAGES = 100_000
_YEAR = "{year}"


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Some rows of one page of the feed; `following` is the page after it, once that is known ("" at the end)."""

    rows: list[Any]
    page: str
    following: str | None


class Feed:
    """One publisher's feed: release packages or record packages, linked by `links.next`, or JSON lines."""

    def __init__(self, client: GuardedClient, endpoint: Endpoint) -> None:
        self._client = client
        self._template = endpoint.base_url
        self._publication = endpoint.options.get("publication", _PACKAGES)
        if self._publication not in {_PACKAGES, _LINES}:
            raise NodeRefused(f'options.publication is neither "{_PACKAGES}" nor "{_LINES}"')
        self.is_by_year = _YEAR in self._template
        self.read_at = utc_now()

    def first(self, fiscal_year: int) -> str:
        return self._template.replace(_YEAR, str(fiscal_year))

    def _new_reader(self) -> RowReader | LineReader:
        return LineReader() if self._publication == _LINES else RowReader(_LISTS)

    async def pages(self, start: str) -> AsyncGenerator[FeedBatch, None]:
        """All rows from one page on. Raises NodeFailure, IndexIncomplete where the end cannot be trusted."""
        page = start
        seen: set[str] = set()
        while page:
            seen.add(page)
            if len(seen) > _MAX_PAGES:
                raise IndexIncomplete(f"the feed goes on beyond {_MAX_PAGES} pages")
            following = ""
            async with aclosing(self._page(page)) as batches:
                async for batch in batches:
                    following = batch.following or ""
                    yield batch
            if following in seen:
                raise IndexIncomplete("links.next leads back to a page that was read before", evidence=following)
            page = following

    async def _page(self, page: str) -> AsyncGenerator[FeedBatch, None]:
        """One page. One without a single release or record in it is something else that the publisher answers."""
        rows = processes = 0
        async with aclosing(read_list(self._client, page, self._new_reader)) as batches:
            async for batch in batches:
                self.read_at = batch.fetched_at
                rows += len(batch.rows)
                processes += sum(isinstance(row, dict) and "ocid" in row for row in batch.rows)
                if batch.is_last and rows and not processes:
                    raise NodeContractBroken("no row of the feed has an ocid", evidence=str(batch.rows[-1:])[:300])
                yield FeedBatch(batch.rows, page, self._following(batch, page) if batch.is_last else None)

    def _following(self, batch: Batch, page: str) -> str:
        if self._publication == _LINES:
            if not batch.framed:
                raise IndexIncomplete("nobody told how long the feed is: a cut one would look the same")
            return ""
        link = child(batch.members or {}, "links").get("next")
        if link is None or link == "":
            return ""
        if not isinstance(link, str):
            raise NodeContractBroken("links.next is no URL", evidence=str(link)[:300])
        # Only the publisher itself may say where its feed goes on.
        following = urljoin(batch.url, link.strip())
        if _origin(following) not in {_origin(page), _origin(batch.url)}:
            raise NodeContractBroken("links.next leads to another host", evidence=following[:300])
        return following


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
