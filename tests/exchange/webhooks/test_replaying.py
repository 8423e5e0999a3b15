"""What was told can be told again, from one message to everything; and a feed that begins anew is told, too."""

import asyncio
from datetime import timedelta

from app.access.callers import COMMAND_LINE
from app.exchange.feed.checkpoints import reckon_checkpoints
from app.exchange.webhooks import jobs, keeping
from app.exchange.webhooks.jobs import tend_webhook_storage
from app.exchange.webhooks.messages import Filters
from app.kit.clock import utc_now
from tests.exchange.webhooks.hearers import (
    OK,
    Clock,
    a_courier,
    carry,
    codes,
    deliveries,
    execute,
    happen,
    ids,
    subscribe,
    the_webhook,
    told,
)
from tests.kit.strangers import reply, says, stranger

PACKAGES = Filters(entity=("package",))
FAILS = reply(b"", status=500)


async def test_one_message_is_sent_again_as_it_was(keeper, database):
    async with stranger(says(OK)) as host:
        issued = await subscribe(database, host.url())
        courier = a_courier(database)
        await happen(database, "1")
        await happen(database, "2")
        await carry(courier)
        delivery = (await deliveries(database))[0]
        path = f"/api/v1/webhooks/{issued.webhook.id}/deliveries/{delivery['id']}"
        answer = await keeper.post(f"{path}/replay")
        assert (answer.status_code, answer.json()["state"]) == (202, "pending")
        await carry(courier)
        shown = (await keeper.get(path)).json()

    assert codes(host) == ["1", "2", "1"]
    assert ids(host)[2] == ids(host)[0]
    assert host.asked[2].body == host.asked[0].body
    assert (shown["state"], len(shown["attempts"])) == ("delivered", 2)


async def test_what_was_given_up_can_be_sent_again(keeper, database):
    clock = Clock()
    async with stranger(says(*[FAILS] * 10, OK)) as host:
        issued = await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, "1")
        while (delivery := await only_one(database, courier))["state"] == "pending":
            clock.now = delivery["next_attempt_at"] + timedelta(minutes=11)
        await keeper.post(f"/api/v1/webhooks/{issued.webhook.id}/deliveries/{delivery['id']}/replay")
        clock.now = utc_now() + timedelta(days=9)
        again = await only_one(database, courier)

    assert (delivery["state"], again["state"]) == ("failed", "delivered")
    assert len({asked.body for asked in host.asked}) == 1


async def only_one(database, courier):
    await carry(courier)
    [delivery] = await deliveries(database)
    return delivery


async def test_everything_behind_a_place_is_told_again_under_the_ids_it_had(keeper, database):
    async with stranger(says(OK)) as host:
        issued = await subscribe(database, host.url(), filters=PACKAGES, from_start=True)
        courier = a_courier(database)
        for code in ("1", "2", "3"):
            await happen(database, code)
        await carry(courier)
        after = told(host)[0]["data"]["cursor"]
        answer = await keeper.post(f"/api/v1/webhooks/{issued.webhook.id}/replay", json={"after": after})
        await carry(courier)

    assert (answer.status_code, answer.json()["place"]) == (200, after)
    assert sorted(codes(host)[3:]) == ["2", "3"]
    assert set(ids(host)[3:]) == set(ids(host)[1:3])
    assert len(await deliveries(database)) == 3


async def test_everything_since_a_moment_is_told_again(keeper, database):
    await happen(database, "1")
    await reckon_checkpoints(database)
    await asyncio.sleep(0.01)
    moment = utc_now()
    await happen(database, "2")
    async with stranger(says(OK)) as host:
        issued = await subscribe(database, host.url(), filters=PACKAGES)
        path = f"/api/v1/webhooks/{issued.webhook.id}/replay"
        courier = a_courier(database)
        for since, heard in ((moment, ["2"]), (moment - timedelta(days=300), ["1", "2"]), (utc_now(), [])):
            host.asked.clear()
            assert (await keeper.post(path, json={"since": since.isoformat()})).status_code == 200
            await carry(courier)
            assert sorted(codes(host)) == heard


PLACES = [
    ({}, 422, "request-invalid"),
    ({"after": "0" * 48, "since": "2026-01-01T00:00:00Z"}, 422, "request-invalid"),
    ({"after": "z" * 48}, 422, "request-invalid"),
    ({"after": "f" * 48}, 422, "request-invalid"),
    ({"after": None, "since": "2026-01-01T00:00:00Z"}, 422, "request-invalid"),
    ({"after": "0000000100000000000002e400000000000000019f86d081"}, 409, "nothing-to-replay"),
    ({"since": "2026-01-01"}, 422, "request-invalid"),
    ({"after": "0" * 48}, 200, None),
]


async def test_a_replay_says_from_where(keeper, database):
    issued = await subscribe(database, "https://93.184.215.14/x")
    for body, status, code in PLACES:
        answer = await keeper.post(f"/api/v1/webhooks/{issued.webhook.id}/replay", json=body)
        assert (answer.status_code, answer.json().get("code")) == (status, code), body


async def test_a_ping_is_sent_once_also_while_paused(keeper, database):
    async with stranger(says(FAILS, OK)) as host:
        issued = await subscribe(database, host.url())
        path = f"/api/v1/webhooks/{issued.webhook.id}"
        await keeper.patch(path, json={"state": "paused"})
        courier = a_courier(database)
        ends = []
        for _ in range(2):
            answer = await keeper.post(f"{path}/ping")
            assert answer.status_code == 202
            await happen(database, str(len(ends)))
            await carry(courier)
            ends.append((await keeper.get(answer.headers["location"])).json()["state"])

    assert ends == ["failed", "delivered"]
    assert [message["type"] for message in told(host)] == ["webhook.ping"] * 2
    assert told(host)[0]["data"] == {"webhook": issued.webhook.id}


async def test_a_new_epoch_is_told_before_what_follows(database):
    async with stranger(says(OK)) as host:
        await subscribe(database, host.url(), filters=PACKAGES)
        courier = a_courier(database)
        await happen(database, "1")
        await carry(courier)
        await execute(database, "INSERT INTO feed_epochs (epoch, place, began_at) VALUES (9, 'elsewhere', now())")
        await happen(database, "2")
        await carry(courier)
        await carry(courier)

    assert [message["type"] for message in told(host)] == ["package.upsert", "feed.restarted", "package.upsert"]
    assert told(host)[1]["data"]["epoch"] == 9


async def test_a_place_that_the_feed_does_not_know_is_left_for_its_end_and_told(database):
    async with stranger(says(OK)) as host:
        await happen(database, "1")
        await subscribe(database, host.url(), filters=PACKAGES)
        await execute(database, "UPDATE webhooks SET place = '0000000100000000000002e400000000000000019f86d081'")
        courier = a_courier(database)
        await carry(courier)
        await happen(database, "2")
        await carry(courier)

    assert [message["type"] for message in told(host)] == ["feed.restarted", "package.upsert"]
    assert codes_of(told(host)[1:]) == ["2"]


def codes_of(messages):
    return [message["data"]["package"]["code"] for message in messages]


async def test_deliveries_are_forgotten_after_a_month_and_what_waits_never(database, monkeypatch):
    clock = Clock()
    async with stranger(says(OK)) as host:
        await subscribe(database, host.url())
        courier = a_courier(database, clock)
        await happen(database, "1", "2", "3")
        await carry(courier)
        await execute(
            database,
            "UPDATE webhook_deliveries SET finished_at = now() - interval '31 days' WHERE subject LIKE '%1'",
        )
        await execute(
            database,
            "UPDATE webhook_deliveries SET state = 'pending', finished_at = NULL, payload = 'x', "
            "next_attempt_at = now() - interval '60 days' WHERE subject LIKE '%2'",
        )

    await tend_webhook_storage(database)

    assert sorted(delivery["subject"][-1] for delivery in await deliveries(database)) == ["2", "3"]

    await execute(database, "DELETE FROM webhook_deliveries WHERE state = 'pending'")
    monkeypatch.setattr(jobs, "MOST_KEPT", 0)
    await tend_webhook_storage(database)
    assert await deliveries(database) == []


async def test_a_deleted_subscription_takes_what_is_under_way_with_it(database):
    release, begun = asyncio.Event(), asyncio.Event()

    async def behave(asked, writer):
        begun.set()
        await release.wait()
        writer.write(OK)

    async with stranger(behave) as host:
        issued = await subscribe(database, host.url())
        await happen(database, "1")
        courier = a_courier(database)
        await courier.tend()
        await begun.wait()
        async with database.transaction() as session:
            await keeping.delete_webhook(session, issued.webhook.id, dry_run=False, caller=COMMAND_LINE, now=utc_now())
        release.set()
        await courier.finish()

    assert await deliveries(database) == []


async def test_what_is_broken_off_is_sent_again_under_its_id(database):
    begun = asyncio.Event()
    held = []

    async def behave(asked, writer):
        held.append(asked)
        begun.set()
        if len(held) == 1:
            await asyncio.Event().wait()
        writer.write(OK)

    async with stranger(behave) as host:
        await subscribe(database, host.url())
        await happen(database, "1")
        first = a_courier(database)
        await first.tend()
        await begun.wait()
        await first.close()
        assert (await the_webhook(database))["leased_by"] is None
        await carry(a_courier(database))

        assert len(host.asked) == 2
        assert len(set(ids(host))) == 1
    assert (await deliveries(database))[0]["state"] == "delivered"
