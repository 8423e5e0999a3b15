"""Subscriptions are made, shown, revised and ended by those who may, and their secrets are nowhere but with them."""

import base64
import logging
from datetime import timedelta

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from app.access.callers import COMMAND_LINE
from app.exchange.webhooks import keeping
from app.kit.clock import utc_now
from app.kit.log import configure_logging
from tests.access.callers import bearer, secret_of
from tests.exchange.webhooks.hearers import OK, a_courier, carry, execute, happen, subscribe
from tests.kit.strangers import reply, says, stranger
from tests.records import rows

HOOK = {"url": "https://93.184.215.14/rakor/s3cr3t-path"}


@pytest.fixture
async def of_node(client, database):
    """A caller with the key of one node."""
    headers = bearer(await secret_of(database, "node", "surabaya"))
    async with httpx.AsyncClient(transport=client._transport, base_url="http://rakor.test", headers=headers) as caller:
        yield caller


async def create(caller, **fields):
    answer = await caller.post("/api/v1/webhooks", json={**HOOK, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_subscription_shows_its_secret_once(keeper):
    answer = await keeper.post(
        "/api/v1/webhooks",
        json={**HOOK, "description": "Dasbor", "filters": {"type": ["package.upsert"], "kind": ["tender"]}},
    )
    made = answer.json()
    shown = await keeper.get(answer.headers["location"])

    assert 24 <= len(base64.b64decode(made["secret"].removeprefix("whsec_"))) <= 64
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in shown.json()
    assert made["secret"] not in shown.text
    assert shown.json() == {name: value for name, value in made.items() if name != "secret"}
    assert made["filters"] == {
        "type": ["package.upsert"], "entity": [], "op": [], "node": [], "kind": ["tender"], "fiscal_year": [], "status": [],
    }  # fmt: skip
    assert (made["state"], made["reason"], made["waiting"], made["nodes"]) == ("active", None, 0, [])


async def test_secrets_and_paths_are_in_no_log_no_trail_and_no_delivery(keeper, database, capfd):
    configure_logging("debug", "json")
    async with stranger(says(reply(b"kaput", status=500), OK)) as host:
        made = await create(keeper, url=host.url("/s3cr3t-path"))
        rotated = (await keeper.post(f"/api/v1/webhooks/{made['id']}/secret", json={})).json()
        await keeper.post(f"/api/v1/webhooks/{made['id']}/ping")
        await happen(database, "1")
        await carry(a_courier(database))
        deliveries = (await keeper.get(f"/api/v1/webhooks/{made['id']}/deliveries")).text
        await keeper.delete(f"/api/v1/webhooks/{made['id']}")
        logging.getLogger("anything").error("that the log works")

    said = capfd.readouterr()
    trail = str(await rows(database, "SELECT * FROM audit_entries"))
    assert "webhook.failed" in said.err
    for secret in (made["secret"], rotated["secret"], "s3cr3t-path"):
        for place in (said.err, said.out, trail, deliveries):
            assert secret not in place
            assert secret.removeprefix("whsec_") not in place


async def test_every_act_is_in_the_trail(keeper, database):
    made = await create(keeper)
    path = f"/api/v1/webhooks/{made['id']}"
    ping = (await keeper.post(f"{path}/ping")).json()
    await keeper.patch(path, json={"state": "paused", "filters": {"op": ["withdrawn"]}})
    await keeper.post(f"{path}/secret", json={"overlap_hours": 1})
    await keeper.post(f"{path}/deliveries/{ping['id']}/replay")
    await keeper.post(f"{path}/replay", json={"since": "2020-01-01T00:00:00Z"})
    await keeper.delete(path, params={"dry_run": "true"})
    await keeper.delete(path)

    entries = await rows(database, "SELECT act, subject, details FROM audit_entries ORDER BY id")
    assert [entry["act"] for entry in entries] == [
        f"webhook.{act}" for act in ("created", "revised", "secret-rotated", "delivery-replayed", "replayed", "deleted")
    ]
    assert {entry["subject"] for entry in entries} == {f"webhook {made['id']}"}
    assert entries[1]["details"]["state"] == {"before": "active", "after": "paused"}
    assert await rows(database, "SELECT 1 FROM webhook_secrets UNION SELECT 2 FROM webhook_deliveries") == []
    assert (await keeper.get(path)).status_code == 404


async def test_a_revision_changes_what_is_given(keeper):
    made = await create(keeper, description="Dasbor", filters={"kind": ["tender"], "op": ["upsert"]})
    path = f"/api/v1/webhooks/{made['id']}"

    revised = (await keeper.patch(path, json={"filters": {"op": []}, "description": None})).json()
    paused = (await keeper.patch(path, json={"state": "paused"})).json()

    assert (revised["filters"]["kind"], revised["filters"]["op"], revised["description"]) == (["tender"], [], None)
    assert (paused["state"], paused["url"], paused["filters"]) == ("paused", made["url"], revised["filters"])


async def test_a_node_hears_of_itself_and_sees_its_own_alone(keeper, of_node, database):
    provinces = await create(keeper, filters={"node": ["surabaya"]})
    mine = await create(of_node)
    other = bearer(await secret_of(database, "node", "gresikkab"))

    listed = (await of_node.get("/api/v1/webhooks")).json()["items"]
    assert [item["id"] for item in listed] == [mine["id"]]
    assert (mine["nodes"], mine["filters"]["node"]) == (["surabaya"], ["surabaya"])
    assert [item["id"] for item in (await keeper.get("/api/v1/webhooks")).json()["items"]] == [
        provinces["id"],
        mine["id"],
    ]
    assert (await of_node.get("/api/v1/webhooks", headers=other)).json()["items"] == []
    answers = [
        await of_node.get(f"/api/v1/webhooks/{mine['id']}", headers=other),
        await of_node.get(f"/api/v1/webhooks/{provinces['id']}"),
        await of_node.get("/api/v1/webhooks/999999"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["code"] for answer in answers} == {"webhook-not-found"}


async def test_a_node_subscribes_to_no_other(of_node, keeper, database):
    mine = await create(of_node)
    path = f"/api/v1/webhooks/{mine['id']}"
    for node in ("gresikkab", "tidak-ada"):
        refused = await of_node.post("/api/v1/webhooks", json={**HOOK, "filters": {"node": [node]}})
        assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
        for caller in (of_node, keeper):
            for nodes in ([], [node], ["surabaya", node]):
                widened = await caller.patch(path, json={"filters": {"node": nodes}})
                assert widened.json()["code"] == "webhook-nodes-needed"

    for filters in ('{"node": ["gresikkab"]}', '{"node": []}'):
        with pytest.raises(IntegrityError, match="its_own_nodes"):
            await execute(database, f"UPDATE webhooks SET filters = '{filters}'")


async def test_a_revoked_key_keeps_nothing(of_node, database):
    mine = await create(of_node)
    await execute(database, "UPDATE access_keys SET revoked_at = now() WHERE role = 'node'")

    assert (await of_node.get(f"/api/v1/webhooks/{mine['id']}")).status_code == 401


REFUSED = [
    ({}, "request-invalid"),
    ({"url": "ftp://93.184.215.14/x"}, "request-invalid"),
    ({"url": "https://93.184.215.14/ä"}, "request-invalid"),
    ({**HOOK, "secret": "whsec_AAAA"}, "request-invalid"),
    ({**HOOK, "filters": {"type": ["package.deleted"]}}, "request-invalid"),
    ({**HOOK, "filters": {"fiscal_year": ["2025"]}}, "request-invalid"),
    ({**HOOK, "filters": {"node": ["tidak-ada"]}}, "webhook-node-unknown"),
    ({**HOOK, "from_start": 1}, "request-invalid"),
]


async def test_what_makes_no_sense_is_refused(keeper):
    for body, code in REFUSED:
        answer = await keeper.post("/api/v1/webhooks", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), body


async def test_filters_that_let_nothing_through_are_refused(keeper):
    path = f"/api/v1/webhooks/{(await create(keeper, filters={'kind': ['tender']}))['id']}"
    for filters in ({"type": ["run.upsert"], "kind": ["tender"]}, {"entity": ["node"], "op": ["withdrawn"]}):
        made = await keeper.post("/api/v1/webhooks", json={**HOOK, "filters": filters})
        assert (made.status_code, made.json()["code"]) == (409, "webhook-filters-contradict")
    revised = await keeper.patch(path, json={"filters": {"type": ["run.upsert"]}})
    assert (revised.status_code, revised.json()["code"]) == (409, "webhook-filters-contradict")


async def test_there_are_only_so_many(keeper, database, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_WEBHOOKS", 1)
    await create(keeper)

    refused = await keeper.post("/api/v1/webhooks", json=HOOK)

    assert (refused.status_code, refused.json()["code"]) == (409, "webhooks-too-many")


async def test_only_so_many_secrets_sign_at_once(database):
    issued = await subscribe(database, HOOK["url"])
    for _rotation in range(6):
        async with database.transaction() as session:
            await keeping.rotate_secret(
                session, issued.webhook.id, overlap=timedelta(hours=1), caller=COMMAND_LINE, now=utc_now()
            )

    held = await rows(database, "SELECT ends_at FROM webhook_secrets ORDER BY id")
    assert len(held) == keeping.MOST_SECRETS
    assert [row["ends_at"] is None for row in held] == [False, False, False, True]


async def test_lists_go_on_where_they_ended(keeper):
    made = [(await create(keeper))["id"] for _ in range(3)]
    pings = [(await keeper.post(f"/api/v1/webhooks/{made[0]}/ping")).json()["id"] for _ in range(3)]

    for path, wanted in (("/api/v1/webhooks", made), (f"/api/v1/webhooks/{made[0]}/deliveries", pings[::-1])):
        first = (await keeper.get(path, params={"limit": 2})).json()
        second = (await keeper.get(path, params={"limit": 2, "after": first["next"]})).json()
        assert [item["id"] for page in (first, second) for item in page["items"]] == wanted
        assert second["next"] is None
    assert (await keeper.get("/api/v1/webhooks", params={"state": "paused"})).json()["items"] == []
