"""One node collected by a Scrapy spider with Rakor's own parser, as somebody would write it who knows Scrapy.

Callbacks follow one package from page to page; an item pipeline upserts the fields that Rakor shows, a hundred packages at
a time. Session, sorting out of refusals, proof that the list is whole, resuming and history are left out.
"""

import json
import sys
import time
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any, ClassVar

import psycopg
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from storing import BATCH, SCHEMA, Read, agreed, as_json, store

from app.adapters.protocol import IndexEntry
from app.adapters.spse.announcement import read_announcement
from app.adapters.spse.index import SETTLED, Direction, list_form, parse_list, read_row, row_fields
from app.adapters.spse.kinds import KINDS, DetailPage
from app.adapters.spse.markup import PackagePage
from app.adapters.spse.offers import read_evaluation, read_participants
from app.adapters.spse.reading import Reader
from app.adapters.spse.record import Found, combine
from app.adapters.spse.schedule import read_history, read_schedule
from app.adapters.spse.winners import read_winners
from app.core.dates import TimeZone
from app.core.records import PackageFields
from app.core.vocabulary import PackageKind, PackageStatus

PAGE_LENGTH = 100
SETTINGS = {
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": False,
    "LOG_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "USER_AGENT": "Mozilla/5.0 (compatible; benchmark)",
    "ITEM_PIPELINES": {"__main__.Storing": 100},
}

Steps = Generator[tuple[DetailPage, str], PackagePage, PackageFields]
"""Asks for one page after the other, is given each, and ends with what all of them say."""


def read_package(entry: IndexEntry, zone: TimeZone) -> Steps:
    """The order and the choice of pages are those of Rakor's adapter."""
    spec, reader = KINDS[entry.kind], Reader(entry.kind, entry.code)
    found = Found(row_fields(entry, reader))
    page = yield DetailPage.ANNOUNCEMENT, entry.code
    announcement = found.announcement = read_announcement(page, spec, reader)
    if announcement.has_schedule:
        page = yield DetailPage.SCHEDULE, entry.code
        schedule = found.schedule = read_schedule(page, spec, zone, reader)
        for position, code in (schedule.histories if schedule else {}).items():
            page = yield DetailPage.HISTORY, code
            assert schedule is not None
            schedule.stages[position]["revisions"] = read_history(page, zone, reader) or []
    tabs = announcement.tabs or frozenset(spec.pages)
    if found.status in SETTLED and DetailPage.PARTICIPANTS in tabs:
        page = yield DetailPage.PARTICIPANTS, entry.code
        found.participants = read_participants(page, reader)
    if found.status in {PackageStatus.COMPLETED, PackageStatus.FAILED} and DetailPage.EVALUATION in tabs:
        page = yield DetailPage.EVALUATION, entry.code
        found.evaluation = read_evaluation(page, reader)
    if found.status is PackageStatus.COMPLETED:
        found.winners = found.contracted = []
        if DetailPage.WINNERS in tabs:
            page = yield DetailPage.WINNERS, entry.code
            found.winners = read_winners(page, DetailPage.WINNERS, reader)
        if DetailPage.CONTRACTED in tabs:
            page = yield DetailPage.CONTRACTED, entry.code
            found.contracted = read_winners(page, DetailPage.CONTRACTED, reader)
    return combine(found, reader)


class NodeSpider(scrapy.Spider):
    """Lists both kinds and follows every package through its pages."""

    name = "node"
    options: ClassVar[dict[str, Any]] = {}

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for kind in (PackageKind.TENDER, PackageKind.NON_TENDER):
            url = f"{self.options['node_url']}{KINDS[kind].listing}"
            # A jar of its own: the token is bound to the session.
            yield scrapy.Request(url, self.begin, cb_kwargs={"kind": kind}, meta={"cookiejar": kind.value})

    def begin(self, response: Response, kind: PackageKind) -> Iterator[scrapy.Request]:
        token = response.selector.re_first(r"authenticityToken\s*[=:]\s*['\"](\w+)['\"]")
        yield self.list_rows(kind, str(token), 0)

    def list_rows(self, kind: PackageKind, token: str, start: int) -> scrapy.Request:
        form = list_form(kind, start=start, length=PAGE_LENGTH, direction=Direction.ASCENDING, token=token)
        base = self.options["node_url"]
        return scrapy.FormRequest(
            f"{base}{KINDS[kind].index}?tahun={self.options['year']}",
            self.follow,
            formdata=form,
            headers={"X-Requested-With": "XMLHttpRequest", "Referer": f"{base}{KINDS[kind].listing}"},
            meta={"cookiejar": kind.value},
            cb_kwargs={"kind": kind, "token": token, "start": start},
        )

    def follow(self, response: Response, kind: PackageKind, token: str, start: int) -> Iterator[Any]:
        listed = parse_list(response.text)
        assert listed is not None
        for row in listed.rows:
            entry = read_row(kind, row)
            assert isinstance(entry, IndexEntry)
            steps = read_package(entry, TimeZone.WIB)
            yield self.ask(entry, steps, next(steps))
        if listed.rows:
            yield self.list_rows(kind, token, start + len(listed.rows))

    def ask(self, entry: IndexEntry, steps: Steps, wanted: tuple[DetailPage, str]) -> scrapy.Request:
        spec, base = KINDS[entry.kind], self.options["node_url"]
        return scrapy.Request(
            f"{base}{spec.path(*wanted)}",
            self.go_on,
            headers={"Referer": f"{base}{spec.listing}"},
            meta={"cookiejar": entry.kind.value},
            cb_kwargs={"entry": entry, "steps": steps},
            # Packages that were begun are finished first.
            priority=1,
            dont_filter=True,
        )

    def go_on(self, response: Response, entry: IndexEntry, steps: Steps) -> Iterator[Any]:
        try:
            wanted = steps.send(PackagePage(response.text))
        except StopIteration as end:
            yield {"entry": entry, "fields": end.value}
        else:
            yield self.ask(entry, steps, wanted)


class Storing:
    """Upserts a batch of packages at a time."""

    def __init__(self) -> None:
        self._read: list[Read] = []
        self.stored = 0

    def open_spider(self) -> None:
        self._connection = psycopg.connect(NodeSpider.options["database_url"], autocommit=True)
        self._connection.execute(SCHEMA)

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        self._read.append(as_rows(item["entry"], item["fields"]))
        if len(self._read) >= BATCH:
            self._store()
        return item

    def close_spider(self) -> None:
        self._store()
        self._connection.close()

    def _store(self) -> None:
        store(self._connection, self._read)
        NodeSpider.options["stored"] = NodeSpider.options.get("stored", 0) + len(self._read)
        self._read = []


def as_rows(entry: IndexEntry, fields: PackageFields) -> Read:
    key = {"kind": entry.kind.value, "code": entry.code}
    amounts = ("contract_value", "negotiated_value", "corrected_value", "bid_value", "pdn_value", "umk_value")
    awards = [
        {
            **key,
            "position": position,
            "supplier_name": award["supplier_name"],
            "npwp": award.get("npwp"),
            "address": award.get("address"),
            **{amount: award.get(amount) for amount in amounts},
        }
        for position, award in enumerate(fields.get("awards", []), start=1)
    ]
    is_completed = fields.get("status") is PackageStatus.COMPLETED
    value, basis = agreed(awards) if is_completed else (None, None)
    plain = (
        "name", "labels", "institution_name", "satker_name", "category_text", "method_text", "evaluation_text",
        "contract_type", "locations", "stage", "reason", "fund_sources", "rup_codes", "pagu", "hps", "participants",
    )  # fmt: skip
    package = {
        **key,
        **{field: fields.get(field) for field in plain},
        "status": str(fields.get("status", "other")),
        "fiscal_years": ", ".join(str(year) for year in fields.get("fiscal_years", [])),
        "created_on": str(fields.get("created_on") or ""),
        "value": value,
        "value_basis": basis,
        "offers": as_json(fields.get("offers", [])),
        "schedule": as_json(fields.get("schedule", [])),
    }
    return package, awards


def collect(options: dict[str, Any]) -> dict[str, Any]:
    NodeSpider.options = options
    process = CrawlerProcess(SETTINGS)
    process.crawl(NodeSpider)
    process.start()
    return {"state": "completed", "counts": {"seen": options.get("stored", 0)}}


def main() -> None:
    started = time.process_time()
    options = json.load(sys.stdin)
    if options:
        sys.stdout.write(json.dumps({**collect(options), "start_up": started}) + "\n")


if __name__ == "__main__":
    main()
