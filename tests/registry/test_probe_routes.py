"""Health over HTTP: probes with uptime, a node's passport, and nodes by availability."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.adapters.protocol import NodeFacts, NodeRefused
from app.kit.clock import utc_now
from app.registry.probing import probe_due_endpoints
from app.registry.service import note_attempt, retire_node
from tests.registry.probing_nodes import CONTOH, Told, a_prober, down, minutes, only_these_nodes, urls

NOTHING = {"probes": 0, "ok": 0, "ratio": None, "latency_ms_mean": None}


@pytest.fixture
def told():
    return Told()


async def read(client, path, status=200):
    answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


async def add_hours(database, node_id, *hours):
    """Hours that were: (how many hours ago, probes, ok, sum of latencies)."""
    async with database.transaction() as session:
        for ago, probes, ok, milliseconds in hours:
            await session.execute(
                text("""
                    INSERT INTO probe_hours (endpoint_id, hour, node_id, probes, ok, latency_sum_ms, latency_max_ms)
                    VALUES (:endpoint, date_trunc('hour', CAST(:now AS timestamptz)) - :ago * interval '1 hour', :node,
                            :probes, :ok, :ms, 0)
                """),
                {
                    "endpoint": ago,
                    "now": utc_now(),
                    "ago": ago,
                    "node": node_id,
                    "probes": probes,
                    "ok": ok,
                    "ms": milliseconds,
                },
            )


async def test_a_node_that_was_never_probed_has_no_uptime_rather_than_none_at_all(client):
    page = await read(client, "/nodes/surabaya/probes")

    assert page == {"items": [], "next": None, "uptime": {"24h": NOTHING, "30d": NOTHING, "365d": NOTHING}}


async def test_probes_are_listed_newest_first_in_pages_that_hold_each_once(client, database, told):
    await only_these_nodes(database, urls(2))
    prober = a_prober(database, told)
    begin = utc_now() - minutes(200)
    for number in range(7):
        told.answers[CONTOH] = down("Tidak ada jawaban") if number == 6 else NodeFacts("4.5u20990101")
        await probe_due_endpoints(prober, begin + minutes(20 * number))

    pages = [await read(client, "/nodes/contoh-0/probes?limit=3")]
    while pages[-1]["next"] is not None:
        # A probe that comes in between belongs to the first page, and shifts none of the others.
        await probe_due_endpoints(prober, begin + minutes(140 + 20 * len(pages)))
        pages.append(await read(client, f"/nodes/contoh-0/probes?limit=3&after={pages[-1]['next']}"))

    items = [item for page in pages for item in page["items"]]
    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    moments = [item["at"] for item in items]
    assert moments == sorted(set(moments), reverse=True)
    latest, before = items[:2]
    assert (latest["ok"], latest["failure"], latest["detail"]) == (False, "unreachable", "Tidak ada jawaban")
    assert latest["message"]["id"].startswith("Node tidak dapat dihubungi")
    assert latest["message"]["en"].startswith("The node could not be reached")
    assert (before["ok"], before["failure"], before["message"], before["detail"]) == (True, None, None, None)
    assert (before["interface"], before["base_url"], before["software_version"]) == ("spse", CONTOH, "4.5u20990101")


async def test_uptime_is_a_ratio_of_probes_in_windows_of_whole_hours(client, database):
    ids = await only_these_nodes(database, urls(2))
    hours = [
        (0, 4, 4, 400),
        (22, 4, 3, 900),
        (25, 4, 0, 0),
        (24 * 29, 4, 4, 800),
        (24 * 31, 7, 7, 70),
        (24 * 366, 9, 9, 9),
    ]
    await add_hours(database, ids["contoh-0"], *hours)
    await add_hours(database, ids["contoh-1"], (1, 2, 0, 0))

    uptime = (await read(client, "/nodes/contoh-0/probes"))["uptime"]

    assert uptime == {
        "24h": {"probes": 8, "ok": 7, "ratio": 0.875, "latency_ms_mean": 186},
        "30d": {"probes": 16, "ok": 11, "ratio": 0.6875, "latency_ms_mean": 191},
        "365d": {"probes": 23, "ok": 18, "ratio": 0.782609, "latency_ms_mean": 121},
    }
    down_all_the_time = (await read(client, "/nodes/contoh-1/probes"))["uptime"]["24h"]
    assert down_all_the_time == {"probes": 2, "ok": 0, "ratio": 0, "latency_ms_mean": None}


async def test_an_unknown_node_and_a_forged_cursor_are_refused(client):
    assert (await read(client, "/nodes/atlantis/probes", 404))["code"] == "node-not-found"
    assert (await read(client, "/nodes/atlantis/passport", 404))["code"] == "node-not-found"
    assert (await read(client, "/nodes/surabaya/probes?after=besok", 422))["code"] == "cursor-invalid"


async def test_the_passport_says_all_the_register_knows(client, database, told):
    second = "https://lama.example/contoh0"
    ids = await only_these_nodes(database, {"contoh-0": [CONTOH, second]})
    told.answers[CONTOH] = NodeFacts("4.5u20990101", base_url="https://pindah.example/contoh0")
    told.answers[second] = NodeRefused("HTTP 403")
    now = utc_now()
    await probe_due_endpoints(a_prober(database, told), now)
    async with database.transaction() as session:
        await note_attempt(
            session, node_id=ids["contoh-0"], fiscal_year=2025, state="completed", software_version=None, now=now
        )

    passport = await read(client, "/nodes/contoh-0/passport")

    assert passport["node"] == await read(client, "/nodes/contoh-0")
    assert passport["node"]["freshness"][0]["fiscal_year"] == 2025
    assert passport["node"]["availability"] == "open"
    good, bad = passport["endpoints"]
    assert (good["base_url"], good["state"], good["moved_to"]) == (CONTOH, "ok", "https://pindah.example/contoh0")
    assert (good["software_version"], good["message"], good["opened_at"]) == ("4.5u20990101", None, None)
    assert good["last_ok_at"] is not None
    assert (bad["base_url"], bad["state"], bad["last_failure"]) == (second, "open", "refused")
    assert bad["opened_at"] == bad["last_failure_at"]
    assert bad["message"]["id"].startswith("Node menolak")
    assert passport["uptime"]["24h"]["probes"] == 2
    assert passport["uptime"]["24h"]["ratio"] == 0.5


async def test_the_passport_of_a_node_nobody_has_probed_is_complete_too(client):
    passport = await read(client, "/nodes/surabaya/passport")

    assert passport["node"]["availability"] == "unknown"
    assert passport["uptime"] == {"24h": NOTHING, "30d": NOTHING, "365d": NOTHING}
    assert passport["endpoints"][0] == {
        "interface": "spse",
        "base_url": passport["node"]["endpoints"][0]["base_url"],
        "state": "unknown",
        "consecutive_failures": 0,
        **dict.fromkeys(
            ("opened_at", "last_probe_at", "next_probe_at", "last_ok_at", "last_failure", "last_failure_at", "message",
             "latency_ms", "software_version", "certificate_expires_at", "moved_to")
        ),
    }  # fmt: skip


async def test_nodes_can_be_asked_for_by_availability_and_the_filter_agrees_with_the_field(client, database, told):
    stories = {
        "contoh-baik": ["https://a.example/x"],
        "contoh-goyah": ["https://b.example/x", "https://a.example/y"],
        "contoh-mati": ["https://c.example/x", "https://b.example/y", "https://a.example/z"],
        "contoh-pensiun": ["https://a.example/pensiun"],
        "contoh-kosong": [],
    }
    await only_these_nodes(database, stories)
    for bases in stories.values():
        for base in bases:
            told.answers[base] = {"a": NodeFacts(), "b": down(), "c": NodeRefused("403")}[base[8]]
    await probe_due_endpoints(a_prober(database, told), utc_now())
    async with database.transaction() as session:
        await retire_node(session, "contoh-pensiun", now=utc_now())

    expected = {"ok": {"contoh-baik"}, "failing": {"contoh-goyah"}, "open": {"contoh-mati"}}
    for availability in ("ok", "failing", "open", "unknown"):
        listed = (await read(client, f"/nodes?availability={availability}&limit=1000"))["items"]
        assert {node["availability"] for node in listed} == {availability}
        slugs = {node["slug"] for node in listed}
        if availability == "unknown":
            assert {"contoh-pensiun", "contoh-kosong", "surabaya"} <= slugs
            assert len(slugs) == 698 + 5 - 3
        else:
            assert slugs == expected[availability]
    assert (await read(client, "/nodes?availability=mati", 422))["code"] == "request-invalid"


async def test_an_answer_that_did_not_change_costs_nothing(client, database, told):
    await only_these_nodes(database, urls(1))
    await probe_due_endpoints(a_prober(database, told), utc_now() - timedelta(minutes=1))

    first = await client.get("/api/v1/nodes/contoh-0/probes")
    again = await client.get("/api/v1/nodes/contoh-0/probes", headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, again.status_code) == (200, 304)
