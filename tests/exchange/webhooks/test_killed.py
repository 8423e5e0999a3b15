"""Whatever becomes of who sends: what was taken over is sent, and at worst twice under one id."""

import asyncio
import threading

from app.kit.db import open_database
from tests.exchange.webhooks.hearers import OK, a_courier, carry, codes, deliveries, execute, happen, ids, subscribe
from tests.kit.strangers import stranger
from tests.workers import wait_until, workers


async def test_a_killed_worker_loses_nothing_and_repeats_under_the_same_id(database, database_urls):
    held, go_on = threading.Event(), asyncio.Event()

    async def behave(asked, writer):
        if not go_on.is_set():
            held.set()
            await go_on.wait()
            return
        writer.write(OK)

    async with stranger(behave) as host:
        await subscribe(database, host.url())
        with workers(database_urls.app) as some:
            killed = some.start()
            await happen(database, "1", "2")
            await asyncio.to_thread(wait_until, held.is_set, what="the first message")
            killed.kill()
            await asyncio.to_thread(killed.wait)
            before = await deliveries(database)
            go_on.set()
            # Its lease has run out.
            await execute(database, "UPDATE webhooks SET leased_until = now() - interval '1 second'")
            await carry(a_courier(database))

    after = await deliveries(database)
    assert {delivery["state"] for delivery in before} == {"pending"}
    assert {delivery["state"] for delivery in after} == {"delivered"}
    assert sorted(codes(host)[-2:]) == ["1", "2"]
    assert len(ids(host)) >= 3
    assert len(set(ids(host))) == 2


async def test_a_frozen_sender_keeps_its_lease_and_says_nothing_once_another_has_it(database, database_urls):
    release = asyncio.Event()
    answers = [release]

    async def behave(asked, writer):
        if answers:
            await answers.pop().wait()
            writer.write(b"HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n")
        else:
            writer.write(OK)

    other = open_database(database_urls.app, pool_size=3)
    async with stranger(behave) as host:
        await subscribe(database, host.url())
        await happen(database, "1")
        frozen, second = a_courier(database), a_courier(other)
        await frozen.tend()
        while not host.asked:
            await asyncio.sleep(0.005)
        await carry(second)
        assert len(host.asked) == 1
        await execute(database, "UPDATE webhooks SET leased_until = now() - interval '1 second'")
        await carry(second)
        release.set()
        await frozen.finish()

    await other.close()
    [delivery] = await deliveries(database)
    assert len(host.asked) == 2
    assert (delivery["state"], [attempt["status"] for attempt in delivery["attempts"]]) == ("delivered", [204])
