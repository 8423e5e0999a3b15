"""Figures are recomputed from what they follow from, and whatever was tampered with is found."""

import asyncio
import os
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli import app
from app.core.vocabulary import Interface
from app.kit.db import open_database
from app.kit.json import loads
from app.statistics.verify import verify_figures
from tests.conftest import NOW
from tests.records import JAYAPURA, SURABAYA, a_record, door_of, empty, execute, minutes, rows
from tests.statistics.worlds import FIELDS, SENT, a_varied_world, record


async def differences(database):
    async with database.reading() as session:
        return (await verify_figures(session)).differences


@pytest.fixture
def environment(database_urls, tmp_path):
    return {
        "RAKOR_DATABASE_URL": database_urls.app,
        "RAKOR_MIGRATION_URL": database_urls.owner,
        "RAKOR_DATA_DIR": str(tmp_path / "unused"),
        "COLUMNS": "300",
    }


@pytest.fixture
def verify(environment):
    """The command, inside this process: its exit code and its JSON answer."""

    def run():
        result = CliRunner().invoke(app, ["verify", "--json"], env=environment)
        return result.exit_code, loads(result.stdout)

    return run


@pytest.fixture
def arrange(database_urls):
    """Do something with the database before the command runs, which wants the main thread for itself."""

    async def open_and_do(url, work):
        database = open_database(url, pool_size=1)
        try:
            await work(database)
        finally:
            await database.close()

    yield lambda work, *, url=database_urls.app: asyncio.run(open_and_do(url, work))
    empty(database_urls)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(SENT, min_size=1, max_size=12), st.lists(st.tuples(st.integers(0, 3), FIELDS), max_size=5))
async def test_figures_agree_after_any_writes(database, database_urls, sent, timed):
    empty(database_urls)
    await record(database, sent)
    door = (await door_of(database)).speaking(Interface.ISB)
    for at, fields in timed:
        await door.record(a_record("1", source_at=NOW + minutes(at), **fields))

    assert await differences(database) == ()


def test_the_command_says_that_all_agree_and_over_how_much(arrange, verify):
    arrange(lambda database: record(database, list(a_varied_world())))

    code, answer = verify()

    assert (code, answer["agree"], answer["differences"]) == (0, True, [])
    assert answer["packages"] == 60
    assert 30 < answer["groups"] <= 60


def test_an_empty_hub_agrees(verify):
    assert verify() == (
        0,
        {
            "agree": True,
            "packages": 0,
            "groups": 0,
            "differences": [],
            "audit": {"entries": 0, "first_broken": None, "seal": "0" * 64},
        },
    )


async def record_one(database):
    await (await door_of(database)).record(a_record("1"))
    assert await differences(database) == ()


ALL = {"observations", "versions", "packages"}
WITHOUT_TRIGGERS = "ALTER TABLE packages DISABLE TRIGGER USER; {}; ALTER TABLE packages ENABLE TRIGGER USER"
TAMPERINGS = {
    "a summary's amount": (ALL, "UPDATE package_summaries SET pagu_value = pagu_value + 0.01"),
    "a summary's count": (ALL, "UPDATE package_summaries SET no_hps = no_hps + 1"),
    "a summary moved": (ALL, "UPDATE package_summaries SET fiscal_year = 2031"),
    "a summary removed": (ALL, "DELETE FROM package_summaries"),
    "a summary set to nothing": (ALL, "UPDATE package_summaries SET packages = 0"),
    "a summary invented": (
        ALL,
        "INSERT INTO package_summaries SELECT node_id, 2031, kind, institution, category, method, awarded_month, 1"
        + 15 * ", 0"
        + " FROM package_summaries",
    ),
    "an observed pagu": ({"observations"}, "UPDATE observations SET fields = jsonb_set(fields, '{pagu}', '5.00')"),
    "an observed winner": (
        {"observations"},
        "UPDATE observations SET fields = jsonb_set(fields, '{awards,0,contract_value}', '800000.01')",
    ),
    "an observed status": (
        {"observations"},
        "UPDATE observations SET fields = jsonb_set(fields, '{status}', '\"failed\"')",
    ),
    "an observed day of award": ({"observations"}, "UPDATE observations SET fields = fields - 'awarded_at'"),
    "an observation put out of force": ({"observations"}, "UPDATE observations SET is_current = false"),
    "an observation removed": ({"observations"}, "DELETE FROM observations"),
    "a version's value": ({"versions"}, "UPDATE package_versions SET state = jsonb_set(state, '{value}', '1.00')"),
    "a version's institution": (
        {"versions"},
        "UPDATE package_versions SET state = jsonb_set(state, '{institution}', '\"D158\"')",
    ),
    "a version removed": ({"versions"}, "DELETE FROM package_versions"),
    "a package's value": ({"observations", "versions"}, "UPDATE packages SET value = value - 0.01"),
    "a package's status": (
        {"observations", "versions"},
        "UPDATE packages SET status = 'failed', value = NULL, value_basis = NULL",
    ),
    "a package's basis": ({"observations", "versions"}, "UPDATE packages SET value_basis = 'bid'"),
    "a package's year": ({"observations", "versions"}, "UPDATE packages SET fiscal_year = 2024"),
    "a package's month": ({"observations", "versions"}, "UPDATE packages SET awarded_month = '2025-06'"),
    "a package's institution": ({"versions"}, "UPDATE packages SET institution = 'D158'"),
    "a package's value behind the triggers": (
        {"packages"},
        WITHOUT_TRIGGERS.format("UPDATE packages SET value = value - 0.01"),
    ),
    "a package behind the triggers": (ALL, "TRUNCATE packages CASCADE"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_found_and_said_against_what(arrange, verify, database_urls, tampering):
    against, statements = TAMPERINGS[tampering]
    arrange(record_one)
    arrange(lambda owner: execute(owner, *statements.split(";")), url=database_urls.owner)

    code, answer = verify()

    assert (code, answer["agree"]) == (1, False)
    assert {difference["against"] for difference in answer["differences"]} == against
    assert {difference["key"]["node"] for difference in answer["differences"]} == {"surabaya"}


async def test_a_difference_names_the_figure_and_both_numbers(database):
    await (await door_of(database)).record(a_record("1"), a_record("2", fiscal_years=[2024]))
    await execute(database, "UPDATE package_summaries SET hps_value = hps_value + 1 WHERE fiscal_year = 2024")

    found = {difference.against: difference for difference in await differences(database)}

    assert set(found) == ALL
    for difference in found.values():
        assert (difference.figure, difference.published, difference.recomputed) == ("by_hps.value", 800001, 800000)
        assert (difference.key["fiscal_year"], difference.key["institution"]) == (2024, "D181")


IN_EVERY_PIECE = {
    "observations": "UPDATE observations SET fields = jsonb_set(fields, '{pagu}', '5.00') WHERE package_id = {id}",
    "versions": "UPDATE package_versions SET state = jsonb_set(state, '{pagu}', '5.00') WHERE package_id = {id}",
    "packages": WITHOUT_TRIGGERS.format("UPDATE packages SET pagu = 5 WHERE id = {id}"),
}


@pytest.mark.parametrize("against", IN_EVERY_PIECE)
async def test_tampering_is_found_in_every_piece_of_every_node(database, against):
    for slug in (SURABAYA, JAYAPURA):
        await (await door_of(database, slug)).record(*(a_record(str(n), fiscal_years=[2021 + n]) for n in range(5)))
    packages = await rows(
        database, "SELECT p.id, slug, fiscal_year FROM packages p JOIN nodes n ON n.id = node_id ORDER BY p.id"
    )
    assert len(packages) == 10
    for package in packages:
        await execute(database, *IN_EVERY_PIECE[against].replace("{id}", str(package["id"])).split(";"))

    steps = []
    async with database.reading() as session:
        found = await verify_figures(session, lambda *step: steps.append(step), piece=2)

    assert (found.packages, found.groups) == (10, 10)
    assert steps == [(done, 10) for done in (2, 4, 5, 7, 9, 10)]
    assert [(told.against, told.figure, told.recomputed) for told in found.differences] == 10 * [
        (against, "by_pagu.pagu", 5)
    ]
    assert {(told.key["node"], told.key["fiscal_year"]) for told in found.differences} == {
        (package["slug"], package["fiscal_year"]) for package in packages
    }


async def test_figures_of_several_pieces_are_added_up_exactly(database):
    large = Decimal("999999999999999999.99")
    await (await door_of(database)).record(*(a_record(str(n), pagu=large) for n in range(5)))

    async with database.reading() as session:
        found = await verify_figures(session, piece=2)

    assert (found.packages, found.groups, found.differences) == (5, 1, ())


async def test_what_is_written_meanwhile_is_no_difference(database):
    door = await door_of(database)
    await door.record(*(a_record(str(n)) for n in range(4)))
    async with database.reading() as session:
        await session.execute(text("SELECT 1 FROM packages"))
        await door.record(a_record("9"))
        found = await verify_figures(session, piece=2)

    assert (found.packages, found.differences) == (4, ())


def test_the_command_tells_people_which_figure_differs(arrange, environment):
    command = [sys.executable, "-m", "app.cli", "verify"]
    arrange(record_one)
    arrange(lambda database: execute(database, "UPDATE package_summaries SET completed = 0"))

    found = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )

    assert found.returncode == 1, found.stderr
    assert "completed" in found.stdout
    assert "surabaya 2025 tender D181 works tender 2025-07" in found.stdout
