"""Whoever has an answer already is told so: by its tag, or by the moment where it has one."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
from starlette.responses import Response, StreamingResponse

from app.kit.clock import utc_now
from app.kit.web.answers import ExactJSON, answer_for
from app.kit.web.conditional import EntityTags, last_modified
from app.kit.web.edge import HeadAsGet

THEN = datetime(2026, 3, 2, 3, 4, 5, 678901, tzinfo=UTC)
STATED = "Mon, 02 Mar 2026 03:04:05 GMT"


async def ask(app, method="GET", **headers):
    transport = httpx.ASGITransport(HeadAsGet(EntityTags(app)))
    async with httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as client:
        return await client.request(
            method, "/", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def thing():
    return ExactJSON({"value": 1}, changed_at=THEN)


async def test_an_answer_states_when_it_last_changed():
    assert (await ask(thing())).headers["last-modified"] == STATED


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (STATED, 304),
        ("Mon, 02 Mar 2026 03:04:06 GMT", 304),
        ("Mon, 02 Mar 2026 03:04:04 GMT", 200),
        ("Mon, 02 Mar 2026 03:04:05", 304),
        ("Monday, 02-Mar-26 03:04:05 GMT", 304),
        ("Mon Mar  2 03:04:05 2026", 304),
        ("Mon, 02 Mar 99999 03:04:05 GMT", 200),
        ("2026-03-02T03:04:05Z", 200),
        ("kemarin", 200),
        ("", 200),
    ],
)
async def test_who_has_it_from_then_or_later_is_told_so(since, status):
    answer = await ask(thing(), if_modified_since=since)

    assert answer.status_code == status
    assert answer.headers["last-modified"] == STATED
    assert (answer.content == b"") == (status == 304)


async def test_a_tag_alone_counts_where_both_are_stated():
    tag = (await ask(thing())).headers["etag"]

    assert (await ask(thing(), if_none_match='"other"', if_modified_since=STATED)).status_code == 200
    assert (await ask(thing(), if_none_match=tag, if_modified_since="Sun, 01 Jan 2023 00:00:00 GMT")).status_code == 304


async def test_what_has_no_moment_is_never_known_by_one():
    answer = await ask(ExactJSON({}), if_modified_since=format_datetime(utc_now() + timedelta(days=9), usegmt=True))

    assert answer.status_code == 200
    assert "last-modified" not in answer.headers


async def test_while_the_second_of_a_change_lasts_nobody_is_told_that_nothing_changed():
    now = utc_now()
    answer = await ask(ExactJSON({}, changed_at=now))
    stated = answer.headers["last-modified"]

    assert parsedate_to_datetime(stated) <= now - timedelta(seconds=1) + timedelta(seconds=1)
    assert (await ask(ExactJSON({}, changed_at=now), if_modified_since=stated)).status_code == 200


def test_the_future_is_no_moment_at_which_anything_changed():
    assert parsedate_to_datetime(last_modified(utc_now() + timedelta(days=1))) < utc_now()


async def test_only_the_public_is_told_a_moment_where_a_key_shows_more():
    public, keyed = await ask(answer_for(None, {}, changed_at=THEN)), await ask(answer_for("key", {}, changed_at=THEN))

    assert public.headers["last-modified"] == STATED
    assert "last-modified" not in keyed.headers
    assert keyed.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("media_type", ["text/csv", "text/html", "application/zip", "application/octet-stream"])
async def test_every_kind_of_body_is_tagged(media_type):
    first = await ask(Response(b"abc", media_type=media_type))

    again = await ask(Response(b"abc", media_type=media_type), if_none_match=first.headers["etag"])
    other = await ask(Response(b"abd", media_type=media_type), if_none_match=first.headers["etag"])

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


async def test_what_must_not_be_kept_has_no_tag():
    answer = await ask(Response(b"abc", headers={"Cache-Control": "no-store"}), if_none_match="*")

    assert (answer.status_code, "etag" in answer.headers) == (200, False)


async def test_a_304_says_everything_but_what_is_of_the_body():
    headers = {"ETag": '"7"', "Vary": "Authorization", "Link": "</>; rel=first", "Repr-Digest": "sha-256=:AAAA:"}
    answer = await ask(ExactJSON({}, headers=headers, changed_at=THEN), if_none_match='"7"')

    assert answer.status_code == 304
    assert {"etag", "vary", "link", "last-modified", "cache-control"} == set(answer.headers)


async def test_a_stream_that_its_reader_has_is_not_made():
    made = []

    async def pieces():
        for number in range(1000):
            made.append(number)
            yield b"x" * 1000
            await asyncio.sleep(0)

    known = await ask(StreamingResponse(pieces(), headers={"ETag": '"7"'}), if_none_match='"7"')

    assert (known.status_code, known.content) == (304, b"")
    assert len(made) < 20


async def test_a_stream_without_a_tag_passes_as_it_is():
    async def pieces():
        yield b"a"
        yield b"b"

    answer = await ask(StreamingResponse(pieces()), if_none_match="*")

    assert (answer.status_code, answer.content, "etag" in answer.headers) == (200, b"ab", False)


async def test_head_of_an_endless_stream_ends():
    async def pieces():
        while True:
            yield b"data: still here\n\n"
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        answer = await ask(StreamingResponse(pieces(), media_type="text/event-stream"), method="HEAD")

    assert (answer.status_code, answer.content) == (200, b"")


async def test_a_fault_of_the_route_is_not_swallowed():
    async def broken(scope, receive, send):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await ask(broken, if_none_match="*")
