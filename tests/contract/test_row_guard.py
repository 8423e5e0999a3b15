"""A transaction writes the rows of the node that it was opened for; the database itself refuses every other."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.dates import TimeZone
from app.core.vocabulary import Interface
from app.kit.db import driver_url, open_database, write_for_node
from app.procurement.entries import Sender
from app.procurement.service import record_packages, withdraw_packages
from tests.conftest import NOW
from tests.records import JAYAPURA, SURABAYA, a_record, door_of, one, rows

TABLES = ("packages", "observations", "awards", "package_versions", "submissions", "reported_figures")


@pytest.fixture
async def own(database):
    door = await door_of(database, SURABAYA)
    await door.record(a_record("1"))
    return door


@pytest.fixture
async def foreign(database):
    door = await door_of(database, JAYAPURA)
    await door.record(a_record("2"))
    async with door.writing() as session:
        await session.execute(text(SUBMIT), {"node": door.sender.node_id, "now": NOW})
        await session.execute(text(REPORT), {"node": door.sender.node_id, "now": NOW})
    return door


SUBMIT = """
    INSERT INTO submissions (node_id, schema, form, encoding, complete, dry_run, columns, caller, caller_name, fingerprint,
                             sha256, length, body_id, state, received_at)
    VALUES (:node, 'rakor-package', 'json', 'identity', false, false, '{}', 'key:1', 'test', '', '', 0,
            gen_random_uuid(), 'received', :now)
"""
REPORT = """
    INSERT INTO reported_figures (node_id, fiscal_year, revision, packages, kinds, role, caller, received_at)
    VALUES (:node, 2025, (SELECT count(*) + 1 FROM reported_figures), 1, '{}', 'node', 'key:1', :now)
"""
PACKAGE = "(SELECT id FROM packages WHERE node_id = :node)"
WRITES = {
    "a package": "INSERT INTO packages (node_id, kind, code, status, fiscal_year, fiscal_years, first_seen_at, changed_at,"
    " version, source, state_hash, labels, locations, fund_sources, rup_codes, offers, realizations, schedule, source_ids,"
    " withdrawn) SELECT node_id, kind, '3', status, fiscal_year, fiscal_years, first_seen_at, changed_at, version, source,"
    " state_hash, labels, locations, fund_sources, rup_codes, offers, realizations, schedule, source_ids, withdrawn"
    " FROM packages WHERE node_id = :node",
    "a package's value": "UPDATE packages SET value = 1 WHERE node_id = :node",
    "all packages' value": "UPDATE packages SET value = 1",
    "a package's end": "DELETE FROM packages WHERE node_id = :node",
    "a word on a package": "INSERT INTO observations (package_id, source, content_hash, fields, is_current, received_at,"
    " last_seen_at, parser_version) SELECT package_id, 'isb', content_hash, fields, true, received_at, last_seen_at, ''"
    f" FROM observations WHERE package_id = {PACKAGE}",
    "another word": f"UPDATE observations SET fields = '{{}}' WHERE package_id = {PACKAGE}",
    "a word taken back": f"DELETE FROM observations WHERE package_id = {PACKAGE}",
    "a winner": "INSERT INTO awards (package_id, supplier_id, position, supplier_name)"
    f" SELECT package_id, supplier_id, 2, supplier_name FROM awards WHERE package_id = {PACKAGE}",
    "another winner": f"UPDATE awards SET supplier_name = 'CV Contoh Lain' WHERE package_id = {PACKAGE}",
    "no winner": f"DELETE FROM awards WHERE package_id = {PACKAGE}",
    "a version": "INSERT INTO package_versions (package_id, version, at, observation_ids, state)"
    f" SELECT package_id, 2, at, observation_ids, state FROM package_versions WHERE package_id = {PACKAGE}",
    "a submission": SUBMIT.replace(":now", "now()"),
    "a submission's end": "UPDATE submissions SET state = 'failed', finished_at = now() WHERE node_id = :node",
    "no submission": "DELETE FROM submissions WHERE node_id = :node",
    "a figure": REPORT.replace(":now", "now()"),
    "another figure": "UPDATE reported_figures SET packages = 2 WHERE node_id = :node",
    "no figure": "DELETE FROM reported_figures WHERE node_id = :node",
}
APPEND_ONLY = {"another figure", "no figure"}
"""What the application may not do to any node's rows."""
# Of all packages only its own are its own, and a package has parts that would have to go before it.
MINE = [name for name in WRITES if name not in APPEND_ONLY | {"all packages' value", "a package's end"}]
OPENED = "the transaction was opened for node"


async def attempt(database, statement: str, *, node: int | None, of: int) -> None:
    async with database.transaction() as session:
        if node is not None:
            await write_for_node(session, node)
        await session.execute(text(statement), {"node": of} if ":node" in statement else {})


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_to_another_nodes_rows_is_refused_by_the_database(database, own, foreign, write):
    before = {table: await rows(database, f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}

    for node in (own.sender.node_id, None):
        with pytest.raises(DBAPIError, match="permission denied" if write in APPEND_ONLY else OPENED):
            await attempt(database, WRITES[write], node=node, of=foreign.sender.node_id)

    assert before == {table: await rows(database, f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}


@pytest.mark.parametrize("write", MINE)
async def test_the_same_write_to_its_own_rows_is_let_through(database, foreign, write):
    await attempt(database, WRITES[write], node=foreign.sender.node_id, of=foreign.sender.node_id)


@pytest.mark.parametrize("table", TABLES)
async def test_a_row_does_not_change_hands(database, own, foreign, table):
    column = "node_id" if table in {"packages", "submissions", "reported_figures"} else "package_id"

    with pytest.raises(DBAPIError, match=r"refused|permission denied"):
        await attempt(database, f"UPDATE {table} SET {column} = {column}", node=own.sender.node_id, of=0)


@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_emptied_at_once_not_even_by_its_owner(database_urls, table):
    for url, refusal in ((database_urls.app, "permission denied|refused"), (database_urls.owner, "refused")):
        with (
            psycopg.connect(driver_url(url, "")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match=refusal),
        ):
            connection.execute(f"TRUNCATE {table} CASCADE")


async def test_copy_is_seen_too(database, own, foreign):
    with pytest.raises(DBAPIError, match=OPENED):
        async with own.writing() as session:
            await record_packages(session, foreign.sender, [a_record("4")], now=NOW)

    assert [row["code"] for row in await rows(database, "SELECT code FROM packages ORDER BY code")] == ["1", "2"]


async def test_a_transaction_that_names_no_node_records_nothing(database, own):
    with pytest.raises(DBAPIError, match="the transaction was opened for node “”"):
        async with database.transaction() as session:
            await record_packages(session, own.sender, [a_record("4")], now=NOW)


async def test_one_transaction_may_write_for_one_node_after_the_other(database, own, foreign):
    async with database.transaction() as session:
        for door in (own, foreign):
            await write_for_node(session, door.sender.node_id)
            await record_packages(session, door.sender, [a_record("5")], now=NOW)
            await withdraw_packages(session, door.sender, [("tender", "5")], now=NOW)

    assert (await one(database, "SELECT count(*) AS n FROM packages WHERE code = '5' AND withdrawn"))["n"] == 2


async def test_what_a_savepoint_gave_back_is_no_longer_open(database, own, foreign):
    async with database.transaction() as session:
        await write_for_node(session, own.sender.node_id)
        savepoint = await session.begin_nested()
        await write_for_node(session, foreign.sender.node_id)
        await savepoint.rollback()

        with pytest.raises(DBAPIError, match=f"opened for node “{own.sender.node_id}”"):
            await session.execute(text(WRITES["a package's value"]), {"node": foreign.sender.node_id})


@pytest.mark.parametrize("said", ["every", "", "0", "-1", "1 OR 1=1", "9" * 40, "1e3", "*"])
async def test_no_other_word_opens_the_tables_to_the_application(database, database_urls, own, said):
    if database_urls.owner == database_urls.app:
        pytest.skip("one role owns and runs this database")

    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT set_config('rakor.node', :said, true)"), {"said": said})

        with pytest.raises(DBAPIError, match=OPENED):
            await connection.execute(text("UPDATE packages SET value = 1"))


async def test_interleaved_writers_on_one_pool_leak_nothing(database_urls):
    database = open_database(database_urls.app, pool_size=3)
    slugs = await rows(database, "SELECT id, slug, time_zone FROM nodes ORDER BY id LIMIT 50")
    senders = [Sender(row["id"], TimeZone(row["time_zone"]), Interface.PUSH, parser_version="test 1") for row in slugs]

    async def push(number: int) -> None:
        sender, other = senders[number % 50], senders[(number + 1) % 50]
        try:
            async with database.transaction() as session:
                await write_for_node(session, sender.node_id)
                await record_packages(session, sender, [a_record(str(1000 + number))], now=NOW)
                if number % 5 == 1:
                    await session.execute(text("SELECT 1 / 0"))
                if number % 5 == 2:
                    await record_packages(session, other, [a_record("666")], now=NOW)
        except DBAPIError as error:
            assert {1: "division by zero", 2: OPENED}[number % 5] in str(error)  # noqa: PT017
        async with database.transaction() as session:
            # Whoever comes next on a connection finds it closed.
            assert not await session.scalar(text("SELECT current_setting('rakor.node', true)"))

    async def aborted(number: int) -> None:
        task = asyncio.create_task(push(number))
        await asyncio.sleep(0.001 * (number % 7))
        if number % 11 == 3:
            task.cancel()
        await asyncio.gather(task, return_exceptions=number % 11 == 3)

    # Whoever meets a winner for the first time is waited for, which two who write for two nodes each must not do both.
    await push(0)
    await asyncio.gather(*[aborted(number) for number in range(120)])

    written = await rows(database, "SELECT node_id, code FROM packages")
    await database.close()
    assert len(written) > 50
    assert all(senders[(int(row["code"]) - 1000) % 50].node_id == row["node_id"] for row in written)
    assert not any(row["code"] == "666" for row in written)


async def test_sums_still_follow_packages(database, own):
    await own.record(a_record("7"))

    held = await one(
        database,
        "SELECT sum(packages) AS packages, sum(pagu_value) AS value FROM package_summaries WHERE grain = 'place'",
    )

    assert (held["packages"], held["value"]) == (2, 1600000)


async def test_reading_is_open(database, own, foreign):
    async with database.transaction() as session:
        await write_for_node(session, own.sender.node_id)

        assert await session.scalar(text("SELECT count(*) FROM packages")) == 2
