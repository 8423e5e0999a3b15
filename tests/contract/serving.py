"""The API on a real loopback port, over a database that holds one collected node."""

import asyncio
import ipaddress
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from app.access.service import Role, create_key
from app.collection.collecting import Collector, collect_run
from app.collection.hosts import HostGate
from app.collection.policy import CollectionPolicy
from app.collection.service import start_run
from app.core.vocabulary import Interface
from app.kit.db import open_database
from app.kit.http import OutboundPolicy
from app.main import create_app
from app.registry.service import EndpointDraft, revise_node
from app.settings import Settings
from app.simulator.running import running_simulator
from tests.conftest import NOW
from tests.simulator.worlds import a_node, a_world

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
SLUG, YEAR = "surabaya", 2025


def fill(url: str) -> str:
    """Collect a small simulated node into the database by the real road, and answer a province's key."""
    world = a_world(
        a_node(SLUG, institution_name="Pemerintah Daerah Kota Surabaya"), tenders=(4, 4), non_tenders=(5, 5)
    )
    with running_simulator(world) as simulator:
        return asyncio.run(_collect(url, simulator.url(SLUG)))


async def _collect(url: str, base_url: str) -> str:
    database = open_database(url)
    policy = CollectionPolicy(OutboundPolicy(allowed_networks=(LOOPBACK,)))
    async with database.transaction() as session:
        key = await create_key(session, role=Role.PROVINCE, name="contract tests", now=NOW)
        await revise_node(session, SLUG, {"endpoints": (EndpointDraft(Interface.SPSE, base_url),)}, now=NOW)
        run = await start_run(session, SLUG, fiscal_year=YEAR, now=NOW)
    state = await collect_run(Collector(database, HostGate(database, policy), policy), run.id)
    await database.close()
    assert state == "completed"
    return key


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve the API from a thread until the block ends; gives its base address."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, name="api", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 120
        while not server.started:
            assert thread.is_alive(), "the API did not start"
            assert time.monotonic() < deadline, "the API did not start in time"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
