"""Webhooks over HTTP: subscriptions, their deliveries, and telling again. Everything here needs a key."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.access.callers import Caller
from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act, may
from app.access.web import AnyCaller
from app.exchange.webhooks import keeping, queries, replaying
from app.exchange.webhooks.contract import messages
from app.exchange.webhooks.errors import (
    DeliveryNotFound,
    NothingToReplay,
    WebhookFiltersContradict,
    WebhookNodesNeeded,
    WebhookNodeUnknown,
    WebhookNotFound,
    WebhooksTooMany,
    WebhookUrlForbidden,
)
from app.exchange.webhooks.messages import Filters
from app.exchange.webhooks.schemas import (
    DeliveryRead,
    DeliveryState,
    ReplayCreate,
    SecretCreate,
    WebhookCreate,
    WebhookIssued,
    WebhookRead,
    WebhookState,
    WebhookUpdate,
)
from app.exchange.webhooks.targets import judge_target
from app.kit.db import Database
from app.kit.http import OutboundPolicy
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading, Writing
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Page

router = APIRouter(tags=["webhooks"])

# What only some may read, and a secret above all, stays in no cache on the way.
_UNKEPT = {"Cache-Control": "no-store"}
_REFUSED = (KeyMissing, KeyInvalid, NotAllowed)
_UNSEEN = (WebhookNotFound, KeyMissing, KeyInvalid)

WebhookId = Annotated[int, Path(ge=1, lt=2**63, description="The subscription's id.", examples=[3])]
DeliveryId = Annotated[int, Path(ge=1, lt=2**63, description="The delivery's id.", examples=[41])]


def _keeper(caller: AnyCaller) -> Caller:
    if not keeping.may_keep(caller):
        raise NotAllowed
    return caller


async def _keeper_of(request: Request, caller: AnyCaller, now: Now, webhook: WebhookId) -> Caller:
    """Refused before the body is read, so that a foreign subscription looks like none whatever is said to it."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        await keeping.get_webhook(session, webhook, caller=caller, now=now)
    return caller


Keeper = Annotated[Caller, Depends(_keeper, scope="function")]
"""Who may have subscriptions. The verb that writes asks again."""
KeeperOfThis = Annotated[Caller, Depends(_keeper_of, scope="function")]
"""Who may see and keep the subscription in the path."""


@router.post(
    "/webhooks",
    response_model=WebhookIssued,
    status_code=201,
    callbacks=messages.routes,
    responses=problems.responses(
        WebhookUrlForbidden, WebhookFiltersContradict, WebhookNodeUnknown, WebhooksTooMany, *_REFUSED
    ),
)
async def create_webhook(request: Request, caller: Keeper, session: Writing, now: Now, new: WebhookCreate) -> Response:
    """Subscribe to what happens. The answer shows the secret that signs the messages, this once.

    Each change is one message: posted as JSON `{type, timestamp, data}`, `data` being the item of the change feed, with the
    headers `webhook-id` (the same for the same change, however often it is sent), `webhook-timestamp` and
    `webhook-signature` of Standard Webhooks. Any 2xx within 15 seconds takes it; anything else is tried again for three
    days. What is told of one thing is sent in order, different things several at a time. A message may come twice.
    """
    await judge_target(new.url, _policy(request))
    issued = await keeping.create_webhook(
        session,
        url=new.url,
        description=new.description,
        filters=Filters(**new.filters.given()),  # type: ignore[arg-type]  # names and words have been checked
        from_start=new.from_start,
        caller=caller,
        now=now,
    )
    return _issued(issued, location=f"/api/v1/webhooks/{issued.webhook.id}")


@router.get("/webhooks", response_model=Page[WebhookRead], responses=problems.responses(CursorInvalid, *_REFUSED))
async def list_webhooks(
    caller: Keeper,
    session: Reading,
    now: Now,
    state: Annotated[WebhookState | None, Query(description="Only those in this state.")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List subscriptions in the order of their making: the province's key sees all, a node's those of its own nodes."""
    key = decode_cursor(after, int)
    nodes = None if may(caller, Act.KEEP_WEBHOOKS) else sorted(caller.nodes)
    wanted = queries.WebhookFilter(nodes, state)
    found = await queries.list_webhooks(session, wanted, after=key[0] if key else None, limit=limit + 1, now=now)
    following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    items = [WebhookRead.model_validate(view) for view in found[:limit]]
    return ExactJSON(Page(items=items, next=following), headers=_UNKEPT)


@router.get("/webhooks/{webhook}", response_model=WebhookRead, responses=problems.responses(*_UNSEEN))
async def get_webhook(caller: KeeperOfThis, session: Reading, now: Now, webhook: WebhookId) -> Response:
    """One subscription: whether it is active, how far it has come, how its receiver answers. Its secret is not shown."""
    return _shown(await keeping.get_webhook(session, webhook, caller=caller, now=now))


@router.patch(
    "/webhooks/{webhook}",
    response_model=WebhookRead,
    responses=problems.responses(
        WebhookUrlForbidden, WebhookFiltersContradict, WebhookNodeUnknown, WebhookNodesNeeded, *_UNSEEN
    ),
)
async def revise_webhook(
    request: Request,
    caller: KeeperOfThis,
    session: Writing,
    now: Now,
    webhook: WebhookId,
    wanted: WebhookUpdate,
) -> Response:
    """Change what is given. `{"state": "active"}` enables what was paused or disabled: nothing of the time between is missed."""
    if wanted.url is not None:
        await judge_target(wanted.url, _policy(request))
    changes: dict[str, Any] = {
        name: value
        for name in wanted.model_fields_set
        if (value := getattr(wanted, name)) is not None or name == "description"
    }
    if wanted.filters is not None:
        changes["filters"] = wanted.filters.given()
    return _shown(await keeping.revise_webhook(session, webhook, changes, caller=caller, now=now))


@router.delete("/webhooks/{webhook}", response_model=WebhookRead, responses=problems.responses(*_UNSEEN))
async def delete_webhook(
    caller: KeeperOfThis,
    session: Writing,
    now: Now,
    webhook: WebhookId,
    dry_run: Annotated[bool, Query(description="Only say what would end.")] = False,
) -> Response:
    """End a subscription for good, with its secrets and deliveries; what it was is answered. Pausing it can be undone."""
    return _shown(await keeping.delete_webhook(session, webhook, dry_run=dry_run, caller=caller, now=now))


@router.post(
    "/webhooks/{webhook}/secret", response_model=WebhookIssued, status_code=201, responses=problems.responses(*_UNSEEN)
)
async def rotate_webhook_secret(
    caller: KeeperOfThis, session: Writing, now: Now, webhook: WebhookId, wanted: SecretCreate
) -> Response:
    """Give a subscription a new secret, shown this once. For `overlap_hours` messages carry the former's signature, too."""
    overlap = timedelta(hours=wanted.overlap_hours)
    return _issued(await keeping.rotate_secret(session, webhook, overlap=overlap, caller=caller, now=now))


@router.post(
    "/webhooks/{webhook}/ping", response_model=DeliveryRead, status_code=202, responses=problems.responses(*_UNSEEN)
)
async def ping_webhook(caller: KeeperOfThis, session: Writing, now: Now, webhook: WebhookId) -> Response:
    """Have a message of the type `webhook.ping` sent, once; its delivery says how that went. It works while paused, too."""
    return _accepted(await replaying.ping(session, webhook, caller=caller, now=now))


@router.post(
    "/webhooks/{webhook}/replay",
    response_model=WebhookRead,
    responses=problems.responses(NothingToReplay, CursorInvalid, *_UNSEEN),
)
async def replay_webhook(
    caller: KeeperOfThis, session: Writing, now: Now, webhook: WebhookId, wanted: ReplayCreate
) -> Response:
    """Tell everything again behind a place in the feed or from a moment on, however long ago; messages keep their ids."""
    view = await replaying.replay_from(session, webhook, after=wanted.after, since=wanted.since, caller=caller, now=now)
    return _shown(view)


@router.get(
    "/webhooks/{webhook}/deliveries",
    response_model=Page[DeliveryRead],
    responses=problems.responses(CursorInvalid, *_UNSEEN),
)
async def list_webhook_deliveries(
    caller: KeeperOfThis,
    session: Reading,
    webhook: WebhookId,
    state: Annotated[DeliveryState | None, Query(description="Only those in this state.")] = None,
    type: Annotated[  # noqa: A002 (the API's word)
        str | None,
        Query(
            pattern="^[a-z_]{1,40}[.][a-z_]{1,40}$",
            description="Only messages of this type.",
            examples=["package.upsert"],
        ),
    ] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """What was sent, is being sent or waits, newest first, each with its attempts. What has ended is kept for 30 days, 20,000 at most."""
    key = decode_cursor(after, int)
    found = await queries.list_deliveries(
        session, webhook, state=state, event=type, before=key[0] if key else None, limit=limit + 1
    )
    following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    items = [DeliveryRead.model_validate(view) for view in found[:limit]]
    return ExactJSON(Page(items=items, next=following), headers=_UNKEPT)


@router.get(
    "/webhooks/{webhook}/deliveries/{delivery}",
    response_model=DeliveryRead,
    responses=problems.responses(DeliveryNotFound, *_UNSEEN),
)
async def get_webhook_delivery(
    caller: KeeperOfThis, session: Reading, webhook: WebhookId, delivery: DeliveryId
) -> Response:
    """One message, and how its delivery went."""
    found = await queries.find_delivery(session, webhook, delivery)
    if found is None:
        raise DeliveryNotFound(delivery)
    return ExactJSON(DeliveryRead.model_validate(found), headers=_UNKEPT)


@router.post(
    "/webhooks/{webhook}/deliveries/{delivery}/replay",
    response_model=DeliveryRead,
    status_code=202,
    responses=problems.responses(DeliveryNotFound, NothingToReplay, *_UNSEEN),
)
async def replay_webhook_delivery(
    caller: KeeperOfThis, session: Writing, now: Now, webhook: WebhookId, delivery: DeliveryId
) -> Response:
    """Send one message again under the id that it had; one that waits for its next attempt is sent at once."""
    return _accepted(await replaying.replay_delivery(session, webhook, delivery, caller=caller, now=now))


def _policy(request: Request) -> OutboundPolicy:
    policy: OutboundPolicy = request.app.state.webhook_policy
    return policy


def _shown(view: queries.WebhookView) -> Response:
    return ExactJSON(WebhookRead.model_validate(view), headers=_UNKEPT)


def _issued(issued: keeping.Issued, *, location: str | None = None) -> Response:
    shown = {name: getattr(WebhookRead.model_validate(issued.webhook), name) for name in WebhookRead.model_fields}
    headers = _UNKEPT if location is None else {"Location": location, **_UNKEPT}
    return ExactJSON(WebhookIssued(**shown, secret=issued.secret), status_code=201, headers=headers)


def _accepted(view: queries.DeliveryView) -> Response:
    location = f"/api/v1/webhooks/{view.webhook}/deliveries/{view.id}"
    shown = DeliveryRead.model_validate(view)
    return ExactJSON(shown, status_code=202, headers={"Location": location, **_UNKEPT})
