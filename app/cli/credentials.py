"""Verbs for the secrets by which the hub asks sources; they are read from standard input, never from the command line."""

import sys
from typing import Annotated

import typer
from rich.prompt import Prompt
from rich.table import Table

from app.access import credentials
from app.access.audit import record_act
from app.access.callers import COMMAND_LINE
from app.cli.common import AsJSON, complain, err, opened, out, print_json, read_settings, run
from app.kit.clock import utc_now

Name = Annotated[
    str, typer.Argument(help="The name by which an endpoint's options call it: {“credential”: “inaproc-contoh”}.")
]


def set_credential(name: Name) -> None:
    """Store a secret, such as a Bearer token, under a name. It is asked for, or read from standard input."""
    settings = read_settings()
    if credentials.NAME.fullmatch(name) is None:
        complain("This cannot be a credential's name", "Use small letters, digits and hyphens, at most 63.")
        raise typer.Exit(2)
    # On the command line it would stand in the shell's history and in the list of processes.
    secret = (Prompt.ask("Secret", console=err, password=True) if sys.stdin.isatty() else sys.stdin.read()).strip()
    if not secret:
        complain("Nothing was stored", "The secret was empty.")
        raise typer.Exit(2)

    async def work() -> None:
        now = utc_now()
        async with opened(settings) as database, database.transaction() as session:
            await credentials.store_secret(session, name, secret, now=now)
            await record_act(
                session, caller=COMMAND_LINE, act="credential.set", subject=f"credential {name}", details={}, now=now
            )

    run(work)
    err.print(f"Stored. Endpoints use it by the option [bold]credential[/] = “{name}”.")


def list_credentials(as_json: AsJSON = False) -> None:
    """Show the names of the stored secrets, never the secrets."""
    settings = read_settings()

    async def work() -> list[tuple[str, object]]:
        async with opened(settings) as database, database.reading() as session:
            return [(name, changed_at) for name, changed_at in await credentials.list_credentials(session)]

    found = run(work)
    if as_json:
        print_json([{"name": name, "changed_at": changed_at} for name, changed_at in found])
        return
    table = Table("credential", "set at")
    for name, changed_at in found:
        table.add_row(name, str(changed_at))
    out.print(table if found else "No credentials are stored.")


def forget_credential(name: Name) -> None:
    """Remove a stored secret."""
    settings = read_settings()

    async def work() -> bool:
        now = utc_now()
        async with opened(settings) as database, database.transaction() as session:
            is_gone = await credentials.forget_secret(session, name)
            if is_gone:
                await record_act(
                    session,
                    caller=COMMAND_LINE,
                    act="credential.forgotten",
                    subject=f"credential {name}",
                    details={},
                    now=now,
                )
            return is_gone

    if not run(work):
        complain("Nothing was removed", f"There is no credential “{name}”.")
        raise typer.Exit(1)
