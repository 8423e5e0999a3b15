"""The one client by which the hub asks strangers: bounded in time and size, careful where it goes, polite, patient."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from app.kit.clock import utc_now
from app.kit.http.addresses import judge_url
from app.kit.http.answer import Answer
from app.kit.http.exchange import Question, Wire, is_redirect
from app.kit.http.failures import (
    AddressForbidden,
    DeadlineExceeded,
    OutboundFailure,
    TooManyRedirects,
    UrlForbidden,
    shortened,
)
from app.kit.http.library import httpx
from app.kit.http.network import Resolver, resolve_by_system
from app.kit.http.policy import Gate, OutboundPolicy
from app.kit.http.retry import RETRIED_FAILURES, RETRIED_STATUSES, pause_before, retry_after_seconds
from app.kit.http.streaming import Deadline, StreamedAnswer, StreamingWire

_TURN_TO_GET = frozenset({301, 302, 303})

# Set here and nowhere else: framing, decompression and the jar rest on them.
_OURS = frozenset({"accept-encoding", "connection", "content-length", "cookie", "host", "te", "transfer-encoding"})
# All that another origin gets to see of what the caller said; a credential can stand in any other header.
_HARMLESS = frozenset({"accept", "accept-language", "x-requested-with"})


@dataclass(slots=True)
class _Patience:
    """How many seconds one request may still take."""

    left: float


class GuardedClient:
    """Asks one node during one visit: its own cookie jar and a few kept connections. Close it, or use `async with`.

    It goes only where TRUST allows (`OutboundPolicy`), reads no proxy from the environment, follows redirects itself,
    asks again when that can help, and gives whole answers of any status. Everything else is an OutboundFailure.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        gate: Gate | None = None,
        resolver: Resolver = resolve_by_system,
        ca_file: Path | None = None,
        connections: int = 4,
    ) -> None:
        self._policy = policy
        self._gate = gate
        self._wire = Wire(policy, resolver, ca_file, connections)
        self._streams = StreamingWire(policy, resolver, ca_file, self._wire.cookies)
        self._places = asyncio.Semaphore(connections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; a request still under way fails."""
        self._wire.close()
        self._streams.close()
        # The event loop closes what was broken off in its next round.
        await asyncio.sleep(0)

    @property
    def requests(self) -> int:
        """How many requests went out on the wire, retries and redirects included."""
        return self._wire.requests + self._streams.requests

    def cookie(self, name: str) -> str | None:
        """The value of a cookie in the jar; of several with one name, the one that was set last."""
        return next((cookie.value for cookie in reversed(list(self._wire.cookies.jar)) if cookie.name == name), None)

    def forget_cookies(self) -> None:
        """Empty the jar: the next request begins a new session."""
        self._wire.cookies.clear()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch. An answer of any status is an answer. Raises OutboundFailure."""
        return await self._request("GET", url, headers, b"")

    async def post_form(
        self, url: str, fields: Sequence[tuple[str, str]], *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Post form fields in their order. Asked again like a GET is: what we post are questions. Raises OutboundFailure."""
        body = urlencode(fields).encode("ascii")
        return await self._request(
            "POST", url, {"content-type": "application/x-www-form-urlencoded", **(headers or {})}, body
        )

    async def post(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
        """Post a body as it is; `headers` say what it is. Asked again like all else, as often as the policy says.

        Raises OutboundFailure.
        """
        return await self._request("POST", url, headers, body)

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str] | None = None) -> AsyncIterator[StreamedAnswer]:
        """Fetch what may be too large to hold; the content comes by the answer's `chunks()` and is bounded by the policy.

        Until the head is there the client is as patient as with `get`; what fails later fails for good, since only the
        caller knows what it has read. The place at the gate is held until the context is left. Raises OutboundFailure.
        """
        question = self._question("GET", url, headers, b"")
        deadline = Deadline(self._policy.stream_seconds, question.url.host)
        retry = 0
        while True:
            async with AsyncExitStack() as held:
                outcome: StreamedAnswer | OutboundFailure
                try:
                    outcome = await self._opened(question, deadline, held)
                except OutboundFailure as failure:
                    outcome = failure
                retry += 1
                head = outcome.head if isinstance(outcome, StreamedAnswer) else outcome
                pause = None
                if _is_worth_another(head) and retry < self._policy.attempts:
                    pause = pause_before(retry, head, self._policy, utc_now())
                if pause is None or pause >= deadline.left:
                    if isinstance(outcome, OutboundFailure):
                        raise outcome
                    yield outcome
                    return
            deadline.left -= pause
            await asyncio.sleep(pause)

    async def _opened(self, question: Question, deadline: Deadline, held: AsyncExitStack) -> StreamedAnswer:
        """The head of the answer to which all redirects lead; what is to be given back stands in `held`."""
        trail: list[str] = []
        while True:
            async with AsyncExitStack() as hop:
                answer = await hop.enter_async_context(self._streaming(question, deadline))
                if not is_redirect(answer.status, answer.headers):
                    answer.redirects = tuple(trail)
                    await held.enter_async_context(hop.pop_all())
                    return answer
            if len(trail) >= self._policy.max_redirects:
                raise TooManyRedirects(
                    f"“{shortened(answer.url)}” is one redirect too many, after {len(trail)} others."
                )
            trail.append(answer.url)
            question = self._next(question, answer.head)

    @asynccontextmanager
    async def _streaming(self, question: Question, deadline: Deadline) -> AsyncIterator[StreamedAnswer]:
        """One request under the gate, which is told how it ended once its stream is left."""
        host = gate_name(question.url)
        async with self._places, self._slot(host):
            try:
                async with self._streams.opened(question, deadline) as answer:
                    yield answer
            except (AddressForbidden, UrlForbidden):
                raise
            except OutboundFailure:
                await self._report(host, None, None)
                raise
            waiting = retry_after_seconds(answer.headers.get("retry-after"), answer.fetched_at)
            await self._report(host, answer.status, waiting)

    def _question(self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> Question:
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        if not _OURS.isdisjoint(lower):
            raise ValueError(f"headers that only the client sets: {sorted(_OURS & lower.keys())}")
        return Question(method, judge_url(url, self._policy), lower, body)

    async def _request(self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> Answer:
        question = self._question(method, url, headers, body)
        patience = _Patience(self._policy.overall_seconds)
        retry = 0
        while True:
            outcome = await self._outcome(question, patience)
            retry += 1
            if not _is_worth_another(outcome) or retry >= self._policy.attempts:
                break
            pause = pause_before(retry, outcome, self._policy, utc_now())
            if pause is None or pause >= patience.left:
                break
            patience.left -= pause
            await asyncio.sleep(pause)
        if isinstance(outcome, OutboundFailure):
            raise outcome
        return outcome

    async def _outcome(self, question: Question, patience: _Patience) -> Answer | OutboundFailure:
        try:
            return await self._attempt(question, patience)
        except OutboundFailure as failure:
            return failure

    async def _attempt(self, question: Question, patience: _Patience) -> Answer:
        """Ask once, and go where the answers lead, within the time of one attempt."""
        floor = max(0.0, patience.left - self._policy.total_seconds)
        trail: list[str] = []
        while True:
            answer = await self._ask(question, patience, floor)
            if not (self._policy.follows_redirects and is_redirect(answer.status, answer.headers)):
                return replace(answer, redirects=tuple(trail))
            if len(trail) >= self._policy.max_redirects:
                raise TooManyRedirects(
                    f"“{shortened(answer.url)}” is one redirect too many, after {len(trail)} others."
                )
            trail.append(answer.url)
            question = self._next(question, answer)

    async def _ask(self, question: Question, patience: _Patience, floor: float) -> Answer:
        """One request under the gate, which is told how it ended."""
        host = gate_name(question.url)
        async with self._places, self._slot(host):
            try:
                answer = await self._ask_in_time(question, patience, floor)
            except (AddressForbidden, UrlForbidden):
                raise
            except OutboundFailure:
                await self._report(host, None, None)
                raise
            waiting = retry_after_seconds(answer.headers.get("retry-after"), answer.fetched_at)
            await self._report(host, answer.status, waiting)
            return answer

    async def _ask_in_time(self, question: Question, patience: _Patience, floor: float) -> Answer:
        """One request; its time is taken from `patience`, which may fall to `floor`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(patience.left - floor):
                return await self._wire.ask(question)
        except TimeoutError as error:
            raise DeadlineExceeded(f"“{question.url.host}” gave no whole answer in the time it had.") from error
        finally:
            patience.left -= loop.time() - began

    def _slot(self, host: str) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._gate is None else self._gate.slot(host)

    async def _report(self, host: str, status: int | None, retry_after: float | None) -> None:
        if self._gate is not None:
            await self._gate.report(host, status, retry_after)

    def _next(self, question: Question, answer: Answer) -> Question:
        """The request that a redirect asks for, judged as the first one was."""
        location = answer.headers["location"]
        try:
            joined = question.url.join(location).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError) as error:
            raise UrlForbidden(f"“{shortened(answer.url)}” leads to “{shortened(location)}”, no URL.") from error
        url = judge_url(joined, self._policy)
        if question.url.scheme == "https" and url.scheme == "http":
            raise UrlForbidden(f"“{shortened(answer.url)}” leads from https down to http.")

        method, body, headers = question.method, question.body, dict(question.headers)
        if answer.status in _TURN_TO_GET and method != "GET":
            method, body = "GET", b""
            headers.pop("content-type", None)
        if (url.scheme, url.host, url.port) != (question.url.scheme, question.url.host, question.url.port):
            allowed = _HARMLESS | {"content-type"}
            headers = {name: value for name, value in headers.items() if name in allowed}
        return Question(method, url, headers, body)


def _is_worth_another(outcome: Answer | OutboundFailure) -> bool:
    if isinstance(outcome, Answer):
        return outcome.status in RETRIED_STATUSES
    return isinstance(outcome, RETRIED_FAILURES)


def gate_name(url: httpx.URL) -> str:
    """The name of the server that a request goes to, for politeness: the host, with its port where that is no usual one."""
    host = url.raw_host.decode("ascii").rstrip(".")
    return host if url.port in {None, 80, 443} else f"{host}:{url.port}"
