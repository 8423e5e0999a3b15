"""Questions about subscriptions and deliveries; no answer holds a secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.kit.db import ReadSession


@dataclass(frozen=True, slots=True)
class WebhookView:
    """All that is shown of a subscription. `waiting` counts messages that are not delivered yet."""

    id: int
    nodes: list[str]
    url: str
    description: str | None
    filters: dict[str, list[Any]]
    state: str
    reason: str | None
    created_at: datetime
    changed_at: datetime
    disabled_at: datetime | None
    place: str
    failures: int
    failing_since: datetime | None
    held_until: datetime | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    former_ends_at: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """All that is shown of a delivery."""

    id: int
    webhook: int
    message_id: str
    type: str
    cursor: str | None
    state: str
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    attempts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class WebhookFilter:
    """Which subscriptions are asked for; `nodes` are those that the caller speaks for, None for who sees all."""

    nodes: Sequence[str] | None = None
    state: str | None = None


async def list_webhooks(
    session: ReadSession, wanted: WebhookFilter, *, after: int | None, limit: int, now: datetime
) -> list[WebhookView]:
    """Subscriptions in the order of their making."""
    nodes = None if wanted.nodes is None else sorted(wanted.nodes)
    parameters = {"id": None, "nodes": nodes, "state": wanted.state, "after": after, "limit": limit, "now": now}
    rows = await session.execute(_WEBHOOKS, parameters)
    return [WebhookView(**row._mapping) for row in rows]  # noqa: SLF001 (SQLAlchemy's documented accessor)


async def find_webhook(session: ReadSession, webhook_id: int, *, now: datetime) -> WebhookView | None:
    """One subscription, whosever it is; None if there is none."""
    parameters = {"id": webhook_id, "nodes": None, "state": None, "after": None, "limit": 1, "now": now}
    row = (await session.execute(_WEBHOOKS, parameters)).one_or_none()
    return None if row is None else WebhookView(**row._mapping)  # noqa: SLF001 (the same)


async def list_deliveries(
    session: ReadSession,
    webhook_id: int,
    *,
    state: str | None,
    event: str | None,
    before: int | None,
    limit: int,
) -> list[DeliveryView]:
    """Deliveries of one subscription, newest first."""
    parameters = {"webhook": webhook_id, "id": None, "state": state, "type": event, "before": before, "limit": limit}
    rows = await session.execute(_DELIVERIES, parameters)
    return [DeliveryView(**row._mapping) for row in rows]  # noqa: SLF001 (the same)


async def find_delivery(session: ReadSession, webhook_id: int, delivery_id: int) -> DeliveryView | None:
    """One delivery of a subscription; None if it has none such."""
    parameters = {"webhook": webhook_id, "id": delivery_id, "state": None, "type": None, "before": None, "limit": 1}
    row = (await session.execute(_DELIVERIES, parameters)).one_or_none()
    return None if row is None else DeliveryView(**row._mapping)  # noqa: SLF001 (the same)


_WEBHOOKS = text("""
    SELECT w.id, w.nodes, w.url, w.description, w.filters, w.state, w.reason, w.created_at, w.changed_at, w.disabled_at,
           w.place, w.failures, w.failing_since, w.held_until, w.last_attempt_at, w.last_success_at,
           (SELECT max(s.ends_at) FROM webhook_secrets s WHERE s.webhook_id = w.id AND s.ends_at > :now) AS former_ends_at,
           (SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending') AS waiting
    FROM webhooks w
    WHERE (CAST(:id AS bigint) IS NULL OR w.id = :id)
      AND (CAST(:nodes AS text[]) IS NULL OR w.nodes <> '{}' AND w.nodes <@ CAST(:nodes AS text[]))
      AND (CAST(:state AS text) IS NULL OR w.state = :state)
      AND (CAST(:after AS bigint) IS NULL OR w.id > :after)
    ORDER BY w.id LIMIT :limit
""")
_DELIVERIES = text("""
    SELECT id, webhook_id AS webhook, message_id, type, cursor, state, created_at, next_attempt_at, finished_at, attempts
    FROM webhook_deliveries
    WHERE webhook_id = :webhook
      AND (CAST(:id AS bigint) IS NULL OR id = :id)
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:type AS text) IS NULL OR type = :type)
      AND (CAST(:before AS bigint) IS NULL OR id < :before)
    ORDER BY id DESC LIMIT :limit
""")
