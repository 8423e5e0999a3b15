"""Figures that are ready are never older than the question: whatever they rest on, a change is seen at once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.kit.json import loads
from app.registry.service import note_attempt
from app.statistics import service
from tests.records import SURABAYA, a_record, door_of, execute

PATH = "/api/v1/statistics/savings?group_by=region"


async def asked(client):
    answer = await client.get(PATH)
    assert answer.status_code == 200
    return loads(answer.content)


@pytest.fixture
def computed(monkeypatch):
    """How often a figure was computed."""
    times = []
    real = service.answer

    async def counting(*args, **kwargs):
        times.append(args)
        return await real(*args, **kwargs)

    monkeypatch.setattr(service, "answer", counting)
    return times


async def test_an_unchanged_hub_computes_once_and_answers_the_same_bytes(client, database, computed):
    await (await door_of(database)).record(a_record("1"))

    answers = {(await client.get(PATH)).content for _ in range(3)}

    assert len(answers) == len(computed) == 1


async def test_a_new_package_and_a_correction_are_seen_at_once(client, database):
    door = await door_of(database)
    before = await asked(client)
    await door.record(a_record("1"))
    first = await asked(client)
    await door.record(a_record("1", pagu=Decimal(2000000)))
    second = await asked(client)

    assert [answer["total"]["by_pagu"]["savings"] for answer in (before, first, second)] == [0, 200000, 1200000]


async def test_a_complete_reading_is_seen_at_once(client, database):
    before = await asked(client)
    node = (await door_of(database, SURABAYA)).sender.node_id
    now = datetime.now(UTC)

    async with database.transaction() as session:
        await note_attempt(session, node_id=node, fiscal_year=2025, state="completed", software_version=None, now=now)

    after = await asked(client)
    assert (before["coverage"]["fresh_nodes"], after["coverage"]["fresh_nodes"]) == (0, 1)
    assert after["as_of"] is not None


async def test_another_region_of_an_institution_is_seen_at_once(client, database):
    await (await door_of(database)).record(a_record("1"))
    before = await asked(client)

    await execute(database, "UPDATE institutions SET region = '35.79' WHERE kd_klpd = 'D181'")

    try:
        assert [answer["items"][0]["region"] for answer in (before, await asked(client))] == ["35.78", "35.79"]
    finally:
        await execute(database, "UPDATE institutions SET region = '35.78' WHERE kd_klpd = 'D181'")


async def test_a_reader_who_has_the_figure_is_told_so(client, database):
    await (await door_of(database)).record(a_record("1"))
    tag = (await client.get(PATH)).headers["etag"]

    again = await client.get(PATH, headers={"If-None-Match": tag})
    await (await door_of(database)).record(a_record("2"))
    changed = await client.get(PATH, headers={"If-None-Match": tag})

    assert (again.status_code, changed.status_code) == (304, 200)
    assert again.headers["x-request-id"] != changed.headers["x-request-id"]
