"""Reckoning checkpoints: the feed read to its end once, piece by piece, and hashed as followers get it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.exchange.feed.cursor import START, Position, decode
from app.exchange.feed.items import FORMAT, Digest
from app.exchange.feed.reading import EVERYTHING, count_changes, read_changes
from app.kit.clock import utc_now
from app.kit.db import Database, ReadSession

EVERY = 10_000
"""A checkpoint at least every so many changes,"""
AT_LEAST_EVERY = timedelta(minutes=1)
"""and where there are fewer, one for all that has come since, so often."""
AT_ONCE = 200
"""Changes read in one go: whoever else works in this process is not kept waiting for longer than they take."""

_LAST = text(
    "SELECT cursor, count AS counted, digest, at FROM feed_checkpoints WHERE format = :format ORDER BY id DESC LIMIT 1"
)


async def reckon_checkpoints(
    database: Database, *, now: Callable[[], datetime] = utc_now, is_stopping: Callable[[], bool] = bool
) -> int:
    """Bring the checkpoints up to date and say how many were added. One worker at a time does it; others leave at once.

    Each is an act of its own, so that whoever is stopped goes on from the last one.
    """
    added = 0
    while not is_stopping() and await _reckon_one(database, now()):
        added += 1
    return added


async def _reckon_one(database: Database, now: datetime) -> bool:
    async with database.transaction() as session:
        if not await session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended('rakor.checkpoints', 0))")):
            return False
        last = (await session.execute(_LAST, {"format": FORMAT})).one_or_none()
        after = decode(last.cursor) if last else START
        if last and now - last.at < AT_LEAST_EVERY and await count_changes(session, after=after, most=EVERY) < EVERY:
            return False
        digest = Digest(last.counted, last.digest) if last else Digest()
        until = await _read(database, after, digest)
        if until == after:
            return False
        await session.execute(
            text("""
                INSERT INTO feed_checkpoints (format, epoch, xid, seq, cursor, count, digest, at)
                VALUES (:format, :epoch, CAST(CAST(:xid AS text) AS xid8), :seq, :cursor, :count, :digest, :at)
            """),
            {
                "format": FORMAT,
                "epoch": until.epoch,
                "xid": str(until.xid),
                "seq": until.seq,
                "cursor": until.encode(),
                "count": digest.count,
                "digest": digest.chain,
                "at": now,
            },
        )
        return True


async def _read(database: Database, after: Position, digest: Digest) -> Position:
    """Hash what follows a place, at most EVERY changes of it."""
    wanted = digest.count + EVERY
    while digest.count < wanted:
        async with database.reading() as session:
            page = await read_changes(session, EVERYTHING, after=after, limit=min(AT_ONCE, wanted - digest.count))
        for item in page.items:
            digest.add(item.content)
        after = page.next
        if not page.more:
            break
    return after


async def list_checkpoints(session: ReadSession, *, before: int | None, limit: int) -> Sequence[dict[str, Any]]:
    """Checkpoints, newest first: `id`, `cursor`, `count`, `digest` (hexadecimal), `epoch`, `at`."""
    rows = await session.execute(
        text("""
            SELECT id, cursor, count, encode(digest, 'hex') AS digest, epoch, at FROM feed_checkpoints
            WHERE format = :format AND id < CAST(:before AS bigint) ORDER BY id DESC LIMIT :limit
        """),
        {"format": FORMAT, "before": before or 2**63 - 1, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]
