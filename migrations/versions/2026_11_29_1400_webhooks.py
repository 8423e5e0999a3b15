"""Webhooks: subscriptions with their places in the feed, secrets that sign, and deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f100webhooks"
down_revision = "f000exports"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
CODE = sa.Text(collation="C")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("nodes", postgresql.ARRAY(CODE), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("place", CODE, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", MOMENT),
        sa.Column("held_until", MOMENT),
        sa.Column("last_attempt_at", MOMENT),
        sa.Column("last_success_at", MOMENT),
        sa.Column("leased_by", CODE),
        sa.Column("leased_until", MOMENT),
        sa.CheckConstraint("state IN ('active', 'paused', 'disabled')", name=op.f("ck_webhooks_state")),
        sa.CheckConstraint("reason IN ('gone', 'failing')", name=op.f("ck_webhooks_reason")),
        sa.CheckConstraint("(state = 'disabled') = (reason IS NOT NULL)", name=op.f("ck_webhooks_disabled_why")),
        sa.CheckConstraint("place ~ '^[0-9a-f]{48}$'", name=op.f("ck_webhooks_place")),
        # What a node's key subscribed to is about its own nodes, whoever changes it later.
        sa.CheckConstraint(
            "nodes = '{}' OR (filters -> 'node') - nodes = '[]' AND filters -> 'node' <> '[]'",
            name=op.f("ck_webhooks_its_own_nodes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        # Every round of sending writes its subscription's row.
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_secrets_webhook_id_webhooks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secrets")),
    )
    op.create_index(op.f("ix_webhook_secrets_webhook_id"), "webhook_secrets", ["webhook_id"])
    _deliveries()


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", CODE, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("cursor", CODE),
        sa.Column("subject", sa.Text()),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_attempt_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state")),
        sa.CheckConstraint(
            "(state = 'pending') = (next_attempt_at IS NOT NULL)", name=op.f("ck_webhook_deliveries_next_attempt_at")
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (finished_at IS NULL)", name=op.f("ck_webhook_deliveries_finished_at")
        ),
        sa.CheckConstraint("state = 'delivered' OR payload IS NOT NULL", name=op.f("ck_webhook_deliveries_payload")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id_webhooks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("webhook_id", "message_id", name=op.f("uq_webhook_deliveries_webhook_id_message_id")),
    )
    op.create_index("ix_webhook_deliveries_webhook_id", "webhook_deliveries", ["webhook_id", "id"])
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["webhook_id", "next_attempt_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_webhook_deliveries_finished_at",
        "webhook_deliveries",
        ["finished_at"],
        postgresql_where=sa.text("state <> 'pending'"),
    )


def downgrade() -> None:
    for table in ("webhook_deliveries", "webhook_secrets", "webhooks"):
        op.drop_table(table)
