"""Messages reach their receivers: signed, in order, at least once, whatever happens in between."""

import asyncio
import json
from datetime import datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.access.callers import COMMAND_LINE
from app.exchange.webhooks import filling, keeping
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
    signature,
    subscribe,
    the_webhook,
    told,
)
from tests.kit.strangers import redirect, reply, says, stranger
from tests.records import rows

FAILS = reply(b"kaput, call 0812 3456 7890", status=500)


async def test_what_happens_is_told_as_the_feed_says_it_and_signed(database, client):
    async with stranger(says(OK)) as host:
        issued = await subscribe(database, host.url("/hook"))
        await happen(database, "1")
        await carry(a_courier(database))

    [asked], [message] = host.asked, told(host)
    page = (await client.get("/api/v1/changes", params={"entity": "package"})).json()
    assert (asked.method, asked.target) == ("POST", "/hook")
    assert asked.headers["content-type"] == "application/json"
    assert message["type"] == "package.upsert"
    assert message["data"] == page["items"][0]
    assert datetime.fromisoformat(message["timestamp"]) == datetime.fromisoformat(page["items"][0]["at"])
    assert asked.headers["webhook-signature"] == signature(issued.secret, asked)
    assert asked.headers["webhook-id"] == f"chg_{page['items'][0]['cursor']}"


async def test_somebody_elses_verifier_takes_our_signature(database):
    async with stranger(says(OK)) as host:
        issued = await subscribe(database, host.url())
        await happen(database, "1")
        await carry(a_courier(database))

    verifier = Webhook(issued.secret)
    assert verifier.verify(host.asked[0].body, host.asked[0].headers)["type"] == "package.upsert"
    with pytest.raises(WebhookVerificationError):
        verifier.verify(host.asked[0].body + b" ", host.asked[0].headers)


async def test_a_rotated_secret_signs_beside_the_former_until_that_ends(database):
    clock = Clock()
    async with stranger(says(OK)) as host:
        issued = await subscribe(database, host.url(), now=clock.now)
        async with database.transaction() as session:
            rotated = await keeping.rotate_secret(
                session, issued.webhook.id, overlap=keeping.timedelta(hours=1), caller=COMMAND_LINE, now=clock.now
            )
        courier = a_courier(database, clock)
        await happen(database, "1")
        await carry(courier)
        clock.pass_(hours=2)
        await happen(database, "2")
        await carry(courier)

    first, second = host.asked
    assert first.headers["webhook-signature"].split() == [
        signature(rotated.secret, first),
        signature(issued.secret, first),
    ]
    assert second.headers["webhook-signature"] == signature(rotated.secret, second)


async def test_a_subscription_begins_at_the_present_end_or_at_the_start(database):
    await happen(database, "1")
    async with stranger(says(OK)) as late, stranger(says(OK)) as all_:
        only = Filters(entity=("package",))
        await subscribe(database, late.url(), filters=only)
        await subscribe(database, all_.url(), filters=only, from_start=True)
        await happen(database, "2")
        await carry(a_courier(database))

    assert codes(late) == ["2"]
    assert sorted(codes(all_)) == ["1", "2"]


FILTERED = [
    (Filters(), ["node.upsert surabaya", "package.upsert 1", "package.upsert 2", "package.upsert 3"]),
    (Filters(type=("node.upsert",)), ["node.upsert surabaya"]),
    (Filters(entity=("node", "run")), ["node.upsert surabaya"]),
    (Filters(op=("withdrawn",)), []),
    (Filters(node=("gresikkab",)), ["package.upsert 3"]),
    (Filters(node=("surabaya",), entity=("package",)), ["package.upsert 1", "package.upsert 2"]),
    (Filters(kind=("non_tender",)), []),
    (Filters(fiscal_year=(2024,)), ["package.upsert 2"]),
    (Filters(status=("completed",), fiscal_year=(2025,)), ["package.upsert 1", "package.upsert 3"]),
]


async def test_filters_let_through_what_they_name(database):
    async with stranger(says(OK)) as host:
        for number, (filters, _wanted) in enumerate(FILTERED):
            await subscribe(database, host.url(f"/{number}"), filters=filters)
        await execute(database, "UPDATE nodes SET name = 'LPSE Contoh' WHERE slug = 'surabaya'")
        await happen(database, "1")
        await happen(database, "2", fiscal_years=[2024])
        await happen(database, "3", slug="gresikkab")
        await carry(a_courier(database))

    heard = {number: [] for number in range(len(FILTERED))}
    for asked, message in zip(host.asked, told(host), strict=True):
        document = message["data"].get("package") or message["data"]["node"]
        heard[int(asked.target[1:])].append(f"{message['type']} {document.get('code') or document['slug']}")
    assert [sorted(each) for each in heard.values()] == [wanted for _filters, wanted in FILTERED]


async def test_a_failed_message_is_tried_again_by_the_schedule_under_its_id(database):
    clock = Clock()
    async with stranger(says(FAILS, FAILS, OK)) as host:
        await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, "1")
        await carry(courier)
        await carry(courier)
        assert len(host.asked) == 1
        clock.pass_(seconds=7)
        await carry(courier)
        clock.pass_(minutes=3)
        await carry(courier)
        assert len(host.asked) == 2
        clock.pass_(minutes=4)
        await carry(courier)

    [delivery] = await deliveries(database)
    assert len(set(ids(host))) == 1
    assert len({asked.headers["webhook-timestamp"] for asked in host.asked}) == 3
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 500, 204]
    assert delivery["attempts"][0]["error"] == "http-500"
    assert delivery["attempts"][0]["detail"] == "kaput, call **** **** ****"
    assert delivery["payload"] is None


async def test_after_three_days_a_message_is_given_up_and_kept(database):
    clock = Clock()
    async with stranger(says(FAILS)) as host:
        await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, "1")
        began = clock.now
        for _attempt in range(10):
            await carry(courier)
            [delivery] = await deliveries(database)
            clock.now = delivery["next_attempt_at"] or clock.now
            # Held receivers are asked a little later.
            clock.pass_(minutes=11 if delivery["next_attempt_at"] else 0)

    assert delivery["state"] == "failed"
    assert delivery["payload"] is not None
    assert len(host.asked) == 10
    assert 2 <= (clock.now - began).days <= 4


@pytest.mark.parametrize(
    ("answer", "error"), [(redirect("/b"), "http-302"), (reply(b"x" * 70_000), "answer-too-large")]
)
async def test_only_a_small_answer_of_2xx_takes_a_message(database, answer, error):
    async with stranger(says(answer)) as host:
        await subscribe(database, host.url())
        await happen(database, "1")
        await carry(a_courier(database))

    [delivery] = await deliveries(database)
    assert (len(host.asked), delivery["state"], delivery["attempts"][0]["error"]) == (1, "pending", error)


async def test_retry_after_is_kept_within_bounds(database):
    clock = Clock()
    asks = [reply(b"", status=503, retry_after="1200"), OK]
    async with stranger(says(*asks)) as host:
        await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, "1")
        await carry(courier)
        await happen(database, "2")
        clock.pass_(minutes=19)
        await carry(courier)
        assert len(host.asked) == 1
        clock.pass_(minutes=2)
        await carry(courier)

    assert codes(host) == ["1", "1", "2"]


async def test_what_is_told_of_one_thing_is_told_in_order_and_holds_up_nothing_else(database):
    clock = Clock()
    refused = []

    async def behave(asked, writer):
        code = json.loads(asked.body)["data"]["package"]["code"]
        first = code == "1" and not refused
        refused.append(code) if first else None
        writer.write(FAILS if first else OK)

    async with stranger(behave) as host:
        await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, "1")
        await happen(database, "1", name="Pekerjaan yang berganti nama")
        await happen(database, "2")
        await carry(courier)
        assert sorted(codes(host)) == ["1", "2"]
        clock.pass_(seconds=7)
        await carry(courier)

    of_one = [message["data"]["version"] for message in told(host) if message["data"]["package"]["code"] == "1"]
    assert of_one == [1, 1, 2]


async def test_gone_disables_and_enabling_misses_nothing(database):
    clock = Clock()
    gone = reply(b"", status=410)
    async with stranger(says(gone, OK)) as host:
        issued = await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, "1")
        await carry(courier)
        await happen(database, "2")
        clock.pass_(days=9)
        await carry(courier)
        disabled = await the_webhook(database)
        assert len(host.asked) == 1
        async with database.transaction() as session:
            await keeping.revise_webhook(
                session, issued.webhook.id, {"state": "active"}, caller=COMMAND_LINE, now=clock.now
            )
        await carry(courier)

    assert (disabled["state"], disabled["reason"]) == ("disabled", "gone")
    assert codes(host)[0] == "1"
    assert sorted(codes(host)[1:]) == ["1", "2"]
    [entry] = await rows(database, "SELECT actor, details FROM audit_entries WHERE act = 'webhook.disabled'")
    assert (entry["actor"], entry["details"]["reason"]) == ("worker", "gone")


async def test_five_days_without_a_success_disable(database):
    clock = Clock()
    async with stranger(says(FAILS)) as host:
        issued = await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, "1")
        for number in range(2, 30):
            await carry(courier)
            clock.pass_(hours=6)
            await happen(database, str(number))
        webhook = await the_webhook(database)
        seen = len(host.asked)
        await carry(courier)
        assert len(host.asked) == seen

    assert (webhook["state"], webhook["reason"]) == ("disabled", "failing")
    async with stranger(says(OK)) as host:
        async with database.transaction() as session:
            await keeping.revise_webhook(
                session, issued.webhook.id, {"state": "active", "url": host.url()}, caller=COMMAND_LINE, now=clock.now
            )
        await carry(courier)
    assert sorted(codes(host), key=int) == [str(number) for number in range(1, 30)]


async def test_a_failing_receiver_is_asked_ever_less_and_all_that_waits_comes_when_it_is_back(database):
    clock = Clock()
    is_down = True

    async def behave(asked, writer):
        writer.write(FAILS if is_down else OK)

    async with stranger(behave) as host:
        await subscribe(database, host.url(), now=clock.now)
        courier = a_courier(database, clock)
        await happen(database, *map(str, range(1, 31)))
        for _second in range(60):
            await carry(courier)
            clock.pass_(seconds=1)
        asked = len(host.asked)
        is_down = False
        clock.pass_(minutes=11)
        await carry(courier)

    assert asked <= 15
    assert {delivery["state"] for delivery in await deliveries(database)} == {"delivered"}
    assert len(host.asked) == asked + 30


async def test_a_paused_subscription_hears_nothing_and_later_all(database):
    async with stranger(says(OK)) as host:
        issued = await subscribe(database, host.url())
        courier = a_courier(database)
        for state in ("paused", "active"):
            async with database.transaction() as session:
                await keeping.revise_webhook(
                    session, issued.webhook.id, {"state": state}, caller=COMMAND_LINE, now=utc_now()
                )
            if state == "paused":
                await happen(database, "1")
            await carry(courier)
            assert codes(host) == ([] if state == "paused" else ["1"])


async def test_a_slow_receiver_holds_up_nobody_else(database):
    release = asyncio.Event()

    async def slow(asked, writer):
        await release.wait()
        writer.write(OK)

    async with stranger(slow) as tired, stranger(says(OK)) as quick:
        await subscribe(database, tired.url())
        await subscribe(database, quick.url())
        courier = a_courier(database)
        await happen(database, *map(str, range(40)))
        await courier.tend()
        async with asyncio.timeout(60):
            while len(quick.asked) < 40:
                await asyncio.sleep(0.01)
                await courier.tend()
        assert len(tired.asked) <= 8
        release.set()
        await courier.finish()

    assert len(quick.asked) == len(tired.asked) == 40


async def test_two_couriers_never_send_for_one_subscription_at_the_same_time(database):
    under_way, most = 0, 0

    async def behave(asked, writer):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.002)
        under_way -= 1
        writer.write(OK)

    async with stranger(behave) as host:
        await subscribe(database, host.url())
        await happen(database, *map(str, range(60)))
        couriers = [a_courier(database) for _ in range(3)]
        await asyncio.gather(*(carry(courier) for courier in couriers))
        for courier in couriers:
            await carry(courier)

    assert len(host.asked) == len(set(ids(host))) == 60
    assert most <= 8


async def test_a_burst_becomes_deliveries_only_as_fast_as_they_are_taken(database, monkeypatch):
    release = asyncio.Event()

    async def behave(asked, writer):
        await release.wait()
        writer.write(OK)

    async with stranger(behave) as host:
        await subscribe(database, host.url())
        await happen(database, *map(str, range(450)))
        courier = a_courier(database)
        for _ in range(3):
            await courier.tend()
        assert len(await deliveries(database)) == 200
        release.set()
        await courier.finish()
        while len(host.asked) < 450:
            await carry(courier)

    assert sorted(map(int, codes(host))) == list(range(450))
    assert len(set(ids(host))) == 450


async def test_changes_are_read_once_for_all_who_stand_at_one_place(database, monkeypatch):
    reads = []
    reading = filling.read_changes

    async def counted(session, wanted, **how):
        reads.append(how["after"])
        return await reading(session, wanted, **how)

    monkeypatch.setattr(filling, "read_changes", counted)
    async with stranger(says(OK)) as host:
        for number in range(5):
            await subscribe(database, host.url(f"/{number}"), filters=Filters(kind=("tender",)))
        await happen(database, "1", "2")
        courier = a_courier(database)
        await carry(courier)
        once = len(reads)
        await carry(courier)

    assert once == len(set(reads)) == len(reads) == 1
    assert len(host.asked) == 10
