"""A simulated node, a database that knows where it answers, and a collector between them."""

import psycopg
import pytest

from app.kit.db import driver_url
from app.simulator.running import running_simulator
from tests.collection.road import Road, a_collector, a_world, point_at
from tests.records import FOR_EVERY_NODE, borrowed, cloned

_KEEP = """
    CREATE SCHEMA kept;
    CREATE TABLE kept.nodes AS TABLE nodes;
    CREATE TABLE kept.endpoints AS TABLE endpoints;
"""
_FILLED = (
    "run_problems", "run_items", "run_lists", "run_withdrawals", "sightings", "raw_answers", "package_versions",
    "feed_checkpoints", "changes",
    "awards", "observations", "packages", "suppliers", "package_summaries", "duration_summaries", "supplier_summaries",
    "node_freshness", "complete_readings", "audit_entries", "access_keys", "credentials",
    "collection_plans", "runs", "run_batches", "host_budgets", "host_leases", "procrastinate_events",
    "procrastinate_jobs", "procrastinate_workers", "endpoint_health", "endpoints",
)  # fmt: skip
_RESTORE = f"""
    ALTER TABLE endpoints DISABLE TRIGGER note_node;
    {"".join(f"DELETE FROM {table}; " for table in _FILLED)}
    UPDATE audit_seal SET entries = 0, hash = decode(repeat('00', 32), 'hex');
    INSERT INTO endpoints OVERRIDING SYSTEM VALUE TABLE kept.endpoints;
    DELETE FROM nodes n WHERE NOT EXISTS (SELECT 1 FROM kept.nodes k WHERE k.id = n.id);
    ALTER TABLE endpoints ENABLE TRIGGER note_node;
    UPDATE nodes n SET state = k.state, edited = k.edited, changed_at = k.changed_at, retired_at = k.retired_at,
        kd_lpse = k.kd_lpse, software_version = k.software_version, stated_time_zone = k.stated_time_zone
    FROM kept.nodes k
    WHERE k.id = n.id AND (k.state, k.edited, k.kd_lpse, k.software_version, k.stated_time_zone)
                          IS DISTINCT FROM (n.state, n.edited, n.kd_lpse, n.software_version, n.stated_time_zone);
"""


def _as_owner(urls, statements):
    with psycopg.connect(driver_url(urls.owner, "")) as connection:
        connection.execute(FOR_EVERY_NODE)
        connection.execute(statements)


@pytest.fixture(scope="module")
def database_urls(server, template):
    """The tests of one file share a database, put back after each: much cheaper than a clone for every test."""
    with cloned(server, template) as urls:
        _as_owner(urls, _KEEP)
        yield urls


@pytest.fixture
async def database(database_urls):
    async with borrowed(database_urls) as opened:
        yield opened
        _as_owner(database_urls, _RESTORE)


@pytest.fixture
def world():
    return a_world()


@pytest.fixture
def simulator(world):
    with running_simulator(world) as running:
        yield running


@pytest.fixture
async def road(database, simulator):
    await point_at(database, simulator)
    return Road(database, a_collector(database))
