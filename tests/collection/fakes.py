"""An adapter whose node is a table of this process: what a list shows, page by page, and what became of each question."""

from collections import Counter
from contextlib import asynccontextmanager
from hashlib import sha256

from app.adapters.protocol import IndexEntry, IndexPage, NodeFacts
from app.core.records import PackageRecord
from app.core.vocabulary import PackageKind


class FakeAdapter:
    """Speaks an interface without any network. `lists` maps (kind, year) to pages of rows; see `row`.

    `failing` maps a base URL to the failure that its visit ends with; `stumble` is called before each page.
    """

    parser_version = "fake-1"

    def __init__(self, interface, *, kinds=tuple(PackageKind), joins=True):
        self.interface, self.kinds, self.joins = interface, frozenset(kinds), joins
        self.lists_tell_all = joins
        self.lists = {}
        self.failing = {}
        self.asked = Counter()
        self.seen_endpoints = []
        self.stumble = lambda _kind, _number: None

    def show(self, *pages, kind=PackageKind.TENDER, year=2025):
        """From now on the list has these pages, each a list of rows."""
        self.lists[kind, year] = [list(page) for page in pages]

    @asynccontextmanager
    async def visit(self, _client, endpoint):
        self.seen_endpoints.append(endpoint)
        self.asked[endpoint.base_url] += 1
        if endpoint.base_url in self.failing:
            raise self.failing[endpoint.base_url]
        yield FakeVisit(self)

    async def probe(self, _client, _endpoint):
        return NodeFacts()


class FakeVisit:
    facts = NodeFacts(software_version="fake 1")

    def __init__(self, adapter):
        self._adapter = adapter

    async def index(self, kind, fiscal_year, *, resume=""):
        pages = self._adapter.lists.get((kind, fiscal_year), [])
        for number, rows in enumerate(pages):
            if number < int(resume or 0):
                continue
            self._adapter.stumble(kind, number)
            self._adapter.asked["page"] += 1
            entries = tuple(self._entry(kind, *row) for row in rows if isinstance(row, tuple))
            problems = tuple(row for row in rows if not isinstance(row, tuple))
            yield IndexPage(entries, len(rows), problems, position=str(number + 1))
        self._adapter.stumble(kind, len(pages))

    async def detail(self, entry):
        self._adapter.asked["detail"] += 1
        fields = {}
        for part in entry.row.values():
            fields |= part
        return PackageRecord(entry.kind, entry.code, {"fiscal_years": [2025], **fields}, lpse=entry.lpse)

    def _entry(self, kind, code, lpse, part, fields):
        row = {f"{part}#{sha256(repr(sorted(fields.items())).encode()).hexdigest()[:8]}": fields}
        fingerprint = "" if self._adapter.joins else str(row)
        return IndexEntry(kind, code, row, fingerprint, settled=True, lpse=lpse)


def row(code, part="announcement", *, lpse=None, **fields):
    """One row of a list: one part of what the source tells of a package."""
    return (code, lpse, part, fields)
