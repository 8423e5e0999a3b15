"""The tests of one file share a database, emptied after each: much cheaper than a clone for every test."""

import pytest

from tests.records import borrowed, cloned


@pytest.fixture(scope="module")
def database_urls(server, template):
    with cloned(server, template) as urls:
        yield urls


@pytest.fixture
async def database(database_urls):
    async with borrowed(database_urls) as opened:
        yield opened
