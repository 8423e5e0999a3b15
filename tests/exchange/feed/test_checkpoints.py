"""Checkpoints: a follower that counts and hashes the same has everything."""

import asyncio

import pytest
from sqlalchemy import text

from app.exchange.feed import checkpoints
from app.exchange.feed.cursor import START, decode
from app.exchange.feed.items import Digest
from app.exchange.feed.reading import EVERYTHING, read_changes
from tests.conftest import NOW
from tests.exchange.feed.following import settled
from tests.records import a_record, a_sketch, door_of, minutes, rows


async def reckoned(database, place):
    """Count and digest of the whole feed up to a place, as a follower reckons them."""
    digest, after = Digest(), START
    while True:
        async with database.reading() as session:
            page = await read_changes(session, EVERYTHING, after=after, limit=50)
        for item in page.items:
            digest.add(item.content)
            if item.position == place:
                return digest.count, digest.chain.hex()
        assert page.more, "the checkpoint names no change"
        after = page.next


async def reckon(database, now):
    await settled(database)
    return await checkpoints.reckon_checkpoints(database, now=lambda: now)


async def listed(database):
    async with database.reading() as session:
        return await checkpoints.list_checkpoints(session, before=None, limit=100)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 40)
    monkeypatch.setattr(checkpoints, "AT_ONCE", 7)


async def test_each_checkpoint_counts_and_hashes_what_a_follower_sees(database):
    door = await door_of(database)
    for number in range(5):
        await door.record(*(a_sketch(f"{number}{n:03}") for n in range(20)))

    added = await reckon(database, NOW)

    found = await listed(database)
    assert len(found) == added > 3
    counts = [row["count"] for row in found]
    assert counts == sorted(counts, reverse=True)
    for row in (found[0], found[1], found[-1]):
        assert await reckoned(database, decode(row["cursor"])) == (row["count"], row["digest"])


async def test_the_last_one_is_at_the_end_of_what_has_happened(database):
    await (await door_of(database)).record(a_sketch("1"))
    await reckon(database, NOW)
    async with database.reading() as session:
        page = await read_changes(session, EVERYTHING, after=decode((await listed(database))[0]["cursor"]), limit=1)

    assert not page.items


async def test_few_changes_wait_for_a_minute_and_many_do_not(database):
    door = await door_of(database)
    await door.record(a_sketch("1"))
    await reckon(database, NOW)
    await door.record(a_record("1"))

    assert await reckon(database, NOW + minutes(0.5)) == 0
    assert await reckon(database, NOW + minutes(1)) == 1
    assert await reckon(database, NOW + minutes(9)) == 0
    await door.record(*(a_sketch(f"2{n:03}") for n in range(40)))
    assert await reckon(database, NOW + minutes(9)) == 1


async def test_of_several_workers_one_reckons(database):
    await (await door_of(database)).record(*(a_sketch(f"{n}") for n in range(100)))

    added = await asyncio.gather(*(reckon(database, NOW) for _ in range(3)))

    found = await rows(database, "SELECT count FROM feed_checkpoints ORDER BY id")
    assert sum(added) == len(found)
    assert [row["count"] for row in found] == sorted({row["count"] for row in found})


async def test_checkpoints_of_older_rules_are_not_shown(database):
    await (await door_of(database)).record(a_sketch("1"))
    await reckon(database, NOW)
    async with database.transaction() as session:
        await session.execute(text("UPDATE feed_checkpoints SET format = 0"))

    assert await listed(database) == []
    assert await reckon(database, NOW) > 0


async def test_a_node_that_comes_back_under_another_name_has_them_reckoned_anew(database):
    await (await door_of(database)).record(a_sketch("1"))
    await reckon(database, NOW)
    before = (await listed(database))[0]["digest"]
    async with database.transaction() as session:
        await session.execute(text("UPDATE nodes SET slug = 'contoh-lain' WHERE slug = 'surabaya'"))
    try:
        assert await listed(database) == []
        await reckon(database, NOW)
        assert (await listed(database))[0]["digest"] != before
    finally:
        async with database.transaction() as session:
            await session.execute(text("UPDATE nodes SET slug = 'surabaya' WHERE slug = 'contoh-lain'"))
