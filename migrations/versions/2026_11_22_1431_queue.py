"""The job queue lives in the hub's own database: procrastinate's schema as its pinned release ships it."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "2f00queue"
down_revision = "1f00tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    op.execute(r"""
        DO $$
        DECLARE routine regprocedure;
        BEGIN
            FOR routine IN
                SELECT p.oid::regprocedure FROM pg_proc p
                WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'procrastinate\_%'
            LOOP
                EXECUTE format('DROP FUNCTION %s CASCADE', routine);
            END LOOP;
        END $$
    """)
    for table in ("events", "periodic_defers", "jobs", "workers"):
        op.execute(f"DROP TABLE procrastinate_{table}")
    for kind in ("job_to_defer_v1", "job_event_type", "job_status"):
        op.execute(f"DROP TYPE procrastinate_{kind}")
