"""Packages follow when the register learns something: a name's institution, a node's clock."""

from datetime import UTC, datetime

from sqlalchemy import text

from app.procurement.jobs import derive_node
from app.registry.service import DERIVE_NODE, revise_node
from app.statistics.verification import verify_figures
from tests.conftest import NOW
from tests.records import SURABAYA, a_record, door_of

LATE_IN_DECEMBER = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)


async def states(database):
    async with database.reading() as session:
        rows = await session.execute(
            text("SELECT code, institution, awarded_month, version FROM packages ORDER BY code")
        )
        return [tuple(row) for row in rows]


async def test_a_name_learnt_later_finds_its_institution(database):
    door = await door_of(database)
    await door.record(a_record("1", institution_name="Dinas Rekaan Kota"), a_record("2"))
    async with database.transaction() as session:
        await session.execute(
            text("INSERT INTO institution_aliases (key, kd_klpd) VALUES ('dinas rekaan kota', 'D181')")
        )

    changed = await derive_node(database, door.sender.node_id)

    assert changed == 1
    assert [(code, institution, version) for code, institution, _, version in await states(database)] == [
        ("1", "D181", 2),
        ("2", "D181", 1),
    ]
    async with database.reading() as session:
        assert (await verify_figures(session)).differences == ()


async def test_a_node_moved_to_another_clock_has_its_months_told_anew(database):
    door = await door_of(database)
    await door.record(a_record("1", awarded_at=LATE_IN_DECEMBER))
    assert [month for _, _, month, _ in await states(database)] == ["2025-12"]

    async with database.transaction() as session:
        await revise_node(session, SURABAYA, {"time_zone": "WITA"}, now=NOW)

    async with database.reading() as session:
        jobs = (await session.execute(text("SELECT task_name, args FROM procrastinate_jobs"))).all()
    assert [(job.task_name, job.args) for job in jobs] == [(DERIVE_NODE, {"node_id": door.sender.node_id})]
    await derive_node(database, door.sender.node_id)
    assert [month for _, _, month, _ in await states(database)] == ["2026-01"]
    async with database.reading() as session:
        assert (await verify_figures(session)).differences == ()


async def test_deriving_what_is_as_it_was_changes_nothing(database):
    door = await door_of(database)
    await door.record(*(a_record(str(number)) for number in range(1, 8)))
    before = await states(database)

    assert await derive_node(database, door.sender.node_id) == 0
    assert await states(database) == before
