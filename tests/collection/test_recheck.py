"""The rest is read again, slowly and in turn, so that silent edits are found within a known time."""

from datetime import timedelta

import pytest

from app.adapters.catalogue import ADAPTERS
from app.collection import collecting
from app.core.vocabulary import Interface, PackageKind
from app.kit.clock import utc_now
from tests.collection.fakes import FakeAdapter, row
from tests.collection.road import SLUG, YEARS, Road, a_collector, completed_package, truth

DAYS = 8


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when told."""
    passed = [timedelta()]
    monkeypatch.setattr(collecting, "utc_now", lambda: utc_now() + passed[0])
    return passed


@pytest.fixture
def adapter(monkeypatch):
    """A node with four hundred settled packages, whose details are counted."""
    fake = FakeAdapter(Interface.SPSE, kinds=[PackageKind.TENDER], joins=False)
    fake.show([row(str(number), status="completed") for number in range(1000, 1400)])
    monkeypatch.setitem(ADAPTERS, Interface.SPSE, fake)
    return fake


async def test_every_settled_package_is_read_again_within_its_time_and_never_all_at_once(database, adapter, clock):
    road = Road(database, a_collector(database, recheck_after=timedelta(days=DAYS), packages_per_commit=200))
    await road.collect()
    read = []
    for day in range(1, 2 * DAYS + 1):
        clock[0] = timedelta(days=day)
        before = adapter.asked["detail"]
        run = await road.collect()
        assert (run.state, run.unchanged) == ("completed", 400)
        read.append(adapter.asked["detail"] - before)

    oldest = await road.scalar("SELECT min(detailed_at) FROM sightings")
    assert utc_now() + clock[0] - oldest <= timedelta(days=DAYS)
    # Nothing before half of the time has gone; after that about a quarter of them every day.
    assert read[: DAYS // 2 - 1] == [0] * (DAYS // 2 - 1)
    assert max(read) < 400 / 2
    assert sum(day > 0 for day in read) >= DAYS
    assert sum(read[:DAYS]) >= 400


async def test_without_a_time_they_are_never_read_again(database, adapter, clock):
    road = Road(database, a_collector(database, recheck_after=None, packages_per_commit=200))
    await road.collect()
    clock[0] = timedelta(days=10_000)

    run = await road.collect()

    assert (run.unchanged, adapter.asked["detail"]) == (400, 400)


async def test_a_silent_edit_is_found_and_said(road, simulator, world, clock):
    for year in YEARS:
        await road.collect(year=year)
    [edited] = world.edit_silently(SLUG, 1, kind="tender")
    [year] = [year for year in YEARS if edited in world.packages(SLUG, year, "tender")]
    overlooked = await road.collect(year=year)
    assert (overlooked.changed, await said(road, overlooked)) == (0, [])
    clock[0] = timedelta(days=8)

    run = await road.collect(year=year)

    assert (run.state, run.changed) == ("completed", 1)
    assert await said(road, run) == [("silent-edit", edited.code, "warning")]
    assert await road.figures(year=year) == truth(world, year=year)


async def test_an_edit_that_the_list_tells_of_is_no_silent_one(road, world, clock):
    await road.collect()
    package = completed_package(world)
    world.amend(SLUG, "tender", package.code, name="Pekerjaan dengan nama lain (simulasi)")
    clock[0] = timedelta(days=8)

    run = await road.collect()

    assert (run.changed, await said(road, run)) == (1, [])


async def said(road, run):
    found = await road.problems(run)
    return [(problem.code, problem.package, problem.severity) for problem in found if problem.code == "silent-edit"]
