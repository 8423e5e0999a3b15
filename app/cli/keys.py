"""Verbs for the keys of those who may do what the public may not."""

from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from app.access import keys, queries
from app.access.callers import COMMAND_LINE, Role
from app.access.queries import KeyView
from app.cli.common import AsJSON, err, opened, out, print_json, read_settings, run
from app.kit.clock import utc_now
from app.kit.db import WriteSession

Result = TypeVar("Result")
KeyId = Annotated[int, typer.Argument(min=1, metavar="ID", help="Number of the key, as “rakor key list” shows it.")]
_PAGE = 1000


def create_key(
    name: Annotated[str, typer.Option(help="Who will use it, for people to recognise.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.PROVINCE,
    node: Annotated[
        list[str] | None, typer.Option(metavar="SLUG", help="A node that a node's key speaks for; repeatable.")
    ] = None,
    expires_days: Annotated[
        int, typer.Option("--expires-days", "--days", min=1, max=3650, help="After how many days it ends.")
    ] = keys.DEFAULT_DAYS,
    as_json: AsJSON = False,
) -> None:
    """Make a key. It is shown this once; only its hash is kept."""
    now = utc_now()
    draft = keys.KeyDraft(role, name, frozenset(node or ()), now + timedelta(days=expires_days))

    async def make(session: WriteSession) -> keys.IssuedKey:
        return await keys.issue_key(session, draft, caller=COMMAND_LINE, now=now)

    _show_issued(_done(make), as_json=as_json)


def list_keys(as_json: AsJSON = False) -> None:
    """Show the keys, whom they speak for and when they end; never their secrets."""
    settings = read_settings()

    async def work() -> list[KeyView]:
        found: list[KeyView] = []
        async with opened(settings) as database, database.reading() as session:
            while True:
                after = found[-1].id if found else None
                page = await queries.list_keys(session, queries.KeyFilter(), after=after, limit=_PAGE, now=utc_now())
                found += page
                if len(page) < _PAGE:
                    return found

    found = run(work)
    if as_json:
        print_json([asdict(view) for view in found])
        return
    table = Table("id", "name", "role", "nodes", "state", "ends", "last used")
    for view in found:
        ends = view.revoked_at or view.expires_at
        cells = (str(view.id), view.name, view.role, ", ".join(view.nodes), view.state)
        table.add_row(*map(Text, cells), f"{ends:%Y-%m-%d}" if ends else "never", str(view.last_used_on or "never"))
    out.print(table if found else "There are no keys.")


def rotate_key(
    key: KeyId,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="How many hours the secret it had goes on opening.")
    ] = 24,
    as_json: AsJSON = False,
) -> None:
    """Give a key a new secret, shown this once. The one it had ends after the overlap."""
    overlap = timedelta(hours=overlap_hours)

    async def rotate(session: WriteSession) -> keys.IssuedKey:
        return await keys.rotate_key(session, key, overlap=overlap, caller=COMMAND_LINE, now=utc_now())

    _show_issued(_done(rotate), as_json=as_json)


def revoke_key(key: KeyId, as_json: AsJSON = False) -> None:
    """End a key at once, with all its secrets. Revoking it again changes nothing."""

    async def revoke(session: WriteSession) -> KeyView:
        return await keys.revoke_key(session, key, caller=COMMAND_LINE, now=utc_now())

    revoked = _done(revoke)
    if as_json:
        print_json(asdict(revoked))
        return
    out.print(Text(f"Revoked: key {revoked.id}, {revoked.name}."), soft_wrap=True)


def _done(work: Callable[[WriteSession], Coroutine[Any, Any, Result]]) -> Result:
    """Do one thing in one transaction."""
    settings = read_settings()

    async def in_transaction() -> Result:
        async with opened(settings) as database, database.transaction() as session:
            return await work(session)

    return run(in_transaction)


def _show_issued(issued: keys.IssuedKey, *, as_json: bool) -> None:
    if as_json:
        print_json({"key": issued.secret, **asdict(issued.key)})
        return
    out.print(f"[bold]{issued.secret}[/]", soft_wrap=True)
    until = (
        f"; the one before opens until {issued.key.former_ends_at:%Y-%m-%d %H:%M} UTC"
        if issued.key.former_ends_at
        else ""
    )
    err.print(f"Key {issued.key.id}. Keep the secret safe: it is not shown again{until}.", soft_wrap=True)
    err.print("Send it as “Authorization: Bearer …”.")
