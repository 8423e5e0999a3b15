"""Every operation of the contract, asked by every kind of caller, of what is theirs, another's, and not there."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from app.access.secret import make_secret
from app.access.service import Role as KeyRole
from app.access.service import create_key
from app.kit.clock import utc_now
from app.kit.db import open_database
from app.main import create_app
from app.settings import Settings
from tests.access.callers import bearer, issue
from tests.access.matrix import ALL, EXPECTED, OWN, Line
from tests.records import a_record, an_answer, cloned, door_of, rows

in_one_world = pytest.mark.asyncio(loop_scope="module")

CONTRACT = create_app(Settings(_env_file=None, database_url="postgresql://nobody@127.0.0.1:1/x")).openapi()
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
}
A, B, NOWHERE = "surabaya", "gresikkab", "tidak-ada"
BAD = ("garbage", "former form", "expired", "revoked")
SNAPSHOT = """
    SELECT (SELECT count(*) FROM access_keys) AS keys, (SELECT count(*) FROM access_keys WHERE revoked_at IS NULL) AS valid,
           (SELECT count(*) FROM access_former_secrets) AS rotated, (SELECT count(*) FROM audit_entries) AS acts,
           (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM run_batches) AS batches,
           (SELECT count(*) FROM observations) AS observations, (SELECT count(*) FROM credentials) AS credentials,
           (SELECT count(*) FROM webhook_secrets) AS secrets, (SELECT count(*) FROM webhook_deliveries) AS deliveries,
           (SELECT md5(string_agg(w::text, '|' ORDER BY w.id)) FROM webhooks w) AS webhooks,
           (SELECT md5(string_agg(n::text, '|' ORDER BY n.id)) FROM nodes n) AS nodes,
           (SELECT md5(string_agg(p::text, '|' ORDER BY p.id)) FROM register_proposals p) AS proposals
"""


@dataclass
class World:
    """The API over a database that holds one of everything for each of two nodes."""

    client: httpx.AsyncClient
    database: Any
    secrets: dict[str, str | None]
    objects: dict[str, dict[str, Any]]
    """What stands for `{id}` and the like below a path, by target."""

    async def ask(self, operation: str, line: Line, caller: str, target: str) -> httpx.Response:
        method, path = OPERATIONS[operation]
        for name in re.findall(r"\{(\w+)\}", path):
            path = path.replace(f"{{{name}}}", str(self._value(path, name, target)))
        secret = self.secrets[caller]
        headers = bearer(secret) if secret is not None else {}
        return await self.client.request(method, path, json=line.body, params=line.query, headers=headers)

    def _value(self, path: str, name: str, target: str) -> Any:
        above = path[: path.index("{")].removeprefix("/api/v1/").strip("/")
        key = f"{above}/{name}" if f"{above}/{name}" in self.objects else name
        assert key in self.objects, f"what stands for {{{name}}} in {path}? Add it to the world of this test"
        return self.objects[key][target]


def of_each(own: Any, foreign: Any, missing: Any) -> dict[str, Any]:
    return {A: own, B: foreign, NOWHERE: missing}


def everywhere(value: Any, missing: Any) -> dict[str, Any]:
    return {A: value, B: value, NOWHERE: missing}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server, template):
    with cloned(server, template) as urls:
        settings = Settings(
            _env_file=None, database_url=urls.app, log_level="error",
            rate_per_address=0, rate_per_key=0, failed_keys_per_address=0,
        )  # fmt: skip
        app = create_app(settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        database = open_database(urls.app, pool_size=3)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://rakor.test") as client,
        ):
            made = World(client, database, await _secrets(database), {})
            made.objects = await _objects(made)
            yield made
        await database.close()


async def _secrets(database) -> dict[str, str | None]:
    async with database.transaction() as session:
        past = utc_now() - timedelta(seconds=1)
        expired = await create_key(session, role=KeyRole.PROVINCE, name="lama", now=past, expires_at=past)
        revoked = await create_key(session, role=KeyRole.PROVINCE, name="dicabut", now=past)
        await session.execute(text("UPDATE access_keys SET revoked_at = now() WHERE name = 'dicabut'"))
    return {
        "anonymous": None,
        "garbage": make_secret(),
        "former form": "rakor_" + "x" * 43,
        "expired": expired,
        "revoked": revoked,
        A: (await issue(database, "node", A)).secret,
        B: (await issue(database, "node", B)).secret,
        "reader": (await issue(database, "reader")).secret,
        "province": (await issue(database, "province")).secret,
    }


async def _objects(world: World) -> dict[str, dict[str, Any]]:
    database, client, province = world.database, world.client, bearer(world.secrets["province"])
    observations, runs, submissions, webhooks, deliveries = {}, {}, {}, {}, {}
    for slug in (A, B):
        await (await door_of(database, slug)).record(a_record("1", raw=(an_answer(),)))
        [found] = await rows(
            database,
            "SELECT o.id FROM observations o JOIN packages p ON p.id = o.package_id JOIN nodes n ON n.id = p.node_id "
            "WHERE n.slug = :slug",
            slug=slug,
        )
        observations[slug] = found["id"]
        run = await client.post(f"/api/v1/nodes/{slug}/runs", json={"fiscal_year": 2024}, headers=province)
        runs[slug] = run.json()["id"]
        if "push_packages" in OPERATIONS:
            pushed = await client.post(
                f"/api/v1/nodes/{slug}/submissions", json=EXPECTED["push_packages"].body, headers=province
            )
            submissions[slug] = pushed.json()["id"]
        if "put_reported_figures" in OPERATIONS:
            stated = await client.put(
                f"/api/v1/nodes/{slug}/reported-figures/2025", json={"packages": 2}, headers=province
            )
            assert stated.status_code == 201, stated.text
        if "create_webhook" in OPERATIONS:
            node = bearer(world.secrets[slug])
            subscribed = await client.post("/api/v1/webhooks", json=EXPECTED["create_webhook"].body, headers=node)
            webhooks[slug] = subscribed.json()["id"]
            sent = await client.post(f"/api/v1/webhooks/{webhooks[slug]}/ping", headers=node)
            deliveries[slug] = sent.json()["id"]
    batch = await client.post("/api/v1/run-batches", json={"province": "35", "fiscal_year": 2024}, headers=province)
    async with database.transaction() as session:
        proposal = await session.scalar(
            text("""
                INSERT INTO register_proposals (subject, key, what, proposed, source, first_seen_at, last_seen_at, state)
                VALUES ('node', '990001', 'new', '{"slug": "lpse-990001", "name": "x", "kd_lpse": 990001, "state": "discovered"}',
                        'contoh', now(), now(), 'open')
                RETURNING id
            """)
        )
    prepared = await client.get("/api/v1/exports/packages.csv", params={"prepared": "true"})
    spare = {slug: (await issue(database, "node", slug)).key.id for slug in (A, B)}
    return {
        "node": of_each(A, B, NOWHERE),
        "keys/id": of_each(spare[A], spare[B], 999_999),
        "runs/id": of_each(runs[A], runs[B], 999_999),
        "run-batches/id": everywhere(batch.json()["id"], 999_999),
        "register-proposals/id": everywhere(proposal, 999_999),
        "submissions/id": of_each(submissions.get(A), submissions.get(B), 999_999),
        "webhook": of_each(webhooks.get(A), webhooks.get(B), 999_999),
        "delivery": of_each(deliveries.get(A), deliveries.get(B), 999_999),
        "exports/prepared/id": everywhere(prepared.json()["id"], "00000000-0000-0000-0000-000000000000"),
        "exports/dataset": everywhere("packages", "tidak-ada"),
        "form": everywhere("csv", "pdf"),
        "observation": of_each(observations[A], observations[B], 999_999),
        "page": everywhere("pengumuman", "pengumuman"),
        "kind": everywhere("tender", "tender"),
        "code": everywhere("1", "1"),
        "regions/code": everywhere("35.78", "99.99"),
        "fiscal_year": everywhere(2025, 2025),
        "year": everywhere(2025, 2025),
        "ocid": of_each(*(f"ocds-000000-{slug}.tender.1" for slug in (A, B, NOWHERE))),
        "release": of_each(*(f"ocds-000000-{slug}.tender.1-1" for slug in (A, B, NOWHERE))),
        "ocds/extensions/name": everywhere("bids", "tidak-ada"),
        "file": everywhere("extension.json", "extension.json"),
        "suffix": everywhere("csv", "csv"),
        "schema": everywhere("rakor-package", "tidak-ada"),
        "ranking": everywhere("savings", "tidak-ada"),
        "formula": everywhere("savings", "tidak-ada"),
        "supplier": everywhere((await rows(database, "SELECT id FROM suppliers"))[0]["id"], 999_999),
    }


def expected(line: Line, caller: str, target: str, *, has_objects: bool) -> set[int]:
    """What the table says that this caller is answered."""
    good = line.missing if target == NOWHERE and has_objects else line.good
    if caller in BAD:
        return {401} if line.who.keys_looked_at else good
    if caller == "anonymous":
        return good if line.who.anonymous == ALL else {401}
    reach = getattr(line.who, caller if caller in {"reader", "province"} else "node")
    if reach == ALL or (reach == OWN and caller == target):
        return good
    return {line.refused}


def test_every_operation_of_the_contract_has_a_line_in_the_table():
    assert set(OPERATIONS) - set(EXPECTED) == set(), "a new route: say in tests/access/matrix.py who may ask it"


def test_what_the_table_does_not_call_public_says_in_the_contract_that_it_looks_at_keys():
    for operation, (method, path) in OPERATIONS.items():
        declared = CONTRACT["paths"][path][method.lower()].get("security")
        assert bool(declared) is EXPECTED[operation].who.keys_looked_at, operation


@in_one_world
@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_each_caller_is_answered_as_the_table_says(world, operation):
    line = EXPECTED[operation]
    has_objects = "{" in OPERATIONS[operation][1]
    targets = (A, B, NOWHERE) if has_objects else (A,)
    asked = [(caller, target) for caller in world.secrets for target in targets]
    refusals = {401, line.refused} if line.refused != 404 else {401}
    # Those who may not come first: whatever they asked, nothing has changed.
    asked.sort(key=lambda pair: not expected(line, *pair, has_objects=has_objects) <= refusals)
    before, is_checked = await rows(world.database, SNAPSHOT), False

    for caller, target in asked:
        wanted = expected(line, caller, target, has_objects=has_objects)
        if not wanted <= refusals and not is_checked:
            assert await rows(world.database, SNAPSHOT) == before
            is_checked = True
        answer = await world.ask(operation, line, caller, target)

        assert answer.status_code in wanted, (caller, target, answer.text[:300])
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["request_id"]


OWN_ONLY = sorted(name for name in OPERATIONS if name in EXPECTED and EXPECTED[name].who.node == OWN)


@in_one_world
@pytest.mark.parametrize("operation", OWN_ONLY)
async def test_what_belongs_to_another_looks_like_what_is_not_there(world, operation):
    line = EXPECTED[operation]
    for body in (line.body, None if line.body is None else {"salah": True}):
        asked = [
            await world.ask(operation, Line(line.who, body, query=line.query), A, target) for target in (B, NOWHERE)
        ]
        told = [
            (answer.status_code, re.sub(r"\d+", "…", answer.json()["detail"]), answer.json()["code"])
            for answer in asked
        ]
        assert told[0] == told[1]
        assert told[0][0] == line.refused
