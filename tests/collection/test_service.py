"""Starting runs: one node, a province, by the schedule, and again when a worker was lost."""

import asyncio

import pytest
from sqlalchemy import text

from app.adapters.catalogue import ADAPTERS
from app.collection import claims
from app.collection.errors import NodeNotCollectable, ProvinceWithoutNodes
from app.collection.queries import batch_progress
from app.collection.rhythm import Rhythm
from app.collection.service import requeue_orphans, schedule_due_runs, start_batch
from app.core.vocabulary import Interface, PackageKind
from app.kit.db import Database
from app.registry.errors import NodeNotFound, RegionNotFound
from app.registry.service import EndpointDraft, retire_node, revise_node
from tests.collection.fakes import FakeAdapter
from tests.collection.road import KINDS, SLUG, Road, a_collector
from tests.conftest import NOW


@pytest.fixture
def waiting(database):
    """Nobody works here: what is started waits."""
    return Road(database, a_collector(database))


async def jobs(road):
    return await road.rows("""
        SELECT task_name, lock, priority, (args ->> 'run_id')::bigint, status::text FROM procrastinate_jobs ORDER BY id
    """)


async def test_a_started_run_waits_with_a_job_that_holds_the_nodes_lock(waiting):
    run_id = await waiting.start(year=2025)

    run = await waiting.run(run_id)

    assert (run.state, run.attempt, run.fiscal_year, run.interface, run.kinds, run.full) == (
        "queued", 0, 2025, "spse", sorted(KINDS), False,
    )  # fmt: skip
    assert run.requested_at == NOW
    assert await jobs(waiting) == [("collect_node", f"node:{run.node_id}", 25, run_id, "todo")]


async def test_an_equal_run_that_waits_is_answered_instead_of_a_second_one(waiting):
    first = await waiting.start()

    assert await waiting.start() == first

    assert len(await jobs(waiting)) == 1


@pytest.mark.parametrize(
    "other", [{"year": 2024}, {"full": True}, {"kinds": [PackageKind.TENDER]}, {"slug": "gresikkab"}]
)
async def test_a_different_run_gets_a_turn_of_its_own(waiting, other):
    first = await waiting.start()

    assert await waiting.start(**other) != first

    assert len(await jobs(waiting)) == 2


async def test_a_run_that_has_begun_does_not_stand_for_a_later_one(waiting):
    first = await waiting.start()
    async with waiting.database.transaction() as session:
        await claims.claim_run(session, first, now=NOW)

    assert await waiting.start() != first


async def test_the_same_kinds_in_another_order_are_the_same_run(waiting):
    first = await waiting.start(kinds=[PackageKind.TENDER, PackageKind.NON_TENDER])
    whole = await waiting.start()

    assert await waiting.start(kinds=[PackageKind.NON_TENDER, PackageKind.TENDER, PackageKind.TENDER]) == first != whole
    assert await waiting.start(kinds=[*PackageKind][::-1]) == whole


async def test_kinds_that_the_interface_does_not_know_cannot_be_collected(waiting, monkeypatch):
    monkeypatch.setitem(ADAPTERS, Interface.SPSE, FakeAdapter(Interface.SPSE, kinds=[PackageKind.TENDER]))
    with pytest.raises(NodeNotCollectable):
        await waiting.start(kinds=[PackageKind.SELF_MANAGED])

    assert await jobs(waiting) == []


async def test_an_interface_that_the_node_does_not_speak_cannot_be_collected(waiting):
    with pytest.raises(NodeNotCollectable):
        await waiting.start(interface=Interface.INAPROC)


async def test_a_node_without_an_endpoint_cannot_be_collected(waiting):
    await _revise(waiting.database, endpoints=())

    with pytest.raises(NodeNotCollectable):
        await waiting.start()


async def test_a_retired_node_cannot_be_collected(waiting):
    async with waiting.database.transaction() as session:
        await retire_node(session, SLUG, now=NOW)

    with pytest.raises(NodeNotCollectable, match="retired"):
        await waiting.start()


async def test_an_unknown_node_cannot_be_collected(waiting):
    with pytest.raises(NodeNotFound):
        await waiting.start("tidak-ada")


async def test_a_batch_starts_every_active_node_of_the_province_once_a_year(waiting):
    async with waiting.database.transaction() as session:
        await retire_node(session, "tapinkab", now=NOW)
        batch = await start_batch(session, "63", fiscal_years=[2024, 2025, 2025], now=NOW)

    async with waiting.database.reading() as session:
        progress = await batch_progress(session, batch.id)
    assert batch.fiscal_years == [2025, 2024]
    assert (progress["nodes"], progress["runs"], progress["queued"]) == (13, 26, 26)
    slugs = await waiting.rows("SELECT DISTINCT n.slug FROM runs r JOIN nodes n ON n.id = r.node_id ORDER BY 1")
    assert ("tapinkab",) not in slugs
    assert len(await jobs(waiting)) == 26


async def test_of_a_batch_the_latest_year_comes_first(waiting):
    async with waiting.database.transaction() as session:
        await start_batch(session, "63", fiscal_years=[2024, 2025], now=NOW)

    first = "SELECT (args ->> 'run_id')::bigint FROM procrastinate_jobs ORDER BY priority DESC, id LIMIT 1"
    assert (await waiting.run(await waiting.scalar(first))).fiscal_year == 2025


async def test_a_batch_of_an_unknown_province_is_refused(waiting):
    with pytest.raises(RegionNotFound):
        async with waiting.database.transaction() as session:
            await start_batch(session, "99", fiscal_years=[2025], now=NOW)


async def test_a_batch_without_a_node_to_ask_is_refused(waiting):
    async with waiting.database.transaction() as session:
        for (slug,) in await waiting.rows("SELECT slug FROM nodes WHERE province = '31'"):
            await retire_node(session, slug, now=NOW)

    with pytest.raises(ProvinceWithoutNodes):
        async with waiting.database.transaction() as session:
            await start_batch(session, "31", fiscal_years=[2025], now=NOW)

    assert await waiting.scalar("SELECT count(*) FROM run_batches") == 0


async def test_the_schedule_leaves_retired_nodes_and_those_without_an_address_alone(waiting):
    async with waiting.database.transaction() as session:
        await retire_node(session, "tapinkab", now=NOW)
        await revise_node(session, "balangankab", {"endpoints": ()}, now=NOW)
        await revise_node(
            session, "banjarkab", {"endpoints": (EndpointDraft("push", "https://lpse.contoh.id"),)}, now=NOW
        )

    assert await _schedule(waiting, NOW) == 11 * 3  # years


async def test_a_run_whose_job_is_gone_gets_a_new_one(waiting):
    run_id = await waiting.start()
    await _forget_jobs(waiting)

    assert await _requeue(waiting) == 1

    [(task, lock, _priority, of_run, status)] = await jobs(waiting)
    assert (task, of_run, status) == ("collect_node", run_id, "todo")
    assert lock == f"node:{(await waiting.run(run_id)).node_id}"
    assert await _requeue(waiting) == 0


async def test_a_run_put_down_in_the_middle_gets_a_new_job(waiting):
    run_id = await waiting.start()
    async with waiting.database.transaction() as session:
        await claims.claim_run(session, run_id, now=NOW)
    await _forget_jobs(waiting)

    assert await _requeue(waiting) == 1


async def test_runs_that_ended_or_wait_properly_are_left_alone(road, simulator):
    await road.collect()
    await _forget_jobs(road)
    await road.start(year=2024)

    assert await _requeue(road) == 0


async def test_two_workers_that_look_after_orphans_at_once_give_one_job(waiting):
    await waiting.start()
    await _forget_jobs(waiting)

    async with waiting.database.transaction() as first:
        assert await requeue_orphans(first) == 1
        second = asyncio.create_task(_requeue(waiting))
        await asyncio.sleep(0.2)
        assert not second.done()

    assert await second == 0
    assert len(await jobs(waiting)) == 1


async def _revise(database: Database, slug=SLUG, **changes):
    async with database.transaction() as session:
        await revise_node(session, slug, changes, now=NOW)


async def _schedule(road, now, province="63"):
    async with road.database.transaction() as session:
        return await schedule_due_runs(session, province, Rhythm(), now=now)


async def _requeue(road):
    async with road.database.transaction() as session:
        return await requeue_orphans(session)


async def _forget_jobs(road):
    async with road.database.transaction() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
