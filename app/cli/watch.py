"""Verbs that watch: which nodes answer, since when not, and how much of the time they were up."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from app.cli.common import AsJSON, err, opened, out, print_json, read_settings, run
from app.kit.clock import utc_now
from app.kit.db import ReadSession
from app.registry import queries
from app.registry.passport import passport_of, probe_read
from app.registry.probe_queries import (
    NO_UPTIME,
    WINDOWS,
    Uptime,
    availability_of,
    endpoints_of,
    list_probes,
    uptimes_of,
)
from app.registry.queries import NodeFilter
from app.registry.schemas import UptimeRead
from app.registry.service import get_node

COLOURS = {"ok": "green", "failing": "yellow", "open": "red", "unknown": "dim"}
DOWN = ("failing", "open")
SHOWN_PROBES = 20
SOON_DAYS = 30
"""A certificate that ends sooner than this is worth a colour."""
_MOST_NODES = 100_000
_WORST_FIRST = ("open", "failing", "unknown", "ok")


def probes(
    node: Annotated[str | None, typer.Argument(help="Slug of one node, for example surabaya.")] = None,
    province: Annotated[
        str | None, typer.Option(help="Only nodes of this province (Kemendagri code); RAKOR_PROVINCE by default.")
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Show which nodes answer their probes, and their uptime. Exit code 1 if one does not answer, else 0."""
    settings = read_settings()

    async def work() -> dict[str, Any]:
        async with opened(settings, migrated=False) as database, database.reading() as session:
            if node is not None:
                return await _one(session, node, utc_now())
            return await _all(session, province or settings.province, utc_now())

    found = run(work)
    if as_json:
        print_json(found)
    elif node is not None:
        _show_one(found)
    else:
        _show_all(found)
    raise typer.Exit(1 if found["down"] else 0)


async def _all(session: ReadSession, province: str | None, now: datetime) -> dict[str, Any]:
    wanted = NodeFilter(province=province, state="active")
    nodes = [
        found
        for found in await queries.list_nodes(session, wanted, after=None, limit=_MOST_NODES, now=now)
        if found.endpoints
    ]
    node_ids = [found.id for found in nodes]
    endpoints = await endpoints_of(session, node_ids)
    uptimes = await uptimes_of(session, node_ids, now)
    rows = [
        {
            "node": found.slug,
            "state": availability_of(found, endpoints[found.id]),
            **_summed_up(endpoints[found.id], now),
            "uptime": uptimes.get(found.id, NO_UPTIME),
        }
        for found in nodes
    ]
    return {
        "nodes": rows,
        "down": sum(row["state"] in DOWN for row in rows),
        "unknown": sum(row["state"] == "unknown" for row in rows),
    }


def _summed_up(endpoints: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """A node in one row: what its worst endpoint fails of, the first that states a fact, the first certificate to end."""
    worst = min(endpoints, key=lambda endpoint: _WORST_FIRST.index(endpoint["state"]))
    ends = min((end for endpoint in endpoints if (end := endpoint["certificate_expires_at"])), default=None)
    return {
        "failure": worst["last_failure"] if worst["state"] in DOWN else None,
        **{
            name: next((endpoint[name] for endpoint in endpoints if endpoint[name] is not None), None)
            for name in ("latency_ms", "software_version", "moved_to")
        },
        "certificate_expires_at": ends,
        "certificate_days_left": None if ends is None else (ends - now).days,
        "last_ok_at": worst["last_ok_at"],
        "last_probe_at": worst["last_probe_at"],
    }


async def _one(session: ReadSession, slug: str, now: datetime) -> dict[str, Any]:
    passport = await passport_of(session, slug, now)
    latest = await list_probes(session, (await get_node(session, slug)).id, before=None, limit=SHOWN_PROBES)
    return {
        "node": slug,
        "state": passport.node.availability,
        "endpoints": passport.endpoints,
        "uptime": passport.uptime,
        "probes": [probe_read(probe) for probe in latest],
        "down": passport.node.availability in DOWN,
    }


# -- for people


def _show_all(found: dict[str, Any]) -> None:
    table = Table("node", "state", "latency", "version", "certificate", *(f"up {window}" for window in WINDOWS))
    for row in sorted(found["nodes"], key=lambda row: (_WORST_FIRST.index(row["state"]), row["node"])):
        failure = f" ({row['failure']})" if row["failure"] else ""
        table.add_row(
            Text(row["node"]),
            Text(row["state"] + failure, style=COLOURS[row["state"]]),
            _milliseconds(row["latency_ms"]),
            Text(row["software_version"] or "–"),
            _days(row["certificate_days_left"]),
            *(_share(row["uptime"][window]) for window in WINDOWS),
        )
    out.print(table)
    nodes = len(found["nodes"])
    answering = nodes - found["down"] - found["unknown"]
    err.print(f"{nodes} nodes: {answering} answer, {found['down']} do not, {found['unknown']} were not probed yet.")


def _show_one(found: dict[str, Any]) -> None:
    out.print(Text.assemble(found["node"], ": ", (found["state"], COLOURS[found["state"]])))
    out.print("up " + ", ".join(f"{window} {_share(found['uptime'][window])}" for window in WINDOWS))
    for endpoint in found["endpoints"]:
        out.print(Text(f"{endpoint.interface} {endpoint.base_url}"), soft_wrap=True)
        if endpoint.moved_to:
            out.print(Text(f"  answers at {endpoint.moved_to}", style="yellow"), soft_wrap=True)
        if endpoint.message:
            out.print(Text(f"  {endpoint.message.id}", style=COLOURS[endpoint.state]), soft_wrap=True)
            out.print(Text(f"  {endpoint.message.en}", style="dim"), soft_wrap=True)
    if not found["probes"]:
        err.print("It was not probed yet.")
        return
    table = Table("at (UTC)", "result", "latency", "version", "detail")
    for probe in found["probes"]:
        table.add_row(
            f"{probe.at:%Y-%m-%d %H:%M:%S}",
            Text("ok", style="green") if probe.ok else Text(str(probe.failure), style="red"),
            _milliseconds(probe.latency_ms),
            Text(probe.software_version or "–"),
            Text(probe.detail or ""),
        )
    out.print(table)


def _milliseconds(value: int | None) -> str:
    return "–" if value is None else f"{value} ms"


def _days(left: int | None) -> Text:
    if left is None:
        return Text("–")
    if left < 0:
        return Text("expired", style="red")
    return Text(f"{left} days", style="yellow" if left < SOON_DAYS else "")


def _share(uptime: Uptime | UptimeRead) -> str:
    """As a percentage that never rounds up to all: 99.99 % is not 100 %."""
    if uptime.ratio is None:
        return "–"
    percent = Decimal(uptime.ok * 10000 // uptime.probes) / 100
    return f"{percent.normalize():f} %"
