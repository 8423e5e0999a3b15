"""Several workers at one host, on one database: places are shared, come back from the dead, and are never lost."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict

import pytest

from app.collection import hosts, leases
from app.collection.hosts import HostGate
from app.collection.policy import HostPolicy
from app.kit.db import is_outage, open_database
from tests.collection.road import a_policy
from tests.records import execute, rows

HOST = "spse.contoh.id"
PATIENCE_SECONDS = 120.0
"""For what must happen at last, on however busy a machine."""


class Hosted:
    """A host that sees who is inside, and the gates of several workers in front of it."""

    def __init__(self, database, *, workers, concurrency, rate=1000.0):
        policy = a_policy(public_hosts=HostPolicy(rate, concurrency))
        self.gates = [HostGate(database, policy) for _ in range(workers)]
        self.inside = self.most = 0
        self.served = Counter()
        self.moments = []

    async def visit(self, number, seconds=0.005, until=None):
        async with self.gates[number].slot(HOST):
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.moments.append((number, time.monotonic()))
            try:
                await (asyncio.sleep(seconds) if until is None else until.wait())
            finally:
                self.inside -= 1
            self.served[number] += 1

    async def visit_again_and_again(self, number, is_over, seconds=0.005):
        while not is_over():
            await self.visit(number, seconds)

    async def hold_until(self, visitors):
        """Wait until so many are inside."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.inside < visitors:
                await asyncio.sleep(0.01)

    async def crowd(self, each, is_over):
        """So many of every worker visit the host again and again, until it is over."""
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            for number in range(len(self.gates)):
                for _ in range(each):
                    group.create_task(self.visit_again_and_again(number, is_over))
        await self.close()

    async def close(self):
        for gate in self.gates:
            await gate.close()


@pytest.fixture
def quick(monkeypatch):
    """The same rules on a faster clock; only leases are long, lest those of the living run out on a busy machine."""
    monkeypatch.setattr(hosts, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(hosts, "_SOON_SECONDS", 0.02)
    monkeypatch.setattr(hosts, "_IDLE_SECONDS", 0.1)
    monkeypatch.setattr(leases, "TURN_SECONDS", 0.3)
    monkeypatch.setattr(leases, "UNSERVED_SECONDS", 0.1)
    monkeypatch.setattr(hosts, "LEASE_SECONDS", 300.0)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 300.0)


@pytest.fixture
def grants(monkeypatch):
    """How many places each worker was granted, renewal by renewal."""
    granted = defaultdict(list)

    async def noted(session, host, holder, wish):
        granted[holder].append(await leases.renew_lease(session, host, holder, wish))
        return granted[holder][-1]

    monkeypatch.setattr(hosts, "renew_lease", noted)
    return granted


def turns(granted):
    """How often a worker without a place got one."""
    return sum(now > 0 and not before for before, now in zip([0, *granted], granted, strict=False))


async def holders(database):
    return await rows(database, "SELECT holder, places, wanted FROM host_leases WHERE host = :host", host=HOST)


async def nobody_holds(database):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await holders(database):
            await asyncio.sleep(0.02)


async def let_leases_run_out(database):
    await execute(database, "UPDATE host_leases SET expires_at = clock_timestamp()")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("workers", "concurrency"), [(2, 5), (3, 4), (4, 4)])
async def test_workers_together_are_never_more_at_a_host_than_it_allows_and_keep_equal_shares(
    database, grants, workers, concurrency
):
    hosted = Hosted(database, workers=workers, concurrency=concurrency)
    share, given_out = concurrency // workers, []

    async def look_at_the_leases():
        """Who came first had everything: wait until all have their share, and then for five more renewals of each."""
        is_shared = False
        while not is_shared:
            held = await holders(database)
            given_out.append(sum(holder["places"] for holder in held))
            is_shared = [holder["places"] >= share for holder in held] == [True] * workers
        before = {holder: len(granted) for holder, granted in grants.items()}
        while min(len(granted) - before[holder] for holder, granted in grants.items()) < 5:
            given_out.append(sum(holder["places"] for holder in await holders(database)))
        return [places for holder, granted in grants.items() for places in granted[before[holder] :]]

    looking = asyncio.create_task(look_at_the_leases())
    await hosted.crowd(concurrency + 1, lambda: looking.done() and hosted.most >= concurrency)

    assert hosted.most == max(given_out) == concurrency
    assert min(await looking) >= share
    assert len(hosted.served) == workers


@pytest.mark.usefixtures("quick")
async def test_more_workers_than_places_take_turns_and_all_are_served_again_and_again(database, grants):
    hosted = Hosted(database, workers=3, concurrency=2)

    def all_had_three_turns():
        return len(grants) == 3 and min(turns(granted) for granted in grants.values()) >= 3

    await hosted.crowd(3, lambda: all_had_three_turns() and hosted.most >= 2)

    assert hosted.most == 2
    assert len(hosted.served) == 3


@pytest.mark.usefixtures("quick")
async def test_places_of_a_dead_worker_come_back_when_its_lease_has_run_out(database, grants):
    hosted = Hosted(database, workers=2, concurrency=2)
    dead = [asyncio.create_task(hosted.visit(0, until=asyncio.Event())) for _ in range(2)]
    await hosted.hold_until(2)
    hosted.gates[0]._hosts[HOST].keeper.cancel()  # as kill -9: it renews nothing and gives nothing back
    asking = asyncio.create_task(hosted.visit(1))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(grants) < 2 or len(grants[hosted.gates[1]._holder]) < 5:
            await asyncio.sleep(0.01)
    assert set(grants[hosted.gates[1]._holder]) == {0}
    assert not asking.done()

    await let_leases_run_out(database)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await asking
    for task in dead:
        task.cancel()


async def test_a_lease_runs_out_by_itself(database):
    hosted = Hosted(database, workers=1, concurrency=1)
    await hosted.visit(0)

    (lease,) = await rows(database, "SELECT extract(epoch FROM expires_at - since)::float AS seconds FROM host_leases")

    assert lease["seconds"] == pytest.approx(leases.LEASE_SECONDS, abs=0.1)
    await hosted.close()


@pytest.mark.usefixtures("quick")
async def test_who_slept_past_the_end_of_its_lease_enters_by_a_new_one_only(database, monkeypatch):
    hosted = Hosted(database, workers=2, concurrency=1)
    with monkeypatch.context() as asleep:
        asleep.setattr(hosts, "RENEW_SECONDS", 300.0)
        await hosted.visit(0)
        frozen = hosted.gates[0]._hosts[HOST]
        frozen.keeper.cancel()
    assert frozen.places == 1
    frozen.good_until = time.monotonic()
    await let_leases_run_out(database)
    inside = asyncio.create_task(hosted.visit(1, 0.5))
    await hosted.hold_until(1)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await hosted.visit(0)

    assert hosted.most == 1
    await inside


@pytest.mark.usefixtures("quick")
async def test_who_gives_up_waiting_takes_no_place_with_it(database):
    hosted = Hosted(database, workers=1, concurrency=1)
    leaving = asyncio.Event()
    inside = asyncio.create_task(hosted.visit(0, until=leaving))
    await hosted.hold_until(1)
    known = hosted.gates[0]._hosts[HOST]
    impatient = [asyncio.create_task(hosted.visit(0)) for _ in range(5)]
    while len(known.waiting) < 5:
        await asyncio.sleep(0.01)

    for task in impatient:
        task.cancel()
    await asyncio.gather(*impatient, return_exceptions=True)

    assert (known.used, len(known.waiting)) == (1, 0)
    leaving.set()
    await inside
    async with asyncio.timeout(PATIENCE_SECONDS):
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
async def test_an_idle_worker_gives_its_places_back_and_gets_them_again(database, grants):
    hosted = Hosted(database, workers=1, concurrency=3)
    await asyncio.gather(*(hosted.visit(0) for _ in range(6)))
    assert [max(granted) for granted in grants.values()] == [3]

    await nobody_holds(database)

    async with asyncio.timeout(PATIENCE_SECONDS):
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
    inside = asyncio.create_task(hosted.visit(0, until=asyncio.Event()))
    await hosted.hold_until(1)
    waiting = [asyncio.create_task(hosted.visit(1)) for _ in range(3)]
    await asyncio.sleep(0.1)

    async def lost(*_arguments, **_named):
        raise ConnectionRefusedError

    monkeypatch.setattr(hosts, "renew_lease", lost)

    async with asyncio.timeout(PATIENCE_SECONDS):
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in found] == [ConnectionRefusedError] * 3
    # When it is back, so is the gate.
    monkeypatch.undo()
    inside.cancel()
    await let_leases_run_out(database)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await hosted.visit(1)


async def test_a_database_that_was_never_there_lets_nobody_wait(database):
    nowhere = open_database("postgresql://nobody@127.0.0.1:1/nothing")
    hosted = Hosted(nowhere, workers=1, concurrency=1)

    with pytest.raises(OSError) as found:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await hosted.visit(0)

    assert is_outage(found.value)
    await nowhere.close()


@pytest.mark.nightly
async def test_three_workers_use_the_whole_rate_and_never_more(database):
    rate, seconds = 40.0, 8.0
    hosted = Hosted(database, workers=3, concurrency=12, rate=rate)
    began = time.monotonic()

    await hosted.crowd(6, lambda: time.monotonic() >= began + seconds)

    moments = sorted(moment for _number, moment in hosted.moments)
    settled = [moment for moment in moments if began + 2 <= moment < began + seconds]
    assert len(settled) >= 0.95 * rate * (seconds - 2)
    assert all(moment - moments[0] >= (turn - 1) / rate for turn, moment in enumerate(moments))
    # By then the leases have found their balance.
    late = Counter(number for number, moment in hosted.moments if moment > began + 5)
    assert min(late.values()) >= 0.6 * max(late.values())
