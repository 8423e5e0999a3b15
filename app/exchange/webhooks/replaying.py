"""Telling again: one delivery, everything since a place or a moment, or a ping to see whether anybody listens."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.access.callers import Caller
from app.access.service import confirm_caller
from app.exchange.feed.cursor import START, Position, decode
from app.exchange.feed.errors import FeedRestarted
from app.exchange.feed.places import NAMED, VISIBLE, expect_known, position_of, read_head
from app.exchange.feed.reading import EVERYTHING, read_changes
from app.exchange.webhooks import queries
from app.exchange.webhooks.errors import DeliveryNotFound, NothingToReplay
from app.exchange.webhooks.events import PING
from app.exchange.webhooks.keeping import get_webhook, locked, note_act
from app.exchange.webhooks.messages import Message, notice
from app.exchange.webhooks.queries import DeliveryView, WebhookView
from app.exchange.webhooks.tables import Webhook, WebhookDelivery
from app.kit.db import ReadSession, WriteSession, speaking_plainly

_APART = timedelta(minutes=10)


async def ping(session: WriteSession, webhook_id: int, *, caller: Caller, now: datetime) -> DeliveryView:
    """Send one message that tells of nothing, once, also to a subscription that is paused or disabled."""
    caller = await confirm_caller(session, caller, now=now)
    await locked(session, webhook_id, caller=caller)
    name = f"png_{uuid.uuid4().hex}"
    delivery = WebhookDelivery(
        webhook_id=webhook_id,
        message_id=name,
        type=PING,
        payload=notice(PING, now, {"webhook": webhook_id}),
        state="pending",
        created_at=now,
        next_attempt_at=now,
    )
    session.add(delivery)
    await session.flush()
    return await _seen(session, webhook_id, delivery.id)


async def replay_delivery(
    session: WriteSession, webhook_id: int, delivery_id: int, *, caller: Caller, now: datetime
) -> DeliveryView:
    """Send a message again, by a schedule of its own, under the id that it had. One that waits is due at once."""
    caller = await confirm_caller(session, caller, now=now)
    await locked(session, webhook_id, caller=caller)
    of_this = WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.id == delivery_id
    delivery = await session.scalar(select(WebhookDelivery).where(*of_this))
    if delivery is None:
        raise DeliveryNotFound(delivery_id)
    payload = delivery.payload or await _payload_again(session, delivery)
    await session.execute(
        update(WebhookDelivery)
        .where(*of_this)
        .values(state="pending", payload=payload, tries=0, next_attempt_at=now, finished_at=None)
    )
    details = {"delivery": delivery_id, "message": delivery.message_id}
    await note_act(session, webhook_id, "delivery-replayed", details, caller=caller, now=now)
    return await _seen(session, webhook_id, delivery_id)


async def replay_from(
    session: WriteSession,
    webhook_id: int,
    *,
    after: str | None,
    since: datetime | None,
    caller: Caller,
    now: datetime,
) -> WebhookView:
    """Put a subscription back to a place in the feed, or to what happened since a moment: it is told everything from there.

    Messages keep their ids.
    """
    caller = await confirm_caller(session, caller, now=now)
    await locked(session, webhook_id, caller=caller)
    if since is not None:
        place = await _place_before(session, since)
    else:
        place = decode(after)
        try:
            async with speaking_plainly(session) as driver:
                await expect_known(driver, place)
        except FeedRestarted as error:
            raise NothingToReplay from error
    await session.execute(update(Webhook).where(Webhook.id == webhook_id).values(place=place.encode(), changed_at=now))
    details = {"from": place.encode(), "since": since}
    await note_act(session, webhook_id, "replayed", details, caller=caller, now=now)
    return await get_webhook(session, webhook_id, caller=caller, now=now)


async def _payload_again(session: ReadSession, delivery: WebhookDelivery) -> bytes:
    """What was delivered is no longer kept; the feed says it again, to the byte if its rules are the same."""
    place = decode(delivery.cursor)
    before = await _predecessor(session, place)
    page = await read_changes(session, EVERYTHING, after=before, limit=1)
    if not page.items or page.items[0].position != place:
        raise NothingToReplay
    return Message.of(page.items[0]).payload


async def _predecessor(session: ReadSession, place: Position) -> Position:
    async with speaking_plainly(session) as driver:
        row = await driver.fetchrow(_PREDECESSOR, place.epoch, str(place.xid), place.seq)
    return START if row is None else position_of(row)


async def _place_before(session: ReadSession, since: datetime) -> Position:
    """The place right before the first change, in the feed's order, that was recorded at the moment or later.

    All that was recorded since comes behind it. Looked for from the last checkpoint well before the moment, which covers
    nothing that was recorded after it was reckoned, whatever two machines' clocks are apart.
    """
    async with speaking_plainly(session) as driver:
        known = await driver.fetchval(
            "SELECT cursor FROM feed_checkpoints WHERE at <= $1 ORDER BY id DESC LIMIT 1", since - _APART
        )
        start = decode(known)
        row = await driver.fetchrow(_FIRST_SINCE, start.epoch, str(start.xid), start.seq, since)
    if row is None:
        return await read_head(session) or START
    return await _predecessor(session, position_of(row))


async def _seen(session: ReadSession, webhook_id: int, delivery_id: int) -> DeliveryView:
    view = await queries.find_delivery(session, webhook_id, delivery_id)
    if view is None:
        raise DeliveryNotFound(delivery_id)
    return view


_PREDECESSOR = f"""
    SELECT {NAMED} FROM changes c WHERE (c.epoch, c.xid, c.seq) < ($1::int, $2::text::xid8, $3::bigint)
    ORDER BY c.epoch DESC, c.xid DESC, c.seq DESC LIMIT 1
"""  # noqa: S608 (constants of this module)
_FIRST_SINCE = f"""
    SELECT {NAMED} FROM changes c
    WHERE (c.epoch, c.xid, c.seq) > ($1::int, $2::text::xid8, $3::bigint) AND c.at >= $4 AND {VISIBLE}
    ORDER BY c.epoch, c.xid, c.seq LIMIT 1
"""  # noqa: S608 (the same)
