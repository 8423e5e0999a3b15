"""From the feed into deliveries: each change is read once for all who stand at the same place, a slice at a time."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import text

from app.exchange.feed.cursor import START, decode
from app.exchange.feed.errors import FeedRestarted
from app.exchange.feed.places import read_head
from app.exchange.feed.reading import ChangeFilter, ChangePage, read_changes
from app.exchange.webhooks.events import RESTARTED
from app.exchange.webhooks.messages import Filters, Message, entities_of, notice
from app.kit.db import Database, ReadSession, WriteSession

log = structlog.get_logger()

WINDOW = 200
"""So many undelivered messages a subscription has at most. The rest stays in the feed until there is room."""
SLICE = 500
"""Changes read in one go."""
PASSES = 20
"""Slices that one call reads for one place, so that whoever tends webhooks also does other things."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription at its place in the feed, with room for so many more deliveries."""

    id: int
    place: str
    epoch: int
    filters: Filters
    room: int


class Draft(NamedTuple):
    """A message to be sent."""

    id: str
    type: str
    payload: bytes
    cursor: str | None
    subject: str | None


async def fill_deliveries(
    database: Database, *, now: Callable[[], datetime], is_stopping: Callable[[], bool] = bool
) -> int:
    """Make deliveries of what the feed has for active subscriptions with room, and move their places; says how many.

    One worker at a time does it. Deliveries and the place behind them are one transaction.
    """
    async with database.transaction() as turn:
        if not await turn.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended('rakor.webhooks', 0))")):
            return 0
        made = 0
        for _pass in range(PASSES):
            async with database.reading() as session:
                groups = await _standing(session)
            if not groups or is_stopping():
                break
            for group in groups:
                made += await _advance(database, group, now())
        return made


async def _standing(session: ReadSession) -> list[list[Standing]]:
    """Who can go on, those at the same place together. Where nothing happened, this is one look at the feed's end."""
    head = await read_head(session)
    if head is None:
        return []
    rows = await session.execute(
        text("""
            SELECT w.id, w.place, w.epoch, w.filters, w.room FROM (
                SELECT w.*, :window - (
                    SELECT count(*) FROM webhook_deliveries d
                    WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.cursor IS NOT NULL
                ) AS room
                FROM webhooks w WHERE w.state = 'active' AND w.place <> :head
            ) w WHERE w.room > 0 ORDER BY w.place, w.id
        """),
        {"window": WINDOW, "head": head.encode()},
    )
    groups: dict[str, list[Standing]] = defaultdict(list)
    for row in rows:
        groups[row.place].append(Standing(row.id, row.place, row.epoch, Filters.of(row.filters), row.room))
    return list(groups.values())


async def _advance(database: Database, group: Sequence[Standing], now: datetime) -> int:
    """Read one slice behind a place and give each who stands there what it wants of it, as far as its room goes."""
    place = group[0].place
    wanted = ChangeFilter(entity=entities_of(standing.filters for standing in group))
    takes_all = all(standing.filters.takes_all for standing in group)
    limit = max(standing.room for standing in group) if takes_all else SLICE
    try:
        async with database.reading() as session:
            page = await read_changes(session, wanted, after=decode(place), limit=limit)
    except FeedRestarted:
        async with database.transaction() as session:
            await _begin_anew(session, group, now)
        return 0
    messages = [Message.of(item) for item in page.items]
    made = 0
    async with database.transaction() as session:
        for standing in group:
            made += await _give(session, standing, page, messages, now)
    return made


async def _give(
    session: WriteSession, standing: Standing, page: ChangePage, messages: Sequence[Message], now: datetime
) -> int:
    taken = [message for message in messages if standing.filters.take(message)]
    place = page.next.encode()
    if len(taken) > standing.room:
        taken = taken[: standing.room]
        place = taken[-1].cursor
    if not await _move(session, standing, place, page.epoch):
        return 0  # Somebody sent it elsewhere, paused or deleted it meanwhile.
    if page.epoch > standing.epoch and not decode(standing.place).is_start:
        await _tell_restart(session, standing.id, f"rst_{page.epoch}", page.epoch, place, now)
    drafts = [Draft(each.id, each.type, each.payload, each.cursor, each.subject) for each in taken]
    await _deliver(session, standing.id, drafts, now)
    return len(taken)


async def _begin_anew(session: WriteSession, group: Sequence[Standing], now: datetime) -> None:
    """The change at a place is not in the feed: its subscribers are told so, and go on from the feed's present end."""
    head = await read_head(session) or START
    epoch = await current_epoch(session)
    for standing in group:
        if await _move(session, standing, head.encode(), epoch):
            await _tell_restart(session, standing.id, f"rst_{head.encode()}", epoch, head.encode(), now)
            log.warning("webhook.restarted", webhook=standing.id)


async def current_epoch(session: ReadSession) -> int:
    return int(await session.scalar(text("SELECT max(epoch) FROM feed_epochs")) or 0)


async def _move(session: WriteSession, standing: Standing, place: str, epoch: int) -> bool:
    moved = await session.scalar(
        text("""
            UPDATE webhooks SET place = :place, epoch = :epoch
            WHERE id = :id AND place = :seen AND state = 'active' RETURNING id
        """),
        {"id": standing.id, "seen": standing.place, "place": place, "epoch": epoch},
    )
    return moved is not None


async def _tell_restart(
    session: WriteSession, webhook_id: int, name: str, epoch: int, place: str, now: datetime
) -> None:
    payload = notice(RESTARTED, now, {"epoch": epoch, "cursor": place})
    await _deliver(session, webhook_id, [Draft(name, RESTARTED, payload, None, None)], now)


async def _deliver(session: WriteSession, webhook_id: int, drafts: Sequence[Draft], now: datetime) -> None:
    """Have messages sent. What was delivered before is delivered again under its old id, and in its old row."""
    if not drafts:
        return
    columns = map(list, zip(*drafts, strict=True))
    await session.execute(
        text("""
            INSERT INTO webhook_deliveries
                (webhook_id, message_id, type, payload, cursor, subject, state, created_at, next_attempt_at)
            SELECT :webhook_id, d.id, d.type, d.payload, d.cursor, d.subject, 'pending', :now, :now
            FROM unnest(CAST(:id AS text[]), CAST(:type AS text[]), CAST(:payload AS bytea[]), CAST(:cursor AS text[]),
                        CAST(:subject AS text[])) AS d(id, type, payload, cursor, subject)
            ON CONFLICT (webhook_id, message_id) DO UPDATE SET
                state = 'pending', payload = excluded.payload, tries = 0, next_attempt_at = excluded.next_attempt_at,
                finished_at = NULL
        """),
        {"webhook_id": webhook_id, "now": now, **dict(zip(Draft._fields, columns, strict=True))},
    )
