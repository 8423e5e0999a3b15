"""Every kind and page of a package, withdrawals, schedules, leases on hosts, credentials, and the audit trail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4f00collection"
down_revision = "3f00summaries"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
CODE = sa.Text(collation="C")

PACKAGE_COLUMNS = (
    ("qualification_text", sa.Text()),
    ("business_size", sa.Text()),
    ("self_managed_type", sa.Integer()),
    ("description", sa.Text()),
    ("finished_on", sa.Date()),
)
PACKAGE_DOCUMENTS = {"offers": "[]", "realizations": "[]", "schedule": "[]", "source_ids": "{}"}
WORKING_LISTS = ("run_items", "sightings")


def upgrade() -> None:
    for name, type_ in PACKAGE_COLUMNS:
        op.add_column("packages", sa.Column(name, type_))
    for name, empty in PACKAGE_DOCUMENTS.items():
        op.add_column(
            "packages", sa.Column(name, postgresql.JSONB(), server_default=sa.text(f"'{empty}'"), nullable=False)
        )
    op.add_column("observations", sa.Column("withdrawn_at", MOMENT))
    op.add_column("nodes", sa.Column("software_version", sa.Text()))
    op.add_column("nodes", sa.Column("stated_time_zone", sa.Text()))

    op.add_column("runs", sa.Column("origin", sa.Text(), server_default=sa.text("'request'"), nullable=False))
    op.create_check_constraint(op.f("ck_runs_origin"), "runs", "origin IN ('request', 'batch', 'schedule')")
    # A run that is under way reads its lists again from the start: what it stored already is found unchanged.
    op.add_column("run_lists", sa.Column("position", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.alter_column("run_lists", "position", server_default=None)
    op.drop_column("run_lists", "next_start")
    for table in WORKING_LISTS:
        op.add_column(table, sa.Column("lpse", sa.Integer(), server_default=sa.text("0"), nullable=False))
        op.drop_constraint(f"pk_{table}", table)
    op.create_primary_key(op.f("pk_run_items"), "run_items", ["run_id", "kind", "code", "lpse"])
    op.create_primary_key(op.f("pk_sightings"), "sightings", ["node_id", "interface", "kind", "code", "lpse"])
    op.add_column("sightings", sa.Column("missing_runs", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("sightings", sa.Column("missing_run_id", sa.BigInteger()))
    op.add_column("sightings", sa.Column("parts", postgresql.JSONB()))
    op.add_column("sightings", sa.Column("withdrawn", sa.Boolean(), server_default=sa.text("false"), nullable=False))

    op.create_table(
        "run_withdrawals",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("packages", postgresql.JSONB(), nullable=False),
        sa.Column("undone_at", MOMENT),
        sa.Column("undone_by", sa.BigInteger()),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_withdrawals_run_id_runs")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["access_keys.id"], name=op.f("fk_run_withdrawals_decided_by_access_keys")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["access_keys.id"], name=op.f("fk_run_withdrawals_undone_by_access_keys")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_withdrawals")),
    )
    op.create_table(
        "collection_plans",
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("full_due_at", MOMENT),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"], ["nodes.id"], name=op.f("fk_collection_plans_node_id_nodes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("node_id", "interface", "fiscal_year", name=op.f("pk_collection_plans")),
    )
    op.create_table(
        "host_leases",
        sa.Column("host", CODE, nullable=False),
        sa.Column("holder", CODE, nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", "holder", name=op.f("pk_host_leases")),
    )
    op.create_table(
        "credentials",
        sa.Column("name", CODE, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f("ck_credentials_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_credentials")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("key_id", sa.BigInteger()),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["access_keys.id"], name=op.f("fk_audit_entries_key_id_access_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )


def downgrade() -> None:
    for table in ("audit_entries", "credentials", "host_leases", "collection_plans", "run_withdrawals"):
        op.drop_table(table)
    for name in ("parts", "withdrawn", "missing_run_id", "missing_runs"):
        op.drop_column("sightings", name)
    for table in WORKING_LISTS:
        op.execute(f"DELETE FROM {table} WHERE lpse <> 0")
        op.drop_constraint(f"pk_{table}", table)
        op.drop_column(table, "lpse")
    op.create_primary_key(op.f("pk_run_items"), "run_items", ["run_id", "kind", "code"])
    op.create_primary_key(op.f("pk_sightings"), "sightings", ["node_id", "interface", "kind", "code"])
    op.add_column("run_lists", sa.Column("next_start", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.alter_column("run_lists", "next_start", server_default=None)
    op.drop_column("run_lists", "position")
    op.drop_constraint(op.f("ck_runs_origin"), "runs")
    op.drop_column("runs", "origin")
    op.drop_column("nodes", "stated_time_zone")
    op.drop_column("nodes", "software_version")
    op.drop_column("observations", "withdrawn_at")
    for name in (*PACKAGE_DOCUMENTS, *(name for name, _ in PACKAGE_COLUMNS)):
        op.drop_column("packages", name)
