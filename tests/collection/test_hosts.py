"""Politeness: a rate over all workers, a place at a time, and a pause for everybody when a host asks for one."""

import asyncio
import time

import pytest
from sqlalchemy import text

from app.collection.hosts import LONGEST_PAUSE_SECONDS, HostGate, HostPaused
from app.collection.policy import CollectionPolicy, HostPolicy
from app.kit.http import OutboundPolicy
from tests.collection.road import a_policy

HOST = "spse.contoh.id"
PATIENCE_SECONDS = 60.0
"""For what happens without a pause, on however busy a machine."""


def a_gate(database, *, rate=20.0, concurrency=50):
    return HostGate(database, a_policy(public_hosts=HostPolicy(rate, concurrency)))


async def depart(gate, host=HOST, hold=0.0):
    """Pass the gate once; the answer is when that was."""
    async with gate.slot(host):
        moment = time.monotonic()
        await asyncio.sleep(hold)
        return moment


async def departures(*gates, each=10):
    return sorted(await asyncio.gather(*(depart(gate) for gate in gates for _ in range(each))))


async def test_requests_leave_at_the_rate_of_the_host(database):
    began = time.monotonic()

    times = await departures(a_gate(database), each=20)

    assert all(moment - began >= turn / 20 for turn, moment in enumerate(times))


async def test_two_workers_share_the_rate(database):
    began = time.monotonic()

    times = await departures(a_gate(database), a_gate(database), each=20)

    assert all(moment - began >= turn / 20 for turn, moment in enumerate(times))


async def test_a_worker_whose_reservation_takes_long_does_not_leave_too_early_for_it(database):
    first, late = a_gate(database), a_gate(database)
    reserve = late._reserve

    async def slowly(host, span):
        await asyncio.sleep(0.5)
        return await reserve(host, span)

    late._reserve = slowly
    began = time.monotonic()

    times = await departures(first, late, each=20)

    assert all(moment - began >= turn / 20 for turn, moment in enumerate(times))


async def test_different_hosts_do_not_wait_for_each_other(database):
    # A second request to the same host would have to wait for longer than a test is given.
    gate = a_gate(database, rate=0.001)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(depart(gate, f"n{number}.contoh.id") for number in range(5)))


async def test_after_an_idle_spell_there_is_no_burst(database):
    gate = a_gate(database, rate=10.0)
    await depart(gate)
    await asyncio.sleep(0.8)

    began = time.monotonic()
    times = await departures(gate, each=4)

    assert all(moment - began >= turn / 10 for turn, moment in enumerate(times))


async def test_only_so_many_are_under_way_at_once(database):
    gate = a_gate(database, rate=1000.0, concurrency=2)
    began = time.monotonic()

    times = sorted(await asyncio.gather(*(depart(gate, hold=0.1) for _ in range(6))))

    assert times[2] - began >= 0.1
    assert times[4] - began >= 0.2


async def test_a_place_is_free_again_after_a_failure(database):
    gate = a_gate(database, rate=1000.0, concurrency=1)
    with pytest.raises(ZeroDivisionError):
        async with gate.slot(HOST):
            raise ZeroDivisionError

    async with asyncio.timeout(PATIENCE_SECONDS):
        await depart(gate)


async def test_a_pause_that_a_host_asks_for_holds_for_every_worker(database):
    first, second = a_gate(database), a_gate(database)
    await asyncio.gather(depart(first), depart(second))
    asked = time.monotonic()
    await first.report(HOST, 429, 0.6)

    own, other = await asyncio.gather(depart(first), depart(a_gate(database)))

    assert own - asked >= 0.58
    assert other - asked >= 0.58


async def test_who_waits_for_a_slot_when_the_pause_comes_waits_longer(database):
    gate = a_gate(database, rate=4.0)
    waiting = [asyncio.create_task(depart(gate)) for _ in range(3)]
    await waiting[0]
    asked = time.monotonic()
    await gate.report(HOST, 503, 0.8)

    # On a busy machine somebody may have left before the host asked for its pause.
    later = [moment for moment in await asyncio.gather(*waiting[1:]) if moment > asked]

    assert all(moment - asked >= 0.78 for moment in later)


@pytest.mark.parametrize(("status", "retry_after"), [(200, 300.0), (429, None), (500, 300.0), (None, None)])
async def test_only_a_clear_wish_makes_a_pause(database, status, retry_after):
    gate = a_gate(database)
    await gate.report(HOST, status, retry_after)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await depart(gate)


async def test_nobody_waits_for_a_host_that_wants_to_be_left_alone_for_long(database):
    gate = a_gate(database)
    await gate.report(HOST, 429, 10**9)

    for worker in (gate, a_gate(database)):
        with pytest.raises(HostPaused):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await depart(worker)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await depart(gate, "lain.contoh.id")


async def test_no_host_silences_itself_for_longer_than_an_hour(database):
    await a_gate(database).report(HOST, 429, 10**9)

    async with database.reading() as session:
        left = await session.scalar(text("SELECT extract(epoch FROM paused_until - now()) FROM host_budgets"))
    assert LONGEST_PAUSE_SECONDS - 60 < left <= LONGEST_PAUSE_SECONDS


def test_only_hosts_in_allowed_networks_are_the_operators_own():
    policy = a_policy(public_hosts=HostPolicy(2, 2), local_hosts=HostPolicy(500, 8))

    assert policy.for_host("127.0.0.1") is policy.local_hosts
    assert policy.for_host("localhost") is policy.local_hosts
    for stranger in ("spse.contoh.id", "10.0.0.1", "[::1]", "127.0.0.1.contoh.id"):
        assert policy.for_host(stranger) is policy.public_hosts


def test_without_allowed_networks_no_host_is_the_operators_own():
    policy = CollectionPolicy(outbound=OutboundPolicy())

    for stranger in ("127.0.0.1", "localhost"):
        assert policy.for_host(stranger) is policy.public_hosts
