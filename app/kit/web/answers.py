"""Exact JSON answers: an amount is a number written exactly, a page says where the next one is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.kit.json import dumps
from app.kit.web.conditional import last_modified
from app.kit.web.links import page_links
from app.kit.web.schema import Page
from app.kit.web.sparse import MEDIA_TYPE as SPARSE
from app.kit.web.sparse import chosen_in, thinned


class ExactJSON(Response):
    """A JSON body in which every Decimal is a number with exactly its digits.

    It is written when it is sent: only then is it known whether its reader wants all of it (`fields=`), and where the page
    after it is. `changed_at` is when any of it last changed; who cannot tell that says nothing.
    """

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        media_type: str = "application/json",
        changed_at: datetime | None = None,
    ) -> None:
        self.content = content
        self.status_code = status_code
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)
        if changed_at is not None:
            self.headers["Last-Modified"] = last_modified(changed_at)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content = self.content
        if scope["method"] == "GET" and self.status_code == 200:
            if is_page(content) and (links := page_links(scope, next_of(content))) is not None:
                self.headers.append("Link", links)
            if (names := chosen_in(scope)) is not None:
                content = thinned(content, names)
                self.headers["Content-Type"] = SPARSE
        self.body = dumps(content)
        self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def is_page(content: Any) -> bool:
    return isinstance(content, Page) or (isinstance(content, dict) and "items" in content and "next" in content)


def next_of(page: Any) -> str | None:
    following: str | None = page.next if isinstance(page, Page) else page["next"]
    return following


KEY_OPTIONAL: dict[str, Any] = {"security": [{}]}
"""For `openapi_extra` of a route that everybody may ask and that shows more to some: without a key it works too."""


def answer_for(
    caller: object | None, content: Any, *, status_code: int = 200, changed_at: datetime | None = None
) -> ExactJSON:
    """An answer that may differ by who asks: no cache between hands one caller's to another.

    A moment does not tell the public's answer from that of a key, as a tag does: only the public is told it.
    """
    return ExactJSON(
        content,
        status_code=status_code,
        headers={"Cache-Control": "no-cache" if caller is None else "private, no-cache", "Vary": "Authorization"},
        changed_at=changed_at if caller is None else None,
    )
