"""Bodies travel as their reader prefers; what must not be touched is not."""

import asyncio
import gzip
import io
import zlib

import httpx
import pytest
import zstandard
from starlette.responses import Response, StreamingResponse

from app.kit.web.compression import Choice, Compression, choose

TEXT = b'{"name": "Pengadaan Meja Belajar", "code": 10102584000}\n' * 200


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP , DEFLATE", "gzip"),
        ("gzip;q=0.9, zstd;q=0.5", "gzip"),
        ("gzip;q=0.5, zstd ; q=0.500", "zstd"),
        ("zstd;q=0, gzip", "gzip"),
        ("zstd;q=0, gzip;q=0.0", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.2, gzip;q=0.3", "gzip"),
        ("*", "zstd"),
        ("*;q=0.1, gzip", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("br", "identity"),
        ("br, *;q=0", "identity"),
        ("gzip;q=2", "identity"),
        ("gzip;q=nan, zstd;q=x", "identity"),
        (",,;q=1, ;", "identity"),
        ("gzip;level=9;q=0.001", "gzip"),
    ],
)
def test_the_reader_chooses_by_weight_and_we_between_equals(accepted, coding):
    assert choose(accepted).coding == coding


@pytest.mark.parametrize("accepted", ["gzip, identity;q=0", "gzip, *;q=0"])
def test_a_reader_may_refuse_a_plain_body(accepted):
    assert choose(accepted) == Choice("gzip", is_plain_refused=True)
    assert not choose("identity;q=0").is_plain_refused  # nothing that we have is left: it gets what there is


def unpacked(answer, raw):
    coding = answer.headers.get("content-encoding")
    if coding == "zstd":
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)).read()
    return gzip.decompress(raw) if coding == "gzip" else raw


async def ask(app, accepted="zstd", method="GET"):
    """The answer and its bytes as they travelled."""
    transport = httpx.ASGITransport(Compression(app))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as client,
        client.stream(method, "/", headers={"Accept-Encoding": accepted}) as answer,
    ):
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


@pytest.mark.parametrize("coding", ["zstd", "gzip", "identity"])
@pytest.mark.parametrize("times", [1, 100])
async def test_what_is_sent_is_what_was_said(coding, times):
    answer, raw = await ask(Response(TEXT * times, media_type="application/json"), coding)

    assert answer.headers.get("content-encoding", "identity") == coding
    assert unpacked(answer, raw) == TEXT * times
    assert int(answer.headers["content-length"]) == len(raw)
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_what_else_an_answer_varies_by_stays():
    headers = {"Vary": "Authorization", "ETag": 'W/"7"', "Link": "</>; rel=first"}
    answer, _raw = await ask(Response(TEXT, media_type="application/json", headers=headers))

    assert answer.headers["vary"] == "Authorization, Accept-Encoding"
    assert (answer.headers["etag"], answer.headers["link"]) == ('W/"7"', "</>; rel=first")


@pytest.mark.parametrize("coding", ["zstd", "gzip"])
async def test_each_piece_of_a_stream_can_be_read_as_soon_as_it_comes(coding):
    go_on = asyncio.Event()

    async def pieces():
        yield b"first\n"
        await go_on.wait()
        yield b"second\n"

    read, messages = [], []

    async def send(message):
        messages.append(message)
        if message["type"] == "http.response.body" and message["body"]:
            read.append(unpacking.decompress(message["body"]))
            go_on.set()

    unpacking = zstandard.ZstdDecompressor().decompressobj() if coding == "zstd" else zlib.decompressobj(31)
    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", coding.encode())]}

    async def receive():
        await asyncio.Event().wait()

    app = Compression(StreamingResponse(pieces(), media_type="application/x-ndjson"))
    async with asyncio.timeout(10):
        await app(scope, receive, send)

    assert read[:2] == [b"first\n", b"second\n"]
    assert b"".join(read) == b"first\nsecond\n"
    names = {name for name, _value in messages[0]["headers"]}
    assert b"content-length" not in names
    assert (b"content-encoding", coding.encode()) in messages[0]["headers"]
    assert not messages[-1]["more_body"]


UNTOUCHED = {
    "short": Response(b"{}", media_type="application/json"),
    "nothing": Response(b"", media_type="application/json"),
    "events": Response(TEXT, media_type="text/event-stream"),
    "zip": Response(TEXT, media_type="application/zip"),
    "workbook": Response(TEXT, media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": Response(TEXT, media_type="application/vnd.apache.parquet"),
    "picture": Response(TEXT, media_type="image/png"),
    "no type": Response(TEXT),
    "a part": Response(TEXT, 206, media_type="text/csv", headers={"Content-Range": "bytes 0-9/99"}),
    "coded": Response(TEXT, media_type="text/csv", headers={"Content-Encoding": "gzip"}),
    "strongly tagged": Response(TEXT, media_type="text/csv", headers={"ETag": '"7"', "Accept-Ranges": "bytes"}),
}


@pytest.mark.parametrize("name", UNTOUCHED)
async def test_what_gains_nothing_or_promises_its_bytes_is_sent_as_it_is(name):
    plain, raw = await ask(UNTOUCHED[name], "identity")
    answer, same = await ask(UNTOUCHED[name])

    assert same == raw
    assert answer.headers == plain.headers


async def test_a_short_body_is_compressed_for_who_refuses_it_plain():
    answer, raw = await ask(Response(b"{}", media_type="application/json"), "gzip, identity;q=0")

    assert (answer.headers["content-encoding"], unpacked(answer, raw)) == ("gzip", b"{}")


@pytest.mark.parametrize("media_type", ["text/csv", "application/ld+json", "application/problem+json", "text/html"])
async def test_texts_of_all_kinds_are_compressed(media_type):
    answer, raw = await ask(Response(TEXT, media_type=media_type))

    assert answer.headers["content-encoding"] == "zstd"
    assert len(raw) < len(TEXT) / 10


async def test_a_digest_says_that_it_is_of_the_plain_body_and_ranges_are_not_offered():
    headers = {"Repr-Digest": "sha-256=:AAAA:", "Accept-Ranges": "bytes"}
    answer, _raw = await ask(Response(TEXT, media_type="application/x-ndjson", headers=headers))

    assert answer.headers["unencoded-digest"] == "sha-256=:AAAA:"
    assert not {"repr-digest", "accept-ranges"} & set(answer.headers)
