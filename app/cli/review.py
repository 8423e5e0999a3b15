"""Verbs that review what collection did: its runs, and what is wrong with the data, as a work list."""

from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from app.cli.common import AsJSON, opened, out, print_json, read_settings, run
from app.collection.queries import ProblemFilter, RunFilter, list_all_problems, list_runs
from app.core.problems import Severity, message_of
from app.registry.service import get_node

_COUNTS = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "duplicate", "withdrawn")
_COLOURS = {"completed": "green", "running": "cyan", "queued": "dim", "incomplete": "yellow", "cancelled": "dim"}

Node = Annotated[str | None, typer.Argument(help="Slug of one node, for example surabaya.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most, newest first.")]
Year = Annotated[int | None, typer.Option(min=2000, max=2100, help="Only this fiscal year.")]


def runs(
    node: Node = None,
    state: Annotated[str | None, typer.Option(help="Only runs in this state, for example incomplete.")] = None,
    fiscal_year: Year = None,
    limit: Limit = 30,
    as_json: AsJSON = False,
) -> None:
    """Show the last runs: how they ended, what they brought, what they cost. Exit code 1 if one did not complete."""
    settings = read_settings()

    async def work() -> list[dict[str, Any]]:
        async with opened(settings, migrated=False) as database, database.reading() as session:
            if node is not None:
                await get_node(session, node)
            found = await list_runs(session, RunFilter(node, state, None, fiscal_year), before=None, limit=limit)
        names = ("id", "fiscal_year", "interface", "origin", "state", "started_at", "finished_at", "requests")
        return [
            {
                **{name: getattr(row, name) for name in names},
                "node": slug,
                "counts": {name: getattr(row, name) for name in _COUNTS},
                "problems": row.problems,
            }
            for row, slug in found
        ]

    found = run(work)
    if as_json:
        print_json(found)
    elif not found:
        out.print("No runs yet. “rakor collect NODE” starts one.")
    else:
        _show_runs(found)
    raise typer.Exit(1 if any(row["state"] in {"incomplete", "drift", "failed"} for row in found) else 0)


def _show_runs(found: list[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("run", "node", "read", "state", "finished", "what came", "wrong"):
        # A terminal of eighty columns has room for all of it, as long as only one of them gives way.
        table.add_column(heading, no_wrap=heading != "what came")
    for row in found:
        colour = _COLOURS.get(row["state"], "red")
        finished = row["finished_at"].astimezone().strftime("%d-%m %H:%M") if row["finished_at"] else "–"
        came = ", ".join(f"{number} {name}" for name, number in row["counts"].items() if number)
        table.add_row(
            str(row["id"]),
            row["node"],
            f"{row['fiscal_year']} {row['interface']}",
            f"[{colour}]{row['state']}[/]",
            finished,
            f"{came or 'nothing'} in {row['requests']} requests",
            str(row["problems"]),
        )
    out.print(table)


def problems(
    node: Node = None,
    code: Annotated[str | None, typer.Option(help="Only this code, for example detail-drift.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only errors, or only warnings.")] = None,
    fiscal_year: Year = None,
    every_run: Annotated[bool, typer.Option("--every-run", help="Of every run, not only of the last ones.")] = False,
    limit: Limit = 50,
    as_json: AsJSON = False,
) -> None:
    """Show what is wrong with the nodes' data, by their last runs. Exit code 1 if there is an error among it."""
    settings = read_settings()

    async def work() -> list[dict[str, Any]]:
        wanted = ProblemFilter(node, code, severity, fiscal_year, latest=not every_run)
        async with opened(settings, migrated=False) as database, database.reading() as session:
            if node is not None:
                await get_node(session, node)
            found = await list_all_problems(session, wanted, before=None, limit=limit)
        names = ("run_id", "code", "severity", "kind", "package", "field", "value", "at")
        return [
            {
                **{name: getattr(row, name) for name in names},
                "node": slug,
                "message": message_of(row.code, field=row.field, value=row.value),
            }
            for row, slug in found
        ]

    found = run(work)
    if as_json:
        print_json(found)
    elif not found:
        out.print("[green]Nothing is wrong.[/]")
    else:
        table = Table("run", "node", "package", "problem")
        for row in found:
            colour = "red" if row["severity"] == Severity.ERROR else "yellow"
            table.add_row(
                str(row["run_id"]),
                row["node"],
                f"{row['kind'] or ''} {row['package'] or ''}".strip() or "–",
                f"[{colour}]{row['code']}[/] {row['message']['id']}",
            )
        out.print(table)
    raise typer.Exit(1 if any(row["severity"] == Severity.ERROR for row in found) else 0)
