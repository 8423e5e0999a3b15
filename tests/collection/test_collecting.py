"""Collecting a simulated node over real HTTP: the same totals as its truth, again cheaply, and what changed meanwhile."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx

from app.collection.collecting import collect_run
from app.core.vocabulary import SAVING_KINDS, PackageKind
from app.registry.service import retire_node
from tests.collection.road import (
    KINDS,
    SLUG,
    YEARS,
    a_collector,
    completed_package,
    conserves,
    listed,
    running,
    truth,
)
from tests.conftest import NOW


async def test_totals_of_every_year_equal_the_truth_of_the_node(road, world):
    runs = [await road.collect(year=year) for year in YEARS]

    assert [run.state for run in runs] == ["completed", "completed"]
    assert [run.new + run.unchanged for run in runs] == [listed(world, year=year) for year in YEARS]
    assert all(conserves(run) and run.seen == run.listed for run in runs)
    assert [await road.figures(year=year) for year in YEARS] == [truth(world, year=year) for year in YEARS]
    assert [await road.codes(run) for run in runs] == [set(), set()]


async def test_totals_equal_what_anybody_recomputes_from_the_packages(road, world, client: httpx.AsyncClient):
    for year in YEARS:
        await road.collect(year=year)

    for year in YEARS:
        savings, savings_packages, packages = Decimal(0), 0, 0
        after = {}
        while after is not None:
            query = {"node": SLUG, "fiscal_year": year, "limit": 7, **after}
            page = (await client.get("/api/v1/packages", params=query)).raise_for_status()
            body = page.json(parse_float=Decimal)
            for package in body["items"]:
                packages += 1
                if package["kind"] not in SAVING_KINDS:
                    continue
                savings_packages += 1
                if package["status"] == "completed" and None not in {package["pagu"], package["value"]}:
                    savings += Decimal(package["pagu"]) - Decimal(package["value"])
            after = {"after": body["next"]} if body["next"] else None
        assert packages == sum(len(world.packages(SLUG, year, kind)) for kind in KINDS)
        assert (savings_packages, savings) == (
            truth(world, year=year)["packages"],
            truth(world, year=year)["by_pagu"]["savings"],
        )


async def test_a_second_run_asks_little_and_finds_nothing_new(road, simulator, world):
    first = await road.collect()
    before = await road.snapshot()
    simulator.requests.clear()

    second = await road.collect()

    assert second.state == "completed"
    assert (second.seen, second.unchanged) == (first.seen, first.seen)
    assert await road.snapshot() == before
    asked = Counter({page: count for (_slug, page), count in simulator.requests.items()})
    assert second.requests == asked.total() < first.requests
    # The session; of each list its rows, the empty page behind them and the question from the other end.
    assert (asked["listing"], asked["index"] <= 3 * len(KINDS)) == (1, True)
    # Details of what still runs, and nothing that only what is settled has.
    assert asked["pengumuman"] == running(world)
    assert asked["hasil"] == asked["pemenang"] == asked["pemenangberkontrak"] == 0
    assert await road.figures() == truth(world)


async def test_a_second_run_where_nothing_runs_asks_for_lists_alone(road, simulator, world):
    _settle(world)
    first = await road.collect()

    second = await road.collect()

    assert (second.state, second.unchanged) == ("completed", first.seen)
    assert second.requests <= 1 + 3 * len(KINDS)


async def test_a_full_run_reads_every_package_again(road, simulator, world):
    await road.collect()
    simulator.requests.clear()

    again = await road.collect(full=True)

    assert (again.unchanged, again.state) == (listed(world), "completed")
    assert simulator.requests[SLUG, "pengumuman"] == listed(world)


async def test_finished_packages_are_looked_at_again_after_a_while(road, simulator, world):
    await road.collect()
    simulator.requests.clear()
    road.collector = a_collector(road.database, recheck_after=timedelta(0))

    again = await road.collect()

    assert (again.unchanged, again.state) == (listed(world), "completed")
    assert simulator.requests[SLUG, "pengumuman"] == listed(world)


async def test_an_amended_package_is_seen_by_the_next_run(road, simulator, world):
    await road.collect()
    package = completed_package(world)
    winner = replace(package.winners[0], contract=package.winners[0].contract - Decimal("1234.56"))
    world.amend(SLUG, "tender", package.code, winners=(winner,))

    again = await road.collect()

    assert (again.changed, again.new) == (1, 0)
    assert await road.figures() == truth(world)
    versions = "SELECT max(version) FROM packages WHERE code = :code"
    assert await road.scalar(versions, code=package.code) == 2


async def test_an_added_package_is_seen_by_the_next_run(road, simulator, world):
    await road.collect()
    package = completed_package(world)
    world.add(replace(package, code="99999998000", name="Pekerjaan tambahan contoh"))

    again = await road.collect()

    assert (again.new, again.changed, again.state) == (1, 0, "completed")
    assert await road.figures() == truth(world)


async def test_a_package_that_goes_on_is_followed_to_its_end(road, simulator, world):
    package = next(package for package in _listed(world) if package.status == "running")
    await road.collect()
    finished = completed_package(world, kind=package.kind)
    world.amend(
        SLUG,
        package.kind,
        package.code,
        status="completed",
        stage=finished.stage,
        winners=finished.winners,
        evaluated=True,
        finished=True,
    )

    again = await road.collect()

    assert again.changed == 1
    assert await road.figures() == truth(world)


async def test_one_vanished_package_of_many_is_neither_removed_nor_an_alarm(road, simulator, world):
    first = await road.collect()
    package = completed_package(world)
    before = await road.snapshot()
    world.withdraw(SLUG, "tender", package.code)

    again = await road.collect()

    assert (again.state, again.seen, again.withdrawn) == ("completed", first.seen - 1, 0)
    assert await road.snapshot() == before


async def test_only_the_kinds_asked_for_are_collected(road, simulator, world):
    run = await road.collect(kinds=[PackageKind.NON_TENDER])

    assert run.seen == len(world.listed(SLUG, 2025, "non_tender"))
    assert await road.rows("SELECT DISTINCT kind FROM packages") == [("non_tender",)]


async def test_a_year_without_packages_completes_with_nothing(road):
    run = await road.collect(year=2011)

    assert (run.state, run.seen, run.problems) == ("completed", 0, 1)
    assert [problem.code for problem in await road.problems(run)] == ["list-empty"]


async def test_a_run_that_has_ended_is_not_carried_on_again(road, simulator):
    run = await road.collect()
    simulator.requests.clear()

    assert await collect_run(road.collector, run.id) is None

    assert not simulator.requests
    assert (await road.run(run.id)).attempt == run.attempt


async def test_a_run_of_a_node_that_was_retired_meanwhile_is_cancelled(road, simulator):
    run_id = await road.start()
    async with road.database.transaction() as session:
        await retire_node(session, SLUG, now=NOW)

    assert await collect_run(road.collector, run_id) is None

    run = await road.run(run_id)
    assert (run.state, run.seen) == ("cancelled", 0)
    assert run.finished_at is not None
    assert not simulator.requests


async def test_freshness_of_the_node_follows_its_runs(road, client: httpx.AsyncClient):
    await road.collect()

    node = (await client.get(f"/api/v1/nodes/{SLUG}")).json()

    [freshness] = [item for item in node["freshness"] if item["fiscal_year"] == 2025]
    assert freshness["last_state"] == "completed"
    assert freshness["last_completed_at"] is not None


async def test_a_run_that_ended_leaves_no_working_list(road):
    await road.collect()

    assert await road.rows("SELECT run_id FROM run_items UNION SELECT run_id FROM run_lists") == []


def _settle(world, year=2025):
    """Whatever runs has been called off."""
    for kind in KINDS:
        for package in world.listed(SLUG, year, kind):
            if package.status in {"running", "no_schedule"}:
                world.withdraw(SLUG, kind, package.code)


def _listed(world, year=2025):
    return [package for kind in SAVING_KINDS for package in world.listed(SLUG, year, kind)]
