"""Second tries and politeness: when the client asks again, when it waits, and whom it tells."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from app.kit.http import (
    AddressForbidden,
    AnswerBroken,
    AnswerTooLarge,
    ConnectFailed,
    DeadlineExceeded,
    GuardedClient,
)
from app.kit.http.client import gate_name
from app.kit.http.retry import pause_before, retry_after_seconds
from tests.kit.strangers import HASTY, PATIENCE_SECONDS, STUBBORN, ask, redirect, reply, resolving, says, stranger

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


class RecordingGate:
    def __init__(self):
        self.events = []

    @asynccontextmanager
    async def slot(self, host):
        self.events.append(("enter", host))
        yield
        self.events.append(("leave", host))

    async def report(self, host, status, retry_after):
        self.events.append(("report", host, status, retry_after))


# Second tries


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_what_passes_with_time_is_asked_again(status):
    async with stranger(says(reply(status=status), reply(b"well"))) as host, GuardedClient(STUBBORN) as client:
        answer = await client.get(host.url())

    assert (answer.status, answer.content) == (200, b"well")
    assert client.requests == 2


async def test_a_form_is_asked_again_too():
    async with stranger(says(reply(status=503), reply(b"well"))) as host, GuardedClient(STUBBORN) as client:
        answer = await client.post_form(host.url(), [("start", "0")])

    assert answer.content == b"well"
    assert [asked.body for asked in host.asked] == [b"start=0", b"start=0"]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 410, 501])
async def test_what_time_does_not_heal_is_asked_once(status):
    async with stranger(says(reply(b"so be it", status=status))) as host, GuardedClient(STUBBORN) as client:
        answer = await client.get(host.url())

    assert (answer.status, answer.content) == (status, b"so be it")
    assert len(host.asked) == 1


async def test_after_the_last_try_the_last_answer_is_given():
    async with (
        stranger(says(reply(b"1", status=503), reply(b"more", status=502))) as host,
        GuardedClient(STUBBORN) as client,
    ):
        answer = await client.get(host.url())

    assert (answer.status, answer.content) == (502, b"more")
    assert client.requests == STUBBORN.attempts


async def test_a_broken_answer_is_asked_again_and_raised_when_it_stays_so():
    half = reply(b"half", content_length=9)

    async def behave(asked, writer):
        writer.write(half if asked.target == "/never" or len(host.asked) < 3 else reply(b"whole", connection="close"))
        await writer.drain()
        writer.close()

    async with stranger(behave) as host, GuardedClient(STUBBORN) as client:
        assert (await client.get(host.url("/soon"))).content == b"whole"
        assert client.requests == 3
        with pytest.raises(AnswerBroken):
            await client.get(host.url("/never"))
        assert client.requests == 3 + STUBBORN.attempts


async def test_a_slow_answer_is_asked_again():
    async def behave(asked, writer):
        if len(host.asked) == 1:
            await asyncio.sleep(60)
        writer.write(reply(b"quick"))

    policy = replace(STUBBORN, attempts=50, total_seconds=0.5)
    async with stranger(behave) as host, GuardedClient(policy) as client:
        assert (await client.get(host.url())).content == b"quick"


async def test_a_host_that_takes_no_connection_is_tried_again():
    lookups = resolving(["::1"], ["127.0.0.1"])
    async with stranger(says(reply(b"up again"))) as host, GuardedClient(STUBBORN, resolver=lookups) as client:
        assert (await client.get(host.url(host="node.example"))).content == b"up again"
    assert len(lookups.asked) == 2

    async with GuardedClient(STUBBORN) as client:
        with pytest.raises(ConnectFailed):
            await client.get(host.url())


async def test_too_large_an_answer_is_not_fetched_again():
    async with stranger(says(reply(b"x" * 100))) as host, GuardedClient(replace(STUBBORN, max_body_bytes=99)) as client:
        with pytest.raises(AnswerTooLarge):
            await client.get(host.url())

    assert len(host.asked) == 1


@pytest.mark.parametrize(("one_try", "most_tries"), [(0.5, 3), (300, 1)])
async def test_nothing_a_host_does_outlasts_the_time_of_all_tries(one_try, most_tries):
    async def behave(asked, writer):
        await asyncio.sleep(300)

    policy = replace(STUBBORN, attempts=1000, total_seconds=one_try, overall_seconds=1.2, read_seconds=300)
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS), stranger(behave) as host, GuardedClient(policy) as client:
        with pytest.raises(DeadlineExceeded):
            await client.get(host.url())

    assert time.monotonic() - began >= 1
    assert len(host.asked) <= most_tries


async def test_the_time_of_one_try_covers_its_redirects():
    async def behave(asked, writer):
        await asyncio.sleep(0.4)
        writer.write(redirect("/again"))

    async with stranger(behave) as host, GuardedClient(replace(HASTY, total_seconds=1.1, max_redirects=50)) as client:
        with pytest.raises(DeadlineExceeded):
            await client.get(host.url())

    assert len(host.asked) <= 3


async def test_retry_after_is_kept_in_seconds():
    began = time.monotonic()
    async with (
        stranger(says(reply(status=429, retry_after="1"), reply(b"well"))) as host,
        GuardedClient(STUBBORN) as client,
    ):
        assert (await client.get(host.url())).content == b"well"

    assert time.monotonic() - began >= 1


async def test_a_retry_after_beyond_patience_ends_with_the_answer():
    for policy in (
        replace(STUBBORN, retry_after_limit_seconds=30, overall_seconds=100),
        replace(STUBBORN, retry_after_limit_seconds=100, overall_seconds=30),
    ):
        async with (
            stranger(says(reply(b"later", status=429, retry_after="31"))) as host,
            GuardedClient(policy) as client,
        ):
            answer = await client.get(host.url())

        assert (answer.status, answer.text) == (429, "later")
        assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        ("Sun, 22 Nov 2026 14:00:05 +0700", 5),
        ("Sunday, 22-Nov-26 07:00:07 GMT", 7),
        ("Sun Nov 22 07:00:09 2026", 9),
        ("Sun, 22 Nov 2026 07:00:11 -0000", 11),
        (None, None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("9" * 400, None),
        ("Sun, 99 Nov 2026 07:00:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(value, seconds):
    assert retry_after_seconds(value, NOW) == seconds


async def test_the_pause_doubles_up_to_its_limit_and_never_falls_below_what_was_asked():
    policy = replace(HASTY, backoff_seconds=1, max_backoff_seconds=5)
    failure = ConnectFailed("nobody there")
    asked = await ask(says(reply(status=503, retry_after="7")))

    for retry, longest in ((1, 1), (2, 2), (3, 4), (4, 5), (9, 5)):
        pauses = [pause_before(retry, failure, policy, NOW) for _ in range(300)]
        assert max(pauses) <= longest
        assert max(pauses) > longest * 0.8
        assert min(pauses) < longest * 0.2
        assert 7 <= pause_before(retry, asked, policy, NOW) <= 8


# Politeness


async def test_every_request_passes_the_gate_of_its_host_and_is_reported():
    gate = RecordingGate()
    async with stranger(says(reply(b"there"))) as there:
        away = there.url(host="Other.example.")
        async with (
            stranger(says(reply(status=503, retry_after="0"), redirect(away))) as here,
            GuardedClient(STUBBORN, gate=gate, resolver=resolving(["127.0.0.1"])) as client,
        ):
            await client.get(here.url(host="NODE.example"))

    node, other = f"node.example:{here.port}", f"other.example:{there.port}"
    assert gate.events == [
        ("enter", node),
        ("report", node, 503, 0.0),
        ("leave", node),
        ("enter", node),
        ("report", node, 302, None),
        ("leave", node),
        ("enter", other),
        ("report", other, 200, None),
        ("leave", other),
    ]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://NODE.example./x", "node.example"),
        ("https://node.example/x", "node.example"),
        ("http://node.example:80/x", "node.example"),
        ("http://node.example:443/x", "node.example"),
        ("https://node.example:8443/x", "node.example:8443"),
        ("http://127.0.0.1:8000/x", "127.0.0.1:8000"),
    ],
)
def test_a_server_on_a_port_of_its_own_has_a_gate_of_its_own(url, name):
    assert gate_name(httpx.URL(url)) == name


async def test_a_failure_is_reported_as_no_answer():
    gate = RecordingGate()
    hangs = says(b"", then_close=True)

    async def silent(asked, writer):
        await asyncio.sleep(60)

    for behave in (hangs, silent):
        gate.events.clear()
        with pytest.raises((AnswerBroken, DeadlineExceeded)):
            await ask(behave, replace(HASTY, total_seconds=1), gate=gate)
        [host] = {event[1] for event in gate.events}
        assert host.startswith("127.0.0.1:")
        assert ("report", host, None, None) in gate.events


async def test_a_refused_address_says_nothing_about_the_host():
    gate = RecordingGate()
    async with GuardedClient(HASTY, gate=gate, resolver=resolving(["10.0.0.1"])) as client:
        with pytest.raises(AddressForbidden):
            await client.get("http://node.example/")

    assert [event[0] for event in gate.events] == ["enter"]


async def test_waiting_for_the_gate_is_not_held_against_the_host():
    class SlowGate(RecordingGate):
        @asynccontextmanager
        async def slot(self, host):
            await asyncio.sleep(2.2)
            async with super().slot(host):
                yield

    answer = await ask(says(reply(b"patience")), replace(HASTY, total_seconds=2, overall_seconds=2), gate=SlowGate())

    assert answer.content == b"patience"
