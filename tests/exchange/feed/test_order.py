"""Nothing is ever skipped, however many write at once and however long their transactions last."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.exchange.feed.cursor import START, Position, decode
from app.exchange.feed.errors import FeedRestarted
from app.exchange.feed.places import read_head
from app.exchange.feed.reading import EVERYTHING, ChangeFilter, read_changes
from app.kit.db import open_database
from app.kit.paging import CursorInvalid
from app.procurement.service import record_packages
from tests.conftest import NOW
from tests.exchange.feed.following import Follower, at_the_end, key_of, keys
from tests.records import BANJARMASIN, SURABAYA, a_record, a_sketch, door_of, execute, one, rows

WRITERS, EACH = 24, 8


class _Undone(Exception):
    pass


async def test_followers_miss_nothing_of_many_writers_with_transactions_of_mixed_length(database_urls, database):
    slugs = [row["slug"] for row in await rows(database, f"SELECT slug FROM nodes ORDER BY slug LIMIT {WRITERS}")]
    crowd = open_database(database_urls.app, pool_size=WRITERS)
    doors = [replace(await door_of(database, slug), database=crowd) for slug in slugs]
    followers = [await at_the_end(database) for _ in range(3)]
    done = asyncio.Event()
    chance = random.Random(20261129)
    acknowledged: list[str] = []

    async def write(number: int) -> None:
        for turn in range(EACH):
            code = f"{number + 1}{turn:04}"
            with suppress(_Undone):
                async with doors[number].writing() as session:
                    # A transaction has its number from its first write on, and is seen from its end on.
                    await session.execute(text("SELECT pg_current_xact_id()"))
                    await asyncio.sleep(chance.choice((0, 0, 0.002, 0.03)))
                    await record_packages(session, doors[number].sender, [a_sketch(code)], now=NOW)
                    await asyncio.sleep(chance.choice((0, 0, 0.002, 0.06)))
                    if turn % 5 == 4:
                        raise _Undone
                acknowledged.append(code)

    reading = [
        asyncio.create_task(follower.follow(done, limit))
        for follower, limit in zip(followers, (1, 7, 1000), strict=True)
    ]
    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    done.set()
    await asyncio.gather(*reading)
    await crowd.close()

    for follower in followers:
        seen = [key_of(item) for item in follower.seen if item["entity"] == "package"]
        assert sorted(seen) == sorted(acknowledged)
        places = [item["cursor"] for item in follower.seen]
        assert places == sorted(places)
    assert followers[0].seen == followers[1].seen == followers[2].seen


async def test_what_is_committed_waits_for_a_transaction_that_began_to_write_before_it(database):
    slow, quick = await door_of(database, SURABAYA), await door_of(database, BANJARMASIN)
    follower = await at_the_end(database)

    async with slow.writing() as session:
        await record_packages(session, slow.sender, [a_sketch("1")], now=NOW)
        await quick.record(a_sketch("2"))
        await follower.look()
        assert follower.seen == []

    assert keys(await follower.catch_up()) == [("1", 1, "upsert"), ("2", 1, "upsert")]


async def test_a_transaction_that_only_reads_holds_nobody_up(database):
    door = await door_of(database)
    follower = await at_the_end(database)

    async with database.reading() as session:
        await session.execute(text("SELECT count(*) FROM packages"))
        await door.record(a_sketch("1"))
        seen = await follower.catch_up()

    assert keys(seen) == [("1", 1, "upsert")]


async def test_every_version_is_told_once_as_it_was(database):
    door = await door_of(database)
    follower = await at_the_end(database)
    await door.record(a_record("1", stage="Pengumuman"))
    await door.record(a_record("1", stage="Selesai"))

    first, second = await follower.catch_up()

    assert keys([first, second]) == [("1", 1, "upsert"), ("1", 2, "upsert")]
    assert [item["package"]["stage"] for item in (first, second)] == ["Pengumuman", "Selesai"]
    assert first["package"]["version"] == 1
    assert await follower.catch_up() == []


async def test_one_item_a_page_tells_the_same_as_a_thousand(database):
    door = await door_of(database)
    for number in range(12):
        await door.record(a_sketch(f"{number}1"), a_sketch(f"{number}2"))

    slowly, quickly = Follower(database), Follower(database)

    assert await slowly.catch_up(1) == await quickly.catch_up(1000)
    assert slowly.place == quickly.place


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"node": (SURABAYA,)}, ["10", "11", "12", "13"]),
        ({"node": (BANJARMASIN,), "entity": ("package",)}, ["20"]),
        ({"node": (SURABAYA, BANJARMASIN)}, ["10", "11", "12", "13", "20"]),
        ({"node": ("atlantis",)}, []),
        ({"kind": ("recorded",)}, ["11"]),
        ({"node": (SURABAYA,), "kind": ("recorded",)}, ["11"]),
        ({"fiscal_year": (2024,)}, ["12"]),
        ({"node": (SURABAYA,), "fiscal_year": (2024, 2026)}, ["12", "13"]),
        ({"kind": ("tender",), "fiscal_year": (2025,)}, ["10", "20"]),
        ({"entity": ("run",)}, []),
    ],
)
@pytest.mark.parametrize("limit", [1, 100])
async def test_filters_leave_out_what_is_not_wanted_and_the_place_moves_on(database, wanted, expected, limit):
    here, there = await door_of(database, SURABAYA), await door_of(database, BANJARMASIN)
    follower = await at_the_end(database, ChangeFilter(**wanted))
    await here.record(a_sketch("10"), a_sketch("11", kind="recorded"), a_sketch("12", fiscal_years=[2024]))
    await there.record(a_sketch("20"))
    await here.record(a_sketch("13", fiscal_years=[2026], kind="non_tender"))

    seen = sorted(key_of(item) for item in await follower.catch_up(limit) if item["entity"] == "package")

    assert seen == expected
    async with database.reading() as session:
        assert follower.place == await read_head(session)


@pytest.mark.parametrize("wanted", [{}, {"node": (SURABAYA,)}, {"entity": ("package",)}])
async def test_the_latest_change_of_each_thing_alone(database, wanted):
    door = await door_of(database)
    await door.record(a_record("1"), a_record("2"))
    await door.record(a_record("1", stage="Selesai"))
    follower = Follower(database, ChangeFilter(**wanted, latest=True))

    seen = [item for item in await follower.catch_up() if item["entity"] == "package"]

    assert keys(seen) == [("2", 1, "upsert"), ("1", 2, "upsert")]
    assert len({key_of(item) for item in follower.seen}) == len(follower.seen)


async def test_a_database_put_back_to_an_earlier_state_is_noticed(database):
    door = await door_of(database)
    await door.record(a_sketch("1"))
    kept = await at_the_end(database)
    await door.record(a_sketch("2"))
    ahead = await at_the_end(database)

    await execute(database, "DELETE FROM changes WHERE seq = (SELECT max(seq) FROM changes)")

    await kept.catch_up()
    with pytest.raises(FeedRestarted):
        await ahead.look()


async def test_another_change_in_the_same_place_is_noticed(database):
    door = await door_of(database)
    await door.record(a_sketch("1"))
    follower = await at_the_end(database)

    # What a copy of a cluster does that goes on counting from where it stood.
    await execute(
        database, "UPDATE changes SET at = at + interval '1 second' WHERE seq = (SELECT max(seq) FROM changes)"
    )

    with pytest.raises(FeedRestarted):
        await follower.look()


async def test_a_restored_dump_begins_an_epoch_behind_everything_that_was(database):
    door = await door_of(database)
    await door.record(a_sketch("1"))
    follower = await at_the_end(database)
    # Its transactions had far higher numbers than this cluster has given away, and it was somewhere else.
    await execute(
        database,
        "UPDATE changes SET xid = CAST(CAST(CAST(xid AS text) AS bigint) + 1000000000 AS text)::xid8",
        "UPDATE feed_epochs SET place = 'elsewhere/1'",
    )
    before = (await one(database, "SELECT max(epoch) AS epoch FROM feed_epochs"))["epoch"]

    async with database.transaction() as session:
        epoch = await session.scalar(text("SELECT rakor_settle_epoch()"))
    await door.record(a_sketch("2"))

    assert epoch == before + 1
    seen = await Follower(database).catch_up(5000)
    assert [key_of(item) for item in seen if item["entity"] == "package"] == ["1", "2"]
    # Its cursor says the number as it was: the follower of the lost cluster starts again.
    with pytest.raises(FeedRestarted):
        await follower.look()


async def test_an_epoch_that_is_settled_stays(database):
    async with database.transaction() as session:
        epochs = [await session.scalar(text("SELECT rakor_settle_epoch()")) for _ in range(3)]

    assert len(set(epochs)) == 1


async def test_every_connection_settles_the_epoch_before_it_does_anything_else(database_urls, database):
    await (await door_of(database)).record(a_sketch("1"))
    before = (await one(database, "SELECT max(epoch) AS epoch FROM feed_epochs"))["epoch"]
    await execute(database, "UPDATE feed_epochs SET place = 'elsewhere/1'")

    opened = open_database(database_urls.app, first_words="SELECT rakor_settle_epoch()")
    await (await door_of(opened)).record(a_sketch("2"))
    await opened.close()

    assert (await one(database, "SELECT epoch FROM changes ORDER BY seq DESC LIMIT 1"))["epoch"] == before + 1


async def test_a_hub_on_which_nothing_happened_gives_a_place_to_begin_from(database):
    await execute(database, "DELETE FROM changes")
    async with database.reading() as session:
        page = await read_changes(session, EVERYTHING, after=START, limit=10)
        filtered = await read_changes(session, ChangeFilter(entity=("run",)), after=START, limit=10)

    assert (page.items, page.more, filtered.items) == ([], False, [])
    follower = Follower(database, place=decode(page.next.encode()))
    await (await door_of(database)).record(a_sketch("1"))
    assert keys(await follower.catch_up()) == [("1", 1, "upsert")]


@pytest.mark.parametrize(
    "cursor", ["", "1", "0" * 47, "0" * 49, "G" * 48, "0" * 24 + "f" * 24, "f" * 48, "ffffffff" + "0" * 40]
)
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(CursorInvalid):
        decode(cursor)


def test_a_cursor_says_its_place():
    place = Position(2, 2**40, 17, "0123abcd")

    assert decode(place.encode()) == place


async def test_transactions_are_ordered_by_their_number_and_not_by_its_spelling(database):
    door = await door_of(database)
    for code in ("1", "2", "3"):
        await door.record(a_record(code))
    numbers = {"1": 99, "2": 100, "3": 101}
    await execute(
        database,
        "DELETE FROM changes WHERE entity <> 'package'",
        *(
            f"UPDATE changes c SET xid = '{number}' FROM packages p WHERE p.id = c.entity_id AND p.code = '{code}'"
            for code, number in numbers.items()
        ),
    )

    for wanted in (EVERYTHING, ChangeFilter(node=(SURABAYA,)), ChangeFilter(latest=True)):
        follower = Follower(database, wanted)
        while await follower.look(limit=2):
            pass

        assert [item["package"]["code"] for item in follower.seen] == ["1", "2", "3"]
