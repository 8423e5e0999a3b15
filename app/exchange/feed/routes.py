"""The change feed over HTTP: pages as JSON or JSON lines, events, and checkpoints."""

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.responses import StreamingResponse

from app.core.vocabulary import PackageKind
from app.exchange.feed import checkpoints
from app.exchange.feed.cursor import CURSOR, decode
from app.exchange.feed.errors import FeedRestarted, FollowersTooMany
from app.exchange.feed.items import page_digest
from app.exchange.feed.reading import ChangeFilter, ChangePage
from app.exchange.feed.schemas import ChangesRead, CheckpointRead, Entity
from app.exchange.feed.streaming import events, read_next
from app.exchange.feed.waiting import FeedWatch
from app.kit.db import Database
from app.kit.json import dumps
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Reading
from app.kit.web.links import page_links
from app.kit.web.negotiation import preferred
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Page
from app.procurement.asking import NodeSlugs

router = APIRouter(tags=["exchange"])

MOST_ITEMS = 5000
LONGEST_WAIT_SECONDS = 60
JSON = "application/json"
LINES = "application/x-ndjson"
EVENTS = "text/event-stream"


@router.get(
    "/changes",
    response_model=ChangesRead,
    responses={
        200: {
            "content": {
                LINES: {"schema": {"type": "string"}, "example": ""},
                EVENTS: {"schema": {"type": "string"}, "example": ": still here\n\n"},
            },
            "headers": {
                "X-Next-Cursor": {
                    "description": "`next`, where the body has no room for it.",
                    "schema": {"type": "string"},
                },
            },
        },
        **problems.responses(CursorInvalid, FeedRestarted, FollowersTooMany),
    },
)
async def get_changes(
    request: Request,
    entity: Annotated[list[Entity], Query(description="Kinds of things; all by default.", max_length=4)] = [],  # noqa: B006
    node: NodeSlugs = [],  # noqa: B006
    kind: Annotated[list[PackageKind], Query(description="Packages of these kinds alone.", max_length=5)] = [],  # noqa: B006
    fiscal_year: Annotated[
        list[Annotated[int, Query(ge=2000, le=2100)]],
        Query(description="Packages that now belong to these years alone.", max_length=50),
    ] = [],  # noqa: B006
    latest: Annotated[bool, Query(description="Only the change by which each thing is as it is now.")] = False,
    wait: Annotated[
        int,
        Query(ge=0, le=LONGEST_WAIT_SECONDS, description="Seconds to wait for a change where there is none yet."),
    ] = 0,
    limit: Annotated[
        int, Query(ge=1, le=MOST_ITEMS, description="How many changes a page holds at most.")
    ] = DEFAULT_PAGE,
    after: Annotated[
        str | None,
        Query(
            description="The `next` of the page before; nothing begins at the start.",
            json_schema_extra={"pattern": CURSOR},
        ),
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[
        str | None,
        Header(
            description="What a stream of events goes on behind, as browsers send it.",
            json_schema_extra={"pattern": CURSOR},
        ),
    ] = None,
) -> Response:
    """Everything that happened on the hub, in one order in which nothing ever appears before a place once passed.

    Every version of every package, every state of nodes and runs, every figure that a node reported. Keep `next` and ask
    with it as `after`: repeating a page is harmless, and none is ever skipped, however many write at the same time. A cursor
    that the hub does not know, because it was restored from an older backup, is refused with `feed-restarted` (409).

    `Accept: application/x-ndjson` gives one item a line with `X-Next-Cursor`; `Accept: text/event-stream` a stream of
    events whose ids are cursors. Filters leave changes out; a page of them may be short or empty while `more` is true.
    """
    wanted = ChangeFilter(
        entity=tuple(dict.fromkeys(entity)),
        node=tuple(node),
        kind=tuple(str(word.value) for word in kind),
        fiscal_year=tuple(fiscal_year),
        latest=latest,
    )
    database: Database = request.app.state.database
    watch: FeedWatch = request.app.state.feed_watch
    form = preferred(accept, (JSON, LINES, EVENTS))
    resumed = decode(after if last_event_id is None else last_event_id)
    if form == EVENTS:
        stream = events(database, watch, wanted, after=resumed, is_gone=request.is_disconnected)
        return StreamingResponse(
            await _begun(stream), media_type=EVENTS, headers={"Cache-Control": "no-store", "Vary": "Accept"}
        )
    page = await _waited(
        watch,
        wait,
        lambda: read_next(
            database, watch, wanted, after=decode(after), limit=limit, seconds=wait, is_gone=request.is_disconnected
        ),
    )
    answer = _lines(page) if form == LINES else _json(page)
    answer.headers["Vary"] = "Accept"
    if (links := page_links(request.scope, page.next.encode())) is not None:
        answer.headers["Link"] = links
    return answer


@router.get("/changes/checkpoints", response_model=Page[CheckpointRead], responses=problems.responses(CursorInvalid))
async def list_checkpoints(session: Reading, limit: Limit = DEFAULT_PAGE, after: After = None) -> Response:
    """Checkpoints of the whole feed, newest first: a mirror that counts and hashes the same up to there has everything.

    One is reckoned at least every 10,000 changes and every minute in which something happened.
    """
    key = decode_cursor(after, int)
    found = await checkpoints.list_checkpoints(session, before=key[0] if key else None, limit=limit + 1)
    items = [{name: value for name, value in row.items() if name != "id"} for row in found[:limit]]
    return ExactJSON({"items": items, "next": encode_cursor(found[limit - 1]["id"]) if len(found) > limit else None})


async def _waited(watch: FeedWatch, wait: int, read: Callable[[], Awaitable[ChangePage]]) -> ChangePage:
    if not wait:
        return await read()
    with watch.place():
        return await read()


async def _begun(stream: Any) -> Any:
    """The stream, once it has its place and has spoken: what is refused is refused as a problem, not in the middle."""
    first = await anext(stream)

    async def whole() -> Any:
        yield first
        async for piece in stream:
            yield piece

    return whole()


def _json(page: ChangePage) -> Response:
    items = [item.content for item in page.items]
    following = {
        "next": page.next.encode(),
        "more": page.more,
        "epoch": page.epoch,
        "digest": page_digest(_joined(items)),
    }
    body = b'{"items":[' + b",".join(items) + b"]," + dumps(following)[1:]
    return Response(body, media_type=JSON)


def _lines(page: ChangePage) -> Response:
    body = _joined([item.content for item in page.items])
    digest = base64.b64encode(bytes.fromhex(page_digest(body))).decode()
    headers = {
        "X-Next-Cursor": page.next.encode(),
        "X-More": "true" if page.more else "false",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Cache-Control": "no-cache",
    }
    return Response(body, media_type=LINES, headers=headers)


def _joined(items: list[bytes]) -> bytes:
    return b"".join(b"%b\n" % item for item in items)
