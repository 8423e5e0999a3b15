"""Whoever keeps the register: asked whether they may, and every act in the audit trail with what it changed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.access.audit import record_act
from app.access.callers import Caller
from app.access.permissions import Act, require
from app.access.service import confirm_caller
from app.core.vocabulary import NodeState
from app.kit.db import ReadSession, WriteSession, take_turns
from app.registry import queries, service
from app.registry.service import REGISTER_TURN, EndpointDraft, NodeDraft
from app.registry.tables import Node

_FIELDS = ("slug", "name", "kd_lpse", "region", "institution", "time_zone", "state")
# A token leaves an endpoint's options for the credentials; what else looks like a secret stays out of the trail as well.
_SECRET_NAME = re.compile("token|secret|password|passwd|sandi|key|kunci|authori[sz]ation", re.IGNORECASE)


async def register_node(session: WriteSession, draft: NodeDraft, *, caller: Caller, now: datetime) -> Node:
    """Put a node on the register, or revive a retired one."""
    await _may_keep(session, caller, now)
    before = await queries.find_node(session, draft.slug)
    if before is None and draft.kd_lpse is not None:
        before = await queries.find_node_by_kd_lpse(session, draft.kd_lpse)
    was = _entry(before) if before is not None else None
    node = await service.register_node(session, draft, now=now)
    entry = _entry(node)
    if was is None:
        await _record(session, caller, "node.registered", node.slug, {"node": entry}, now)
    else:
        await _record(session, caller, "node.revived", node.slug, {"changed": _changed(was, entry)}, now)
    await _record_credentials(session, caller, node.slug, draft.endpoints, now)
    return node


async def revise_node(
    session: WriteSession, slug: str, changes: dict[str, Any], *, caller: Caller, now: datetime
) -> Node:
    """Replace the given fields of a node. Giving a retired one another state undoes its retirement."""
    await _may_keep(session, caller, now)
    was = _entry(await service.get_node(session, slug))
    node = await service.revise_node(session, slug, changes, now=now)
    changed = _changed(was, _entry(node))
    if changed:
        await _record(session, caller, _act_of(changed), slug, {"changed": changed}, now)
    await _record_credentials(session, caller, slug, changes.get("endpoints", ()), now)
    return node


@dataclass(frozen=True, slots=True)
class Retirement:
    """A node that was retired or, on a dry run, could be; and how much that touches."""

    node: Node
    endpoints: int
    keys: int


async def retire_node(
    session: WriteSession, slug: str, *, caller: Caller, now: datetime, dry_run: bool = False
) -> Retirement:
    """Take a node out of use. Its packages, history and keys stay; `revise_node` to another state undoes it."""
    await _may_keep(session, caller, now)
    node = await service.get_node(session, slug)
    keys = await _count_keys(session, node.id, now)
    if not dry_run and node.state != NodeState.RETIRED:
        node = await revise_node(session, slug, {"state": NodeState.RETIRED}, caller=caller, now=now)
    return Retirement(node, len(node.endpoints), keys)


def follows(retirement: Retirement) -> dict[str, str]:
    """What follows from it, for the person who decides."""
    slug, endpoints, keys = retirement.node.slug, retirement.endpoints, retirement.keys
    return {
        "id": f"Node “{slug}” tidak lagi dikumpulkan maupun diperiksa melalui {endpoints} endpoint-nya. Paket, riwayat, dan "
        f"{keys} kunci yang terikat padanya tetap ada. Untuk membatalkan: PATCH dengan state “active”.",
        "en": f"Node “{slug}” is no longer collected or probed by its {endpoints} endpoints. Its packages, its history and "
        f"the {keys} keys bound to it stay. To undo it: PATCH with the state “active”.",
    }


async def _may_keep(session: WriteSession, caller: Caller, now: datetime) -> None:
    require(await confirm_caller(session, caller, now=now), Act.KEEP_REGISTER)
    # Before the node is looked at: what the trail says it was is what it was when its turn came.
    await take_turns(session, REGISTER_TURN)


async def _record(
    session: WriteSession, caller: Caller, act: str, slug: str, details: dict[str, Any], now: datetime
) -> None:
    await record_act(session, caller=caller, act=act, subject=f"node {slug}", details=details, now=now)


async def _record_credentials(
    session: WriteSession, caller: Caller, slug: str, drafts: Iterable[EndpointDraft], now: datetime
) -> None:
    """Say which credentials tokens beside the endpoints have set; never the tokens."""
    names = sorted({name for draft in drafts if (name := service.credential_of(slug, draft)) is not None})
    for name in names:
        require(caller, Act.KEEP_CREDENTIALS)
        await record_act(
            session, caller=caller, act="credential.set", subject=f"credential {name}", details={"node": slug}, now=now
        )


async def _count_keys(session: ReadSession, node_id: int, now: datetime) -> int:
    """How many keys speak for the node and have not ended."""
    found = await session.scalar(
        text("""
            SELECT count(*) FROM access_key_nodes b JOIN access_keys k ON k.id = b.key_id
            WHERE b.node_id = :node_id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)
        """),
        {"node_id": node_id, "now": now},
    )
    return int(found or 0)


def _entry(node: Node) -> dict[str, Any]:
    """A node as the trail tells of it."""
    endpoints = [
        {"interface": endpoint.interface, "base_url": endpoint.base_url, "options": _discreet(endpoint.options)}
        for endpoint in node.endpoints
    ]
    return {**{name: getattr(node, name) for name in _FIELDS}, "endpoints": endpoints}


def _discreet(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "…" if _SECRET_NAME.search(name) else value for name, value in options.items()}


def _changed(was: dict[str, Any], now_is: dict[str, Any]) -> dict[str, Any]:
    return {name: {"from": value, "to": now_is[name]} for name, value in was.items() if value != now_is[name]}


def _act_of(changed: dict[str, Any]) -> str:
    state = changed.get("state")
    if state is None:
        return "node.revised"
    if state["to"] == NodeState.RETIRED:
        return "node.retired"
    return "node.revived" if state["from"] == NodeState.RETIRED else "node.revised"
