"""The feed over HTTP: pages, lines, waiting, events."""

import asyncio
import hashlib
from base64 import b64decode

import httpx
import pytest

from app.exchange.feed import routes, streaming, waiting
from app.exchange.feed.checkpoints import reckon_checkpoints
from tests.contract.serving import serving
from tests.exchange.feed.following import key_of, settled
from tests.records import a_sketch, door_of, execute

CHANGES = "/api/v1/changes"


@pytest.fixture
async def end(client, database):
    """The present end of the feed."""
    await settled(database)
    return (await client.get(CHANGES, params={"limit": 5000})).json()["next"]


async def test_a_follower_keeps_its_place_over_empty_pages(client, database, end):
    door = await door_of(database)
    empty = (await client.get(CHANGES, params={"after": end})).json()
    await door.record(a_sketch("1"), a_sketch("2"))
    await settled(database)
    page = (await client.get(CHANGES, params={"after": empty["next"], "limit": 1})).json()
    rest = (await client.get(CHANGES, params={"after": page["next"]})).json()

    assert (empty["items"], empty["next"], empty["more"]) == ([], end, False)
    assert (page["more"], rest["more"]) == (True, False)
    assert [key_of(item) for item in page["items"] + rest["items"]] == ["1", "2"]
    assert rest["next"] == rest["items"][-1]["cursor"]


async def test_lines_are_the_same_items_and_their_digest_is_the_bodys(client):
    page = (await client.get(CHANGES, params={"limit": 20})).json()
    lines = await client.get(CHANGES, params={"limit": 20}, headers={"Accept": "application/x-ndjson"})

    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert lines.headers["x-next-cursor"] == page["next"]
    assert hashlib.sha256(lines.content).hexdigest() == page["digest"]
    stated = lines.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")
    assert b64decode(stated).hex() == page["digest"]
    assert [httpx.Response(200, content=line).json() for line in lines.content.splitlines()] == page["items"]
    assert 'rel="next"' in lines.headers["link"]


async def test_whoever_waits_is_answered_when_something_happens(client, database, end):
    door = await door_of(database)
    waiting_for = asyncio.create_task(client.get(CHANGES, params={"after": end, "wait": 60}))
    await asyncio.sleep(0.3)
    assert not waiting_for.done()

    await door.record(a_sketch("1"))

    assert [key_of(item) for item in (await waiting_for).json()["items"]] == ["1"]


async def test_waiting_for_nothing_ends_with_a_place(client, end):
    answer = (await client.get(CHANGES, params={"after": end, "wait": 1})).json()

    assert (answer["items"], answer["next"]) == ([], end)


async def test_one_who_waits_for_some_is_not_woken_by_others(client, database, end):
    door = await door_of(database)
    wanted = {"after": end, "wait": 60, "kind": "emergency"}
    waiting_for = asyncio.create_task(client.get(CHANGES, params=wanted))
    await door.record(a_sketch("1"))
    await asyncio.sleep(0.5)
    assert not waiting_for.done()

    await door.record(a_sketch("2", kind="emergency"))

    assert [key_of(item) for item in (await waiting_for).json()["items"]] == ["2"]


async def test_more_followers_than_may_wait_are_told_to_come_again(client, end, monkeypatch):
    monkeypatch.setattr(waiting, "MOST_FOLLOWERS", 0)

    refused = await client.get(CHANGES, params={"after": end, "wait": 5})
    stream = await client.get(CHANGES, headers={"Accept": "text/event-stream"})

    for answer in (refused, stream):
        assert (answer.status_code, answer.json()["code"]) == (503, "followers-too-many")
        assert answer.headers["retry-after"] == "5"
    assert (await client.get(CHANGES, params={"after": end})).status_code == 200


async def test_a_restored_hub_says_so(client, database, end):
    await (await door_of(database)).record(a_sketch("1"))
    await settled(database)
    ahead = (await client.get(CHANGES, params={"after": end})).json()["next"]
    await execute(database, "DELETE FROM changes WHERE seq = (SELECT max(seq) FROM changes)")

    for headers in ({}, {"Accept": "application/x-ndjson"}, {"Accept": "text/event-stream"}):
        refused = await client.get(CHANGES, params={"after": ahead}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "feed-restarted")
        assert "cadangan" in refused.json()["message"]["id"]


@pytest.mark.parametrize("wrong", [{"after": "x"}, {"wait": 61}, {"limit": 0}, {"limit": 5001}, {"entity": "supplier"}])
async def test_what_cannot_be_asked_is_refused(client, wrong):
    assert (await client.get(CHANGES, params=wrong)).status_code == 422


async def test_checkpoints_come_newest_first(client, database):
    await (await door_of(database)).record(a_sketch("1"))
    await settled(database)
    await reckon_checkpoints(database)
    page = (await client.get(f"{CHANGES}/checkpoints", params={"limit": 1})).json()

    (checkpoint,) = page["items"]
    assert checkpoint["cursor"] == (await client.get(CHANGES, params={"limit": 5000})).json()["next"]
    assert (len(checkpoint["digest"]), checkpoint["count"] > 0, page["next"]) == (64, True, None)


async def _events(address, headers, count):
    """So many events of a stream, each as its fields."""
    found, event = [], {}
    async with (
        httpx.AsyncClient(base_url=address, timeout=60) as caller,
        caller.stream(
            "GET", CHANGES, params={"entity": "package"}, headers={"Accept": "text/event-stream", **headers}
        ) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif "data" in event:
                found.append(event)
                event = {}
                if len(found) == count:
                    return found
            else:
                event = {}
    return found


async def test_a_stream_tells_what_has_happened_and_what_happens_and_goes_on_where_it_was_cut(settings, database):
    door = await door_of(database)
    await door.record(a_sketch("1"))
    with serving(settings) as address:
        listening = asyncio.create_task(_events(address, {}, 3))
        await asyncio.sleep(0.5)
        await door.record(a_sketch("2"), a_sketch("3"))
        first = await listening
        again = await _events(address, {"Last-Event-ID": first[0]["id"]}, 2)

    assert [httpx.Response(200, content=event["data"]).json()["package"]["code"] for event in first] == ["1", "2", "3"]
    assert {event["event"] for event in first} == {"change"}
    assert again == first[1:]


async def test_a_stream_ends_by_itself_and_keeps_alive_meanwhile(client, end, monkeypatch):
    monkeypatch.setattr(streaming, "KEEP_ALIVE_SECONDS", 0.1)
    monkeypatch.setattr(streaming, "LONGEST_SECONDS", 0.5)

    stream = await client.get(CHANGES, headers={"Accept": "text/event-stream", "Last-Event-ID": end})

    assert stream.text.startswith("retry: ")
    assert ": still here" in stream.text


def test_the_longest_wait_is_shorter_than_proxies_bear():
    assert routes.LONGEST_WAIT_SECONDS <= 60
