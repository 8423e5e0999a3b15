"""What becomes of records at the one door."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.problems import Problem
from app.core.vocabulary import Interface, PackageKind, PackageStatus
from app.procurement.raw import read_answers
from app.procurement.service import confirm_packages, record_packages
from app.procurement.sorting import PARTIAL
from tests.conftest import NOW
from tests.records import (
    JAYAPURA,
    a_record,
    a_sketch,
    an_answer,
    an_award,
    door_of,
    execute,
    minutes,
    one,
    package,
    rows,
)

LATER = NOW + timedelta(days=1)


@pytest.fixture
async def door(database):
    """SPSE of Surabaya."""
    return await door_of(database)


async def count(database, table):
    return (await one(database, f"SELECT count(*) AS n FROM {table}"))["n"]


async def test_a_record_is_new_then_unchanged_then_changed(door):
    outcomes = [await door.outcomes(record) for record in (a_record(), a_record(), a_record(stage="Masa Sanggah"))]

    assert outcomes == [["new"], ["unchanged"], ["changed"]]


async def test_every_record_of_a_batch_has_its_own_outcome_in_the_order_given(door):
    await door.record(a_record("1"), a_record("2"), a_record("3", source_at=NOW))

    outcomes = await door.outcomes(
        a_record("4"),
        a_record("3", source_at=NOW - minutes(1), hps=None),
        a_record("2", pagu=Decimal("1000000.01")),
        a_record("1"),
        a_record("4"),
        a_record("5", fiscal_years=[]),
    )

    assert outcomes == ["new", "superseded", "changed", "unchanged", "duplicate", "rejected"]


async def test_an_empty_batch_is_no_trouble(door):
    assert await door.outcomes() == []


async def test_the_same_code_of_another_kind_or_node_is_another_package(database, door):
    elsewhere = await door_of(database, JAYAPURA)

    outcomes = await door.outcomes(a_record("1"), a_record("1", kind=PackageKind.NON_TENDER))

    assert [*outcomes, *await elsewhere.outcomes(a_record("1"))] == ["new", "new", "new"]


async def test_a_rejected_record_leaves_nothing_but_its_problems(database, door):
    problem = Problem("fiscal-year-unreadable", package="1", value="APBD 20XX")

    receipt = await door.record(a_record("1", fiscal_years=[], problems=(problem,)))

    assert receipt.problems == [problem]
    assert [await count(database, table) for table in ("packages", "observations", "changes")] == [0, 0, 0]


async def test_a_record_after_a_rejected_one_of_the_same_code_is_no_duplicate(door):
    assert await door.outcomes(a_record("1", fiscal_years=[]), a_record("1")) == ["rejected", "new"]


async def test_the_columns_of_a_package_hold_exactly_what_was_said(database, door):
    await door.record(a_record(pagu=Decimal("999999999999999999.99"), hps=Decimal("0.01"), labels=["Tender Ulang"], participants=0))  # fmt: skip

    held = await package(database)
    assert (held["pagu"], held["hps"], held["value"]) == (
        Decimal("999999999999999999.99"),
        Decimal("0.01"),
        Decimal("800000.00"),
    )
    assert (held["labels"], held["participants"], held["bidders"]) == (["Tender Ulang"], 0, None)
    assert (held["version"], held["first_seen_at"], held["changed_at"], held["withdrawn"]) == (1, NOW, NOW, False)


async def test_unchanged_is_seen_again_and_nothing_else(database, door):
    await door.record(a_record())
    before = await package(database)

    await door.record(a_record(), now=LATER)

    assert await package(database) == before
    seen = await one(database, "SELECT received_at, last_seen_at FROM observations")
    assert (seen["received_at"], seen["last_seen_at"]) == (NOW, LATER)


async def test_a_confirmed_package_is_seen_again_and_others_are_not(database, door):
    await door.record(a_record("1"), a_record("2"))
    await door.speaking(Interface.PUSH).record(a_sketch("1"))

    async with door.writing() as session:
        await confirm_packages(session, door.sender, [("tender", "1"), ("non_tender", "2")], now=LATER)

    seen = await rows(
        database, "SELECT code, o.source, last_seen_at FROM observations o JOIN packages p ON p.id = package_id"
    )
    assert {(row["code"], row["source"]) for row in seen if row["last_seen_at"] == LATER} == {("1", "spse")}


async def test_versions_and_changes_tell_every_state_and_carry_their_transaction(database, door):
    for stage in ("Pengumuman", "Pengumuman", "Masa Sanggah"):
        await door.record(a_record(stage=stage))

    versions = await rows(
        database, "SELECT version, state->>'stage' AS stage, xid FROM package_versions ORDER BY version"
    )
    changes = await rows(database, "SELECT version, op, entity, xid, entity_id FROM changes ORDER BY xid, seq")
    assert [(row["version"], row["stage"]) for row in versions] == [(1, "Pengumuman"), (2, "Masa Sanggah")]
    assert [(row["version"], row["op"], row["entity"]) for row in changes] == [(1, "upsert", "package"), (2, "upsert", "package")]  # fmt: skip
    assert {row["entity_id"] for row in changes} == {(await package(database))["id"]}
    assert [row["xid"] for row in versions] == [row["xid"] for row in changes]
    assert int(changes[0]["xid"]) < int(changes[1]["xid"])


async def test_a_record_that_changes_no_field_of_the_package_makes_no_version(database, door):
    await door.speaking(Interface.PUSH).record(a_record(stage="said by push"))

    outcomes = [await door.outcomes(a_record(stage=stage)) for stage in ("one", "two")]

    assert outcomes == [["changed"], ["changed"]]
    assert await count(database, "package_versions") == await count(database, "changes") == 1
    assert await count(database, "observations") == 3


async def test_back_to_what_was_said_before_is_a_third_version(database, door):
    for name in ("A", "B", "A"):
        await door.record(a_record(name=name))

    said = await rows(database, "SELECT fields->>'name' AS name, is_current FROM observations ORDER BY id")
    assert [(row["name"], row["is_current"]) for row in said] == [("A", False), ("B", False), ("A", True)]
    versions = await rows(
        database, "SELECT state->>'name' AS name, observation_ids FROM package_versions ORDER BY version"
    )
    assert [row["name"] for row in versions] == ["A", "B", "A"]
    assert len({tuple(row["observation_ids"]) for row in versions}) == 3
    assert (await package(database))["name"] == "A"


async def test_each_source_has_one_current_observation_and_the_version_names_them_all(database, door):
    await door.record(a_record(stage="one"))
    await door.speaking(Interface.INAPROC).record(a_sketch(hps=Decimal("850000.00")))
    await door.record(a_record(stage="two"))

    current = await rows(database, "SELECT id, source FROM observations WHERE is_current ORDER BY id")
    assert [row["source"] for row in current] == ["inaproc", "spse"]
    last = await one(database, "SELECT observation_ids FROM package_versions ORDER BY version DESC LIMIT 1")
    assert last["observation_ids"] == [row["id"] for row in current]
    held = await package(database)
    assert (held["hps"], held["stage"], held["source"]) == (Decimal("850000.00"), "two", "inaproc")


async def test_history_cannot_be_rewritten_by_the_application(database, database_urls, door):
    if database_urls.owner == database_urls.app:
        pytest.skip("one role owns and runs this database")
    await door.record(a_record())

    for statement in ("UPDATE package_versions SET version = 7", "DELETE FROM package_versions", "DELETE FROM changes"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with door.writing() as session:
                await session.execute(text(statement))


async def test_a_late_older_record_is_kept_and_counted_and_changes_nothing(database, door):
    await door.record(a_record(name="newer", source_at=NOW))
    before = await package(database)

    outcomes = await door.outcomes(a_record(name="older", source_at=NOW - minutes(1)), now=LATER)

    assert outcomes == ["superseded"]
    assert await package(database) == before
    kept = await rows(database, "SELECT fields->>'name' AS name, is_current FROM observations ORDER BY id")
    assert [(row["name"], row["is_current"]) for row in kept] == [("newer", True), ("older", False)]


async def test_without_a_time_of_the_source_the_last_to_arrive_counts(database, door):
    await door.record(a_record(name="first", source_at=NOW))
    await door.record(a_record(name="second"))

    assert (await package(database))["name"] == "second"


async def test_clocks_of_different_sources_are_never_compared(database, door):
    await door.speaking(Interface.INAPROC).record(a_record(name="trusted", source_at=NOW - timedelta(days=300)))
    await door.record(a_record(name="recent", source_at=NOW))

    assert (await package(database))["name"] == "trusted"


async def test_saying_the_same_again_later_outdates_what_was_said_in_between(database, door):
    await door.record(a_record(name="A", source_at=NOW))
    await door.record(a_record(name="A", source_at=NOW + minutes(2)))

    assert await door.outcomes(a_record(name="B", source_at=NOW + minutes(1))) == ["superseded"]
    assert (await package(database))["name"] == "A"


async def test_of_two_records_in_one_batch_the_newer_is_used(database, door):
    older, newer = (a_record(name=name, source_at=NOW + minutes(n)) for n, name in enumerate(("older", "newer")))

    assert await door.outcomes(older, newer) == ["duplicate", "new"]
    assert (await package(database))["name"] == "newer"
    assert await door.outcomes(newer, older) == ["unchanged", "duplicate"]
    assert (await package(database))["name"] == "newer"


@pytest.mark.parametrize("code", sorted(PARTIAL))
async def test_a_record_that_lacks_a_part_never_replaces_a_whole_one(database, door, code):
    lacking = a_sketch(status=PackageStatus.COMPLETED, problems=(Problem(code, field="pemenang"),), source_at=LATER)
    await door.record(a_record(source_at=NOW))
    before = await package(database)

    receipt = await door.record(lacking)

    assert receipt.outcomes == ["rejected"]
    assert [problem.code for problem in receipt.problems] == [code]
    assert await package(database) == before


async def test_a_record_that_lacks_a_part_is_better_than_none_until_the_whole_one_comes(database, door):
    lacking = a_sketch(pagu=Decimal(1), problems=(Problem("detail-missing"),), source_at=NOW)

    assert await door.outcomes(lacking) == ["new"]
    assert await door.outcomes(a_record(source_at=NOW - minutes(5))) == ["changed"]
    assert (await package(database))["pagu"] == Decimal("1000000.00")


async def test_a_record_that_lacks_a_part_stands_beside_what_another_source_said(database, door):
    await door.speaking(Interface.PUSH).record(a_record())

    assert await door.outcomes(a_sketch(stage="Pengumuman", problems=(Problem("detail-missing"),))) == ["changed"]
    assert (await package(database))["stage"] == "Pengumuman"


async def test_other_problems_travel_with_a_record_that_counts(door):
    problem = Problem("amount-unreadable", field="hps", value="22,7 M")
    await door.record(a_record())

    receipt = await door.record(a_record(hps=None, problems=(problem,)))

    assert (receipt.outcomes, receipt.problems[0]) == (["unchanged"], problem)


async def test_what_a_source_used_to_state_and_now_leaves_empty_stands_and_is_reported(database, door):
    await door.record(a_record(status="running", stage="Pengumuman"))

    receipt = await door.record(a_record(pagu=None, hps=None, status="other", stage=None))

    held = await package(database)
    assert (held["pagu"], held["hps"]) == (Decimal("1000000.00"), Decimal("900000.00"))
    assert (held["status"], held["stage"]) == ("running", "Pengumuman")
    assert [(problem.code, problem.field) for problem in receipt.problems] == [
        ("field-emptied", "pagu, hps, status, stage")
    ]


async def test_a_push_may_take_back_what_it_said(database, door):
    pushing = door.speaking(Interface.PUSH)
    await pushing.record(a_record())

    await pushing.record(a_record(pagu=None))

    assert (await package(database))["pagu"] is None


async def test_a_date_far_ahead_is_kept_and_reported(database, door):
    receipt = await door.record(a_record(created_on=date(2087, 6, 1)))

    assert (await package(database))["created_on"] == date(2087, 6, 1)
    assert [(problem.code, problem.field) for problem in receipt.problems] == [("date-in-future", "created_on")]


@pytest.mark.parametrize("name", ["Pemerintah Daerah Kota Surabaya", "PEMKOT  SURABAYA", "kota surabaya"])
async def test_an_institution_is_known_by_any_of_its_names(database, door, name):
    await door.record(a_record(institution_name=name))

    held = await package(database)
    assert (held["institution"], held["institution_name"]) == ("D181", name)


async def test_an_unknown_institution_is_nobody_and_a_problem(database, door):
    receipt = await door.record(a_record(institution_name="Kota Khayalan"))

    assert (await package(database))["institution"] is None
    (problem,) = receipt.problems
    assert (problem.code, problem.package, problem.kind, problem.value) == (
        "institution-unknown",
        "10001000",
        "tender",
        "Kota Khayalan",
    )


async def test_a_name_learnt_later_is_matched_when_the_record_comes_again(database, door):
    await door.record(a_record(institution_name="Kota Khayalan"))
    await execute(database, "INSERT INTO institution_aliases (key, kd_klpd) VALUES ('kota khayalan', 'D181')")

    assert await door.outcomes(a_record(institution_name="Kota Khayalan")) == ["changed"]
    held = await package(database)
    assert (held["institution"], held["version"]) == ("D181", 2)


async def test_a_silent_source_does_not_lose_the_institution_that_another_named(database, door):
    await door.speaking(Interface.PUSH).record(a_record(institution_name="Kota Surabaya"))

    await door.record(a_sketch(stage="Pengumuman"))
    await door.record(a_sketch(stage="Masa Sanggah", institution_name="Provinsi Jawa Timur"))

    assert (await package(database))["institution"] == "D181"


async def test_a_late_older_record_does_not_lose_the_institution(database, door):
    await door.record(a_record(source_at=NOW))

    await door.record(a_sketch(source_at=NOW - minutes(1)))

    assert (await package(database))["institution"] == "D181"
    assert await count(database, "package_versions") == 1


async def test_awards_follow_the_package_and_suppliers_are_kept_once(database, door):
    twins = [an_award("CV. Contoh Makmur", npwp="07*3**1****01**0", contract_value=Decimal("10.50")), an_award("PT Contoh Sentosa", contract_value=Decimal("20.00"))]  # fmt: skip
    await door.record(a_record("1", awards=twins), a_record("2", awards=[{**twins[0], "supplier_name": "cv contoh  MAKMUR"}]))  # fmt: skip

    awards = await rows(database, "SELECT p.code, position, supplier_id, supplier_name, a.value FROM awards a JOIN packages p ON p.id = package_id ORDER BY code, position")  # fmt: skip
    assert [(row["code"], row["position"], row["supplier_name"], row["value"]) for row in awards] == [
        ("1", 1, "CV. Contoh Makmur", Decimal("10.50")),
        ("1", 2, "PT Contoh Sentosa", Decimal("20.00")),
        ("2", 1, "cv contoh  MAKMUR", Decimal("10.50")),
    ]
    assert awards[0]["supplier_id"] == awards[2]["supplier_id"] != awards[1]["supplier_id"]
    assert await count(database, "suppliers") == 2

    await door.record(a_record("1", awards=twins[1:]))

    left = await rows(database, "SELECT position, supplier_name FROM awards a JOIN packages p ON p.id = package_id WHERE code = '1'")  # fmt: skip
    assert [(row["position"], row["supplier_name"]) for row in left] == [(1, "PT Contoh Sentosa")]


async def test_two_suppliers_of_one_name_and_different_tax_numbers_are_two(database, door):
    await door.record(a_record(awards=[an_award(npwp="01"), an_award(npwp="02"), an_award()]))

    assert await count(database, "suppliers") == 3


async def test_raw_answers_are_kept_where_the_meaning_changed_and_read_back_to_the_byte(database, door):
    first, footer, second, late = (
        bytes(range(256)) * 40,
        b"same meaning, other footer",
        b"",
        "Rp 1.000 – terlambat".encode(),
    )
    for body, fields in (
        (first, {"stage": "one", "source_at": NOW}),
        (footer, {"stage": "one", "source_at": NOW + minutes(1)}),
        (second, {"stage": "two", "source_at": NOW + minutes(3)}),
        (late, {"stage": "late", "source_at": NOW + minutes(2)}),
    ):
        await door.record(a_record(raw=(an_answer(body), an_answer(body + b"!", page="pemenang")), **fields))

    observations = await rows(database, "SELECT id, fields->>'stage' AS stage FROM observations ORDER BY id")
    assert [row["stage"] for row in observations] == ["one", "two", "late"]
    async with database.reading() as session:
        kept = [await read_answers(session, row["id"]) for row in observations]
    assert [[(answer.page, answer.body) for answer in answers] for answers in kept] == [
        [("pengumuman", body), ("pemenang", body + b"!")] for body in (first, second, late)
    ]
    assert kept[0][0] == an_answer(first)
    facts = await rows(database, "SELECT sha256, length, octet_length(body) AS stored FROM raw_answers WHERE page = 'pengumuman' ORDER BY id")  # fmt: skip
    assert [(row["sha256"], row["length"]) for row in facts] == [
        (hashlib.sha256(body).digest(), len(body)) for body in (first, second, late)
    ]
    assert facts[0]["stored"] < len(first) / 10


async def test_a_transaction_that_fails_leaves_no_trace(database, door):
    async def fail_after_recording():
        async with door.writing() as session:
            await record_packages(session, door.sender, [a_record(raw=(an_answer(),))], now=NOW)
            raise LookupError

    versions = await rows(database, "SELECT * FROM figure_versions ORDER BY node_id, part")
    with pytest.raises(LookupError):
        await fail_after_recording()

    tables = (
        "packages", "observations", "raw_answers", "awards", "suppliers", "changes", "package_summaries",
        "duration_summaries", "supplier_summaries",
    )  # fmt: skip
    assert [await count(database, table) for table in tables] == [0] * len(tables)
    assert await rows(database, "SELECT * FROM figure_versions ORDER BY node_id, part") == versions


async def test_a_field_that_a_pulled_source_falls_silent_about_is_reported(database):
    door = await door_of(database)
    await door.record(a_record("101", satker_name="Dinas Contoh"))

    pulled = await door.record(a_record("101"))
    pushed = await door.speaking(Interface.PUSH).record(a_record("101"))

    assert [(problem.code, problem.field) for problem in pulled.problems] == [("field-vanished", "satker_name")]
    assert pushed.problems == []
