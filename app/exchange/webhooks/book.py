"""The book of deliveries: who sends for which subscription, what is due, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text

from app.access.audit import record_act
from app.access.callers import Caller, Role
from app.exchange.webhooks.events import PING
from app.exchange.webhooks.schedule import GIVEN_UP_AFTER, held_until, next_attempt, was_down
from app.kit.db import ReadSession, WriteSession
from app.kit.json import dumps_text

log = structlog.get_logger()

LEASE_SECONDS = 30
"""A sender that is silent for so long is taken for dead. Each of its rounds is shorter, and renews it."""
LOGGED_ATTEMPTS = 20
"""So many attempts of one delivery are remembered, the last ones."""
WORKER = Caller(id="worker", key_id=None, role=Role.PROVINCE, name="worker")
"""Who disables a subscription by itself, in the trail."""


@dataclass(frozen=True, slots=True)
class Due:
    """One message to be sent now. `tries` fences it: what a sender reports that was thought dead is refused by it."""

    id: int
    message_id: str
    type: str
    payload: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Round:
    """What one sender sends next for one subscription, where to, and signed by which secrets."""

    url: str
    keys: Sequence[str]
    failures: int
    due: Sequence[Due]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: with a status, or a code of why there is none. `asked` is what Retry-After said."""

    due: Due
    at: datetime
    latency_ms: int
    status: int | None = None
    error: str | None = None
    detail: str | None = None
    asked: timedelta | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410


async def list_due_webhooks(session: ReadSession, *, now: datetime, limit: int) -> list[int]:
    """Subscriptions for which something is due and nobody sends, who was served longest ago first."""
    rows = await session.execute(
        text("""
            SELECT w.id FROM webhooks w
            WHERE (w.leased_until IS NULL OR w.leased_until < clock_timestamp()) AND EXISTS (
                SELECT FROM webhook_deliveries d
                WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_attempt_at <= :now
                  AND (d.type = :ping OR w.state = 'active' AND (w.held_until IS NULL OR w.held_until <= :now))
            )
            ORDER BY w.last_attempt_at NULLS FIRST, w.id LIMIT :limit
        """),
        {"now": now, "limit": limit, "ping": PING},
    )
    return [row.id for row in rows]


async def take_round(
    session: WriteSession, webhook_id: int, holder: str, *, now: datetime, at_once: int
) -> Round | None:
    """Take or keep the subscription, and give what is due of it; None when another sends for it, or nothing is due.

    One at a time while its receiver fails; and of what is told of one thing only the first that is not delivered yet.
    """
    row = (
        await session.execute(
            text("""
                UPDATE webhooks SET leased_by = :holder,
                                    leased_until = clock_timestamp() + :seconds * interval '1 second'
                WHERE id = :id AND (leased_by = :holder OR leased_until IS NULL OR leased_until < clock_timestamp())
                RETURNING url, failures, state = 'active' AND (held_until IS NULL OR held_until <= :now) AS is_open
            """),
            {"id": webhook_id, "holder": holder, "seconds": LEASE_SECONDS, "now": now},
        )
    ).one_or_none()
    if row is None:
        return None
    due = await session.execute(
        text("""
            SELECT d.id, d.message_id, d.type, d.payload, d.tries FROM webhook_deliveries d
            WHERE d.webhook_id = :id AND d.state = 'pending' AND d.next_attempt_at <= :now AND (:open OR d.type = :ping)
              AND NOT EXISTS (
                  SELECT FROM webhook_deliveries e
                  WHERE e.webhook_id = :id AND e.state = 'pending' AND e.subject = d.subject AND e.cursor < d.cursor
              )
            ORDER BY d.cursor NULLS FIRST, d.id LIMIT :limit
        """),
        {"id": webhook_id, "now": now, "open": row.is_open, "ping": PING, "limit": 1 if row.failures else at_once},
    )
    found = [Due(**each._mapping) for each in due]  # noqa: SLF001 (SQLAlchemy's documented accessor)
    if not found:
        return None
    keys = await session.scalars(
        text("""
            SELECT secret FROM webhook_secrets
            WHERE webhook_id = :id AND (ends_at IS NULL OR ends_at > :now) ORDER BY id DESC
        """),
        {"id": webhook_id, "now": now},
    )
    return Round(row.url, list(keys), row.failures, found)


async def leave(session: WriteSession, webhook_id: int, holder: str) -> None:
    """Stop sending for a subscription: the next one need not wait for the lease to end."""
    await session.execute(
        text("UPDATE webhooks SET leased_by = NULL, leased_until = NULL WHERE id = :id AND leased_by = :holder"),
        {"id": webhook_id, "holder": holder},
    )


async def leave_all(session: WriteSession, holder: str) -> None:
    """The same for everything that a sender holds."""
    await session.execute(
        text("UPDATE webhooks SET leased_by = NULL, leased_until = NULL WHERE leased_by = :holder"), {"holder": holder}
    )


async def record_round(session: WriteSession, webhook_id: int, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Keep how a round ended. Whoever was given up by it is disabled in the same transaction."""
    # The subscription first, then its deliveries: whoever changes both does so in this order.
    before = (
        await session.execute(
            text("SELECT failures, failing_since FROM webhooks WHERE id = :id FOR NO KEY UPDATE"), {"id": webhook_id}
        )
    ).one_or_none()
    if before is None:
        return  # It was deleted meanwhile, and its deliveries with it.
    await _record(session, outcomes)
    is_heard = any(outcome.is_success for outcome in outcomes)
    failures = 0 if is_heard else before.failures + len(outcomes)
    failing_since = None if is_heard else before.failing_since or now
    await session.execute(
        text("""
            UPDATE webhooks SET failures = :failures, failing_since = :since, held_until = :held, last_attempt_at = :now,
                                last_success_at = CASE WHEN :heard THEN :now ELSE last_success_at END
            WHERE id = :id
        """),
        {
            "id": webhook_id,
            "failures": failures,
            "since": failing_since,
            "held": held_until(failures, now=now, asked=[each.asked for each in outcomes if each.asked is not None]),
            "now": now,
            "heard": is_heard,
        },
    )
    if is_heard and was_down(before.failures):
        await make_due(session, webhook_id, now=now)
    if any(outcome.is_gone for outcome in outcomes):
        await _disable(session, webhook_id, "gone", failing_since, now=now)
    elif failing_since is not None and now - failing_since >= GIVEN_UP_AFTER:
        await _disable(session, webhook_id, "failing", failing_since, now=now)


async def make_due(session: WriteSession, webhook_id: int, *, now: datetime) -> None:
    """Everything that waits is due at once: its receiver is there again, or somebody says so."""
    await session.execute(
        text("""
            UPDATE webhook_deliveries SET next_attempt_at = :now
            WHERE webhook_id = :id AND state = 'pending' AND next_attempt_at > :now
        """),
        {"id": webhook_id, "now": now},
    )


async def _record(session: WriteSession, outcomes: Sequence[Outcome]) -> None:
    await session.execute(
        text("""
            UPDATE webhook_deliveries d SET
                state = o.state, tries = d.tries + 1, next_attempt_at = o.again,
                finished_at = CASE WHEN o.state <> 'pending' THEN o.at END,
                payload = CASE WHEN o.state = 'delivered' AND d.cursor IS NOT NULL THEN NULL ELSE d.payload END,
                attempts = CASE WHEN jsonb_array_length(d.attempts) < :logged THEN d.attempts ELSE d.attempts - 0 END
                           || o.attempt
            FROM jsonb_to_recordset(CAST(:outcomes AS jsonb))
                AS o(id bigint, seen integer, state text, again timestamptz, at timestamptz, attempt jsonb)
            WHERE d.id = o.id AND d.state = 'pending' AND d.tries = o.seen
        """),
        {"logged": LOGGED_ATTEMPTS, "outcomes": dumps_text([_told(outcome) for outcome in outcomes])},
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    """What follows for its message from how an attempt ended."""
    again = None
    if not outcome.is_success and outcome.due.type != PING:
        # What a receiver that wants nothing more has refused waits for it to be enabled again.
        again = outcome.at if outcome.is_gone else next_attempt(outcome.due.tries + 1, outcome.at, outcome.asked)
    return {
        "id": outcome.due.id,
        "seen": outcome.due.tries,
        "state": "delivered" if outcome.is_success else "pending" if again else "failed",
        "again": again,
        "at": outcome.at,
        "attempt": {
            "at": outcome.at,
            "status": outcome.status,
            "latency_ms": outcome.latency_ms,
            "error": outcome.error,
            "detail": outcome.detail,
        },
    }


async def _disable(
    session: WriteSession, webhook_id: int, reason: str, failing_since: datetime | None, *, now: datetime
) -> None:
    disabled = await session.scalar(
        text("""
            UPDATE webhooks SET state = 'disabled', reason = :reason, disabled_at = :now, changed_at = :now
            WHERE id = :id AND state = 'active' RETURNING id
        """),
        {"id": webhook_id, "reason": reason, "now": now},
    )
    if disabled is not None:
        log.warning("webhook.disabled", webhook=webhook_id, reason=reason)
        details: dict[str, Any] = {"reason": reason, "failing_since": failing_since}
        subject = f"webhook {webhook_id}"
        await record_act(session, caller=WORKER, act="webhook.disabled", subject=subject, details=details, now=now)


async def forget_deliveries(session: WriteSession, *, before: datetime, most: int, at_most: int) -> int:
    """Forget what ended before a moment, and of each subscription what ended beyond the newest `most`.

    What waits is never forgotten.
    """
    rows = await session.execute(
        text("""
            WITH old AS (
                (SELECT id FROM webhook_deliveries WHERE state <> 'pending' AND finished_at < :before LIMIT :at_most)
                UNION
                (SELECT d.id FROM webhooks w
                 CROSS JOIN LATERAL (SELECT id FROM webhook_deliveries
                                     WHERE webhook_id = w.id ORDER BY id DESC OFFSET :most LIMIT 1) o
                 JOIN webhook_deliveries d ON d.webhook_id = w.id AND d.id <= o.id AND d.state <> 'pending'
                 LIMIT :at_most)
            )
            DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id RETURNING d.id
        """),
        {"before": before, "most": most, "at_most": at_most},
    )
    return len(rows.all())
