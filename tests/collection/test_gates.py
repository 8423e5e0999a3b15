"""Several workers at one host, on one database: places are shared, come back from the dead, and are never lost."""

import asyncio
import contextlib
import time
from collections import Counter

import pytest

from app.collection import hosts, leases
from app.collection.hosts import HostGate
from app.collection.policy import HostPolicy
from app.kit.db import is_outage, open_database
from tests.collection.road import a_policy
from tests.records import rows

HOST = "spse.contoh.id"


class Hosted:
    """A host that sees who is inside, and the gates of several workers in front of it."""

    def __init__(self, database, *, workers, concurrency, rate=1000.0):
        policy = a_policy(public_hosts=HostPolicy(rate, concurrency))
        self.gates = [HostGate(database, policy) for _ in range(workers)]
        self.inside = self.most = 0
        self.served = Counter()
        self.moments = []

    async def visit(self, number, seconds=0.005):
        async with self.gates[number].slot(HOST):
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.moments.append((number, time.monotonic()))
            try:
                await asyncio.sleep(seconds)
            finally:
                self.inside -= 1
            self.served[number] += 1

    async def visit_again_and_again(self, number, until, seconds=0.005):
        while time.monotonic() < until:
            await self.visit(number, seconds)

    async def close(self):
        for gate in self.gates:
            await gate.close()


@pytest.fixture
def quick(monkeypatch):
    """The same rules on a faster clock."""
    monkeypatch.setattr(hosts, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(hosts, "_SOON_SECONDS", 0.02)
    monkeypatch.setattr(hosts, "_IDLE_SECONDS", 0.1)
    monkeypatch.setattr(leases, "TURN_SECONDS", 0.3)
    monkeypatch.setattr(leases, "UNSERVED_SECONDS", 0.1)
    monkeypatch.setattr(hosts, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.0)


async def holders(database):
    return await rows(database, "SELECT holder, places, wanted FROM host_leases WHERE host = :host", host=HOST)


async def nobody_holds(database, seconds=3.0):
    async with asyncio.timeout(seconds):
        while await holders(database):
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("workers", "concurrency"), [(2, 5), (3, 4), (3, 2)])
async def test_workers_together_are_never_more_at_a_host_than_it_allows_and_all_are_served(
    database, workers, concurrency
):
    hosted = Hosted(database, workers=workers, concurrency=concurrency)
    began = time.monotonic()
    until = began + 2.0

    async with asyncio.TaskGroup() as group:
        for number in range(workers):
            for _ in range(concurrency + 1):
                group.create_task(hosted.visit_again_and_again(number, until))

    await hosted.close()
    assert hosted.most == concurrency
    assert len(hosted.served) == workers
    if workers <= concurrency:
        # Who came first had everything for the first second.
        late = Counter(number for number, moment in hosted.moments if moment > began + 1)
        assert min(late[number] for number in range(workers)) > 0.4 * late.total() / workers


@pytest.mark.usefixtures("quick")
async def test_places_of_a_dead_worker_come_back_when_its_lease_has_run_out(database):
    hosted = Hosted(database, workers=2, concurrency=2)
    dead = [asyncio.create_task(hosted.visit(0, 60)) for _ in range(2)]
    while hosted.inside < 2:
        await asyncio.sleep(0.01)
    hosted.gates[0]._hosts[HOST].keeper.cancel()  # as kill -9: it renews nothing and gives nothing back
    died = time.monotonic()

    async with asyncio.timeout(4):
        await hosted.visit(1)

    assert 0.5 < time.monotonic() - died < 1.0 + 1.0
    for task in dead:
        task.cancel()


@pytest.mark.usefixtures("quick")
async def test_who_slept_past_the_end_of_its_lease_enters_by_a_new_one_only(database):
    hosted = Hosted(database, workers=2, concurrency=1)
    await hosted.visit(0)
    frozen = hosted.gates[0]._hosts[HOST]
    frozen.keeper.cancel()
    assert frozen.places == 1
    await asyncio.sleep(1.1)
    inside = asyncio.create_task(hosted.visit(1, 0.5))
    while not hosted.inside:
        await asyncio.sleep(0.01)

    await hosted.visit(0)

    assert hosted.most == 1
    await inside


@pytest.mark.usefixtures("quick")
async def test_who_gives_up_waiting_takes_no_place_with_it(database):
    hosted = Hosted(database, workers=1, concurrency=1)
    inside = asyncio.create_task(hosted.visit(0, 0.3))
    while not hosted.inside:
        await asyncio.sleep(0.01)
    impatient = [asyncio.create_task(hosted.visit(0)) for _ in range(5)]
    await asyncio.sleep(0.05)

    for task in impatient:
        task.cancel()
    await asyncio.gather(*impatient, return_exceptions=True)

    known = hosted.gates[0]._hosts[HOST]
    assert (known.used, len(known.waiting)) == (1, 0)
    await inside
    async with asyncio.timeout(1):
        await hosted.visit(0)
    assert known.used == 0
    await nobody_holds(database)


@pytest.mark.usefixtures("quick")
async def test_who_is_cancelled_at_the_very_moment_of_getting_in_leaves_again(database):
    hosted = Hosted(database, workers=1, concurrency=1)
    await hosted.visit(0)
    known = hosted.gates[0]._hosts[HOST]
    for _ in range(20):
        inside = asyncio.create_task(hosted.visit(0, 0.002))
        unlucky = asyncio.create_task(hosted.visit(0))
        await inside
        unlucky.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await unlucky

    assert known.used == 0


@pytest.mark.usefixtures("quick")
async def test_an_idle_worker_gives_its_places_back_and_gets_them_again(database):
    hosted = Hosted(database, workers=1, concurrency=3)
    await asyncio.gather(*(hosted.visit(0) for _ in range(6)))
    assert [held["places"] for held in await holders(database)] == [3]

    await nobody_holds(database)

    async with asyncio.timeout(1):
        await hosted.visit(0)


async def test_a_worker_that_leaves_gives_its_places_back_at_once(database):
    hosted = Hosted(database, workers=1, concurrency=3)
    await hosted.visit(0)
    assert await holders(database)

    await hosted.close()

    assert await holders(database) == []


async def test_what_a_worker_needs_at_most_it_keeps_through_a_short_lull(database, monkeypatch):
    hosted = Hosted(database, workers=1, concurrency=8)
    renewals = []

    async def counted(*arguments):
        renewals.append(arguments)
        return await leases.renew_lease(*arguments)

    monkeypatch.setattr(hosts, "renew_lease", counted)
    began = time.monotonic()

    for _ in range(30):
        await asyncio.gather(*(hosted.visit(0, 0.001) for _ in range(4)))

    # One for the first to come, one for those who came with it, and then by the clock.
    assert len(renewals) <= 3 + (time.monotonic() - began) / hosts.RENEW_SECONDS
    await hosted.close()


@pytest.mark.usefixtures("quick")
async def test_a_lost_database_is_told_to_everybody_who_waits(database, monkeypatch):
    hosted = Hosted(database, workers=2, concurrency=1)
    inside = asyncio.create_task(hosted.visit(0, 5))
    while not hosted.inside:
        await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(hosted.visit(1)) for _ in range(3)]
    await asyncio.sleep(0.1)

    async def lost(*_arguments, **_named):
        raise ConnectionRefusedError

    monkeypatch.setattr(hosts, "renew_lease", lost)

    async with asyncio.timeout(2):
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in found] == [ConnectionRefusedError] * 3
    # When it is back, so is the gate.
    monkeypatch.undo()
    inside.cancel()
    async with asyncio.timeout(4):
        await hosted.visit(1)


async def test_a_database_that_was_never_there_lets_nobody_wait(database):
    nowhere = open_database("postgresql://nobody@127.0.0.1:1/nothing")
    hosted = Hosted(nowhere, workers=1, concurrency=1)

    with pytest.raises(OSError) as found:
        async with asyncio.timeout(5):
            await hosted.visit(0)

    assert is_outage(found.value)
    await nowhere.close()


@pytest.mark.nightly
async def test_three_workers_use_the_whole_rate_and_never_more(database):
    rate, seconds = 40.0, 8.0
    hosted = Hosted(database, workers=3, concurrency=12, rate=rate)
    began = time.monotonic()

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            for _ in range(6):
                group.create_task(hosted.visit_again_and_again(number, began + seconds, 0.02))

    await hosted.close()
    moments = sorted(moment for _number, moment in hosted.moments)
    settled = [moment for moment in moments if began + 2 <= moment < began + seconds]
    assert len(settled) >= 0.95 * rate * (seconds - 2)
    assert all(moment - moments[0] >= (turn - 1) / rate for turn, moment in enumerate(moments))
    # By then the leases have found their balance.
    late = Counter(number for number, moment in hosted.moments if moment > began + 5)
    assert min(late.values()) >= 0.6 * max(late.values())
