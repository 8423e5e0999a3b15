"""A person's decision on a list that shrank: what it no longer shows is withdrawn, audited, and can be given back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.access.audit import record_act
from app.access.callers import Caller
from app.access.permissions import Act, require
from app.access.service import confirm_caller
from app.adapters.catalogue import ADAPTERS
from app.collection.absence import Key, mark_moved, mark_withdrawn, take_absence_turn
from app.collection.errors import RunNotFound
from app.collection.owners import by_owner, withdraw
from app.collection.scope import Claim, scope_of
from app.collection.sightings import columns_of
from app.collection.tables import Run, RunWithdrawal
from app.core.dates import TimeZone
from app.core.vocabulary import Interface
from app.kit.db import ReadSession, WriteSession, write_for_node
from app.procurement.entries import Sender
from app.procurement.errors import NothingToWithdraw, WithdrawalNotFound
from app.procurement.service import restore_packages
from app.registry.tables import Node


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a decision is about: the packages that the run's list did not show, and whether it was carried out."""

    run_id: int
    packages: Sequence[Key]
    withdrawn: int
    decided_at: datetime | None = None


async def preview_withdrawal(session: ReadSession, run_id: int) -> Withdrawal:
    """What would be withdrawn: packages that this run's list did not show and no later one has shown again."""
    await _get_run(session, run_id)
    moved, gone = await _missing(session, run_id)
    return Withdrawal(run_id, sorted([*moved, *gone]), withdrawn=0)


async def confirm_withdrawal(
    session: WriteSession, run_id: int, *, caller: Caller, reason: str, now: datetime
) -> Withdrawal:
    """Withdraw what the run's list no longer shows, because a person says that it is really gone.

    A package of several years only leaves this year's list.
    """
    require(await confirm_caller(session, caller, now=now), Act.DECIDE_WITHDRAWAL)
    run, node = await _get_run(session, run_id)
    await take_absence_turn(session, node.id)
    moved, gone = await _missing(session, run_id)
    if not moved and not gone:
        raise NothingToWithdraw(run_id)
    claim, sender = _as_claim(run, node)
    withdrawn = await withdraw(session, claim, sender, gone, now=now)
    await mark_withdrawn(session, claim, gone)
    await mark_moved(session, claim, moved)
    keys = sorted([*moved, *gone])
    decision = await session.get(RunWithdrawal, run_id)
    if decision is None:
        decision = RunWithdrawal(run_id=run_id, packages=[])
        session.add(decision)
    decision.decided_at, decision.decided_by, decision.reason = now, caller.key_id, reason
    decision.packages = [
        {"kind": kind, "code": code, "lpse": lpse, "moved": (kind, code, lpse) in moved} for kind, code, lpse in keys
    ]
    decision.undone_at = decision.undone_by = None
    run.withdrawn += withdrawn
    details = {"reason": reason, "packages": len(keys), "node": node.slug, "fiscal_year": run.fiscal_year}
    await record_act(
        session, caller=caller, act="withdrawal.confirmed", subject=f"run {run_id}", details=details, now=now
    )
    return Withdrawal(run_id, keys, withdrawn, now)


async def undo_withdrawal(session: WriteSession, run_id: int, *, caller: Caller, now: datetime) -> Withdrawal:
    """Give back what a decision withdrew, as it was: the packages count again until complete runs agree otherwise."""
    require(await confirm_caller(session, caller, now=now), Act.DECIDE_WITHDRAWAL)
    run, node = await _get_run(session, run_id)
    await take_absence_turn(session, node.id)
    decision = await session.get(RunWithdrawal, run_id)
    if decision is None or decision.undone_at is not None:
        raise WithdrawalNotFound(run_id)
    keys = _keys(decision.packages)
    claim, sender = _as_claim(run, node)
    standing = await _still_withdrawn(session, claim, _keys(item for item in decision.packages if not item["moved"]))
    restored = 0
    for owner, mine in await by_owner(session, claim, sender, standing, lambda key: key[2], now):
        await write_for_node(session, owner.node_id)
        restored += await restore_packages(session, owner, [(kind, code) for kind, code, _ in mine], now=now)
    await _show_again(session, claim, standing)
    await _move_back(session, claim, _keys(item for item in decision.packages if item["moved"]))
    decision.undone_at, decision.undone_by = now, caller.key_id
    run.withdrawn -= min(restored, run.withdrawn)
    details = {"packages": restored, "node": node.slug, "fiscal_year": run.fiscal_year}
    await record_act(session, caller=caller, act="withdrawal.undone", subject=f"run {run_id}", details=details, now=now)
    return Withdrawal(run_id, keys, restored, now)


async def _get_run(session: ReadSession, run_id: int) -> tuple[Run, Node]:
    row = (
        await session.execute(select(Run, Node).join(Node, Node.id == Run.node_id).where(Run.id == run_id))
    ).one_or_none()
    if row is None:
        raise RunNotFound(run_id)
    return row[0], row[1]


async def _missing(session: ReadSession, run_id: int) -> tuple[list[Key], list[Key]]:
    """What the run's lists lacked: packages that other years' lists show as well, and those that no list shows."""
    rows = await session.execute(
        text("""
            SELECT s.kind, s.code, s.lpse, s.fiscal_years <> ARRAY[r.fiscal_year] AS is_elsewhere FROM sightings s
            JOIN runs r ON r.id = :run_id AND r.node_id = s.node_id AND r.interface = s.interface
            WHERE s.missing_run_id = r.id AND NOT s.withdrawn
            ORDER BY 1, 2, 3
        """),
        {"run_id": run_id},
    )
    moved: list[Key] = []
    gone: list[Key] = []
    for row in rows:
        (moved if row.is_elsewhere else gone).append((row.kind, row.code, row.lpse))
    return moved, gone


def _keys(items: Iterable[dict[str, Any]]) -> list[Key]:
    return [(item["kind"], item["code"], item["lpse"]) for item in items]


async def _still_withdrawn(session: WriteSession, claim: Claim, keys: Sequence[Key]) -> list[Key]:
    """Those that are withdrawn by this decision still: some may have been listed again since, or withdrawn anew."""
    rows = await session.execute(
        text("""
            SELECT s.kind, s.code, s.lpse FROM sightings s
            JOIN unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:lpses AS integer[]))
              AS k (kind, code, lpse) USING (kind, code, lpse)
            WHERE s.node_id = :node_id AND s.interface = :interface AND s.withdrawn AND s.missing_run_id = :run_id
            ORDER BY 1, 2, 3
        """),
        scope_of(claim) | columns_of(keys),
    )
    return [(row.kind, row.code, row.lpse) for row in rows]


async def _show_again(session: WriteSession, claim: Claim, keys: Sequence[Key]) -> None:
    await session.execute(
        text("""
            UPDATE sightings s SET withdrawn = false, missing_runs = 0, missing_run_id = NULL
            FROM unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:lpses AS integer[]))
              AS k (kind, code, lpse)
            WHERE s.node_id = :node_id AND s.interface = :interface
              AND s.kind = k.kind AND s.code = k.code AND s.lpse = k.lpse
        """),
        scope_of(claim) | columns_of(keys),
    )


async def _move_back(session: WriteSession, claim: Claim, keys: Sequence[Key]) -> None:
    """Let packages of several years stand in this year's list again."""
    await session.execute(
        text("""
            UPDATE sightings s SET fiscal_years = s.fiscal_years || CAST(:fiscal_year AS integer)
            FROM unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:lpses AS integer[]))
              AS k (kind, code, lpse)
            WHERE s.node_id = :node_id AND s.interface = :interface
              AND s.kind = k.kind AND s.code = k.code AND s.lpse = k.lpse AND NOT :fiscal_year = ANY(s.fiscal_years)
        """),
        scope_of(claim) | columns_of(keys),
    )


def _as_claim(run: Run, node: Node) -> tuple[Claim, Sender]:
    """The run as its book knows it, for a decision that comes after its end."""
    interface = Interface(run.interface)
    claim = Claim(
        run_id=run.id,
        attempt=run.attempt,
        node_id=node.id,
        slug=node.slug,
        time_zone=node.time_zone,
        fiscal_year=run.fiscal_year,
        interface=interface,
        kinds=(),
        full=run.full,
        kd_lpse=node.kd_lpse,
        places=(),
    )
    sender = Sender(
        node_id=node.id,
        time_zone=TimeZone(node.time_zone),
        source=interface,
        parser_version=ADAPTERS[interface].parser_version,
        run_id=run.id,
    )
    return claim, sender
