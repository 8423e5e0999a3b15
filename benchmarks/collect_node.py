"""What collecting one node costs: requests, CPU and wall seconds of Rakor, beside the public client pyproc and beside Scrapy.

    uv run --frozen --group bench python benchmarks/collect_node.py [--json]

benchmarks/README.md says what is counted and how.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from comparing import Comparison, compare
from measuring import Scripts, ServerClock, read_process
from psycopg import sql
from psycopg.rows import dict_row
from rich import box
from rich.console import Console
from rich.table import Table

from app.kit.clock import utc_now
from app.kit.db import driver_url, open_database
from app.kit.postgres import EmbeddedPostgres, PostgresUnavailable, ServerUrls, erase_server
from app.kit.server import migrate
from app.procurement.raw import prepare_partitions
from app.registry import service as registry
from app.registry.loading import load_register
from app.registry.seed import read_seed

HERE = Path(__file__).parent
SLUG = "surabaya"
YEAR = 2025
FIRST_PULL = "Rakor, first pull"
PYPROC = "pyproc"
SCRAPY = "Scrapy, Rakor's parser"
PHASE_SECONDS = 150.0
ROUND_SECONDS = 330.0

# Bytes of pages recorded in August 2026 on spse.inaproc.id, scripts removed (the filled non-tender winner pages were
# trimmed by their author; of tenders no announcement was recorded). A page counts for its kind; index is one row.
RECORDED = {
    ("tender", "index"): 338,
    ("tender", "pemenangberkontrak"): 3488,
    ("non_tender", "index"): 260,
    ("non_tender", "pengumuman"): 9893,
    ("non_tender", "pemenang"): 3108,
    ("non_tender", "pemenangberkontrak"): 2602,
}

out = Console(width=max(Console().width, 100))
err = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Cost:
    """One phase. CPU in seconds: `start_up` (interpreter and imports) and `collecting` are the client's, apart."""

    name: str
    requests: int
    start_up: float
    collecting: float
    database: float
    wall: float
    counts: dict[str, int]

    @property
    def cpu(self) -> float:
        return self.start_up + self.working

    @property
    def working(self) -> float:
        """What it would cost in a process that runs already, as a worker does."""
        return self.collecting + self.database


@dataclass(frozen=True, slots=True)
class Bench:
    """What every phase needs."""

    simulator: str
    scripts: Scripts
    clock: ServerClock
    ours: ServerUrls
    theirs: ServerUrls
    scrapys: ServerUrls
    deadline: float

    def phase(self, name: str, script: str, urls: ServerUrls, **options: Any) -> Cost:
        """Run one contestant to its end. What it leaves to the server, statistics and cleaning up, is its cost too."""
        seconds = min(PHASE_SECONDS, self.deadline - time.monotonic())
        requests = self._requests()
        database = self.clock.seconds()
        given = {"slug": SLUG, "year": YEAR, "database_url": urls.app, **options}
        ended = self.scripts.run(HERE / script, given, timeout=seconds)
        clean_up(urls)
        if ended.said["state"] != "completed":
            raise RuntimeError(f"{name}: the run ended as {ended.said['state']}")
        return Cost(
            name=name,
            requests=self._requests() - requests,
            start_up=ended.said["start_up"],
            collecting=ended.cpu_seconds - ended.said["start_up"],
            database=self.clock.seconds() - database,
            wall=ended.wall_seconds,
            counts=ended.said["counts"],
        )

    def _requests(self) -> int:
        """Counted where they arrive."""
        return sum(ask(f"{self.simulator}/-/counters").get(SLUG, {}).values())


def clean_up(urls: ServerUrls) -> None:
    """What autovacuum would do sooner or later with the tables that changed."""
    with psycopg.connect(driver_url(urls.owner, ""), autocommit=True) as connection:
        changed = connection.execute("""
            SELECT schemaname, relname FROM pg_stat_user_tables WHERE n_mod_since_analyze > 0 OR n_dead_tup > 0
        """)
        tables = sql.SQL(", ").join(sql.Identifier(schema, name) for schema, name in changed)
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(tables))


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


@contextmanager
def simulated_node(tenders: int, non_tenders: int) -> Iterator[tuple[str, int]]:
    """The node in a process of its own: its base address and process id."""
    command = [sys.executable, "-m", "app.cli", "simulate", "--port", "0", "--year", str(YEAR)]
    # The other kinds stay empty: their pages are not the same to all contestants.
    counts = {"tenders": tenders, "non-tenders": non_tenders, "recorded": 0, "self-managed": 0, "emergency": 0}
    sizes = [word for kind, count in counts.items() for word in (f"--{kind}", str(count), str(count))]
    process = subprocess.Popen(
        [*command, *sizes, "--leave-with", str(os.getpid())],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=HERE.parent,
    )
    assert process.stdout is not None
    try:
        base_url = process.stdout.readline().strip()
        if not base_url:
            raise RuntimeError("the simulated node did not start")
        yield base_url, process.pid
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@contextmanager
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of our own with the product's settings. Autovacuum would fall into whichever phase is running."""
    with tempfile.TemporaryDirectory(prefix="rakor-benchmark-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs under another account when we are root.
        data_dir = Path(folder) / "data"
        try:
            with EmbeddedPostgres(data_dir, settings={"autovacuum": "off"}) as embedded:
                yield embedded
        finally:
            erase_server(data_dir)


async def prepare(urls: ServerUrls, node_url: str) -> None:
    """The register as it ships, with the one node answering on loopback, as `rakor demo` makes it."""
    database = open_database(urls.app)
    try:
        async with database.transaction() as session:
            await load_register(session, read_seed(), now=utc_now())
            endpoint = registry.EndpointDraft("spse", node_url)
            await registry.revise_node(session, SLUG, {"endpoints": (endpoint,)}, now=utc_now())
            await prepare_partitions(session, now=utc_now(), keep_months=120)
    finally:
        await database.close()


def postmaster_of(urls: ServerUrls) -> int:
    with psycopg.connect(driver_url(urls.owner, "")) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        backend = read_process(row[0]) if row else None
    if backend is None:
        raise RuntimeError("the server's processes cannot be seen from here")
    return backend.parent


def page_sizes(urls: ServerUrls) -> list[dict[str, Any]]:
    """The pages that were read, as they were kept."""
    with psycopg.connect(driver_url(urls.app, ""), row_factory=dict_row) as connection:
        return connection.execute("""
            SELECT p.kind, r.page, count(*) AS pages, round(avg(r.length))::integer AS bytes
            FROM raw_answers r JOIN observations o ON o.id = r.observation_id JOIN packages p ON p.id = o.package_id
            GROUP BY p.kind, r.page ORDER BY p.kind DESC, min(r.id)
        """).fetchall()


def phases(bench: Bench, *, everything: bool) -> Iterator[Cost]:
    """One round: all contestants from an empty database on."""
    node_url = f"{bench.simulator}/{SLUG}"
    yield bench.phase(PYPROC, "by_pyproc.py", bench.theirs, node_url=node_url, everything=False)
    if has_scrapy():
        yield bench.phase(SCRAPY, "by_scrapy.py", bench.scrapys, node_url=node_url)
    yield bench.phase(FIRST_PULL, "by_rakor.py", bench.ours, full=False)
    yield bench.phase("Rakor, next pull", "by_rakor.py", bench.ours, full=False)
    yield bench.phase("Rakor, full pull", "by_rakor.py", bench.ours, full=True)
    if everything:
        yield bench.phase("pyproc, six pages each", "by_pyproc.py", bench.theirs, node_url=node_url, everything=True)


def has_scrapy() -> bool:
    return importlib.util.find_spec("scrapy") is not None


def measure(options: argparse.Namespace) -> dict[str, Any]:
    deadline = time.monotonic() + ROUND_SECONDS * options.rounds
    costs: list[Cost] = []
    with ExitStack() as stack:
        status = stack.enter_context(err.status("Starting a PostgreSQL and the simulated node …"))
        embedded = stack.enter_context(server())
        scripts = Scripts(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rakor-bytecode-"))))
        for script in (
            "by_rakor.py",
            "by_pyproc.py",
            *(["by_scrapy.py"] if has_scrapy() else []),
        ):  # From the second start on, nothing is left to be compiled.
            scripts.run(HERE / script, {}, timeout=PHASE_SECONDS)
        simulator, simulator_pid = stack.enter_context(simulated_node(options.tenders, options.non_tenders))
        truth = ask(f"{simulator}/-/truth/{SLUG}/{YEAR}")
        for number in range(1, options.rounds + 1):
            ours, theirs, scrapys = (embedded.urls(f"{name}_{number}") for name in ("rakor", "pyproc", "scrapy"))
            status.update(f"Round {number}/{options.rounds}: migrating and loading the register …")
            migrate(ours)
            asyncio.run(prepare(ours, f"{simulator}/{SLUG}"))
            clean_up(ours)
            for urls in (theirs, scrapys):
                with psycopg.connect(driver_url(urls.owner, ""), autocommit=True) as connection:
                    connection.execute("GRANT CREATE ON SCHEMA public TO rakor_app")
            bench = Bench(simulator, scripts, ServerClock(postmaster_of(ours)), ours, theirs, scrapys, deadline)
            status.update(f"Round {number}/{options.rounds}: pyproc collects …")
            for cost in phases(bench, everything=options.all_pages):
                costs.append(cost)
                err.print(f"[dim]{cost.name}: {cost.requests} requests, {cost.cpu:.2f} CPU s, {cost.wall:.1f} s[/]")
                status.update(f"Round {number}/{options.rounds}: after {cost.name} …")
        simulated = read_process(simulator_pid)
        return {
            "costs": medians(costs),
            "pages": page_sizes(ours),
            "comparison": compare(ours, {PYPROC: theirs} | ({SCRAPY: scrapys} if has_scrapy() else {}), truth),
            "simulator_cpu": simulated.seconds if simulated else None,
        }


def medians(costs: list[Cost]) -> list[Cost]:
    """One cost per phase: the median of its rounds, number by number."""
    names = list(dict.fromkeys(cost.name for cost in costs))
    merged = []
    for name in names:
        rounds = [cost for cost in costs if cost.name == name]
        numbers = {
            field: median(getattr(cost, field) for cost in rounds)
            for field in ("start_up", "collecting", "database", "wall")
        }
        merged.append(Cost(name=name, requests=rounds[0].requests, counts=rounds[0].counts, **numbers))
    return merged


def show(found: dict[str, Any], options: argparse.Namespace) -> None:
    costs: list[Cost] = found["costs"]
    title = f"One node, {options.tenders} tenders and {options.non_tenders} non-tenders of one fiscal year"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("")
    for heading in ("requests", "start-up", "collecting", "database", "CPU s", "vs pyproc", "wall s"):
        table.add_column(heading, justify="right")
    for cost in costs:
        numbers = (cost.start_up, cost.collecting, cost.database)
        table.add_row(
            cost.name,
            str(cost.requests),
            *(f"{number:.2f}" for number in numbers),
            f"[bold]{cost.cpu:.2f}[/]",
            f"{cost.cpu / costs[0].cpu:.2f}",
            f"{cost.wall:.1f}",
        )
    out.print(table)
    packages = options.tenders + options.non_tenders
    for name, ratio in ratios(costs).items():
        out.print(
            f"Rakor's first pull takes {ratio['cpu']:.1f} times less CPU than {name}; "
            f"without start-up, {ratio['working']:.1f} times less; per request, {ratio['per_request']:.1f} times less.",
            soft_wrap=True,
        )
    for cost in costs:
        client, database = (1000 * part / packages for part in (cost.collecting, cost.database))
        each = 1000 * cost.working / cost.requests
        out.print(
            f"[dim]{cost.name}: {client:.2f} + {database:.2f} ms a package (client + database), {each:.2f} ms a request[/]"
        )
    out.print(
        "CPU seconds, user and system: the client's start-up (interpreter, imports), its collecting, and PostgreSQL.\n"
        f"Not counted: the simulator ({found['simulator_cpu']:.1f} s over all phases).\n",
        soft_wrap=True,
    )
    pages = Table(title="Pages read, mean bytes", box=box.SIMPLE_HEAD, title_justify="left")
    for heading in ("kind", "page"):
        pages.add_column(heading)
    for heading in ("pages", "here", "recorded"):
        pages.add_column(heading, justify="right")
    for row in found["pages"]:
        recorded = RECORDED.get((row["kind"], row["page"]))
        pages.add_row(row["kind"], row["page"], str(row["pages"]), str(row["bytes"]), str(recorded or "–"))
    out.print(pages)
    comparison: Comparison = found["comparison"]
    comparison.show(out)


def ratios(costs: list[Cost]) -> dict[str, dict[str, float]]:
    """How many times more the others take than Rakor's first pull."""
    first = next(cost for cost in costs if cost.name == FIRST_PULL)
    return {
        cost.name: {
            "cpu": cost.cpu / first.cpu,
            "working": cost.working / first.working,
            "per_request": cost.working / cost.requests * first.requests / first.working,
        }
        for cost in costs
        if not cost.name.startswith("Rakor")
    }


def as_json(found: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    costs: list[Cost] = found["costs"]
    return {
        "tenders": options.tenders,
        "non_tenders": options.non_tenders,
        "rounds": options.rounds,
        "phases": [{**asdict(cost), "cpu": cost.cpu, "cpu_vs_pyproc": cost.cpu / costs[0].cpu} for cost in costs],
        "ratios": ratios(costs),
        "pages": [{**row, "recorded": RECORDED.get((row["kind"], row["page"]))} for row in found["pages"]],
        "simulator_cpu": found["simulator_cpu"],
        **found["comparison"].as_dict(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="What collecting one simulated node costs, beside pyproc and Scrapy.")
    parser.add_argument("--tenders", type=int, default=120)
    parser.add_argument("--non-tenders", type=int, default=180)
    parser.add_argument("--rounds", type=int, default=1, help="repeat everything and show the medians")
    parser.add_argument("--all-pages", action="store_true", help="also pyproc reading all six pages of every package")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    options = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        err.print("CPU seconds are read from /proc: this benchmark needs Linux.")
        return 2
    try:
        found = measure(options)
    except (RuntimeError, subprocess.TimeoutExpired, PostgresUnavailable) as error:
        err.print(f"[red]Not measured:[/] {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        sys.stdout.write(json.dumps(as_json(found, options), default=_number, indent=2) + "\n")
    else:
        show(found, options)
    return 0 if found["comparison"].is_same else 1


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    sys.exit(main())
