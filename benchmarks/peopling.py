"""Make a hub of many packages, fast: 700 nodes, ten years, every kind, with history; the sums added up by the migration's own SQL.

    uv run --frozen python benchmarks/peopling.py --data-dir DIR [--packages 100000] [--without-history] [--observations] [--check] [--json]

The server makes the rows itself out of their numbers, on all cores, with triggers, indexes and foreign keys put aside and
durability off; then it is stopped, and whoever starts it next has the product's settings. The database is named after
its size and kept in DIR. About 2.7 kB on disk a package without history, 4.5 kB with it.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from peopled_rows import (
    BADLY_TOLD,
    FIRST_YEAR,
    INSERT_CHANGES,
    LAST_YEAR,
    UNTIL,
    World,
    insert_awards,
    insert_observations,
    insert_packages,
    insert_suppliers,
    insert_versions,
)

from app.core.dates import TimeZone
from app.kit.clock import utc_now
from app.kit.db import driver_url, open_database
from app.kit.json import loads
from app.kit.postgres import EmbeddedPostgres, ServerUrls
from app.kit.server import migrate
from app.procurement.derive import FACT_FIELDS, facts_of
from app.registry.loading import load_register
from app.registry.seed import read_seed
from app.statistics.verification import verify_figures

SEED = 20261128
FILLED = ("packages", "suppliers", "awards", "package_versions", "changes", "observations")
SUMMED = ("package_summaries", "duration_summaries", "supplier_summaries")
PIECE = 100_000
BUYERS = 6
# Only for making: what is made is thrown away again if the machine fails meanwhile.
MAKING = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_size": "2GB",
    "autovacuum": "off",
    "max_parallel_maintenance_workers": "2",
    "maintenance_work_mem": "1GB",
}
SESSION = (
    "SET synchronous_commit = off; SET work_mem = '256MB'; SET timezone = 'UTC';"
    " SET max_parallel_workers_per_gather = 0"
)


@dataclass(slots=True)
class Peopled:
    """What was made, and how long each step took."""

    packages: int
    seconds: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.packages / sum(self.seconds.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "packages": self.packages,
            "packages_a_second": round(self.rate),
            "seconds": {name: round(seconds, 1) for name, seconds in self.seconds.items()},
            "megabytes": self.megabytes,
        }

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - began


def migration() -> ModuleType:
    """The migration that made the summaries, for the statements that add them up."""
    path = next((Path(__file__).parent.parent / "migrations" / "versions").glob("*[0-9]_figures.py"))
    spec = importlib.util.spec_from_file_location("figures_migration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bound(statement: str) -> str:
    """A statement with named parameters as the driver wants it: every other sign of per cent is said twice."""
    return re.sub(r"%(?!\(\w+\)s)", "%%", statement)


def name_of(packages: int, *, with_history: bool = True) -> str:
    return f"bench_{packages}" + ("" if with_history else "_bare")


class Builder:
    """Fills one migrated database, with as many connections as there are cores."""

    def __init__(self, urls: ServerUrls, world: World, peopled: Peopled, *, quiet: bool) -> None:
        self._url = driver_url(urls.owner, "")
        self._world = world
        self._peopled = peopled
        self._quiet = quiet
        self._hands = os.cpu_count() or 1

    def connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self._url, autocommit=True)
        connection.execute(SESSION)
        return connection

    def say(self, text: str) -> None:
        if not self._quiet:
            sys.stderr.write(f"{text}\n")

    def step(self, name: str, statements: Sequence[tuple[str, dict[str, Any] | None]]) -> None:
        """Statements that do not need each other, on all hands; each is a transaction."""
        with self._peopled.timed(name):
            waiting = iter(statements)

            def work(_hand: int) -> None:
                with self.connect() as connection:
                    # Taken one at a time: next() of a plain iterator is one step of the interpreter.
                    for statement, parameters in waiting:
                        connection.execute(bound(statement) if parameters else statement, parameters)

            with ThreadPoolExecutor(self._hands) as pool:
                list(pool.map(work, range(self._hands)))
        self.say(f"{name}: {self._peopled.seconds[name]:.1f} s")

    def pieces(self, statement: str) -> list[tuple[str, dict[str, Any] | None]]:
        return [
            (statement, {"first": first, "last": min(first + PIECE - 1, self._world.packages)})
            for first in range(1, self._world.packages + 1, PIECE)
        ]

    def place(self) -> None:
        """The nodes as places, the largest first, each with the institutions that buy there."""
        with self.connect() as connection:
            nodes = connection.execute("SELECT id, time_zone, institution, province FROM nodes ORDER BY id").fetchall()
            institutions = connection.execute(
                "SELECT kd_klpd, name, left(region, 2) FROM institutions ORDER BY kd_klpd"
            ).fetchall()
            listed = connection.execute(
                "SELECT node_id, kd_klpd FROM node_institutions ORDER BY node_id, kd_klpd"
            ).fetchall()
            connection.execute("CREATE SCHEMA bench")
            connection.execute("CREATE TABLE bench.places (place integer PRIMARY KEY, node_id bigint, hours interval)")
            connection.execute(
                "CREATE TABLE bench.buyers (place integer, choice integer, kd_klpd text, name text, PRIMARY KEY (place, choice))"
            )
            names = {code: name for code, name, _province in institutions}
            # Neighbours in the register's order of nodes are neighbours in the alphabet: spread them.
            order = sorted(range(len(nodes)), key=lambda number: (number * 7919) % len(nodes))
            with connection.cursor() as cursor:
                for place, number in enumerate(order):
                    node_id, time_zone, own, province = nodes[number]
                    hours = TimeZone(time_zone).info.utcoffset(UNTIL)
                    cursor.execute("INSERT INTO bench.places VALUES (%s, %s, %s)", (place, node_id, hours))
                    beside = [code for code, _name, where in institutions if province and where == province]
                    near = (place * 5) % max(1, len(beside))
                    wanted = [own, *(code for node, code in listed if node == node_id), *beside[near:], *beside[:near]]
                    buyers = list(dict.fromkeys(code for code in wanted if code)) or [
                        institutions[place % len(institutions)][0]
                    ]
                    rows = [(place, choice, code, names[code]) for choice, code in enumerate(buyers[:BUYERS], start=1)]
                    cursor.executemany("INSERT INTO bench.buyers VALUES (%s, %s, %s, %s)", rows)
            connection.execute("ANALYZE bench.places; ANALYZE bench.buyers")

    def put_aside(self) -> tuple[list[str], list[str]]:
        """Take away what would be kept up row by row; returns the statements that bring back indexes, then references."""
        indexes: list[str] = []
        references: list[str] = []
        with self.connect() as connection:
            for table in FILLED:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                constraints = connection.execute(
                    "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint"
                    " WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'f') ORDER BY contype",
                    (table,),
                ).fetchall()
                for name, kind, definition in constraints:
                    connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
                    again = f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
                    (references if kind in {"f", b"f"} else indexes).append(again)
            # Of the sums only the keys are needed while they are added up.
            for table in (*FILLED, *SUMMED):
                found = connection.execute(
                    "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                    " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary",
                    (table,),
                ).fetchall()
                for name, definition in found:
                    connection.execute(f"DROP INDEX {name}")
                    # Of a partitioned table as it is written, which makes those of its parts too.
                    indexes.append(definition.replace(" ON ONLY ", " ON "))
        return indexes, references

    def sums(self) -> list[tuple[str, dict[str, Any] | None]]:
        """The migration's own statements, for some nodes at a time: every row of the sums belongs to one node."""
        figures = migration()
        packages = "(SELECT * FROM packages WHERE node_id = ANY(%(nodes)s))"
        rows = f"SELECT 1 AS sign, p.* FROM {packages} p"
        add_up = figures.add_up
        placed = f"WITH finest AS ({figures.FINEST.format(rows=rows)}) {add_up('package_summaries', figures.KEY, figures.SUMS, figures.GRAINED)}"
        days = add_up("duration_summaries", figures.DAYS_KEY, figures.DAYS_SUMS, figures.DAYS.format(rows=rows))
        awards = figures.SUPPLIED.format(rows=figures.awards_of(packages, 1))
        supplied = add_up("supplier_summaries", figures.SUPPLIED_KEY, figures.SUPPLIED_SUMS, awards)
        with self.connect() as connection:
            counts = connection.execute("SELECT node_id, count(*) FROM packages GROUP BY 1 ORDER BY 2 DESC").fetchall()
        batches: list[list[int]] = []
        held = 0
        for node, count in counts:
            if not batches or held + count > PIECE:
                batches.append([])
                held = 0
            batches[-1].append(node)
            held += count
        return [(text, {"nodes": nodes}) for nodes in batches for text in (placed, days, supplied)]

    def build(self, *, with_history: bool, with_observations: bool) -> None:
        timed = self._peopled.timed
        with timed("places"):
            self.place()
            indexes, references = self.put_aside()
        self.step("packages", self.pieces(insert_packages(self._world)))
        self.step("suppliers", [(insert_suppliers(self._world), None)])
        # Pieces of packages are found by their key, and states look for the awards of their packages by theirs.
        keys = [text for text in indexes if "PRIMARY KEY" in text]
        of_packages = [text for text in keys if "TABLE packages " in text]
        self.step("key of packages", [(text, None) for text in of_packages])
        self.step("awards", self.pieces(insert_awards(self._world)))
        self.step("further keys", [(text, None) for text in keys if text not in of_packages])
        others = [text for text in indexes if text not in keys]
        self.step("statistics", [(f"ANALYZE {table}", None) for table in ("packages", "awards", "suppliers")])
        if with_history:
            self.step("versions", self.pieces(insert_versions(with_observations=with_observations)))
        if with_observations:
            self.step("observations", self.pieces(insert_observations()))
        first = [text for text in others if " ON public.packages " in text or " ON public.awards " in text]
        self.step("indexes", [(text, None) for text in first] + [(INSERT_CHANGES, None)])
        self.step("sums", self.sums())
        self.step("further indexes", [(text, None) for text in others if text not in first])
        with timed("references"), self.connect() as connection:
            for text in references:
                connection.execute(text)
            for table in FILLED:
                connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            for table, last in (("packages", "id"), ("suppliers", "id"), ("observations", "id")):
                connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{last}'), greatest(1, (SELECT max({last}) FROM {table})))"
                )
            connection.execute(
                "INSERT INTO figure_versions (node_id, part, version) SELECT DISTINCT node_id, 'packages', 1 FROM packages"
                " ON CONFLICT (node_id, part) DO UPDATE SET version = figure_versions.version + 1"
            )
            connection.execute(
                "INSERT INTO node_freshness (node_id, fiscal_year, last_attempt_at, last_completed_at, last_state)"
                f" SELECT id, year, now(), now(), 'completed' FROM nodes, generate_series({FIRST_YEAR}, {LAST_YEAR}) AS year"
                " WHERE state = 'active'"
            )
        tables = [*FILLED, *SUMMED, "figure_versions", "node_freshness", "nodes", "institutions"]
        self.step("vacuum", [(f"VACUUM (ANALYZE) {table}", None) for table in tables])
        with self.connect() as connection:
            connection.execute(
                "CREATE TABLE bench.peopled AS SELECT now() AS at, %s::jsonb AS told",
                (json.dumps(self._peopled.as_dict()),),
            )
            sizes = connection.execute(
                "SELECT coalesce(parent.relname, c.relname), sum(pg_total_relation_size(c.oid))::bigint / 1000000"
                " FROM pg_class c LEFT JOIN pg_inherits h ON h.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = h.inhparent"
                " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 2 DESC LIMIT 9"
            ).fetchall()
            self._peopled.megabytes.update(dict(sizes))


def is_peopled(urls: ServerUrls) -> bool:
    with psycopg.connect(driver_url(urls.owner, "")) as connection:
        row = connection.execute("SELECT to_regclass('bench.peopled') IS NOT NULL").fetchone()
        return bool(row and row[0])


def _begin_anew(embedded: EmbeddedPostgres, name: str) -> None:
    """What a broken off attempt left is dropped."""
    with psycopg.connect(driver_url(embedded.urls("postgres").owner, ""), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')


async def _load_register(urls: ServerUrls) -> int:
    database = open_database(urls.app)
    try:
        async with database.transaction() as session:
            await load_register(session, read_seed(), now=utc_now())
        with psycopg.connect(driver_url(urls.owner, "")) as connection:
            row = connection.execute("SELECT count(*) FROM nodes").fetchone()
            assert row is not None
            return int(row[0])
    finally:
        await database.close()


def people(
    data_dir: Path,
    packages: int,
    *,
    seed: int = SEED,
    with_history: bool = True,
    with_observations: bool = False,
    quiet: bool = False,
) -> Peopled | None:
    """Make the database of that many packages, with the server of `data_dir` to itself. None: it was there already."""
    peopled = Peopled(packages)
    with EmbeddedPostgres(data_dir, settings=MAKING) as embedded:
        urls = embedded.urls(name_of(packages, with_history=with_history))
        if is_peopled(urls):
            migrate(urls)
            return None
        _begin_anew(embedded, name_of(packages, with_history=with_history))
        with peopled.timed("schema"):
            migrate(urls)
            nodes = asyncio.run(_load_register(urls))
        builder = Builder(urls, World(packages, nodes, seed), peopled, quiet=quiet)
        builder.build(with_history=with_history, with_observations=with_observations)
    return peopled


def check(urls: ServerUrls, *, with_history: bool, with_observations: bool, every: int = 1) -> list[str]:
    """What is not as the product itself would have made it; every so manyth package, and all sums."""
    complaints: list[str] = []
    if with_history:
        with psycopg.connect(driver_url(urls.owner, "")) as connection:
            row = connection.execute(bound(BADLY_TOLD), {"every": every}).fetchone()
            assert row is not None
            if row[0] or row[1] or not row[2]:
                complaints.append(
                    f"of {row[2]} states, {row[0]} do not give the package back and {row[1]} have other keys"
                )
            told = connection.execute(
                "SELECT v.state::text, n.time_zone FROM package_versions v JOIN packages p ON p.id = v.package_id"
                " JOIN nodes n ON n.id = p.node_id WHERE p.id %% %s = 0",
                (every * 10,),
            )
            for text, time_zone in told:
                state = loads(text)
                facts = facts_of(state, TimeZone(time_zone))
                if any(facts[name] != state[name] for name in FACT_FIELDS):
                    complaints.append(f"facts: {facts} follow, {[state[name] for name in FACT_FIELDS]} are stated")
    expected = (
        {"packages"} | ({"versions"} if with_history else set()) | ({"observations"} if with_observations else set())
    )
    found = asyncio.run(_verified(urls))
    complaints += [str(difference) for difference in found if difference.against in expected]
    return complaints


async def _verified(urls: ServerUrls) -> Sequence[Any]:
    database = open_database(urls.app)
    try:
        async with database.reading() as session:
            return (await verify_figures(session)).differences
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--packages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--without-history",
        action="store_true",
        help="no versions: three fifths of the disk, and `as_of` tells nothing",
    )
    parser.add_argument(
        "--observations", action="store_true", help="also what nodes said; nothing that is measured reads it"
    )
    parser.add_argument(
        "--check", action="store_true", help="hold the result against the product's own derivation and sums"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with_history = not options.without_history
    peopled = people(
        options.data_dir,
        options.packages,
        seed=options.seed,
        with_history=with_history,
        with_observations=options.observations,
        quiet=options.json,
    )
    complaints: list[str] = []
    if options.check:
        with EmbeddedPostgres(options.data_dir) as embedded:
            urls = embedded.urls(name_of(options.packages, with_history=with_history))
            complaints = check(urls, with_history=with_history, with_observations=options.observations)
    told = {**(peopled.as_dict() if peopled else {"packages": options.packages}), "complaints": complaints}
    if options.json:
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        for name, value in told.items():
            print(f"{name}: {value}")
    raise SystemExit(1 if complaints else 0)


if __name__ == "__main__":
    main()
