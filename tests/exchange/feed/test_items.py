"""What an item says: the thing itself, with nothing that is not for everybody."""

import hashlib

from sqlalchemy import text

from app.access.callers import COMMAND_LINE
from app.collection.service import start_run
from app.core.vocabulary import Interface
from app.exchange.feed.items import FORMAT, package_document, written
from app.kit.json import dumps, loads
from app.procurement.service import withdraw_packages
from app.registry.service import EndpointDraft, NodeDraft, register_node, retire_node, revise_node
from app.statistics.reported import Statement, Totals, state_figures
from tests.conftest import NOW
from tests.exchange.feed.following import at_the_end, keys
from tests.records import SURABAYA, a_record, an_award, door_of, package

NPWP = "012345678901000"
PHONE = "0812-3456-7890"


async def test_a_package_is_told_as_its_history_tells_it(database, client):
    door = await door_of(database)
    follower = await at_the_end(database)
    await door.record(a_record("10001000", description="Pekerjaan contoh"))

    (item,) = await follower.catch_up()

    told = item["package"]
    history = (await client.get(f"/api/v1/packages/{SURABAYA}/tender/10001000/history")).json()["items"][0]["package"]
    assert {name: value for name, value in told.items() if name in history} == loads(dumps(history))
    assert (told["node"], told["kind"], told["code"], told["version"]) == (SURABAYA, "tender", "10001000", 1)
    assert (told["withdrawn"], told["value"]) == (False, history["value"])


async def test_nothing_personal_leaves_with_a_package(database):
    door = await door_of(database)
    follower = await at_the_end(database)
    await door.record(
        a_record(
            "1",
            name=f"Hubungi {PHONE}",
            awards=[an_award("CV Contoh", npwp=NPWP, contract_value=None, address="Jl. Contoh, a@contoh.example")],
        )
    )

    (item,) = await follower.catch_up()

    said = dumps(item).decode()
    assert NPWP not in said
    assert PHONE not in said
    assert "a@contoh.example" not in said
    assert "identity" not in said


async def test_a_withdrawn_package_is_a_tombstone_that_says_how_it_was(database):
    door = await door_of(database)
    await door.record(a_record("1"))
    follower = await at_the_end(database)
    async with door.writing() as session:
        await withdraw_packages(session, door.sender, [("tender", "1")], now=NOW)

    (item,) = await follower.catch_up()

    assert keys([item]) == [("1", 2, "withdrawn")]
    assert item["package"]["withdrawn"] is True
    assert item["package"]["pagu"] == (await package(database, "1"))["pagu"]


async def test_a_node_is_told_once_with_its_endpoints_when_it_is_registered_revised_and_retired(database):
    follower = await at_the_end(database)
    draft = NodeDraft(
        slug="contoh-baru",
        name="LPSE Contoh Baru",
        kd_lpse=909090,
        region="35.78",
        institution=None,
        time_zone="WIB",
        state="active",
        endpoints=(EndpointDraft(Interface.SPSE, "https://spse.contoh.example/a"),),
    )
    async with database.transaction() as session:
        await register_node(session, draft, now=NOW)
    (registered,) = await follower.catch_up()
    async with database.transaction() as session:
        endpoints = (EndpointDraft(Interface.SPSE, "https://spse.contoh.example/b"),)
        await revise_node(session, "contoh-baru", {"endpoints": endpoints, "name": "LPSE Contoh"}, now=NOW)
    (revised,) = await follower.catch_up()
    async with database.transaction() as session:
        await retire_node(session, "contoh-baru", now=NOW)
    (retired,) = await follower.catch_up()

    assert keys([registered, revised, retired]) == [
        ("contoh-baru", 1, "upsert"),
        ("contoh-baru", 2, "upsert"),
        ("contoh-baru", 3, "retired"),
    ]
    assert registered["node"]["endpoints"] == [
        {"interface": "spse", "base_url": "https://spse.contoh.example/a", "options": {}}
    ]
    assert (revised["node"]["name"], len(revised["node"]["endpoints"])) == ("LPSE Contoh", 1)
    assert retired["node"]["retired_at"] is not None


async def test_what_a_follower_would_not_see_of_a_node_is_no_change(database):
    async with database.transaction() as session:
        await revise_node(session, SURABAYA, {"name": "LPSE Contoh"}, now=NOW)
    follower = await at_the_end(database)
    async with database.transaction() as session:
        await session.execute(text("UPDATE nodes SET software_version = '4.5u20250321' WHERE slug = 'surabaya'"))
        await revise_node(session, SURABAYA, {"name": "LPSE Contoh"}, now=NOW)

    assert await follower.catch_up() == []


async def test_a_run_is_told_at_each_of_its_states_and_not_at_every_page(database):
    follower = await at_the_end(database)
    async with database.transaction() as session:
        run = await start_run(session, SURABAYA, fiscal_year=2025, now=NOW)
    for change in (
        "state = 'running', started_at = now(), attempt = 1",
        "listed = 5, seen = 5, new = 5",
        "listed = 9, seen = 9, new = 9",
        "state = 'completed', finished_at = now()",
    ):
        async with database.transaction() as session:
            await session.execute(text(f"UPDATE runs SET {change} WHERE id = :id"), {"id": run.id})

    told = [item["run"] for item in await follower.catch_up() if item["entity"] == "run"]

    assert [run["state"] for run in told] == ["queued", "running", "completed"]
    assert told[-1]["counts"]["seen"] == 9
    assert told[0]["node"] == SURABAYA


async def test_every_statement_of_a_node_is_told_with_what_identifies_people_masked(database):
    follower = await at_the_end(database)
    for savings in (1, 2):
        async with database.transaction() as session:
            await state_figures(
                session,
                SURABAYA,
                2025,
                Statement(Totals(savings=savings), {}, note=f"Tanya {PHONE}"),
                caller=COMMAND_LINE,
                expected=None,
                now=NOW,
            )

    told = await follower.catch_up()

    assert keys(told) == [(SURABAYA, 1, "upsert"), (SURABAYA, 2, "upsert")]
    assert [item["reported_figures"]["savings"] for item in told] == [1, 2]
    assert all(PHONE not in item["reported_figures"]["note"] for item in told)


def test_the_same_change_is_written_in_the_same_bytes():
    """Whoever has to change this digest raises FORMAT: checkpoints are then reckoned anew, by the new rules."""
    state = (
        '{"name": "Contoh 0812-3456-7890", "pagu": 1000000.00, "awards": [{"npwp": "012345678901000", '
        '"value": 1.50, "identity": "012345678901000|cv contoh", "supplier_name": "CV Contoh"}], "schedule": []}'
    )
    document = package_document({"node": "surabaya", "kind": "tender", "code": "1", "version": 1}, state)
    item = written({"cursor": "0" * 48, "at": NOW, "entity": "package", "op": "upsert", "version": 1}, document)

    assert FORMAT == 1
    assert hashlib.sha256(item).hexdigest() == "d210a3a19907580ea6fc2d970b2314571ceb0f4b00cdfbd3d6eb904ff1032c29"
