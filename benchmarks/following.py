"""What following the hub costs: its feed beside a bare COPY of the same rows, and writers beside three followers.

    uv run --frozen python benchmarks/following.py [--packages 100000] [--seconds 20] [--writers 24] [--data-dir DIR] [--json]

First everything that the feed holds is read: by COPY TO STDOUT of the very columns that items are made of (1.00), by the
reader alone, and as JSON lines over HTTP from a served hub. Then writers store packages by the one door, in transactions of
mixed length of which every tenth is taken back, without followers and with three that wait for changes over HTTP; what each
follower was told is compared with what was acknowledged. Exit code 1: something was missed or told out of order, or slower
than the goals.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from asking import percentile
from by_http import running_hub
from peopling import name_of, people
from push_packages import clock_of
from sqlalchemy import text

from app.core.dates import TimeZone
from app.core.records import PackageRecord
from app.core.vocabulary import PackageKind
from app.exchange.feed.cursor import START
from app.exchange.feed.reading import EVERYTHING, read_changes
from app.kit.clock import utc_now
from app.kit.db import Database, driver_url, open_database, write_for_node
from app.kit.postgres import EmbeddedPostgres, ServerUrls, erase_server
from app.procurement.entries import Sender
from app.procurement.service import record_packages

GOAL, SLOWER_GOAL, LAG_GOAL_MS = 0.3, 0.9, 2000
PAGE = 2000
_COPY = """
    SELECT c.epoch, c.xid, c.seq, c.at, c.entity, c.op, c.version, coalesce(v.state, c.state), n.slug, p.kind, p.code,
           p.first_seen_at
    FROM changes c
    LEFT JOIN package_versions v ON c.entity = 'package' AND v.package_id = c.entity_id AND v.version = c.version
    LEFT JOIN packages p ON c.entity = 'package' AND p.id = c.entity_id
    LEFT JOIN nodes n ON n.id = p.node_id
    ORDER BY c.epoch, c.xid, c.seq
"""


@dataclass(slots=True)
class Told:
    """What one follower was told: the packages in their order, and when each came."""

    codes: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    came_at: dict[str, float] = field(default_factory=dict)


async def by_copy(url: str) -> tuple[int, float]:
    connection = await asyncpg.connect(driver_url(url, ""))

    async def nowhere(_piece: bytes) -> None:
        pass

    began = time.perf_counter()
    said = await connection.copy_from_query(_COPY, output=nowhere)
    took = time.perf_counter() - began
    await connection.close()
    return int(said.split()[-1]), took


async def by_reader(database: Database) -> tuple[int, float]:
    place, count, began = START, 0, time.perf_counter()
    while True:
        async with database.reading() as session:
            page = await read_changes(session, EVERYTHING, after=place, limit=PAGE)
        count, place = count + len(page.items), page.next
        if not page.more:
            return count, time.perf_counter() - began


async def by_http(address: str) -> tuple[int, float, str]:
    place, count, began = "", 0, time.perf_counter()
    headers = {"Accept": "application/x-ndjson", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(base_url=address, timeout=120, headers=headers) as caller:
        while True:
            parameters: dict[str, Any] = {"limit": PAGE} | ({"after": place} if place else {})
            page = (await caller.get("/api/v1/changes", params=parameters)).raise_for_status()
            count, place = count + page.content.count(b"\n"), page.headers["X-Next-Cursor"]
            if page.headers["X-More"] == "false":
                return count, time.perf_counter() - began, place


async def write(database: Database, sender: Sender, number: int, until: float, done: dict[str, float]) -> None:
    """Batches of one to twenty packages, some of them slow, every tenth taken back."""
    chance, turn = random.Random(number), 0
    while time.monotonic() < until:
        turn += 1
        codes = [f"{number + 10}{turn:05}{n:02}" for n in range(chance.randint(1, 20))]
        records = [
            PackageRecord(PackageKind.TENDER, code, {"fiscal_years": [2025], "name": "Contoh"}) for code in codes
        ]
        with suppress(InterruptedError):
            async with database.transaction() as session:
                await write_for_node(session, sender.node_id)
                await session.execute(text("SELECT pg_current_xact_id()"))
                if chance.random() < 0.2:
                    await asyncio.sleep(chance.choice((0.01, 0.1, 0.5)))
                await record_packages(session, sender, records, now=utc_now())
                if chance.random() < 0.1:
                    raise InterruptedError
            now = time.monotonic()
            done.update(dict.fromkeys(codes, now))


async def follow(address: str, place: str, told: Told, stop: asyncio.Event) -> None:
    headers = {"Accept": "application/x-ndjson"}
    async with httpx.AsyncClient(base_url=address, timeout=120, headers=headers) as caller:
        while True:
            is_last = stop.is_set()
            parameters = {"limit": PAGE, "after": place, "wait": 0 if is_last else 5}
            try:
                page = (await caller.get("/api/v1/changes", params=parameters)).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
                continue
            now, place = time.monotonic(), page.headers["X-Next-Cursor"]
            for line in page.content.splitlines():
                item = json.loads(line)
                if item["entity"] == "package":
                    told.codes.append(item["package"]["code"])
                    told.places.append(item["cursor"])
                    told.came_at.setdefault(item["package"]["code"], now)
            if is_last and page.headers["X-More"] == "false":
                return


async def senders_of(database: Database, count: int) -> list[Sender]:
    async with database.reading() as session:
        rows = await session.execute(text("SELECT id, time_zone FROM nodes ORDER BY id LIMIT :count"), {"count": count})
        return [Sender(row.id, TimeZone(row.time_zone), "spse", parser_version="bench 1") for row in rows]


async def beside(
    database: Database, address: str, place: str, *, writers: int, seconds: float, followers: int, offset: int
) -> dict[str, Any]:
    senders, stop = await senders_of(database, writers), asyncio.Event()
    told, done = [Told() for _ in range(followers)], dict[str, float]()
    reading = [asyncio.create_task(follow(address, place, each, stop)) for each in told]
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(write(database, sender, offset + number, until, done) for number, sender in enumerate(senders))
    )
    await asyncio.sleep(2)
    stop.set()
    await asyncio.gather(*reading)
    lags = [each.came_at[code] - at for each in told for code, at in done.items() if code in each.came_at]
    return {
        "followers": followers,
        "acknowledged": len(done),
        "packages_a_second": round(len(done) / seconds),
        "missed": sum(len(done.keys() - set(each.codes)) for each in told),
        "never_written": sum(len(set(each.codes) - done.keys()) for each in told),
        "twice": sum(len(each.places) - len(set(each.places)) for each in told),
        "out_of_order": sum(each.places != sorted(each.places) for each in told),
        "lag_p50_ms": round(percentile(lags, 0.5)) if lags else None,
        "lag_p99_ms": round(percentile(lags, 0.99)) if lags else None,
    }


async def measure(url: str, address: str, options: argparse.Namespace) -> dict[str, Any]:
    database = open_database(url, pool_size=options.writers + 2)
    rows, copied = await by_copy(url)
    again = min(copied, (await by_copy(url))[1])
    read, reading = await by_reader(database)
    sent, sending, place = await by_http(address)
    alone = await beside(
        database, address, place, writers=options.writers, seconds=options.seconds, followers=0, offset=100
    )
    *_counted, place = await by_http(address)
    with_three = await beside(
        database, address, place, writers=options.writers, seconds=options.seconds, followers=3, offset=500
    )
    await database.close()
    return {
        "changes": rows,
        "copy_a_second": round(rows / again),
        "reader": {"changes": read, "a_second": round(read / reading), "ratio": round(again / reading, 3)},
        "http": {"changes": sent, "a_second": round(sent / sending), "ratio": round(again / sending, 3)},
        "writers_alone": alone,
        "writers_beside_three_followers": with_three,
        "writers_ratio": round(with_three["acknowledged"] / max(1, alone["acknowledged"]), 3),
    }


async def served(urls: ServerUrls, options: argparse.Namespace) -> dict[str, Any]:
    async with running_hub(urls, clock_of(urls)) as hub:
        return await measure(urls.app, hub.address, options)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packages", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--writers", type=int, default=24)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rakor-benchmark-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs under another account when we are root.
        data_dir = options.data_dir or Path(folder) / "data"
        try:
            people(data_dir, options.packages, quiet=True)
            with EmbeddedPostgres(data_dir) as embedded:
                found = asyncio.run(served(embedded.urls(name_of(options.packages)), options))
        finally:
            if options.data_dir is None:
                erase_server(data_dir)
    print(json.dumps(found, indent=2))
    told = found["writers_beside_three_followers"]
    is_whole = not (told["missed"] or told["twice"] or told["out_of_order"] or told["never_written"])
    is_fast = (
        found["reader"]["ratio"] >= GOAL and found["writers_ratio"] >= SLOWER_GOAL and told["lag_p99_ms"] <= LAG_GOAL_MS
    )
    sys.exit(0 if is_whole and is_fast else 1)


if __name__ == "__main__":
    main()
