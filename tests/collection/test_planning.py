"""When nodes are asked again: the rhythm, what a run's end does to the plan, circuits, and full readings."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.collection import claims, ledger
from app.collection.planning import note_plan
from app.collection.rhythm import Rhythm
from app.collection.service import schedule_due_runs
from app.core.vocabulary import PackageKind
from app.registry.health import FailureCode, note_failure, note_success
from app.registry.service import EndpointDraft, revise_node
from tests.collection.road import Road, a_collector
from tests.conftest import NOW

PROVINCE = "31"
FIRST = "https://pertama.contoh.id/x"
EXACT = Rhythm(jitter=0.0)
STATES = st.sampled_from(["completed", "incomplete", "drift", "failed"])


@given(STATES, st.integers(-1, 9), st.integers(0, 10_000), st.floats(0, 0.5))
def test_what_is_due_stays_within_its_jitter(state, age, failures, jitter):
    exact, rhythm = Rhythm(jitter=0.0), Rhythm(jitter=jitter)
    due = exact.due_after(state, age=age, failures=failures)

    for _ in range(5):
        found = rhythm.due_after(state, age=age, failures=failures)
        assert due * (1 - jitter) - timedelta(seconds=1) <= found <= due * (1 + jitter) + timedelta(seconds=1)
        assert timedelta() < found


def test_nodes_do_not_stay_in_step():
    assert len({Rhythm().due_after("completed", age=0, failures=0) for _ in range(20)}) > 15
    assert len({Rhythm().full_after() for _ in range(20)}) > 15


def test_old_years_are_asked_rarely():
    day = EXACT.every

    assert [EXACT.due_after("completed", age=age, failures=0) for age in (-1, 0, 1, 2, 7)] == [
        day, day, 7 * day, 30 * day, 30 * day,
    ]  # fmt: skip


def test_a_failure_is_tried_again_soon_and_then_ever_later():
    minutes = [EXACT.due_after("failed", age=0, failures=count) / timedelta(minutes=1) for count in range(1, 10)]

    assert minutes == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    assert EXACT.due_after("incomplete", age=0, failures=1) == timedelta(minutes=15)
    assert EXACT.due_after("failed", age=2, failures=10**9) < EXACT.interval(2)


def test_drift_is_no_matter_of_time():
    assert EXACT.due_after("drift", age=0, failures=1) == EXACT.every


# -- the plan


@pytest.fixture
async def waiting(database):
    """Nobody works here; a province with one node that answers at one address."""
    road = Road(database, a_collector(database))
    [(slug,)] = await road.rows("SELECT slug FROM nodes WHERE province = '31'")
    async with database.transaction() as session:
        await revise_node(session, slug, {"endpoints": (EndpointDraft("spse", FIRST),)}, now=NOW)
    return road, slug


async def schedule(road, now, rhythm=EXACT, province=PROVINCE):
    async with road.database.transaction() as session:
        return await schedule_due_runs(session, province, rhythm, now=now)


async def end(road, run_id, state, now, rhythm=EXACT):
    """A run that ends so, without the work of it."""
    async with road.database.transaction() as session:
        claim = await claims.claim_run(session, run_id, now=now)
        await ledger.close_run(session, claim, state, [], requests=0, now=now)
        await note_plan(session, claim, state, rhythm, now=now)


async def end_all(road, state, now):
    for (run_id,) in await road.rows("SELECT id FROM runs WHERE finished_at IS NULL"):
        await end(road, run_id, state, now)


async def queued(road):
    return await road.rows('SELECT fiscal_year, "full", origin FROM runs WHERE finished_at IS NULL ORDER BY id')


async def test_the_schedule_queues_three_years_of_each_node_once_the_current_one_first(waiting):
    road, _slug = waiting

    assert await schedule(road, NOW, province="63") == 14 * 3
    assert await schedule(road, NOW, province="63") == 0

    years = [year for year, _full, _origin in await queued(road)]
    assert years == [2026] * 14 + [2025] * 14 + [2024] * 14
    assert {(full, origin) for _year, full, origin in await queued(road)} == {(False, "schedule")}
    slugs = "SELECT DISTINCT n.province FROM runs r JOIN nodes n ON n.id = r.node_id"
    assert await road.rows(slugs) == [("63",)]
    priorities = "SELECT DISTINCT priority FROM procrastinate_jobs ORDER BY 1 DESC"
    assert await road.rows(priorities) == [(26,), (25,), (24,)]


async def test_the_schedule_goes_by_the_calendar_of_indonesia(waiting):
    road, _slug = waiting
    await schedule(road, datetime(2026, 12, 31, 17, 30, tzinfo=UTC))

    assert [year for year, _full, _origin in await queued(road)] == [2027, 2026, 2025]


async def test_each_year_is_due_again_by_its_age(waiting):
    road, _slug = waiting
    await schedule(road, NOW)
    await end_all(road, "completed", NOW)

    due = {}
    for days in (0.99, 1, 6.99, 7, 29.99, 30):
        await schedule(road, NOW + timedelta(days=days))
        for year, _full, _origin in await queued(road):
            due.setdefault(year, days)

    assert due == {2026: 1, 2025: 7, 2024: 30}


async def test_a_run_that_failed_is_due_again_soon_and_one_that_completed_forgets_the_failures(waiting):
    road, slug = waiting
    now = NOW
    for minutes in (15, 30, 60):
        await end(road, await road.start(slug, 2026), "failed", now)
        assert await due_at(road) == now + timedelta(minutes=minutes)
        now += timedelta(minutes=minutes)

    await end(road, await road.start(slug, 2026), "completed", now)
    assert await due_at(road) == now + timedelta(days=1)
    await end(road, await road.start(slug, 2026), "incomplete", now)
    assert await due_at(road) == now + timedelta(minutes=15)


async def due_at(road, year=2026):
    return await road.scalar("SELECT due_at FROM collection_plans WHERE fiscal_year = :year", year=year)


async def test_a_run_of_some_kinds_says_nothing_of_the_plan(waiting):
    road, slug = waiting

    await end(road, await road.start(slug, 2026, kinds=[PackageKind.TENDER]), "completed", NOW)

    assert await road.rows("SELECT * FROM collection_plans") == []


async def test_while_a_run_waits_or_works_none_is_queued_beside_it(waiting):
    road, slug = waiting
    run_id = await road.start(slug, 2026)
    assert await schedule(road, NOW) == 2
    async with road.database.transaction() as session:
        await claims.claim_run(session, run_id, now=NOW)

    assert await schedule(road, NOW + timedelta(days=60)) == 0


async def test_after_its_time_a_year_is_read_in_full_and_then_as_usual_again(waiting):
    road, slug = waiting
    await end(road, await road.start(slug, 2026), "completed", NOW)
    assert await fulls(road, NOW + timedelta(days=29)) == {2026: False, 2025: False, 2024: False}
    later = NOW + timedelta(days=30)
    await end_all(road, "completed", later)

    # What was not complete has proved nothing: it stays due in full.
    after = later + timedelta(days=1)
    assert (await fulls(road, after))[2026] is True
    await end_all(road, "incomplete", after)
    assert (await fulls(road, after + timedelta(days=1)))[2026] is True
    await end_all(road, "completed", after + timedelta(days=1))

    assert await fulls(road, after + timedelta(days=3)) == {2026: False}


async def fulls(road, now):
    await schedule(road, now)
    return {year: full for year, full, _origin in await queued(road)}


async def endpoint_of(road, slug):
    return await road.scalar(
        "SELECT e.id FROM endpoints e JOIN nodes n ON n.id = e.node_id WHERE n.slug = :slug", slug=slug
    )


async def test_an_endpoint_whose_circuit_is_open_waits_for_the_probe_that_closes_it(waiting):
    road, slug = waiting
    await end(road, await road.start(slug, 2026), "failed", NOW)
    endpoint = await endpoint_of(road, slug)
    async with road.database.transaction() as session:
        assert await note_failure(session, endpoint, FailureCode.REFUSED, now=NOW)

    assert await schedule(road, NOW + timedelta(minutes=59)) == 0

    closed = NOW + timedelta(minutes=5)
    async with road.database.transaction() as session:
        assert await note_success(session, endpoint, now=closed)
    # What failed before is due at once, long before its time.
    assert await schedule(road, closed) == 3
    assert [year for year, _full, _origin in await queued(road)] == [2026, 2025, 2024]


async def test_where_nobody_probes_an_open_circuit_does_not_last_for_ever(waiting):
    road, slug = waiting
    await end(road, await road.start(slug, 2026), "failed", NOW)
    async with road.database.transaction() as session:
        await note_failure(session, await endpoint_of(road, slug), FailureCode.REFUSED, now=NOW)
        probe_at = await session.scalar(text("SELECT next_probe_at FROM endpoint_health"))

    assert await schedule(road, probe_at + timedelta(minutes=59)) == 0
    assert await schedule(road, probe_at + timedelta(minutes=61)) == 3


async def test_one_open_circuit_of_several_endpoints_stops_nobody(waiting):
    road, slug = waiting
    async with road.database.transaction() as session:
        await note_failure(session, await endpoint_of(road, slug), FailureCode.REFUSED, now=NOW)
        both = (EndpointDraft("spse", FIRST), EndpointDraft("spse", "https://kedua.contoh.id/x"))
        await revise_node(session, slug, {"endpoints": both}, now=NOW)

    assert await schedule(road, NOW + timedelta(minutes=1)) == 3
