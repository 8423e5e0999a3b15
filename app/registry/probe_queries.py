"""Questions about health: what probes found, uptime, and whether a node answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, exists, func, not_, select
from sqlalchemy.orm import aliased

from app.core.savings import ratio
from app.core.vocabulary import NodeState
from app.kit.db import ReadSession
from app.registry.probe_tables import EndpointHealth, Probe, ProbeHour
from app.registry.tables import Node, NodeEndpoint

WINDOWS = {"24h": timedelta(hours=24), "30d": timedelta(days=30), "365d": timedelta(days=365)}


@dataclass(frozen=True, slots=True)
class Uptime:
    """The probes of one node in one window, over all its endpoints. What nothing is known of is None, never 0."""

    probes: int = 0
    ok: int = 0
    ratio: Decimal | None = None
    latency_ms_mean: int | None = None


NO_UPTIME = dict.fromkeys(WINDOWS, Uptime())


async def list_probes(session: ReadSession, node_id: int, *, before: int | None, limit: int) -> Sequence[Probe]:
    """A node's probes, newest first."""
    query = select(Probe).where(Probe.node_id == node_id).order_by(Probe.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Probe.id < before)
    return (await session.scalars(query)).all()


async def uptimes_of(session: ReadSession, node_ids: Sequence[int], now: datetime) -> dict[int, dict[str, Uptime]]:
    """Uptime of each node in each window, from whole hours: those that began within it."""
    sums: list[ColumnElement[Any]] = []
    for name, span in WINDOWS.items():
        in_window = and_(ProbeHour.hour > now - span, ProbeHour.hour <= now)
        sums += [
            func.coalesce(func.sum(column).filter(in_window), 0).label(f"{what}_{name}")
            for what, column in (("probes", ProbeHour.probes), ("ok", ProbeHour.ok), ("ms", ProbeHour.latency_sum_ms))
        ]
    rows = await session.execute(
        select(ProbeHour.node_id, *sums)
        .where(ProbeHour.node_id.in_(node_ids), ProbeHour.hour > now - max(WINDOWS.values()))
        .group_by(ProbeHour.node_id)
    )
    return {row["node_id"]: {name: _uptime(row, name) for name in WINDOWS} for row in rows.mappings()}


def _uptime(row: RowMapping, name: str) -> Uptime:
    probes, ok, milliseconds = (int(row[f"{what}_{name}"]) for what in ("probes", "ok", "ms"))
    return Uptime(probes, ok, ratio(Decimal(ok), Decimal(probes)), round(milliseconds / ok) if ok else None)


async def endpoints_of(session: ReadSession, node_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The endpoints of each node in their order, with their health; one that was never probed is `unknown`."""
    rows = await session.execute(
        select(
            NodeEndpoint.node_id,
            NodeEndpoint.interface,
            NodeEndpoint.base_url,
            func.coalesce(EndpointHealth.state, "unknown").label("state"),
            *(column for column in EndpointHealth.__table__.columns if column.name not in {"endpoint_id", "state"}),
        )
        .outerjoin(EndpointHealth, EndpointHealth.endpoint_id == NodeEndpoint.id)
        .where(NodeEndpoint.node_id.in_(node_ids))
        .order_by(NodeEndpoint.node_id, NodeEndpoint.position)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.mappings():
        found.setdefault(row["node_id"], []).append(dict(row))
    return found


def availability_of(node: Node, endpoints: Sequence[dict[str, Any]]) -> str:
    """A node is as available as the worst of its endpoints; one that is not in use, or never probed, is `unknown`."""
    states = {endpoint["state"] for endpoint in endpoints} if node.state == NodeState.ACTIVE else set()
    return next((state for state in ("open", "failing", "ok") if state in states), "unknown")


def availability_condition(availability: str) -> ColumnElement[bool]:
    """The SQL twin of `availability_of`."""
    is_active = Node.state == NodeState.ACTIVE
    match availability:
        case "open":
            return and_(is_active, _has_endpoint("open"))
        case "failing":
            return and_(is_active, _has_endpoint("failing"), not_(_has_endpoint("open")))
        case "ok":
            return and_(is_active, _has_endpoint("ok"), not_(_has_endpoint("open", "failing")))
        case _:
            return not_(and_(is_active, _has_endpoint("open", "failing", "ok")))


def _has_endpoint(*states: str) -> ColumnElement[bool]:
    endpoint, health = aliased(NodeEndpoint), aliased(EndpointHealth)
    return exists().where(endpoint.node_id == Node.id, health.endpoint_id == endpoint.id, health.state.in_(states))
