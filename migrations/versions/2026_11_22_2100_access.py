"""Callers with roles bound to nodes; acts of every caller in the trail, whose length and seal are kept apart from it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "7f00access"
down_revision = "6f00proposals"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("access_keys", sa.Column("last_used_on", sa.Date()))
    op.drop_constraint(op.f("ck_access_keys_role"), "access_keys")
    op.create_check_constraint(op.f("ck_access_keys_role"), "access_keys", "role IN ('province', 'node', 'reader')")
    op.create_table(
        "access_key_nodes",
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["access_keys.id"], name=op.f("fk_access_key_nodes_key_id_access_keys"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_access_key_nodes_node_id_nodes")),
        sa.PrimaryKeyConstraint("key_id", "node_id", name=op.f("pk_access_key_nodes")),
    )
    op.create_index(op.f("ix_access_key_nodes_node_id"), "access_key_nodes", ["node_id"])
    op.create_table(
        "access_former_secrets",
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["access_keys.id"], name=op.f("fk_access_former_secrets_key_id_access_keys"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_access_former_secrets")),
    )
    op.create_index(op.f("ix_access_former_secrets_key_id"), "access_former_secrets", ["key_id"])
    # A decision may be that of somebody without a key, who came with another provider's token: the trail names them.
    op.alter_column("run_withdrawals", "decided_by", nullable=True)
    # Entries without an actor were sealed before there was one; they go on fitting as they were sealed.
    op.add_column("audit_entries", sa.Column("actor", sa.Text()))
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_seal_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
    )
    op.execute("""
        INSERT INTO audit_seal (id, entries, hash)
        SELECT 1, count(*), coalesce((SELECT hash FROM audit_entries ORDER BY id DESC LIMIT 1), decode(repeat('00', 32), 'hex'))
        FROM audit_entries
    """)
    # The owner's right moves the seal: the application can add to the trail, and make neither it nor the seal shorter.
    op.execute("""
        CREATE FUNCTION rakor_move_audit_seal() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        BEGIN
            UPDATE audit_seal SET entries = entries + 1, hash = NEW.hash WHERE id = 1;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER move_audit_seal AFTER INSERT ON audit_entries
        FOR EACH ROW EXECUTE FUNCTION rakor_move_audit_seal()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER move_audit_seal ON audit_entries")
    op.execute("DROP FUNCTION rakor_move_audit_seal()")
    op.drop_table("audit_seal")
    op.drop_column("audit_entries", "actor")
    op.execute("DELETE FROM run_withdrawals WHERE decided_by IS NULL")
    op.alter_column("run_withdrawals", "decided_by", nullable=False)
    op.drop_table("access_former_secrets")
    op.drop_table("access_key_nodes")
    op.drop_constraint(op.f("ck_access_keys_role"), "access_keys")
    # The older program knows one role, which may do everything: a key of another role must not become such a one.
    op.execute("""
        UPDATE access_keys SET role = 'province', revoked_at = coalesce(revoked_at, now()) WHERE role <> 'province'
    """)
    op.create_check_constraint(op.f("ck_access_keys_role"), "access_keys", "role IN ('province')")
    op.drop_column("access_keys", "last_used_on")
