"""Turns: long runs make room and come again, hosts have hours at which they are left alone, and nothing is lost by it."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.collection import collecting, turns
from app.collection.collecting import collect_run
from app.collection.policy import HostPolicy, WorkingHours
from app.core.dates import TimeZone
from app.core.vocabulary import PackageKind
from app.kit.clock import utc_now
from tests.collection.road import SLUG, a_collector, conserves, listed, truth

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
CLOCKS = st.times()


@given(MOMENTS, CLOCKS, CLOCKS, st.sampled_from(TimeZone))
def test_a_host_is_asked_only_while_it_is_open_and_soon_after_it_opens(now, opens, closes, zone):
    hours = WorkingHours(opens, closes, zone)
    wait = hours.opens_in(now)

    assert timedelta() <= wait < timedelta(days=1)
    assert hours.opens_in(now + wait) == timedelta()
    if wait:
        assert (now + wait).astimezone(zone.info).time() == opens
        assert hours.opens_in(now + wait / 2) > timedelta()


@pytest.mark.parametrize(
    ("opens", "closes", "clock", "hours"),
    [
        ("08:00", "16:00", "07:00", 1), ("08:00", "16:00", "08:00", 0), ("08:00", "16:00", "15:59", 0),
        ("08:00", "16:00", "16:00", 16), ("20:00", "05:00", "19:00", 1), ("20:00", "05:00", "23:59", 0),
        ("20:00", "05:00", "00:00", 0), ("20:00", "05:00", "05:00", 15), ("08:00", "08:00", "03:00", 0),
    ],
)  # fmt: skip
def test_hours_are_those_of_the_hosts_clock_also_over_midnight(opens, closes, clock, hours):
    working = WorkingHours(time.fromisoformat(opens), time.fromisoformat(closes), TimeZone.WIT)
    now = datetime.combine(datetime(2026, 3, 2).date(), time.fromisoformat(clock), tzinfo=TimeZone.WIT.info)

    assert working.opens_in(now.astimezone(UTC)) == timedelta(hours=hours)


# -- runs


@pytest.fixture
def slow(simulator):
    simulator.faults.latency_seconds = 0.01
    return simulator


async def begin(road, slug=SLUG, year=2025, **wanted):
    """A run whose own job is with a worker already."""
    run_id = await road.start(slug, year, **wanted)
    async with road.database.transaction() as session:
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'"))
    return run_id


async def jobs(road, run_id):
    """Waiting jobs of a run: priority, lock, and from when on they may be taken."""
    return await road.rows(
        "SELECT priority, lock, scheduled_at FROM procrastinate_jobs WHERE status = 'todo' AND (args ->> 'run_id')::bigint = :id",
        id=run_id,
    )


async def test_a_long_run_makes_room_for_one_that_waits_and_comes_again_in_order(road, slow, monkeypatch):
    run_id = await begin(road)
    other = await road.start("gresikkab", 2025)
    impatient = a_collector(road.database, turn_seconds=0.1)
    others_wait = turns._others_wait

    async def others_wait_and_something_is_listed(database, claim):
        return (await road.run(run_id)).listed > 0 and await others_wait(database, claim)

    monkeypatch.setattr(turns, "_others_wait", others_wait_and_something_is_listed)
    slow.faults.latency_seconds = 0.03

    assert await collect_run(impatient, run_id) is None

    run = await road.run(run_id)
    assert (run.state, run.attempt, run.finished_at) == ("running", 1, None)
    assert run.listed > 0
    assert await jobs(road, run_id) == [(25, f"node:{run.node_id}", None)]
    order = (
        "SELECT (args ->> 'run_id')::bigint FROM procrastinate_jobs WHERE status = 'todo' ORDER BY priority DESC, id"
    )
    assert await road.rows(order) == [(other,), (run_id,)]


async def test_turn_by_turn_a_run_ends_in_the_truth_and_nothing_is_read_twice(road, slow, world):
    run_id = await begin(road)
    await road.start("gresikkab", 2025)
    turns_taken, state = 0, None

    while state is None:
        turns_taken += 1
        assert turns_taken < 60
        # Each turn is a little longer than the last, so that every machine comes to an end.
        state = await collect_run(a_collector(road.database, turn_seconds=0.2 + 0.1 * turns_taken), run_id)

    run = await road.run(run_id)
    assert turns_taken > 1
    assert (state, run.attempt, run.seen, run.listed, conserves(run)) == ("completed", turns_taken, listed(world), listed(world), True)  # fmt: skip
    assert await road.figures() == truth(world)
    lost = slow.requests[SLUG, "pengumuman"] - listed(world)
    assert 0 <= lost <= 4 * turns_taken  # no more than were under way when it was put down


@pytest.mark.parametrize("waiting", ["nobody", "an older year", "the same node", "one for later"])
async def test_where_nobody_could_use_the_room_a_run_goes_on(road, slow, waiting):
    run_id = await begin(road, kinds=[PackageKind.TENDER])
    match waiting:
        case "an older year":
            await road.start("gresikkab", 2024)
        case "the same node":
            await road.start(SLUG, 2026)
        case "one for later":
            await road.start("gresikkab", 2026)
            later = await road.scalar("SELECT max(id) FROM procrastinate_jobs")
            async with road.database.transaction() as session:
                await session.execute(
                    text("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE id = :id"),
                    {"id": later},
                )
            # Nobody may take this one before the other.
            await road.start("gresikkab", 2025)

    assert await collect_run(a_collector(road.database, turn_seconds=0.1), run_id) == "completed"
    assert (await road.run(run_id)).attempt == 1


def closing_at(collector_of, opens, closes):
    hours = WorkingHours(opens, closes, TimeZone.WIB)
    return collector_of(special_hosts={"127.0.0.1": HostPolicy(500, 8, hours)}, turn_seconds=0.1)


async def test_a_host_that_is_closed_is_not_asked_before_it_opens(road, simulator, world, monkeypatch):
    run_id = await begin(road)
    evening = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # 20.00 WIB
    monkeypatch.setattr(turns, "utc_now", lambda: evening)
    collector = closing_at(lambda **policy: a_collector(road.database, **policy), time(8), time(16))

    assert await collect_run(collector, run_id) is None

    assert simulator.requests.total() == 0
    opening = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    [(priority, _lock, scheduled_at)] = await jobs(road, run_id)
    assert (priority, scheduled_at) == (25, opening)
    assert (await road.run(run_id)).state == "running"

    monkeypatch.setattr(turns, "utc_now", lambda: opening)
    assert await collect_run(collector, run_id) == "completed"
    assert await road.figures() == truth(world)


async def test_a_host_that_closes_in_the_middle_is_left_alone_until_morning(road, slow, world, monkeypatch):
    run_id = await begin(road)
    closing = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 16.00 WIB

    def passing():
        return closing if slow.requests.total() > 30 else closing - timedelta(minutes=1)

    monkeypatch.setattr(turns, "utc_now", passing)
    collector = closing_at(lambda **policy: a_collector(road.database, **policy), time(8), time(16))

    assert await collect_run(collector, run_id) is None

    asked = slow.requests.copy()
    run = await road.run(run_id)
    assert (run.state, 0 < run.seen < listed(world)) == ("running", True)
    [(_priority, _lock, scheduled_at)] = await jobs(road, run_id)
    assert scheduled_at == closing + timedelta(hours=16)
    monkeypatch.setattr(turns, "utc_now", utc_now)
    assert await collect_run(a_collector(road.database), run_id) == "completed"
    assert await road.figures() == truth(world)
    assert slow.requests[SLUG, "index"] == asked[SLUG, "index"]


async def test_a_run_that_somebody_else_has_by_now_is_not_queued_again(road, slow, monkeypatch):
    run_id = await begin(road)
    await road.start("gresikkab", 2025)
    collector = a_collector(road.database, turn_seconds=0.3)

    async def too_late(database, claim, turn):
        async with database.transaction() as session:
            await session.execute(text("UPDATE runs SET attempt = attempt + 1 WHERE id = :id"), {"id": run_id})
        await turns.come_again(database, claim, turn)

    monkeypatch.setattr(collecting, "come_again", too_late)

    assert await collect_run(collector, run_id) is None

    assert await jobs(road, run_id) == []
