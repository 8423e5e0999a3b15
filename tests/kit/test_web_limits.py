"""Who asks too much is told so, by key and by address; who does not is let through."""

import ipaddress
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from app.kit.web import limits
from app.kit.web.limits import Buckets, RateLimits, RatePolicy, address_of
from app.kit.web.problems import install_problem_handlers
from app.main import create_app
from app.settings import Settings

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def an_api(clock: Clock, **policy: Any) -> FastAPI:
    """An application whose keys are good if they begin so, and which remembers how often it was asked."""
    app = FastAPI()
    app.state.asked = 0
    install_problem_handlers(app)
    app.add_middleware(RateLimits, policy=RatePolicy(**policy), clock=clock)

    @app.get("/livez")
    @app.get("/readyz")
    @app.get("/packages")
    async def answer(request: Request) -> Response:
        app.state.asked += 1
        key = request.headers.get("authorization")
        if key and "good" not in key:
            return Response("who?", status_code=401)
        if key:
            request.state.caller = key
        return Response("hello")

    return app


def a_caller(app: FastAPI, address: str = "192.0.2.7", **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://rakor.test", headers=headers)


async def statuses(caller: httpx.AsyncClient, times: int, **more: Any) -> list[int]:
    return [(await caller.get("/packages", **more)).status_code for _ in range(times)]


async def test_an_address_may_ask_so_often_and_then_waits(clock):
    app = an_api(clock, per_address=3)
    caller = a_caller(app)

    assert await statuses(caller, 4) == [200, 200, 200, 429]
    assert app.state.asked == 3
    clock.now += 20
    assert await statuses(caller, 2) == [200, 429]
    clock.now += 3600
    assert await statuses(caller, 4) == [200, 200, 200, 429]


async def test_a_refusal_is_a_problem_that_says_when_to_come_back(clock):
    caller = a_caller(an_api(clock, per_address=3))
    await statuses(caller, 3)

    refused = await caller.get("/packages")

    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["status"]) == ("rate-limited", 429)
    assert refused.headers["retry-after"] == "20"
    assert refused.headers["ratelimit"] == '"address";r=0;t=20'
    clock.now += 19.9
    assert await statuses(caller, 1) == [429]
    clock.now += 0.1
    assert await statuses(caller, 1) == [200]


async def test_every_answer_says_what_is_left(clock):
    caller = a_caller(an_api(clock, per_address=60, per_key=120))

    first = await caller.get("/packages")
    keyed = await caller.get("/packages", headers={"Authorization": "Bearer good"})

    assert first.headers["ratelimit-policy"] == '"address";q=60;w=60'
    assert first.headers["ratelimit"] == '"address";r=59;t=1'
    assert keyed.headers["ratelimit-policy"] == '"address";q=60;w=60, "key";q=120;w=60'
    assert keyed.headers["ratelimit"] == '"address";r=58;t=2, "key";r=119;t=1'


async def test_health_is_never_limited(clock):
    caller = a_caller(an_api(clock, per_address=1))
    await statuses(caller, 2)

    for path in ("/livez", "/readyz"):
        answer = await caller.get(path)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


async def test_one_address_does_not_spend_what_is_anothers(clock):
    app = an_api(clock, per_address=2)

    assert await statuses(a_caller(app, "192.0.2.7"), 3) == [200, 200, 429]
    assert await statuses(a_caller(app, "192.0.2.8"), 2) == [200, 200]


async def test_a_key_is_counted_over_all_its_addresses_however_it_is_written(clock):
    app = an_api(clock, per_key=3)

    assert await statuses(a_caller(app, "192.0.2.7", Authorization="Bearer good-1"), 2) == [200, 200]
    assert await statuses(a_caller(app, "192.0.2.8", Authorization="bEARER  good-1 "), 2) == [200, 429]
    assert await statuses(a_caller(app, "192.0.2.8", Authorization="Bearer good-2"), 1) == [200]
    assert await statuses(a_caller(app, "192.0.2.8"), 1) == [200]


async def test_a_made_up_key_does_not_escape_the_limit_of_its_address(clock):
    app = an_api(clock, per_address=3, per_key=3)

    answers = [await statuses(a_caller(app, Authorization=f"Bearer good-{n}"), 1) for n in range(4)]

    assert answers == [[200], [200], [200], [429]]


async def test_whoever_tries_many_keys_is_refused_before_anybody_looks_them_up(clock):
    app = an_api(clock, failed_keys_per_address=3)
    answers = [await statuses(a_caller(app, Authorization=f"Bearer bad-{n}"), 1) for n in range(5)]

    assert answers == [[401], [401], [401], [429], [429]]
    assert app.state.asked == 3
    assert await statuses(a_caller(app), 1) == [200], "reading without a key goes on"
    assert await statuses(a_caller(app, "192.0.2.8", Authorization="Bearer bad-9"), 1) == [401]
    clock.now += 20
    assert await statuses(a_caller(app, Authorization="Bearer bad-6"), 1) == [401]
    assert await statuses(a_caller(app, Authorization="Bearer bad-7"), 1) == [429]


async def test_one_bad_key_sent_again_and_again_is_one_bad_key(clock):
    app = an_api(clock, failed_keys_per_address=3)

    assert await statuses(a_caller(app, Authorization="Bearer expired"), 50) == [401] * 50
    assert await statuses(a_caller(app, Authorization="Bearer good"), 1) == [200]


async def test_a_good_key_goes_on_working_beside_somebody_who_tries_many(clock):
    app = an_api(clock, failed_keys_per_address=3)
    honest = a_caller(app, Authorization="Bearer good")
    await statuses(honest, 1)

    for n in range(5):
        await statuses(a_caller(app, Authorization=f"Bearer bad-{n}"), 1)

    assert await statuses(honest, 2) == [200, 200]


async def test_without_limits_nothing_is_said_of_them(clock):
    answer = await a_caller(an_api(clock)).get("/packages", headers={"Authorization": "Bearer good"})

    assert "ratelimit" not in answer.headers
    assert "ratelimit-policy" not in answer.headers


def counted(client: str | None, *forwarded: str, trusted: tuple[Any, ...] = PROXIES) -> str:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return address_of({"client": (client, 1) if client else None, "headers": headers}, trusted)


def test_whom_a_request_is_counted_for():
    assert counted("192.0.2.7", "203.0.113.1") == "192.0.2.7", (
        "a stranger's word on where it comes from is not believed"
    )
    assert counted("10.0.0.1", "203.0.113.1", trusted=()) == "10.0.0.1"
    assert counted("10.0.0.1", "203.0.113.1") == "203.0.113.1"
    assert counted("10.0.0.1", "198.51.100.9, 203.0.113.1") == "203.0.113.1", "what stands before it may be made up"
    assert counted("10.0.0.1", "203.0.113.1, 10.0.0.2") == "203.0.113.1"
    assert counted("10.0.0.1", "198.51.100.9", "203.0.113.1") == "203.0.113.1"
    assert counted("10.0.0.1", "203.0.113.1:4711") == "203.0.113.1"
    assert counted("10.0.0.1", "nonsense") == "10.0.0.1"
    assert counted("10.0.0.1", "203.0.113.1, nonsense") == "10.0.0.1"
    assert counted("10.0.0.1", "") == "10.0.0.1"
    assert counted("10.0.0.1", "10.0.0.3, 10.0.0.2") == "10.0.0.3"
    assert counted("10.0.0.1", "x" * 100_000) == "10.0.0.1"
    assert counted("::ffff:10.0.0.1", "203.0.113.1") == "203.0.113.1"
    assert counted(None) == "local"


def test_version_6_addresses_of_one_network_are_one_caller():
    assert counted("2001:db8:1:2:3::4") == counted("2001:db8:1:2::ffff") == "2001:db8:1:2::/64"
    assert counted("2001:db8:1:3::4") != counted("2001:db8:1:2::4")
    assert counted("fd00::1", "[2001:db8:1:2::9]:443") == "2001:db8:1:2::/64"
    assert counted("::ffff:192.0.2.7") == "192.0.2.7"


def test_what_is_remembered_is_bounded():
    buckets = Buckets("address", 10, max_callers=100)

    for n in range(1000):
        buckets.take(n, 0.0)

    assert len(buckets) == 100


async def test_keys_that_were_tried_are_not_remembered_without_end(clock, monkeypatch):
    monkeypatch.setattr(limits, "MAX_CALLERS", 20)
    app = an_api(clock, failed_keys_per_address=10_000)

    for n in range(50):
        await statuses(a_caller(app, Authorization=f"Bearer bad-{n}"), 1)

    assert app.state.asked == 50


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=300))
def test_in_no_minute_more_is_let_through_than_a_full_and_a_refilled_bucket(quota, pauses):
    buckets = Buckets("address", quota)
    now, passed = 0.0, []
    for pause in pauses:
        now += pause
        standing = buckets.take("x", now)
        assert standing.left >= 0
        assert standing.seconds >= (0 if standing.is_within else 1)
        if standing.is_within:
            passed.append(now)

    for begin in passed:
        assert sum(begin <= moment <= begin + 60 for moment in passed) <= 2 * quota + 1


@given(st.integers(1, 50), st.lists(st.floats(0, 5), max_size=200))
def test_whoever_waits_as_long_as_told_is_let_through(quota, pauses):
    buckets = Buckets("address", quota)
    now = 0.0
    for pause in pauses:
        now += pause
        standing = buckets.take("x", now)
        if not standing.is_within:
            now += standing.seconds
            assert buckets.take("x", now).is_within


def test_the_headers_have_the_form_of_structured_fields():
    item = r'"[a-z-]+"(;[a-z]+=\d+)+'
    standings = [(bucket, bucket.take("x", 0.0)) for bucket in (Buckets("address", 7), Buckets("key", 9))]

    for _name, value in limits._headers(standings):
        assert re.fullmatch(f"{item}, {item}", value.decode())


async def test_the_api_is_limited_as_its_settings_say():
    settings = Settings(_env_file=None, database_url="postgresql://nobody@127.0.0.1:9/none", rate_per_address=2)
    caller = a_caller(create_app(settings), Origin="https://dasbor.example")

    answers = [await caller.get("/api/v1") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert {"RateLimit", "RateLimit-Policy"} <= set(refused.headers["access-control-expose-headers"].split(", "))
    assert (await caller.head("/api/v1")).content == b""
    assert (await caller.get("/livez")).status_code == 200
