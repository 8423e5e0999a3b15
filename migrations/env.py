"""Alembic's entry: finds the database as the application does, and lets one upgrade run while others wait."""

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from app.kit.db import driver_url
from app.kit.postgres import ServerUrls
from app.kit.server import role_of
from app.metadata import metadata
from app.procurement.tables import TransactionId
from app.settings import Settings

# SQLAlchemy does not know the type; without it the columns could not be compared with the tables' own.
ischema_names["xid8"] = TransactionId

TURN = {"key": "rakor.migrations"}
APPEND_ONLY = ("package_versions", "complete_readings", "changes", "audit_entries", "probes", "reported_figures")
OWNED = ("audit_seal",)
"""What only the database itself writes, by the owner's triggers."""


def include_name(name: str | None, type_: str, parent_names: object) -> bool:
    """Leave the queue's own tables and the partitions of others out of comparisons."""
    apart = ("procrastinate_", "raw_answers_", "package_summaries_")
    return type_ != "table" or not (name or "").startswith(apart)


def find_urls() -> ServerUrls:
    given: ServerUrls | None = context.config.attributes.get("urls")
    if given is not None:
        return given
    settings = Settings()
    return settings.server_urls()


def grant(connection: Connection, role: str) -> None:
    """Let the application's role work on the tables that the owner made; what is append-only stays so for it."""
    name = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {name}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}"))
    connection.execute(text(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {name}"))
    connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}"))
    for table in APPEND_ONLY:
        # An older revision may lack the table.
        if connection.scalar(text("SELECT to_regclass(:table) IS NOT NULL"), {"table": table}):
            connection.execute(text(f"REVOKE UPDATE, DELETE ON {table} FROM {name}"))
    for table in OWNED:
        if connection.scalar(text("SELECT to_regclass(:table) IS NOT NULL"), {"table": table}):
            connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {name}"))


def run() -> None:
    urls = find_urls()
    engine = create_engine(driver_url(urls.owner, "psycopg"))
    with engine.connect() as connection:
        # Five upgrades at once: one runs, the others wait here and then find nothing to do.
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:key, 0))"), TURN)
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, include_name=include_name, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        if connection.in_transaction():
            connection.commit()
        role = role_of(urls.app)
        has_tables = connection.scalar(text("SELECT to_regclass('public.changes') IS NOT NULL"))
        if role and role != role_of(urls.owner) and has_tables:
            grant(connection, role)
        connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), TURN)
        connection.commit()
    engine.dispose()


run()
