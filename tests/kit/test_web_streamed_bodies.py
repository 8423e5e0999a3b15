"""Bodies that come piece by piece, from senders that are slow, gone, lying or endless."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request, Response
from starlette.types import Message

from app.kit.web.bodies import BodyCut, BodyTooLarge, BodyTooSlow, LengthUnreadable, read_chunks
from app.kit.web.body_manners import BodyManners
from app.kit.web.problems import install_problem_handlers
from tests.kit.wires import PATIENCE_SECONDS, Wire, listening

LIMIT = 300_000
LONG = 300.0
"""Seconds of patience that no test outlasts."""


@pytest.fixture(scope="module")
def taken() -> list[object]:
    """What became of each body: its length, or why it was refused."""
    return []


@pytest.fixture(scope="module")
def port(taken: list[object]) -> Iterator[int]:
    app = FastAPI()
    install_problem_handlers(app)
    app.add_middleware(BodyManners, linger_seconds=1.5)

    @app.post("/bodies")
    async def take(request: Request, idle_seconds: float = LONG, grace_seconds: float = LONG) -> Response:
        length = 0
        try:
            chunks = read_chunks(
                request, max_bytes=LIMIT, idle_seconds=idle_seconds, min_rate=20_000, grace_seconds=grace_seconds
            )
            async for chunk in chunks:
                length += len(chunk)
        except Exception as error:
            taken.append(type(error))
            raise
        taken.append(length)
        return Response(str(length))

    @app.post("/refusals")
    async def refuse() -> Response:
        return Response("no", status_code=401)

    with listening(app) as (_server, number):
        yield number


@pytest.fixture
def wire(port: int, taken: list[object]) -> Iterator[Wire]:
    taken.clear()
    with Wire(port) as connection:
        yield connection


def outcome(taken: list[object]) -> object:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not taken:
        assert time.monotonic() < deadline, "nothing became of the body"
        time.sleep(0.005)
    return taken[0]


def test_a_body_is_read_to_its_end(wire, taken):
    wire.head(f"Content-Length: {LIMIT}")
    wire.say(b"x" * LIMIT)

    assert wire.answer().endswith(str(LIMIT).encode())
    assert outcome(taken) == LIMIT


def test_a_body_in_chunks_is_read_to_its_end(wire, taken):
    wire.head("Transfer-Encoding: chunked")
    wire.say(b"5\r\nhello\r\n", b"6;note=x\r\n world\r\n", b"0\r\n\r\n")

    assert wire.answer().endswith(b"11")
    assert outcome(taken) == 11


def test_a_body_that_says_it_is_too_large_is_refused_before_a_byte_of_it(wire, taken):
    wire.head(f"Content-Length: {LIMIT + 1}", "Expect: 100-continue")

    answer = wire.answer()

    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"code":"body-too-large"' in answer
    assert outcome(taken) is BodyTooLarge
    assert wire.is_closed()


def test_an_endless_body_is_refused_when_it_is_too_large_and_the_sender_can_read_why(wire, taken):
    wire.head("Transfer-Encoding: chunked")
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"

    assert wire.flood(piece, 8) == 8, "the connection ended before its sender could know why"
    assert wire.answer().startswith(b"HTTP/1.1 413")
    assert outcome(taken) is BodyTooLarge
    assert wire.flood(piece, 20_000) < 20_000


def test_a_body_of_which_nothing_comes_is_given_up(wire, taken):
    wire.head("Content-Length: 1000", path="/bodies?idle_seconds=0.4")
    wire.say(b"x" * 10)

    answer = wire.answer()

    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"body-too-slow"' in answer
    assert outcome(taken) is BodyTooSlow
    assert wire.is_closed()


def test_a_body_that_trickles_is_given_up_although_a_quick_start_was_made(wire, taken):
    wire.head("Content-Length: 250000", path="/bodies?grace_seconds=0.5")
    wire.say(b"x" * 200_000)
    trickles_until = time.monotonic() + PATIENCE_SECONDS

    while not taken and time.monotonic() < trickles_until:
        wire.flood(b"x", 1)
        time.sleep(0.02)

    assert outcome(taken) is BodyTooSlow
    assert wire.answer().startswith(b"HTTP/1.1 408")


def test_a_body_that_is_cut_is_not_taken_for_whole(wire, taken):
    wire.head("Content-Length: 1000")
    wire.say(b"x" * 999)
    wire.socket.close()

    assert outcome(taken) is BodyCut


def test_a_chunked_body_that_is_cut_is_not_taken_for_whole(wire, taken):
    wire.head("Transfer-Encoding: chunked")
    wire.say(b"5\r\nhello\r\n")
    wire.socket.close()

    assert outcome(taken) is BodyCut


def test_what_follows_a_body_is_not_taken_for_a_part_of_it(wire, taken):
    wire.head("Content-Length: 5")
    wire.say(b"hello and more that nobody announced")

    assert outcome(taken) == 5
    assert wire.answer().startswith(b"HTTP/1.1 400")
    assert wire.is_closed()


@pytest.mark.parametrize("lengths", [["-5"], ["5", "6"], ["0x10"], ["1e3"]])
def test_a_length_that_is_none_is_refused(wire, lengths):
    wire.head(*[f"Content-Length: {length}" for length in lengths])

    assert wire.answer().startswith(b"HTTP/1.1 400")
    assert wire.is_closed()


def test_a_body_cannot_be_both_measured_and_chunked(wire):
    wire.head("Content-Length: 5", "Transfer-Encoding: chunked")
    wire.say(b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")

    assert wire.answer().startswith(b"HTTP/1.1 400")


def test_an_upload_refused_unread_is_not_read_to_its_end(wire):
    wire.head("Content-Length: 1000000000", path="/refusals")

    assert wire.flood(b"x" * 65536, 15_000) < 15_000


def test_an_upload_refused_unread_learns_why(wire):
    wire.head("Content-Length: 1000000000", path="/refusals")
    wire.say(b"x" * 65536)

    answer = wire.answer()

    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in answer
    assert wire.is_closed()


def test_a_small_body_refused_unread_leaves_the_connection_usable(wire):
    for _ in range(2):
        wire.head("Content-Length: 5", path="/refusals")
        wire.say(b"hello")

        assert wire.answer().startswith(b"HTTP/1.1 401")


async def told(messages: list[Message], *headers: tuple[bytes, bytes]) -> list[bytes]:
    """What a reader makes of messages that another server than ours might send."""
    coming = iter(messages)

    async def receive() -> Message:
        return next(coming)

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": list(headers)}, receive)
    return [chunk async for chunk in read_chunks(request, max_bytes=100)]


async def test_the_taker_may_take_their_time():
    coming = iter([{"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, True, False)])

    async def receive() -> Message:
        return next(coming)

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    taken = 0
    async for chunk in read_chunks(request, max_bytes=100, idle_seconds=1.0, min_rate=1e9, grace_seconds=1.0):
        await asyncio.sleep(0.4)
        taken += len(chunk)

    assert taken == 4


@pytest.mark.parametrize("body", [b"four", b"sixsix"])
async def test_a_length_that_lies_is_noticed_whatever_the_server_lets_pass(body):
    with pytest.raises(BodyCut):
        await told([{"type": "http.request", "body": body, "more_body": False}], (b"content-length", b"5"))


async def test_a_length_that_is_none_is_noticed_whatever_the_server_lets_pass():
    for lengths in ([b"+5"], [b"5", b"6"], [b"9" * 30], [b"\xb2"]):
        with pytest.raises(LengthUnreadable):
            await told([], *[(b"content-length", length) for length in lengths])


async def test_nothing_is_handed_on_that_is_empty():
    messages = [
        {"type": "http.request", "body": b"", "more_body": True},
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "more_body": False},
    ]

    assert await told(messages) == [b"a"]
