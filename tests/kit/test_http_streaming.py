"""A stream has all the guards of an answer that is held, and holds nothing."""

import asyncio
import gzip
import tracemalloc
import zlib
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.kit.http import (
    AddressForbidden,
    AnswerBroken,
    AnswerTooLarge,
    ConnectFailed,
    DeadlineExceeded,
    GuardedClient,
    TooManyRedirects,
    UrlForbidden,
)
from tests.kit.strangers import HASTY, PATIENCE_SECONDS, STUBBORN, chunked, leads, redirect, reply, says, stranger

MIB = 1024 * 1024
STREAMS = replace(HASTY, stream_seconds=60, max_stream_wire_bytes=4 * MIB, max_stream_bytes=8 * MIB)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'[{"kode": 1}, {"kode": 2}]' * 40
PACKED = gzip.compress(BODY)


async def streamed(behave, policy=STREAMS, **how):
    """The whole content of one stream, and what its head says."""
    async with (
        stranger(behave) as host,
        GuardedClient(policy, **how) as client,
        client.stream(host.url()) as answer,
    ):
        return b"".join([chunk async for chunk in answer.chunks()]), answer


async def content_of(client, url):
    async with client.stream(url) as answer:
        return b"".join([chunk async for chunk in answer.chunks()])


class Gate:
    """Counts who is inside, and remembers what it was told."""

    def __init__(self):
        self.inside = 0
        self.told = []

    @asynccontextmanager
    async def slot(self, host):  # noqa: ARG002 (the client names it by position)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    async def report(self, host, status, retry_after):
        self.told.append((host, status, retry_after))


@pytest.mark.parametrize(
    "answer",
    [
        reply(BODY),
        reply(PACKED, content_encoding="gzip"),
        reply(PACKED * 1 + gzip.compress(b""), content_encoding="gzip"),
        reply(zlib.compress(BODY), content_encoding="deflate"),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY[:7], BODY[7:]),
        HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(PACKED[:9], PACKED[9:]),
    ],
)
async def test_the_chunks_together_are_the_content(answer):
    content, head = await streamed(says(answer))

    assert content == BODY
    assert (head.status, head.framed, head.is_whole) == (200, True, True)
    assert head.fetched_at.tzinfo is not None


async def test_a_body_that_ends_with_its_connection_says_that_nobody_told_its_length():
    content, head = await streamed(says(HEAD + b"\r\n" + BODY, then_close=True))

    assert content == BODY
    assert not head.framed


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(says(reply(BODY, content_length=len(BODY) + 1), then_close=True), id="one byte less"),
        pytest.param(says(reply(BODY, content_length=len(BODY) - 1)), id="one byte more"),
        pytest.param(
            says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY)[:-5], then_close=True), id="no last chunk"
        ),
        pytest.param(says(reply(PACKED[:-1], content_encoding="gzip")), id="gzip without its last byte"),
        pytest.param(says(reply(PACKED[:40], content_encoding="gzip")), id="half a gzip"),
        pytest.param(says(reply(PACKED + b"junk", content_encoding="gzip")), id="gzip with something after it"),
        pytest.param(says(reply(BODY, content_encoding="gzip")), id="no gzip at all"),
        pytest.param(says(reply(BODY, content_encoding="br")), id="brotli"),
        pytest.param(says(HEAD + b"Content-Encoding: gzip\r\n\r\n", then_close=True), id="nothing, as gzip"),
        pytest.param(says(b"220 mail.example ESMTP\r\n", then_close=True), id="a mail server"),
        pytest.param(says(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"), id="another protocol"),
    ],
)
async def test_a_stream_that_is_not_whole_is_broken(behave):
    with pytest.raises(AnswerBroken):
        await streamed(behave)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(b"x", content_length=5 * MIB), id="announced"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(*[b"x" * MIB] * 5), id="on the wire"),
        pytest.param(reply(gzip.compress(bytes(9 * MIB)), content_encoding="gzip"), id="inflated"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(*[b"x"] * 20_000), id="in crumbs"),
    ],
)
async def test_a_stream_has_limits_of_its_own(answer):
    with pytest.raises(AnswerTooLarge):
        await streamed(says(answer))


async def test_a_stream_may_be_larger_than_an_answer_that_is_held():
    content, _ = await streamed(says(reply(bytes(3 * MIB))))

    assert len(content) == 3 * MIB > STREAMS.max_body_bytes


async def test_a_stream_is_read_without_holding_it():
    policy = replace(STREAMS, max_stream_bytes=128 * MIB)
    packed = gzip.compress(bytes(96 * MIB))
    size = 0
    async with stranger(says(reply(packed, content_encoding="gzip"))) as host, GuardedClient(policy) as client:
        tracemalloc.start()
        async with client.stream(host.url()) as answer:
            async for chunk in answer.chunks():
                size += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert size == 96 * MIB
    assert peak < 16 * MIB


async def test_a_reader_who_takes_time_makes_the_host_wait_and_costs_no_patience():
    sent = 0

    async def behave(asked, writer):
        nonlocal sent
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % (3 * MIB))
        for _ in range(48):
            writer.write(bytes(64 * 1024))
            await writer.drain()
            sent += 64 * 1024

    size = 0
    policy = replace(STREAMS, stream_seconds=2)
    async with (
        stranger(behave) as host,
        GuardedClient(policy) as client,
        client.stream(host.url()) as answer,
    ):
        async for chunk in answer.chunks():
            if not size:
                await asyncio.sleep(2.2)
            size += len(chunk)

    assert size == sent == 3 * MIB


@pytest.mark.parametrize(
    "beginning",
    [b"", HEAD, HEAD + b"Content-Length: 5000\r\n\r\n[", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
)
async def test_silence_ends_a_stream(beginning):
    async def behave(asked, writer):
        writer.write(beginning)
        await writer.drain()
        await asyncio.sleep(300)

    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(DeadlineExceeded):
            await streamed(behave, replace(STREAMS, stream_seconds=300, total_seconds=300, read_seconds=0.5))


async def test_a_stream_that_only_drips_ends_at_its_deadline():
    async def behave(asked, writer):
        writer.write(HEAD + b"Content-Length: 5000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(DeadlineExceeded):
            await streamed(behave, replace(STREAMS, stream_seconds=0.5))


async def test_redirects_are_followed_and_judged():
    routes = {"/a": redirect("/b"), "/b": reply(BODY), "/inside": redirect("http://10.0.0.1/"), "/loop": redirect("/loop"), "/odd": redirect("ftp://contoh.example/")}  # fmt: skip
    async with stranger(leads(routes)) as host, GuardedClient(STREAMS) as client:
        async with client.stream(host.url("/a")) as answer:
            content = b"".join([chunk async for chunk in answer.chunks()])
        assert (content, answer.url, answer.redirects) == (BODY, host.url("/b"), (host.url("/a"),))
        for path, failure in (("/inside", AddressForbidden), ("/loop", TooManyRedirects), ("/odd", UrlForbidden)):
            with pytest.raises(failure):
                async with client.stream(host.url(path)):
                    pass
        assert client.requests == 2 + 1 + 1 + (STREAMS.max_redirects + 1)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://169.254.169.254/latest", "file:///etc/passwd"])
async def test_a_stream_goes_nowhere_that_an_answer_may_not_come_from(url):
    async with GuardedClient(STREAMS) as client:
        with pytest.raises((AddressForbidden, UrlForbidden)):
            async with client.stream(url):
                pass

    assert client.requests == 0


async def test_what_fails_before_the_content_is_asked_for_again():
    answers = says(reply(b"nanti", 503), b"HTTP/1.1 200 OK\r\nContent-Le", reply(BODY))
    async with stranger(answers) as host, GuardedClient(replace(STUBBORN, read_seconds=1.5)) as client:
        content = await content_of(client, host.url())

    assert content == BODY
    assert client.requests == 3


async def test_what_fails_within_the_content_is_not_asked_for_again():
    async with (
        stranger(says(reply(BODY, content_length=5000), then_close=True)) as host,
        GuardedClient(STUBBORN) as client,
    ):
        with pytest.raises(AnswerBroken):
            await content_of(client, host.url())

    assert len(host.asked) == 1


async def test_an_answer_of_any_status_is_an_answer():
    async with (
        stranger(says(reply(b"Akses Ditolak! " * 100, 403))) as host,
        GuardedClient(STUBBORN) as client,
        client.stream(host.url()) as answer,
    ):
        beginning = await answer.read(14)

    assert (answer.status, beginning) == (403, b"Akses Ditolak!")
    assert len(host.asked) == 1


async def test_patience_with_a_sick_host_ends_with_its_last_answer():
    async with (
        stranger(says(reply(b"sakit", 500))) as host,
        GuardedClient(STUBBORN) as client,
        client.stream(host.url()) as answer,
    ):
        assert answer.status == 500

    assert len(host.asked) == STUBBORN.attempts


async def test_nobody_there_is_told_after_some_tries():
    async with stranger(says(reply(BODY))) as host:
        url = host.url()
    async with GuardedClient(STUBBORN) as client:
        with pytest.raises(ConnectFailed):
            async with client.stream(url):
                pass


async def test_the_gate_is_held_for_the_whole_stream_and_told_how_it_ended():
    gate = Gate()
    async with (
        stranger(says(reply(BODY), reply(BODY, content_length=5000), then_close=True)) as host,
        GuardedClient(STREAMS, gate=gate) as client,
    ):
        async with client.stream(host.url()) as answer:
            inside = [gate.inside async for _ in answer.chunks()]
        with pytest.raises(AnswerBroken):
            await content_of(client, host.url())

    assert set(inside) == {1}
    assert gate.inside == 0
    assert [told[1:] for told in gate.told] == [(200, None), (None, None)]


async def test_a_reader_who_has_enough_leaves_nothing_open():
    async with stranger(says(reply(bytes(3 * MIB)))) as host, GuardedClient(STREAMS) as client:
        async with client.stream(host.url()) as answer:
            async for _ in answer.chunks():
                break
        async with asyncio.timeout(PATIENCE_SECONDS):
            while host.open_connections:
                await asyncio.sleep(0.01)


async def test_what_goes_wrong_with_the_reader_is_not_the_hosts_fault():
    gate = Gate()
    async with stranger(says(reply(BODY))) as host, GuardedClient(STREAMS, gate=gate) as client:
        with pytest.raises(KeyError):
            async with client.stream(host.url()):
                raise KeyError("simulasi")

    assert gate.inside == 0
    assert (None, None) not in [told[1:] for told in gate.told]


async def test_cookies_are_those_of_the_sitting_and_headers_are_sent():
    routes = {"/masuk": reply(b"", set_cookie="sesi=contoh"), "/daftar": reply(BODY)}
    async with stranger(leads(routes)) as host, GuardedClient(STREAMS) as client:
        await client.get(host.url("/masuk"))
        async with client.stream(host.url("/daftar"), headers={"Accept": "application/json"}) as answer:
            assert await answer.read(1) == b"["
        with pytest.raises(ValueError, match="accept-encoding"):
            async with client.stream(host.url("/daftar"), headers={"Accept-Encoding": "br"}):
                pass

    assert host.asked[1].headers["cookie"] == "sesi=contoh"
    assert host.asked[1].headers["accept"] == "application/json"


async def test_a_closed_client_opens_no_stream_and_breaks_off_those_it_has():
    async def behave(asked, writer):
        writer.write(HEAD + b"Content-Length: 5000\r\n\r\n[")
        await writer.drain()
        await asyncio.sleep(300)

    async def closed_while_reading(client, url):
        async with client.stream(url) as answer:
            async for _ in answer.chunks():
                await client.aclose()

    async with stranger(behave) as host, GuardedClient(STREAMS) as client:
        with pytest.raises(AnswerBroken):
            await closed_while_reading(client, host.url())
        with pytest.raises(RuntimeError):
            async with client.stream(host.url()):
                pass
