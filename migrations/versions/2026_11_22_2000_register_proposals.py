"""Proposals for the register: what master lists say otherwise, and what a person decided on it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6f00proposals"
down_revision = "5f00probes"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
CHECKS = {
    "subject": "subject IN ('node', 'institution')",
    "what": "what IN ('new', 'rename', 'kd_lpse')",
    "state": "state IN ('open', 'accepted', 'dismissed', 'obsolete')",
    "decided_at": "(state = 'open') = (decided_at IS NULL)",
    "reason": "state <> 'dismissed' OR reason IS NOT NULL",
}


def upgrade() -> None:
    op.create_table(
        "register_proposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("current", postgresql.JSONB()),
        sa.Column("proposed", postgresql.JSONB(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_register_proposals_{name}")) for name, rule in CHECKS.items()),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["access_keys.id"], name=op.f("fk_register_proposals_decided_by_access_keys")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_proposals")),
    )
    op.create_index(
        "ix_register_proposals_open",
        "register_proposals",
        ["subject", "key", "what"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("register_proposals")
