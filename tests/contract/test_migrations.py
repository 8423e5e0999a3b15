"""Migrations: up, down and up again; what they make is what the tables say; and the application's role may not rewrite history."""

import os
import subprocess
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import errors

from app.kit.db import driver_url
from app.kit.server import migrate

ROOT = Path(__file__).parents[2]
DENIED = (errors.InsufficientPrivilege,)
SIGNATURE = {
    "queue_name": "character varying",
    "task_name": "character varying",
    "priority": "integer",
    "lock": "text",
    "queueing_lock": "text",
    "args": "jsonb",
    "scheduled_at": "timestamp with time zone",
}

SHAPE = (
    """
    SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
    """,
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace ORDER BY 1",
    """
    SELECT table_name, grantee, privilege_type
    FROM information_schema.role_table_grants WHERE table_schema = 'public' ORDER BY 1, 2, 3
    """,
)


@pytest.fixture
def empty(server):
    """The addresses of a database that nobody has migrated yet."""
    name = f"rakor_test_{uuid.uuid4().hex[:12]}"
    server.command(f"CREATE DATABASE {name}")
    yield server.urls(name)
    server.drop(name)


def alembic(urls):
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["urls"] = urls
    return config


@contextmanager
def connected(url):
    with psycopg.connect(driver_url(url, ""), autocommit=True) as connection:
        yield connection


def shape(url):
    """Everything that migrations make, as PostgreSQL describes it."""
    with connected(url) as connection:
        return [connection.execute(query).fetchall() for query in SHAPE]


def left_over(url):
    with connected(url) as connection:
        rows = connection.execute(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL "
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace UNION ALL "
            "SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'"
        )
        return {row[0] for row in rows} - {"alembic_version", "alembic_version_pkc"}


def test_migrations_go_up_down_and_up_again_to_the_same_schema(empty):
    migrate(empty)
    first = shape(empty.owner)

    command.downgrade(alembic(empty), "base")
    assert left_over(empty.owner) == set()

    migrate(empty)
    assert shape(empty.owner) == first


def test_every_migration_can_be_undone_alone(empty):
    for _revision in (ROOT / "migrations" / "versions").glob("*.py"):
        command.upgrade(alembic(empty), "+1")
        command.downgrade(alembic(empty), "-1")
        command.upgrade(alembic(empty), "+1")

    command.check(alembic(empty))


def test_the_tables_are_what_the_migrations_make(database_urls):
    command.check(alembic(database_urls))


def test_migrating_again_changes_nothing(database_urls):
    before = shape(database_urls.owner)

    migrate(database_urls)

    assert shape(database_urls.owner) == before


def test_five_upgrades_at_once_are_harmless(empty):
    environment = {**os.environ, "RAKOR_DATABASE_URL": empty.app, "RAKOR_MIGRATION_URL": empty.owner}
    upgrade = [sys.executable, "-m", "alembic", "upgrade", "head"]

    running = [
        subprocess.Popen(
            upgrade, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(5)
    ]
    outputs = [process.communicate(timeout=600)[0] for process in running]

    assert [process.returncode for process in running] == [0] * 5, outputs
    command.check(alembic(empty))


@pytest.fixture
def as_application(database_urls):
    """A connection with the role that runs the hub."""
    with connected(database_urls.owner) as owner, connected(database_urls.app) as application:
        if owner.info.user == application.info.user:
            pytest.skip("this database has one role for everything")
        yield application


@pytest.mark.parametrize("table", ["package_versions", "changes", "audit_entries", "probes"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET at = now()",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "DROP TABLE {}",
        "ALTER TABLE {} ADD COLUMN x integer",
    ],
)
def test_the_application_cannot_rewrite_history(as_application, table, statement):
    with pytest.raises(DENIED):
        as_application.execute(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE contoh (x integer)",
        "CREATE SCHEMA contoh",
        "CREATE FUNCTION contoh() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE nodes ADD COLUMN x integer",
        "ALTER TABLE packages DISABLE TRIGGER ALL",
        "DROP TABLE packages",
        "TRUNCATE packages",
        "CREATE ROLE contoh",
        "UPDATE alembic_version SET version_num = 'x'",
        "COPY nodes TO PROGRAM 'cat'",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_cannot_change_the_schema_or_slip_past_it(as_application, statement):
    with pytest.raises(DENIED):
        as_application.execute(statement)


def test_the_application_may_do_its_work(as_application):
    work = {
        "nodes": "SELECT, INSERT, UPDATE",
        "packages": "SELECT, INSERT, UPDATE",
        "changes": "SELECT, INSERT",
        "package_versions": "SELECT, INSERT",
    }
    for table, privileges in work.items():
        for privilege in privileges.split(", "):
            assert as_application.execute("SELECT has_table_privilege(%s, %s)", (table, privilege)).fetchone() == (
                True,
            )
    as_application.execute("SELECT rakor_prepare_raw_partitions(current_date, 120)")


def test_the_queue_takes_jobs_in_the_form_in_which_we_put_them(database_urls):
    with connected(database_urls.app) as connection:
        rows = connection.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = 'procrastinate_job_to_defer_v1'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        ).fetchall()
        takes = connection.execute(
            "SELECT pg_get_function_arguments('procrastinate_defer_jobs_v1'::regproc)"
        ).fetchone()
        gives = connection.execute("SELECT pg_get_function_result('procrastinate_defer_jobs_v1'::regproc)").fetchone()

    assert dict(rows) == SIGNATURE
    assert [name for name, _kind in rows] == list(SIGNATURE), "the row is built by position"
    assert (takes, gives) == (("jobs procrastinate_job_to_defer_v1[]",), ("bigint[]",))
