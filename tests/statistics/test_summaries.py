"""Sums are kept by triggers: whatever is done to packages and awards, in one statement or many, they stay exact."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.vocabulary import PackageStatus, ValueBasis
from app.kit.db import open_database
from app.statistics.measures import Grain
from tests.records import FOR_EVERY_NODE, empty, rows
from tests.statistics import summing
from tests.statistics.worlds import a_varied_world, record

PLACE = ("node_id", "fiscal_year", "kind", "institution")
KEYS = {
    "package_summaries": ("grain", *PLACE, "category", "method", "fund_sources", "month"),
    "duration_summaries": (*PLACE, "span", "date_basis", "days"),
    "supplier_summaries": (*PLACE, "supplier_id"),
}
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
        "kind = 'recorded', status = 'running', value = NULL, value_basis = NULL, realized_value = 12.34",
        "kind = 'self_managed', realized_value = 0.01, pdn_value = 5",
        "realized_value = NULL",
        "announced_month = '2025-02'",
        "announced_month = NULL, days_to_award = NULL",
        "days_to_award = 5",
        "days_to_award = days_to_award - 9, days_to_contract = 7, date_basis = 'scheduled'",
        "days_to_contract = NULL, date_basis = 'actual'",
        "is_repeated = NOT is_repeated",
        "schedule_changes = coalesce(schedule_changes, -1) + 1",
        "schedule_changes = NULL",
        "fund_sources = '{APBN,APBD,APBN}'",
        "fund_sources = '{APBD,APBN}'",
        "fund_sources = '{BLUD}'",
        "participants = 12, bidders = 1",
        "participants = NULL, bidders = 3",
        "bidders = NULL",
        "contract_value = 7, contracted_at = NULL",
        "contract_value = NULL, contracted_at = now()",
        "contract_value = NULL, contracted_at = NULL",
        "pdn_value = 3.33, umk_value = 0",
        "pdn_value = NULL, umk_value = 1.01",
        "business_size = 'Usaha Kecil', pagu = 15000000000",
        "business_size = 'Usaha Kecil', pagu = 15000000000.01",
        "business_size = 'Perusahaan Non-Kecil', pagu = 1",
        "rup_codes = '{7,8}'",
        "rup_codes = '{}', category = 'other'",
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
OF_SOME = st.sampled_from(["true", "package_id % 2 = 0", "position = 1", "value > 99", "value IS NULL", "false"])
ANOTHER_PLACE = "1000 + CAST(nextval('raw_answer_ids') AS integer)"
AWARDS = st.builds(
    str.__add__,
    st.sampled_from(
        [
            "DELETE FROM awards WHERE ",
            "UPDATE awards SET value = value + 0.01 WHERE ",
            "UPDATE awards SET value = NULL WHERE ",
            "UPDATE awards SET value = 2.5 WHERE ",
            "UPDATE awards SET supplier_id = (SELECT max(id) FROM suppliers) WHERE ",
            f"UPDATE awards SET package_id = (SELECT min(id) FROM packages), position = {ANOTHER_PLACE} WHERE ",
            f"INSERT INTO awards (package_id, position, supplier_id, supplier_name, value) SELECT package_id, {ANOTHER_PLACE}, supplier_id, supplier_name, value FROM awards WHERE ",
        ]
    ),
    OF_SOME,
)
UPSERT_AWARDS = """
    INSERT INTO awards (package_id, position, supplier_id, supplier_name, value)
    SELECT package_id, position, supplier_id, supplier_name, 4 FROM awards
    ON CONFLICT (package_id, position) DO UPDATE SET value = 9.99
"""
MERGE_AWARDS = """
    MERGE INTO awards a USING packages p ON a.package_id = p.id
    WHEN MATCHED AND p.id % 2 = 0 THEN DELETE
    WHEN MATCHED THEN UPDATE SET value = 3
"""
ADD_AWARDS = """
    INSERT INTO awards (package_id, position, supplier_id, supplier_name, value)
    SELECT p.id, 1000 + nextval('raw_answer_ids'), s.id, s.name, p.value FROM packages p, suppliers s WHERE p.id % 3 = 0
"""
STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(
            UPDATES | UPDATES | OTHERS | AWARDS | st.sampled_from([UPSERT_AWARDS, MERGE_AWARDS, ADD_AWARDS]),
            min_size=1,
            max_size=3,
        ),
    ),
    min_size=1,
    max_size=5,
)


async def reckoned(database):
    """What the three tables must hold, one package and one award at a time."""
    packages = await rows(database, "SELECT * FROM packages")
    awards = await rows(database, "SELECT * FROM awards")
    return {
        "package_summaries": summing.package_sums(packages),
        "duration_summaries": summing.day_counts(packages),
        "supplier_summaries": summing.supplier_sums(packages, awards),
    }


async def held(database):
    """What they hold; a row that has lost its last package must hold nothing at all."""
    tables = {}
    for table, key in KEYS.items():
        found = {
            tuple(row[name] for name in key): {name: amount for name, amount in row.items() if name not in key}
            for row in await rows(database, f"SELECT * FROM {table}")
        }
        tables[table] = summing.nothing_left_out(found)
    return tables


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
async def test_sums_follow_whatever_is_done_to_packages_and_awards(database, owner, database_urls, steps):
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

    assert await held(database) == await reckoned(database)


TOGETHER = [
    "WITH gone AS (DELETE FROM awards RETURNING 1) UPDATE packages SET fiscal_year = 2030",
    "WITH gone AS (DELETE FROM awards RETURNING 1) DELETE FROM packages WHERE id IN (SELECT id FROM packages)",
    "WITH moved AS (UPDATE packages SET fiscal_year = 2030 RETURNING id) UPDATE awards SET value = 1 FROM moved WHERE package_id = moved.id",
    "WITH moved AS (UPDATE packages SET fiscal_year = 2030 RETURNING id) INSERT INTO awards (package_id, position, supplier_id, supplier_name) SELECT id, 77, 1, 'CV Contoh' FROM moved",
]


@pytest.mark.parametrize("statement", TOGETHER)
async def test_a_statement_that_moves_packages_and_awards_at_once_is_refused_and_leaves_no_trace(
    database, owner, statement
):
    await record(database, list(a_varied_world())[:12])
    async with owner.transaction() as session:
        await session.execute(text(FOR_EVERY_NODE))
        await session.execute(text("DELETE FROM package_versions"))
        await session.execute(text("DELETE FROM observations"))
        tried = await session.begin_nested()
        with pytest.raises(DBAPIError, match="one statement moves packages and awards"):
            await session.execute(text(statement))
        await tried.rollback()
        # Each on its own is fine, in the same transaction.
        await session.execute(text("UPDATE packages SET fiscal_year = 2030 WHERE id % 2 = 0"))
        await session.execute(text("UPDATE awards SET value = 1"))
        await session.execute(text("DELETE FROM packages WHERE id % 3 = 0"))

    assert await held(database) == await reckoned(database)


async def test_a_rolled_back_transaction_and_a_savepoint_leave_no_trace_in_the_sums(database, owner):
    await record(database, list(a_varied_world())[:12])
    before = await held(database)

    async with owner.transaction() as session:
        await session.execute(text(FOR_EVERY_NODE))
        savepoint = await session.begin_nested()
        await session.execute(text("UPDATE packages SET fiscal_year = 2030, pagu = pagu + 1"))
        await savepoint.rollback()

    assert all(before[table] for table in ("package_summaries", "supplier_summaries"))
    assert await held(database) == before


async def test_after_the_last_package_is_gone_every_sum_is_nothing(database, database_urls, owner):
    await record(database, list(a_varied_world()))
    async with owner.transaction() as session:
        await session.execute(text(FOR_EVERY_NODE))
        await session.execute(text("UPDATE packages SET days_to_award = id % 40, days_to_contract = 3"))
    assert all(len(groups) > 3 for groups in (await held(database)).values())

    async with owner.transaction() as session:
        await session.execute(text(FOR_EVERY_NODE))
        await session.execute(text("DELETE FROM package_versions"))
        await session.execute(text("DELETE FROM observations"))
        await session.execute(text("DELETE FROM packages"))

    assert await held(database) == {table: {} for table in KEYS}


async def test_every_measure_is_reckoned_here_too(database):
    columns = await rows(database, "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'package_summaries'")  # fmt: skip

    assert {row["name"] for row in columns} == {*KEYS["package_summaries"], *summing.COUNTED, *summing.SUMMED}
    assert (tuple(PackageStatus), tuple(ValueBasis)) == (summing.STATUSES, summing.BASES)
    assert set(summing.GRAINS) == set(Grain)
