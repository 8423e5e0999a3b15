"""Answers too large to hold: the same guards, and the content in pieces as it comes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from app.kit.clock import utc_now
from app.kit.http.answer import Answer
from app.kit.http.exchange import (
    FREE_PIECES,
    LEAST_PIECE_BYTES,
    PIECES_IN_ONE_GO,
    Connection,
    Framing,
    Question,
    Wire,
    readable_headers,
)
from app.kit.http.failures import AnswerBroken, AnswerTooLarge, DeadlineExceeded, shortened
from app.kit.http.inflate import body_for
from app.kit.http.library import httpcore, httpx
from app.kit.http.network import Resolver
from app.kit.http.policy import OutboundPolicy

# A packed piece may inflate a thousandfold: small bites keep what is in memory at one time to a few megabytes.
_BITE = 4096


class Deadline:
    """How many seconds of waiting for the host are left; the time that the reader takes for itself costs nothing."""

    def __init__(self, seconds: float, host: str) -> None:
        self.left = seconds
        self._host = host

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(max(self.left, 0)):
                yield
        except TimeoutError as error:
            raise DeadlineExceeded(f"“{self._host}” gave no whole answer in the time it had.") from error
        finally:
            self.left -= loop.time() - began


class StreamedAnswer:
    """An answer whose head is there and whose content is read with `chunks()`, once.

    That the content is whole is known when `chunks()` has ended: a cut, an endless or a half packed one raises
    OutboundFailure there. `headers`, `redirects` and `framed` are those of an Answer.
    """

    def __init__(
        self,
        head: Answer,
        response: httpcore.Response,
        connection: Connection,
        framing: Framing,
        policy: OutboundPolicy,
        deadline: Deadline,
    ) -> None:
        self.url = head.url
        self.status = head.status
        self.headers: Mapping[str, str] = head.headers
        self.redirects: tuple[str, ...] = ()
        self.media_type = head.media_type
        self.framed = head.framed
        self.fetched_at: datetime = head.fetched_at
        self.head = head
        self.is_whole = False
        self._host = httpx.URL(head.url).host
        self._response = response
        self._connection = connection
        self._framing = framing
        self._policy = policy
        self._deadline = deadline

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The content, decompressed, in pieces of no particular size. Raises OutboundFailure."""
        encoding = self.headers.get("content-encoding", "")
        body = body_for(encoding, self._policy.max_body_bytes)
        size = 0
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                size += len(piece)
                for start in range(0, len(piece), _BITE) if encoding else (0,):
                    await body.feed(piece[start : start + _BITE] if encoding else piece)
                    content = body.take()
                    if content:
                        yield content
        if encoding and not size and not self._framing.is_stated:
            raise AnswerBroken(f"“{self._host}” closed the connection before the body.")
        content = body.finish()
        if self._framing.is_stated and self._connection.stream.is_overlong(self._framing.length):
            raise AnswerBroken(f"“{self._host}” sent more than belongs to its answer.")
        self.is_whole = True
        if content:
            yield content

    async def read(self, limit: int) -> bytes:
        """The beginning of the content, up to about `limit` bytes: for answers that are not what was wanted."""
        content = b""
        async with aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                content += chunk
                if len(content) >= limit:
                    break
        return content[:limit]

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        """What comes on the wire. Waiting for it takes from the deadline, what is done with it does not."""
        count = size = 0
        stream = aiter(self._response.aiter_stream())
        while True:
            with in_our_words(self._host, self._policy):
                async with self._deadline.running():
                    piece = await anext(stream, None)
            if piece is None:
                return
            count += 1
            size += len(piece)
            if count > FREE_PIECES and size < count * LEAST_PIECE_BYTES:
                raise AnswerTooLarge(f"“{self._host}” sent its answer in more than {FREE_PIECES} crumbs.")
            if count % PIECES_IN_ONE_GO == 0:
                await asyncio.sleep(0)
            yield piece


class StreamingWire(Wire):
    """Connections for streams: each carries one answer and is closed behind it, with the limits that streams have."""

    def __init__(
        self, policy: OutboundPolicy, resolver: Resolver, ca_file: Path | None, cookies: httpx.Cookies
    ) -> None:
        limits = replace(policy, max_wire_bytes=policy.max_stream_wire_bytes, max_body_bytes=policy.max_stream_bytes)
        super().__init__(limits, resolver, ca_file, connections=0)
        self.cookies = cookies

    @asynccontextmanager
    async def opened(self, question: Question, deadline: Deadline) -> AsyncIterator[StreamedAnswer]:
        """Send once and read the head; the connection is gone when the context is left. Raises OutboundFailure."""
        if self._is_closed:
            raise RuntimeError("this client is closed")
        host = question.url.host
        async with AsyncExitStack() as held:
            with in_our_words(host, self._policy):
                async with deadline.running():
                    connection = await self._new_connection(question.url)
                    held.callback(connection.stream.abort)
                    self._in_use.add(connection)
                    held.callback(self._in_use.discard, connection)
                    answer = await self._head(question, connection, deadline)
            yield answer

    async def _head(self, question: Question, connection: Connection, deadline: Deadline) -> StreamedAnswer:
        try:
            response = await connection.http.handle_async_request(self._request(question, self.cookie_header(question)))
        finally:
            self.requests += connection.stream.exchanges
        if response.status < 200:
            raise AnswerBroken(f"“{question.url.host}” wants to speak something else than HTTP.")
        connection.stream.end_of_head()
        headers = readable_headers(response.headers)
        if "set-cookie" in headers:
            self._take_cookies(question, response)
        framing = Framing.of(response.status, headers)
        if framing.length is not None and framing.length > self._policy.max_wire_bytes:
            raise AnswerTooLarge(f"“{question.url.host}” announces {framing.length} bytes.")
        head = Answer(
            url=str(question.url),
            status=response.status,
            headers=headers,
            content=b"",
            fetched_at=utc_now(),
            framed=framing.is_stated,
            certificate_expires_at=connection.certificate_expires_at,
        )
        return StreamedAnswer(head, response, connection, framing, self._policy, deadline)


@contextmanager
def in_our_words(host: str, policy: OutboundPolicy) -> Iterator[None]:
    """Turn what the library says of a broken exchange into an OutboundFailure."""
    try:
        yield
    except httpcore.LocalProtocolError as error:
        raise ValueError(f"this request cannot be sent: {error}") from error
    except httpcore.TimeoutException as error:
        raise DeadlineExceeded(f"“{host}” fell silent for {policy.read_seconds:g} s.") from error
    except (httpcore.ProtocolError, httpcore.NetworkError) as error:
        reason = shortened(error) or "the connection was broken off"
        raise AnswerBroken(f"“{host}” sent no whole answer: {reason}.") from error
