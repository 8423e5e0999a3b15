"""Verbs that hold LKPP's master lists against the register, and decide on what they propose."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from app.access.callers import COMMAND_LINE
from app.adapters.isb.adapter import IsbAdapter
from app.adapters.protocol import Endpoint, NodeFailure, NodeUnreachable
from app.cli.common import AsJSON, complain, err, opened, out, print_json, read_settings, run
from app.core.dates import TimeZone
from app.core.vocabulary import Interface
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.http import GuardedClient, OutboundPolicy
from app.registry import proposals as registry_proposals
from app.registry.proposal_queries import ProposalFilter, list_proposals
from app.registry.proposal_rules import ProposalState, What
from app.registry.proposal_sides import MasterList, Subject, klpd_list, lpse_list
from app.registry.proposal_tables import RegisterProposal
from app.registry.proposals import Decision, Noted, decide, note_list
from app.settings import Settings

ISB = "https://isb.lkpp.go.id/isb-2/api"
_FIELDS = ("id", "subject", "key", "what", "current", "proposed", "source", "first_seen_at", "last_seen_at", "state", "decided_at", "decided_by", "reason")  # fmt: skip
_STYLES = {"open": "yellow", "accepted": "green", "dismissed": "", "obsolete": "dim"}
_THINGS = {Subject.NODE: "LPSEs", Subject.INSTITUTION: "institutions"}


def compare_registry(
    base_url: Annotated[
        str, typer.Option(help="Where ISB answers; /satudata/MasterLPSE and the like stand below it.")
    ] = ISB,
    as_json: AsJSON = False,
) -> None:
    """Read LKPP's master lists and propose what they say otherwise. The register stays as it is until you decide."""
    settings = read_settings()

    async def work() -> list[tuple[MasterList, Noted]]:
        async with opened(settings) as database:
            # Whether there is anything to hold the lists against is known before anybody is asked.
            await _has_register(database)
            lists = await _read_lists(settings, base_url.rstrip("/"))
            now = utc_now()
            async with database.transaction() as session:
                return [(listed, await note_list(session, listed, now=now)) for listed in lists]

    try:
        found = run(work)
    except NodeFailure as failure:
        complain("The master lists could not be read", failure.reason)
        raise typer.Exit(3 if isinstance(failure, NodeUnreachable) else 1) from failure
    if as_json:
        print_json({listed.subject: _told(listed, noted) for listed, noted in found})
        return
    _show([row for _listed, noted in found for row in noted.made], empty="The lists propose nothing new.")
    for listed, noted in found:
        _sum_up(listed, noted)


async def _has_register(database: Database) -> None:
    async with database.reading() as session:
        await list_proposals(session, ProposalFilter(), before=None, limit=1)


async def _read_lists(settings: Settings, base_url: str) -> list[MasterList]:
    endpoint = Endpoint(Interface.ISB, base_url, TimeZone.WIB, {"satudata": True})
    async with GuardedClient(OutboundPolicy(allowed_networks=settings.allowed_networks)) as client:
        lists = await IsbAdapter().master_lists(client, endpoint)
    return [
        lpse_list(lists.lpse, f"{base_url}/satudata/MasterLPSE"),
        klpd_list(lists.klpd, f"{base_url}/satudata/MasterKLPD"),
    ]


def _told(listed: MasterList, noted: Noted) -> dict[str, Any]:
    settlement = noted.settlement
    return {
        "source": listed.source,
        "listed": len(listed.rows),
        "unusable": listed.unusable,
        "missing": settlement.missing,
        "short": settlement.is_short,
        "proposed": [_row(row) for row in noted.made],
        "proposed_before": len(settlement.seen_again),
        "dismissed_before": settlement.dismissed,
        "obsolete": len(settlement.obsolete),
    }


def _sum_up(listed: MasterList, noted: Noted) -> None:
    settlement = noted.settlement
    err.print(
        f"{len(listed.rows)} {_THINGS[listed.subject]} listed: {len(noted.made)} proposals new, "
        f"{len(settlement.seen_again)} open already, {settlement.dismissed} dismissed before, "
        f"{len(settlement.obsolete)} no longer hold.",
        soft_wrap=True,
    )
    if settlement.is_short:
        err.print(
            f"[yellow]The list lacks {settlement.missing} of those on the register:[/] it does not look whole, "
            "so nothing was concluded from what it lacks.",
            soft_wrap=True,
        )
    if listed.unusable:
        err.print(
            Text(
                f"{len(listed.unusable)} rows cannot stand in the register, for example: {listed.unusable[0] or '–'}."
            ),
            soft_wrap=True,
        )


def show_proposals(
    state: Annotated[ProposalState, typer.Option(help="Only proposals that stand so.")] = ProposalState.OPEN,
    every_state: Annotated[bool, typer.Option("--every-state", help="Those that were decided as well.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most, newest first.")] = 1000,
    as_json: AsJSON = False,
) -> None:
    """Show what master lists propose for the register: by default what waits for a decision."""
    settings = read_settings()

    async def work() -> list[RegisterProposal]:
        wanted = ProposalFilter(state=None if every_state else state)
        async with opened(settings, migrated=False) as database, database.reading() as session:
            return list(await list_proposals(session, wanted, before=None, limit=limit))

    found = run(work)
    if as_json:
        print_json([_row(row) for row in found])
        return
    _show(found, empty="No proposals.")
    if len(found) == limit:
        err.print(f"These are the newest {limit}; --limit shows more.")


def decide_proposal(
    proposal: Annotated[int, typer.Argument(min=1, metavar="ID", help="Number of the proposal.")],
    accept: Annotated[bool, typer.Option("--accept/--dismiss", help="Change the register so, or leave it as it is.")],
    reason: Annotated[str | None, typer.Option(help="Why; needed to dismiss. It is public.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say whether it could be done.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Accept what a master list proposes, which changes the register, or dismiss it. Exit code 1 if it cannot be."""
    settings = read_settings()
    decision = Decision.ACCEPT if accept else Decision.DISMISS

    async def work() -> registry_proposals.Decided:
        async with opened(settings) as database, database.transaction() as session:
            return await decide(
                session, proposal, decision, caller=COMMAND_LINE, reason=reason, now=utc_now(), dry_run=dry_run
            )

    decided = run(work)
    if as_json:
        print_json({"dry_run": dry_run, "follows": decided.follows, "proposal": _row(decided.proposal)})
        return
    said = f"It could be {'accepted' if accept else 'dismissed'}" if dry_run else decided.proposal.state.capitalize()
    out.print(Text(f"{said}: {_describe(decided.proposal)}"), soft_wrap=True)
    err.print(Text(decided.follows["en"]), soft_wrap=True)


# -- for people


def _row(row: RegisterProposal) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _FIELDS}


def _show(rows: list[RegisterProposal], *, empty: str) -> None:
    if not rows:
        out.print(empty)
        return
    table = Table("id", "about", "key", "register says", "list says", "state", "last seen", "reason")
    for row in rows:
        table.add_row(
            str(row.id),
            row.subject,
            row.key,
            Text(_now(row)),
            Text(_then(row)),
            Text(row.state, style=_STYLES[row.state]),
            f"{row.last_seen_at:%Y-%m-%d %H:%M}",
            Text(row.reason or ""),
        )
    out.print(table)
    if any(row.state == ProposalState.OPEN for row in rows):
        err.print("Decide with “rakor registry decide ID --accept” or “--dismiss --reason …”.", soft_wrap=True)


def _describe(row: RegisterProposal) -> str:
    return f"{row.subject} {row.key}: {_now(row)} → {_then(row)}"


def _now(row: RegisterProposal) -> str:
    current = row.current or {}
    match row.what:
        case What.NEW if "same_name" in current:
            return f"not there; of the same name: {', '.join(current['same_name'])}"
        case What.NEW:
            return "not there"
        case What.KD_LPSE:
            return f"{current['name']} ({current['node']}), without kd_lpse"
        case _:
            return f"{current['name']} ({current['node']})" if "node" in current else str(current["name"])


def _then(row: RegisterProposal) -> str:
    if row.what == What.KD_LPSE:
        return f"kd_lpse {row.key}"
    if row.what == What.NEW and row.subject == Subject.INSTITUTION:
        return f"{row.proposed['name']} ({row.proposed['type']})"
    return str(row.proposed["name"])
