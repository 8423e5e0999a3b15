"""Observations know the submission and row they were pushed with; what belongs to a package is checked by the statement."""

from alembic import op

revision = "af00push"
down_revision = "9f00reported"
branch_labels = None
depends_on = None

# A foreign key looks up and locks its row once for every row that is written: for observations, versions and awards
# together as much as a fourth of all that taking a package in costs the database, and writers of different nodes meet at
# suppliers. What these tables get is checked a whole statement at a time instead: that a package is there and whose it is
# by the guard (bf00guard), the rest here. Names, and what is to be done if the package goes.
KEYS = {
    "observations": (("fk_observations_package_id_packages", "package_id", "packages", ""),),
    "package_versions": (("fk_package_versions_package_id_packages", "package_id", "packages", ""),),
    "awards": (
        ("fk_awards_package_id_packages", "package_id", "packages", "ON DELETE CASCADE"),
        ("fk_awards_supplier_id_suppliers", "supplier_id", "suppliers", ""),
    ),
}
TRIGGERS = {
    "keep_parts": ("packages", "DELETE", "OLD TABLE AS went"),
    "keep_awarded": ("suppliers", "DELETE", "OLD TABLE AS went"),
    "know_suppliers": ("awards", "INSERT", "NEW TABLE AS came"),
}
FUNCTIONS = {
    "keep_parts": """
        DELETE FROM public.awards a USING went WHERE a.package_id = went.id;
        IF EXISTS (SELECT FROM went JOIN public.observations o ON o.package_id = went.id)
           OR EXISTS (SELECT FROM went JOIN public.package_versions v ON v.package_id = went.id) THEN
            RAISE EXCEPTION 'packages with observations or versions cannot be deleted'
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    """,
    "keep_awarded": """
        IF EXISTS (SELECT FROM went JOIN public.awards a ON a.supplier_id = went.id) THEN
            RAISE EXCEPTION 'suppliers with awards cannot be deleted' USING ERRCODE = 'foreign_key_violation';
        END IF;
    """,
    "know_suppliers": """
        IF EXISTS (SELECT FROM came LEFT JOIN public.suppliers s ON s.id = came.supplier_id WHERE s.id IS NULL) THEN
            RAISE EXCEPTION 'awards name a supplier that is not there' USING ERRCODE = 'foreign_key_violation';
        END IF;
    """,
}
# A plan made while a table was small must not read all of it once it is large.
PLANNING = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE observations
            ADD COLUMN said_at timestamptz, ADD COLUMN submission_id bigint, ADD COLUMN submission_row integer
    """)
    for table, keys in KEYS.items():
        for name, *_ in keys:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, (table, event, rows) in TRIGGERS.items():
        op.execute(f"""
            CREATE FUNCTION rakor_{name}() RETURNS trigger LANGUAGE plpgsql {PLANNING}
            AS $$ BEGIN {FUNCTIONS[name]} RETURN NULL; END $$
        """)
        op.execute(f"""
            CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows}
            FOR EACH STATEMENT EXECUTE FUNCTION rakor_{name}()
        """)


def downgrade() -> None:
    for name, (table, _event, _rows) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION rakor_{name}()")
    for table, keys in KEYS.items():
        for name, column, other, action in keys:
            op.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {other} (id) {action}"
            )
    op.execute("ALTER TABLE observations DROP COLUMN said_at, DROP COLUMN submission_id, DROP COLUMN submission_row")
