"""Which changes everybody may see, and whether a place in the feed is one of this database."""

from typing import Any

from app.exchange.feed.cursor import Position, check_of
from app.exchange.feed.errors import FeedRestarted
from app.kit.db import ReadSession, speaking_plainly

# Nothing that is shown may ever be preceded by something that shows later. A transaction that is still running has a
# number at or above the snapshot's xmin, so what lies below is complete (and of an epoch that has ended, everything is).
VISIBLE = """
    (c.epoch, c.xid) < ((SELECT max(epoch) FROM feed_epochs), pg_snapshot_xmin(pg_current_snapshot()))
"""

NAMED = """
    c.epoch, c.xid::text AS xid, c.seq, (extract(epoch FROM c.at) * 1000000)::bigint AS at, c.entity, c.entity_id,
    c.version, c.op
"""
"""What `position_of` needs of a change `c`."""

HEAD = f"""
    SELECT {NAMED}
    FROM changes c WHERE {VISIBLE} ORDER BY c.epoch DESC, c.xid DESC, c.seq DESC LIMIT 1
"""  # noqa: S608 (a constant)
"""The last change that everybody may see."""
_KNOWN = f"""
    SELECT {NAMED}
    FROM changes c WHERE c.epoch = $1::int AND c.xid = $2::text::xid8 AND c.seq = $3::bigint
"""  # noqa: S608 (a constant)


async def expect_known(driver: Any, after: Position) -> None:
    """Refuse a place that names no change of this database, or another one than it did."""
    if after.is_start:
        return
    known = await driver.fetchrow(_KNOWN, after.epoch, str(after.xid), after.seq)
    if known is None or position_of(known).check != after.check:
        raise FeedRestarted


def position_of(row: Any) -> Position:
    check = check_of(row["at"], row["entity"], row["entity_id"], row["version"], row["op"])
    return Position(row["epoch"], int(row["xid"]), row["seq"], check)


async def read_head(session: ReadSession) -> Position | None:
    """The last change that everybody may see; None while nothing has ever happened."""
    async with speaking_plainly(session) as driver:
        head = await driver.fetchrow(HEAD)
    return None if head is None else position_of(head)
