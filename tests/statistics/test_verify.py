"""Figures are recomputed from what they follow from, and whatever was tampered with is found."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli import app
from app.core.vocabulary import Interface, PackageKind, PackageStatus
from app.kit.db import open_database
from app.kit.json import loads
from app.procurement.service import withdraw_packages
from app.statistics.verification import comparing, verify_figures
from tests.conftest import NOW
from tests.records import (
    FOR_EVERY_NODE,
    JAYAPURA,
    SURABAYA,
    a_record,
    a_sketch,
    an_award,
    door_of,
    empty,
    execute,
    minutes,
    rows,
)
from tests.statistics.worlds import EVERYTHING, a_varied_world, record


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


SENDERS = st.tuples(
    st.sampled_from([SURABAYA, JAYAPURA]),
    st.sampled_from([Interface.SPSE, Interface.PUSH, Interface.INAPROC, Interface.OCDS]),
    st.sampled_from([PackageKind.TENDER] * 2 + [PackageKind.NON_TENDER] * 2 + [PackageKind.RECORDED] * 2),
    st.sampled_from(["1", "2"]),
)
WRITES = st.lists(st.tuples(SENDERS, EVERYTHING | EVERYTHING | EVERYTHING | st.none()), min_size=1, max_size=12)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(WRITES, st.lists(st.tuples(st.integers(0, 3), EVERYTHING), max_size=5))
async def test_figures_agree_after_any_writes_and_withdrawals(database, database_urls, writes, timed):
    empty(database_urls)
    for (slug, source, kind, code), fields in writes:
        door = await door_of(database, slug, source)
        if fields is None:
            async with door.writing() as session:
                await withdraw_packages(session, door.sender, [(kind, code)], now=NOW)
        else:
            await door.record(a_sketch(code, kind=kind, **fields))
    door = await door_of(database, source=Interface.ISB)
    for at, fields in timed:
        await door.record(a_sketch("1", source_at=NOW + minutes(at), **fields))

    assert await differences(database) == ()


def test_the_command_says_that_all_agree_and_over_how_much(arrange, verify):
    arrange(lambda database: record(database, list(a_varied_world())))

    code, answer = verify()

    assert (code, answer["agree"], answer["differences"]) == (0, True, [])
    assert answer["packages"] == 60
    assert 60 < answer["groups"] < 60 * 7


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


def a_full_record(code="1", **fields):
    """A completed tender of which everything is known that figures rest on."""
    usual = {
        "announced_at": datetime(2025, 6, 1, 4, tzinfo=UTC),
        "contracted_at": datetime(2025, 7, 20, 4, tzinfo=UTC),
        "fund_sources": ["APBD"],
        "rup_codes": ["55000001"],
        "business_size": "Usaha Kecil",
        "participants": 9,
        "bidders": 3,
        "schedule": [{"name": "Tahap Contoh", "changes": 2}],
        "awards": [
            an_award(
                contract_value=Decimal("800000.00"), pdn_value=Decimal("500000.00"), umk_value=Decimal("300000.00")
            )
        ],
    }
    return a_record(code, **{**usual, **fields})


A_RECORDED_ONE = a_sketch(
    "2", kind=PackageKind.RECORDED, status=PackageStatus.RUNNING, pagu=Decimal(100), realized_value=Decimal(40)
)


async def record_one(database):
    await (await door_of(database)).record(a_full_record())
    assert await differences(database) == ()


ALL = {"observations", "versions", "packages"}
SAID = {"observations", "versions"}
WITHOUT_TRIGGERS = "ALTER TABLE {1} DISABLE TRIGGER USER; {0}; ALTER TABLE {1} ENABLE TRIGGER USER"
INVENTED = "INSERT INTO {0} SELECT (jsonb_populate_record(s, '{1}')).* FROM {0} s"
TAMPERINGS = {
    "a summary's amount": (ALL, "UPDATE package_summaries SET pagu_value = pagu_value + 0.01"),
    "a summary's count": (ALL, "UPDATE package_summaries SET no_hps = no_hps + 1"),
    "a summary moved": (ALL, "UPDATE package_summaries SET fiscal_year = 2031"),
    "a summary moved to another node": (
        ALL,
        "UPDATE package_summaries SET node_id = (SELECT id FROM nodes WHERE slug = 'jatimprov')",
    ),
    "a summary of a node nobody knows": (ALL, INVENTED.format("package_summaries", '{"node_id": 99999999}')),
    "a summary removed": (ALL, "DELETE FROM package_summaries"),
    "a summary set to nothing": (ALL, "UPDATE package_summaries SET packages = 0"),
    "a summary invented": (ALL, INVENTED.format("package_summaries", '{"fiscal_year": 2031}')),
    "a leftover that is not empty": (
        ALL,
        INVENTED.format("package_summaries", '{"fiscal_year": 2031, "packages": 0}'),
    ),
    "days moved": (ALL, "UPDATE duration_summaries SET days = days + 1"),
    "days counted twice": (ALL, "UPDATE duration_summaries SET packages = packages + 1 WHERE span = 'contract'"),
    "days on another basis": (ALL, "UPDATE duration_summaries SET date_basis = ''"),
    "days removed": (ALL, "DELETE FROM duration_summaries WHERE span = 'award'"),
    "days invented": (ALL, INVENTED.format("duration_summaries", '{"kind": "non_tender"}')),
    "a supplier's value": (ALL, "UPDATE supplier_summaries SET value = value + 0.01"),
    "a supplier's awards": (ALL, "UPDATE supplier_summaries SET awards = awards + 1"),
    "a supplier's awards with a value": (ALL, "UPDATE supplier_summaries SET valued = valued - 1"),
    "a supplier's row moved": (ALL, "UPDATE supplier_summaries SET institution = ''"),
    "a supplier's row of somebody else": (ALL, "UPDATE supplier_summaries SET supplier_id = -1"),
    "a supplier's row removed": (ALL, "DELETE FROM supplier_summaries"),
    "a supplier's row invented": (ALL, INVENTED.format("supplier_summaries", '{"fiscal_year": 2031}')),
    "an observation put out of force": ({"observations"}, "UPDATE observations SET is_current = false"),
    "an observation removed": ({"observations"}, "DELETE FROM observations"),
    "an observation withdrawn": ({"observations"}, "UPDATE observations SET withdrawn_at = now()"),
    "an observation nobody can read": ({"observations"}, "UPDATE observations SET fields = '{\"awards\": 7}'"),
    "a version removed": ({"versions"}, "DELETE FROM package_versions"),
    "a version nobody can read": ({"versions"}, "UPDATE package_versions SET state = '[]'"),
    "a version's withdrawal": (
        {"versions"},
        "UPDATE package_versions SET state = jsonb_set(state, '{withdrawn}', 'true')",
    ),
    "a package's value": (SAID, "UPDATE packages SET value = value - 0.01"),
    "a package's status": (SAID, "UPDATE packages SET status = 'failed', value = NULL, value_basis = NULL"),
    "a package's basis": (SAID, "UPDATE packages SET value_basis = 'bid'"),
    "a package's year": (SAID, "UPDATE packages SET fiscal_year = 2024"),
    "a package's month": (SAID, "UPDATE packages SET awarded_month = '2025-06'"),
    "a package's institution": ({"versions"}, "UPDATE packages SET institution = 'D158'"),
    "a package behind the triggers": (ALL, "TRUNCATE packages CASCADE"),
    "an award's value": (SAID, "UPDATE awards SET value = value - 0.01"),
    "an award's value behind the triggers": (
        {"packages"},
        WITHOUT_TRIGGERS.format("UPDATE awards SET value = value - 0.01", "awards"),
    ),
    "an award removed": (SAID, "DELETE FROM awards"),
    "an award removed behind the triggers": ({"packages"}, WITHOUT_TRIGGERS.format("DELETE FROM awards", "awards")),
    "an award given to somebody else": (
        SAID,
        """
        INSERT INTO suppliers (identity, name) VALUES ('|pt khayalan', 'PT Khayalan');
        UPDATE awards SET supplier_id = (SELECT id FROM suppliers WHERE name = 'PT Khayalan')
        """,
    ),
    "a supplier renamed": (SAID, "UPDATE suppliers SET identity = '|pt khayalan'"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_found_and_said_against_what(arrange, verify, database_urls, tampering):
    against, statements = TAMPERINGS[tampering]
    arrange(record_one)
    arrange(lambda owner: execute(owner, *statements.split(";")), url=database_urls.owner)

    code, answer = verify()

    assert (code, answer["agree"]) == (1, False)
    assert {difference["against"] for difference in answer["differences"]} == against
    nodes = {difference["key"]["node"] for difference in answer["differences"]}
    assert nodes - {"jatimprov", "node 99999999"} <= {"surabaya"}


@pytest.fixture
async def tampering(database, owner):
    """Try statements one after another on the same two packages: what differs after each; nothing of it stays."""
    await (await door_of(database)).record(a_full_record(), A_RECORDED_ONE)

    async with owner.transaction() as session:
        everything = await session.begin_nested()
        await session.execute(text(FOR_EVERY_NODE))
        await session.execute(text("ALTER TABLE packages DISABLE TRIGGER USER"))
        assert (await verify_figures(session)).differences == ()

        async def find(statement):
            tried = await session.begin_nested()
            await session.execute(text(statement))
            found = (await verify_figures(session)).differences
            await tried.rollback()
            return found

        yield find
        await everything.rollback()


@pytest.fixture
async def owner(database_urls):
    """The owner, who may do to rows what the application may not."""
    opened = open_database(database_urls.owner, pool_size=1)
    yield opened
    await opened.close()


SUMMED = """
    SELECT table_name, column_name FROM information_schema.columns c
    WHERE table_name IN ('package_summaries', 'duration_summaries', 'supplier_summaries') AND NOT EXISTS (
        SELECT FROM information_schema.key_column_usage k
        WHERE (k.table_name, k.column_name) = (c.table_name, c.column_name))
"""


async def test_a_tampered_number_is_found_whichever_it_is(database, tampering):
    columns = [(row["table_name"], row["column_name"]) for row in await rows(database, SUMMED)]
    assert len(columns) > 70

    for table, column in columns:
        found = await tampering(f"UPDATE {table} SET {column} = {column} + 1")

        assert {(told.against, told.key["table"], told.figure) for told in found} == {
            (against, table, column) for against in ALL
        }


async def test_a_tampered_number_is_found_in_every_grain(database, tampering):
    grains = [row["grain"] for row in await rows(database, "SELECT DISTINCT grain FROM package_summaries")]
    assert len(grains) == 6

    for grain in grains:
        found = await tampering(f"UPDATE package_summaries SET hps_running = 0.01 WHERE grain = '{grain}'")

        assert {(told.against, told.key["grain"], told.published) for told in found} == {
            (against, grain, Decimal("0.01")) for against in ALL
        }


FACTS = {
    "fiscal_year": "2024", "kind": "'emergency'", "institution": "'D158'", "category": "'goods'",
    "method": "'selection'", "fund_sources": "'{BLUD}'", "announced_month": "'2025-05'", "awarded_month": "'2025-05'",
    "days_to_award": "1", "days_to_contract": "1", "date_basis": "'scheduled'", "pagu": "5", "hps": "5", "value": "5",
    "value_basis": "'bid'", "realized_value": "5", "pdn_value": "5", "umk_value": "5", "participants": "5",
    "bidders": "1", "business_size": "'Usaha Menengah'", "is_repeated": "true", "schedule_changes": "5",
    "rup_codes": "'{}'", "withdrawn": "true", "contract_value": "NULL, contracted_at = NULL",
    "status": "'completed', value_basis = 'contract'",
}  # fmt: skip
"""What figures rest on, each set to something else: of the tender, or of the recorded package where it is told so."""


async def test_a_tampered_fact_of_a_package_is_found_whichever_it_is(tampering):
    for column, other in FACTS.items():
        code = "2" if column in {"realized_value", "status"} else "1"
        found = await tampering(f"UPDATE packages SET {column} = {other} WHERE code = '{code}'")

        # Which process it is, and whose, is known by the package alone.
        against = {"kind": ALL, "institution": {"packages", "observations"}}.get(column, {"packages"})
        assert {told.against for told in found} == against, column


STATED = {
    "fiscal_year": "2024", "institution": '"D158"', "category": '"goods"', "method": '"selection"',
    "fund_sources": '["BLUD"]', "announced_month": '"2025-05"', "awarded_month": '"2025-05"', "days_to_award": "1",
    "days_to_contract": "1", "date_basis": '"scheduled"', "pagu": "5", "hps": "5", "value": "5", "value_basis": '"bid"',
    "realized_value": "5", "pdn_value": "5", "umk_value": "5", "participants": "5", "bidders": "1",
    "business_size": '"Usaha Menengah"', "is_repeated": "true", "schedule_changes": "5", "rup_codes": "[]",
    "withdrawn": "true", "contract_value": 'null, "contracted_at": null', "status": '"completed"',
    "awards": '[{"supplier_name": "PT Khayalan"}]',
}  # fmt: skip


async def test_a_tampered_fact_of_a_version_is_found_whichever_it_is(tampering):
    for name, other in STATED.items():
        code = "2" if name in {"realized_value", "status"} else "1"
        found = await tampering(f"""
            UPDATE package_versions SET state = state || '{{"{name}": {other}}}'
            WHERE package_id = (SELECT id FROM packages WHERE code = '{code}')
        """)

        assert {told.against for told in found} == {"versions"}, name


async def test_a_tampered_winner_of_a_version_is_found(tampering):
    for name, other in {"supplier_name": '"PT Khayalan"', "npwp": '"01.2*"', "value": "5.00"}.items():
        found = await tampering(
            f"UPDATE package_versions SET state = jsonb_set(state, '{{awards,0,{name}}}', '{other}') WHERE state #> '{{awards,0}}' IS NOT NULL"
        )

        assert {(told.against, told.key["table"]) for told in found} == {("versions", "supplier_summaries")}, name


WORDS = {
    "fiscal_years": "[2024]", "status": '"failed"', "category": '"goods"', "method": '"selection"',
    "fund_sources": '["BLUD"]', "announced_at": '"2025-05-31T16:59:59Z"', "awarded_at": "null",
    "contracted_at": '"2025-07-21T04:00:00Z"', "date_basis": '"scheduled"', "pagu": "5.00", "hps": "5.00",
    "awards,0,contract_value": "5.00", "awards,0,pdn_value": "5.00", "awards,0,umk_value": "5.00",
    "awards,0,supplier_name": '"PT Khayalan"', "awards,0,npwp": '"01.2*"', "participants": "5", "bidders": "1",
    "business_size": '"Usaha Menengah"', "labels": '["Tender Ulang"]', "source_ids": '{"versi_tender": "2"}',
    "schedule,0,changes": "5", "rup_codes": "[]", "awards": "[]",
}  # fmt: skip


async def test_a_tampered_word_of_a_source_is_found_whichever_it_is(tampering):
    for place, other in WORDS.items():
        found = await tampering(
            f"UPDATE observations SET fields = jsonb_set(fields, '{{{place}}}', '{other}') WHERE fields ? 'awards'"
        )
        assert {told.against for told in found} == {"observations"}, place

    found = await tampering("UPDATE observations SET fields = jsonb_set(fields, '{realized_value}', '5.00')")
    assert {told.figure for told in found} == {"realized", "absorbed_value", "spent"}


async def test_no_more_differences_are_told_than_a_person_can_read(database, tampering, monkeypatch):
    monkeypatch.setattr(comparing, "MOST_GROUPS", 3)

    found = await tampering("UPDATE package_summaries SET packages = packages + 1")

    assert [(told.against, told.key["grain"]) for told in found] == [
        (against, grain)
        for against in ("observations", "versions", "packages")
        for grain in ("place", "place", "trade")
    ]


async def test_a_difference_names_the_figure_and_both_numbers(database):
    await (await door_of(database)).record(a_record("1"), a_record("2", fiscal_years=[2024]))
    await execute(
        database,
        "UPDATE package_summaries SET hps_value = hps_value + 1 WHERE fiscal_year = 2024 AND grain = 'awarded_trade'",
    )

    found = {difference.against: difference for difference in await differences(database)}

    assert set(found) == ALL
    for difference in found.values():
        assert (difference.figure, difference.published, difference.recomputed) == ("hps_value", 800001, 800000)
        assert difference.key == {
            "node": "surabaya",
            "table": "package_summaries",
            "grain": "awarded_trade",
            "fiscal_year": 2024,
            "kind": "tender",
            "institution": "D181",
            "category": "works",
            "method": "tender",
            "fund_sources": "",
            "month": "2025-07",
        }


IN_EVERY_PIECE = {
    "observations": "UPDATE observations SET fields = jsonb_set(fields, '{pagu}', '5.00') WHERE package_id = {id}",
    "versions": "UPDATE package_versions SET state = jsonb_set(state, '{pagu}', '5.00') WHERE package_id = {id}",
    "packages": WITHOUT_TRIGGERS.format("UPDATE packages SET pagu = 5 WHERE id = {id}", "packages"),
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

    # Six grains and a supplier; nobody says when anything was announced, so that there are no days.
    assert (found.packages, found.groups) == (10, 10 * 7)
    assert steps == [(done, 10) for done in (2, 4, 5, 7, 9, 10)]
    assert {(told.against, told.recomputed) for told in found.differences} == {(against, 5)}
    assert {told.figure for told in found.differences} == {"pagu_completed", "pagu_base", "contracted_pagu"}
    assert len(found.differences) == 10 * 6 * 3
    assert {(told.key["node"], told.key["fiscal_year"]) for told in found.differences} == {
        (package["slug"], package["fiscal_year"]) for package in packages
    }


async def test_figures_of_several_pieces_are_added_up_exactly(database):
    large = Decimal("999999999999999999.99")
    await (await door_of(database)).record(*(a_record(str(n), pagu=large) for n in range(5)))

    async with database.reading() as session:
        found = await verify_figures(session, piece=2)

    assert (found.packages, found.groups, found.differences) == (5, 7, ())


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
    arrange(
        lambda database: execute(database, "UPDATE package_summaries SET completed = 0 WHERE grain = 'awarded_trade'")
    )

    found = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )

    assert found.returncode == 1, found.stderr
    assert "package_summaries awarded_trade" in found.stdout
    assert "completed" in found.stdout
    assert "surabaya 2025 tender D181 works tender APBD 2025-07" in found.stdout
