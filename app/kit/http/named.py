"""Asks a hub that a person has named, and holds out through broken connections.

The guarded client beside it keeps addresses that strangers registered from reaching inside; here a person names their own
hub, which may well stand in a private network. Certificates are checked, redirects are not followed.
"""

import random
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any, Self

import zstandard

from app.core.text import clean_text
from app.kit.clock import utc_now
from app.kit.http.failures import AnswerBroken, AnswerTooLarge
from app.kit.http.library import httpx
from app.kit.http.retry import retry_after_seconds
from app.kit.json import loads

TRIES = 6
ACCEPTED = "zstd, gzip"
TIMEOUT = httpx.Timeout(connect=10, read=120, write=120, pool=10)
_AGAIN = {408, 425, 429, 502, 503, 504}
_AGAIN_BY_CODE = {"request-in-flight", "body-cut"}
_LONGEST_BACKOFF_SECONDS = 20.0
_ZSTD_WINDOW = 2**23
_SHOWN = 2000
"""Characters of what a hub says that a person is shown."""


class HubRefused(Exception):
    """The hub said no, and it would say the same again."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("title") or f"HTTP {status}"))
        self.status = status
        self.problem = problem

    def sentence(self, language: str) -> str:
        message = self.problem.get("message")
        said = str(message.get(language) or "") if isinstance(message, dict) else ""
        where = [f"{error.get('pointer')}: {error.get('detail')}" for error in self.problem.get("errors") or []]
        told = " ".join([said or str(self.problem.get("detail") or f"HTTP {self.status}"), *where])
        return clean_text(told[: 4 * _SHOWN])[:_SHOWN]


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why no usable answer came: a word that whoever speaks to people has sentences for, and what was seen."""

    word: str
    detail: str = ""


class HubUnreachable(Exception):
    """No usable answer came, although it was asked for several times."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.word)
        self.hindrance = hindrance


class NamedHub:
    """One hub. `say` hears why it is asked again, for which time and when; `until` is when it is given up."""

    def __init__(
        self,
        url: str,
        *,
        until: float,
        say: Callable[[Hindrance, int, float], None],
        key: str | None = None,
        tries: float = TRIES,
    ) -> None:
        base = httpx.URL(url.rstrip("/").removesuffix("/api/v1") + "/api/v1/")
        self.client = httpx.Client(
            base_url=base,
            timeout=TIMEOUT,
            # A proxy of the environment is of no use on the way to one's own machine.
            trust_env=not _is_own_machine(base.host),
            headers={
                **({"Authorization": f"Bearer {key}"} if key is not None else {}),
                "User-Agent": f"rakor/{version('rakor')}",
                "Accept": "application/json",
            },
        )
        self._until = until
        self._say = say
        self._tries = tries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def ask(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask until an answer comes: connections break, hubs are restarted, and ask for patience."""
        attempt = 0
        while True:
            attempt += 1
            asked_to_wait: float | None = None
            try:
                response = send()
            except httpx.LocalProtocolError:
                raise
            except (httpx.TransportError, AnswerBroken) as error:
                reason = _reason(error)
                if reason.word == "certificate":
                    raise HubUnreachable(reason) from error
            else:
                problem = _problem(response)
                if response.status_code not in _AGAIN and problem.get("code") not in _AGAIN_BY_CODE:
                    return _accepted(response, problem)
                reason = Hindrance("busy", f"HTTP {response.status_code} {problem.get('code') or ''}".strip())
                asked_to_wait = retry_after_seconds(response.headers.get("retry-after"), utc_now())
            if attempt >= self._tries:
                raise HubUnreachable(reason)
            backoff = min(_LONGEST_BACKOFF_SECONDS, 2.0 ** min(attempt - 1, 10))
            backoff *= random.uniform(0.75, 1.25)  # noqa: S311 (spreads callers, guards nothing)
            pause = backoff if asked_to_wait is None else asked_to_wait
            self._say(reason, attempt + 1, pause)
            self.wait(pause, reason)

    def wait(self, seconds: float, reason: Hindrance) -> None:
        if time.monotonic() + seconds > self._until:
            raise HubUnreachable(reason)
        time.sleep(seconds)

    def bounded(
        self, path: str, parameters: dict[str, str], *, accept: str, most_bytes: int, seconds: float
    ) -> httpx.Response:
        """One answer of which no more than so many bytes are ever held, compressed or not, and that ends in time.

        Raises AnswerTooLarge; what else goes wrong is for `ask`.
        """
        headers = {"Accept": accept, "Accept-Encoding": ACCEPTED}
        request = self.client.build_request("GET", path, params=parameters, headers=headers)
        until = time.monotonic() + seconds
        with closing(self.client.send(request, stream=True)) as response:
            wire = bytearray()
            for piece in response.iter_raw():
                wire += piece
                if len(wire) > most_bytes:
                    raise AnswerTooLarge(f"more than {most_bytes} bytes")
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer does not come to its end", request=request)
        kept = [(name, value) for name, value in response.headers.raw if name.lower() not in _FRAMING]
        content = _unpacked(bytes(wire), response.headers.get("content-encoding", "identity"), most_bytes)
        return httpx.Response(response.status_code, headers=kept, content=content, request=request)


_FRAMING = {b"content-encoding", b"content-length", b"transfer-encoding"}


def _unpacked(wire: bytes, encoding: str, most: int) -> bytes:
    """The content of a body, whole or not at all, and never more of it in memory than is allowed."""
    match encoding.strip().lower():
        case "identity" | "":
            return wire
        case "gzip":
            content = _ungzipped(wire, most)
        case "zstd":
            content = _unzstd(wire, most)
        case _:
            raise AnswerBroken(f"encoded as “{encoding[:40]}”, which nobody asked for")
    if len(content) > most:
        raise AnswerTooLarge(f"more than {most} bytes")
    return content


def _ungzipped(wire: bytes, most: int) -> bytes:
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = stream.decompress(wire, most + 1)
    except zlib.error as error:
        raise AnswerBroken(f"no gzip: {error}") from error
    if len(content) <= most and (not stream.eof or stream.unused_data):
        raise AnswerBroken("the compressed answer does not end where it should")
    return content


def _unzstd(wire: bytes, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(wire) as stream:
            while size <= most and (part := stream.read(min(2**20, most + 1 - size))):
                parts.append(part)
                size += len(part)
    except zstandard.ZstdError as error:
        raise AnswerBroken(f"no zstd: {error}") from error
    return b"".join(parts)


def json_of(response: httpx.Response) -> dict[str, Any]:
    """The object that a hub answers; what is none is no hub's answer: the log-in page of a public network looks like success."""
    try:
        content = loads(response.content)
    except (ValueError, RecursionError) as error:
        raise HubUnreachable(Hindrance("no-hub")) from error
    return content if isinstance(content, dict) else {}


def _accepted(response: httpx.Response, problem: dict[str, Any]) -> httpx.Response:
    if response.is_success:
        return response
    if response.is_redirect:
        # A key goes to the address that was named, and to no other.
        place = response.headers.get("location", "elsewhere")
        raise HubUnreachable(Hindrance("points-elsewhere", place))
    raise HubRefused(response.status_code, problem)


def _problem(response: httpx.Response) -> dict[str, Any]:
    if response.is_success or "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        content = loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _reason(error: Exception) -> Hindrance:
    seen = str(error).strip().rstrip(".") or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in seen:
        return Hindrance("certificate", seen)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Hindrance("no-connection", seen)
    return Hindrance("no-answer" if isinstance(error, httpx.TimeoutException) else "broken", seen)


def _is_own_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
