"""Rows straight from PostgreSQL: exact, in little memory, and given up cleanly."""

import asyncio
from contextlib import aclosing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.exchange.exports.answering import ReaderTooSlow, paced
from app.exchange.exports.copying import copy_lines
from app.exchange.exports.layout import PARTED, Spelling

MANY = f"SELECT i, '{PARTED}', repeat('x', 200), '{PARTED}', i FROM generate_series(1, CAST(:most AS integer)) AS i"


async def busy(database):
    async with database.reading() as session:
        return await session.scalar(
            text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND datname = current_database()")
        )


async def test_every_row_comes_once_and_in_order(database):
    async with database.reading() as session:
        found = [line async for lines in copy_lines(session, MANY, {"most": 20_000}, Spelling.PLAIN) for line in lines]

    assert [int(before) for before, _middle, _after in found] == list(range(1, 20_001))
    assert found[0] == ("1", "x" * 200, "1")


async def test_whoever_breaks_off_leaves_nothing_behind(database):
    async with (
        database.reading() as session,
        aclosing(copy_lines(session, MANY, {"most": 10**7}, Spelling.PLAIN)) as all_lines,
    ):
        async for _lines in all_lines:
            break

    for _ in range(100):
        if not await busy(database):
            break
        await asyncio.sleep(0.05)
    assert await busy(database) == 0
    assert database.engine.pool.checkedout() == 0


async def read(session, select, **parameters):
    return [lines async for lines in copy_lines(session, select, parameters, Spelling.PLAIN)]


async def test_what_postgresql_refuses_is_told(database):
    async with database.reading() as session:
        with pytest.raises(DBAPIError, match="division by zero"):
            await read(session, f"SELECT 1 / 0, '{PARTED}', 'x', '{PARTED}', 1")


async def test_nothing_is_still_an_answer(database):
    async with database.reading() as session:
        assert await read(session, MANY, most=0) == []


async def test_a_snapshot_is_not_held_open_for_a_reader_who_takes_for_ever():
    async def pieces():
        for _ in range(3):
            yield b"x" * 10

    taken = []

    async def take_slowly(paced_pieces):
        async for piece in paced_pieces:
            taken.append(piece)
            await asyncio.sleep(0.01)

    with pytest.raises(ReaderTooSlow):
        await take_slowly(paced(pieces(), grace_seconds=0.0, slowest=1e9))
    quick = [piece async for piece in paced(pieces())]

    assert (len(taken), len(quick)) == (1, 3)
