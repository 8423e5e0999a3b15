"""Summaries are kept by triggers: whatever is done to packages, in one statement or many, they stay exact."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.kit.db import open_database
from tests.records import FOR_EVERY_NODE, empty, rows
from tests.statistics.reckoning import BASES
from tests.statistics.worlds import a_varied_world, record

KEY = ("node_id", "fiscal_year", "kind", "institution", "category", "method", "awarded_month")
SOME = st.sampled_from(
    ["true", "id % 2 = 0", "id % 3 = 1", "fiscal_year = 2024", "status = 'completed'", "pagu > 99", "false"]
)
COLUMNS = "node_id, kind, code, labels, locations, status, fiscal_year, fiscal_years, fund_sources, rup_codes, source, version, state_hash, first_seen_at, changed_at"  # fmt: skip
MOVES = st.sampled_from(
    [
        "fiscal_year = 2024",
        "fiscal_year = 4050 - fiscal_year",
        "kind = CASE kind WHEN 'tender' THEN 'emergency' ELSE 'tender' END",
        "node_id = (SELECT id FROM nodes WHERE slug = 'surabaya')",
        "institution = NULL",
        "institution = 'D181', category = 'works', method = NULL",
        "category = method, method = NULL WHERE_METHOD",
        "awarded_month = '2025-01'",
        "awarded_month = NULL, withdrawn = NOT withdrawn",
        "withdrawn = true",
        "withdrawn = false",
        "pagu = pagu + 0.01, hps = NULL",
        "pagu = NULL",
        "hps = 99999999999999999.99",
        "status = 'failed', value = NULL, value_basis = NULL",
        "status = 'completed'",
        "status = 'completed', value = 0, value_basis = 'bid'",
        "status = 'completed', value = 7.77, value_basis = 'contract'",
        "name = name",
    ]
)
UPDATES = (
    st.tuples(MOVES, SOME)
    .map(lambda move: f"UPDATE packages SET {move[0]} WHERE {move[1]}")
    .map(lambda statement: statement.replace("WHERE_METHOD WHERE", "WHERE method IN ('other') AND"))
)
UPSERT = f"""
    INSERT INTO packages ({COLUMNS}) SELECT {COLUMNS} FROM packages
    ON CONFLICT (node_id, kind, code) DO UPDATE SET fiscal_year = 2030, pagu = 5
"""
MERGE = """
    MERGE INTO packages p USING (SELECT id FROM packages) q ON p.id = q.id
    WHEN MATCHED AND p.id % 2 = 0 THEN DELETE
    WHEN MATCHED THEN UPDATE SET category = 'goods'
"""
OTHERS = st.sampled_from(
    [
        UPSERT,
        MERGE,
        "DELETE FROM packages WHERE id % 5 = 0",
        "DELETE FROM packages WHERE withdrawn",
        f"INSERT INTO packages ({COLUMNS}) SELECT {COLUMNS.replace(' code,', ' code || nextval($$raw_answer_ids$$),')} FROM packages WHERE id % 4 = 0",
        "WITH gone AS (DELETE FROM packages WHERE id % 7 = 0 RETURNING id) UPDATE packages SET hps = 1 WHERE id % 7 = 1",
    ]
)
STEPS = st.lists(
    st.tuples(st.booleans(), st.lists(UPDATES | UPDATES | OTHERS, min_size=1, max_size=3)), min_size=1, max_size=5
)


def summarised(packages):
    """What the summary rows must be, added up one package at a time."""
    groups = defaultdict(lambda: defaultdict(Decimal))
    for package in packages:
        if package["withdrawn"]:
            continue
        sums = groups[tuple("" if package[name] is None else package[name] for name in KEY)]
        sums["packages"] += 1
        sums["completed"] += package["status"] == "completed"
        sums["no_value"] += package["status"] == "completed" and package["value"] is None
        if package["value"] is None:
            continue
        sums[f"basis_{package['value_basis']}"] += 1
        for base in ("pagu", "hps"):
            sums[f"no_{base}"] += package[base] is None
            if package[base] is not None:
                sums[f"{base}_packages"] += 1
                sums[f"{base}_base"] += package[base]
                sums[f"{base}_value"] += package["value"]
    return {key: {name: amount for name, amount in sums.items() if amount} for key, sums in groups.items()}


async def held(database):
    """What the summary rows are; a row that counts no package must hold nothing at all."""
    found = {}
    for row in await rows(database, "SELECT * FROM package_summaries"):
        sums = {name: amount for name, amount in row.items() if name not in KEY and amount}
        if row["packages"] or sums:
            found[tuple(row[name] for name in KEY)] = sums
    return found


@pytest.fixture
async def owner(database_urls):
    """The owner, who may do to packages what the application may not."""
    opened = open_database(database_urls.owner, pool_size=1)
    yield opened
    await opened.close()


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(STEPS)
async def test_summaries_follow_whatever_is_done_to_packages(database, owner, database_urls, steps):
    empty(database_urls)
    await record(database, list(a_varied_world())[:16])

    async with owner.transaction() as session:
        await session.execute(text(FOR_EVERY_NODE))
        await session.execute(text("DELETE FROM package_versions"))
        await session.execute(text("DELETE FROM observations"))
        for is_kept, statements in steps:
            savepoint = await session.begin_nested()
            for statement in statements:
                await session.execute(text(statement))
            await (savepoint.commit() if is_kept else savepoint.rollback())

    assert await held(database) == summarised(await rows(database, "SELECT * FROM packages"))


async def test_a_rolled_back_transaction_and_a_savepoint_leave_no_trace_in_the_sums(database, owner):
    await record(database, list(a_varied_world())[:12])
    before = await held(database)

    async with owner.transaction() as session:
        await session.execute(text(FOR_EVERY_NODE))
        savepoint = await session.begin_nested()
        await session.execute(text("UPDATE packages SET fiscal_year = 2030, pagu = pagu + 1"))
        await savepoint.rollback()

    assert before
    assert await held(database) == before


async def test_after_the_last_package_is_gone_every_sum_is_nothing(database, database_urls, owner):
    await record(database, list(a_varied_world()))
    assert len(await held(database)) > 30

    async with owner.transaction() as session:
        await session.execute(text(FOR_EVERY_NODE))
        await session.execute(text("DELETE FROM package_versions"))
        await session.execute(text("DELETE FROM observations"))
        await session.execute(text("DELETE FROM packages"))

    assert await held(database) == {}


async def test_summary_rows_name_every_basis_there_is(database):
    columns = await rows(database, "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'package_summaries' AND column_name LIKE 'basis%'")  # fmt: skip

    assert {row["name"] for row in columns} == {f"basis_{basis}" for basis in BASES}
