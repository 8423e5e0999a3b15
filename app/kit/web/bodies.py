"""Streamed bodies, read piece by piece within bounds: how large, how slow, how long, and whether they came whole."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.types import Message, Receive

from app.kit.errors import HubError, Kind

IDLE_SECONDS = 30
MIN_RATE = 1024
"""Bytes per second of waiting; a telephone line of the nineties is faster."""
GRACE_SECONDS = 60
MAX_WAIT_SECONDS = 4 * 3600


class BodyTooLarge(HubError):
    kind = Kind.TOO_LARGE
    code = "body-too-large"
    title = "Body too large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            f"The body is larger than the {max_bytes:,} bytes that this address takes.",
            f"Isi permintaan melebihi batas {max_bytes:,} byte untuk alamat ini.".replace(",", "."),
        )


class BodyTooSlow(HubError):
    kind = Kind.TOO_SLOW
    code = "body-too-slow"
    title = "Body too slow"

    def __init__(self) -> None:
        super().__init__(
            "The body arrived too slowly and was given up; nothing of it was taken in. Send it again.",
            "Isi permintaan tiba terlalu lambat sehingga dihentikan; tidak ada yang disimpan. Kirimkan ulang.",
        )


class BodyCut(HubError):
    kind = Kind.UNREADABLE
    code = "body-cut"
    title = "Body incomplete"

    def __init__(self) -> None:
        super().__init__(
            "The body ended before, or after, the length that was announced; nothing of it was taken in. Send it again.",
            "Isi permintaan tidak sesuai panjang yang diumumkan; tidak ada yang disimpan. Kirimkan ulang.",
        )


class LengthUnreadable(HubError):
    kind = Kind.UNREADABLE
    code = "content-length-unreadable"
    title = "Content-Length not readable"

    def __init__(self) -> None:
        super().__init__(
            "Content-Length is a whole number of bytes, given once.",
            "Content-Length adalah bilangan bulat jumlah byte, ditulis satu kali.",
        )


async def read_chunks(
    request: Request,
    *,
    max_bytes: int,
    idle_seconds: float = IDLE_SECONDS,
    min_rate: float = MIN_RATE,
    grace_seconds: float = GRACE_SECONDS,
    max_wait_seconds: float = MAX_WAIT_SECONDS,
) -> AsyncIterator[bytes]:
    """The body as it comes, to its very end; raises as soon as it is too large, too slow or cut.

    Only time spent waiting for the sender counts: whoever takes the pieces may take their time over each.
    """
    announced = _announced_length(request)
    if announced is not None and announced > max_bytes:
        raise BodyTooLarge(max_bytes)
    patience = Patience(
        idle_seconds=idle_seconds, min_rate=min_rate, grace_seconds=grace_seconds, max_wait_seconds=max_wait_seconds
    )
    received = 0
    more = True
    while more:
        message = await patience.next_message(request.receive)
        if message["type"] == "http.disconnect":
            raise BodyCut
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        received += len(chunk)
        if received > max_bytes:
            raise BodyTooLarge(max_bytes)
        if chunk:
            yield chunk
    if announced is not None and received != announced:
        raise BodyCut


def _announced_length(request: Request) -> int | None:
    """What Content-Length promises; nothing where the body comes in chunks, which say their lengths themselves."""
    if "transfer-encoding" in request.headers:
        return None
    stated = set(request.headers.getlist("content-length"))
    if not stated:
        return None
    text = stated.pop()
    if stated or not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise LengthUnreadable
    return int(text)


class Patience:
    """How long a sender is waited for: not long without a byte, and in no stretch below the least rate."""

    def __init__(
        self,
        *,
        idle_seconds: float = IDLE_SECONDS,
        min_rate: float = MIN_RATE,
        grace_seconds: float = GRACE_SECONDS,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
    ) -> None:
        self._idle_seconds = idle_seconds
        self._least_in_a_stretch = min_rate * grace_seconds
        self._stretch_seconds = grace_seconds
        self._left = max_wait_seconds
        self._waited_in_stretch = 0.0
        self._waited_for_byte = 0.0
        self._bytes_in_stretch = 0

    async def next_message(self, receive: Receive) -> Message:
        """What comes next, and how long it took."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        allowed = min(self._idle_seconds - self._waited_for_byte, self._left)
        try:
            async with asyncio.timeout(max(allowed, 0)):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow from None
        waited = clock() - begun
        self._left -= waited
        self._waited_for_byte += waited
        self._waited_in_stretch += waited
        self._judge(len(message.get("body", b"")))
        return message

    def _judge(self, length: int) -> None:
        """Each stretch is judged by itself, so that a quick start buys no slow end."""
        self._bytes_in_stretch += length
        if length:
            self._waited_for_byte = 0.0
        if self._waited_in_stretch < self._stretch_seconds:
            return
        if self._bytes_in_stretch < self._least_in_a_stretch:
            raise BodyTooSlow
        self._waited_in_stretch = 0.0
        self._bytes_in_stretch = 0
