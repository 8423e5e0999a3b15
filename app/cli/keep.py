"""Verbs that keep the hub: load the register, write the contract, verify figures, look after health."""

import gc
import platform
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, track
from rich.table import Table
from sqlalchemy import select, text

from app.access.audit import TrailJudgement, record_act, verify_trail
from app.access.callers import COMMAND_LINE
from app.cli.common import AsJSON, err, opened, out, print_json, read_settings, run
from app.kit.clock import utc_now
from app.kit.json import dumps_text
from app.procurement.jobs import derive_node
from app.registry.errors import NodeNotFound
from app.registry.loading import LoadReport, load_register
from app.registry.seed import read_seed
from app.registry.tables import Node
from app.statistics.verification import Verification, verify_figures


def load_registry(as_json: AsJSON = False) -> None:
    """Load the register that ships with the project. Repeatable; what was edited here stays as it is."""
    settings = read_settings()

    async def work() -> LoadReport:
        async with opened(settings) as database, database.transaction() as session:
            now = utc_now()
            report = await load_register(session, read_seed(), now=now)
            counts = {"new_nodes": report.new_nodes, "changed_nodes": report.changed_nodes}
            if any(counts.values()):
                subject = "register"
                await record_act(
                    session, caller=COMMAND_LINE, act="register.loaded", subject=subject, details=counts, now=now
                )
            return report

    report = run(work)
    if as_json:
        print_json({name: getattr(report, name) for name in report.__dataclass_fields__})
        return
    out.print(
        f"{report.regions} regions, {report.institutions} institutions under {report.aliases} names, "
        f"{report.nodes} nodes with {report.endpoints} endpoints."
    )
    out.print(
        f"{report.new_nodes} nodes new, {report.changed_nodes} changed, {report.locally_edited} with local edits kept."
    )
    for slug in report.skipped:
        err.print(f"[yellow]{slug}[/] was left out: its kd_lpse belongs to a node registered here under another slug.")


def derive(
    node: Annotated[str | None, typer.Argument(help="Slug of one node; all of them without it.")] = None,
    as_json: AsJSON = False,
) -> None:
    """Derive packages anew from what their sources said, after names or rules have changed. Nothing is asked."""
    settings = read_settings()

    async def work() -> dict[str, int]:
        async with opened(settings) as database:
            async with database.reading() as session:
                known = await session.execute(select(Node.id, Node.slug).order_by(Node.slug))
            wanted = [row for row in known if node in {None, row.slug}]
            if node is not None and not wanted:
                raise NodeNotFound(node)
            changed: dict[str, int] = {}
            for row in track(wanted, "Deriving", console=err, disable=not err.is_terminal):
                if count := await derive_node(database, row.id):
                    changed[row.slug] = count
            return changed

    changed = run(work)
    if as_json:
        print_json(changed)
    else:
        out.print(f"{sum(changed.values())} packages of {len(changed)} nodes differ from before.")


def openapi(
    write: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Print the published contract (OpenAPI 3.1)."""
    # The application is a door of its own; the contract is asked of it, not imported from it.
    import json  # noqa: PLC0415 (indented output, once)
    from importlib import import_module  # noqa: PLC0415 (see above)

    document = import_module("app.main").create_app(read_settings()).openapi()
    rendered = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if write is None:
        sys.stdout.write(rendered)
    else:
        write.write_text(rendered, encoding="utf-8")
        err.print(f"{write}: {len(document['paths'])} paths")


def verify(as_json: AsJSON = False) -> None:
    """Recompute every figure, and follow the audit trail; say whether all agree. Exit code 1 if not.

    Keep the printed seal elsewhere: entries cut off the trail's end can only be noticed by it.
    """
    settings = read_settings()

    async def work() -> tuple[Verification, TrailJudgement]:
        # What was made until here stays; looking through it again and again costs a fifth of the time.
        gc.freeze()
        async with opened(settings, migrated=False) as database, database.reading() as session:
            with _verifying(quiet=as_json) as progress:
                task = progress.add_task("Verifying packages", total=None)
                found = await verify_figures(
                    session, lambda done, total: progress.update(task, completed=done, total=total)
                )
            return found, await verify_trail(session)

    found, trail = run(work)
    if as_json:
        print_json(
            {
                "agree": not found.differences and trail.first_broken is None,
                "packages": found.packages,
                "groups": found.groups,
                "differences": [
                    {name: getattr(difference, name) for name in difference.__dataclass_fields__}
                    for difference in found.differences
                ],
                "audit": {"entries": trail.entries, "first_broken": trail.first_broken, "seal": trail.seal},
            }
        )
    else:
        _show_verification(found, trail)
    raise typer.Exit(1 if found.differences or trail.first_broken is not None else 0)


def _verifying(*, quiet: bool) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, disable=quiet or not err.is_terminal)


def _show_verification(found: Verification, trail: TrailJudgement) -> None:
    if not found.differences:
        out.print(
            f"[green]All figures agree[/]: {found.packages} packages in {found.groups} groups, "
            "recomputed from observations, versions and packages."
        )
    else:
        columns = ("against", "in", "figure", "of", "published", "recomputed")
        table = Table(*columns, title="Figures that do not follow")
        for difference in found.differences:
            sums = " ".join(str(difference.key[name]) for name in ("table", "grain") if name in difference.key)
            # What a grain does not tell apart stands in its key as a star.
            key = [part for name, part in difference.key.items() if name not in {"table", "grain"}]
            of = " ".join(str(part) for part in key if part not in {"", "*"})
            both = (str(difference.published), str(difference.recomputed))
            table.add_row(difference.against, sums, difference.figure, of, *both)
        out.print(table)
    if trail.first_broken is not None:
        out.print(f"[red]The audit trail is broken[/] at entry {trail.first_broken} of {trail.entries}.")
    elif trail.entries:
        out.print(f"[green]The audit trail is whole[/]: {trail.entries} entries, sealed {trail.seal}.", soft_wrap=True)


def doctor(as_json: AsJSON = False) -> None:
    """Say where everything is and whether it works. Exit code 3 if the database does not."""
    settings = read_settings()

    async def work() -> dict[str, object]:
        async with opened(settings, migrated=False) as database, database.reading() as session:
            row = (
                await session.execute(
                    text("""
                        SELECT current_setting('server_version') AS server, current_database() AS database,
                               (SELECT version_num FROM alembic_version) AS schema,
                               (SELECT count(*) FROM nodes) AS nodes, (SELECT count(*) FROM packages) AS packages,
                               (SELECT count(*) FROM runs WHERE state IN ('queued', 'running')) AS unfinished_runs,
                               (SELECT count(*) FROM procrastinate_workers
                                WHERE last_heartbeat > now() - interval '10 seconds') AS workers
                    """)
                )
            ).one()
            return dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented accessor)

    facts: dict[str, object] = {
        "python": platform.python_version(),
        "database_kind": "external" if settings.database_url else "embedded",
        "data_dir": str(settings.data_dir),
        "allowed_networks": [str(network) for network in settings.allowed_networks],
    }
    facts |= run(work)
    if as_json:
        sys.stdout.write(dumps_text(facts) + "\n")
        return
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(f"[dim]{name}[/]", str(value))
    out.print(table)
