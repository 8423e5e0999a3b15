"""The invented replies in `replies/inaproc`, a gateway on loopback that gives them, and short ways to read them."""

import asyncio
import json
from collections import Counter
from contextlib import asynccontextmanager
from copy import deepcopy
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.adapters.inaproc.adapter import InaprocAdapter
from app.adapters.inaproc.resources import KINDS
from app.adapters.inaproc.rows import read_rows
from app.adapters.lkpp.reading import Reader
from app.adapters.lkpp.record import combine
from app.adapters.lkpp.rows import by_list
from app.adapters.protocol import Endpoint
from app.core.dates import TimeZone
from app.core.vocabulary import Interface, PackageKind
from app.kit.http import GuardedClient, OutboundPolicy
from app.kit.json import dumps, loads
from tests.kit.strangers import listening

REPLIES = Path(__file__).parent / "replies" / "inaproc"
POLICY = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), attempts=4, backoff_seconds=0.01)
TOKEN = "token-rekaan-0123456789abcdef"
TENDER, NON_TENDER = PackageKind.TENDER, PackageKind.NON_TENDER
COMPLETED, FAILED, CONSULTING, RUNNING, UNANNOUNCED = (
    "90000001007",
    "90000002007",
    "90000003000",
    "90000004007",
    "90000005007",
)


def reply_rows(resource):
    """The rows of one list, numbers exact as the adapter reads them."""
    return loads((REPLIES / f"{resource.replace('/', '_')}.json").read_bytes())["data"]


def all_rows(kind=TENDER):
    return {resource: deepcopy(reply_rows(resource)) for resource in KINDS[kind].all}


def rows_of(code, kind=TENDER):
    """The rows of one package, by list; a test changes them as the gateway might."""
    field = KINDS[kind].code
    return {resource: [row for row in rows if str(row[field]) == code] for resource, rows in all_rows(kind).items()}


def joined(lists, kind=TENDER):
    """What the collection's book holds of these lists: (code, lpse) → the merged rows."""
    book = {}
    for resource, rows in lists.items():
        entries, _ = read_rows(kind, resource, rows)
        for entry in entries:
            book.setdefault((entry.code, entry.lpse), {}).update(entry.row)
    return book


def read(lists, kind=TENDER, zone=TimeZone.WIB):
    """The fields of the only package in these lists, and the codes of its problems with the fields they are about."""
    [((code, _), row)] = joined(lists, kind).items()
    reader = Reader(kind, code, zone)
    fields = combine(KINDS[kind], by_list(row), reader)
    return fields, [(problem.code, problem.field) for problem in reader.problems]


class FakeGateway:
    """Answers as the gateway does, from `lists`; `before` may answer instead: it gets the path and the question."""

    def __init__(self, lists=None, page_length=1000):
        self.lists = {} if lists is None else lists
        self.page_length = page_length
        self.meta = {}
        self.asked = []
        """(resource, question, headers) of every request."""
        self.before = lambda _resource, _question: None
        self.base_url = ""

    def cursors(self, resource):
        return [question.get("cursor") for asked, question, _ in self.asked if asked == resource]

    def resources(self):
        return Counter(resource for resource, _, _ in self.asked)

    def answer(self, path, question):
        resource = path.partition("/api/v1/")[2]
        special = self.before(resource, question)
        if special is not None:
            return special
        if resource not in self.lists:
            return 404, {"error": "not found"}
        if not {"kode_klpd", "tahun"} <= question.keys():
            return 400, {"error": "kode_klpd and tahun are mandatory"}
        begin = int(question["cursor"].removeprefix("baris-")) if "cursor" in question else 0
        length = min(self.page_length, int(question["limit"]))
        rows = self.lists[resource]
        more = begin + length < len(rows)
        meta = {"cursor": f"baris-{begin + length}" if more else None, "has_more": more, "limit": length}
        return 200, {"success": True, "data": rows[begin : begin + length], "meta": meta | self.meta}

    async def serve(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            target = urlsplit(first.split(" ")[1])
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            question = {name: values[0] for name, values in parse_qs(target.query).items()}
            self.asked.append((target.path.partition("/api/v1/")[2], question, headers))
            status, body, extra = (*self.answer(target.path, question), {})[:3]
            content = body if isinstance(body, bytes) else dumps(body)
            shown = {"content-type": "application/json", "content-length": str(len(content)), **extra}
            lines = [
                f"HTTP/1.1 {status} X",
                *(f"{name}: {value}" for name, value in shown.items() if value is not None),
            ]
            writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + content)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def a_gateway(lists=None, page_length=1000):
    gateway = FakeGateway(all_rows() if lists is None else lists, page_length)
    async with listening(gateway.serve) as port:
        gateway.base_url = f"http://127.0.0.1:{port}"
        yield gateway


def an_endpoint(base_url, *, secret=TOKEN, zone=TimeZone.WIB, **options):
    return Endpoint(Interface.INAPROC, base_url, zone, options or {"kd_klpd": "D999"}, secret)


@asynccontextmanager
async def a_visit(gateway, **endpoint):
    async with (
        GuardedClient(POLICY) as client,
        InaprocAdapter().visit(client, an_endpoint(gateway.base_url, **endpoint)) as visit,
    ):
        yield visit


async def pages_of(visit, kind=TENDER, year=2025, resume=""):
    return [page async for page in visit.index(kind, year, resume=resume)]


def merged(pages):
    """What the collection's book holds after these pages."""
    book = {}
    for page in pages:
        for entry in page.entries:
            book.setdefault((entry.kind, entry.code, entry.lpse), {}).update(entry.row)
    return book


def stored(row):
    """The row after a stay in the database: jsonb keeps numbers exactly and keys in an order of its own."""
    text = json.loads(dumps(row), parse_float=str)
    shuffled = dict(sorted(row.items(), key=lambda item: (len(item[0]), item[0]), reverse=True))
    assert text.keys() == shuffled.keys()
    return loads(dumps(shuffled))
