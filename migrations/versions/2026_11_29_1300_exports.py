"""Exports that are prepared as files, and their pieces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f000exports"
down_revision = "ef00feed"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "prepared_exports",
        sa.Column("id", postgresql.UUID(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("dataset", "form", "audience")),
        sa.Column("question", postgresql.JSONB(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("file_id", postgresql.UUID()),
        sa.Column("moment", MOMENT),
        sa.Column("cursor", sa.Text()),
        sa.Column("rows", sa.BigInteger()),
        sa.Column("length", sa.BigInteger()),
        sa.Column("sha256", sa.LargeBinary()),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'preparing', 'ready', 'failed')", name=op.f("ck_prepared_exports_state")
        ),
        sa.CheckConstraint(
            "(state IN ('ready', 'failed')) = (finished_at IS NOT NULL)", name=op.f("ck_prepared_exports_finished_at")
        ),
        sa.CheckConstraint(
            "state <> 'ready' OR num_nonnulls(moment, rows, length, sha256) = 4", name=op.f("ck_prepared_exports_ready")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_exports")),
    )
    op.create_index(
        "uq_prepared_exports_waiting",
        "prepared_exports",
        ["key"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_prepared_exports_key", "prepared_exports", ["key", "finished_at"])
    op.create_index("ix_prepared_exports_expires_at", "prepared_exports", ["expires_at"])
    op.create_table(
        "export_pieces",
        sa.Column("file_id", postgresql.UUID(), nullable=False),
        sa.Column("piece", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("file_id", "piece", name=op.f("pk_export_pieces")),
    )
    # Parts of a piece are read for ranges, and most forms are compressed already.
    op.execute("ALTER TABLE export_pieces ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("export_pieces")
    op.drop_table("prepared_exports")
