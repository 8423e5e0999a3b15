"""Receivers on loopback, subscriptions to them, and a courier that a test drives by hand."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.access.callers import COMMAND_LINE
from app.exchange.webhooks import keeping
from app.exchange.webhooks.messages import Filters
from app.exchange.webhooks.sending import Courier
from app.exchange.webhooks.targets import outbound_policy
from app.kit.clock import utc_now
from tests.kit.strangers import LOOPBACK, reply
from tests.records import a_record, door_of, rows

OK = reply(b"", status=204, content_length=None)


class Clock:
    """The time as a test has it."""

    def __init__(self, now=None):
        self.now = now or utc_now()

    def __call__(self):
        return self.now

    def pass_(self, **span):
        self.now += timedelta(**span)


def a_courier(database, clock=utc_now, **fields):
    policy = replace(
        outbound_policy(LOOPBACK), total_seconds=60, overall_seconds=60, connect_seconds=60, read_seconds=60
    )
    return Courier(database, policy, now=clock, **fields)


async def carry(courier):
    """One look at what has happened, and everything that is due of it."""
    await courier.tend()
    await courier.finish()


async def subscribe(database, url, *, filters=None, from_start=False, caller=COMMAND_LINE, now=None):
    async with database.transaction() as session:
        return await keeping.create_webhook(
            session,
            url=url,
            description=None,
            filters=filters or Filters(),
            from_start=from_start,
            caller=caller,
            now=now or utc_now(),
        )


async def happen(database, *codes, slug="surabaya", **fields):
    """Packages appear, or change."""
    await (await door_of(database, slug)).record(*(a_record(code, **fields) for code in codes), now=utc_now())


def told(host):
    """What a receiver was posted, as JSON."""
    return [json.loads(asked.body) for asked in host.asked]


def codes(host):
    return [message["data"]["package"]["code"] for message in told(host)]


def ids(host):
    return [asked.headers["webhook-id"] for asked in host.asked]


async def deliveries(database, **columns):
    return await rows(database, "SELECT * FROM webhook_deliveries ORDER BY cursor NULLS FIRST, id")


async def the_webhook(database):
    [found] = await rows(database, "SELECT * FROM webhooks")
    return found


async def execute(database, statement, **parameters):
    async with database.transaction() as session:
        await session.execute(text(statement), parameters)


def signature(secret, asked):
    """By the words of the standard, without our own code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode()
    return "v1," + base64.b64encode(hmac.new(key, head + asked.body, hashlib.sha256).digest()).decode()


def moment(text_):
    return datetime.fromisoformat(text_).astimezone(UTC)
