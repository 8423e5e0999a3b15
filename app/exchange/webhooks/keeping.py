"""Keeping subscriptions: made, revised, paused, enabled, deleted, given new secrets; each act in the trail, secrets nowhere."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, text, update

from app.access.audit import record_act
from app.access.callers import Caller
from app.access.errors import NotAllowed
from app.access.permissions import Act, may
from app.access.service import confirm_caller
from app.exchange.feed.cursor import START
from app.exchange.feed.places import read_head
from app.exchange.webhooks import queries
from app.exchange.webhooks.book import make_due
from app.exchange.webhooks.errors import (
    WebhookFiltersContradict,
    WebhookNodesNeeded,
    WebhookNodeUnknown,
    WebhookNotFound,
    WebhooksTooMany,
)
from app.exchange.webhooks.filling import current_epoch
from app.exchange.webhooks.messages import Filters
from app.exchange.webhooks.queries import WebhookView
from app.exchange.webhooks.signing import make_secret
from app.exchange.webhooks.tables import Webhook, WebhookDelivery, WebhookSecret
from app.kit.db import ReadSession, WriteSession, take_turns

MOST_WEBHOOKS = 500
MOST_OF_NODES = 20
"""So many a node's key may have of those that it sees."""
MOST_SECRETS = 4
"""So many sign at the same time: the newest, and those before it that have not ended."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A subscription with its new secret, for the one time that it is shown."""

    webhook: WebhookView
    secret: str


def may_keep(caller: Caller) -> bool:
    """Whether a caller may have subscriptions at all."""
    return may(caller, Act.KEEP_WEBHOOKS) or any(may(caller, Act.KEEP_WEBHOOKS, node) for node in caller.nodes)


def reaches(caller: Caller, nodes: Iterable[str]) -> bool:
    """Whether a subscription that belongs to these nodes (to none: the province's) is the caller's to see and to keep."""
    named = list(nodes)
    return may(caller, Act.KEEP_WEBHOOKS) or (
        bool(named) and all(may(caller, Act.KEEP_WEBHOOKS, node) for node in named)
    )


async def get_webhook(session: ReadSession, webhook_id: int, *, caller: Caller, now: datetime) -> WebhookView:
    """A subscription of the caller's; what belongs to another looks like what is not there."""
    view = await queries.find_webhook(session, webhook_id, now=now)
    if view is None or not reaches(caller, view.nodes):
        raise WebhookNotFound(webhook_id)
    return view


async def create_webhook(
    session: WriteSession,
    *,
    url: str,
    description: str | None,
    filters: Filters,
    from_start: bool,
    caller: Caller,
    now: datetime,
) -> Issued:
    """Subscribe from the feed's present end, or from its start. The URL was judged before: that may take its time."""
    caller = await confirm_caller(session, caller, now=now)
    if not may_keep(caller):
        raise NotAllowed
    nodes: list[str] = []
    if not may(caller, Act.KEEP_WEBHOOKS):
        # Who speaks for nodes hears of these alone, without having to say so.
        filters = replace(filters, node=filters.node or tuple(sorted(caller.nodes)))
        if not reaches(caller, filters.node):
            raise NotAllowed
        nodes = sorted(filters.node)
    if not filters.events:
        raise WebhookFiltersContradict
    await take_turns(session, "webhooks")
    await _count(session, nodes)
    await _expect_nodes(session, filters.node)
    head = START if from_start else (await read_head(session) or START)
    webhook = Webhook(
        nodes=nodes,
        url=url,
        description=description,
        filters=filters.stored(),
        state="active",
        created_by=caller.id,
        created_at=now,
        changed_at=now,
        place=head.encode(),
        epoch=await current_epoch(session),
    )
    session.add(webhook)
    await session.flush()
    secret = await _add_secret(session, webhook.id, now=now)
    details = {"host": host_of(url), "filters": filters.stored(), "nodes": nodes, "from_start": from_start}
    await note_act(session, webhook.id, "created", details, caller=caller, now=now)
    return Issued(await _seen(session, webhook.id, now), secret)


async def revise_webhook(
    session: WriteSession, webhook_id: int, changes: dict[str, Any], *, caller: Caller, now: datetime
) -> WebhookView:
    """Change what is given of url, description, filters (by name) and state (active or paused).

    A subscription that becomes active goes on from its place, with all that was not delivered.
    """
    caller = await confirm_caller(session, caller, now=now)
    webhook = await locked(session, webhook_id, caller=caller)
    before = {"state": webhook.state, "host": host_of(webhook.url), "filters": webhook.filters}
    if "filters" in changes:
        filters = replace(Filters.of(webhook.filters), **changes["filters"])
        if webhook.nodes and not (filters.node and set(filters.node) <= set(webhook.nodes)):
            raise WebhookNodesNeeded
        if not filters.events:
            raise WebhookFiltersContradict
        await _expect_nodes(session, filters.node)
        webhook.filters = filters.stored()
    webhook.description = changes.get("description", webhook.description)
    has_moved = changes.get("url", webhook.url) != webhook.url
    webhook.url = changes.get("url", webhook.url)
    was = webhook.state
    webhook.state = changes.get("state", webhook.state)
    if webhook.state != "disabled":
        webhook.reason = webhook.disabled_at = None
    webhook.changed_at = now
    await session.flush()
    if has_moved or (webhook.state == "active" and was != "active"):
        await _begin_afresh(session, webhook, was_given_up=was == "disabled", now=now)
    after = {"state": webhook.state, "host": host_of(webhook.url), "filters": webhook.filters}
    changed = {name: {"before": before[name], "after": after[name]} for name in after if after[name] != before[name]}
    await note_act(session, webhook_id, "revised", {"given": sorted(changes), **changed}, caller=caller, now=now)
    return await _seen(session, webhook_id, now)


async def _begin_afresh(session: WriteSession, webhook: Webhook, *, was_given_up: bool, now: datetime) -> None:
    """Forget how the receiver failed: what waits is due at once, and what failed while it was given up waits again."""
    if was_given_up and webhook.failing_since is not None:
        failed = WebhookDelivery.state == "failed", WebhookDelivery.finished_at >= webhook.failing_since
        await session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.cursor.is_not(None), *failed)
            .values(state="pending", finished_at=None, next_attempt_at=now)
        )
    webhook.failures, webhook.failing_since, webhook.held_until = 0, None, None
    await session.flush()
    await session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.state == "pending")
        .values(tries=0)
    )
    await make_due(session, webhook.id, now=now)


async def delete_webhook(
    session: WriteSession, webhook_id: int, *, dry_run: bool, caller: Caller, now: datetime
) -> WebhookView:
    """End a subscription with its secrets and its deliveries, for good; what it was is answered. Pausing can be undone."""
    caller = await confirm_caller(session, caller, now=now)
    webhook = await locked(session, webhook_id, caller=caller)
    view = await _seen(session, webhook_id, now)
    if not dry_run:
        await session.execute(delete(Webhook).where(Webhook.id == webhook_id))
        details = {"host": host_of(webhook.url), "waiting": view.waiting}
        await note_act(session, webhook_id, "deleted", details, caller=caller, now=now)
    return view


async def rotate_secret(
    session: WriteSession, webhook_id: int, *, overlap: timedelta, caller: Caller, now: datetime
) -> Issued:
    """Give a subscription a new secret. Messages are signed by the one before it, too, until `overlap` has passed."""
    caller = await confirm_caller(session, caller, now=now)
    await locked(session, webhook_id, caller=caller)
    ends_at = now + overlap
    mine = WebhookSecret.webhook_id == webhook_id
    await session.execute(update(WebhookSecret).where(mine, WebhookSecret.ends_at.is_(None)).values(ends_at=ends_at))
    secret = await _add_secret(session, webhook_id, now=now)
    newest = select(WebhookSecret.id).where(mine).order_by(WebhookSecret.id.desc()).limit(MOST_SECRETS)
    has_ended = (WebhookSecret.ends_at <= now) | WebhookSecret.id.not_in(newest)
    await session.execute(delete(WebhookSecret).where(mine, has_ended))
    await note_act(session, webhook_id, "secret-rotated", {"former_ends_at": ends_at}, caller=caller, now=now)
    return Issued(await _seen(session, webhook_id, now), secret)


async def locked(session: WriteSession, webhook_id: int, *, caller: Caller) -> Webhook:
    """The caller's subscription, for one who changes it; whoever sends for it waits."""
    webhook = await session.scalar(
        select(Webhook).where(Webhook.id == webhook_id).with_for_update(key_share=True), execution_options=_FRESH
    )
    if webhook is None or not reaches(caller, webhook.nodes):
        raise WebhookNotFound(webhook_id)
    return webhook


_FRESH = {"populate_existing": True}


async def note_act(
    session: WriteSession, webhook_id: int, act: str, details: dict[str, Any], *, caller: Caller, now: datetime
) -> None:
    """Put an act on a subscription into the trail."""
    await record_act(
        session, caller=caller, act=f"webhook.{act}", subject=f"webhook {webhook_id}", details=details, now=now
    )


def host_of(url: str) -> str:
    """What of a URL is told to others: receivers know by the rest that it is us."""
    return urlsplit(url).netloc


async def _add_secret(session: WriteSession, webhook_id: int, *, now: datetime) -> str:
    secret = make_secret()
    session.add(WebhookSecret(webhook_id=webhook_id, secret=secret, created_at=now))
    await session.flush()
    return secret


async def _count(session: ReadSession, nodes: list[str]) -> None:
    most = MOST_OF_NODES if nodes else MOST_WEBHOOKS
    query = select(func.count()).select_from(Webhook)
    if nodes:
        query = query.where(Webhook.nodes.overlap(nodes))
    if (await session.scalar(query) or 0) >= most:
        raise WebhooksTooMany(most)


async def _expect_nodes(session: ReadSession, slugs: Iterable[str]) -> None:
    wanted = list(slugs)
    known = set(await session.scalars(text("SELECT slug FROM nodes WHERE slug = ANY(:slugs)"), {"slugs": wanted}))
    for slug in wanted:
        if slug not in known:
            raise WebhookNodeUnknown(slug)


async def _seen(session: ReadSession, webhook_id: int, now: datetime) -> WebhookView:
    view = await queries.find_webhook(session, webhook_id, now=now)
    if view is None:
        raise WebhookNotFound(webhook_id)
    return view
