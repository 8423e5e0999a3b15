"""Subscriptions, the secrets that sign what they are told, and every message with how its delivery went."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

Moment = TIMESTAMP(timezone=True)
Code = Text(collation="C")


class Webhook(Base):
    """A subscription. It has been told everything that it wants up to `place` in the feed, or has it as a delivery.

    `nodes` are those that it belongs to, when a node's key made it; one of the province belongs to none.
    While `held_until` lies ahead nothing is sent: its receiver fails, or has asked for a pause. `leased_by` is who sends.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'paused', 'disabled')", name="state"),
        CheckConstraint("reason IN ('gone', 'failing')", name="reason"),
        CheckConstraint("(state = 'disabled') = (reason IS NOT NULL)", name="disabled_why"),
        CheckConstraint("place ~ '^[0-9a-f]{48}$'", name="place"),
        CheckConstraint(
            "nodes = '{}' OR (filters -> 'node') - nodes = '[]' AND filters -> 'node' <> '[]'", name="its_own_nodes"
        ),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    nodes: Mapped[list[str]] = mapped_column(ARRAY(Code))
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    filters: Mapped[dict[str, list[Any]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Code)
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    place: Mapped[str] = mapped_column(Code)
    epoch: Mapped[int] = mapped_column(Integer)
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    held_until: Mapped[datetime | None] = mapped_column(Moment)
    last_attempt_at: Mapped[datetime | None] = mapped_column(Moment)
    last_success_at: Mapped[datetime | None] = mapped_column(Moment)
    leased_by: Mapped[str | None] = mapped_column(Code)
    leased_until: Mapped[datetime | None] = mapped_column(Moment)


class WebhookSecret(Base):
    """A secret by which messages are signed. Shown once, when it is made; nothing shows it again.

    The newest has no end; those before it sign beside it until they end.
    """

    __tablename__ = "webhook_secrets"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"), index=True)
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)


class WebhookDelivery(Base):
    """One message to one subscriber. `message_id` is the same however often it is sent, also when it is replayed.

    `cursor` is the change that it tells of (its order, too), `subject` the thing that changed: what is told of one thing is
    sent in order. `payload` of a change is kept until it was delivered; `tries` counts attempts of the present schedule.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "message_id"),
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
        CheckConstraint("(state = 'pending') = (next_attempt_at IS NOT NULL)", name="next_attempt_at"),
        CheckConstraint("(state = 'pending') = (finished_at IS NULL)", name="finished_at"),
        CheckConstraint("state = 'delivered' OR payload IS NOT NULL", name="payload"),
        Index("ix_webhook_deliveries_webhook_id", "webhook_id", "id"),
        Index(
            "ix_webhook_deliveries_pending", "webhook_id", "next_attempt_at", postgresql_where=text("state = 'pending'")
        ),
        Index("ix_webhook_deliveries_finished_at", "finished_at", postgresql_where=text("state <> 'pending'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(Code)
    type: Mapped[str] = mapped_column(Text)
    cursor: Mapped[str | None] = mapped_column(Code)
    subject: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    next_attempt_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
