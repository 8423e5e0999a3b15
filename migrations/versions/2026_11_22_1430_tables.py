"""Every table of the first walk: register, keys, packages with their history, runs, host budgets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "1f00tables"

down_revision = None
branch_labels = None
depends_on = None


class TransactionId(sa.types.UserDefinedType[int]):
    """PostgreSQL's xid8."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def create_package_summaries() -> None:
    op.create_table(
        "package_summaries",
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(collation="C"), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("awarded_month", sa.Text(collation="C"), nullable=False),
        sa.Column("packages", sa.BigInteger(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=False),
        sa.Column("pagu_packages", sa.BigInteger(), nullable=False),
        sa.Column("pagu_base", sa.Numeric(precision=28, scale=2), nullable=False),
        sa.Column("pagu_value", sa.Numeric(precision=28, scale=2), nullable=False),
        sa.Column("hps_packages", sa.BigInteger(), nullable=False),
        sa.Column("hps_base", sa.Numeric(precision=28, scale=2), nullable=False),
        sa.Column("hps_value", sa.Numeric(precision=28, scale=2), nullable=False),
        sa.Column("no_value", sa.BigInteger(), nullable=False),
        sa.Column("no_pagu", sa.BigInteger(), nullable=False),
        sa.Column("no_hps", sa.BigInteger(), nullable=False),
        sa.Column("basis_contract", sa.BigInteger(), nullable=False),
        sa.Column("basis_negotiated", sa.BigInteger(), nullable=False),
        sa.Column("basis_corrected", sa.BigInteger(), nullable=False),
        sa.Column("basis_bid", sa.BigInteger(), nullable=False),
        sa.Column("basis_award", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "node_id",
            "fiscal_year",
            "kind",
            "institution",
            "category",
            "method",
            "awarded_month",
            name=op.f("pk_package_summaries"),
        ),
        postgresql_with={"fillfactor": "70"},
    )


def upgrade() -> None:
    op.execute("CREATE SEQUENCE raw_answer_ids")
    op.create_table(
        "access_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('province')", name=op.f("ck_access_keys_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_keys")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_access_keys_secret_hash")),
    )
    op.create_table(
        "changes",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("op", sa.Text(), nullable=False),
        sa.CheckConstraint("op IN ('upsert', 'withdrawn', 'retired')", name=op.f("ck_changes_op")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_feed", "changes", ["epoch", "xid", "seq"], unique=False)
    op.create_table(
        "host_budgets",
        sa.Column("host", sa.Text(collation="C"), nullable=False),
        sa.Column("next_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("paused_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("strikes", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_budgets")),
    )
    create_package_summaries()
    op.create_table(
        "raw_answers",
        sa.Column("fetched_on", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger(), server_default=sa.text("nextval('raw_answer_ids')"), nullable=False),
        sa.Column("observation_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fetched_on", "id", name=op.f("pk_raw_answers")),
        comment="Answers as they came, zlib-compressed, one partition a month; sha256 and length are of the answer itself.",
        postgresql_partition_by="RANGE (fetched_on)",
    )
    op.create_index(op.f("ix_raw_answers_observation_id"), "raw_answers", ["observation_id"], unique=False)
    op.create_table(
        "regions",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint("type IN ('provinsi', 'kabupaten', 'kota')", name=op.f("ck_regions_type")),
        sa.ForeignKeyConstraint(["parent"], ["regions.code"], name=op.f("fk_regions_parent_regions")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_regions")),
    )
    op.create_index(op.f("ix_regions_parent"), "regions", ["parent"], unique=False)
    op.create_table(
        "suppliers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("identity", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("npwp", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
        sa.UniqueConstraint("identity", name=op.f("uq_suppliers_identity")),
    )
    op.create_table(
        "institutions",
        sa.Column("kd_klpd", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(collation="C"), nullable=True),
        sa.ForeignKeyConstraint(["region"], ["regions.code"], name=op.f("fk_institutions_region_regions")),
        sa.PrimaryKeyConstraint("kd_klpd", name=op.f("pk_institutions")),
    )
    op.create_index(op.f("ix_institutions_region"), "institutions", ["region"], unique=False)
    op.create_table(
        "run_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("province", sa.Text(collation="C"), nullable=False),
        sa.Column("fiscal_years", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("requested_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["province"], ["regions.code"], name=op.f("fk_run_batches_province_regions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_batches")),
    )
    op.create_table(
        "institution_aliases",
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("kd_klpd", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["kd_klpd"], ["institutions.kd_klpd"], name=op.f("fk_institution_aliases_kd_klpd_institutions")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_institution_aliases")),
    )
    op.create_index(op.f("ix_institution_aliases_kd_klpd"), "institution_aliases", ["kd_klpd"], unique=False)
    op.create_table(
        "nodes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kd_lpse", sa.Integer(), nullable=True),
        sa.Column("region", sa.Text(collation="C"), nullable=True),
        sa.Column("province", sa.Text(collation="C"), nullable=True),
        sa.Column("institution", sa.Text(collation="C"), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("edited", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f("ck_nodes_slug")),
        sa.CheckConstraint("state IN ('active', 'discovered', 'retired')", name=op.f("ck_nodes_state")),
        sa.CheckConstraint("time_zone IN ('WIB', 'WITA', 'WIT')", name=op.f("ck_nodes_time_zone")),
        sa.CheckConstraint("kd_lpse > 0", name=op.f("ck_nodes_kd_lpse")),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.kd_klpd"], name=op.f("fk_nodes_institution_institutions")
        ),
        sa.ForeignKeyConstraint(["province"], ["regions.code"], name=op.f("fk_nodes_province_regions")),
        sa.ForeignKeyConstraint(["region"], ["regions.code"], name=op.f("fk_nodes_region_regions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
        sa.UniqueConstraint("kd_lpse", name=op.f("uq_nodes_kd_lpse")),
        sa.UniqueConstraint("slug", name=op.f("uq_nodes_slug")),
    )
    op.create_index(op.f("ix_nodes_institution"), "nodes", ["institution"], unique=False)
    op.create_index(op.f("ix_nodes_province"), "nodes", ["province"], unique=False)
    op.create_index(op.f("ix_nodes_region"), "nodes", ["region"], unique=False)
    op.create_table(
        "endpoints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "interface IN ('spse', 'inaproc', 'isb', 'ocds', 'hub', 'push')", name=op.f("ck_endpoints_interface")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_endpoints_node_id_nodes"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sa.UniqueConstraint("node_id", "interface", "base_url", name=op.f("uq_endpoints_node_id_interface_base_url")),
    )
    op.create_table(
        "node_freshness",
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_completed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_state", sa.Text(), nullable=False),
        sa.Column("software_version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["node_id"], ["nodes.id"], name=op.f("fk_node_freshness_node_id_nodes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("node_id", "fiscal_year", name=op.f("pk_node_freshness")),
    )
    op.create_table(
        "node_institutions",
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("kd_klpd", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["kd_klpd"], ["institutions.kd_klpd"], name=op.f("fk_node_institutions_kd_klpd_institutions")
        ),
        sa.ForeignKeyConstraint(
            ["node_id"], ["nodes.id"], name=op.f("fk_node_institutions_node_id_nodes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("node_id", "kd_klpd", name=op.f("pk_node_institutions")),
    )
    op.create_index(op.f("ix_node_institutions_kd_klpd"), "node_institutions", ["kd_klpd"], unique=False)
    op.create_table(
        "packages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("labels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("institution", sa.Text(collation="C"), nullable=True),
        sa.Column("institution_name", sa.Text(), nullable=True),
        sa.Column("satker_name", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("category_text", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("method_text", sa.Text(), nullable=True),
        sa.Column("evaluation_text", sa.Text(), nullable=True),
        sa.Column("contract_type", sa.Text(), nullable=True),
        sa.Column("locations", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("fiscal_years", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("fund_sources", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("rup_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("pagu", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("hps", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("value_basis", sa.Text(), nullable=True),
        sa.Column("contract_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("negotiated_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("corrected_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("bid_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("award_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("pdn_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("umk_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("realized_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("participants", sa.Integer(), nullable=True),
        sa.Column("bidders", sa.Integer(), nullable=True),
        sa.Column("announced_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("awarded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("contracted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("date_basis", sa.Text(), nullable=True),
        sa.Column("awarded_month", sa.Text(collation="C"), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state_hash", sa.Text(collation="C"), nullable=False),
        sa.Column("first_seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple', coalesce(name, '') || ' ' || code || ' ' || coalesce(satker_name, ''))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "category IN ('goods', 'works', 'integrated_works', 'consulting_firm_construction', 'consulting_firm_non_construction', 'consulting_individual_construction', 'consulting_individual_non_construction', 'other_services', 'other')",
            name=op.f("ck_packages_category"),
        ),
        sa.CheckConstraint("date_basis IN ('actual', 'scheduled')", name=op.f("ck_packages_date_basis")),
        sa.CheckConstraint(
            "kind IN ('tender', 'non_tender', 'recorded', 'self_managed', 'emergency')", name=op.f("ck_packages_kind")
        ),
        sa.CheckConstraint(
            "method IN ('tender', 'fast_tender', 'selection', 'direct_procurement', 'direct_appointment', 'e_purchasing', 'contest', 'other')",
            name=op.f("ck_packages_method"),
        ),
        sa.CheckConstraint(
            "status IN ('running', 'completed', 'failed', 'cancelled', 'no_schedule', 'other')",
            name=op.f("ck_packages_status"),
        ),
        sa.CheckConstraint(
            "value IS NULL OR (status = 'completed' AND value_basis IS NOT NULL)", name=op.f("ck_packages_value")
        ),
        sa.CheckConstraint(
            "value_basis IN ('contract', 'negotiated', 'corrected', 'bid', 'award')",
            name=op.f("ck_packages_value_basis"),
        ),
        sa.CheckConstraint("fiscal_year BETWEEN 2000 AND 2100", name=op.f("ck_packages_fiscal_year")),
        sa.CheckConstraint(
            "least(pagu, hps, value, contract_value, negotiated_value, corrected_value, bid_value) >= 0",
            name=op.f("ck_packages_amounts"),
        ),
        sa.ForeignKeyConstraint(
            ["institution"], ["institutions.kd_klpd"], name=op.f("fk_packages_institution_institutions")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_packages_node_id_nodes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
        sa.UniqueConstraint("node_id", "kind", "code", name=op.f("uq_packages_node_id_kind_code")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_packages_fiscal_year", "packages", ["fiscal_year", "id"], unique=False)
    op.create_index("ix_packages_institution", "packages", ["institution", "fiscal_year", "id"], unique=False)
    op.create_index("ix_packages_node_year", "packages", ["node_id", "fiscal_year", "id"], unique=False)
    op.create_index("ix_packages_search", "packages", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("requested_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("listed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("new", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("superseded", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("duplicate", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("withdrawn", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("requests", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("problems", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'incomplete', 'drift', 'failed', 'cancelled')",
            name=op.f("ck_runs_state"),
        ),
        sa.CheckConstraint(
            "seen = new + changed + unchanged + superseded + rejected + duplicate", name=op.f("ck_runs_conservation")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["run_batches.id"], name=op.f("fk_runs_batch_id_run_batches")),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_runs_node_id_nodes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(
        "ix_runs_batch_id", "runs", ["batch_id"], unique=False, postgresql_where=sa.text("batch_id IS NOT NULL")
    )
    op.create_index("ix_runs_node_id", "runs", ["node_id", "id"], unique=False)
    op.create_index(
        "ix_runs_unfinished", "runs", ["id"], unique=False, postgresql_where=sa.text("state IN ('queued', 'running')")
    )
    op.create_table(
        "sightings",
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("fiscal_years", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("fingerprint", sa.Text(collation="C"), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("detailed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_sightings_node_id_nodes")),
        sa.PrimaryKeyConstraint("node_id", "interface", "kind", "code", name=op.f("pk_sightings")),
    )
    op.create_table(
        "awards",
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("npwp", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("contract_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("negotiated_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("corrected_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("bid_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("award_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("pdn_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("umk_value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.id"], name=op.f("fk_awards_package_id_packages"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"], name=op.f("fk_awards_supplier_id_suppliers")),
        sa.PrimaryKeyConstraint("package_id", "position", name=op.f("pk_awards")),
    )
    op.create_index(op.f("ix_awards_supplier_id"), "awards", ["supplier_id"], unique=False)
    op.create_table(
        "observations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.Text(collation="C"), nullable=False),
        sa.Column("source_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("xid", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_observations_package_id_packages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
        postgresql_with={"fillfactor": "90"},
    )
    op.create_index("ix_observations_package_id", "observations", ["package_id"], unique=False)
    op.create_index(
        "uq_observations_current",
        "observations",
        ["package_id", "source"],
        unique=True,
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "package_versions",
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("observation_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("xid", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_package_versions_package_id_packages")),
        sa.PrimaryKeyConstraint("package_id", "version", name=op.f("pk_package_versions")),
    )
    op.create_table(
        "run_items",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("row", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fingerprint", sa.Text(collation="C"), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_items_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "kind", "code", name=op.f("pk_run_items")),
    )
    op.create_index(
        "ix_run_items_pending",
        "run_items",
        ["run_id", "kind", "code"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "run_lists",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("next_start", sa.Integer(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_lists_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "kind", name=op.f("pk_run_lists")),
    )
    op.create_table(
        "run_problems",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("package", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_problems_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_problems")),
    )
    op.create_index("ix_run_problems_run_id", "run_problems", ["run_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_run_problems_run_id", table_name="run_problems")
    op.drop_table("run_problems")
    op.drop_table("run_lists")
    op.drop_index("ix_run_items_pending", table_name="run_items", postgresql_where=sa.text("outcome IS NULL"))
    op.drop_table("run_items")
    op.drop_table("package_versions")
    op.drop_index("uq_observations_current", table_name="observations", postgresql_where=sa.text("is_current"))
    op.drop_index("ix_observations_package_id", table_name="observations")
    op.drop_table("observations")
    op.drop_index(op.f("ix_awards_supplier_id"), table_name="awards")
    op.drop_table("awards")
    op.drop_table("sightings")
    op.drop_index("ix_runs_unfinished", table_name="runs", postgresql_where=sa.text("state IN ('queued', 'running')"))
    op.drop_index("ix_runs_node_id", table_name="runs")
    op.drop_index("ix_runs_batch_id", table_name="runs", postgresql_where=sa.text("batch_id IS NOT NULL"))
    op.drop_table("runs")
    op.drop_index("ix_packages_search", table_name="packages", postgresql_using="gin")
    op.drop_index("ix_packages_node_year", table_name="packages")
    op.drop_index("ix_packages_institution", table_name="packages")
    op.drop_index("ix_packages_fiscal_year", table_name="packages")
    op.drop_table("packages")
    op.drop_index(op.f("ix_node_institutions_kd_klpd"), table_name="node_institutions")
    op.drop_table("node_institutions")
    op.drop_table("node_freshness")
    op.drop_table("endpoints")
    op.drop_index(op.f("ix_nodes_region"), table_name="nodes")
    op.drop_index(op.f("ix_nodes_province"), table_name="nodes")
    op.drop_index(op.f("ix_nodes_institution"), table_name="nodes")
    op.drop_table("nodes")
    op.drop_index(op.f("ix_institution_aliases_kd_klpd"), table_name="institution_aliases")
    op.drop_table("institution_aliases")
    op.drop_table("run_batches")
    op.drop_index(op.f("ix_institutions_region"), table_name="institutions")
    op.drop_table("institutions")
    op.drop_table("suppliers")
    op.drop_index(op.f("ix_regions_parent"), table_name="regions")
    op.drop_table("regions")
    op.drop_index(op.f("ix_raw_answers_observation_id"), table_name="raw_answers")
    op.drop_table("raw_answers")
    op.drop_table("package_summaries")
    op.drop_table("host_budgets")
    op.drop_index("ix_changes_feed", table_name="changes")
    op.drop_table("changes")
    op.drop_table("access_keys")
    op.execute("DROP SEQUENCE raw_answer_ids")
