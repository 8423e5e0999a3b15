"""Invented nodes for probes: an adapter that says what a test tells it to, and a register with nothing but them."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import text

from app.adapters.protocol import NodeFacts, NodeUnreachable
from app.core.vocabulary import Interface
from app.kit.http import OutboundPolicy
from app.registry.probing import Prober
from app.registry.service import EndpointDraft, NodeDraft, register_node
from tests.conftest import NOW
from tests.kit.strangers import LOOPBACK
from tests.records import one

CONTOH = "https://contoh0.example/contoh0"
OUTBOUND = OutboundPolicy(allowed_networks=LOOPBACK)


def minutes(count):
    return timedelta(minutes=count)


class Told:
    """An adapter whose endpoints answer as they are told by base URL: facts, or a failure; those not told are fine."""

    interface = Interface.SPSE

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.secrets = []
        self.at_once = self.most_at_once = 0
        self.of_host = Counter()
        self.most_of_host = 0
        self.takes = 0.0

    async def probe(self, client, endpoint):
        host = endpoint.base_url.split("/")[2]
        self.asked.append(endpoint.base_url)
        self.secrets.append(endpoint.secret)
        self.at_once += 1
        self.of_host[host] += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.most_of_host = max(self.most_of_host, self.of_host[host])
        try:
            await asyncio.sleep(self.takes)
            answer = self.answers.get(endpoint.base_url, NodeFacts("4.5u20990101"))
            if callable(answer):
                answer = await answer(client, endpoint)
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            self.at_once -= 1
            self.of_host[host] -= 1


class Fetching:
    """An adapter that asks one page of its node, as a real one does."""

    interface = Interface.SPSE

    async def probe(self, client, endpoint):
        answer = await client.get(f"{endpoint.base_url}/")
        if answer.status != 200:
            raise NodeUnreachable(f"HTTP {answer.status}")
        return NodeFacts("4.5u20990101", base_url=endpoint.base_url)


def down(reason="nobody there"):
    return NodeUnreachable(reason)


def a_prober(database, adapter, **settings):
    return Prober(database, OUTBOUND, **{"adapters": {Interface.SPSE: adapter}, **settings})


async def only_these_nodes(database, urls):
    """Leave nothing on the register to be probed but nodes of these names and base URLs; gives their ids by name."""
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM endpoints"))
        ids = {}
        for slug, bases in urls.items():
            endpoints = tuple(EndpointDraft("spse", base) for base in ([bases] if isinstance(bases, str) else bases))
            draft = NodeDraft(slug, f"LPSE {slug}", None, "35.78", None, "WIB", "active", endpoints)
            ids[slug] = (await register_node(session, draft, now=NOW)).id
        return ids


def urls(count, host="contoh{}.example"):
    return {f"contoh-{n}": f"https://{host.format(n)}/contoh{n}" for n in range(count)}


async def health(database, base_url=CONTOH):
    return await one(
        database,
        "SELECT h.* FROM endpoint_health h JOIN endpoints e ON e.id = h.endpoint_id WHERE e.base_url = :url",
        url=base_url,
    )


async def endpoint_id(database, base_url=CONTOH):
    return (await one(database, "SELECT id FROM endpoints WHERE base_url = :url", url=base_url))["id"]


@asynccontextmanager
async def counted_transactions(database):
    """How many transactions begin within the block."""
    counter = Counter()
    original = database.transaction

    def counting():
        counter["transactions"] += 1
        return original()

    database.transaction = counting
    try:
        yield counter
    finally:
        database.transaction = original
