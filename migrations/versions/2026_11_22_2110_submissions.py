"""Submissions: bodies as received, their receipts and problems, idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8f00submission"
down_revision = "7f00access"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
CODE = sa.Text(collation="C")
COUNTS = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "duplicate", "withdrawn")


def upgrade() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("charset", sa.Text()),
        sa.Column("fiscal_year", sa.Integer()),
        sa.Column("kind", sa.Text()),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("caller", CODE, nullable=False),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("idempotency_key", CODE),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("body_id", postgresql.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("idle_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_total", sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in COUNTS),
        sa.Column("shrunk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("problems", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem_codes", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.CheckConstraint(
            "state IN ('received', 'processing', 'completed', 'failed')", name=op.f("ck_submissions_state")
        ),
        sa.CheckConstraint(
            "seen = new + changed + unchanged + superseded + rejected + duplicate",
            name=op.f("ck_submissions_every_row_has_one_outcome"),
        ),
        sa.CheckConstraint(
            "(state IN ('completed', 'failed')) = (finished_at IS NOT NULL)", name=op.f("ck_submissions_finished_at")
        ),
        sa.CheckConstraint(
            "NOT complete OR (fiscal_year IS NOT NULL AND kind IS NOT NULL)", name=op.f("ck_submissions_complete")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_submissions_node_id_nodes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_submissions_node_id", "submissions", ["node_id", "id"])
    op.create_index(
        "ix_submissions_unfinished",
        "submissions",
        ["id"],
        postgresql_where=sa.text("state IN ('received', 'processing')"),
    )
    op.create_table(
        "submission_bodies",
        sa.Column("body_id", postgresql.UUID(), nullable=False),
        sa.Column("piece", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("body_id", "piece", name=op.f("pk_submission_bodies")),
    )
    # Bodies are read back whole and often come compressed: PostgreSQL need not try to compress them again.
    op.execute("ALTER TABLE submission_bodies ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "submission_problems",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("pointer", "cell")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("code", "severity")),
        *(sa.Column(name, sa.Text()) for name in ("kind", "package", "field", "value", "original")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_submission_problems_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_problems")),
    )
    op.create_index("ix_submission_problems_submission_id", "submission_problems", ["submission_id", "id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", CODE, nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_idempotency_keys_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "submission_withdrawals",
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("decided_by", CODE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("packages", postgresql.JSONB(), nullable=False),
        sa.Column("undone_at", MOMENT),
        sa.Column("undone_by", CODE),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_submission_withdrawals_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission_withdrawals")),
    )


def downgrade() -> None:
    for table in (
        "submission_withdrawals",
        "idempotency_keys",
        "submission_problems",
        "submission_bodies",
        "submissions",
    ):
        op.drop_table(table)
