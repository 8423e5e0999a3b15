"""The tests of one file share a database, emptied after each: much cheaper than a clone for every test."""

import pytest

from tests.exchange.ocds.packages import FULL
from tests.records import a_sketch, borrowed, cloned, door_of


@pytest.fixture(scope="module")
def database_urls(server, template):
    with cloned(server, template) as urls:
        yield urls


@pytest.fixture
async def database(database_urls):
    async with borrowed(database_urls) as opened:
        yield opened


@pytest.fixture
async def door(database):
    return await door_of(database)


@pytest.fixture
async def some(door):
    """Five tenders of one node, one after another."""
    for code in range(1, 6):
        await door.record(a_sketch(str(code), **FULL))
