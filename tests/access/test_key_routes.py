"""Keys over HTTP: a secret is shown once, opens what its scope says, is replaced with overlap, and ends at once."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.access.audit import verify_trail
from app.access.errors import KeyInvalid
from app.access.keys import KeyDraft, issue_key
from app.access.secret import has_form
from app.access.service import Role, identify_caller
from app.kit.clock import utc_now
from tests.access.callers import bearer, issue, secret_of
from tests.records import rows

KEYS = "/api/v1/keys"


async def opens(client, secret):
    """Whether the hub knows who sends this: the path is one that every role may ask, none may read."""
    answer = await client.get("/api/v1/observations/1/answers/contoh", headers=bearer(secret))
    return answer.status_code != 401


async def make(keeper, **fields):
    answer = await keeper.post(KEYS, json={"role": "reader", "name": "Auditor contoh", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_made_key_is_shown_once_and_opens(keeper, client, database):
    answer = await keeper.post(KEYS, json={"role": "node", "name": "LPSE contoh", "nodes": ["surabaya", "gresikkab"]})
    made = answer.json()

    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1/keys/{made['id']}")
    assert answer.headers["cache-control"] == "no-store"
    assert (made["role"], made["nodes"], made["state"]) == ("node", ["gresikkab", "surabaya"], "active")
    assert made["expires_at"] is not None
    shown = (await keeper.get(f"{KEYS}/{made['id']}")).json()
    assert shown == {name: value for name, value in made.items() if name != "key"}
    everything = await rows(database, "SELECT to_jsonb(k)::text AS row FROM access_keys k")
    trail = await rows(database, "SELECT to_jsonb(a)::text AS row FROM audit_entries a")
    assert made["key"] not in json.dumps(everything) + json.dumps(trail)
    assert await opens(client, made["key"])


async def test_a_key_shows_in_the_list_without_its_secret_page_by_page(keeper, database):
    for number in range(5):
        await issue(database, "reader", name=f"Kunci {number}")

    found, after = [], None
    while True:
        page = (await keeper.get(KEYS, params={"limit": 2, **({"after": after} if after else {})})).json()
        found += page["items"]
        after = page["next"]
        if after is None:
            break

    assert [item["name"] for item in found] == ["test", *(f"Kunci {number}" for number in range(5))]
    assert not any("key" in item or "secret" in json.dumps(item) for item in found)


async def test_keys_are_found_by_role_node_and_state(keeper, database):
    mine = await issue(database, "node", "surabaya", "gresikkab")
    await issue(database, "node", "jemberkab")
    await issue(database, "reader")
    await keeper.delete(f"{KEYS}/{mine.key.id}")

    async def found(**wanted):
        return [item["role"] for item in (await keeper.get(KEYS, params=wanted)).json()["items"]]

    assert await found(role="node") == ["node", "node"]
    assert await found(node="gresikkab") == ["node"]
    assert await found(state="revoked", node="surabaya") == ["node"]
    assert await found(state="active") == ["province", "node", "reader"]
    assert await found(state="expired") == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"role": "node"}, "key-scope-invalid"),
        ({"role": "reader", "nodes": ["surabaya"]}, "key-scope-invalid"),
        ({"role": "province", "nodes": ["surabaya"]}, "key-scope-invalid"),
        ({"role": "node", "nodes": ["surabaya", "atlantis"]}, "key-node-unknown"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "key-expiry-invalid"),
        ({"expires_at": "2199-01-01T00:00:00Z"}, "key-expiry-invalid"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "key-expiry-invalid"),
        ({"expires_at": "2030-01-01T00:00:00"}, "request-invalid"),
        ({"role": "owner"}, "request-invalid"),
        ({"name": ""}, "request-invalid"),
        ({"name": "dua\nbaris"}, "request-invalid"),
        ({"nodes": ["SURABAYA"]}, "request-invalid"),
        ({"secret": "rakor_x"}, "request-invalid"),
    ],
)  # fmt: skip
async def test_a_key_with_a_senseless_scope_is_not_made(keeper, database, fields, code):
    answer = await keeper.post(KEYS, json={"role": "reader", "name": "contoh", **fields})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await rows(database, "SELECT id FROM access_keys WHERE name <> 'test'") == []
    assert await rows(database, "SELECT id FROM audit_entries") == []


async def test_a_rotated_key_opens_by_both_secrets_until_the_overlap_ends(keeper, client, database):
    made = await make(keeper)

    answer = await keeper.post(f"{KEYS}/{made['id']}/rotations", json={"overlap_hours": 2})
    rotated = answer.json()

    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert (rotated["id"], rotated["expires_at"]) == (made["id"], made["expires_at"])
    assert rotated["key"] != made["key"]
    assert rotated["former_ends_at"] is not None
    assert await opens(client, made["key"])
    assert await opens(client, rotated["key"])
    async with database.transaction() as session:
        await session.execute(text("UPDATE access_former_secrets SET ends_at = now() - interval '1 second'"))
    assert not await opens(client, made["key"])
    assert await opens(client, rotated["key"])
    assert (await keeper.get(f"{KEYS}/{made['id']}")).json()["former_ends_at"] is None


async def test_a_second_rotation_does_not_cut_the_overlap_of_the_first(keeper, client):
    """The answer to the first may have been lost: the secret that is in use goes on."""
    made = await make(keeper)
    first = (await keeper.post(f"{KEYS}/{made['id']}/rotations", json={})).json()

    second = (await keeper.post(f"{KEYS}/{made['id']}/rotations", json={"overlap_hours": 0})).json()

    assert [await opens(client, one["key"]) for one in (made, first, second)] == [True, False, True]


async def test_a_rotation_may_give_another_expiry(keeper):
    made = await make(keeper)
    later = (utc_now() + timedelta(days=700)).replace(microsecond=0)

    rotated = (await keeper.post(f"{KEYS}/{made['id']}/rotations", json={"expires_at": later.isoformat()})).json()

    assert rotated["expires_at"] == later.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("hours", [-1, 721, 1.5, "24", True, 10**30])
async def test_an_overlap_has_its_bounds(keeper, hours):
    made = await make(keeper)

    answer = await keeper.post(f"{KEYS}/{made['id']}/rotations", json={"overlap_hours": hours})

    assert answer.status_code == 422


async def test_a_revoked_key_opens_nothing_from_that_moment_and_stays_so(keeper, client, database):
    made = await make(keeper)
    rotated = (await keeper.post(f"{KEYS}/{made['id']}/rotations", json={})).json()
    assert await opens(client, made["key"])

    first = await keeper.delete(f"{KEYS}/{made['id']}")
    again = await keeper.delete(f"{KEYS}/{made['id']}")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == "revoked"
    assert not await opens(client, made["key"])
    assert not await opens(client, rotated["key"])
    acts = await rows(database, "SELECT act FROM audit_entries WHERE act = 'key.revoked'")
    assert len(acts) == 1


async def test_what_has_ended_is_not_brought_back_by_a_rotation(keeper, database):
    revoked, expired = await make(keeper), await make(keeper)
    await keeper.delete(f"{KEYS}/{revoked['id']}")
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE access_keys SET expires_at = now() - interval '1 second' WHERE id = :id"),
            {"id": expired["id"]},
        )

    for made in (revoked, expired):
        answer = await keeper.post(f"{KEYS}/{made['id']}/rotations", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "key-ended")


async def test_a_key_that_is_not_there_is_said_so(keeper):
    for method, path, body in (
        ("GET", f"{KEYS}/999", None), ("DELETE", f"{KEYS}/999", None), ("POST", f"{KEYS}/999/rotations", {}),
    ):  # fmt: skip
        answer = await keeper.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "key-not-found"), path


async def test_only_the_province_keeps_keys(client, database):
    made = await issue(database, "reader")
    for role, nodes in (("reader", ()), ("node", ("surabaya",))):
        headers = bearer(await secret_of(database, role, *nodes))
        for method, path, body in (
            ("GET", KEYS, None), ("POST", KEYS, {"role": "province", "name": "x"}), ("GET", f"{KEYS}/{made.key.id}", None),
            ("GET", f"{KEYS}/999", None), ("DELETE", f"{KEYS}/{made.key.id}", None), ("DELETE", f"{KEYS}/999", None),
            ("POST", f"{KEYS}/{made.key.id}/rotations", {}), ("POST", f"{KEYS}/999/rotations", {}),
        ):  # fmt: skip
            answer = await client.request(method, path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), (role, method, path)
    assert await opens(client, made.secret)


async def test_a_key_revoked_while_its_request_is_under_way_writes_nothing(keeper, database):
    """The verb asks again, in the transaction that writes."""
    admin = await issue(database, "province")
    async with database.reading() as session:
        caller = await identify_caller(session, admin.secret, now=utc_now())
    await keeper.delete(f"{KEYS}/{admin.key.id}")

    async with database.transaction() as session:
        with pytest.raises(KeyInvalid):
            await issue_key(session, KeyDraft(Role.READER, "terlambat"), caller=caller, now=utc_now())
    assert await rows(database, "SELECT id FROM access_keys WHERE name = 'terlambat'") == []


async def test_every_act_on_a_key_is_in_the_trail_with_who_did_it(keeper, database):
    made = await make(keeper)
    await keeper.post(f"{KEYS}/{made['id']}/rotations", json={})
    await keeper.delete(f"{KEYS}/{made['id']}")

    trail = await rows(database, "SELECT act, subject, actor, details FROM audit_entries ORDER BY id")
    assert [entry["act"] for entry in trail] == ["key.created", "key.rotated", "key.revoked"]
    assert {entry["subject"] for entry in trail} == {f"key {made['id']}"}
    [keeper_row] = await rows(database, "SELECT id FROM access_keys WHERE name = 'test'")
    assert {entry["actor"] for entry in trail} == {f"key:{keeper_row['id']}"}
    assert trail[0]["details"]["role"] == "reader"
    async with database.reading() as session:
        assert (await verify_trail(session)).first_broken is None


async def test_a_key_notes_the_last_day_on_which_it_was_used(keeper, client):
    made = await make(keeper)
    assert made["last_used_on"] is None

    began = utc_now().date()
    await asyncio.gather(*(opens(client, made["key"]) for _ in range(8)))

    last_used_on = (await keeper.get(f"{KEYS}/{made['id']}")).json()["last_used_on"]
    assert began.isoformat() <= last_used_on <= utc_now().date().isoformat()


async def test_a_slip_of_the_pen_is_told_without_asking_the_database(keeper):
    secret = (await make(keeper))["key"]

    assert has_form(secret)
    assert len(secret) == len("rakor_") + 49
    for wrong in (
        secret[:-1],
        secret + "0",
        secret[:10] + ("a" if secret[10] != "a" else "b") + secret[11:],
        secret.swapcase(),
        "rakor_",
        "",
    ):
        assert not has_form(wrong)


async def test_a_renamed_node_keeps_its_keys(keeper, client, database):
    secret = await secret_of(database, "node", "surabaya")
    async with database.transaction() as session:
        await session.execute(text("UPDATE nodes SET slug = 'kota-surabaya' WHERE slug = 'surabaya'"))

    answers = [
        await client.post(f"/api/v1/nodes/{slug}/runs", json={"fiscal_year": 2025}, headers=bearer(secret))
        for slug in ("kota-surabaya", "surabaya")
    ]

    assert [answer.status_code for answer in answers] == [202, 403]


async def test_interleaved_keys_never_speak_for_each_other(client, database):
    """Fifty requests at once by two nodes, each for its own and the other's; some are broken off."""
    slugs = ("surabaya", "gresikkab")
    secrets = {slug: await secret_of(database, "node", slug) for slug in slugs}

    async def start(speaker, node, year):
        return await client.post(
            f"/api/v1/nodes/{node}/runs", json={"fiscal_year": year}, headers=bearer(secrets[speaker])
        )

    asked = [(slugs[number % 2], slugs[number // 2 % 2], 2010 + number % 10) for number in range(50)]
    tasks = [asyncio.create_task(start(*one)) for one in asked]
    await asyncio.sleep(0.02)
    for task in tasks[::7]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    for (speaker, node, _year), answer in zip(asked, answers, strict=True):
        if not isinstance(answer, BaseException):
            assert answer.status_code == (202 if speaker == node else 403), (speaker, node, answer.text)
