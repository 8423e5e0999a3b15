"""What tests of the push door share: rows that are plainly invented, a key of the node, and a worker in this process."""

import json

import httpx
import pytest

from app.access.callers import COMMAND_LINE, Role
from app.access.keys import KeyDraft, issue_key
from app.kit.clock import utc_now
from app.submission.processing import Intake, process_submission

SLUG = "surabaya"
URL = f"/api/v1/nodes/{SLUG}/submissions"


def a_row(code="9001", **fields):
    """A completed tender that saves 100 of 1000."""
    row = {
        "kind": "tender",
        "code": code,
        "fiscal_year": 2025,
        "name": f"Pengadaan Contoh {code}",
        "status": "completed",
        "pagu": 1000,
        "hps": 950.5,
        "contract_value": 900.25,
    }
    return {**row, **fields}


def lines(*rows):
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


class Sender:
    """Whoever pushes with one key."""

    def __init__(self, client: httpx.AsyncClient, key: str, url: str = URL) -> None:
        self.client = client
        self.url = url
        self.headers = {"Authorization": f"Bearer {key}"}

    async def push(self, *rows, content_type="application/x-ndjson", body=None, headers=None, **params):
        content = lines(*rows) if body is None else body
        sent = {**self.headers, "Content-Type": content_type, **(headers or {})}
        return await self.client.post(self.url, content=content, params=params, headers=sent)

    async def get(self, path, **params):
        return await self.client.get(path, params=params, headers=self.headers)

    async def problems(self, receipt):
        return (await self.get(f"/api/v1/submissions/{receipt['id']}/problems", limit=1000)).json()["items"]


async def make_key(database, role, *nodes):
    async with database.transaction() as session:
        draft = KeyDraft(role, "Kunci Contoh", frozenset(nodes))
        return (await issue_key(session, draft, caller=COMMAND_LINE, now=utc_now())).secret


@pytest.fixture
async def node_key(database):
    return await make_key(database, Role.NODE, SLUG)


@pytest.fixture
async def sender(client, node_key):
    return Sender(client, node_key)


@pytest.fixture
async def packages(client):
    async def read(node=SLUG):
        answer = await client.get("/api/v1/packages", params={"node": node, "limit": 1000})
        return {item["code"]: item for item in json.loads(answer.text, parse_float=str)["items"]}

    return read


@pytest.fixture
async def work(database):
    """Do what a worker would do for a submission."""

    async def process(receipt, **options):
        await process_submission(Intake(database, **options), receipt["id"])

    return process


def conserves(counts):
    return counts["seen"] == sum(
        counts[name] for name in ("new", "changed", "unchanged", "superseded", "rejected", "duplicate")
    )
