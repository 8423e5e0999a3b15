"""Worker processes that are killed, stopped, frozen and doubled: every run ends, once, in the truth."""

import os
import random
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.kit.db import open_database
from app.kit.postgres import EmbeddedPostgres
from app.kit.postgres_places import read_record
from app.kit.server import migrate
from app.registry.loading import load_register
from app.registry.seed import read_seed
from app.simulator.running import running_simulator
from tests.collection.road import SLUG, YEARS, Road, a_collector, a_world, conserves, listed, point_at, truth
from tests.conftest import NOW
from tests.workers import COMMAND, environment, wait_until, workers

NODES = (SLUG, "gresikkab")
STALLED_AFTER = 6.0


@pytest.fixture
def world(request):
    tenders, non_tenders = getattr(request, "param", (10, 16))
    return a_world(*NODES, tenders=(tenders, tenders), non_tenders=(non_tenders, non_tenders))


@pytest.fixture
def simulator(world):
    with running_simulator(world) as running:
        running.faults.latency_seconds = 0.04  # a run lasts long enough to be caught in the middle
        yield running


@pytest.fixture
async def road(database, simulator):
    await point_at(database, simulator)
    return Road(database, a_collector(database))


@pytest.fixture
def team(database_urls):
    with workers(database_urls.app, RAKOR_WORKER_CONCURRENCY="2") as some:
        yield some


def seen(team, run_id=None):
    """Rows that have an outcome, in one run or in all."""
    condition = "" if run_id is None else f"WHERE id = {run_id}"
    return team.ask(f"SELECT coalesce(sum(seen), 0)::int FROM runs {condition}")[0][0]


def unfinished(team):
    """How many runs have not ended; all, as long as the database does not answer."""
    answer = team.ask("SELECT count(*) FROM runs WHERE finished_at IS NULL")
    return 10**6 if answer is None else answer[0][0]


def all_done(team):
    wait_until(lambda: not unfinished(team), what="the end of all runs")
    wait_until(lambda: team.ask("SELECT 1 FROM procrastinate_jobs") == [], what="an empty queue")


async def in_the_truth(road, world, slugs=NODES, years=YEARS):
    """Every run completed, every row counted once, every total as the simulator knows it."""
    for run_id, node, year in await road.rows("""
        SELECT r.id, n.slug, r.fiscal_year FROM runs r JOIN nodes n ON n.id = r.node_id
    """):
        run = await road.run(run_id)
        assert (run.state, run.seen, conserves(run)) == ("completed", listed(world, node, year), True)
    for slug in slugs:
        for year in years:
            assert await road.figures(slug, year) == truth(world, slug, year), (slug, year)


async def test_a_worker_killed_again_and_again_ends_in_the_truth(road, team, world):
    for slug in NODES:
        for year in YEARS:
            await road.start(slug, year)
    for share in (0.2, 0.6):
        worker = team.start()
        rows = sum(listed(world, slug, year) for slug in NODES for year in YEARS) * share
        wait_until(lambda rows=rows: seen(team) > rows, what="the middle of the collection")
        worker.kill()
        worker.wait()
        assert unfinished(team) > 0

    team.start()

    all_done(team)
    await in_the_truth(road, world)
    attempts = await road.scalar("SELECT max(attempt) FROM runs")
    assert 2 <= attempts <= 3


async def test_sigterm_lets_go_of_a_run_that_another_worker_completes(road, team, world):
    run_id = await road.start()
    worker = team.start()
    wait_until(lambda: seen(team, run_id) > 3, what="the middle of the run")

    worker.terminate()

    assert worker.wait(60) == 0
    run = await road.run(run_id)
    assert (run.state, run.finished_at) == ("running", None)
    assert 0 < run.seen < listed(world)
    team.start()
    all_done(team)
    await in_the_truth(road, world, [SLUG], [2025])


@pytest.mark.parametrize("world", [(4, 6)], indirect=True)
async def test_two_workers_never_collect_one_node_at_the_same_time(road, team, world, simulator):
    simulator.faults.latency_seconds = 0.01
    for slug in NODES:
        for year in YEARS:
            await road.start(slug, year)
            await road.start(slug, year, full=True)
    team.start()
    team.start()

    all_done(team)

    assert (
        await road.rows("""
            SELECT a.id, b.id FROM runs a JOIN runs b ON b.node_id = a.node_id AND b.id > a.id
            WHERE (a.started_at, a.finished_at) OVERLAPS (b.started_at, b.finished_at)
        """)
        == []
    )
    assert await road.scalar("SELECT max(attempt) FROM runs") == 1
    await in_the_truth(road, world)


async def test_a_frozen_worker_that_wakes_up_late_changes_nothing(road, team, world):
    run_id = await road.start()
    frozen = team.start()
    wait_until(lambda: seen(team, run_id) > 3, what="the middle of the run")
    frozen.send_signal(signal.SIGSTOP)
    team.start()
    wait_until(lambda: not unfinished(team), what="the other worker's taking over")
    ended = await road.run(run_id)
    assert ended.attempt >= 2

    frozen.send_signal(signal.SIGCONT)
    time.sleep(1.5)

    now = await road.run(run_id)
    assert (now.attempt, now.seen, now.requests, now.finished_at) == (
        ended.attempt,
        ended.seen,
        ended.requests,
        ended.finished_at,
    )
    await in_the_truth(road, world, [SLUG], [2025])
    # It is as good as any other afterwards.
    await road.start(year=2024)
    all_done(team)
    await in_the_truth(road, world, [SLUG])


async def test_a_worker_whose_parent_was_killed_leaves(team, database_urls):
    parent = f"""
import os, subprocess, sys
print(subprocess.Popen([*{COMMAND!r}, "--leave-with", str(os.getpid())]).pid, flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", parent],
        env=environment(database_urls.app),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    orphan = int(process.stdout.readline())
    wait_until(lambda: team.ask("SELECT 1 FROM procrastinate_workers"), what="the worker's start")

    process.kill()
    process.communicate()

    wait_until(lambda: _is_gone(orphan), what="the orphan's leaving")


async def test_a_worker_survives_the_database_and_completes_its_run(tmp_path, simulator, world):
    # A server of this test's own, which is killed.
    with EmbeddedPostgres(tmp_path / "data of its own") as server:
        urls = server.urls("rakor")
        migrate(urls)
        road = await _fresh_road(urls.app, simulator)
        run_id = await road.start()
        with workers(urls.app) as team:
            worker = team.start()
            wait_until(lambda: seen(team, run_id) > 3, what="the middle of the run")

            _kill_postmaster(tmp_path / "data of its own")

            wait_until(lambda: team.ask("SELECT 1"), what="the server's return")
            all_done(team)
            assert worker.poll() is None
            await in_the_truth(road, world, [SLUG], [2025])
        await road.database.close()


@pytest.mark.nightly
@pytest.mark.parametrize("world", [(90, 130)], indirect=True)
async def test_twenty_kills_during_one_collection_end_in_the_truth(road, team, simulator, world, capsys):
    """Says what the kills cost: for how long a killed worker's runs lay still, and how much was fetched twice."""
    simulator.faults.latency_seconds = 0.05
    for slug in NODES:
        for year in YEARS:
            await road.start(slug, year)
    still, kills = [], 0
    chance = random.Random(20)
    worker = team.start()
    while kills < 20 and unfinished(team):
        before = seen(team)
        wait_until(lambda before=before: seen(team) > before or not unfinished(team), what="progress")
        time.sleep(chance.uniform(0, 1))
        worker.kill()
        worker.wait()
        kills += 1
        killed_at, left = time.monotonic(), seen(team)
        worker = team.start()
        wait_until(lambda left=left: seen(team) > left or not unfinished(team), what="recovery")
        still.append(time.monotonic() - killed_at)

    all_done(team)

    await in_the_truth(road, world)
    details = sum(count for (_slug, page), count in simulator.requests.items() if page == "pengumuman")
    needed = sum(listed(world, slug, year) for slug in NODES for year in YEARS)
    with capsys.disabled():
        print(
            f"\n{kills} kills; work lay still for {statistics.median(still):.1f} s in the median, {max(still):.1f} s at "
            f"most; {details - needed} of {needed} packages were read again"
        )
    assert kills == 20
    assert max(still) < 2 * STALLED_AFTER + 6


async def _fresh_road(url, simulator):
    database = open_database(url, pool_size=3)
    async with database.transaction() as session:
        await load_register(session, read_seed(), now=NOW)
    await point_at(database, simulator)
    return Road(database, a_collector(database))


def _kill_postmaster(data_dir):
    pid_file = read_record(data_dir).cluster_in(data_dir) / "postmaster.pid"
    os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)


def _is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
