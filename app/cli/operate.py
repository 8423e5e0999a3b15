"""Verbs that run the hub: serve, work, migrate, collect."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Annotated, Any

import typer
import uvicorn
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import text

from app.cli.common import (
    AsJSON,
    WorkerBeside,
    complain,
    err,
    find_urls,
    honest_errors,
    opened,
    out,
    print_json,
    read_settings,
    run,
    worker_beside,
)
from app.collection import service as collection
from app.collection.queries import list_problems
from app.collection.tables import Run
from app.core.dates import TimeZone
from app.core.problems import message_of
from app.core.vocabulary import PackageKind
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.server import leave_servers, migrate
from app.kit.web.connections import bounded_protocol
from app.registry.loading import load_register
from app.registry.seed import read_seed

MAX_WORKER_FAILURES = 3


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Run one worker beside the API.")] = True,
) -> None:
    """Serve the API. On the embedded database this is enough alone: it migrates, loads the register, runs a worker."""
    settings = read_settings()

    async def prepare() -> None:
        async with opened(settings) as database, database.transaction() as session:
            if settings.database_url is None or not await session.scalar(text("SELECT EXISTS (SELECT 1 FROM nodes)")):
                await load_register(session, read_seed(), now=utc_now())

    try:
        # The embedded server is joined for as long as the API runs, so that nobody else stops it in between.
        with honest_errors(), _listen(host, port) as listening, ExitStack() as stack:
            asyncio.run(prepare())
            if with_worker:
                stack.enter_context(worker_beside())
            address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
            err.print(f"Rakor listens on {address} · docs at {address}/docs", soft_wrap=True)
            _serve_api(listening)
    finally:
        leave_servers()


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is begun. Whoever connects waits there until the API is ready."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        # The library appends where it happened, which is said already; names that do not resolve have codes below 0.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror
        complain(f"Cannot listen on {host}, port {port}", f"{why}.")
        raise typer.Exit(3) from error


def _serve_api(listening: socket.socket) -> None:
    config = uvicorn.Config(
        "app.main:create_app",
        factory=True,
        http=bounded_protocol(),
        ws="none",
        log_config=None,
        access_log=False,
        # Whose word counts on where a request comes from is RAKOR_TRUSTED_PROXIES, and by default nobody's.
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C and SIGTERM are how it is meant to end.
        server.run(sockets=[listening])
    if not server.started:
        raise typer.Exit(3)


def worker() -> None:
    """Take jobs from the queue until stopped. As many workers as you like may run, on many machines."""
    read_settings()
    os.execv(sys.executable, [sys.executable, "-m", "app.worker"])  # noqa: S606 (this very program, as another door)


def migrate_schema() -> None:
    """Bring the database's schema up to date. Several at once are harmless: one works, the others wait."""
    settings = read_settings()

    async def work() -> None:
        await asyncio.to_thread(lambda: migrate(find_urls(settings)))

    run(work)
    out.print("The schema is up to date.")


def collect(
    node: Annotated[str, typer.Argument(help="Slug of the node, for example surabaya.")],
    fiscal_year: Annotated[int | None, typer.Option(min=2000, max=2100, help="This year by default.")] = None,
    kind: Annotated[list[PackageKind] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read all details again.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Collect one node's packages of one fiscal year, and show how far it is. Exit code 0 only if all was read."""
    settings = read_settings()
    year = fiscal_year or utc_now().astimezone(TimeZone.WIB.info).year

    async def work() -> dict[str, Any]:
        async with opened(settings) as database:
            async with database.transaction() as session:
                started = await collection.start_run(
                    session, node, fiscal_year=year, kinds=kind, full=full, now=utc_now()
                )
                run_id = started.id
            with ExitStack() as stack:
                finished = await _follow(database, run_id, node, stack, quiet=as_json)
            return await _summary(database, finished, node)

    summary = run(work)
    if as_json:
        print_json(summary)
    else:
        _show(summary)
    raise typer.Exit(0 if summary["state"] == "completed" else 1)


async def _has_worker(database: Database) -> bool:
    async with database.reading() as session:
        found = await session.scalar(
            text(
                "SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '5 seconds')"
            )
        )
        return bool(found)


async def _follow(database: Database, run_id: int, node: str, stack: ExitStack, *, quiet: bool) -> Run:
    """Follow a run to its end. Where no worker lives, or the last one has gone, one of our own carries it on."""
    own: WorkerBeside | None = None
    with _progress(quiet=quiet) as progress:
        task = progress.add_task(node, total=None)
        for turn in count():
            async with database.reading() as session:
                current, _slug = await collection.get_run(session, run_id)
            progress.update(
                task, total=current.listed or None, completed=current.seen, description=f"{node} · {current.state}"
            )
            if current.finished_at is not None:
                break
            if own is None and turn % 5 == 0 and not await _has_worker(database):
                own = stack.enter_context(worker_beside(quiet=True))
            if own is not None and own.failures > MAX_WORKER_FAILURES:
                complain("The worker cannot be started", "The run waits in the queue; “rakor worker” will say more.")
                raise typer.Exit(3)
            await asyncio.sleep(0.3)
    return current


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal) as progress:
        yield progress


async def _summary(database: Database, finished: Run, node: str) -> dict[str, Any]:
    async with database.reading() as session:
        problems = await list_problems(session, finished.id, after=None, limit=1000)
    counts = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "duplicate", "withdrawn")
    return {
        "run": finished.id,
        "node": node,
        "fiscal_year": finished.fiscal_year,
        "state": finished.state,
        "counts": {name: getattr(finished, name) for name in counts},
        "requests": finished.requests,
        "problems": [
            {
                "code": row.code,
                "severity": row.severity,
                "package": row.package,
                "field": row.field,
                "value": row.value,
                "message": message_of(row.code, field=row.field, value=row.value),
            }
            for row in problems
        ],
    }


def _show(summary: dict[str, Any]) -> None:
    colour = "green" if summary["state"] == "completed" else "red"
    counts = ", ".join(f"{number} {name}" for name, number in summary["counts"].items() if number)
    out.print(
        f"[{colour}]{summary['state']}[/]: {summary['node']} {summary['fiscal_year']}, {counts or 'nothing seen'}; {summary['requests']} requests"
    )
    if not summary["problems"]:
        return
    tally: dict[str, list[Any]] = {}
    for problem in summary["problems"]:
        tally.setdefault(problem["code"], []).append(problem)
    table = Table("problem", "times", "for example")
    for code, found in sorted(tally.items(), key=lambda item: -len(item[1])):
        table.add_row(code, str(len(found)), found[0]["message"]["en"])
    out.print(table)
