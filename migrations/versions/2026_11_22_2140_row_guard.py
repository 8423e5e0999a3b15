"""The database itself refuses a write to a node that the transaction was not opened for."""

from alembic import op

revision = "bf00guard"
down_revision = "af00push"
branch_labels = None
depends_on = None

# Row-level security would say the same, but COPY FROM does not work on a table that has it, it lets an UPDATE of
# foreign rows pass as one of no rows, and it knows no TRUNCATE. A statement's own trigger sees COPY too, and raises.
OWNED = ("packages", "submissions", "reported_figures")
"""Tables whose rows name their node."""
PARTS = ("observations", "awards", "package_versions")
"""Tables whose rows belong to a package."""
EVENTS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}

# `rakor.node` is set for one transaction (kit.db.write_for_node); unset, nothing may be written. The owner's maintenance
# may say “every”; where one role is both, that word is the only difference between a repair and a mistake.
ALLOWED = """
    DECLARE
        opened text := coalesce(current_setting('rakor.node', true), '');
        allowed bigint;
    BEGIN
        IF opened = 'every' AND pg_has_role(current_user,
                (SELECT relowner FROM pg_catalog.pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
            RETURN NULL;
        END IF;
        allowed := CASE WHEN opened ~ '^[0-9]{1,18}$' THEN opened::bigint END;
"""
REFUSE = """
            RAISE EXCEPTION '% of % refused: the transaction was opened for node “%”', TG_OP, TG_TABLE_NAME, opened
                USING ERRCODE = 'insufficient_privilege', HINT = 'write_for_node says whom a transaction writes for.';
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute(f"""
        CREATE FUNCTION rakor_guard_node() RETURNS trigger LANGUAGE plpgsql AS $$ {ALLOWED}
            IF EXISTS (SELECT FROM moved WHERE node_id IS DISTINCT FROM allowed) THEN {REFUSE}
            END IF;
            RETURN NULL;
        END $$
    """)
    # A plan made while the table of packages was small must not read all of it once it is large.
    op.execute(f"""
        CREATE FUNCTION rakor_guard_package() RETURNS trigger LANGUAGE plpgsql
        SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$ {ALLOWED}
            IF EXISTS (SELECT FROM moved LEFT JOIN public.packages p ON p.id = moved.package_id
                       WHERE p.id IS NULL OR p.node_id IS DISTINCT FROM allowed) THEN {REFUSE}
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute(f"""
        CREATE FUNCTION rakor_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {ALLOWED}
            RAISE EXCEPTION '% of % refused: rows neither change hands nor vanish all at once', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END $$
    """)
    for table in existing(OWNED):
        guard(table, "rakor_guard_node", owner_column="node_id")
    for table in existing(PARTS):
        guard(table, "rakor_guard_package", owner_column="package_id")


def guard(table: str, function: str, *, owner_column: str) -> None:
    for event, rows in EVENTS.items():
        op.execute(f"""
            CREATE TRIGGER guard_{event} AFTER {event.upper()} ON {table} REFERENCING {rows} TABLE AS moved
            FOR EACH STATEMENT EXECUTE FUNCTION {function}()
        """)
    # Because a row keeps its owner, an update need not be looked at from before.
    op.execute(f"""
        CREATE TRIGGER guard_owner BEFORE UPDATE OF {owner_column} ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION rakor_refuse()
    """)
    op.execute(f"""
        CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION rakor_refuse()
    """)


def existing(tables: tuple[str, ...]) -> list[str]:
    found = op.get_bind().exec_driver_sql(
        "SELECT name FROM unnest(%(tables)s::text[]) AS name WHERE to_regclass('public.' || name) IS NOT NULL",
        {"tables": list(tables)},
    )
    return [row.name for row in found]


def downgrade() -> None:
    for table in existing((*OWNED, *PARTS)):
        for trigger in (*(f"guard_{event}" for event in EVENTS), "guard_owner", "guard_truncate"):
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in ("rakor_guard_node", "rakor_guard_package", "rakor_refuse"):
        op.execute(f"DROP FUNCTION {function}()")
