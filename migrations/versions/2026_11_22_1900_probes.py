"""Probes of endpoints: their history, the hours they sum up to, and the circuit of each endpoint."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5f00probes"
down_revision = "4f00collection"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "endpoint_health",
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
        sa.Column("consecutive_failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("opened_at", MOMENT),
        sa.Column("recovered_at", MOMENT),
        sa.Column("next_probe_at", MOMENT, nullable=False),
        sa.Column("last_probe_at", MOMENT),
        sa.Column("last_ok_at", MOMENT),
        sa.Column("last_failure", sa.Text()),
        sa.Column("last_failure_at", MOMENT),
        sa.Column("latency_ms", sa.Integer()),
        sa.Column("software_version", sa.Text()),
        sa.Column("certificate_expires_at", MOMENT),
        sa.Column("moved_to", sa.Text()),
        sa.CheckConstraint("state IN ('unknown', 'ok', 'failing', 'open')", name=op.f("ck_endpoint_health_state")),
        sa.CheckConstraint("(state = 'open') = (opened_at IS NOT NULL)", name=op.f("ck_endpoint_health_opened_at")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("fk_endpoint_health_endpoint_id_endpoints"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_endpoint_health")),
        # Every probe writes its endpoint's row twice. The pages keep room for that; an index on the time of the next
        # probe would cost more than looking at all of a few hundred rows.
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "probes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("latency_ms", sa.Integer()),
        sa.Column("software_version", sa.Text()),
        sa.Column("certificate_expires_at", MOMENT),
        sa.Column("detail", sa.Text()),
        sa.CheckConstraint("ok = (failure IS NULL)", name=op.f("ck_probes_failure")),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_probes_node_id_nodes"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probes")),
    )
    op.create_index("ix_probes_node_id", "probes", ["node_id", "id"])
    op.create_table(
        "probe_hours",
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("ok", sa.Integer(), nullable=False),
        sa.Column("latency_sum_ms", sa.BigInteger(), nullable=False),
        sa.Column("latency_max_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"], ["nodes.id"], name=op.f("fk_probe_hours_node_id_nodes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("node_id", "endpoint_id", "hour", name=op.f("pk_probe_hours")),
        postgresql_with={"fillfactor": "90"},
    )
    # Old hours are forgotten by their time; they lie in its order, so the smallest kind of index finds them.
    op.create_index("ix_probe_hours_hour", "probe_hours", ["hour"], postgresql_using="brin")

    # History is append-only for the application's role, so the owner lends it this one act: to forget what is old.
    op.execute("""
        CREATE FUNCTION rakor_forget_probes(keep_days integer, at_most integer) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        DECLARE
            forgotten bigint;
        BEGIN
            IF keep_days < 7 THEN
                RAISE EXCEPTION 'retention keeps at least a week of probes';
            END IF;
            -- Ids grow as time does, so the oldest are found without an index on time.
            WITH oldest AS (SELECT id FROM public.probes ORDER BY id LIMIT at_most)
            DELETE FROM public.probes p USING oldest o
            WHERE p.id = o.id AND p.at < clock_timestamp() - keep_days * interval '1 day';
            GET DIAGNOSTICS forgotten = ROW_COUNT;
            RETURN forgotten;
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION rakor_forget_probes(integer, integer)")
    for table in ("probe_hours", "probes", "endpoint_health"):
        op.drop_table(table)
