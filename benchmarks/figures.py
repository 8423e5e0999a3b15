"""What figures cost to read, how lists of packages answer, and what writers pay for both, from 10^5 to 10^7 packages.

    uv run --frozen --group bench python benchmarks/figures.py [--packages 100000,1000000,10000000] [--data-dir DIR]
        [--only statistics,load,contestants,lists,writers] [--seconds 2] [--without-history] [--json]

Each size is a database made by peopling.py: in DIR, where it is kept and found again, else in a folder of its own that is
removed. The real API is served as `rakor serve` does it; client, API and database share the cores of this machine.
Exit code 0: measured, and every goal met; 1: measured, and not; 2: not measured.
"""

import argparse
import asyncio
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from asking import Asked, ask, length_of, percentile, request_for
from by_duckdb import Duck
from figure_questions import PROVINCE, WALKING, YEAR, Question, lists, questions
from peopling import is_peopled, name_of, people
from push_packages import Bench, changed, clock_of, senders_of
from pushed_rows import invent, record_of
from rich import box
from rich.console import Console
from rich.table import Table

from app.kit.db import driver_url, open_database
from app.kit.json import loads
from app.kit.postgres import EmbeddedPostgres, ServerUrls, erase_server
from app.main import create_app

HOT_GOAL, COLD_GOAL, LIST_GOAL, RATE_GOAL, GROWTH_GOAL = 10.0, 60.0, 100.0, 0.9, 1.3
PARTS = ("statistics", "load", "contestants", "lists", "writers")
MOST_SAMPLES = 100
LONGEST_ANSWER = 150.0
SLOW = 1.0
"""Seconds: what takes longer is asked once more instead of three times."""
REFUSED = 422
TOGETHER = 16
BATCH, BATCHES = 1000, 3
FIGURE_TRIGGERS = "tgname ~ '^(at_once_summarise|supply)_' AND NOT tgisinternal"


class Connection:
    """One connection kept open; answers are read to their end."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def get(self, path: str) -> tuple[int, bytes, float]:
        """Status, body and seconds. A connection that has rested too long is opened again; status 0: no answer."""
        status, body, spent = self._got(path)
        return self._got(path) if not status and spent < 1 else (status, body, spent)

    def _got(self, path: str) -> tuple[int, bytes, float]:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=LONGEST_ANSWER)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        try:
            self._socket.sendall(request_for(path))
            data = b""
            while b"\r\n\r\n" not in data:
                data += self._received()
            head, _, body = data.partition(b"\r\n\r\n")
            pieces, missing = [body], length_of(head) - len(body)
            while missing > 0:
                pieces.append(self._received())
                missing -= len(pieces[-1])
        except OSError:
            self.close()
            return 0, b"", time.perf_counter() - began
        return int(head.split()[1]), b"".join(pieces), time.perf_counter() - began

    def _received(self) -> bytes:
        assert self._socket is not None
        if not (piece := self._socket.recv(1 << 18)):
            raise ConnectionError("the server has hung up")
        return piece

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


class Hub:
    """The API on one peopled database, and the owner's own connection to that."""

    def __init__(self, urls: ServerUrls, port: int) -> None:
        self.urls = urls
        self.port = port
        self.owner: psycopg.Connection[Any] = psycopg.connect(driver_url(urls.owner, ""), autocommit=True)
        self.calls = Connection(port)

    def forget(self) -> None:
        """Make every ready answer stale, as the least change of any node does."""
        self.owner.execute(
            "UPDATE figure_versions SET version = version + 1"
            " WHERE (node_id, part) = (SELECT node_id, part FROM figure_versions LIMIT 1)"
        )

    def rows(self, statement: str) -> list[Any]:
        return [row[0] for row in self.owner.execute(statement)]

    def close(self) -> None:
        self.calls.close()
        self.owner.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def process(command: Sequence[str], port: int, path: str, **environment: str) -> Iterator[None]:
    """A server of our own on a port, from when it answers until the end of the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAKOR_")}
    root = Path(__file__).parent.parent
    found = os.pathsep.join([str(root), *filter(None, [kept.get("PYTHONPATH")])])
    started = subprocess.Popen(
        [sys.executable, *command], env=kept | environment | {"PYTHONPATH": found}, cwd=root, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
                break
            except OSError:
                if started.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command} does not answer") from None
                time.sleep(0.2)
        yield
    finally:
        started.terminate()
        started.wait(timeout=30)


@contextmanager
def serving(urls: ServerUrls) -> Iterator[Hub]:
    """`rakor serve` on a database. Limits of rate are looked at for every request and never reached."""
    port = free_port()
    environment = {
        "RAKOR_DATABASE_URL": urls.app,
        "RAKOR_MIGRATION_URL": urls.owner,
        "RAKOR_LOG_LEVEL": "error",
        "RAKOR_RATE_PER_ADDRESS": str(10**9),
    }
    with process(["-m", "app.cli", "serve", "--no-worker", "--port", str(port)], port, "/readyz", **environment):
        hub = Hub(urls, port)
        try:
            yield hub
        finally:
            hub.close()


# Statistics


def measure_statistics(hub: Hub, asked: Sequence[Question], seconds: float) -> list[dict[str, Any]]:
    """Cold: nothing of the answer is ready, the database has read its pages before. Hot: the answer is ready."""
    found: list[dict[str, Any]] = []
    for question in asked:
        row: dict[str, Any] = {"route": question.route, "question": question.name, "has_goal": question.has_goal}
        found.append(row)
        status, body, first = hub.calls.get(question.path)
        if status == REFUSED:  # Not a question for this route: some want to be asked of one place.
            found.pop()
            continue
        if status != 200:
            row |= {"status": status, "cold_p50": first * 1000}
            continue
        cold: list[float] = []
        until = time.monotonic() + seconds
        least = 3 if first < SLOW else 1
        while len(cold) < least or (time.monotonic() < until and len(cold) < MOST_SAMPLES):
            hub.forget()
            cold.append(hub.calls.get(question.path)[2])
        hub.calls.get(question.path)
        hot = ask(hub.port, question.path, connections=1, seconds=seconds / 4)
        row |= {
            "status": status,
            "bytes": len(body),
            "cold_p50": percentile(cold, 0.5),
            "cold_p99": percentile(cold, 0.99),
            "cold_samples": len(cold),
            "hot_p50": hot.p50,
            "hot_p99": hot.p99,
        }
        sys.stderr.write(f"{question.route} · {question.name}: {row['cold_p50']:.1f} cold, {row['hot_p50']:.2f} hot\n")
    return found


LOADED = {
    "savings, hub, a year": ("statistics/savings", "hub, a year"),
    "savings, province by node, year": ("statistics/savings", "province by node, year"),
    "competition, province, a year": ("statistics/competition", "province, a year"),
}


def measure_load(hub: Hub, asked: Sequence[Question], seconds: float) -> list[dict[str, Any]]:
    """Requests a second of ready answers by connections that never rest, in turns with a bare application of the same bytes."""
    paths = {(question.route, question.name): question.path for question in asked}
    found: list[dict[str, Any]] = []
    for name, key in LOADED.items():
        if key not in paths:
            continue
        path, port = paths[key], free_port()
        status, body, _ = hub.calls.get(path)
        if status != 200:
            found.append({"question": name, "status": status})
            continue
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "body").write_bytes(body)
            with process(["benchmarks/ready_bytes.py", f"{folder}/body", str(port)], port, "/ready"):
                for connections in (1, TOGETHER):
                    turns: list[tuple[Asked, Asked]] = []
                    for _ in range(3):
                        ours = ask(hub.port, path, connections=connections, seconds=seconds)
                        turns.append((ours, ask(port, "/ready", connections=connections, seconds=seconds)))
                    ours, bare = sorted(turns, key=lambda turn: turn[0].rate / turn[1].rate)[1]
                    found.append(
                        {
                            "question": name,
                            "bytes": len(body),
                            "connections": connections,
                            "ours_a_second": ours.rate,
                            "bare_a_second": bare.rate,
                            "ratio": ours.rate / bare.rate,
                            "ours_p50": ours.p50,
                            "ours_p99": ours.p99,
                            "bare_p99": bare.p99,
                            "client_cores": ours.cpu_seconds / ours.seconds,
                            "refused": ours.refused + bare.refused,
                        }
                    )
    return found


# The others who add up

_SUMS = """
    count(*) AS packages, sum(pagu) FILTER (WHERE value IS NOT NULL) AS pagu_base, sum(value) FILTER (WHERE pagu IS NOT NULL) AS pagu_value,
    sum(hps) FILTER (WHERE value IS NOT NULL) AS hps_base, sum(value) FILTER (WHERE hps IS NOT NULL) AS hps_value
"""
_SAVING = "kind IN ('tender', 'non_tender')"
NAIVE = "packages p JOIN nodes n ON n.id = p.node_id LEFT JOIN institutions i ON i.kd_klpd = p.institution"
CONTESTS: dict[str, tuple[str, str]] = {
    "hub, a year": ("", f"fiscal_year = {YEAR}"),
    "province, a year": ("", f"province = '{PROVINCE}' AND fiscal_year = {YEAR}"),
    "province by node, year": ("node, fiscal_year", f"province = '{PROVINCE}'"),
    "year by category, method": ("category, method", f"fiscal_year = {YEAR}"),
    "year by institution, month": ("institution, awarded_month", f"fiscal_year = {YEAR}"),
}


def measure_contestants(hub: Hub, asked: Sequence[Question], folder: Path) -> dict[str, Any]:
    """The same savings by one aggregate over the packages, and by DuckDB over Parquet; all must add up to the same."""
    paths = {question.name: question.path for question in asked if question.route == "statistics/savings"}
    try:
        duck = Duck(folder)
    except ImportError:
        duck = None
    found: dict[str, Any] = {"parquet_megabytes": duck and duck.load(hub.owner), "questions": []}
    hub.owner.execute("SET jit = off; SET statement_timeout = '300s'")
    for name, (keys, where) in CONTESTS.items():
        row: dict[str, Any] = {"question": name}
        found["questions"].append(row)
        hub.forget()
        status, body, cold = hub.calls.get(paths[name])
        total = loads(body)["total"]["by_pagu"] if status == 200 else {"value": None}
        row |= {"cold": cold * 1000, "hot": statistics.median(hub.calls.get(paths[name])[2] for _ in range(20)) * 1000}
        grouping = f"GROUP BY {keys}" if keys else ""
        selected = f"{keys}, {_SUMS}" if keys else _SUMS
        naive = naive_statement(selected, where, grouping)
        sums = {"API": total["value"]}
        began = time.perf_counter()
        rows = hub.owner.execute(naive).fetchall()
        row["naive"] = (time.perf_counter() - began) * 1000
        sums["naive"] = sum((line[-3] or Decimal(0) for line in rows), Decimal(0))
        if duck is not None:
            statement = f"SELECT {selected} FROM packages WHERE {_SAVING} AND {where} {grouping}"
            duck.ask(statement)
            taken, rows = min((duck.ask(statement) for _ in range(3)), key=lambda told: told[0])
            row["duckdb"] = taken * 1000
            sums["duckdb"] = sum((line[-3] or Decimal(0) for line in rows), Decimal(0))
        row["same"] = len(set(sums.values())) == 1
    return found


def naive_statement(selected: str, where: str, grouping: str) -> str:
    """An aggregate as somebody would write it who has the packages and nothing else."""
    named = {"province": "left(i.region, 2)", "node": "n.slug", "institution": "p.institution"}

    def spelled(text: str) -> str:
        return re.sub(r"\b(province|node|institution)\b", lambda found: named[found[0]], text)

    return f"SELECT {spelled(selected)} FROM {NAIVE} WHERE NOT p.withdrawn AND {_SAVING} AND {spelled(where)} {spelled(grouping)}"


# Lists


def measure_lists(hub: Hub, seconds: float) -> list[dict[str, Any]]:
    """Pages of fifty packages, each asked with other values."""
    rows = hub.rows("SELECT max(id) FROM packages")
    nodes = hub.rows("SELECT slug FROM nodes WHERE id IN (SELECT node_id FROM bench.places) ORDER BY id")
    provinces = hub.rows("SELECT DISTINCT left(region, 2) FROM institutions WHERE region IS NOT NULL ORDER BY 1")
    institutions = hub.rows("SELECT DISTINCT kd_klpd FROM bench.buyers ORDER BY 1")
    found: list[dict[str, Any]] = []
    for name, make in lists(nodes, provinces, institutions, rows[0]):
        chance = random.Random(name)
        taken: list[float] = []
        worst = ("", 0.0)
        following: str | None = None
        refused = 0
        until = time.monotonic() + 2 * seconds
        while len(taken) < 3 or (time.monotonic() < until and len(taken) < MOST_SAMPLES):
            asked = make(chance) | ({"after": following} if following and name.endswith(WALKING) else {})
            path = f"/api/v1/packages?{urlencode(asked)}"
            status, body, spent = hub.calls.get(path)
            following = loads(body)["next"] if status == 200 else None
            taken.append(spent)
            refused += status != 200
            if spent > worst[1]:
                worst = (path, spent)
            if sum(taken) > 15 * seconds:
                break
        found.append(
            {
                "list": name,
                "p50": percentile(taken, 0.5),
                "p99": percentile(taken, 0.99),
                "samples": len(taken),
                "refused": refused,
                "worst": worst[0],
            }
        )
    return found


# Writers


def measure_writers(hub: Hub) -> dict[str, Any]:
    """Batches through the one door on nodes that have packages, with the triggers that keep the sums and without."""
    found: dict[str, list[float]] = {}
    triggers = hub.owner.execute(
        f"SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE {FIGURE_TRIGGERS}"
    ).fetchall()
    try:
        for turn in range(2):
            for word in ("ENABLE", "DISABLE"):
                for trigger, table in triggers:
                    hub.owner.execute(f"ALTER TABLE {table} {word} TRIGGER {trigger}")
                last = hub.rows("SELECT max(id) FROM packages")[0]
                taken = asyncio.run(_written(hub.urls, seed=last + 2 * turn + (word == "DISABLE")))
                for name, rate in taken.items():
                    found.setdefault(f"{name}, {'with' if word == 'ENABLE' else 'without'} sums", []).append(rate)
                # With the same triggers as it was written, so that the sums are what they were.
                _take_back(hub, last)
    finally:
        for trigger, table in triggers:
            hub.owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
    rates = {name: statistics.median(several) for name, several in found.items()}
    return {
        "packages_a_second": rates,
        "ratio_new": rates["new, with sums"] / rates["new, without sums"],
        "ratio_changed": rates["changed, with sums"] / rates["changed, without sums"],
    }


async def _written(urls: ServerUrls, *, seed: int) -> dict[str, float]:
    database = open_database(urls.app)
    try:
        bench = Bench(database, clock_of(urls), await senders_of(database), BATCH)
        rows = list(invent(BATCH * BATCHES * len(bench.senders), seed=seed))
        # Codes are counted from the same number: these must be of packages that nobody has.
        records = [record_of({**row, "code": f"{seed}-{row['code']}"}, number) for number, row in enumerate(rows, 1)]
        warm = BATCH * len(bench.senders)
        await bench.record("warm", records[:warm])
        new = await bench.record("new", records[warm:])
        again = await bench.record("changed", changed(records[warm:], 1, Decimal(1)))
        return {"new": new.rate, "changed": again.rate}
    finally:
        await database.close()


def _take_back(hub: Hub, last: int) -> None:
    """Nothing of the product forgets a package: what guards that is put aside, what keeps the sums is not."""
    tables = ("packages", "awards", "observations", "package_versions")
    guards = hub.owner.execute(
        f"SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND NOT ({FIGURE_TRIGGERS})"
        " AND tgrelid::regclass::text = ANY(%s)",
        (list(tables),),
    ).fetchall()
    with hub.owner.transaction():
        for trigger, table in guards:
            hub.owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        for table in tables:
            hub.owner.execute(f"DELETE FROM {table} WHERE {'id' if table == 'packages' else 'package_id'} > {last}")
        hub.owner.execute(
            f"DELETE FROM changes WHERE entity = 'package' AND entity_id > {last} AND at > now() - interval '1 day'"
        )
        for trigger, table in guards:
            hub.owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


# All of it


def measure_size(urls: ServerUrls, options: argparse.Namespace) -> dict[str, Any]:
    asked = questions(create_app().openapi())
    found: dict[str, Any] = {}
    with serving(urls) as hub, tempfile.TemporaryDirectory() as folder:
        for part in options.only:
            began = time.monotonic()
            match part:
                case "statistics":
                    found[part] = measure_statistics(hub, asked, options.seconds)
                case "load":
                    found[part] = measure_load(hub, asked, options.seconds)
                case "contestants":
                    found[part] = measure_contestants(hub, asked, Path(folder))
                case "lists":
                    found[part] = measure_lists(hub, options.seconds)
                case "writers":
                    found[part] = measure_writers(hub)
            sys.stderr.write(f"{part}: {time.monotonic() - began:.0f} s\n")
    return found


def measure(options: argparse.Namespace) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    with ExitStack() as stack:
        data_dir = options.data_dir
        if data_dir is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rakor-benchmark-")))
            folder.chmod(0o711)  # PostgreSQL runs under another account when we are root.
            data_dir = folder / "data"
            stack.callback(erase_server, data_dir)
        for packages in options.packages:
            made = people(data_dir, packages, with_history=not options.without_history)
            name = name_of(packages, with_history=not options.without_history)
            # Vacuuming would fall into whatever is being measured.
            with EmbeddedPostgres(data_dir, settings={"autovacuum": "off"}) as embedded:
                urls = embedded.urls(name)
                assert is_peopled(urls)
                found[packages] = {"made": made and made.as_dict(), **measure_size(urls, options)}
                if options.data_dir is None:
                    drop(embedded, name)
    return found


def drop(embedded: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(driver_url(embedded.urls("postgres").owner, ""), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def growth(found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The largest hub against the smallest."""
    smallest, largest = found[min(found)], found[max(found)]
    grown: dict[str, Any] = {}
    if len(found) < 2:
        return grown
    for kind in ("hot_p50", "cold_p50"):
        before = {(row["route"], row["question"]): row.get(kind) for row in smallest.get("statistics", ())}
        ratios = [
            row[kind] / earlier
            for row in largest.get("statistics", ())
            if row.get(kind) and (earlier := before.get((row["route"], row["question"])))
        ]
        if ratios:
            grown[kind] = {"median": statistics.median(ratios), "most": max(ratios)}
    if "writers" in largest:
        rates = largest["writers"]["packages_a_second"]
        earlier = smallest["writers"]["packages_a_second"]
        grown["seconds a pushed package"] = {name: earlier[name] / rate for name, rate in rates.items()}
    return grown


def verdicts(found: dict[int, dict[str, Any]], grown: dict[str, Any]) -> dict[str, bool]:
    """Which goals of the largest hub are met."""
    largest = found[max(found)]
    met: dict[str, bool] = {}
    if rows := largest.get("statistics"):
        met["every question answered"] = all(row["status"] == 200 for row in rows)
        answered = [row for row in rows if "hot_p99" in row]
        met[f"hot p99 up to {HOT_GOAL:.0f} ms"] = all(row["hot_p99"] <= HOT_GOAL for row in answered)
        met[f"cold p99 of a province or a year up to {COLD_GOAL:.0f} ms"] = all(
            row["cold_p99"] <= COLD_GOAL for row in answered if row["has_goal"]
        )
    if rows := largest.get("load"):
        met[f"{RATE_GOAL} of the bare application's requests a second"] = all(
            row.get("ratio", 0) >= RATE_GOAL for row in rows
        )
    if told := largest.get("contestants"):
        met["the same sums as the others"] = all(row["same"] for row in told["questions"])
    if rows := largest.get("lists"):
        met[f"pages of lists p99 up to {LIST_GOAL:.0f} ms"] = all(
            row["p99"] <= LIST_GOAL and not row["refused"] for row in rows
        )
    if "hot_p50" in grown:
        met[f"hot reads grow up to {GROWTH_GOAL}"] = grown["hot_p50"]["median"] <= GROWTH_GOAL
    if told := grown.get("seconds a pushed package"):
        met[f"pushes grow up to {GROWTH_GOAL}"] = max(told["new, with sums"], told["changed, with sums"]) <= GROWTH_GOAL
    return met


def show(figures: dict[str, Any]) -> None:
    console = Console(width=160, soft_wrap=True)
    for packages, told in figures["sizes"].items():
        console.print(f"\n{int(packages):,} packages")
        if made := told["made"]:
            console.print(f"made at {made['packages_a_second']:,} a second; megabytes: {made['megabytes']}")
        for part in ("statistics", "load", "lists"):
            if part in told:
                _table(console, part, told[part])
        if "contestants" in told:
            _table(console, "savings, ms", told["contestants"]["questions"])
        if "writers" in told:
            _table(console, "writers", [told["writers"]["packages_a_second"]])
            console.print(
                f"with sums ÷ without: new {told['writers']['ratio_new']:.2f}, changed {told['writers']['ratio_changed']:.2f}"
            )
    console.print(f"\ngrowth: {json.dumps(figures['growth'], indent=2)}")
    for goal, is_met in figures["goals"].items():
        console.print(f"{'[green]met[/]   ' if is_met else '[red]missed[/]'} {goal}")


def _table(console: Console, title: str, rows: Sequence[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row if name not in {"worst", "has_goal"}))
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="left" if isinstance(rows[0].get(name), str) else "right")
    for row in rows:
        table.add_row(*(_spelled(row.get(name)) for name in columns))
    console.print(table)


def _spelled(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case _:
            return str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def several(given: str) -> list[int]:
        return sorted(int(number) for number in given.split(","))

    def parts(given: str) -> list[str]:
        wanted = given.split(",")
        if unknown := set(wanted) - set(PARTS):
            raise argparse.ArgumentTypeError(f"no such part: {', '.join(unknown)}")
        return [part for part in PARTS if part in wanted]

    parser.add_argument("--packages", type=several, default=[100_000, 1_000_000, 10_000_000], metavar="N,N,…")
    parser.add_argument("--data-dir", type=Path, help="where databases are kept and found again")
    parser.add_argument("--only", type=parts, default=list(PARTS), metavar="PART,…")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each question is asked")
    parser.add_argument(
        "--without-history", action="store_true", help="three fifths of the disk; `as_of` tells nothing then"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        found = measure(options)
    except (OSError, RuntimeError, psycopg.Error) as error:
        sys.stderr.write(f"not measured: {error}\n")
        raise SystemExit(2) from error
    grown = growth(found)
    figures = {
        "sizes": {str(size): told for size, told in found.items()},
        "growth": grown,
        "goals": verdicts(found, grown),
    }
    if options.json:
        sys.stdout.write(json.dumps(figures, indent=2, default=str) + "\n")
    else:
        show(figures)
    raise SystemExit(0 if all(figures["goals"].values()) else 1)


if __name__ == "__main__":
    main()
