"""The book of probes: which endpoints are due and who probes them, and what the probes found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.core.dates import TimeZone
from app.core.vocabulary import Interface
from app.kit.db import WriteSession
from app.kit.json import dumps_text
from app.registry.health import CircuitPolicy, FailureCode, Health, after_failure, after_success
from app.registry.probe_tables import EndpointHealth

HOURS_KEPT = timedelta(days=400)
"""Longer than the longest uptime that is shown."""
_FORGOTTEN_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Due:
    """One endpoint that was claimed for a probe."""

    endpoint_id: int
    node_id: int
    slug: str
    interface: Interface
    base_url: str
    host: str
    options: dict[str, Any]
    time_zone: TimeZone


@dataclass(frozen=True, slots=True)
class Finding:
    """How one probe ended. One that does not count was never made: its host wanted to be left alone."""

    due: Due
    at: datetime
    failure: FailureCode | None = None
    latency_ms: int | None = None
    software_version: str | None = None
    certificate_expires_at: datetime | None = None
    moved_to: str | None = None
    detail: str | None = None
    counts: bool = True


_ENROL = text("""
    INSERT INTO endpoint_health (endpoint_id, next_probe_at)
    SELECT e.id, :now
    FROM endpoints e JOIN nodes n ON n.id = e.node_id
    WHERE n.state = 'active' AND NOT EXISTS (SELECT 1 FROM endpoint_health h WHERE h.endpoint_id = e.id)
    ON CONFLICT (endpoint_id) DO NOTHING
""")

# Whoever moves `next_probe_at` forward has the endpoint until then. A row that another prober has just claimed is
# skipped while that transaction lasts, and no longer due afterwards, so that no endpoint is claimed twice.
_CLAIM = text("""
    WITH due AS (
        SELECT h.endpoint_id, h.next_probe_at, place.host,
               row_number() OVER (PARTITION BY place.host ORDER BY h.next_probe_at, h.endpoint_id) AS place
        FROM endpoint_health h
        JOIN endpoints e ON e.id = h.endpoint_id
        JOIN nodes n ON n.id = e.node_id
        CROSS JOIN LATERAL (SELECT lower(substring(e.base_url FROM '^https?://([^/]*)')) AS host) AS place
        WHERE h.next_probe_at <= :now AND n.state = 'active' AND e.interface = ANY(:interfaces)
          AND (CAST(:province AS text) IS NULL OR n.province = :province)
          AND place.host <> ALL(:busy_hosts)
    ), mine AS (
        SELECT h.endpoint_id, due.host
        FROM endpoint_health h JOIN due USING (endpoint_id)
        WHERE due.place <= :per_host AND h.next_probe_at <= :now
        ORDER BY due.next_probe_at, h.endpoint_id
        LIMIT :limit
        FOR UPDATE OF h SKIP LOCKED
    )
    UPDATE endpoint_health h SET next_probe_at = :claimed_until
    FROM mine, endpoints e, nodes n
    WHERE h.endpoint_id = mine.endpoint_id AND e.id = h.endpoint_id AND n.id = e.node_id
    RETURNING e.id AS endpoint_id, n.id AS node_id, n.slug, e.interface, e.base_url, mine.host, e.options, n.time_zone
""").bindparams(bindparam("interfaces", type_=ARRAY(Text)), bindparam("busy_hosts", type_=ARRAY(Text)))

_KEEP = text("""
    WITH found AS (
        SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
            node_id bigint, endpoint_id bigint, interface text, base_url text, at timestamptz, ok boolean, failure text,
            latency_ms integer, software_version text, certificate_expires_at timestamptz, detail text)
    ), kept AS (
        INSERT INTO probes (node_id, endpoint_id, interface, base_url, at, ok, failure, latency_ms, software_version,
                            certificate_expires_at, detail)
        SELECT node_id, endpoint_id, interface, base_url, at, ok, failure, latency_ms, software_version,
               certificate_expires_at, detail
        FROM found ORDER BY at, endpoint_id
    )
    INSERT INTO probe_hours AS h (node_id, endpoint_id, hour, probes, ok, latency_sum_ms, latency_max_ms)
    SELECT node_id, endpoint_id, date_trunc('hour', at, 'UTC'), count(*), count(*) FILTER (WHERE ok),
           coalesce(sum(latency_ms) FILTER (WHERE ok), 0), coalesce(max(latency_ms) FILTER (WHERE ok), 0)
    FROM found GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (node_id, endpoint_id, hour) DO UPDATE SET
        probes = h.probes + excluded.probes,
        ok = h.ok + excluded.ok,
        latency_sum_ms = h.latency_sum_ms + excluded.latency_sum_ms,
        latency_max_ms = greatest(h.latency_max_ms, excluded.latency_max_ms)
""")

_STORE_HEALTH = text("""
    UPDATE endpoint_health h SET
        state = r.state, consecutive_failures = r.consecutive_failures, opened_at = r.opened_at,
        recovered_at = r.recovered_at, next_probe_at = r.next_probe_at, last_ok_at = r.last_ok_at,
        last_failure = r.last_failure, last_failure_at = r.last_failure_at,
        last_probe_at = coalesce(r.last_probe_at, h.last_probe_at),
        latency_ms = coalesce(r.latency_ms, h.latency_ms),
        software_version = coalesce(r.software_version, h.software_version),
        certificate_expires_at = coalesce(r.certificate_expires_at, h.certificate_expires_at),
        moved_to = CASE WHEN r.answered THEN r.moved_to ELSE h.moved_to END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        endpoint_id bigint, state text, consecutive_failures integer, opened_at timestamptz, recovered_at timestamptz,
        next_probe_at timestamptz, last_ok_at timestamptz, last_failure text, last_failure_at timestamptz,
        last_probe_at timestamptz, latency_ms integer, software_version text, certificate_expires_at timestamptz,
        answered boolean, moved_to text)
    WHERE h.endpoint_id = r.endpoint_id
""")


async def enrol_endpoints(session: WriteSession, *, now: datetime) -> None:
    """Begin to watch endpoints that are new on the register; they are due at once."""
    await session.execute(_ENROL, {"now": now})


async def claim_due(
    session: WriteSession,
    *,
    interfaces: Sequence[str],
    province: str | None,
    busy_hosts: Sequence[str],
    per_host: int,
    limit: int,
    now: datetime,
    lease: timedelta,
) -> list[Due]:
    """Take the endpoints that have been due the longest, at most `per_host` of one host and none of busy ones."""
    claimed = await session.execute(
        _CLAIM,
        {
            "interfaces": list(interfaces),
            "province": province,
            "busy_hosts": list(busy_hosts),
            "per_host": per_host,
            "limit": limit,
            "now": now,
            "claimed_until": now + lease,
        },
    )
    return [
        Due(**{**row, "interface": Interface(row["interface"]), "time_zone": TimeZone(row["time_zone"])})
        for row in claimed.mappings()
    ]


async def record_findings(session: WriteSession, findings: Sequence[Finding], *, policy: CircuitPolicy) -> list[int]:
    """Keep what probes found and move the circuits; the answer is the nodes (by id) of circuits that closed again."""
    counted = [finding for finding in findings if finding.counts]
    if counted:
        # The history first: it locks nodes before healths, as one who revises a node and removes an endpoint does.
        await session.execute(_KEEP, {"rows": dumps_text([_kept(finding) for finding in counted])})
    healths = await _lock_healths(session, [finding.due.endpoint_id for finding in findings])

    rows: dict[int, dict[str, Any]] = {}
    recovered: list[int] = []
    for finding in findings:
        before = healths.get(finding.due.endpoint_id)
        if before is None:  # It was taken off the register meanwhile.
            continue
        after = _after(before, finding, policy)
        if before.state == "open" and after.state == "ok":
            recovered.append(finding.due.node_id)
        healths[finding.due.endpoint_id] = after
        rows[finding.due.endpoint_id] = {**asdict(after), **_said(finding)}
    if rows:
        await session.execute(_STORE_HEALTH, {"rows": dumps_text(list(rows.values()))})
    return recovered


def _after(before: Health, finding: Finding, policy: CircuitPolicy) -> Health:
    if not finding.counts:
        return before.put_off(finding.at, policy)
    if finding.failure is None:
        return after_success(before, finding.at, policy)
    return after_failure(before, finding.failure, finding.at, policy)


def _kept(finding: Finding) -> dict[str, Any]:
    return {
        "node_id": finding.due.node_id,
        "endpoint_id": finding.due.endpoint_id,
        "interface": finding.due.interface,
        "base_url": finding.due.base_url,
        "at": finding.at,
        "ok": finding.failure is None,
        "failure": finding.failure,
        "latency_ms": finding.latency_ms,
        "software_version": finding.software_version,
        "certificate_expires_at": finding.certificate_expires_at,
        "detail": finding.detail,
    }


def _said(finding: Finding) -> dict[str, Any]:
    is_ok = finding.counts and finding.failure is None
    return {
        "last_probe_at": finding.at if finding.counts else None,
        "latency_ms": finding.latency_ms if is_ok else None,
        "software_version": finding.software_version,
        "certificate_expires_at": finding.certificate_expires_at,
        "answered": is_ok,
        "moved_to": finding.moved_to,
    }


async def _lock_healths(session: WriteSession, endpoint_ids: Sequence[int]) -> dict[int, Health]:
    """In one order for everybody, so that two who note the same endpoints wait for each other and no more."""
    columns = [getattr(EndpointHealth, field.name) for field in fields(Health)]
    query = (
        select(*columns)
        .where(EndpointHealth.endpoint_id.in_(endpoint_ids))
        .order_by(EndpointHealth.endpoint_id)
        .with_for_update()
    )
    return {row["endpoint_id"]: Health.of(row) for row in (await session.execute(query)).mappings()}


async def forget_probes(session: WriteSession, *, keep_days: int, now: datetime) -> int:
    """Delete some of the probes past their retention, the oldest first, and hours that no uptime counts any more."""
    await session.execute(text("DELETE FROM probe_hours WHERE hour < :cut"), {"cut": now - HOURS_KEPT})
    forgotten = await session.scalar(
        text("SELECT rakor_forget_probes(:keep_days, :at_most)"),
        {"keep_days": keep_days, "at_most": _FORGOTTEN_AT_ONCE},
    )
    return int(forgotten or 0)
