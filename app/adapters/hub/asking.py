"""Talking to another hub: its address, its node, pages of its feed, and its refusals."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from app.adapters.outbound import node_failure
from app.adapters.protocol import Endpoint, NodeContractBroken, NodeFacts, NodeFailure, NodeRefused, NodeUnreachable
from app.core.dates import TimeZone
from app.core.text import clean_text
from app.kit.http import Answer, AnswerTooLarge, GuardedClient, OutboundFailure
from app.kit.http.digests import stated_sha256
from app.kit.json import loads

_VERSION_PATH = "/api/v1"
_CURSOR = re.compile("[0-9a-f]{48}")
_SLUG = re.compile("[a-z0-9][a-z0-9-]{0,62}")
_EVIDENCE_LENGTH = 500
_LINES = "application/x-ndjson"


class FeedRestarted(Exception):
    """The hub does not know the cursor any more: it was restored from a backup."""


class PageTooLarge(Exception):
    """So many changes at once are more than this hub reads in one answer. `failure` is what it means of a single one."""

    def __init__(self, failure: NodeFailure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes as they were sent, a line each; `more` where the feed goes on."""

    lines: list[bytes]
    next: str
    more: bool
    url: str


@dataclass(frozen=True, slots=True)
class NodeThere:
    """A node as the other hub keeps it: its own places among other hubs are (root, slug)."""

    slug: str
    kd_lpse: int | None
    time_zone: TimeZone | None
    sources: tuple[tuple[str, str], ...]


class OtherHub:
    """All requests of one visit to one hub about one node."""

    def __init__(self, client: GuardedClient, base_url: str, slug: str) -> None:
        self._client = client
        self.root = root_of(base_url)
        self.slug = slug
        self.facts = NodeFacts(base_url=base_url.rstrip("/"))

    @property
    def place(self) -> tuple[str, str]:
        return self.root, self.slug

    async def node(self) -> NodeThere:
        """The node as the hub has it. Raises NodeRefused where it has none of that name, or is no Rakor."""
        answer = await self._get(f"nodes/{quote(self.slug)}", "application/json")
        if answer.status != 200:
            if _problem_code(answer) == "node-not-found":
                raise NodeRefused(
                    f"that hub has no node “{self.slug}”: set options.node to its slug there", evidence=_shown(answer)
                )
            raise _failure(answer, "the node")
        return _node_in(answer)

    async def page(self, question: Mapping[str, str], *, limit: int, after: str) -> FeedPage:
        """One page of the feed, its digest checked. Raises FeedRestarted, PageTooLarge or NodeFailure."""
        asked = {**question, "limit": str(limit), **({"after": after} if after else {})}
        try:
            answer = await self._get(f"changes?{urlencode(asked)}", _LINES)
        except NodeFailure as failure:
            if isinstance(failure.__cause__, AnswerTooLarge):
                raise PageTooLarge(failure) from failure
            raise
        if _problem_code(answer) == "feed-restarted":
            raise FeedRestarted
        if answer.status != 200:
            raise _failure(answer, "the feed")
        return _page_in(answer)

    async def _get(self, path: str, media_type: str) -> Answer:
        try:
            answer = await self._client.get(f"{self.root}{_VERSION_PATH}/{path}", headers={"Accept": media_type})
        except OutboundFailure as failure:
            raise node_failure(failure)(f"{failure.code}: {failure}") from failure
        if answer.redirects:
            self.facts = replace(self.facts, base_url=root_of(answer.url, path))
        return answer


def root_of(url: str, path: str = "") -> str:
    """The root of a hub, from any of its spellings: with `/api/v1` or a slash behind it, and less what was asked there."""
    parts = urlsplit(url.strip())
    place = parts.path.removesuffix(f"/{path.partition('?')[0]}").rstrip("/").removesuffix(_VERSION_PATH)
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), place.rstrip("/"), "", ""))


def asked_slug(endpoint: Endpoint) -> str:
    """By which name the node is asked for: by its own, unless the endpoint says how it is called there."""
    slug = endpoint.options.get("node")
    if not isinstance(slug, str) or _SLUG.fullmatch(slug) is None:
        raise NodeRefused("options.node is no slug, such as “surabaya”")
    return slug


def _page_in(answer: Answer) -> FeedPage:
    """What comes is believed by its digest alone: it covers the lines as they were before anybody compressed them."""
    following = answer.headers.get("x-next-cursor", "")
    stated = stated_sha256(answer.headers)
    if answer.media_type != _LINES or _CURSOR.fullmatch(following) is None or stated is None:
        raise NodeContractBroken("what answers there is no feed of a Rakor hub", evidence=_shown(answer))
    if stated != hashlib.sha256(answer.content).digest():
        raise NodeContractBroken("a page of the feed is not what its digest says", evidence=_shown(answer))
    if answer.content and not answer.content.endswith(b"\n"):
        raise NodeContractBroken("a page of the feed ends within a line", evidence=_shown(answer))
    more = answer.headers.get("x-more", "").strip().lower()
    if more not in {"true", "false"}:
        raise NodeContractBroken("a page of the feed does not say whether it goes on", evidence=more[:_EVIDENCE_LENGTH])
    return FeedPage(answer.content.split(b"\n")[:-1], following, more == "true", answer.url)


def _node_in(answer: Answer) -> NodeThere:
    document = _json(answer)
    if not isinstance(document, dict) or not isinstance(document.get("slug"), str):
        raise NodeContractBroken("what answers there is no Rakor hub", evidence=_shown(answer))
    endpoints = document.get("endpoints")
    if not isinstance(endpoints, list) or not all(isinstance(one, dict) for one in endpoints):
        raise NodeContractBroken("that hub does not say how it reads the node", evidence=_shown(answer))
    number, zone = document.get("kd_lpse"), document.get("time_zone")
    return NodeThere(
        document["slug"],
        number if isinstance(number, int) and not isinstance(number, bool) else None,
        TimeZone(zone) if zone in set(TimeZone) else None,
        tuple(_hubs_among(endpoints, document["slug"])),
    )


def _hubs_among(endpoints: list[dict[str, Any]], slug: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for endpoint in endpoints:
        url, options = endpoint.get("base_url"), endpoint.get("options")
        if endpoint.get("interface") == "hub" and isinstance(url, str):
            named = options.get("node") if isinstance(options, dict) else None
            found.append((root_of(url), named if isinstance(named, str) and _SLUG.fullmatch(named) else slug))
    return found


def _failure(answer: Answer, what: str) -> NodeFailure:
    evidence = _shown(answer)
    match answer.status:
        case 401 | 403 | 451:
            return NodeRefused(f"the hub forbids {what} ({answer.status})", evidence=evidence)
        case 408 | 425 | 429:
            return NodeUnreachable(f"the hub wants us to come back later ({answer.status})", evidence=evidence)
        case status if status >= 500:
            return NodeUnreachable(f"the hub answers {status}", evidence=evidence)
        case status:
            return NodeContractBroken(f"the hub answers {status} when asked for {what}", evidence=evidence)


def _problem_code(answer: Answer) -> str:
    problem = _json(answer) if "json" in answer.media_type else None
    return str(problem.get("code")) if isinstance(problem, dict) else ""


def _json(answer: Answer) -> Any:
    try:
        return loads(answer.content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _shown(answer: Answer) -> str:
    return clean_text(answer.text[: 4 * _EVIDENCE_LENGTH])[:_EVIDENCE_LENGTH]
