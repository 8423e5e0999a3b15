"""`rakor simulate`: simulated nodes and national services on one loopback port."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from app.cli.common import err, print_json
from app.registry.seed import read_seed
from app.simulator.faults import Faults
from app.simulator.nodes import SimulatedNode, WorldSettings, nodes_from_json
from app.simulator.running import serve
from app.simulator.truth import as_json
from app.simulator.world import World

DEMO_YEARS = (2024, 2025)


def simulated_nodes(province: str) -> list[SimulatedNode]:
    """The registered nodes of a province, to be simulated under their own names and clocks."""
    seed = read_seed()
    names = {institution.kd_klpd: institution.name for institution in seed.institutions}
    return [
        SimulatedNode(
            slug=node.slug,
            institution_name=names[node.institution],
            zone=node.time_zone.value,
            kd_lpse=node.kd_lpse,
            kd_klpd={names[node.institution]: node.institution},
        )
        for node in seed.nodes
        if node.province == province and node.institution in names and node.state == "active"
    ]


def simulate(
    province: Annotated[str, typer.Option(help="Simulate the registered nodes of this province (35, 63, …).")] = "35",
    nodes: Annotated[
        Path | None, typer.Option(help="Simulate the nodes of this JSON file instead.", exists=True, dir_okay=False)
    ] = None,
    year: Annotated[list[int] | None, typer.Option(help="Fiscal years, repeatable.", min=2000, max=2100)] = None,
    tenders: Annotated[tuple[int, int], typer.Option(help="Least and most tenders per node and year.")] = (12, 25),
    non_tenders: Annotated[tuple[int, int], typer.Option(help="Least and most non-tenders per node and year.")] = (
        28,
        55,
    ),
    recorded: Annotated[tuple[int, int], typer.Option(help="Least and most recorded packages.")] = (3, 6),
    self_managed: Annotated[tuple[int, int], typer.Option(help="Least and most self-managed packages.")] = (2, 4),
    emergency: Annotated[tuple[int, int], typer.Option(help="Least and most emergency packages.")] = (0, 2),
    seed: Annotated[int, typer.Option(help="Another seed makes another world.")] = 2026,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 8790,
    latency: Annotated[float, typer.Option(min=0, max=60, help="Seconds that every answer waits.")] = 0.0,
    truth: Annotated[bool, typer.Option("--truth", help="Print what was really saved, as JSON, and end.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Print every package as JSON, and end.")] = False,
    leave_with: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve simulated SPSE nodes at http://127.0.0.1:PORT/<slug> until Ctrl-C. Everything in them is invented.

    \b
    The same packages by other ways:
      /-/inaproc/api/v1/tender/pengumuman?kode_klpd=D181&tahun=2025
          with Authorization: Bearer simulasi-integrator
      /-/ocds/SLUG/release-packages?year=2025  also record-packages
      /-/ocds/SLUG/releases/2025.jsonl
      /-/isb/api/00000000-0000-4000-8000-000000000000/json/1013/
          SPSE-TenderPengumuman/tipe/4:4/parameter/2025:KD_LPSE
      /-/isb/api/satudata/TenderUmumPublik/2025/KD_LPSE

    \b
    What is true:
      /-/truth/SLUG/2025  /-/details/SLUG/2025  /-/nodes  /-/counters

    \b
    Orders while it runs, by POST and from this machine only:
      /-/advance?days=7          time passes
      /-/edit/SLUG?count=3       details change, lists do not
      /-/vanish/SLUG?count=3     packages disappear
      /-/faults/SLUG             {"latency_seconds": 2, "fail_every": 5}
      /-/faults/SLUG             {} makes it well again

    Faults without SLUG are everybody's; SLUG may also be inaproc, ocds or isb. One that does not exist is answered
    with the list of those that do. /lama/SLUG redirects to /SLUG, as a host does that has moved.
    """  # noqa: D301 -- the escapes are click's mark against wrapping, no backslashes
    chosen = nodes_from_json(nodes.read_bytes()) if nodes else simulated_nodes(province)
    if not chosen:
        err.print(f"[red]No registered node to simulate in province {province}.[/]")
        raise typer.Exit(1)
    settings = WorldSettings(
        years=tuple(year or DEMO_YEARS),
        seed=seed,
        tenders=tenders,
        non_tenders=non_tenders,
        recorded=recorded,
        self_managed=self_managed,
        emergency=emergency,
    )
    world = World(chosen, settings)
    if truth:
        print_json([world.truth(node.slug, year) for node in chosen for year in settings.years])
        return
    if details:
        print_json(
            [
                {"node": node.slug, "fiscal_year": year, "packages": as_json(world.details(node.slug, year))}
                for node in chosen
                for year in settings.years
            ]
        )
        return
    if leave_with is not None:
        threading.Thread(target=_leave_with, args=(leave_with,), daemon=True).start()

    def on_ready(base_url: str) -> None:
        sys.stdout.write(f"{base_url}\n")
        sys.stdout.flush()
        err.print(
            f"{len(chosen)} simulated nodes at {base_url}/<slug>, for example {base_url}/{chosen[0].slug}",
            soft_wrap=True,
        )

    try:
        serve(world, port=port, faults=Faults(latency_seconds=latency), on_ready=on_ready)
    except OSError as error:
        err.print(f"[red]Port {port} cannot be used:[/] {error.strerror}. Try --port 0.")
        raise typer.Exit(1) from error


def _leave_with(parent: int) -> None:
    """End when the process that started this one has gone, however it ended."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)
