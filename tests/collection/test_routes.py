"""Collection over HTTP: who may start runs, where they can be followed, and what is said of problems."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from app.collection.collecting import collect_run
from app.collection.rhythm import Rhythm
from app.collection.service import schedule_due_runs
from tests.collection.road import SLUG, completed_package, listed
from tests.conftest import NOW

RUNS = f"/api/v1/nodes/{SLUG}/runs"
COUNTS = {"seen", "new", "changed", "unchanged", "superseded", "rejected", "duplicate", "withdrawn"}


async def test_starting_a_run_answers_where_to_follow_it(keeper: httpx.AsyncClient):
    started = await keeper.post(RUNS, json={"fiscal_year": 2025})

    run = started.json()
    assert started.status_code == 202
    assert started.headers["location"] == f"/api/v1/runs/{run['id']}"
    assert (run["node"], run["fiscal_year"], run["state"], run["attempt"]) == (SLUG, 2025, "queued", 0)
    assert run["counts"] == dict.fromkeys(COUNTS, 0)
    assert (run["started_at"], run["finished_at"], run["requests"], run["problems"]) == (None, None, 0, 0)
    followed = await keeper.get(started.headers["location"])
    assert (followed.status_code, followed.json()) == (200, run)


async def test_starting_an_equal_run_again_answers_the_one_that_waits(keeper):
    first = (await keeper.post(RUNS, json={"fiscal_year": 2025})).json()

    again = await keeper.post(RUNS, json={"fiscal_year": 2025, "full": False})

    assert (again.status_code, again.json()) == (202, first)


async def test_a_run_may_be_narrowed(keeper):
    body = {"fiscal_year": 2024, "kinds": ["tender"], "interface": "spse", "full": True}

    run = (await keeper.post(RUNS, json=body)).json()

    assert {name: run[name] for name in body} == body


@pytest.mark.parametrize("path", [RUNS, "/api/v1/run-batches"])
@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer rakor_nobody", "Basic Y29udG9oOmNvbnRvaA=="])
async def test_without_a_good_key_nothing_is_started(client, path, authorization):
    headers = {"Authorization": authorization} if authorization else {}

    refused = await client.post(path, json={"fiscal_year": 2025, "province": "35"}, headers=headers)

    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await client.get("/api/v1/runs")).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fiscal_year": None},
        {"fiscal_year": 1999},
        {"fiscal_year": 2101},
        {"fiscal_year": "dua ribu"},
        {"fiscal_year": 2025.5},
        {"fiscal_year": 2025, "kinds": []},
        {"fiscal_year": 2025, "kinds": ["lelang"]},
        {"fiscal_year": 2025, "interface": "fax"},
        {"fiscal_year": 2025, "full": "perhaps"},
        {"fiscal_year": 2025, "years": [2025]},
        [],
    ],
)
async def test_a_wish_that_is_not_understood_is_refused(keeper, body):
    refused = await keeper.post(RUNS, json=body)

    assert (refused.status_code, refused.json()["code"]) == (422, "request-invalid")


async def test_an_unknown_node_is_not_found(keeper):
    assert (await keeper.post("/api/v1/nodes/tidak-ada/runs", json={"fiscal_year": 2025})).status_code == 404
    assert (await keeper.get("/api/v1/nodes/tidak-ada/runs")).status_code == 404


async def test_a_retired_node_is_a_conflict_said_in_both_languages(keeper):
    await keeper.delete(f"/api/v1/nodes/{SLUG}")

    refused = await keeper.post(RUNS, json={"fiscal_year": 2025})

    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "node-not-collectable")
    assert "retired" in str(problem)
    assert "dipensiunkan" in str(problem)


@pytest.mark.parametrize("path", ["/api/v1/runs/1", "/api/v1/runs/1/problems", "/api/v1/run-batches/1"])
async def test_what_was_never_started_is_not_found(client, path):
    answer = await client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_collected_run_says_what_became_of_every_row(keeper, road, world):
    run_id = (await keeper.post(RUNS, json={"fiscal_year": 2025})).json()["id"]
    await collect_run(road.collector, run_id)

    run = (await keeper.get(f"/api/v1/runs/{run_id}")).json()

    counts = run["counts"]
    assert (run["state"], run["attempt"], run["listed"]) == ("completed", 1, listed(world))
    assert counts["seen"] == counts["new"] == listed(world)
    assert counts["seen"] == sum(counts[name] for name in COUNTS - {"seen", "withdrawn"})
    assert run["started_at"] <= run["finished_at"]
    assert run["requests"] > listed(world)


async def test_a_run_says_when_it_last_changed_once_it_has_ended(keeper, road):
    run_id = (await keeper.post(RUNS, json={"fiscal_year": 2025})).json()["id"]
    waiting = await keeper.get(f"/api/v1/runs/{run_id}")
    await collect_run(road.collector, run_id)
    ended = await keeper.get(f"/api/v1/runs/{run_id}")

    stated = parsedate_to_datetime(ended.headers["last-modified"])

    assert "last-modified" not in waiting.headers
    # Within the second of the change the one before it is named.
    behind = datetime.fromisoformat(ended.json()["finished_at"]) - stated
    assert timedelta(0) <= behind < timedelta(seconds=2)


async def test_problems_are_said_in_both_languages_with_the_offending_text(client, road, simulator, world):
    package = completed_package(world)
    world.amend(SLUG, "tender", package.code, stage="Tahap Yang Tak Dikenal")
    run = await road.collect()

    page = (await client.get(f"/api/v1/runs/{run.id}/problems")).json()

    [problem] = [item for item in page["items"] if item["code"] == "status-unknown"]
    assert (problem["severity"], problem["node"], problem["kind"], problem["package"]) == (
        "warning", SLUG, "tender", package.code,
    )  # fmt: skip
    assert problem["value"] == "Tahap Yang Tak Dikenal"
    assert "belum dikenal" in problem["message"]["id"]
    assert "not known" in problem["message"]["en"]
    assert all("Tahap Yang Tak Dikenal" in sentence for sentence in problem["message"].values())
    assert (await client.get(f"/api/v1/runs/{run.id}")).json()["problems"] == len(page["items"])


async def test_problems_come_in_pages_without_gap_or_repetition(client, road, simulator):
    simulator.faults.rewrite = {"Nilai Pagu Paket": "Anggaran Perkiraan"}
    run = await road.collect()
    path = f"/api/v1/runs/{run.id}/problems"
    whole = (await client.get(path, params={"limit": 200})).json()["items"]

    pieces, after = [], None
    while True:
        page = (await client.get(path, params={"limit": 3, **({"after": after} if after else {})})).json()
        pieces += page["items"]
        after = page["next"]
        if after is None:
            break

    assert len(whole) > 10
    assert pieces == whole


async def test_problems_of_all_nodes_are_a_work_list(client, road, simulator, world):
    """Filters select, the newest comes first, and `latest` leaves out what a later run no longer found."""
    simulator.faults.rewrite = {"Nilai Pagu Paket": "Anggaran Perkiraan"}
    older = await road.collect()
    simulator.faults.rewrite = {}
    package = completed_package(world)
    world.amend(SLUG, "tender", package.code, stage="Tahap Yang Tak Dikenal")
    newer = await road.collect()
    other = await road.collect(year=2024)

    async def found(**query):
        items = (
            (await client.get("/api/v1/problems", params={"limit": 500, **query})).raise_for_status().json()["items"]
        )
        return [(item["code"], item["package"]) for item in items]

    drifted = await found(code="detail-drift")
    assert len(drifted) == listed(world)
    assert await found(code="detail-drift", latest="true") == []
    assert ("status-unknown", package.code) in await found(severity="warning")
    assert ("status-unknown", package.code) not in await found(severity="error")
    assert await found(code="status-unknown", latest="true", fiscal_year=2025) == [("status-unknown", package.code)]
    assert await found(code="status-unknown", fiscal_year=2024) == []
    assert await found(node="gresikkab") == []
    assert len(await found(node=SLUG)) == older.problems + newer.problems + other.problems
    everything = await found()
    pages, after = [], None
    while after is not None or not pages:
        query = {"limit": 7, **({"after": after} if after else {})}
        page = (await client.get("/api/v1/problems", params=query)).json()
        pages, after = pages + [(item["code"], item["package"]) for item in page["items"]], page["next"]
    assert pages == everything
    assert everything.index(("status-unknown", package.code)) < everything.index(drifted[0])


@pytest.mark.parametrize("query", ["severity=fatal", "code=DROP", "fiscal_year=1", "latest=perhaps", "nod=surabaya"])
async def test_a_filter_of_problems_that_makes_no_sense_is_refused(client, query):
    assert (await client.get(f"/api/v1/problems?{query}")).status_code == 422


async def test_a_run_says_why_it_was_started(keeper, database):
    await keeper.post(RUNS, json={"fiscal_year": 2023})
    await keeper.post("/api/v1/run-batches", json={"province": "31", "fiscal_year": 2023})
    async with database.transaction() as session:
        await schedule_due_runs(session, "31", Rhythm(years=1), now=NOW)

    runs = (await keeper.get("/api/v1/runs")).json()["items"]

    assert [run["origin"] for run in runs] == ["schedule", "batch", "request"]


async def test_runs_are_listed_newest_first_and_filtered(keeper):
    started = [
        (await keeper.post(f"/api/v1/nodes/{slug}/runs", json={"fiscal_year": year})).json()
        for slug, year in ((SLUG, 2024), (SLUG, 2025), ("gresikkab", 2025))
    ]
    ids = [run["id"] for run in started]

    async def found(**query):
        return [run["id"] for run in (await keeper.get("/api/v1/runs", params=query)).json()["items"]]

    assert await found() == ids[::-1]
    assert await found(node=SLUG) == [ids[1], ids[0]]
    assert await found(fiscal_year=2024) == [ids[0]]
    assert await found(state="running") == []
    assert await found(state="queued", node="gresikkab") == [ids[2]]
    first = (await keeper.get("/api/v1/runs", params={"limit": 2})).json()
    second = (await keeper.get("/api/v1/runs", params={"limit": 2, "after": first["next"]})).json()
    assert [run["id"] for run in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None
    own = (await keeper.get(RUNS)).json()["items"]
    assert [run["id"] for run in own] == [ids[1], ids[0]]


async def test_one_call_collects_a_province_and_shows_how_far_it_is(keeper, road, simulator, world):
    started = await keeper.post("/api/v1/run-batches", json={"province": "35", "fiscal_years": [2024, 2025]})
    batch = started.json()
    location = started.headers["location"]
    assert (started.status_code, location) == (202, f"/api/v1/run-batches/{batch['id']}")
    assert (batch["nodes"], batch["runs"], batch["queued"], batch["finished_at"]) == (39, 78, 78, None)
    runs = (await keeper.get("/api/v1/runs", params={"batch": batch["id"], "node": SLUG})).json()["items"]
    assert {run["batch"] for run in runs} == {batch["id"]}
    [this_year] = [run["id"] for run in runs if run["fiscal_year"] == 2025]

    await collect_run(road.collector, this_year)

    progress = (await keeper.get(location)).json()
    assert (progress["queued"], progress["completed"], progress["unsuccessful"]) == (77, 1, 0)
    assert progress["counts"]["seen"] == progress["listed"] == listed(world)
    assert progress["finished_at"] is None


async def test_a_batch_is_finished_with_its_last_run(keeper, road, simulator):
    batch = (await keeper.post("/api/v1/run-batches", json={"province": "31", "fiscal_year": 2025})).json()
    assert (batch["runs"], batch["fiscal_years"]) == (1, [2025])
    [run] = (await keeper.get("/api/v1/runs", params={"batch": batch["id"]})).json()["items"]
    await keeper.delete(f"/api/v1/nodes/{run['node']}")

    await collect_run(road.collector, run["id"])

    progress = (await keeper.get(f"/api/v1/run-batches/{batch['id']}")).json()
    assert (progress["queued"], progress["unsuccessful"]) == (0, 1)
    assert progress["finished_at"] is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"province": "99", "fiscal_year": 2025}, 404),
        ({"fiscal_year": 2025}, 422),
        ({"province": "3578", "fiscal_year": 2025}, 422),
        ({"province": "35", "fiscal_years": [1900]}, 422),
    ],
)
async def test_a_batch_that_cannot_be_is_refused(keeper, body, status):
    assert (await keeper.post("/api/v1/run-batches", json=body)).status_code == status
