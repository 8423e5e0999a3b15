"""Talks to a hub on a sender's behalf: hands a file over, holds out through broken connections, follows what becomes of it.

Uses httpx directly. The guarded client of `kit.http` keeps addresses that strangers registered from reaching inside; here a
person names their own hub, which may well stand in a private network. Certificates are checked, redirects are not followed.
"""

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

import httpx

from app.kit.clock import utc_now
from app.kit.json import dumps_canonical, loads

TRIES = 6
PIECE = 64 * 1024
LARGE_BYTES = 1024 * 1024
"""From here on it is worth asking beforehand whether the key opens this door."""
TIMEOUT = httpx.Timeout(connect=10, read=120, write=120, pool=10)
SLOWEST_POLL_SECONDS = 5.0
_AGAIN = {408, 425, 429, 502, 503, 504}
_AGAIN_BY_CODE = {"request-in-flight", "body-cut"}
_OVER = {"completed", "failed"}

Progress = Callable[[int, int | None], None]
"""How far it is: so many of so many; None while nobody knows of how many."""


class HubRefused(Exception):
    """The hub said no, and it would say the same again."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("title") or f"HTTP {status}"))
        self.status = status
        self.problem = problem

    @property
    def receipt(self) -> dict[str, Any] | None:
        """The receipt of a body that was kept, although it could not be read."""
        receipt = self.problem.get("submission")
        return receipt if isinstance(receipt, dict) else None

    def sentence(self, language: str) -> str:
        message = self.problem.get("message")
        said = str(message.get(language) or "") if isinstance(message, dict) else ""
        where = [f"{error.get('pointer')}: {error.get('detail')}" for error in self.problem.get("errors") or []]
        return " ".join([said or str(self.problem.get("detail") or f"HTTP {self.status}"), *where])


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why no usable answer came: a word that `push_words` has sentences for, and what was seen."""

    word: str
    detail: str = ""


class HubUnreachable(Exception):
    """No usable answer came, although it was asked for several times."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.word)
        self.hindrance = hindrance


class FileChanged(Exception):
    """The file is not the one that the sending began with."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is handed over: a file as it stands on the disk, and what is said of all its rows."""

    path: Path
    node: str
    media_type: str
    encoding: str | None
    parameters: tuple[tuple[str, str], ...]
    size: int = field(init=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        with self.path.open("rb") as file:
            object.__setattr__(self, "sha256", hashlib.file_digest(file, "sha256").hexdigest())
            object.__setattr__(self, "size", file.tell())

    def key(self, *, after: int | None = None) -> str:
        """The same file, said in the same way, has the same key: a command that is repeated doubles nothing.

        `after` tells a new statement of the same from its repetition: the submission that came in between.
        """
        said = {
            "sha256": self.sha256,
            "node": self.node,
            "form": [self.media_type, self.encoding],
            "parameters": sorted(self.parameters),
            "after": after,
        }
        return hashlib.sha256(dumps_canonical(said)).hexdigest()

    def pieces(self, progress: Progress) -> Iterator[bytes]:
        digest, sent = hashlib.sha256(), 0
        with self.path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                sent += len(piece)
                if sent > self.size or (sent == self.size and digest.hexdigest() != self.sha256):
                    raise FileChanged
                yield piece
                progress(sent, self.size)
        if sent < self.size:
            raise FileChanged


class Hub:
    """One hub, asked with one key. `say` hears why it is asked again, for which time and when; `until` is when it is given up."""

    def __init__(self, url: str, key: str, *, until: float, say: Callable[[Hindrance, int, float], None]) -> None:
        base = httpx.URL(url.rstrip("/").removesuffix("/api/v1") + "/api/v1/")
        self._client = httpx.Client(
            base_url=base,
            timeout=TIMEOUT,
            # A proxy of the environment is of no use on the way to one's own machine.
            trust_env=not _is_own_machine(base.host),
            headers={
                "Authorization": f"Bearer {key}",
                "User-Agent": f"rakor/{version('rakor')}",
                "Accept": "application/json",
            },
        )
        self._until = until
        self._say = say

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def push(self, shipment: Shipment, key: str, progress: Progress) -> tuple[dict[str, Any], bool]:
        """Hand a file over; the receipt, and whether it is that of an earlier request."""
        if shipment.size > LARGE_BYTES:
            # A key that does not fit would be told so only after all of it was sent.
            self.last_submissions(shipment.node)
        headers = {
            "Content-Type": shipment.media_type,
            "Content-Length": str(shipment.size),
            "Idempotency-Key": f'"{key}"',
        }
        if shipment.encoding:
            headers["Content-Encoding"] = shipment.encoding
        response = self._ask(
            lambda: self._client.post(
                f"nodes/{shipment.node}/submissions",
                params=httpx.QueryParams(list(shipment.parameters)),
                content=shipment.pieces(progress),
                headers=headers,
            )
        )
        return _receipt(response), response.headers.get("idempotency-replayed") == "true"

    def follow(self, receipt: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Wait until a submission has come to its end, and give its last receipt."""
        pause = 0.3
        while receipt["state"] not in _OVER:
            state = receipt.get("progress") or {}
            progress(state.get("rows_done") or 0, state.get("rows_total"))
            self._wait(pause, Hindrance("still-working"))
            pause = min(pause * 1.4, SLOWEST_POLL_SECONDS)
            receipt = self.submission(receipt["id"])
        return receipt

    def submission(self, number: int) -> dict[str, Any]:
        return _receipt(self._ask(lambda: self._client.get(f"submissions/{number}")))

    def last_submissions(self, node: str) -> list[dict[str, Any]]:
        """A node's latest submissions, newest first."""
        response = self._ask(lambda: self._client.get(f"nodes/{node}/submissions", params={"limit": 10}))
        items = _json(response).get("items")
        return items if isinstance(items, list) else []

    def save_report(self, number: int, path: Path) -> None:
        """Save the problems of a submission as a table, in the form that the file's name says."""
        suffix = path.suffix.lower().removeprefix(".")
        response = self._ask(lambda: self._client.get(f"submissions/{number}/problems.{suffix}"))
        # Whole or not at all: half a report would look like a short one.
        half = path.with_name(f".{path.name}.part")
        half.write_bytes(response.content)
        half.replace(path)

    def _ask(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask until an answer comes: connections break, hubs are restarted, and ask for patience."""
        for attempt in range(1, TRIES + 1):
            asked_to_wait: float | None = None
            try:
                response = send()
            except httpx.LocalProtocolError as error:
                # Fewer or more bytes than announced: somebody saved the file in the meantime.
                raise FileChanged from error
            except httpx.TransportError as error:
                reason = _reason(error)
                if reason.word == "certificate":
                    raise HubUnreachable(reason) from error
            else:
                problem = _problem(response)
                if response.status_code not in _AGAIN and problem.get("code") not in _AGAIN_BY_CODE:
                    return _accepted(response, problem)
                reason = Hindrance("busy", f"HTTP {response.status_code} {problem.get('code') or ''}".strip())
                asked_to_wait = _retry_after(response)
            if attempt == TRIES:
                break
            backoff = random.uniform(0.75, 1.25) * 2 ** (attempt - 1)  # noqa: S311 (spreads callers, guards nothing)
            pause = backoff if asked_to_wait is None else asked_to_wait
            self._say(reason, attempt + 1, pause)
            self._wait(pause, reason)
        raise HubUnreachable(reason)

    def _wait(self, seconds: float, reason: Hindrance) -> None:
        if time.monotonic() + seconds > self._until:
            raise HubUnreachable(reason)
        time.sleep(seconds)


def _accepted(response: httpx.Response, problem: dict[str, Any]) -> httpx.Response:
    if response.is_success:
        return response
    if response.is_redirect:
        # The key goes to the address that was named, and to no other.
        place = response.headers.get("location", "elsewhere")
        raise HubUnreachable(Hindrance("points-elsewhere", place))
    raise HubRefused(response.status_code, problem)


def _receipt(response: httpx.Response) -> dict[str, Any]:
    receipt = _json(response)
    if not isinstance(receipt.get("counts"), dict) or not isinstance(receipt.get("state"), str):
        raise HubUnreachable(Hindrance("no-hub"))
    return receipt


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        content = loads(response.content)
    except ValueError as error:
        # The log-in page of a public network looks like success.
        raise HubUnreachable(Hindrance("no-hub")) from error
    return content if isinstance(content, dict) else {}


def _problem(response: httpx.Response) -> dict[str, Any]:
    if response.is_success or "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        content = loads(response.content)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - utc_now()).total_seconds())
    except (ValueError, TypeError):
        return None


def _reason(error: httpx.TransportError) -> Hindrance:
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
