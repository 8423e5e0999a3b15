"""What taking packages in costs beside a bare COPY of the very rows that result, pydantic alone, and a plain ORM.

    uv run --frozen python benchmarks/push_packages.py [--through door|http] [--rows 50000] [--batch 1000] [--sizes 500,1000,2000] [--json]

Invented rows go through the one door in batches, each a transaction of its own: as new, as unchanged, with every tenth
changed, all changed. Then every table that was written is dumped by COPY and copied back, in the same database, into
tables that are alike (columns, checks, indexes) but for triggers and foreign keys: that is 1.00. Exit code 1: slower
than the floor of 0.33.
"""

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from by_http import running_hub
from by_orm import store_by_orm
from by_pydantic import read_by_pydantic
from measuring import ServerClock, read_process
from pushed_rows import invent, ndjson, record_of
from sqlalchemy import text

from app.core.dates import TimeZone
from app.core.records import PackageRecord
from app.kit.clock import utc_now
from app.kit.db import Database, driver_url, open_database, write_for_node
from app.kit.postgres import EmbeddedPostgres, ServerUrls, erase_server
from app.kit.server import migrate
from app.procurement.entries import Sender
from app.procurement.preparing import Preparer
from app.procurement.service import record_packages
from app.registry.loading import load_register
from app.registry.seed import read_seed

FLOOR, GOAL, GOAL_UNCHANGED = 0.33, 0.5, 0.7
NODES = ("surabaya", "sidoarjokab", "banjarmasinkota", "jayapurakota")

# What one phase of rows left behind: the rows of every written table that a copier of the same would have to write.
TABLES = {
    "packages": "SELECT {columns} FROM packages t",
    "observations": "SELECT {columns} FROM observations t WHERE is_current",
    "package_versions": "SELECT {columns} FROM package_versions t"
    " WHERE version = (SELECT version FROM packages p WHERE p.id = t.package_id)",
    "changes": "SELECT {columns} FROM changes t WHERE entity = 'package' AND version = (SELECT version FROM packages p WHERE p.id = t.entity_id)",
    "awards": "SELECT {columns} FROM awards t",
    "suppliers": "SELECT {columns} FROM suppliers t",
    "package_summaries": "SELECT {columns} FROM package_summaries t",
    "duration_summaries": "SELECT {columns} FROM duration_summaries t",
    "supplier_summaries": "SELECT {columns} FROM supplier_summaries t",
    "figure_versions": "SELECT {columns} FROM figure_versions t",
}


@dataclass(slots=True)
class Phase:
    """One way of taking the same rows in: seconds of the clock, of this process and of the database server."""

    name: str
    rows: int
    wall: float
    client: float
    database: float
    slowest: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.rows / self.wall


@dataclass(frozen=True, slots=True)
class Bench:
    database: Database
    clock: ServerClock
    senders: Sequence[Sender]
    batch: int

    async def record(self, name: str, records: Sequence[PackageRecord]) -> Phase:
        """All records through the one door, node by node, a transaction a batch."""
        share = -(-len(records) // len(self.senders))
        outcomes: dict[str, int] = {}
        slowest = 0.0
        server, client, began = self.clock.seconds_now(), time.process_time(), time.perf_counter()
        for place, sender in enumerate(self.senders):
            mine = records[place * share : (place + 1) * share]
            preparer = Preparer(sender.source, sender.time_zone)
            batches = [mine[start : start + self.batch] for start in range(0, len(mine), self.batch)]
            ready = await asyncio.to_thread(preparer.prepare, batches[0])
            for following in [*batches[1:], []]:
                # As the submission's job does it: the next batch is made ready while the database works on this one.
                ahead = asyncio.create_task(asyncio.to_thread(preparer.prepare, following))
                at = time.perf_counter()
                async with self.database.transaction() as session:
                    await write_for_node(session, sender.node_id)
                    receipt = await record_packages(session, sender, ready, now=utc_now())
                slowest = max(slowest, time.perf_counter() - at)
                preparer.learn(receipt.outcomes, receipt.institutions)
                ready = await ahead
                for outcome in receipt.outcomes:
                    outcomes[outcome] = outcomes.get(outcome, 0) + 1
        wall, client = time.perf_counter() - began, time.process_time() - client
        return Phase(name, len(records), wall, client, self.clock.seconds_now() - server, slowest, outcomes)


@contextmanager
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of our own with the product's settings; autovacuum would fall into whichever phase is running."""
    with tempfile.TemporaryDirectory(prefix="rakor-benchmark-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs under another account when we are root.
        data_dir = Path(folder) / "data"
        try:
            with EmbeddedPostgres(data_dir, settings={"autovacuum": "off"}) as embedded:
                yield embedded
        finally:
            erase_server(data_dir)


def clock_of(urls: ServerUrls) -> ServerClock:
    with psycopg.connect(driver_url(urls.owner, "")) as connection:
        backend = read_process(connection.info.backend_pid)
    if backend is None:
        raise RuntimeError("the server's processes cannot be seen from here")
    return ServerClock(backend.parent)


async def senders_of(database: Database) -> list[Sender]:
    async with database.transaction() as session:
        await load_register(session, read_seed(), now=utc_now())
    async with database.reading() as session:
        rows = await session.execute(
            text("SELECT id, time_zone FROM nodes WHERE slug = ANY(:slugs) ORDER BY id"), {"slugs": list(NODES)}
        )
        return [Sender(row.id, TimeZone(row.time_zone), "push", parser_version="push 1") for row in rows]


def changed(records: Sequence[PackageRecord], every: int, by: Decimal) -> list[PackageRecord]:
    """The same packages, every so manyth with another contract."""

    def change(record: PackageRecord) -> PackageRecord:
        award = record.fields["awards"][0]
        return replace(
            record, fields={**record.fields, "awards": [{**award, "contract_value": award["contract_value"] - by}]}
        )

    return [change(record) if number % every == 0 else record for number, record in enumerate(records)]


async def through_door(
    urls: ServerUrls, records: Sequence[PackageRecord], batch: int, *, only_new: bool
) -> list[Phase]:
    database = open_database(urls.app)
    try:
        bench = Bench(database, clock_of(urls), await senders_of(database), batch)
        phases = [await bench.record(f"new, batches of {batch}", records)]
        if not only_new:
            later = [replace(sender, parser_version="push 2") for sender in bench.senders]
            bench = replace(bench, senders=later)
            phases.append(await bench.record("unchanged", records))
            phases.append(await bench.record("one in ten changed", changed(records, 10, Decimal(1))))
            phases.append(await bench.record("all changed", changed(records, 1, Decimal(2))))
        return phases
    finally:
        await database.close()


async def through_http(urls: ServerUrls, rows: Sequence[dict[str, Any]], memory: dict[str, int]) -> list[Phase]:
    """All rows in one body to one node, four times: from the first byte sent to the submission's end."""
    await _load(urls)

    def cheaper(every: int, by: int) -> list[bytes]:
        def change(row: dict[str, Any]) -> dict[str, Any]:
            award = row["awards"][0]
            return {**row, "awards": [{**award, "contract_value": award["contract_value"] - by}]}

        return [ndjson(change(row) if number % every == 0 else row) for number, row in enumerate(rows)]

    lines = [ndjson(row) for row in rows]
    bodies = {
        "new": lines,
        "unchanged": [*lines[1:], lines[0]],  # other bytes, or they would be taken for the same request
        "one in ten changed": cheaper(10, 1),
        "all changed": cheaper(1, 2),
    }
    phases: list[Phase] = []
    async with running_hub(urls, clock_of(urls)) as hub:
        for name, body in bodies.items():
            pushed = await hub.push(NODES[0], body)
            phases.append(Phase(name, len(rows), pushed.wall, pushed.client, pushed.database, outcomes=pushed.outcomes))
            memory[name] = hub.memory()
    return phases


def by_copy(urls: ServerUrls, rows: int, times: int = 3) -> tuple[Phase, dict[str, float]]:
    """The very rows that resulted, by COPY into tables alike; the median of a few times, and the seconds of each table."""
    clock = clock_of(urls)
    taken: list[tuple[float, float]] = []
    tables: dict[str, list[float]] = {}
    with (
        psycopg.connect(driver_url(urls.owner, ""), autocommit=True) as connection,
        tempfile.TemporaryDirectory() as folder,
    ):
        for table, statement in TABLES.items():
            query = statement.format(columns=", ".join(_columns(connection, table)))
            with connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
                (Path(folder) / table).write_bytes(b"".join(bytes(piece) for piece in copy))
        for _ in range(times):
            connection.execute("DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare")
            for table in TABLES:
                connection.execute(f"CREATE TABLE bare.{table} (LIKE public.{table} INCLUDING ALL)")
            server_began, began = clock.seconds_now(), time.perf_counter()
            for table in TABLES:
                at = time.perf_counter()
                names = ", ".join(_columns(connection, table))
                with (
                    (Path(folder) / table).open("rb") as file,
                    connection.cursor().copy(f"COPY bare.{table} ({names}) FROM STDIN (FORMAT binary)") as copy,
                ):
                    while piece := file.read(1 << 18):
                        copy.write(piece)
                tables.setdefault(table, []).append(time.perf_counter() - at)
            taken.append((time.perf_counter() - began, clock.seconds_now() - server_began))
    wall, database = sorted(taken)[len(taken) // 2]
    return Phase("bare COPY", rows, wall, 0.0, database), {table: median(spent) for table, spent in tables.items()}


def _columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' ORDER BY attnum",
        (f"public.{table}",),
    )
    return [name for (name,) in found]


def timed(name: str, rows: int, work: Callable[[], None]) -> Phase:
    client, began = time.process_time(), time.perf_counter()
    work()
    return Phase(name, rows, time.perf_counter() - began, time.process_time() - client, 0.0)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    rows = list(invent(options.rows))
    lines = [ndjson(row) for row in rows]
    records = [record_of(row, number) for number, row in enumerate(rows, start=1)]
    # A million objects of ours that the collector of garbage would look through in the middle of what is measured.
    gc.freeze()
    phases: list[Phase] = []
    memory: dict[str, int] = {}
    with server() as embedded:
        for size in options.sizes:
            urls = embedded.urls(f"sizes_{size}")
            migrate(urls)
            phases += asyncio.run(through_door(urls, records, size, only_new=True))
        urls = embedded.urls("rakor")
        migrate(urls)
        if options.through == "http":
            phases += asyncio.run(through_http(urls, rows, memory))
        else:
            phases += asyncio.run(through_door(urls, records, options.batch, only_new=False))
        ideal, tables = by_copy(urls, len(rows))
        if not options.alone:
            phases.append(timed("pydantic alone", len(lines), lambda: read_by_pydantic(lines)))
            urls = embedded.urls("orm")
            migrate(urls)
            some = records[: max(1, len(records) // 10)]
            asyncio.run(_load(urls))
            phases.append(timed("plain ORM", len(some), lambda: asyncio.run(store_by_orm(urls, some, options.batch))))
    return {
        "phases": phases,
        "copy": ideal,
        "tables": tables,
        "bytes_a_row": sum(map(len, lines)) // len(lines),
        "memory": memory,
    }


async def _load(urls: ServerUrls) -> None:
    database = open_database(urls.app)
    await senders_of(database)
    await database.close()


def as_json(found: dict[str, Any]) -> dict[str, Any]:
    ideal: Phase = found["copy"]
    return {
        "bytes_a_row": found["bytes_a_row"],
        "peak_memory_mb": found["memory"],
        "copy": {
            "rows_a_second": round(ideal.rate),
            "database_us_a_row": round(ideal.database / ideal.rows * 1e6, 1),
            "seconds_by_table": {table: round(seconds, 3) for table, seconds in found["tables"].items()},
        },
        "goal": GOAL,
        "goal_unchanged": GOAL_UNCHANGED,
        "floor": FLOOR,
        "phases": [
            {
                "name": phase.name,
                "rows": phase.rows,
                "rows_a_second": round(phase.rate),
                "ratio": round(phase.rate / ideal.rate, 3),
                "client_us_a_row": round(phase.client / phase.rows * 1e6, 1),
                "database_us_a_row": round(phase.database / phase.rows * 1e6, 1),
                "slowest_batch_seconds": round(phase.slowest, 3),
                "outcomes": phase.outcomes,
            }
            for phase in found["phases"]
        ],
    }


def show(figures: dict[str, Any]) -> None:
    copy = figures["copy"]
    print(
        f"bare COPY of the same final rows: {copy['rows_a_second']:,} rows a second = 1.00; a row is {figures['bytes_a_row']} bytes"
    )
    print("   " + ", ".join(f"{table} {seconds} s" for table, seconds in copy["seconds_by_table"].items()))
    print(f"{'':<28}{'rows/s':>9}{'ratio':>8}{'client µs':>11}{'database µs':>13}{'slowest s':>11}")
    for phase in figures["phases"]:
        print(
            f"{phase['name']:<28}{phase['rows_a_second']:>9,}{phase['ratio']:>8.2f}{phase['client_us_a_row']:>11}"
            f"{phase['database_us_a_row']:>13}{phase['slowest_batch_seconds']:>11}"
        )

    if figures["peak_memory_mb"]:
        peaks = ", ".join(f"after {name} {peak} MB" for name, peak in figures["peak_memory_mb"].items())
        print(f"the larger of API and worker has held at most: {peaks}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--through", choices=("door", "http"), default="door")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument(
        "--sizes", type=lambda given: [int(size) for size in given.split(",")], default=[], metavar="N,N,…"
    )
    parser.add_argument("--alone", action="store_true", help="without pydantic and the ORM")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = as_json(measure(options))
    if options.json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        show(figures)
    ours = [phase for phase in figures["phases"] if phase["outcomes"]]
    raise SystemExit(0 if all(phase["ratio"] >= FLOOR for phase in ours) else 1)


if __name__ == "__main__":
    main()
