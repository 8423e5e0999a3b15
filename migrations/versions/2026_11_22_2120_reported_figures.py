"""Figures that nodes state of themselves, with every earlier statement."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "9f00reported"
down_revision = "8f00submission"
branch_labels = None
depends_on = None

CHECKS = {
    "fiscal_year": "fiscal_year BETWEEN 2000 AND 2100",
    "revision": "revision > 0",
    "not_negative": "least(packages, pagu, hps, value) >= 0",
    "states_something": "num_nonnulls(packages, pagu, hps, value, savings) > 0",
    "savings_base": "savings_base IN ('pagu', 'hps')",
    "role": "role IN ('node', 'province')",
}
AMOUNT = sa.Numeric(20, 2)


def upgrade() -> None:
    op.create_table(
        "reported_figures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("packages", sa.Integer()),
        *(sa.Column(name, AMOUNT) for name in ("pagu", "hps", "value", "savings")),
        sa.Column("savings_base", sa.Text()),
        sa.Column("kinds", postgresql.JSONB(), nullable=False),
        sa.Column("source_document", postgresql.JSONB()),
        sa.Column("stated_on", sa.Date()),
        sa.Column("note", sa.Text()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_reported_figures_{name}")) for name, rule in CHECKS.items()),
        sa.ForeignKeyConstraint(
            ["node_id"], ["nodes.id"], name=op.f("fk_reported_figures_node_id_nodes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_figures")),
        # It is the way to the current statement too: the last revision of a node's year.
        sa.UniqueConstraint(
            "node_id", "fiscal_year", "revision", name=op.f("uq_reported_figures_node_id_fiscal_year_revision")
        ),
    )


def downgrade() -> None:
    op.drop_table("reported_figures")
