"""A follower for tests: keeps what it was told, and how."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app.exchange.feed.cursor import START, Position
from app.exchange.feed.reading import EVERYTHING, ChangeFilter, read_changes
from app.kit.db import Database
from app.kit.json import loads


@dataclass
class Follower:
    """Reads the feed behind its own place. `seen` are the items in the order in which they came, decoded."""

    database: Database
    wanted: ChangeFilter = EVERYTHING
    place: Position = START
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def look(self, limit: int = 100) -> bool:
        """Read one page; whether more may be there already."""
        async with self.database.reading() as session:
            page = await read_changes(session, self.wanted, after=self.place, limit=limit)
        self.seen += [loads(item.content) for item in page.items]
        self.place = page.next
        return page.more

    async def catch_up(self, limit: int = 100) -> list[dict[str, Any]]:
        """Read to the end of what is committed, and give what was new."""
        await settled(self.database)
        before = len(self.seen)
        while await self.look(limit):
            pass
        return self.seen[before:]

    async def follow(self, until: asyncio.Event, limit: int = 100) -> None:
        """Read on until the event is set and nothing is left."""
        while not until.is_set():
            if not await self.look(limit):
                await asyncio.sleep(0.005)
        await self.catch_up(limit)


async def settled(database: Database) -> None:
    """Wait for whoever had begun to write before the last change was committed: the server itself, now and then."""
    while True:
        async with database.reading() as session:
            is_settled = await session.scalar(
                text("""
                    SELECT count(*) = 0 FROM changes
                    WHERE (epoch, xid) >= ((SELECT max(epoch) FROM feed_epochs), pg_snapshot_xmin(pg_current_snapshot()))
                """)
            )
        if is_settled:
            return
        await asyncio.sleep(0.01)


async def at_the_end(database: Database, wanted: ChangeFilter = EVERYTHING) -> Follower:
    """A follower that has seen everything up to now and remembers none of it."""
    follower = Follower(database, wanted)
    await follower.catch_up(5000)
    follower.seen.clear()
    return follower


def keys(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Which thing, in which version, by which act."""
    return [(key_of(item), item["version"], item["op"]) for item in items]


def key_of(item: dict[str, Any]) -> str:
    thing = item[item["entity"]]
    return str(thing.get("code") or thing.get("slug") or thing.get("id") or thing.get("node"))
