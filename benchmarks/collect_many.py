"""How well workers use what many nodes allow: the nodes' own latency, one host's rate, and hostile neighbours.

    uv run --frozen python benchmarks/collect_many.py [--one-host | --hostile] [--json]

Real `rakor worker` processes take real runs from the queue of a PostgreSQL of their own; the nodes are simulated in other
processes. benchmarks/README.md says what is counted. Exit code 0: the goal is met. 1: it is not. 2: not measured.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from measuring import ServerClock, read_process
from rich.console import Console

from app.collection.service import start_run
from app.kit.clock import utc_now
from app.kit.db import Database, driver_url, open_database
from app.kit.postgres import EmbeddedPostgres, PostgresUnavailable, ServerUrls, erase_server
from app.kit.server import migrate
from app.procurement.raw import prepare_partitions
from app.registry.service import EndpointDraft, NodeDraft, register_node

HERE = Path(__file__).parent
YEAR = 2025
RUNS_AT_ONCE = 48
LATENCY = (0.05, 0.2)
LONGEST_SECONDS = 170.0
OPEN_STATES = ("queued", "running")

out = Console(width=max(Console().width, 100))
err = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Node:
    """One simulated node: its address, and how long it takes to answer anything."""

    slug: str
    host: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """One run as its book closed it; times by the clock that all processes of this machine share."""

    slug: str
    state: str
    requests: int
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Crawl:
    """What one crawl came to: its runs, when each request came to a node, and CPU seconds."""

    runs: list[Finished]
    arrivals: list[tuple[float, str]]
    stalls: list[tuple[float, float]]
    """When the simulated nodes' own process stood still, and for how long: it saw late what came meanwhile."""
    began: float
    ended: float
    worker_cpu: float
    database_cpu: float

    @property
    def wall(self) -> float:
        return self.ended - self.began


def address(network: int, number: int) -> str:
    return f"127.{network}.{number // 250}.{number % 250 + 1}"


def invent(count: int, *, one_host: bool, latency: tuple[float, float]) -> list[Node]:
    chance = random.Random(20261122)
    return [
        Node(f"contoh-{number}", address(1, 0 if one_host else number), chance.uniform(*latency))
        for number in range(count)
    ]


@contextmanager
def process_of(script: str, given: dict[str, Any]) -> Iterator[int]:
    """A script that says its port once it listens."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"{script} did not start")
        yield int(port)
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()


@contextmanager
def server() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="rakor-benchmark-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs under another account when we are root.
        data_dir = Path(folder) / "data"
        try:
            with EmbeddedPostgres(data_dir) as embedded:
                yield embedded
        finally:
            erase_server(data_dir)


@contextmanager
def workers(urls: ServerUrls, count: int, settings: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Ordinary workers, with nothing but settings of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAKOR_")}
    environment = {
        **kept,
        "RAKOR_DATABASE_URL": urls.app,
        "RAKOR_ALLOWED_NETWORKS": "127.0.0.0/8",
        "RAKOR_PROBE_MINUTES": "0",
        "RAKOR_LOG_LEVEL": "error",
        **settings,
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"], cwd=HERE.parent, env=environment, stdout=subprocess.DEVNULL
        )
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def register(database: Database, places: dict[str, str]) -> None:
    """The nodes, by slug and base address."""
    async with database.transaction() as session:
        await prepare_partitions(session, now=utc_now(), keep_months=120)
        for slug, base_url in places.items():
            draft = NodeDraft(slug, slug, None, None, None, "WIB", "active", (EndpointDraft("spse", base_url),))
            await register_node(session, draft, now=utc_now())


async def enqueue(database: Database, slugs: Sequence[str]) -> None:
    async with database.transaction() as session:
        for slug in slugs:
            await start_run(session, slug, fiscal_year=YEAR, now=utc_now())


class Bench:
    """A database, the workers on it, and the clocks."""

    def __init__(self, urls: ServerUrls, working: list[subprocess.Popen[bytes]], ports: list[int]) -> None:
        self._urls = urls
        self._working = working
        self._ports = ports
        self._connection = psycopg.connect(driver_url(urls.app, ""), autocommit=True)
        backend = read_process(self._connection.info.backend_pid)
        if backend is None:
            raise RuntimeError("the server's processes cannot be seen from here")
        self._clock = ServerClock(backend.parent)

    def await_workers(self) -> None:
        """Starting is no part of what is measured."""
        deadline = time.monotonic() + 30
        while self._one("SELECT count(*) FROM procrastinate_workers") < len(self._working):
            if time.monotonic() > deadline:
                raise RuntimeError("the workers did not start")
            time.sleep(0.1)

    def crawl(self, slugs: Sequence[str], *, others: Sequence[str] = (), deadline: float) -> Crawl:
        """Collect these nodes, and wait for them alone."""
        asked = len(self._seen("arrivals"))
        cpu, database_cpu = self._worker_cpu(), self._database_cpu()
        first_run = self._one("SELECT coalesce(max(id), 0) FROM runs")
        began = time.monotonic()
        asyncio.run(self._enqueue([*others, *slugs]))
        ended = self._await_runs(first_run, slugs, deadline)
        return Crawl(
            runs=self._runs(first_run, slugs),
            arrivals=self._seen("arrivals")[asked:],
            stalls=self._seen("stalls"),
            began=began,
            ended=ended,
            worker_cpu=self._worker_cpu() - cpu,
            database_cpu=self._database_cpu() - database_cpu,
        )

    def close(self) -> None:
        self._connection.close()

    async def _enqueue(self, slugs: Sequence[str]) -> None:
        database = open_database(self._urls.app)
        try:
            await enqueue(database, slugs)
        finally:
            await database.close()

    def _await_runs(self, first_run: int, slugs: Sequence[str], deadline: float) -> float:
        while time.monotonic() < deadline:
            left = self._one(
                """
                SELECT count(*) FROM runs r JOIN nodes n ON n.id = r.node_id
                WHERE r.id > %s AND n.slug = ANY(%s) AND r.state = ANY(%s)
                """,
                (first_run, list(slugs), list(OPEN_STATES)),
            )
            if not left:
                return time.monotonic()
            time.sleep(0.1)
        raise RuntimeError("the runs did not end in time")

    def _runs(self, first_run: int, slugs: Sequence[str]) -> list[Finished]:
        offset = time.time() - time.monotonic()
        rows = self._connection.execute(
            """
            SELECT n.slug, r.state, r.requests, extract(epoch FROM r.started_at), extract(epoch FROM r.finished_at)
            FROM runs r JOIN nodes n ON n.id = r.node_id WHERE r.id > %s AND n.slug = ANY(%s)
            """,
            (first_run, list(slugs)),
        )
        return [
            Finished(slug, state, requests, float(began) - offset, float(ended) - offset)
            for slug, state, requests, began, ended in rows
        ]

    def _one(self, query: str, given: Sequence[Any] = ()) -> int:
        row = self._connection.execute(query, given).fetchone()
        return int(row[0]) if row else 0

    def _seen(self, what: str) -> list[tuple[float, Any]]:
        found: list[tuple[float, Any]] = []
        for port in self._ports:
            with urllib.request.urlopen(f"http://127.1.0.1:{port}/-/arrivals", timeout=30) as answer:
                found += [(at, one) for at, one in json.load(answer)[what]]
        return sorted(found)

    def _worker_cpu(self) -> float:
        return sum(found.seconds for process in self._working if (found := read_process(process.pid)))

    def _database_cpu(self) -> float:
        return self._clock.seconds_now()


@contextmanager
def bench(
    nodes: list[Node], options: argparse.Namespace, settings: dict[str, str], *, workers_count: int
) -> Iterator[Any]:
    """Everything that a crawl needs; what it yields are the bench and the port of the misbehaving hosts."""
    with ExitStack() as stack:
        status = stack.enter_context(err.status("Starting a PostgreSQL and the simulated nodes …"))
        embedded = stack.enter_context(server())
        urls = embedded.urls("benchmark")
        migrate(urls)
        counts = {
            "tenders": [options.tenders] * 2,
            "non_tenders": [options.non_tenders] * 2,
            "recorded": [0, 0],
            "self_managed": [0, 0],
            "emergency": [0, 0],
        }
        ports, places = [], {}
        shares = [nodes] if len({node.host for node in nodes}) == 1 else [nodes[::2], nodes[1::2]]
        for share in shares:
            # Each simulator also listens where it is asked for its arrivals.
            first = [{"slug": "lain", "host": "127.1.0.1", "seconds": 0}]
            told = [{"slug": node.slug, "host": node.host, "seconds": node.seconds} for node in share]
            given = {"year": YEAR, "counts": counts, "nodes": first + told}
            port = stack.enter_context(process_of("simulating.py", given))
            ports.append(port)
            places |= {node.slug: f"http://{node.host}:{port}/{node.slug}" for node in share}
        hostile = [address(2, number) for number in range(options.hostile_nodes if options.hostile else 0)]
        if hostile:
            port = stack.enter_context(process_of("misbehaving.py", {"hosts": hostile}))
            places |= {f"jahat-{number}": f"http://{host}:{port}/jahat" for number, host in enumerate(hostile)}
        asyncio.run(_prepare(urls, places))
        working = stack.enter_context(workers(urls, workers_count, settings))
        found = Bench(urls, working, ports)
        stack.callback(found.close)
        found.await_workers()
        status.update("Collecting …")
        yield found


async def _prepare(urls: ServerUrls, places: dict[str, str]) -> None:
    database = open_database(urls.app)
    try:
        await register(database, places)
    finally:
        await database.close()


def require_completed(crawl: Crawl) -> None:
    states = Counter(run.state for run in crawl.runs)
    if set(states) != {"completed"}:
        raise RuntimeError(f"runs ended as {dict(states)}")


def spread_out(options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """Every node on an address of its own, asked one request at a time."""
    nodes = invent(options.nodes, one_host=False, latency=LATENCY)
    settings = {
        "RAKOR_LOCAL_CONCURRENCY": "1",
        "RAKOR_LOCAL_REQUESTS_PER_SECOND": "1000",
        "RAKOR_WORKER_CONCURRENCY": str(options.runs_at_once),
    }
    with bench(nodes, options, settings, workers_count=1) as found:
        crawl = found.crawl([node.slug for node in nodes], deadline=deadline)
    require_completed(crawl)
    asked = Counter(slug for _at, slug in crawl.arrivals)
    spans = [asked[node.slug] * node.seconds for node in nodes]
    ideal = max(sum(spans) / options.runs_at_once, *spans)
    busy = (crawl.worker_cpu + crawl.database_cpu) / crawl.wall
    return {
        "nodes": len(nodes),
        "requests": len(crawl.arrivals),
        "runs at once": options.runs_at_once,
        "seconds": crawl.wall,
        "ideal seconds": ideal,
        "share of ideal": ideal / crawl.wall,
        "goal": 0.9,
        "worker CPU ms per request": 1000 * crawl.worker_cpu / len(crawl.arrivals),
        "database CPU ms per request": 1000 * crawl.database_cpu / len(crawl.arrivals),
        "cores busy with worker and database": busy,
        "is met": ideal / crawl.wall >= 0.9,
    }


def one_host(options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """All nodes on one host that allows so many requests a second, asked by several workers."""
    rate = options.rate
    nodes = invent(options.nodes, one_host=True, latency=(0.05, 0.05))
    settings = {
        "RAKOR_LOCAL_CONCURRENCY": "64",
        "RAKOR_LOCAL_REQUESTS_PER_SECOND": str(rate),
        "RAKOR_WORKER_CONCURRENCY": str(options.runs_at_once),
    }
    with bench(nodes, options, settings, workers_count=options.workers) as found:
        crawl = found.crawl([node.slug for node in nodes], deadline=deadline)
    require_completed(crawl)
    times = [at for at, _slug in crawl.arrivals]
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for at, slug in crawl.arrivals:
        first.setdefault(slug, at)
        last[slug] = at
    spans = sorted(last[slug] - first[slug] for slug in first)
    span = times[-1] - times[0]
    # The queue runs dry at the end; what is judged is the time while there was enough to do.
    cut = times[0] + 0.9 * span
    busy = sum(at < cut for at in times)
    waits = [first[slug] - crawl.began for slug in first]
    highest, peak_at = busiest_second(times)
    used = busy / (rate * 0.9 * span)
    return {
        "nodes": len(first),
        "workers": options.workers,
        "requests": len(times),
        "allowed per second": rate,
        "seconds": span,
        "share used": len(times) / (rate * span),
        "share used, without the last tenth": used,
        "goal": 0.95,
        "highest in any sliding second": highest,
        "highest at second": peak_at - times[0],
        "host stood still about then, seconds": sum(
            lost for at, lost in crawl.stalls if peak_at - 1 <= at <= peak_at + 1
        ),
        "host stood still longest, seconds": max((lost for _at, lost in crawl.stalls), default=0.0),
        "seconds a node took, median": median(spans),
        "seconds a node took, longest": spans[-1],
        "longest against median": spans[-1] / median(spans),
        "last node first served after, share of all": max(waits) / crawl.wall,
        "fairness of pace (Jain, 1 is even)": jain(pace(crawl)),
        "worker CPU ms per request": 1000 * crawl.worker_cpu / len(times),
        "database CPU ms per request": 1000 * crawl.database_cpu / len(times),
        "is met": used >= 0.95 and highest <= rate,
    }


def busiest_second(times: list[float]) -> tuple[int, float]:
    highest, at, first = 0, 0.0, 0
    for last, moment in enumerate(times):
        while times[first] <= moment - 1:
            first += 1
        if last - first + 1 > highest:
            highest, at = last - first + 1, times[first]
    return highest, at


def pace(crawl: Crawl) -> list[float]:
    """Requests a second that each node got while it was served."""
    moments: dict[str, list[float]] = {}
    for at, slug in crawl.arrivals:
        moments.setdefault(slug, []).append(at)
    return [(len(ats) - 1) / (ats[-1] - ats[0]) for ats in moments.values() if len(ats) > 1]


def jain(shares: list[float]) -> float:
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def hostile(options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """Good nodes alone, then good ones beside hostile ones, by one worker."""
    options.tenders, options.non_tenders = options.tenders + 4, options.non_tenders + 7
    nodes = invent(2 * options.hostile_nodes, one_host=False, latency=(0.1, 0.1))
    alone, beside = (
        [node.slug for node in nodes[: options.hostile_nodes]],
        [node.slug for node in nodes[options.hostile_nodes :]],
    )
    bad = [f"jahat-{number}" for number in range(options.hostile_nodes)]
    settings = {
        "RAKOR_LOCAL_CONCURRENCY": "2",
        "RAKOR_LOCAL_REQUESTS_PER_SECOND": "1000",
        "RAKOR_WORKER_CONCURRENCY": str(options.runs_at_once),
    }
    with bench(nodes, options, settings, workers_count=1) as found:
        before = found.crawl(alone, deadline=deadline)
        after = found.crawl(beside, others=bad, deadline=deadline)
    require_completed(before)
    require_completed(after)
    # Both halves ask a little differently much: what counts is the time for a request.
    each = [crawl.wall / len(crawl.arrivals) for crawl in (before, after)]
    gaps = [late - early for (early, _), (late, _) in pairwise(after.arrivals)]
    return {
        "good nodes": len(alone),
        "hostile nodes": len(bad),
        "requests alone": len(before.arrivals),
        "seconds alone": before.wall,
        "requests beside hostile ones": len(after.arrivals),
        "seconds beside hostile ones": after.wall,
        "slower by": each[1] / each[0],
        "goal": 1.2,
        "longest pause between two requests, seconds": max(gaps),
        "worker CPU seconds alone": before.worker_cpu,
        "worker CPU seconds beside hostile ones": after.worker_cpu,
        "is met": each[1] / each[0] <= 1.2,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--one-host", action="store_true", help="all nodes on one host with a rate limit")
    mode.add_argument("--hostile", action="store_true", help="good nodes alone, then beside hostile ones")
    parser.add_argument("--nodes", type=int, default=700)
    parser.add_argument("--tenders", type=int, default=0, help="of each node")
    parser.add_argument("--non-tenders", type=int, default=1, help="of each node")
    parser.add_argument("--runs-at-once", type=int, default=RUNS_AT_ONCE, help="of each worker")
    parser.add_argument("--rate", type=float, default=200, help="requests a second that the one host allows")
    parser.add_argument("--workers", type=int, default=2, help="on the one host")
    parser.add_argument("--hostile-nodes", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    options = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        err.print("CPU seconds are read from /proc: this benchmark needs Linux.")
        return 2
    measure = one_host if options.one_host else hostile if options.hostile else spread_out
    try:
        found = measure(options, time.monotonic() + LONGEST_SECONDS)
    except (RuntimeError, OSError, PostgresUnavailable) as error:
        err.print(f"[red]Not measured:[/] {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        for name, value in found.items():
            out.print(f"{name:>44}  {f'{value:.3f}' if isinstance(value, float) else value}", highlight=False)
    return 0 if found["is met"] else 1


if __name__ == "__main__":
    sys.exit(main())
