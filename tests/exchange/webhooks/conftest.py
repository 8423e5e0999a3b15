"""A hub in its own place: whoever starts one settles the feed's epoch first, and a test's database was copied."""

import pytest
from sqlalchemy import text

from app.procurement.epochs import SETTLE_EPOCH


@pytest.fixture
async def database(database):
    async with database.transaction() as session:
        await session.execute(text(SETTLE_EPOCH))
    return database
