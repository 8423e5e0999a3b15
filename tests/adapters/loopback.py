"""A node on loopback that answers as a test tells it to, and the client that may reach it."""

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from urllib.parse import urlsplit

from app.adapters.catalogue import ADAPTERS
from app.adapters.protocol import Endpoint
from app.core.dates import TimeZone
from app.core.vocabulary import Interface
from app.kit.http import GuardedClient, OutboundPolicy
from tests.kit.strangers import listening

POLICY = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), attempts=4, backoff_seconds=0.01)


class ScriptedNode:
    """Answers by path: each path has its replies, the last of which repeats. Unknown paths answer 404."""

    def __init__(self):
        self.base_url = ""
        self.asked = []
        """(method, path with query, headers, body) of every request."""
        self._replies = defaultdict(list)

    def on(self, path, *replies):
        """A reply is a text, or (status, text), or (status, text, headers)."""
        self._replies[path] = list(replies)

    def paths(self):
        return [urlsplit(target).path for _, target, _, _ in self.asked]

    async def serve(self, reader, writer):
        try:
            method, target, headers, body = await _read_request(reader)
            self.asked.append((method, target, headers, body))
            replies = self._replies[urlsplit(target).path] or [(404, "tidak ada")]
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            status, text, extra = (*reply, {})[:3] if isinstance(reply, tuple) else (200, reply, {})
            content = text.encode()
            head = {"content-type": "text/html; charset=utf-8", "content-length": str(len(content)), **extra}
            lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in head.items() if value is not None)]
            writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + content)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _read_request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return method, target, headers, body.decode()


@asynccontextmanager
async def scripted_node():
    node = ScriptedNode()
    async with listening(node.serve) as port:
        node.base_url = f"http://127.0.0.1:{port}/rekaan"
        yield node


@asynccontextmanager
async def a_visit_to(endpoint, policy=POLICY):
    async with GuardedClient(policy) as client, ADAPTERS[endpoint.interface].visit(client, endpoint) as visit:
        yield visit


def a_visit(base_url, interface=Interface.SPSE):
    return a_visit_to(Endpoint(interface, base_url, TimeZone.WIB))


async def index_of(visit, kind, year, *, resume=""):
    """The pages of a whole list."""
    return [page async for page in visit.index(kind, year, resume=resume)]


async def entries_of(visit, kind, year):
    return [entry for page in await index_of(visit, kind, year) for entry in page.entries]


def merged(pages):
    """The packages of these pages by (kind, code, lpse), as collection keeps them: rows of one package are put together."""
    book = {}
    for page in pages:
        for entry in page.entries:
            key = entry.kind, entry.code, entry.lpse
            known = book.get(key)
            if known is not None and isinstance(entry.row, dict):
                book[key] = replace(entry, row={**known.row, **entry.row})
            else:
                book[key] = entry
    return book
