"""Connections are kept as long as they are clean, and given up without a trace."""

import asyncio
from dataclasses import replace

import pytest

from app.kit.http import AnswerBroken, GuardedClient, resolve_by_system
from app.kit.http.network import connect
from tests.kit.strangers import HASTY, PATIENCE_SECONDS, STUBBORN, listening, reply, resolving, says, stranger


async def stays_silent(asked, writer):
    await asyncio.sleep(300)


async def test_a_host_waits_while_nobody_reads_and_nothing_is_lost():
    sent = 0

    async def behave(reader, writer):
        nonlocal sent
        for number in range(256):
            writer.write(bytes([number]) * 65536)
            await writer.drain()
            sent += 1

    async with listening(behave) as port:
        stream = await connect("127.0.0.1", port, replace(HASTY, max_wire_bytes=32 << 20), resolve_by_system, None)
        stream.end_of_head()
        await asyncio.sleep(0.2)
        assert sent < 256
        received = b"".join([piece async for piece in _pieces(stream)])
        stream.abort()

    assert received == b"".join(bytes([number]) * 65536 for number in range(256))


async def _pieces(stream):
    while piece := await stream.read(65536, timeout=PATIENCE_SECONDS):
        yield piece


async def test_bytes_behind_an_answer_never_become_the_next_answer():
    planted = reply(b"planted")

    async def behave(asked, writer):
        writer.write(reply(b"first") + planted if asked.target == "/first" else reply(b"second"))

    async with stranger(behave) as host, GuardedClient(HASTY) as client:
        with pytest.raises(AnswerBroken, match="more than belongs"):
            await client.get(host.url("/first"))
        answer = await client.get(host.url("/second"))

    assert answer.content == b"second"
    assert host.connections == 2


async def test_a_connection_that_was_closed_while_idle_is_not_used_again():
    async with stranger(says(reply(b"here"), then_close=True)) as host, GuardedClient(HASTY) as client:
        for _ in range(3):
            assert (await client.get(host.url())).content == b"here"
            await asyncio.sleep(0.02)

    assert host.connections == 3


async def test_cancelled_requests_leave_nothing_behind():
    async def behave(asked, writer):
        await asyncio.sleep(int(asked.target[1:]) / 1000)
        writer.write(reply(b"x" * 3000)[: 2000 if asked.target == "/7" else None])

    async with stranger(behave) as host, GuardedClient(HASTY) as client:
        before = asyncio.all_tasks()
        for delay in range(30):
            asking = [asyncio.create_task(client.get(host.url(f"/{number % 10}"))) for number in range(8)]
            await asyncio.sleep(delay / 3000)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

        assert (await client.get(host.url("/0"))).status == 200
        async with asyncio.timeout(PATIENCE_SECONDS):
            # The client's connections are gone at once, but their other ends must come round to noticing it.
            while host.open_connections > 4:
                await asyncio.sleep(0.01)
        assert not {task for task in asyncio.all_tasks() - before if "listening" not in repr(task.get_coro())}

    assert host.open_connections == 0


async def test_one_client_uses_few_connections_however_much_it_asks_at_once():
    async def behave(asked, writer):
        await asyncio.sleep(0.005)
        writer.write(reply(asked.target.encode()))

    async with stranger(behave) as host, GuardedClient(HASTY, connections=2) as client:
        answers = await asyncio.gather(*(client.get(host.url(f"/{number}")) for number in range(40)))

    assert [answer.text for answer in answers] == [f"/{number}" for number in range(40)]
    assert host.connections == 2
    assert client.requests == 40


async def test_connections_to_many_origins_are_not_hoarded():
    async with (
        stranger(says(reply())) as host,
        GuardedClient(HASTY, resolver=resolving(["127.0.0.1"]), connections=2) as client,
    ):
        for number in range(6):
            await client.get(host.url(host=f"node{number}.example"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while host.open_connections > 2:
                await asyncio.sleep(0.01)

    assert host.connections == 6


async def test_a_connection_that_closes_while_it_is_written_on_costs_no_try():
    async def behave(asked, writer):
        if [other.connection for other in host.asked].count(asked.connection) == 2:
            writer.close()
        else:
            writer.write(reply(b"here"))

    async with stranger(behave) as host, GuardedClient(HASTY) as client:
        for _ in range(3):
            assert (await client.get(host.url())).content == b"here"

    assert host.connections == 3
    assert client.requests == 5


async def test_a_closed_client_asks_nobody():
    async with stranger(says(reply())) as host:
        client = GuardedClient(HASTY)
        await client.get(host.url())
        await client.aclose()

        with pytest.raises(RuntimeError):
            await client.get(host.url())

    assert len(host.asked) == 1


async def test_closing_a_client_ends_what_it_was_doing():
    async with stranger(stays_silent) as host:
        client = GuardedClient(STUBBORN)
        asking = asyncio.create_task(client.get(host.url()))
        while not host.asked:
            await asyncio.sleep(0.01)
        await client.aclose()

        with pytest.raises(RuntimeError):
            await asyncio.wait_for(asking, PATIENCE_SECONDS / 2)

    assert len(host.asked) == 1
