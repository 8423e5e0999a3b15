"""How many nodes one worker probes in a minute, against the goal of 500 and against what the nodes' latency would allow.

    uv run --frozen python benchmarks/probe_nodes.py [--nodes 500] [--one-host] [--silent 25] [--json]

The nodes are addresses of this machine (127.1.…), answered by a process of its own after 50 to 200 ms; silent ones never
answer. The way is the worker's own: the shipped adapter, the shared gate, a PostgreSQL of its own. Exit code 1: slower
than the goal.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
from measuring import ServerClock, read_process
from sqlalchemy import text

from app.collection.hosts import HostGate
from app.collection.policy import CollectionPolicy, HostPolicy
from app.kit.clock import utc_now
from app.kit.db import Database, driver_url, open_database
from app.kit.http import OutboundPolicy
from app.kit.postgres import EmbeddedPostgres, ServerUrls, erase_server
from app.kit.server import migrate
from app.registry.probing import Prober, probe_due_endpoints
from app.registry.service import EndpointDraft, NodeDraft, register_node

GOAL = 500
OUTBOUND = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),))
LATENCY = (0.05, 0.2)
ROOM = 64

# An invented listing page with what the adapter looks for, filled up to the size of a recorded one (about 20 kB).
PAGE = (
    "<html><head><title>LPSE Contoh</title></head><body>"
    "<script>var d = {authenticityToken = '0123456789abcdef0123456789abcdef01234567'};</script>"
    f"<!-- {'isi ' * 4500} -->"
    '<footer><span id="realtime">1 Januari 2099 00:00</span> <span>WIB</span> SPSE v4.5u20990101</footer></body></html>'
).encode()


@dataclass(frozen=True, slots=True)
class Node:
    """One node: where it is, and how many seconds it takes to answer (None: for ever)."""

    host: str
    slug: str
    seconds: float | None


def invent(count: int, silent: int, *, one_host: bool) -> list[Node]:
    chance = random.Random(20261122)
    seconds: list[float | None] = [None] * silent + [chance.uniform(*LATENCY) for _ in range(count - silent)]
    chance.shuffle(seconds)
    return [
        Node("127.1.0.1" if one_host else f"127.1.{n // 250}.{n % 250 + 1}", f"contoh-{n}", taken)
        for n, taken in enumerate(seconds)
    ]


def serve(nodes: list[Node], pipe: Connection) -> None:
    """All nodes, in a process of their own; tells the port once it listens."""
    asyncio.run(_serve({node.slug: node.seconds for node in nodes}, sorted({node.host for node in nodes}), pipe))


async def _serve(seconds: dict[str, float | None], hosts: list[str], pipe: Connection) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
            slug = asked.split(b" ")[1].split(b"/")[1].decode()
            await asyncio.sleep(3600 if seconds[slug] is None else seconds[slug] or 0)
            writer.write(head + PAGE)
            await writer.drain()
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    first = await asyncio.start_server(answer, hosts[0], 0, backlog=1024)
    port = first.sockets[0].getsockname()[1]
    if hosts[1:]:
        await asyncio.start_server(answer, hosts[1:], port, backlog=1024)
    pipe.send(port)
    await asyncio.sleep(3600)


async def register(database: Database, nodes: list[Node], port: int) -> None:
    async with database.transaction() as session:
        for node in nodes:
            endpoint = EndpointDraft("spse", f"http://{node.host}:{port}/{node.slug}")
            draft = NodeDraft(node.slug, node.slug, None, None, None, "WIB", "active", (endpoint,))
            await register_node(session, draft, now=utc_now())


async def probe(database: Database, nodes: list[Node]) -> dict[str, float]:
    policy = CollectionPolicy(outbound=OUTBOUND, local_hosts=HostPolicy(requests_per_second=500, concurrency=8))
    prober = Prober(database, OUTBOUND, HostGate(database, policy), at_once=ROOM)

    cpu, began = time.process_time(), time.monotonic()
    tally = await probe_due_endpoints(prober, utc_now())
    wall, cpu = time.monotonic() - began, time.process_time() - cpu

    async with database.reading() as session:
        kept = await session.scalar(text("SELECT count(*) FROM probes"))
    if kept != len(nodes) or tally["ok"] != sum(node.seconds is not None for node in nodes):
        raise SystemExit(f"{kept} probes of {len(nodes)} nodes were kept: {dict(tally)}")
    return {"wall": wall, "cpu": cpu}


def ideal_seconds(nodes: list[Node], at_once: int, patience: float = 15) -> float:
    """If nothing took time but the nodes themselves, and all places were always taken."""
    spans = [patience if node.seconds is None else node.seconds for node in nodes]
    return max(sum(spans) / at_once, *spans)


def measure(nodes: list[Node]) -> dict[str, float]:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(nodes, theirs), daemon=True)
    server.start()
    port = ours.recv()
    try:
        with tempfile.TemporaryDirectory(prefix="rakor-benchmark-") as folder:
            Path(folder).chmod(0o711)  # PostgreSQL runs under another account when we are root.
            data_dir = Path(folder) / "data"
            try:
                with EmbeddedPostgres(data_dir) as embedded:
                    return measure_on(embedded.urls("benchmark"), nodes, port)
            finally:
                erase_server(data_dir)
    finally:
        server.terminate()


def measure_on(urls: ServerUrls, nodes: list[Node], port: int) -> dict[str, float]:
    migrate(urls)
    clock = ServerClock(postmaster_of(urls))

    async def work() -> dict[str, float]:
        database = open_database(urls.app)
        try:
            await register(database, nodes, port)
            await database.close()
            before = clock.seconds()
            result = await probe(database, nodes)
            await database.close()
            return {**result, "database_cpu": clock.seconds() - before}
        finally:
            await database.close()

    return asyncio.run(work())


def postmaster_of(urls: ServerUrls) -> int:
    with psycopg.connect(driver_url(urls.owner, "")) as connection:
        backend = read_process(connection.info.backend_pid)
    if backend is None:
        raise RuntimeError("the server's processes cannot be seen from here")
    return backend.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=GOAL)
    parser.add_argument("--silent", type=int, default=0, help="how many of them never answer")
    parser.add_argument("--one-host", action="store_true", help="all on one address, eight at a time")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # The worker's own logs are no part of the result.
    os.environ.setdefault("RAKOR_LOG_LEVEL", "error")
    nodes = invent(options.nodes, options.silent, one_host=options.one_host)
    measured = measure(nodes)
    ideal = ideal_seconds(nodes, 8 if options.one_host else ROOM)
    figures = {
        "nodes": len(nodes),
        "silent": options.silent,
        "seconds": round(measured["wall"], 2),
        "nodes_per_minute": round(len(nodes) / measured["wall"] * 60),
        "goal_per_minute": GOAL,
        "ideal_per_minute": round(len(nodes) / ideal * 60),
        "share_of_ideal": round(ideal / measured["wall"], 3),
        "cpu_ms_per_node": round(measured["cpu"] / len(nodes) * 1000, 2),
        "database_cpu_ms_per_node": round(measured["database_cpu"] / len(nodes) * 1000, 2),
    }
    if options.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        for name, value in figures.items():
            print(f"{name.replace('_', ' '):>26}  {value}")
    raise SystemExit(0 if figures["nodes_per_minute"] >= GOAL else 1)


if __name__ == "__main__":
    main()
