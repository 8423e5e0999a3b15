"""One request and its one answer, read to the end or not at all."""

import asyncio
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.kit.clock import utc_now
from app.kit.http.addresses import port_of
from app.kit.http.answer import Answer
from app.kit.http.failures import AnswerBroken, AnswerTooLarge, DeadlineExceeded, shortened
from app.kit.http.inflate import body_for
from app.kit.http.library import httpcore, httpx
from app.kit.http.network import Resolver, connect, shared_ssl_context
from app.kit.http.policy import OutboundPolicy
from app.kit.http.stream import GuardedStream

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_KEEP_ALIVE_SECONDS = 30
_BODILESS = frozenset({204, 304})
_MAX_COOKIES = 64
_MAX_COOKIE_HEADERS = 64
_MAX_REDIRECT_BODY = 64 * 1024

# A body cut into crumbs costs far more time than bytes. Beyond a free number, its pieces must be of some size.
FREE_PIECES = 10_000
LEAST_PIECE_BYTES = 64
PIECES_IN_ONE_GO = 256


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, of a URL that was judged. Header names are lower case."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def is_redirect(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the answer sends us on."""
    return status in REDIRECTS and "location" in headers


class Wire:
    """A few kept connections and one cookie jar. `requests` counts what was sent, whatever became of it.

    The connections are kept here rather than in the library's pool, which leaves sockets open when requests are
    cancelled, as every deadline does.
    """

    def __init__(self, policy: OutboundPolicy, resolver: Resolver, ca_file: Path | None, connections: int) -> None:
        self.requests = 0
        self.cookies = httpx.Cookies()
        self._policy = policy
        self._resolver = resolver
        self._ca_file = ca_file
        self._kept_at_most = connections
        self._kept: list[Connection] = []
        self._in_use: set[Connection] = set()
        self._is_closed = False
        self._extensions = {"timeout": {"read": policy.read_seconds}}
        self._cookie_headers: dict[tuple[object, ...], str | None] = {}

    def close(self) -> None:
        """Break off everything that is open, for good."""
        self._is_closed = True
        for connection in (*self._kept, *self._in_use):
            connection.stream.abort()
        self._kept.clear()

    async def ask(self, question: Question) -> Answer:
        """Send once and read the whole answer; the caller sets the deadline. Raises OutboundFailure."""
        kept = self._kept_connection(question.url)
        if kept is not None:
            try:
                return await self._ask_on(kept, question)
            except AnswerBroken:
                # A host may close a kept connection in the very moment we write on it: then nobody heard the question.
                if kept.stream.has_answered:
                    raise
        return await self._ask_on(await self._new_connection(question.url), question)

    async def _ask_on(self, connection: "Connection", question: Question) -> Answer:
        if self._is_closed:
            connection.stream.abort()
            raise RuntimeError("this client is closed")
        host = question.url.host
        sent_before = connection.stream.exchanges
        self._in_use.add(connection)
        try:
            answer = await self._exchange(question, connection)
        except BaseException as error:
            connection.stream.abort()
            match error:
                case httpcore.LocalProtocolError():
                    raise ValueError(f"this request cannot be sent: {error}") from error
                case httpcore.TimeoutException():
                    raise DeadlineExceeded(f"“{host}” fell silent for {self._policy.read_seconds:g} s.") from error
                case httpcore.ProtocolError() | httpcore.NetworkError():
                    reason = shortened(error) or "the connection was broken off"
                    raise AnswerBroken(f"“{host}” sent no whole answer: {reason}.") from error
            raise
        finally:
            self._in_use.discard(connection)
            self.requests += connection.stream.exchanges - sent_before
        self._keep(connection)
        return answer

    def _kept_connection(self, url: httpx.URL) -> "Connection | None":
        for connection in reversed(self._kept):
            if connection.origin == _origin(url):
                self._kept.remove(connection)
                if not connection.http.has_expired():
                    return connection
                connection.stream.abort()
        return None

    async def _new_connection(self, url: httpx.URL) -> "Connection":
        tls = shared_ssl_context(self._ca_file) if url.scheme == "https" else None
        host, port = url.raw_host.decode("ascii"), port_of(url)
        return Connection(_origin(url), await connect(host, port, self._policy, self._resolver, tls))

    def _keep(self, connection: "Connection") -> None:
        if self._is_closed or not connection.http.is_idle():
            connection.stream.abort()
            return
        self._kept.append(connection)
        if len(self._kept) > self._kept_at_most:
            self._kept.pop(0).stream.abort()

    async def _exchange(self, question: Question, connection: "Connection") -> Answer:
        response = await connection.http.handle_async_request(self._request(question, self.cookie_header(question)))
        try:
            return await self._answer(question, response, connection)
        finally:
            await response.aclose()

    def cookie_header(self, question: Question) -> str | None:
        """What the jar has for a request. It is asked anew only when it, or where the request goes, is another."""
        url = question.url
        key: list[object] = [url.raw_scheme, url.raw_host, url.port]
        path = url.path
        for cookie in self.cookies.jar:
            reaches = path.startswith(cookie.path.rstrip("/") + "/") or path == cookie.path
            key += (cookie.domain, cookie.path, cookie.name, cookie.value, cookie.secure, cookie.is_expired(), reaches)
        known = tuple(key)
        if known not in self._cookie_headers:
            if len(self._cookie_headers) >= _MAX_COOKIE_HEADERS:
                self._cookie_headers.clear()
            request = httpx.Request(question.method, url)
            self.cookies.set_cookie_header(request)
            self._cookie_headers[known] = request.headers.get("cookie")
        return self._cookie_headers[known]

    def _request(self, question: Question, cookie: str | None) -> httpcore.Request:
        url = question.url
        headers = {
            "host": url.netloc.decode("ascii"),
            "user-agent": self._policy.user_agent,
            "accept": "*/*",
            "accept-encoding": "gzip",
            **question.headers,
        }
        if cookie:
            headers["cookie"] = cookie
        if question.body or question.method == "POST":
            headers["content-length"] = str(len(question.body))
        return httpcore.Request(
            question.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path),
            headers=[(name.title().encode("ascii"), value.encode()) for name, value in headers.items()],
            content=question.body,
            extensions=self._extensions,
        )

    async def _answer(self, question: Question, response: httpcore.Response, connection: "Connection") -> Answer:
        stream = connection.stream
        if response.status < 200:
            raise AnswerBroken(f"“{question.url.host}” wants to speak something else than HTTP.")
        stream.end_of_head()
        headers = readable_headers(response.headers)
        if "set-cookie" in headers:
            self._take_cookies(question, response)

        framing = Framing.of(response.status, headers)
        if framing.length is not None and framing.length > self._policy.max_wire_bytes:
            raise AnswerTooLarge(f"“{question.url.host}” announces {framing.length} bytes.")
        if is_redirect(response.status, headers):
            content = b""
            is_whole = await _drain(response)
        else:
            content = await self._content(question.url.host, headers.get("content-encoding", ""), framing, response)
            is_whole = True
        if is_whole and framing.is_stated and stream.is_overlong(framing.length):
            raise AnswerBroken(f"“{question.url.host}” sent more than belongs to its answer.")
        return Answer(
            url=str(question.url),
            status=response.status,
            headers=headers,
            content=content,
            fetched_at=utc_now(),
            framed=framing.is_stated,
            certificate_expires_at=connection.certificate_expires_at,
        )

    async def _content(self, host: str, encoding: str, framing: "Framing", response: httpcore.Response) -> bytes:
        body = body_for(encoding, self._policy.max_body_bytes)
        pieces = size = 0
        async for chunk in response.aiter_stream():
            pieces += 1
            size += len(chunk)
            if pieces > FREE_PIECES and size < pieces * LEAST_PIECE_BYTES:
                raise AnswerTooLarge(f"“{host}” sent its answer in more than {FREE_PIECES} crumbs.")
            if pieces % PIECES_IN_ONE_GO == 0:
                await asyncio.sleep(0)
            await body.feed(chunk)
        if encoding and not size and not framing.is_stated:
            raise AnswerBroken(f"“{host}” closed the connection before the body.")
        return body.finish()

    def _take_cookies(self, question: Question, response: httpcore.Response) -> None:
        request = httpx.Request(question.method, question.url)
        # The standard library's jar warns of a bug of its own when an attribute lacks its value ("Max-Age" alone).
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self.cookies.extract_cookies(httpx.Response(response.status, headers=response.headers, request=request))
        if len(self.cookies.jar) > _MAX_COOKIES:
            self.cookies.clear()
            raise AnswerBroken(f"“{question.url.host}” sets more than {_MAX_COOKIES} cookies.")


class Connection:
    """One connection to one origin, and the library's reading of HTTP/1.1 on it."""

    def __init__(self, origin: httpcore.Origin, stream: GuardedStream) -> None:
        self.origin = origin
        self.stream = stream
        self.http = httpcore.AsyncHTTP11Connection(origin, stream, keepalive_expiry=_KEEP_ALIVE_SECONDS)
        self.certificate_expires_at = _certificate_end(stream)


def _certificate_end(stream: GuardedStream) -> datetime | None:
    """When the certificate that was verified on this connection ends; None without TLS, or if it cannot be read."""
    certificate = stream.get_extra_info("peercert")
    if not certificate:
        return None
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _origin(url: httpx.URL) -> httpcore.Origin:
    return httpcore.Origin(url.raw_scheme, url.raw_host, port_of(url))


@dataclass(frozen=True, slots=True)
class Framing:
    """How the end of a body is told: by a length, by chunks (`length` None), or not at all (`is_stated` false)."""

    is_stated: bool
    length: int | None

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str]) -> "Framing":
        if status in _BODILESS:
            return cls(is_stated=True, length=0)
        if "transfer-encoding" in headers:
            return cls(is_stated=True, length=None)
        if "content-length" in headers:
            return cls(is_stated=True, length=int(headers["content-length"]))
        return cls(is_stated=False, length=None)


async def _drain(response: httpcore.Response) -> bool:
    """Read a redirect's body, which nobody wants, so that the connection can be used again; False if it is long."""
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > _MAX_REDIRECT_BODY:
            return False
    return True


def readable_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name, in UTF-8 if they are that, else in Latin-1, which every byte is."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("ascii").lower()
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
