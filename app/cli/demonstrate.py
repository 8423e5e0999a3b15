"""`rakor demo`: the whole road on one machine, from simulated nodes to a figure on the screen."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any

import typer
import uvicorn
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import select, text

from app.cli.common import end, err, find_urls, opened, out, read_settings, run, worker_beside
from app.cli.simulate import DEMO_YEARS, simulated_nodes
from app.collection import queries as runs
from app.collection import service as collection
from app.collection.tables import RunBatch
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.http import GuardedClient, OutboundPolicy, parse_networks
from app.kit.json import loads
from app.kit.postgres import default_data_dir
from app.kit.server import migrate
from app.registry import service as registry
from app.registry.loading import load_register
from app.registry.seed import read_seed
from app.settings import Settings
from app.statistics import service as statistics
from app.statistics.questions import Dimension, FigureFilter, Question

LOOPBACK = "127.0.0.0/8"
SIMULATOR_PORT = 8790
FULL_TABLE_COLUMNS = 106


def demo(
    province: Annotated[str, typer.Option(help="35 East Java, 63 South Kalimantan, …", metavar="CODE")] = "35",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the API; another one is taken if it is in use.")
    ] = 8000,
    exit_when_done: Annotated[bool, typer.Option("--exit", help="End after the table instead of serving.")] = False,
) -> None:
    """Simulate a province's nodes, collect two fiscal years of them, show what was saved, and serve the API.

    Everything runs on this machine, on loopback, in a data directory of its own (RAKOR_DATA_DIR, if you set it); all
    packages are invented. A second start shows what is there already; one that was killed goes on where it was.
    """
    # The demo's processes read their settings from the environment, as always; these are the demo's own.
    os.environ.setdefault("RAKOR_DATA_DIR", f"{default_data_dir()}-demo")
    os.environ.setdefault("RAKOR_ALLOWED_NETWORKS", LOOPBACK)
    os.environ.setdefault("RAKOR_LOG_LEVEL", "error")
    os.environ.pop("RAKOR_PROVINCE", None)
    settings = read_settings()
    nodes = [node.slug for node in simulated_nodes(province)]
    if not nodes:
        err.print(f"[red]The register has no nodes to simulate in province {province}.[/]")
        raise typer.Exit(1)
    run(lambda: _demonstrate(settings, province, nodes, port, exit_when_done=exit_when_done))


async def _demonstrate(settings: Settings, province: str, nodes: list[str], port: int, *, exit_when_done: bool) -> None:
    with err.status("Starting the embedded database …" if settings.database_url is None else "Opening the database …"):
        await asyncio.to_thread(lambda: migrate(find_urls(settings)))
        stack = contextlib.AsyncExitStack()
        database = await stack.enter_async_context(opened(settings, migrated=False))
    async with stack:
        await _refuse_real_data(database)
        with err.status("Loading the register …"):
            async with database.transaction() as session:
                await load_register(session, read_seed(), now=utc_now())
        with err.status(f"Starting {len(nodes)} simulated nodes …"):
            simulator = await stack.enter_async_context(_simulator(province))
        await _point_nodes_at(database, nodes, simulator)
        stack.enter_context(worker_beside())
        api = None if exit_when_done else await stack.enter_async_context(_api(port))
        batch = await _find_or_start_batch(database, province)
        await _follow(database, batch, len(nodes))
        await _show_savings(database, province, nodes)
        await _compare_with_truth(database, nodes, simulator)
        if api is None:
            return
        out.print(f"\nAPI    [bold]{api.address}/api/v1[/]", f"\nDocs   [bold]{api.address}/docs[/]", soft_wrap=True)
        out.print(
            f"Try    curl '{api.address}/api/v1/statistics/savings?province={province}&group_by=fiscal_year'",
            soft_wrap=True,
        )
        out.print(f"Nodes  {simulator}/<slug>", soft_wrap=True)
        out.print(f"Data   {settings.data_dir}   [dim](rakor verify, with RAKOR_DATA_DIR set to it)[/]", soft_wrap=True)
        out.print("[dim]Ctrl-C ends it all; the data stay.[/]\n")
        with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C is how it is meant to end.
            await api.until_stopped()


async def _refuse_real_data(database: Database) -> None:
    """Simulated packages must never mix with collected ones."""
    async with database.reading() as session:
        real = await session.scalar(
            text("""
                SELECT EXISTS (SELECT 1 FROM raw_answers WHERE url !~ '^http://127\\.')
                    OR EXISTS (SELECT 1 FROM observations WHERE source <> 'spse')
            """)
        )
    if real:
        err.print(
            "[red]This database holds packages of real nodes; the demo leaves it alone.[/] Set RAKOR_DATA_DIR to another folder."
        )
        raise typer.Exit(1)


@asynccontextmanager
async def _simulator(province: str) -> AsyncIterator[str]:
    """The simulated nodes in a process of their own; the answer is their base address."""
    process = _start_simulator(province)
    assert process.stdout is not None
    try:
        address = (await asyncio.to_thread(process.stdout.readline)).decode().strip()
        if not address:
            err.print("[red]The simulated nodes did not start.[/]")
            raise typer.Exit(1)
        yield address
    finally:
        end(process)
        process.stdout.close()


def _start_simulator(province: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app.cli", "simulate", "--province", province]
    options = ["--port", str(_free_port(SIMULATOR_PORT)), "--leave-with", str(os.getpid())]
    # Out of reach of the terminal's Ctrl-C: the nodes go after the worker that asks them.
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0)


def _free_port(preferred: int) -> int:
    """The preferred loopback port if nobody has it, else any."""
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    return 0


async def _point_nodes_at(database: Database, nodes: Sequence[str], simulator: str) -> None:
    """In the demo's own database the nodes answer on loopback, whatever their real address is."""
    async with database.transaction() as session:
        for slug in nodes:
            endpoint = registry.EndpointDraft("spse", f"{simulator}/{slug}")
            await registry.revise_node(session, slug, {"endpoints": (endpoint,)}, now=utc_now())


class _Api:
    """The API inside this process."""

    def __init__(self, server: uvicorn.Server, serving: asyncio.Task[None], address: str) -> None:
        self._server = server
        self._serving = serving
        self.address = address

    async def until_stopped(self) -> None:
        await self._serving

    async def stop(self) -> None:
        self._server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving


@asynccontextmanager
async def _api(port: int) -> AsyncIterator[_Api]:
    port = _free_port(port)
    config = uvicorn.Config(
        "app.main:create_app", factory=True, host="127.0.0.1", port=port, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            err.print("[red]The API did not start.[/]")
            raise typer.Exit(1)
        await asyncio.sleep(0.05)
    api = _Api(server, serving, f"http://127.0.0.1:{port}")
    try:
        yield api
    finally:
        await api.stop()


async def _find_or_start_batch(database: Database, province: str) -> int:
    """The collection that this demo began, at whatever start; a new one if there is none, or not all of it succeeded."""
    async with database.transaction() as session:
        latest = await session.scalar(
            select(RunBatch.id).where(RunBatch.province == province).order_by(RunBatch.id.desc()).limit(1)
        )
        if latest is not None and not (await runs.batch_progress(session, latest))["unsuccessful"]:
            return latest
        return (await collection.start_batch(session, province, fiscal_years=DEMO_YEARS, now=utc_now())).id


async def _follow(database: Database, batch: int, nodes: int) -> None:
    """Show the collection until it has ended; the first figure appears as soon as the first node is done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    shown: set[int] = set()
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(f"Collecting {nodes} nodes, {' and '.join(map(str, DEMO_YEARS))}", total=None)
        was_finished = None
        while True:
            async with database.reading() as session:
                state = await runs.batch_progress(session, batch)
                finished = await runs.list_runs(
                    session, runs.RunFilter(batch=batch, state="completed"), before=None, limit=1000
                )
                is_finished = state["queued"] + state["running"] == 0
                if was_finished is None:
                    was_finished = is_finished
                for found, slug in sorted(finished, key=lambda row: row[0].id):
                    if found.id not in shown and not was_finished:
                        await _show_node(session, progress, slug, found.fiscal_year)
                    shown.add(found.id)
            progress.update(task, total=state["runs"], completed=state["completed"] + state["unsuccessful"])
            if is_finished:
                break
            await asyncio.sleep(0.5)
    if state["unsuccessful"]:
        err.print(f"[yellow]{state['unsuccessful']} runs did not complete; see GET /api/v1/runs?batch={batch}.[/]")


async def _show_node(session: Any, progress: Progress, slug: str, fiscal_year: int) -> None:
    wanted = FigureFilter(node=(slug,), fiscal_year=(fiscal_year,))
    total = (await statistics.answer(session, "savings", Question(wanted), now=utc_now())).content["total"]
    line = f"{slug} {fiscal_year}: {total['packages']} packages, saved {rupiah(total['by_pagu']['savings'])}"
    progress.console.print(f"[green]✓[/] {line} ({percent(total['by_pagu']['ratio'])})", highlight=False)


async def _show_savings(database: Database, province: str, nodes: Sequence[str]) -> None:
    async with database.reading() as session:
        question = Question(FigureFilter(node=tuple(nodes)), (Dimension.NODE,))
        savings = (await statistics.answer(session, "savings", question, now=utc_now())).content
        region = await registry.get_region(session, province)
    years = " and ".join(map(str, DEMO_YEARS))
    table = Table(
        title=f"Savings against pagu, {region.name}, fiscal years {years} (simulated)",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    for heading in ("node", "packages", "pagu", "value", "savings", "percent"):
        table.add_column(heading, justify="left" if heading == "node" else "right", no_wrap=True)
    is_narrow = out.width < FULL_TABLE_COLUMNS
    for item in savings["items"]:
        table.add_row(*_cells(item["node"], item, in_millions=is_narrow))
    table.add_section()
    table.add_row(*_cells("all", savings["total"], in_millions=is_narrow), style="bold")
    if is_narrow:
        table.caption = "Amounts in millions of rupiah; the API has them to the sen."
    out.print(table)


def _cells(name: str, figure: dict[str, Any], *, in_millions: bool) -> list[str]:
    block = figure["by_pagu"]
    amounts = [block["pagu"], block["value"], block["savings"]]
    shown = [f"{amount / 1_000_000:,.0f}".replace(",", ".") if in_millions else rupiah(amount) for amount in amounts]
    return [name, str(figure["packages"]), *shown, percent(block["ratio"])]


async def _compare_with_truth(database: Database, nodes: Sequence[str], simulator: str) -> None:
    """Say whether every figure equals what the simulator knows from its generator, to the sen."""
    policy = OutboundPolicy(allowed_networks=parse_networks(LOOPBACK))
    async with GuardedClient(policy) as client:
        truths = loads((await client.get(f"{simulator}/-/truth")).content)
    async with database.reading() as session:
        question = Question(FigureFilter(node=tuple(nodes)), (Dimension.NODE, Dimension.FISCAL_YEAR))
        savings = (await statistics.answer(session, "savings", question, now=utc_now())).content
    ours = {(item["node"], item["fiscal_year"]): item["by_pagu"]["savings"] for item in savings["items"]}
    figures = [figure for years in truths.values() for figure in years.values()]
    wrong = [
        f"{truth['node']} {truth['fiscal_year']}"
        for truth in figures
        if ours.get((truth["node"], truth["fiscal_year"]), Decimal(0)) != Decimal(truth["by_pagu"]["savings"])
    ]
    if wrong:
        err.print(f"[red]{len(wrong)} figures differ from the simulator's truth:[/] {', '.join(wrong[:10])}")
    else:
        out.print(
            f"[green]✓[/] All {len(figures)} figures of node and year equal the simulator's own truth, to the sen."
        )


def rupiah(amount: Decimal) -> str:
    """1.234.567,89, as Indonesian officials write it."""
    return f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def percent(ratio: Decimal | None) -> str:
    return "–" if ratio is None else f"{ratio * 100:.2f} %".replace(".", ",")
