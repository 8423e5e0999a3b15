"""A connection of its own for one small question: it answers at once, and comes back after it was lost."""

import asyncio

import asyncpg
import pytest

from app.kit.db import Asker, driver_url
from tests.records import rows

BACKENDS = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%41 + 1%' AND pid <> pg_backend_pid()"  # fmt: skip


@pytest.fixture
async def asker(database):
    opened = Asker(database, "SELECT 41 + 1")
    yield opened
    await opened.close()


async def test_many_at_once_are_answered_one_after_another_on_one_connection(database, asker):
    assert set(await asyncio.gather(*(asker.ask() for _ in range(20)))) == {42}
    assert await rows(database, BACKENDS) == [{"n": 1}]


async def test_a_lost_connection_is_opened_anew(database, database_urls, asker):
    await asker.ask()
    owner = await asyncpg.connect(driver_url(database_urls.owner, ""))
    ended = await owner.fetchval("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%41 + 1%' AND pid <> pg_backend_pid()")  # fmt: skip
    await owner.close()

    assert ended == 1
    assert await asker.ask() == 42


async def test_what_cannot_be_answered_is_said_and_the_next_question_starts_afresh(database):
    asker = Asker(database, "SELECT count(*) FROM not_there_yet")

    for _ in range(2):
        with pytest.raises(asyncpg.UndefinedTableError):
            await asker.ask()

    await asker.close()


async def test_it_can_write_nothing(database):
    asker = Asker(database, "DELETE FROM nodes RETURNING 1")

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await asker.ask()

    await asker.close()
