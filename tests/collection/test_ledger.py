"""The book of a run: only the attempt that holds it may write, and whoever takes it over goes on where it was left."""

import pytest

from app.adapters.protocol import IndexEntry, IndexPage
from app.collection import claims, collecting, ledger
from app.collection.collecting import collect_run
from app.collection.errors import RunSuperseded
from app.core.dates import TimeZone
from app.core.problems import Problem
from app.core.vocabulary import Interface, PackageKind
from app.procurement.entries import Sender
from app.simulator.running import running_simulator
from tests.collection.road import SLUG, Road, a_collector, a_world, conserves, listed, point_at, truth
from tests.conftest import NOW
from tests.records import a_record


class PowerCut(BaseException):
    """Ends an attempt as kill -9 does: nothing after it is done."""


class Stage:
    """Two attempts at one run: the first one froze, the second one took over."""

    def __init__(self, road, run_id, frozen, current):
        self.road, self.run_id, self.frozen, self.current = road, run_id, frozen, current

    def transaction(self):
        return self.road.database.transaction()

    def sender(self, claim):
        return Sender(claim.node_id, TimeZone.WIB, Interface.SPSE, "test", claim.run_id)


@pytest.fixture
async def stage(database):
    road = Road(database, a_collector(database))
    run_id = await road.start()
    attempts = []
    for _ in range(2):
        async with database.transaction() as session:
            attempts.append(await claims.claim_run(session, run_id, now=NOW))
    return Stage(road, run_id, *attempts)


def an_entry(code="10001000"):
    return IndexEntry(PackageKind.TENDER, code, [code, "Pekerjaan Contoh"], f"print of {code}", settled=True)


A_PAIR = (an_entry(), a_record())


async def test_every_claim_is_a_new_attempt(stage):
    assert (stage.frozen.attempt, stage.current.attempt) == (1, 2)


async def test_details_that_a_frozen_attempt_stores_late_are_refused_completely(stage):
    with pytest.raises(RunSuperseded):
        async with stage.transaction() as session:
            await ledger.store_details(
                session, stage.frozen, stage.sender(stage.frozen), [A_PAIR], [], requests=3, now=NOW
            )

    stored = ("packages", "observations", "package_versions", "changes WHERE entity = 'package'", "awards", "sightings")
    for table in (*stored, "run_problems"):
        assert await stage.road.scalar(f"SELECT count(*) FROM {table}") == 0, table
    run = await stage.road.run(stage.run_id)
    assert (run.seen, run.requests, run.attempt, run.state) == (0, 0, 2, "running")


async def test_a_list_page_that_a_frozen_attempt_stores_late_is_refused_completely(stage):
    page = IndexPage((an_entry(),), received=2, problems=(Problem("row-unreadable", kind="tender"),), position="2")
    with pytest.raises(RunSuperseded):
        async with stage.transaction() as session:
            await ledger.store_list_page(session, stage.frozen, PackageKind.TENDER, page, requests=1, now=NOW)

    for table in ("run_items", "run_lists", "run_problems"):
        assert await stage.road.scalar(f"SELECT count(*) FROM {table}") == 0, table
    assert (await stage.road.run(stage.run_id)).listed == 0


@pytest.mark.parametrize("state", ["completed", "failed"])
async def test_a_frozen_attempt_cannot_end_a_run_that_another_carries_on(stage, state):
    with pytest.raises(RunSuperseded):
        async with stage.transaction() as session:
            await ledger.close_run(session, stage.frozen, state, [Problem("hub-error")], requests=0, now=NOW)

    run = await stage.road.run(stage.run_id)
    assert (run.state, run.finished_at, run.problems) == ("running", None, 0)
    assert await stage.road.scalar("SELECT count(*) FROM node_freshness") == 0


async def test_the_current_attempt_writes_after_the_frozen_one_was_refused(stage):
    page = IndexPage((an_entry(),), received=1, position="1")
    async with stage.transaction() as session:
        await ledger.store_list_page(session, stage.current, PackageKind.TENDER, page, requests=1, now=NOW)
    with pytest.raises(RunSuperseded):
        async with stage.transaction() as session:
            await ledger.store_details(
                session, stage.frozen, stage.sender(stage.frozen), [A_PAIR], [], requests=1, now=NOW
            )

    async with stage.transaction() as session:
        await ledger.store_details(
            session, stage.current, stage.sender(stage.current), [A_PAIR], [], requests=1, now=NOW
        )

    run = await stage.road.run(stage.run_id)
    assert (run.listed, run.seen, run.new, run.requests) == (1, 1, 1, 2)
    assert await stage.road.rows("SELECT code, version FROM packages") == [("10001000", 1)]


async def test_writes_after_the_end_of_a_run_are_refused(stage):
    async with stage.transaction() as session:
        await ledger.close_run(session, stage.current, "completed", [], requests=0, now=NOW)

    with pytest.raises(RunSuperseded):
        async with stage.transaction() as session:
            await ledger.store_details(
                session, stage.current, stage.sender(stage.current), [A_PAIR], [], requests=1, now=NOW
            )

    assert await stage.road.scalar("SELECT count(*) FROM packages") == 0


async def test_a_page_counts_every_row_once_however_often_it_is_read(stage):
    problems = (
        Problem("duplicate-row", kind="tender", package="10001000", value="10001000"),
        Problem("row-unreadable", kind="tender", value="[]"),
    )
    page = IndexPage((an_entry("10001000"), an_entry("10002000")), received=4, problems=problems, position="4")
    again = IndexPage((an_entry("10002000"), an_entry("10003000")), received=2, position="5")
    for one in (page, again):
        async with stage.transaction() as session:
            await ledger.store_list_page(session, stage.current, PackageKind.TENDER, one, requests=1, now=NOW)

    run = await stage.road.run(stage.run_id)

    assert (run.listed, run.duplicate, run.rejected, run.seen) == (5, 1, 1, 2)
    assert await stage.road.scalar("SELECT count(*) FROM run_items") == 3


async def test_a_run_killed_while_listing_resumes_in_the_middle_of_the_list(database, monkeypatch):
    world = a_world(tenders=(3, 3), non_tenders=(250, 250))
    with running_simulator(world) as simulator:
        await point_at(database, simulator)
        road = Road(database, a_collector(database))
        run_id = await road.start(kinds=[PackageKind.NON_TENDER])
        _cut_power(monkeypatch, "store_list_page", on_call=3)
        with pytest.raises(PowerCut):
            await collect_run(road.collector, run_id)
        monkeypatch.undo()
        assert (await road.run(run_id)).listed == 199  # of two pages of a hundred, of which the second repeats a row
        simulator.requests.clear()
        # A stopping worker puts the run down after its list, before the many details.
        road.collector = a_collector(database, lambda: simulator.requests[SLUG, "pengumuman"] > 0)

        await collect_run(road.collector, run_id)

        run = await road.run(run_id)
        assert (run.listed, run.attempt) == (len(world.listed(SLUG, 2025, "non_tender")), 2)
        # The rest, an empty page behind it, and the question from the other end.
        assert simulator.requests[SLUG, "index"] == 3


async def test_a_package_that_vanished_before_the_place_of_resuming_hides_no_other(database, monkeypatch):
    world = a_world(tenders=(3, 3), non_tenders=(130, 130))
    with running_simulator(world) as simulator:
        await point_at(database, simulator)
        road = Road(database, a_collector(database))
        run_id = await road.start(kinds=[PackageKind.NON_TENDER])
        _cut_power(monkeypatch, "store_list_page", on_call=2)
        with pytest.raises(PowerCut):
            await collect_run(road.collector, run_id)
        monkeypatch.undo()
        codes = sorted(int(package.code) for package in world.listed(SLUG, 2025, "non_tender"))
        for code in codes[:3]:
            world.withdraw(SLUG, "non_tender", str(code))
        road.collector = a_collector(database, lambda: simulator.requests[SLUG, "pengumuman"] > 0)

        await collect_run(road.collector, run_id)

        held = await road.rows("SELECT code FROM run_items")
        assert {int(code) for (code,) in held} == set(codes)


@pytest.mark.parametrize("call", [1, 2, 4])
async def test_a_run_killed_among_the_details_refetches_only_what_was_not_stored(
    road, simulator, world, monkeypatch, call
):
    run_id = await road.start()
    _cut_power(monkeypatch, "store_details", on_call=call)
    with pytest.raises(PowerCut):
        await collect_run(road.collector, run_id)
    monkeypatch.undo()
    stored = (await road.run(run_id)).seen
    assert (stored > 0) == (call > 1)
    simulator.requests.clear()

    assert await collect_run(road.collector, run_id) == "completed"

    run = await road.run(run_id)
    assert (run.seen, run.attempt, conserves(run)) == (listed(world), 2, True)
    assert simulator.requests[SLUG, "index"] == 0
    assert simulator.requests[SLUG, "pengumuman"] == listed(world) - stored
    assert await road.figures() == truth(world)


async def test_a_run_killed_before_its_last_word_ends_the_same(road, simulator, world, monkeypatch):
    run_id = await road.start()
    _cut_power(monkeypatch, "close_run", on_call=1)
    with pytest.raises(PowerCut):
        await collect_run(road.collector, run_id)
    monkeypatch.undo()

    assert await collect_run(road.collector, run_id) == "completed"

    run = await road.run(run_id)
    assert (run.seen, run.new) == (listed(world), listed(world))
    assert await road.figures() == truth(world)


async def test_what_an_attempt_found_wrong_is_not_forgotten_by_the_next_one(road, simulator, world, monkeypatch):
    simulator.faults.rewrite = {"Nilai Pagu Paket": "Anggaran Perkiraan"}
    run_id = await road.start()
    _cut_power(monkeypatch, "store_details", on_call=3)
    with pytest.raises(PowerCut):
        await collect_run(road.collector, run_id)
    monkeypatch.undo()
    simulator.faults.rewrite = {}

    assert await collect_run(road.collector, run_id) == "drift"


async def test_a_stopping_worker_puts_the_run_down_and_another_completes_it(road, simulator, world):
    run_id = await road.start()
    leaving = a_collector(road.database, lambda: simulator.requests.total() > 20)

    assert await collect_run(leaving, run_id) is None

    run = await road.run(run_id)
    assert (run.state, run.finished_at) == ("running", None)
    assert 0 < run.seen < listed(world)
    assert await collect_run(road.collector, run_id) == "completed"
    assert await road.figures() == truth(world)


async def test_what_fails_while_a_worker_leaves_is_asked_again_by_the_next_one(road, simulator, world):
    run_id = await road.start()

    def leaving():
        # The node goes away together with the worker, as at the end of a demo.
        if simulator.requests.total() > 20:
            simulator.faults.fail_every = 2
        return simulator.requests.total() > 20

    assert await collect_run(a_collector(road.database, leaving), run_id) is None
    assert (await road.run(run_id)).rejected == 0
    simulator.faults.fail_every = 0

    assert await collect_run(road.collector, run_id) == "completed"

    assert await road.figures() == truth(world)


def _cut_power(monkeypatch, name, *, on_call):
    real, calls = getattr(ledger, name), []

    async def cut(*arguments, **named):
        calls.append(name)
        if len(calls) == on_call:
            raise PowerCut
        return await real(*arguments, **named)

    monkeypatch.setattr(collecting.ledger, name, cut)
