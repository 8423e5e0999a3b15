"""The trail over HTTP: newest first, found by who, what and when, with the seals that make it a chain."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.access.audit import record_act
from tests.access.callers import a_caller, bearer, issue, secret_of
from tests.conftest import NOW

AUDIT = "/api/v1/audit"
NODE = "/api/v1/nodes/surabaya"


@pytest.fixture
async def trail(database):
    for number in range(1, 6):
        async with database.transaction() as session:
            await record_act(
                session,
                caller=None,
                act="contoh.genap" if number % 2 == 0 else "contoh.ganjil",
                subject=f"hal {number}",
                details={"n": number},
                now=NOW + timedelta(hours=number),
            )


async def numbers(keeper, **wanted):
    answer = await keeper.get(AUDIT, params=wanted)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_entries_come_newest_first_and_each_carries_the_hash_of_the_one_before(keeper, trail):
    items = (await keeper.get(AUDIT)).json()["items"]

    assert [item["id"] for item in items] == [5, 4, 3, 2, 1]
    assert [item["previous_hash"] for item in items[:-1]] == [item["hash"] for item in items[1:]]
    assert items[-1]["previous_hash"] == "00" * 32
    assert (items[0]["actor"], items[0]["key_id"], items[0]["details"]) == ("command-line", None, {"n": 5})


async def test_pages_repeat_and_miss_nothing_while_acts_are_added(keeper, trail, database):
    first = (await keeper.get(AUDIT, params={"limit": 2})).json()
    async with database.transaction() as session:
        await record_act(session, caller=None, act="contoh", subject="x", details={}, now=NOW)
    second = (await keeper.get(AUDIT, params={"limit": 2, "after": first["next"]})).json()
    third = (await keeper.get(AUDIT, params={"limit": 2, "after": second["next"]})).json()

    assert [item["id"] for page in (first, second, third) for item in page["items"]] == [5, 4, 3, 2, 1]
    assert third["next"] is None


async def test_entries_are_found_by_act_subject_actor_and_moment(keeper, trail, database):
    key = (await issue(database, "province")).key.id
    async with database.transaction() as session:
        caller = replace(a_caller("province"), id=f"key:{key}", key_id=key)
        await record_act(session, caller=caller, act="contoh", subject="hal 2", details={}, now=NOW)

    assert await numbers(keeper, act="contoh.genap") == [4, 2]
    assert await numbers(keeper, act=["contoh.genap", "contoh"]) == [7, 4, 2]
    assert await numbers(keeper, subject="hal 2") == [7, 2]
    assert await numbers(keeper, actor=f"key:{key}") == [7]
    assert await numbers(keeper, **{"from": (NOW + timedelta(hours=4)).isoformat(), "act": "contoh.genap"}) == [4]
    assert await numbers(keeper, before=(NOW + timedelta(hours=2)).isoformat()) == [7, 1]
    assert await numbers(keeper, subject="hal 9") == []


@pytest.mark.parametrize(
    "wanted", [{"from": "2026-01-01"}, {"before": "kemarin"}, {"act": "SALAH!"}, {"since": "2026-01-01T00:00:00Z"}, {"subject": "a\x00"}, {"after": "x"}],
)  # fmt: skip
async def test_a_senseless_filter_is_refused(keeper, wanted):
    assert (await keeper.get(AUDIT, params=wanted)).status_code == 422


async def test_readers_see_the_trail_and_nodes_do_not(client, database, trail):
    answers = [
        await client.get(AUDIT, headers=bearer(await secret_of(database, role, *nodes)))
        for role, nodes in (("province", ()), ("reader", ()), ("node", ("surabaya",)))
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[1].headers["cache-control"].startswith("no-store")
    assert (await client.get(AUDIT)).status_code == 401


async def test_what_is_done_to_the_register_is_in_the_trail_with_what_changed(keeper):
    endpoint = {
        "interface": "inaproc",
        "base_url": "https://data.inaproc.id",
        "options": {"token": "rahasia-contoh", "sandi": "x9x9"},
    }
    new = {"slug": "contoh", "name": "LPSE Contoh", "kd_lpse": 990001, "region": "35.78", "endpoints": [endpoint]}
    assert (await keeper.post("/api/v1/nodes", json=new)).status_code == 201
    await keeper.patch("/api/v1/nodes/contoh", json={"name": "LPSE Kota Contoh", "time_zone": "WIB"})
    await keeper.patch("/api/v1/nodes/contoh", json={"name": "LPSE Kota Contoh"})
    await keeper.delete("/api/v1/nodes/contoh")
    await keeper.delete("/api/v1/nodes/contoh")
    await keeper.patch("/api/v1/nodes/contoh", json={"state": "active"})

    answer = await keeper.get(AUDIT)

    told = [(item["act"], item["subject"]) for item in reversed(answer.json()["items"])]
    assert told == [
        ("node.registered", "node contoh"),
        ("credential.set", "credential contoh-inaproc"),
        ("node.revised", "node contoh"),
        ("node.retired", "node contoh"),
        ("node.revived", "node contoh"),
    ]
    details = [item["details"] for item in reversed(answer.json()["items"])]
    assert details[0]["node"]["kd_lpse"] == 990001
    assert details[2] == {"changed": {"name": {"from": "LPSE Contoh", "to": "LPSE Kota Contoh"}}}
    assert details[3] == {"changed": {"state": {"from": "active", "to": "retired"}}}
    assert "rahasia-contoh" not in answer.text
    assert "x9x9" not in answer.text


async def test_a_token_set_by_patch_is_in_the_trail_without_the_token(keeper):
    endpoint = {
        "interface": "inaproc",
        "base_url": "https://data.inaproc.id",
        "options": {"token": "rahasia-contoh", "credential": "gerbang"},
    }

    await keeper.patch(NODE, json={"endpoints": [endpoint]})
    await keeper.patch(NODE, json={"endpoints": [endpoint]})

    answer = await keeper.get(AUDIT)
    assert [(item["act"], item["subject"]) for item in answer.json()["items"]] == [
        ("credential.set", "credential gerbang"), ("credential.set", "credential gerbang"), ("node.revised", "node surabaya"),
    ]  # fmt: skip
    assert "rahasia-contoh" not in answer.text


async def test_a_refused_act_leaves_no_entry(keeper):
    await keeper.post("/api/v1/nodes", json={"slug": "surabaya", "name": "LPSE Contoh"})
    await keeper.patch(NODE, json={"region": "99.99"})
    await keeper.delete("/api/v1/nodes/atlantis")

    assert (await keeper.get(AUDIT)).json()["items"] == []


async def test_retiring_can_be_tried_and_undone(keeper, database):
    await secret_of(database, "node", "surabaya")
    before = (await keeper.get(NODE)).json()

    tried = (await keeper.delete(NODE, params={"dry_run": "true"})).json()

    assert (tried["dry_run"], tried["state"]) == (True, "active")
    assert "1 keys" in tried["follows"]["en"]
    assert (await keeper.get(NODE)).json() == before
    done = (await keeper.delete(NODE)).json()
    assert (done["dry_run"], done["state"]) == (False, "retired")
    assert set(tried) == set(done)
    await keeper.patch(NODE, json={"state": "active"})
    after = (await keeper.get(NODE)).json()
    assert after == {**before, "changed_at": after["changed_at"]}
    assert [item["act"] for item in (await keeper.get(AUDIT)).json()["items"]] == [
        "node.revived", "node.retired", "key.created",
    ]  # fmt: skip


async def test_a_retired_node_registered_again_is_a_revival_in_the_trail(keeper):
    await keeper.delete(NODE)

    await keeper.post("/api/v1/nodes", json={"slug": "surabaya", "name": "LPSE Baru"})

    [newest] = (await keeper.get(AUDIT, params={"limit": 1})).json()["items"]
    assert newest["act"] == "node.revived"
    assert newest["details"]["changed"]["name"]["to"] == "LPSE Baru"
