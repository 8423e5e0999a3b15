"""The hub that is copied, as its follower asks it: pages of its feed, and its checkpoints."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.exchange.mirror.chain import START
from app.exchange.mirror.pages import Page, PageBroken, read_page
from app.kit.http.failures import AnswerTooLarge
from app.kit.http.library import httpx
from app.kit.http.named import Hindrance, HubRefused, HubUnreachable, NamedHub, json_of

MOST_ITEMS = 2000
MOST_BYTES = 32 * 2**20
"""Of one answer, compressed or not: whatever a hub sends, so much of it is held and no more."""
PAGE_SECONDS = 300.0
WAIT_SECONDS = 50
"""How long the hub is asked to wait for news; less than it may be silent."""
_BROKEN_TRIES = 3


class FeedRestarted(Exception):
    """The hub does not know our place: it was restored from a backup made before it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the hub says that all its changes up to one hash to."""

    cursor: str
    count: int
    digest: bytes
    at: datetime


class FollowedHub(NamedHub):
    """One hub as its follower asks it."""

    limit = MOST_ITEMS
    """Changes of one page; it falls where they are so large that many do not go into one answer."""

    def page(self, after: str, *, wait: int = 0) -> Page:
        """What comes behind a place. Raises FeedRestarted, or PageBroken where a page is so every time it is asked for."""
        for attempt in range(1, _BROKEN_TRIES + 1):
            limit = self.limit
            parameters = {
                "limit": str(limit),
                **({"after": after} if after else {}),
                **({"wait": str(wait)} if wait else {}),
            }
            try:
                response = self._answer("changes", parameters, "application/x-ndjson")
                return read_page(response.content, response.headers, after=after, most=limit)
            except HubRefused as refusal:
                if refusal.problem.get("code") == "feed-restarted":
                    raise FeedRestarted from refusal
                raise
            except AnswerTooLarge as error:
                if limit == 1:
                    raise PageBroken(f"a single change is larger than {MOST_BYTES} bytes") from error
                self.limit = max(1, limit // 8)
                return self.page(after, wait=wait)
            except PageBroken as broken:
                if attempt == _BROKEN_TRIES:
                    raise
                self.wait(attempt, Hindrance("broken", str(broken)))
        raise AssertionError

    def newest(self, *, most: int | None = None) -> Checkpoint | None:
        """The newest checkpoint, or the newest of no more than so many changes."""
        return next((one for one in self.checkpoints(limit=50) if most is None or one.count <= most), None)

    def checkpoints(self, *, limit: int = 500) -> Iterator[Checkpoint]:
        """All of them, newest first."""
        after: str | None = None
        while True:
            parameters = {"limit": str(limit), **({"after": after} if after else {})}
            content = json_of(self._answer("changes/checkpoints", parameters, "application/json"))
            items, following = content.get("items"), content.get("next")
            if not isinstance(items, list) or not isinstance(following, str | None):
                raise HubUnreachable(Hindrance("no-hub"))
            yield from (_checkpoint(item) for item in items)
            if following is None or following == after:
                return
            after = following

    def _answer(self, path: str, parameters: dict[str, str], accept: str) -> httpx.Response:
        return self.ask(
            lambda: self.bounded(path, parameters, accept=accept, most_bytes=MOST_BYTES, seconds=PAGE_SECONDS)
        )


def _checkpoint(item: Any) -> Checkpoint:
    try:
        cursor, count, digest, at = item["cursor"], item["count"], item["digest"], item["at"]
        checkpoint = Checkpoint(cursor, count, bytes.fromhex(digest), datetime.fromisoformat(at))
    except (KeyError, TypeError, ValueError) as error:
        raise HubUnreachable(Hindrance("no-hub")) from error
    if not (isinstance(cursor, str) and isinstance(count, int) and len(checkpoint.digest) == len(START)):
        raise HubUnreachable(Hindrance("no-hub"))
    return checkpoint
