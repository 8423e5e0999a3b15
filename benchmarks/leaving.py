"""What taking everything away costs: exports over HTTP and as files, beside a bare COPY TO STDOUT of the same rows.

    uv run --frozen python benchmarks/leaving.py [--packages 100000] [--rounds 3] [--data-dir DIR] [--forms csv,ndjson,parquet,xlsx]
        [--json]

The database is made by peopling.py: in DIR, where it is kept and found again, else in a folder of its own that is removed.
The bare COPY (1.00) selects the very columns of the export in the same order, and its bytes are thrown away as they come.
CSV and NDJSON come over HTTP from a served hub as the public gets them, masked; Parquet and XLSX are written as the worker
writes them. Server, hub and reader share the cores of this machine. Memory is the most that the process held beyond what it
held before. Exit code 1: measured, and slower or larger than the goals.
"""

import argparse
import asyncio
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from figures import serving
from measuring import processes
from peopling import name_of, people
from rich import box
from rich.console import Console
from rich.table import Table

from app.exchange.exports.datasets import DATASETS, DatasetName
from app.exchange.exports.filing import begin_export, make_file
from app.exchange.exports.forms.protocol import STREAMED, Form
from app.exchange.exports.questions import PackagesAsked, Wanted
from app.kit.clock import utc_now
from app.kit.db import driver_url, open_database
from app.kit.postgres import EmbeddedPostgres
from app.procurement.filtering import PackageFilter
from app.submission.bodies import spool

RATIO_GOAL = 0.4
MEMORY_GOAL = 100.0
"""Megabytes beyond what the process held before, whatever the number of rows."""
_AWARDS = "JOIN awards a ON a.package_id = p.id"
_READ = 1 << 20


def bare_select(dataset: DatasetName) -> str:
    columns = ", ".join(column.sql for column in DATASETS[dataset].layout.columns)
    joined, order = (_AWARDS, "p.id, a.position") if dataset is DatasetName.AWARDS else ("", "p.id")
    return f"SELECT {columns} FROM packages p JOIN nodes n ON n.id = p.node_id {joined} ORDER BY {order}"


async def copy_bare(url: str, dataset: DatasetName) -> tuple[float, int]:
    """Seconds and bytes of the rows as PostgreSQL gives them, which nobody looks at."""
    connection = await asyncpg.connect(driver_url(url, ""), server_settings={"jit": "off"})
    length = 0

    async def drop(data: bytes) -> None:
        nonlocal length
        length += len(data)

    try:
        began = time.perf_counter()
        await connection.copy_from_query(bare_select(dataset), output=drop, timeout=3600)
        return time.perf_counter() - began, length
    finally:
        await connection.close()


def fetch(port: int, address: str) -> tuple[float, float, int, int]:
    """Seconds to the first byte and to the last, bytes, and the rows that were announced."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
    began = time.perf_counter()
    connection.request("GET", address, headers={"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{address} answers {answer.status}")
    first = time.perf_counter() - began
    length = 0
    while piece := answer.read(_READ):
        length += len(piece)
    connection.close()
    return first, time.perf_counter() - began, length, int(answer.headers["X-Export-Rows"])


def megabytes(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {name} of {pid}")


def forget_most(pid: int) -> None:
    """Let the most that a process ever held begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def hub_process() -> int:
    """The served hub: the child of ours that is a Python (or whose child is one)."""
    mine = [process.pid for process in processes() if process.parent == os.getpid()]
    for pid in mine:
        if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise RuntimeError("the hub is not there")


def measure_streams(url: str, port: int, forms: list[Form], rounds: int) -> Iterator[dict[str, Any]]:
    pid = hub_process()
    fetch(port, "/api/v1/exports/packages.csv?fiscal_year=2025&node=surabaya")
    for dataset in (DatasetName.PACKAGES, DatasetName.AWARDS):
        for form in forms:
            bare, sent, first = [], [], []
            before = megabytes(pid, "VmRSS")
            forget_most(pid)
            for _ in range(rounds):
                bare.append(asyncio.run(copy_bare(url, dataset))[0])
                started, seconds, length, rows = fetch(port, f"/api/v1/exports/{dataset}.{form}")
                first.append(started)
                sent.append(seconds)
            yield {
                "export": f"{dataset}.{form}",
                "rows": rows,
                "megabytes": length / 1e6,
                "bare": statistics.median(bare),
                "first_byte": statistics.median(first),
                "seconds": statistics.median(sent),
                "ratio": statistics.median(bare) / statistics.median(sent),
                "memory": megabytes(pid, "VmHWM") - before,
            }


async def write_file(url: str, form: Form) -> dict[str, Any]:
    """One file of all packages, written by a process of its own as a worker does it."""
    database = open_database(url)
    wanted = Wanted("packages", form, PackagesAsked(PackageFilter()))
    before = megabytes(os.getpid(), "VmRSS")
    began = time.perf_counter()
    with spool() as file:
        async with database.reading() as session:
            filed = await make_file(await begin_export(session, wanted, now=utc_now()), file)
    seconds = time.perf_counter() - began
    await database.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": filed.rows, "megabytes": filed.length / 1e6, "seconds": seconds, "memory": most - before}


def measure_file(url: str, form: Form) -> dict[str, Any]:
    bare = asyncio.run(copy_bare(url, DatasetName.PACKAGES))[0]
    command = [sys.executable, __file__, "--write", str(form)]
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, "BENCH_URL": url}
    said = subprocess.run(command, env=environment, cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return {"export": f"packages.{form}", "bare": bare, "first_byte": None, "ratio": bare / told["seconds"], **told}


@contextmanager
def folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="rakor-leaving-") as made:
        yield Path(made)


def show(found: list[dict[str, Any]], console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for name in ("rows", "MB", "bare COPY s", "first byte s", "seconds", "ratio", "memory MB"):
        table.add_column(name, justify="right")
    for row in found:
        first = "" if row["first_byte"] is None else f"{row['first_byte']:.2f}"
        table.add_row(
            row["export"], f"{row['rows']:,}", f"{row['megabytes']:.0f}", f"{row['bare']:.2f}", first,
            f"{row['seconds']:.2f}", f"{row['ratio']:.2f}", f"{row['memory']:.0f}",
        )  # fmt: skip
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--forms", default=",".join(Form))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", type=Form, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write is not None:
        print(json.dumps(asyncio.run(write_file(os.environ["BENCH_URL"], options.write))))
        return
    forms = [Form(form) for form in options.forms.split(",")]
    with folder(options.data_dir) as data_dir:
        people(data_dir, options.packages, with_history=False, quiet=True)
        with EmbeddedPostgres(data_dir) as embedded:
            urls = embedded.urls(name_of(options.packages, with_history=False))
            found = [measure_file(urls.app, form) for form in forms if form not in STREAMED]
            with serving(urls) as hub:
                streamed = [form for form in forms if form in STREAMED]
                found = [*measure_streams(urls.app, hub.port, streamed, options.rounds), *found]
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show(found, Console(width=110))
    slow = [row for row in found if row["export"].endswith(("csv", "ndjson")) and row["ratio"] < RATIO_GOAL]
    large = [row for row in found if row["memory"] > MEMORY_GOAL and not row["export"].endswith("parquet")]
    raise SystemExit(1 if slow or large else 0)


if __name__ == "__main__":
    main()
