"""Whatever a host does, asking it ends soon, cheaply, and with the truth about what happened."""

import asyncio
import gzip
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from app.kit.http import AnswerBroken, AnswerTooLarge, DeadlineExceeded, GuardedClient
from app.kit.http.inflate import body_for
from tests.kit.strangers import HASTY, PATIENCE_SECONDS, ask, chunked, reply, says, stranger

PAGE = b"<html><body>Paket contoh</body></html>" * 40


def drips(first, drop, every=0.05):
    """Sends `first`, then `drop` again and again for as long as anybody listens."""

    async def behave(asked, writer):
        writer.write(first)
        while not writer.is_closing():
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(every)

    return behave


def floods(first, drop):
    return drips(first, drop, every=0)


def ends_after(data):
    return says(data, then_close=True)


async def stays_silent(asked, writer):
    await asyncio.sleep(300)


async def hangs_up(asked, writer):
    writer.close()


async def resets(asked, writer):
    writer.transport.abort()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize(
    "behave",
    [
        stays_silent,
        drips(b"", b"H"),
        drips(HEAD, b"X"),
        drips(HEAD, b"X-More: 1\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        drips(HEAD + b"Content-Length: 5000\r\n\r\n", b"x"),
        drips(HEAD + b"\r\n", b"x"),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1", b"0"),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"extension"),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"T: 1\r\n"),
        drips(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", b"x"),
        drips(HEAD + b"Content-Length: 5000\r\n\r\n" + PAGE, b"", every=1),
    ],
)
async def test_a_slow_answer_ends_at_the_deadline(behave):
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises((DeadlineExceeded, AnswerBroken)):
            await ask(behave, replace(HASTY, total_seconds=0.6))


@pytest.mark.parametrize(
    "behave",
    [
        floods(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n"),
        floods(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1000),
        floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        floods(b"", b"x" * 10_000),
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"T: 1\r\n" * 1000),
    ],
)
async def test_headers_without_end_are_cut(behave):
    with pytest.raises((AnswerTooLarge, AnswerBroken)):
        await ask(behave)


@pytest.mark.parametrize(
    "behave",
    [
        floods(HEAD + b"\r\n", b"x" * 60_000),
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"ea60\r\n" + b"x" * 60_000 + b"\r\n"),
        floods(HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 60_000),
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1000),
        floods(HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 500),
        floods(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE), b"\0" * 60_000),
    ],
)
async def test_a_body_without_end_is_cut(behave):
    with pytest.raises((AnswerTooLarge, AnswerBroken)):
        await ask(behave)


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "headers"),
        (floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1000), "crumbs"),
        (says(reply(gzip.compress(b"") * 1001, content_encoding="gzip")), "members"),
    ],
)
async def test_an_answer_that_costs_more_time_than_bytes_is_cut_early(behave, reason):
    with pytest.raises((AnswerTooLarge, AnswerBroken), match=reason):
        await ask(behave)


async def test_an_honest_answer_in_many_small_chunks_is_whole():
    answer = await ask(says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(*[b"x" * 70] * 11_000)))

    assert len(answer.content) == 770_000


async def test_a_redirect_with_an_endless_body_is_followed_without_reading_it():
    endless = floods(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n", b"x" * 10_000)

    async def behave(asked, writer):
        await (says(reply(b"arrived")) if asked.target == "/there" else endless)(asked, writer)

    answer = await ask(behave)

    assert answer.content == b"arrived"


async def test_an_announced_length_beyond_the_limit_is_not_even_begun():
    with pytest.raises(AnswerTooLarge, match="announces"):
        await ask(says(HEAD + b"Content-Length: 1048577\r\n\r\n"))


async def test_a_body_of_exactly_the_limit_is_whole():
    body = b"x" * 5000

    answer = await ask(says(reply(body)), replace(HASTY, max_body_bytes=5000))

    assert answer.content == body
    with pytest.raises(AnswerTooLarge):
        await ask(says(reply(body + b"x")), replace(HASTY, max_body_bytes=5000))


@pytest.mark.parametrize("window", [31, 15, -15])
async def test_a_bomb_is_stopped_at_the_limit_and_costs_little_memory(window):
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(80)) + packer.flush()
    encoding = "gzip" if window == 31 else "deflate"
    tracemalloc.start()

    with pytest.raises(AnswerTooLarge):
        await ask(says(reply(bomb, content_encoding=encoding)), replace(HASTY, max_body_bytes=8 << 20))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


async def test_output_that_zlib_holds_back_at_the_end_is_not_lost():
    # Deflate without a frame has no checksum after its data: all input may be taken before all output was given.
    for size in range(1 << 20, (1 << 20) + 300, 29):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = body_for("deflate", 2 << 20)
        await body.feed(packer.compress(bytes(size)) + packer.flush())
        assert len(body.finish()) == size


async def test_others_get_their_turn_while_a_large_answer_is_inflated():
    packed = gzip.compress(bytes(48 << 20), 1)
    policy = replace(HASTY, max_body_bytes=64 << 20)
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    answer = await ask(says(reply(packed, content_encoding="gzip")), policy)
    ticking.cancel()

    assert len(answer.content) == 48 << 20
    assert ticks > 40


PACKED = gzip.compress(PAGE)


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(hangs_up, id="hangs up"),
        pytest.param(resets, id="resets"),
        pytest.param(ends_after(b"HTTP/1.1 200 OK\r\nContent-Le"), id="cut in the headers"),
        pytest.param(ends_after(reply(PAGE, content_length=len(PAGE) + 1)), id="one byte less than announced"),
        pytest.param(says(reply(PAGE, content_length=len(PAGE) - 1)), id="one byte more than announced"),
        pytest.param(says(reply(PAGE, content_length=0)), id="more than nothing"),
        pytest.param(says(reply(PAGE, status=204, content_length=None)), id="a body where none can be"),
        pytest.param(ends_after(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PAGE)[:-5]), id="no last chunk"),
        pytest.param(
            ends_after(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PAGE)[:-8]), id="cut in a chunk"
        ),
        pytest.param(says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PAGE) + PAGE), id="junk after chunks"),
        pytest.param(says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), id="no chunk at all"),
        pytest.param(says(HEAD + b"Transfer-Encoding: gzip\r\n\r\n"), id="an odd transfer"),
        pytest.param(says(reply(PACKED[:-1], content_encoding="gzip")), id="gzip without its last byte"),
        pytest.param(says(reply(PACKED[:-8], content_encoding="gzip")), id="gzip without its checksum"),
        pytest.param(says(reply(PACKED[:40], content_encoding="gzip")), id="half a gzip"),
        pytest.param(says(reply(PACKED[:5], content_encoding="gzip")), id="half a gzip header"),
        pytest.param(says(reply(PACKED[:-6] + b"xxxxxx", content_encoding="gzip")), id="gzip with a wrong checksum"),
        pytest.param(says(reply(PACKED + PAGE, content_encoding="gzip")), id="gzip with something after it"),
        pytest.param(says(reply(PACKED + PACKED[:20], content_encoding="gzip")), id="gzip and half a gzip"),
        pytest.param(says(reply(PAGE, content_encoding="gzip")), id="no gzip at all"),
        pytest.param(says(reply(zlib.compress(PAGE)[:-2], content_encoding="deflate")), id="deflate cut"),
        pytest.param(says(reply(zlib.compress(PAGE) * 2, content_encoding="deflate")), id="deflate twice"),
        pytest.param(says(reply(b"\x78", content_encoding="deflate")), id="one byte of deflate"),
        pytest.param(says(reply(PAGE, content_encoding="br")), id="brotli"),
        pytest.param(says(reply(PAGE, content_encoding="zstd")), id="zstandard"),
        pytest.param(says(reply(gzip.compress(PACKED), content_encoding="gzip, gzip")), id="gzip in gzip"),
        pytest.param(ends_after(reply(b"", content_length=None, content_encoding="gzip")), id="nothing, as gzip"),
        pytest.param(says(reply(PAGE, content_length="-1")), id="a negative length"),
        pytest.param(says(reply(PAGE, content_length="ten")), id="a length in words"),
        pytest.param(says(reply(PAGE, content_length="1" * 5000)), id="an absurd length"),
        pytest.param(says(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + PAGE), id="two lengths"),
        pytest.param(ends_after(b"220 mail.example ESMTP\r\n"), id="a mail server"),
        pytest.param(says(b"<html>hello</html>\r\n\r\n"), id="no headers"),
        pytest.param(says(b"HTTP/1.1 abc OK\r\n\r\n"), id="no status"),
        pytest.param(says(b"HTTP/1.1 99 Low\r\n\r\n"), id="a status too low"),
        pytest.param(says(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"), id="another protocol"),
        pytest.param(says(HEAD + b"Bad Header: 1\r\n\r\n"), id="a bad header"),
        pytest.param(says(HEAD + b"\0: 1\r\n\r\n"), id="a NUL in a header"),
        pytest.param(
            says(reply(PAGE, set_cookie="a=1\r\n" + "".join(f"Set-Cookie: c{n}=1\r\n" for n in range(100)) + "X: 1")),
            id="cookies",
        ),
    ],
)
async def test_what_is_not_one_whole_answer_is_broken(behave):
    with pytest.raises(AnswerBroken) as caught:
        await ask(behave)

    assert caught.value.code == "answer-broken"


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (reply(PAGE), PAGE),
        (reply(PACKED, content_encoding="gzip"), PAGE),
        (reply(PACKED, content_encoding="X-GZip"), PAGE),
        (reply(PACKED, content_encoding="identity, gzip"), PAGE),
        (reply(PACKED * 3, content_encoding="gzip"), PAGE * 3),
        (reply(PACKED + bytes(9), content_encoding="gzip"), PAGE),
        (reply(PACKED + bytes(9) + PACKED, content_encoding="gzip"), PAGE * 2),
        (reply(zlib.compress(PAGE), content_encoding="deflate"), PAGE),
        (reply(zlib.compress(PAGE)[2:-4], content_encoding="deflate"), PAGE),
        (reply(PAGE, content_encoding="identity"), PAGE),
        (reply(b"", content_encoding="gzip"), b""),
        (reply(b"", status=204, content_length=None), b""),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PAGE, b"more"), PAGE + b"more"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PAGE)[:-2] + b"Trailer: 1\r\n\r\n", PAGE),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" + reply(PAGE), PAGE),
    ],
)
async def test_a_whole_answer_is_read_and_its_connection_used_again(answer, content):
    async with stranger(says(answer)) as host, GuardedClient(HASTY) as client:
        first = await client.get(host.url())
        second = await client.get(host.url())

    assert (first.content, second.content) == (content, content)
    assert first.framed
    assert host.connections == 1


async def test_an_answer_that_comes_byte_by_byte_is_still_whole():
    async def behave(asked, writer):
        for byte in reply(PACKED, content_encoding="gzip"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    answer = await ask(behave)

    assert answer.content == PAGE


async def test_an_answer_that_ends_with_its_connection_says_that_nobody_told_its_length():
    answer = await ask(ends_after(b"HTTP/1.0 200 OK\r\n\r\n" + PAGE))

    assert answer.content == PAGE
    assert not answer.framed
