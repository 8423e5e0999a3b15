"""What the register shows of nodes: their entries, their probes, and everything it knows of one on one page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.kit.db import ReadSession
from app.registry import queries, service
from app.registry.health import FailureCode, message_of
from app.registry.probe_queries import NO_UPTIME, availability_of, endpoints_of, uptimes_of
from app.registry.probe_tables import Probe
from app.registry.schemas import (
    EndpointHealthRead,
    EndpointRead,
    FreshnessRead,
    NodeRead,
    PassportRead,
    ProbeRead,
    UptimeRead,
)
from app.registry.tables import Node

_PLAIN = (
    "slug", "name", "kd_lpse", "region", "province", "institution", "time_zone", "state",
    "created_at", "changed_at", "retired_at",
)  # fmt: skip


async def node_reads(session: ReadSession, nodes: Sequence[Node], now: datetime) -> list[NodeRead]:
    """Nodes as they travel."""
    node_ids = [node.id for node in nodes]
    institutions = await queries.institutions_of(session, node_ids)
    endpoints = await endpoints_of(session, node_ids)
    return [
        NodeRead.model_validate(
            {
                **{name: getattr(node, name) for name in _PLAIN},
                "institutions": institutions.get(node.id, []),
                "endpoints": [EndpointRead.model_validate(endpoint) for endpoint in node.endpoints],
                "health": queries.health_of(node.freshness, now),
                "availability": availability_of(node, endpoints.get(node.id, [])),
                "freshness": [FreshnessRead.model_validate(row) for row in node.freshness],
            }
        )
        for node in nodes
    ]


async def passport_of(session: ReadSession, slug: str, now: datetime) -> PassportRead:
    """The register's half of a node's passport; who knows of its packages and runs adds the other. Raises NodeNotFound."""
    node = await service.get_node(session, slug)
    endpoints = (await endpoints_of(session, [node.id])).get(node.id, [])
    uptimes = (await uptimes_of(session, [node.id], now)).get(node.id, NO_UPTIME)
    return PassportRead.model_validate(
        {
            "node": (await node_reads(session, [node], now))[0],
            "endpoints": [_endpoint(endpoint) for endpoint in endpoints],
            "uptime": {window: UptimeRead.model_validate(uptime) for window, uptime in uptimes.items()},
        }
    )


def probe_read(probe: Probe) -> ProbeRead:
    """One probe as it travels."""
    message = None if probe.failure is None else message_of(FailureCode(probe.failure))
    return ProbeRead.model_validate(
        {**{name: getattr(probe, name) for name in ProbeRead.model_fields if name != "message"}, "message": message}
    )


def _endpoint(endpoint: dict[str, Any]) -> EndpointHealthRead:
    is_wrong = endpoint["state"] in {"failing", "open"} and endpoint["last_failure"] is not None
    message = message_of(FailureCode(endpoint["last_failure"])) if is_wrong else None
    # One that is not watched (yet) has failed never.
    failures = endpoint["consecutive_failures"] or 0
    return EndpointHealthRead.model_validate({**endpoint, "consecutive_failures": failures, "message": message})
