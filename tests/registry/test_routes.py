"""The register over HTTP, as an integrator and a keeper use it."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.kit.clock import utc_now
from app.registry.service import note_attempt

A_NODE = {
    "slug": "lpse-contoh",
    "name": "LPSE Kabupaten Contoh",
    "kd_lpse": 1_999_999_999,
    "region": "35.78",
    "institution": "D181",
    "time_zone": "WIB",
    "state": "active",
    "endpoints": [
        {
            "interface": "spse",
            "base_url": "https://spse.contoh.example/contoh",
            "options": {"versi": "4", "lama": True, "batas": 10, "kosong": None},
        }
    ],
}


async def all_pages(client, path, limit):
    items, after, pages = [], None, 0
    while True:
        answer = await client.get(path, params={"limit": limit, **({"after": after} if after else {})})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        pages += 1
        after = page["next"]
        if after is None:
            return items, pages


@pytest.mark.parametrize(
    ("path", "key", "count", "limit"),
    [
        ("/api/v1/nodes", "slug", 698, 100),
        ("/api/v1/nodes", "slug", 698, 698),
        ("/api/v1/regions", "code", 552, 37),
        ("/api/v1/institutions", "kd_klpd", 554, 200),
    ],
)
async def test_pages_hold_everything_once_in_order(client, path, key, count, limit):
    items, pages = await all_pages(client, path, limit)

    keys = [item[key] for item in items]
    assert keys == sorted(set(keys))
    assert (len(keys), pages) == (count, -(-count // limit))


async def test_a_page_stays_complete_while_somebody_writes(keeper):
    first = (await keeper.get("/api/v1/nodes?limit=10")).json()
    await keeper.post("/api/v1/nodes", json={"slug": "0-paling-depan", "name": "LPSE Contoh"})
    await keeper.delete(f"/api/v1/nodes/{first['items'][-1]['slug']}")

    second = (await keeper.get(f"/api/v1/nodes?limit=10&after={first['next']}")).json()

    slugs = [node["slug"] for node in (*first["items"], *second["items"])]
    assert slugs == sorted(set(slugs))
    assert len(slugs) == 20


async def test_nodes_can_be_asked_for_by_what_they_are(keeper):
    async def count(query):
        answer = await keeper.get(f"/api/v1/nodes?limit=1000&{query}")
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count("province=35") == 39
    assert await count("province=63") == 14
    assert await count("province=99") == 0
    assert await count("region=35.78") == 1
    everything = (await keeper.get("/api/v1/nodes?limit=1000")).json()["items"]
    assert await count("interface=spse") == sum(bool(node["endpoints"]) for node in everything) > 600
    assert await count("interface=inaproc") == 0
    assert (await count("state=active"), await count("state=discovered"), await count("state=retired")) == (600, 98, 0)
    assert (await count("health=never"), await count("health=fresh")) == (698, 0)
    await keeper.delete("/api/v1/nodes/surabaya")
    assert (await count("state=retired"), await count("province=35&state=active")) == (1, 38)


async def test_health_follows_the_last_attempt_and_filters_agree_with_it(client, database):
    now = utc_now()
    stories = {
        "surabaya": [("completed", 1)],
        "malangkota": [("completed", 49)],
        "madiunkota": [("completed", 30), ("failed", 1)],
        "blitarkota": [("failed", 30), ("completed", 2)],
        "batukota": [("drift", 100)],
    }
    expected = {
        "surabaya": "fresh",
        "malangkota": "stale",
        "madiunkota": "failing",
        "blitarkota": "fresh",
        "batukota": "failing",
    }
    async with database.transaction() as session:
        slugs = {row.slug: row.id for row in await session.execute(text("SELECT id, slug FROM nodes"))}
        stories = {slug: story for slug, story in stories.items() if slug in slugs}
        for slug, attempts in stories.items():
            for year, (state, hours) in enumerate(attempts, start=2024):
                await note_attempt(
                    session,
                    node_id=slugs[slug],
                    fiscal_year=year,
                    state=state,
                    software_version=None,
                    now=now - timedelta(hours=hours),
                )

    assert len(stories) >= 4
    for health in ("fresh", "stale", "failing"):
        listed = (await client.get(f"/api/v1/nodes?health={health}")).json()["items"]
        assert {node["slug"] for node in listed} == {slug for slug in stories if expected[slug] == health}
        assert all(node["health"] == health for node in listed)
    never = (await client.get("/api/v1/nodes?health=never&limit=1000")).json()["items"]
    assert len(never) == 698 - len(stories)


async def test_a_region_names_the_nodes_that_serve_it_and_a_gap_stays_visible(client):
    surabaya = (await client.get("/api/v1/regions/35.78")).json()
    gap = (await client.get("/api/v1/regions/31.71")).json()

    assert surabaya == {"code": "35.78", "name": "Kota Surabaya", "type": "kota", "parent": "35", "nodes": ["surabaya"]}
    assert gap["nodes"] == []
    children = (await client.get("/api/v1/regions?parent=35&limit=1000")).json()["items"]
    assert Counter(region["type"] for region in children) == {"kabupaten": 29, "kota": 9}


async def test_institutions_can_be_asked_for_by_territory(client):
    async def codes(query):
        return [
            item["kd_klpd"] for item in (await client.get(f"/api/v1/institutions?limit=1000&{query}")).json()["items"]
        ]

    assert await codes("region=35.78") == ["D181"]
    assert len(await codes("province=35")) == 39
    assert await codes("type=kota&province=35&region=35.78") == ["D181"]


async def test_a_node_is_registered_read_revised_retired_and_revived(keeper):
    made = await keeper.post("/api/v1/nodes", json=A_NODE)
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/nodes/lpse-contoh")
    assert {**made.json(), **A_NODE} == made.json()
    assert (made.json()["province"], made.json()["institutions"], made.json()["health"]) == ("35", ["D181"], "never")

    read = await keeper.get(made.headers["location"])
    assert read.json() == made.json()

    revised = await keeper.patch(
        made.headers["location"], json={"name": "LPSE Contoh Baru", "region": None, "endpoints": []}
    )
    assert revised.status_code == 200
    assert {name: revised.json()[name] for name in ("name", "region", "province", "endpoints", "kd_lpse")} == {
        "name": "LPSE Contoh Baru", "region": None, "province": None, "endpoints": [], "kd_lpse": 1_999_999_999,
    }  # fmt: skip

    retired = await keeper.delete(made.headers["location"])
    assert (retired.status_code, retired.json()["state"]) == (200, "retired")
    assert retired.json()["retired_at"] is not None
    assert (await keeper.get(made.headers["location"])).json()["state"] == "retired"

    again = await keeper.post("/api/v1/nodes", json=A_NODE)
    assert again.status_code == 201
    assert (again.json()["state"], again.json()["retired_at"]) == ("active", None)
    assert again.json()["created_at"] == made.json()["created_at"]


async def test_deleting_again_is_harmless(keeper):
    first, second = await keeper.delete("/api/v1/nodes/surabaya"), await keeper.delete("/api/v1/nodes/surabaya")

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["retired_at"] == first.json()["retired_at"]


async def test_registering_what_is_there_is_a_conflict(keeper):
    for body in ({**A_NODE, "slug": "surabaya"}, {**A_NODE, "kd_lpse": 10}):
        answer = await keeper.post("/api/v1/nodes", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "node-already-registered")
    taken = await keeper.patch("/api/v1/nodes/malangkota", json={"kd_lpse": 10})
    assert (taken.status_code, taken.json()["code"]) == (409, "node-already-registered")
    assert "10" in taken.json()["detail"]


async def test_a_reference_to_nothing_is_refused_with_its_name(keeper):
    for field, value in (("region", "99"), ("institution", "D99999"), ("province", "63")):
        answer = await keeper.post("/api/v1/nodes", json={**A_NODE, field: value})
        assert (answer.status_code, answer.json()["code"]) == (422, "reference-unknown")
        assert field in answer.json()["detail"]
        assert value in answer.json()["detail"]


async def test_ten_keepers_at_once_make_one_node(keeper):
    answers = await asyncio.gather(*(keeper.post("/api/v1/nodes", json=A_NODE) for _ in range(10)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
    assert len((await keeper.get("/api/v1/nodes?region=35.78")).json()["items"]) == 2


async def test_ten_keepers_at_once_give_one_kd_lpse_once(keeper):
    bodies = [{**A_NODE, "slug": f"lpse-contoh-{n}"} for n in range(10)]

    answers = await asyncio.gather(*(keeper.post("/api/v1/nodes", json=body) for body in bodies))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}


async def test_an_empty_revision_changes_nothing(keeper):
    before = (await keeper.get("/api/v1/nodes/surabaya")).json()

    assert (await keeper.patch("/api/v1/nodes/surabaya", json={})).json() == before


async def test_null_empties_what_may_be_empty_and_leaves_what_may_not(keeper):
    before = (await keeper.get("/api/v1/nodes/surabaya")).json()

    answer = await keeper.patch(
        "/api/v1/nodes/surabaya",
        json={"kd_lpse": None, "institution": None, "name": None, "time_zone": None, "state": None, "endpoints": None},
    )

    after = answer.json()
    assert (after["kd_lpse"], after["institution"]) == (None, None)
    for name in ("name", "time_zone", "state", "endpoints"):
        assert after[name] == before[name]
