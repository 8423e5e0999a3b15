"""Ready answers: given again while nothing has changed, never after; one reading for all who ask together."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from app.kit.clock import utc_now
from app.kit.web import ready
from app.kit.web.answers import ExactJSON
from app.kit.web.conditional import EntityTags
from app.kit.web.ready import ReadyAnswers, SharedReading, mark_ready


class Hub:
    """An application whose answer says how often it was computed; its data have a version."""

    def __init__(self):
        self.version = 1
        self.computed = 0
        self.until = None
        self.is_down = False
        self.app = FastAPI()
        self.app.state.figure_version = SharedReading(self.read)
        self.app.get("/figures/one")(self.figure)
        self.app.get("/figures/unmarked")(self.unmarked)
        self.app.get("/other")(self.figure)
        self.app.add_middleware(EntityTags)
        self.app.add_middleware(ReadyAnswers, prefixes=("/figures/",))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://rakor.test")

    async def read(self):
        if self.is_down:
            raise OSError("the database is away")
        return self.version

    async def figure(self, request: Request) -> Response:
        self.computed += 1
        mark_ready(request, until=self.until)
        return ExactJSON({"computed": self.computed})

    async def unmarked(self) -> Response:
        self.computed += 1
        return ExactJSON({"computed": self.computed})

    async def ask(self, path="/figures/one", **headers):
        answer = await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return answer.status_code, answer.json()["computed"] if answer.content else None


@pytest.fixture
def hub():
    return Hub()


async def test_an_answer_is_given_again_until_the_data_change(hub):
    assert [await hub.ask() for _ in range(3)] == [(200, 1)] * 3

    hub.version += 1

    assert [await hub.ask() for _ in range(2)] == [(200, 2)] * 2


async def test_each_question_has_its_own_answer(hub):
    assert await hub.ask("/figures/one?a=1") == (200, 1)
    assert await hub.ask("/figures/one?a=2") == (200, 2)
    assert await hub.ask("/figures/one?a=1") == (200, 1)
    assert await hub.ask("/figures/one?a=1", accept_encoding="identity") == (200, 3)


async def test_readers_who_are_sent_the_same_bytes_share_one_answer(hub):
    assert await hub.ask(accept_encoding="gzip") == (200, 1)
    assert await hub.ask(accept_encoding="deflate, gzip;q=0.5") == (200, 1)
    assert await hub.ask(accept_encoding="identity") == (200, 2)
    assert await hub.ask(accept_encoding="br") == (200, 2)


async def test_what_no_route_has_marked_is_computed_every_time(hub):
    assert [await hub.ask("/figures/unmarked") for _ in range(2)] == [(200, 1), (200, 2)]
    assert [await hub.ask("/other") for _ in range(2)] == [(200, 3), (200, 4)]


async def test_an_answer_that_time_alone_makes_untrue_is_computed_anew_by_then(hub):
    hub.until = utc_now() + timedelta(hours=1)
    assert [await hub.ask() for _ in range(2)] == [(200, 1)] * 2

    hub.until = utc_now() - timedelta(seconds=1)
    hub.version += 1

    assert [await hub.ask() for _ in range(2)] == [(200, 2), (200, 3)]


async def test_a_reader_who_has_the_answer_is_told_so_whether_it_was_ready_or_not(hub):
    tag = (await hub.client.get("/figures/one")).headers["etag"]

    assert await hub.ask(if_none_match=tag) == (304, None)
    hub.version += 1
    assert await hub.ask(if_none_match=tag) == (200, 2)
    fresh = (await hub.client.get("/figures/one")).headers["etag"]
    hub.app.state.figure_version = SharedReading(hub.read)
    assert await hub.ask(if_none_match=fresh) == (304, None)
    assert hub.computed == 2


async def test_where_the_version_cannot_be_read_the_route_answers_itself(hub):
    await hub.ask()
    hub.is_down = True

    assert await hub.ask() == (200, 2)


async def test_the_oldest_answers_make_room(hub, monkeypatch):
    monkeypatch.setattr(ready, "MOST_ANSWERS", 2)
    for number in (1, 2, 3):
        await hub.ask(f"/figures/one?a={number}")

    assert await hub.ask("/figures/one?a=3") == (200, 3)
    assert await hub.ask("/figures/one?a=1") == (200, 4)


async def test_who_asks_while_a_reading_is_on_its_way_waits_for_one_that_begins_later():
    began, gates = [], [asyncio.Event() for _ in range(3)]

    async def read():
        number = len(began)
        began.append(number)
        await gates[number].wait()
        return number

    reading = SharedReading(read)
    first = asyncio.create_task(reading())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    late = [asyncio.create_task(reading()) for _ in range(5)]
    await asyncio.sleep(0)
    assert began == [0]

    for gate in gates:
        gate.set()

    assert await first == 0
    assert {await one for one in late} == {1}
    assert began == [0, 1]


async def test_a_reading_that_fails_fails_for_those_who_wait_and_for_nobody_later():
    answers = iter([OSError("away"), 7])

    async def read():
        await asyncio.sleep(0)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    reading = SharedReading(read)

    with pytest.raises(OSError, match="away"):
        await reading()
    assert await reading() == 7
