"""Questions about keys and about the trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text

from app.access.tables import AuditEntry
from app.kit.db import ReadSession


@dataclass(frozen=True, slots=True)
class KeyView:
    """All that is shown of a key after its making; its secrets are not even there to be shown.

    `former_ends_at` is when the last of its earlier secrets ends; None when only the newest opens.
    """

    id: int
    name: str
    role: str
    nodes: list[str]
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    former_ends_at: datetime | None
    last_used_on: date | None


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys are asked for; None means "any"."""

    role: str | None = None
    node: str | None = None
    state: str | None = None


async def list_keys(
    session: ReadSession, wanted: KeyFilter, *, after: int | None, limit: int, now: datetime
) -> list[KeyView]:
    """Keys in the order of their making."""
    parameters = {"role": wanted.role, "node": wanted.node, "state": wanted.state, "after": after, "limit": limit}
    rows = await session.execute(_LIST_KEYS, parameters | {"now": now, "id": None})
    return [KeyView(**row._mapping) for row in rows]  # noqa: SLF001 (SQLAlchemy's documented accessor)


async def find_key(session: ReadSession, key_id: int, *, now: datetime) -> KeyView | None:
    """One key; None if there is none."""
    parameters = {"role": None, "node": None, "state": None, "after": None, "limit": 1, "now": now, "id": key_id}
    row = (await session.execute(_LIST_KEYS, parameters)).one_or_none()
    return KeyView(**row._mapping) if row is not None else None  # noqa: SLF001 (SQLAlchemy's documented accessor)


_LIST_KEYS = text("""
    SELECT * FROM (
        SELECT k.id, k.name, k.role,
               ARRAY(SELECT n.slug FROM access_key_nodes b JOIN nodes n ON n.id = b.node_id
                     WHERE b.key_id = k.id ORDER BY n.slug) AS nodes,
               CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= :now THEN 'expired' ELSE 'active' END
                 AS state,
               k.created_at, k.expires_at, k.revoked_at,
               (SELECT max(f.ends_at) FROM access_former_secrets f WHERE f.key_id = k.id AND f.ends_at > :now)
                 AS former_ends_at,
               k.last_used_on
        FROM access_keys k
    ) AS keys
    WHERE (CAST(:id AS bigint) IS NULL OR id = :id)
      AND (CAST(:after AS bigint) IS NULL OR id > :after)
      AND (CAST(:role AS text) IS NULL OR role = :role)
      AND (CAST(:node AS text) IS NULL OR :node = ANY(nodes))
      AND (CAST(:state AS text) IS NULL OR state = :state)
    ORDER BY id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which entries of the trail are asked for; empty and None mean "any". `since` is included, `before` is not."""

    acts: Sequence[str] = ()
    subject: str | None = None
    actor: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def list_entries(
    session: ReadSession, wanted: TrailFilter, *, before_id: int | None, limit: int
) -> list[AuditEntry]:
    """Entries of the trail, newest first."""
    conditions: list[Any] = []
    if wanted.acts:
        conditions.append(AuditEntry.act.in_(wanted.acts))
    if wanted.subject is not None:
        conditions.append(AuditEntry.subject == wanted.subject)
    if wanted.actor is not None:
        conditions.append(AuditEntry.actor == wanted.actor)
    if wanted.since is not None:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.before is not None:
        conditions.append(AuditEntry.at < wanted.before)
    if before_id is not None:
        conditions.append(AuditEntry.id < before_id)
    return list(
        await session.scalars(select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(limit))
    )
