"""Talking to the gateway: its address and token, its refusals, its quotas, and the envelope of its answers."""

import asyncio
import json
import math
from collections.abc import Awaitable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from app.adapters.outbound import node_failure
from app.adapters.protocol import Endpoint, NodeContractBroken, NodeFacts, NodeFailure, NodeRefused, NodeUnreachable
from app.core.text import clean_text
from app.kit.http import Answer, GuardedClient, OutboundFailure
from app.kit.json import loads

MAX_WAIT_SECONDS = 75.0
"""How long one visit waits for quotas altogether: a quota of a minute is waited for, one of an hour is not."""
_EVIDENCE_LENGTH = 500
_VERSION_PATH = "/api/v1"
_EPOCH = 1_000_000_000
"""A reset above this is a moment, below it a number of seconds."""
_SHORTEST_SECRET = 8


class ListMissing(Exception):
    """The gateway has no such list (404). `evidence` is what it said."""

    def __init__(self, evidence: str) -> None:
        super().__init__(evidence)
        self.evidence = evidence


class CursorRefused(Exception):
    """The gateway does not know the cursor any more. `failure` is what it means where no cursor was to blame."""

    def __init__(self, failure: NodeFailure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class ListPage:
    """One answer of a list. `cursor` leads to the next page; None: this was the last. `total` and `count` as stated."""

    rows: list[Any]
    cursor: str | None
    total: int | None = None
    count: int | None = None
    whole: bool = True
    """False where nothing in the answer tells whether more rows follow."""


class Gateway:
    """All requests of one visit."""

    def __init__(self, client: GuardedClient, endpoint: Endpoint) -> None:
        self._client = client
        self._given = endpoint.base_url
        self._base = api_base(endpoint.base_url)
        self._secret = bearer_token(endpoint.secret)
        self._patience = MAX_WAIT_SECONDS
        self._pause = 0.0
        self.facts = NodeFacts(base_url=endpoint.base_url.rstrip("/"))

    def url(self, resource: str) -> str:
        """Where a list is asked, without its question."""
        return f"{self._base}/{resource}"

    async def page(
        self, resource: str, institution: str, fiscal_year: int, *, limit: int, cursor: str | None = None
    ) -> ListPage:
        """One page of one list. Raises ListMissing, CursorRefused (only where there was one) or NodeFailure."""
        await self._wait()
        question = {"kode_klpd": institution, "tahun": str(fiscal_year), "limit": str(limit)}
        if cursor is not None:
            question["cursor"] = cursor
        headers = {"Accept": "application/json"}
        if self._secret:
            headers["Authorization"] = f"Bearer {self._secret}"
        answer = await _fetched(self._client.get(f"{self.url(resource)}?{urlencode(question)}", headers=headers))
        self._note(answer, resource)
        if answer.status == 404 and cursor is None:
            raise ListMissing(self._evidence(answer))
        if answer.status != 200:
            failure = self._failure(answer, resource)
            if cursor is not None and isinstance(failure, NodeContractBroken):
                raise CursorRefused(failure)
            raise failure
        return self._read(answer, resource, limit)

    def _note(self, answer: Answer, resource: str) -> None:
        """Remember where the gateway answered, and how long it wants to be left in peace."""
        if answer.redirects:
            path = urlsplit(answer.url)._replace(query="", fragment="")
            self.facts = NodeFacts(base_url=root_of(urlunsplit(path).removesuffix(f"/{resource}")))
        else:
            self.facts = NodeFacts(base_url=self._given.rstrip("/"))
        self._pause = quota_pause(answer)

    async def _wait(self) -> None:
        """Where the quota is used up and comes back soon, wait for it rather than run into a refusal."""
        pause, self._pause = self._pause, 0.0
        if 0 < pause <= self._patience:
            self._patience -= pause
            await asyncio.sleep(pause)

    def _failure(self, answer: Answer, resource: str) -> NodeFailure:
        evidence = self._evidence(answer)
        match answer.status:
            case 401 if not self._secret:
                return NodeRefused("the gateway wants a token and none is stored for this endpoint", evidence=evidence)
            case 401:
                return NodeRefused("the gateway does not accept the token (401): is it still valid?", evidence=evidence)
            case 403:
                return NodeRefused(
                    "the gateway forbids it (403): the token's role or this hub's IP address is not admitted",
                    evidence=evidence,
                )
            case 408 | 425 | 429:
                return NodeUnreachable(f"the gateway wants us to come back later ({answer.status})", evidence=evidence)
            case status if status >= 500:
                return NodeUnreachable(f"the gateway answers {status}", evidence=evidence)
            case status:
                return NodeContractBroken(f"“{resource}” answers {status} to our question", evidence=evidence)

    def _read(self, answer: Answer, resource: str, limit: int) -> ListPage:
        body = _decoded(answer)
        if body is _UNREADABLE:
            evidence = self._evidence(answer)
            if not answer.framed:
                raise NodeUnreachable(f"the answer of “{resource}” may be cut off", evidence=evidence)
            raise NodeContractBroken(f"“{resource}” answers with something else than JSON", evidence=evidence)
        try:
            return read_envelope(body, limit)
        except EnvelopeUnknown as error:
            raise NodeContractBroken(f"“{resource}”: {error}", evidence=self._evidence(answer)) from error

    def _evidence(self, answer: Answer) -> str:
        text = answer.text[: 4 * _EVIDENCE_LENGTH]
        if len(self._secret) >= _SHORTEST_SECRET:
            text = text.replace(self._secret, "…")  # A gateway that repeats what it was sent must not publish it.
        return clean_text(text)[:_EVIDENCE_LENGTH]


class EnvelopeUnknown(ValueError):
    """The answer is JSON, but not the gateway's envelope."""


def read_envelope(body: object, limit: int) -> ListPage:
    """Read `{"success": true, "data": […], "meta": {…}}`, or the bare array of the legacy mirror. Pure."""
    if isinstance(body, list):
        return ListPage(body, cursor=None, whole=len(body) != limit)
    if not isinstance(body, dict):
        raise EnvelopeUnknown("the answer is neither an envelope nor a list")
    if body.get("success", True) is not True:
        raise EnvelopeUnknown("the gateway says that it did not succeed")
    rows, meta = body.get("data"), body.get("meta")
    if not isinstance(rows, list):
        raise EnvelopeUnknown("“data” is not a list")
    if meta is None:
        return ListPage(rows, cursor=None, whole=len(rows) < limit)
    if not isinstance(meta, dict):
        raise EnvelopeUnknown("“meta” is not an object")
    cursor, more = meta.get("cursor"), meta.get("has_more")
    if not isinstance(cursor, str | None) or not isinstance(more, bool | None):
        raise EnvelopeUnknown("“cursor” or “has_more” has an unknown shape")
    if more is None:
        more = bool(cursor)
        whole = more or "cursor" in meta or len(rows) < min(limit, _stated(meta.get("limit")) or limit)
    else:
        whole = bool(cursor) or not more
    return ListPage(
        rows,
        cursor=cursor if more and cursor else None,
        total=_stated(meta.get("total")),
        count=_stated(meta.get("count")),
        whole=whole,
    )


def _stated(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def api_base(url: str) -> str:
    """The base of all lists, from any of its spellings: the host alone, with `/api/v1`, or with `/api/v1/tender`."""
    return f"{root_of(url)}{_VERSION_PATH}"


def root_of(url: str) -> str:
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/").removesuffix("/tender").removesuffix(_VERSION_PATH)
    return urlunsplit((parts.scheme, parts.netloc, path.rstrip("/"), "", ""))


def bearer_token(secret: str | None) -> str:
    """The token as it goes into the header; empty where there is none. Never shown, not even in a complaint about it."""
    token = (secret or "").strip()
    if token.lower().startswith("bearer "):
        token = token[len("bearer ") :].strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise NodeRefused("the stored token holds characters that no token has; store it again")
    return token


def quota_pause(answer: Answer) -> float:
    """Seconds until the quota comes back, where this answer says that it is used up; else 0.

    X-RateLimit-Reset is a number of seconds or a moment in seconds since 1970; both are in use.
    """
    remaining = _float(answer.headers.get("x-ratelimit-remaining"))
    reset = _float(answer.headers.get("x-ratelimit-reset"))
    if remaining is None or reset is None or remaining > 0:
        return 0.0
    return max(0.0, reset - answer.fetched_at.timestamp() if reset >= _EPOCH else reset)


def _float(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


_UNREADABLE = object()


def _decoded(answer: Answer) -> object:
    """The JSON of an answer, numbers exact. One row with text that is none (a lone surrogate) spoils no other."""
    try:
        return loads(answer.content)
    except RecursionError:
        return _UNREADABLE
    except msgspec.DecodeError:
        pass
    try:
        return json.loads(answer.text, parse_float=Decimal, parse_constant=_refused)
    except (ValueError, ArithmeticError, RecursionError):
        return _UNREADABLE


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


async def _fetched(request: Awaitable[Answer]) -> Answer:
    """Wait for an answer; why there is none is said in the words of adapters."""
    try:
        return await request
    except OutboundFailure as failure:
        raise node_failure(failure)(f"{failure.code}: {failure}") from failure
