"""Connections that cost much and bring nothing: long heads, slow heads, silence, requests in line, readers that do not read."""

import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Response

from tests.kit.wires import PATIENCE_SECONDS, Wire, listening

ROOM = 8
LONG, SHORT = 300.0, 0.5
"""Seconds of patience that no test outlasts, and that the tests of patience do."""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def greet() -> Response:
        return Response("hello")

    @app.get("/large")
    async def pour() -> Response:
        return Response(b"x" * 30_000_000)

    return app


@pytest.fixture(scope="module")
def port(app: FastAPI) -> Iterator[int]:
    with listening(app, head_seconds=LONG, reader_seconds=LONG, max_connections=ROOM) as (_server, number):
        yield number


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    with Wire(port) as connection:
        yield connection


@pytest.fixture
def heads_in_a_hurry(app: FastAPI) -> Iterator[Wire]:
    """A connection to a server that soon gives up waiting for a head, and waits for everything else."""
    with listening(app, head_seconds=SHORT, reader_seconds=LONG) as (_server, number), Wire(number) as connection:
        yield connection


@pytest.fixture
def readers_in_a_hurry(app: FastAPI) -> Iterator[tuple[uvicorn.Server, Wire]]:
    """A server that soon gives up waiting for a reader, and a connection to it."""
    with listening(app, head_seconds=LONG, reader_seconds=SHORT) as (server, number), Wire(number) as connection:
        yield server, connection


@pytest.mark.parametrize(
    "beginning", [b"GET /", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\nHost: rakor.test\r\nX-Long: "]
)
def test_a_head_without_end_is_refused(wire, beginning):
    wire.say(beginning)

    assert wire.flood(b"x" * 65536, 1000) < 1000


def test_a_head_that_is_a_little_too_large_is_told_so(wire):
    head = b"GET / HTTP/1.1\r\nHost: rakor.test\r\nX-Long: "
    wire.say(head.ljust(32 * 1024, b"x"))

    answer = wire.answer()

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"head-too-large"' in answer
    assert wire.is_closed()


def test_a_large_head_is_read(wire):
    wire.head("X-Long: " + "x" * 30_000, method="GET", path="/")

    assert wire.answer().endswith(b"hello")


def test_what_is_no_http_is_told_so_in_the_form_of_every_problem(wire):
    wire.say(b"\x16\x03\x01\x02\x00 is TLS\r\n\r\n")

    answer = wire.answer()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_a_head_that_trickles_is_given_up(heads_in_a_hurry):
    trickled_until = time.monotonic() + PATIENCE_SECONDS
    heads_in_a_hurry.flood(b"GET / HTTP/1.1\r\n", 1)

    while heads_in_a_hurry.flood(b"X: y\r\n", 1):
        assert time.monotonic() < trickled_until
        time.sleep(0.05)


def test_a_second_head_that_trickles_is_given_up_too(app):
    with listening(app, head_seconds=2.0) as (_server, port), Wire(port) as wire:
        wire.head(method="GET", path="/")
        wire.answer()

        wire.flood(b"GET / HT", 1)

        assert wire.is_closed()


def test_silence_is_given_up(heads_in_a_hurry):
    assert heads_in_a_hurry.is_closed()


def test_whoever_says_nothing_makes_room_for_whoever_asks(port):
    silent = [Wire(port) for _ in range(ROOM)]
    with Wire(port) as asking:
        asking.head(method="GET", path="/")

        assert asking.answer().endswith(b"hello")
    assert silent[0].is_closed()
    for wire in silent:
        wire.socket.close()


def test_a_few_requests_may_be_sent_ahead_but_not_thousands(wire):
    ask = b"GET / HTTP/1.1\r\nHost: rakor.test\r\n\r\n"
    wire.say(ask * 10)
    received = b""
    while received.count(b"hello") < 10:
        received += wire.socket.recv(65536)

    wire.flood(ask * 1000, 20)

    assert wire.is_closed()


def test_a_reader_that_does_not_read_is_given_up(readers_in_a_hurry):
    server, wire = readers_in_a_hurry
    wire.head(method="GET", path="/large")
    given_up_until = time.monotonic() + PATIENCE_SECONDS
    while not server.server_state.total_requests or server.server_state.connections:
        assert time.monotonic() < given_up_until
        time.sleep(0.05)

    received = 0
    while chunk := _read(wire):
        received += len(chunk)

    assert received < 30_000_000


def _read(wire: Wire) -> bytes:
    try:
        return wire.socket.recv(1_000_000)
    except ConnectionError:
        return b""
