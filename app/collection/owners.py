"""Whose packages a source shows: its own node's, and those of others that it lists too."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import text

from app.adapters.catalogue import ADAPTERS
from app.collection.scope import Claim, scope_of
from app.collection.sightings import columns_of
from app.core.dates import TimeZone
from app.kit.db import WriteSession, write_for_node
from app.procurement.entries import Sender
from app.procurement.service import withdraw_packages
from app.registry.service import node_of_lpse

_T = TypeVar("_T")


async def by_owner(
    session: WriteSession,
    claim: Claim,
    sender: Sender,
    things: Sequence[_T],
    lpse_of: Callable[[_T], int],
    now: datetime,
) -> list[tuple[Sender, list[_T]]]:
    """Sort things out by the node they belong to, in the order in which writers take turns.

    A source may show packages of other nodes than the one that was asked; an unregistered one becomes `discovered`.
    """
    owners: dict[int, tuple[Sender, list[_T]]] = {}
    nodes: dict[int, Sender] = {}
    for thing in things:
        lpse = lpse_of(thing)
        if lpse in {0, claim.kd_lpse}:
            owner = sender
        else:
            if lpse not in nodes:
                node = await node_of_lpse(session, lpse, now=now)
                nodes[lpse] = replace(sender, node_id=node.id, time_zone=TimeZone(node.time_zone))
            owner = nodes[lpse]
        owners.setdefault(owner.node_id, (owner, []))[1].append(thing)
    return [owners[node_id] for node_id in sorted(owners)]


async def withdraw(
    session: WriteSession, claim: Claim, sender: Sender, keys: Sequence[tuple[str, str, int]], *, now: datetime
) -> int:
    """Note that this source no longer shows these packages; the answer is how many that is news of.

    What the same source shows at another node's address is still shown: one list that lets go of it takes nothing away.
    """
    withdrawn = 0
    for owner, mine in await by_owner(session, claim, sender, keys, lambda key: key[2], now):
        elsewhere = await _shown_elsewhere(session, claim, owner, mine)
        gone = [(kind, code) for kind, code, _ in mine if (kind, code) not in elsewhere]
        await write_for_node(session, owner.node_id)
        withdrawn += await withdraw_packages(session, owner, gone, now=now)
    return withdrawn


async def _shown_elsewhere(
    session: WriteSession, claim: Claim, owner: Sender, keys: Sequence[tuple[str, str, int]]
) -> set[tuple[str, str]]:
    """Those of one node's packages that the same interface lists at another node's address, or in another spelling."""
    if not ADAPTERS[claim.interface].joins:
        return set()
    rows = await session.execute(
        text("""
            SELECT s.kind, s.code
            FROM unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:lpses AS integer[])) AS k (kind, code, lpse)
            JOIN nodes owner ON owner.id = :owner_id
            JOIN endpoints e ON e.interface = :interface
            JOIN sightings s ON s.node_id = e.node_id AND s.interface = :interface AND s.kind = k.kind AND s.code = k.code
            WHERE NOT s.withdrawn AND s.missing_run_id IS NULL AND (s.node_id, s.lpse) <> (:node_id, k.lpse)
              AND (s.lpse = owner.kd_lpse OR (s.lpse = 0 AND s.node_id = owner.id))
        """),
        scope_of(claim) | columns_of(keys) | {"owner_id": owner.node_id},
    )
    return {(row.kind, row.code) for row in rows}
