"""Packages that a list no longer shows: withdrawn when several complete runs agree, never by a shrunken list, always undone."""

import asyncio
from datetime import timedelta

import pytest

from app.adapters.catalogue import ADAPTERS
from app.collection import collecting
from app.collection.collecting import collect_run
from app.core.vocabulary import Interface, PackageKind
from app.procurement.service import withdraw_packages
from app.statistics.verification import verify_figures
from tests.collection.fakes import FakeAdapter, row
from tests.collection.road import SLUG, a_world, completed_package, truth
from tests.conftest import NOW
from tests.records import a_record, door_of, package


class PowerCut(BaseException):
    """Ends an attempt as kill -9 does."""


TOMBSTONE = """
    SELECT p.withdrawn, p.version, c.op, p.version = c.version, v.state ? 'withdrawn'
    FROM packages p
    JOIN LATERAL (SELECT op, version FROM changes WHERE entity = 'package' AND entity_id = p.id ORDER BY seq DESC LIMIT 1) c ON true
    JOIN package_versions v ON v.package_id = p.id AND v.version = p.version
    WHERE p.code = :code
"""


async def tombstone(road, code):
    """Whether a package is withdrawn, its version, and what the feed says of that."""
    [found] = await road.rows(TOMBSTONE, code=code)
    return found


async def disagreements(road):
    async with road.database.reading() as session:
        return (await verify_figures(session)).differences


@pytest.fixture
def world():
    """A small one: what counts here is who is in the list."""
    return a_world(tenders=(6, 6), non_tenders=(2, 2), recorded=(0, 0), self_managed=(0, 0), emergency=(0, 0))


@pytest.fixture
async def gone(road, world):
    """A package that was collected once and vanishes from its list."""
    await road.collect()
    vanished = completed_package(world)
    world.withdraw(SLUG, "tender", vanished.code)
    return vanished


async def test_the_third_complete_run_withdraws_what_it_no_longer_lists(road, world, gone):
    states = []
    for _ in range(3):
        run = await road.collect()
        states.append((run.state, run.withdrawn, (await tombstone(road, gone.code))[0]))

    assert states == [("completed", 0, False), ("completed", 0, False), ("completed", 1, True)]
    assert await tombstone(road, gone.code) == (True, 2, "withdrawn", True, True)
    assert await road.figures() == truth(world)
    assert await disagreements(road) == ()
    fourth = await road.collect()
    assert (fourth.state, fourth.withdrawn, fourth.problems) == ("completed", 0, 0)


async def test_what_is_pending_is_said(road, gone):
    run = await road.collect()

    [problem] = [found for found in await road.problems(run) if found.code == "list-shrink-pending"]
    assert (problem.kind, problem.value, problem.severity) == ("tender", "1", "warning")


async def test_a_package_that_is_listed_again_comes_back_with_a_version(road, world, gone):
    for _ in range(3):
        await road.collect()
    world.add(gone)

    run = await road.collect()

    assert (run.state, run.changed, run.new) == ("completed", 1, 0)
    assert await tombstone(road, gone.code) == (False, 3, "upsert", True, False)
    assert await road.figures() == truth(world)
    assert await disagreements(road) == ()
    # It is as any other from now on: absence is counted from the beginning.
    world.withdraw(SLUG, "tender", gone.code)
    assert [(await road.collect()).withdrawn for _ in range(3)] == [0, 0, 1]


async def test_a_package_that_was_listed_again_meanwhile_is_counted_from_the_beginning(road, world, gone):
    await road.collect()
    await road.collect()
    world.add(gone)
    await road.collect()
    world.withdraw(SLUG, "tender", gone.code)

    assert [(await road.collect()).withdrawn for _ in range(3)] == [0, 0, 1]


@pytest.mark.parametrize("fault", ["refuse", "login_page", "ignore_order"])
async def test_runs_that_are_not_complete_count_for_nothing(road, simulator, world, gone, fault):
    await road.collect()
    await road.collect()
    if fault == "ignore_order":
        simulator.world.settings = type(world.settings)(**{**vars(world.settings), "max_length": 3})
    setattr(simulator.faults, fault, True)

    broken = await road.collect()

    assert (broken.state != "completed", broken.withdrawn) == (True, 0)
    assert not (await tombstone(road, gone.code))[0]
    setattr(simulator.faults, fault, False)
    assert (await road.collect()).withdrawn == 1


async def test_a_package_seen_by_a_run_that_then_failed_was_seen(road, simulator, world, gone):
    await road.collect()
    await road.collect()
    world.add(gone)
    simulator.faults.rewrite = {"Nilai Pagu Paket": "Anggaran Perkiraan"}
    assert (await road.collect(full=True)).state == "drift"
    simulator.faults.rewrite = {}
    world.withdraw(SLUG, "tender", gone.code)

    assert [(await road.collect()).withdrawn for _ in range(3)] == [0, 0, 1]


async def test_a_run_of_other_kinds_counts_for_nothing(road, gone):
    for _ in range(4):
        await road.collect(kinds=[PackageKind.NON_TENDER])

    assert not (await tombstone(road, gone.code))[0]


async def test_a_run_killed_at_its_end_withdraws_once(road, gone, monkeypatch):
    await road.collect()
    await road.collect()
    run_id = await road.start()
    real = collecting.ledger.close_run

    async def cut(*_arguments, **_named):
        raise PowerCut

    monkeypatch.setattr(collecting.ledger, "close_run", cut)
    with pytest.raises(PowerCut):
        await collect_run(road.collector, run_id)
    assert not (await tombstone(road, gone.code))[0]
    monkeypatch.setattr(collecting.ledger, "close_run", real)

    assert await collect_run(road.collector, run_id) == "completed"

    assert (await road.run(run_id)).withdrawn == 1
    assert await tombstone(road, gone.code) == (True, 2, "withdrawn", True, True)
    assert await road.scalar("SELECT count(*) FROM changes WHERE op = 'withdrawn'") == 1


async def test_what_another_source_shows_is_not_withdrawn(road, gone):
    door = (await door_of(road.database)).speaking(Interface.PUSH)
    await door.record(a_record(gone.code, stage="didorong"), now=NOW)
    before = await road.rows("SELECT version, stage FROM packages WHERE code = :code", code=gone.code)

    for _ in range(3):
        await road.collect()

    assert not (await tombstone(road, gone.code))[0]
    assert await road.rows("SELECT version, stage FROM packages WHERE code = :code", code=gone.code) == before
    assert await disagreements(road) == ()


async def test_a_source_that_still_shows_a_package_is_believed_before_one_that_does_not(road, gone):
    door = (await door_of(road.database)).speaking(Interface.ISB)
    await door.record(a_record(gone.code, stage="kata isb", pagu=1), now=NOW)
    said = "SELECT stage, pagu, source FROM packages WHERE code = :code"
    assert (await road.rows(said, code=gone.code))[0][2] == "spse"

    for _ in range(3):
        await road.collect()

    assert await road.rows(said, code=gone.code) == [("kata isb", 1, "isb")]
    assert await road.scalar("SELECT count(*) FROM changes WHERE op = 'withdrawn'") == 0
    assert await disagreements(road) == ()


async def test_a_late_older_observation_does_not_raise_the_dead(database):
    door = (await door_of(database)).speaking(Interface.PUSH)
    await door.record(a_record("1", source_at=NOW, stage="baru"))
    await _withdraw(door, "1")

    for late in (
        a_record("1", source_at=NOW - timedelta(hours=1), stage="lama"),
        a_record("1", source_at=NOW - timedelta(hours=2), stage="baru"),
    ):
        assert await door.outcomes(late) == ["superseded"]

    found = await package(database, "1")
    assert (found["withdrawn"], found["stage"], found["version"]) == (True, "baru", 2)


async def test_writers_that_meet_a_withdrawal_take_turns(road, gone):
    """A push of the same package at the same time ends in one of two orders, each of them consistent."""
    await road.collect()
    await road.collect()
    door = (await door_of(road.database)).speaking(Interface.PUSH)

    async def push():
        for number in range(20):
            await door.record(a_record(gone.code, stage=f"dorongan {number}"), now=NOW)

    run, _ = await asyncio.gather(road.collect(), push())

    assert run.state == "completed"
    assert (await tombstone(road, gone.code))[0] is False
    assert await road.rows(
        "SELECT withdrawn_at IS NULL FROM observations WHERE is_current AND package_id = "
        "(SELECT id FROM packages WHERE code = :code) ORDER BY source",
        code=gone.code,
    ) == [(True,), (False,)]
    assert await disagreements(road) == ()


class TestSeveralYears:
    """A package of two years stands in two lists, and each list is counted for itself."""

    @pytest.fixture
    def shown(self, monkeypatch):
        adapter = FakeAdapter(Interface.SPSE, kinds=[PackageKind.TENDER])
        monkeypatch.setitem(ADAPTERS, Interface.SPSE, adapter)
        others = [row(str(number), status="running") for number in range(2, 40)]

        def show(year, *, listed):
            both = [row("1", status="running", fiscal_years=[2024, 2025])] if listed else []
            adapter.show([*both, *others[:: 1 if year == 2025 else 2]], year=year)

        for year in (2024, 2025):
            show(year, listed=True)
        return show

    async def test_one_that_is_missing_from_one_years_list_stays(self, road, shown):
        await road.collect(year=2024)
        await road.collect(year=2025)
        shown(2025, listed=False)

        for _ in range(4):
            await road.collect(year=2025)
            await road.collect(year=2024)

        assert not (await tombstone(road, "1"))[0]
        assert await road.rows("SELECT fiscal_years, missing_runs FROM sightings WHERE code = '1'") == [([2024], 0)]

    async def test_one_that_is_missing_from_every_list_goes_once_all_agree(self, road, shown):
        await road.collect(year=2024)
        await road.collect(year=2025)
        for year in (2024, 2025):
            shown(year, listed=False)
        withdrawn = []

        for _ in range(7):
            withdrawn.append((await road.collect(year=2025)).withdrawn)
            withdrawn.append((await road.collect(year=2024)).withdrawn)

        assert sum(withdrawn) == 1
        assert sum(withdrawn[:5]) == 0
        assert await tombstone(road, "1") == (True, 2, "withdrawn", True, True)


async def _withdraw(door, *codes):
    async with door.writing() as session:
        return await withdraw_packages(session, door.sender, [("tender", code) for code in codes], now=NOW)
