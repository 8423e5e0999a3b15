"""What nodes push: whose word counts, in whatever order, batches and repetitions it is read, and where it came from."""

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.dates import TimeZone
from app.core.vocabulary import Interface, PackageKind
from app.kit.db import is_outage
from app.procurement.copying import copy_rows
from app.procurement.derive import Said, attribution, derive, disagreements
from app.procurement.preparing import Preparer
from app.procurement.queries import list_observations
from app.procurement.service import record_packages, restore_packages, withdraw_packages
from tests.conftest import NOW
from tests.records import a_record, a_sketch, an_award, door_of, execute, minutes, one, package, rows

LONG_AFTER = NOW + timedelta(days=3)
fresh_codes = (str(number) for number in itertools.count(30_000))


@pytest.fixture
async def door(database):
    """Rows of the hub's own schema, pushed for Surabaya."""
    return await door_of(database, source="push")


def submitted(door, number, *, at=0, source="push"):
    """The door as one submission stands before it: everything that it brings arrived at once."""
    sender = replace(door.sender, source=source, submission_id=number, arrived_at=NOW + minutes(at))
    return replace(door, sender=sender)


END = """
    SELECT state_hash, stage, version > 0 AS is_there,
           (SELECT array_agg(ARRAY[source, content_hash, CAST(said_at AS text)])
            FROM observations o WHERE o.package_id = p.id AND is_current) AS current
    FROM packages p WHERE code = :code
"""
SUBMISSIONS = st.lists(
    st.tuples(
        st.integers(0, 3),  # when it arrived, in minutes; several may arrive at once
        st.lists(st.tuples(st.sampled_from("ABC"), st.none() | st.integers(-2, 4)), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=4,
)


async def end_after(door, submissions, order, size):
    """Read the submissions in this order, in batches of this size, and look at what the package is in the end."""
    code = next(fresh_codes)
    async with door.writing() as session:
        for number in order:
            at, said = submissions[number]
            records = [
                a_sketch(code, stage=stage, source_at=None if own is None else NOW + minutes(own))
                for stage, own in said
            ]
            for start in range(0, len(records), size):
                sender = submitted(door, number + 1, at=at).sender
                await record_packages(session, sender, records[start : start + size], now=LONG_AFTER)
    return await one(door.database, END, code=code)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data(), SUBMISSIONS, st.integers(1, 3))
async def test_submissions_end_the_same_in_every_order_and_cut(database, data, submissions, size):
    door = await door_of(database, source="push")
    straight = list(range(len(submissions)))
    order = data.draw(st.permutations(straight))
    turned = [(at, list(reversed(said))) for at, said in submissions]

    assert await end_after(door, turned, order, size) == await end_after(door, submissions, straight, 9)


async def test_what_arrived_earlier_and_is_read_later_is_superseded_and_kept(database, door):
    await submitted(door, 2, at=5).record(a_record(name="later"))

    assert await submitted(door, 1, at=1).outcomes(a_record(name="earlier"), now=LONG_AFTER) == ["superseded"]
    assert (await package(database))["name"] == "later"
    kept = await rows(database, "SELECT submission_id, is_current, received_at FROM observations ORDER BY id")
    assert [(row["submission_id"], row["is_current"]) for row in kept] == [(2, True), (1, False)]
    assert [row["received_at"] for row in kept] == [NOW + minutes(5), NOW + minutes(1)]


async def test_the_senders_own_time_goes_before_arrival(database, door):
    await submitted(door, 1, at=1).record(a_record(name="newer", source_at=NOW))

    assert await submitted(door, 2, at=5).outcomes(a_record(name="older", source_at=NOW - minutes(1))) == ["superseded"]
    assert (await package(database))["name"] == "newer"


async def test_a_row_without_a_time_counts_by_its_arrival_beside_rows_that_have_one(database, door):
    await submitted(door, 1, at=1).record(a_record(name="timed", source_at=NOW + minutes(3)))

    assert await submitted(door, 2, at=2).outcomes(a_record(name="before")) == ["superseded"]
    assert await submitted(door, 3, at=4).outcomes(a_record(name="after")) == ["changed"]


@pytest.mark.parametrize("names", [("A", "B"), ("B", "A")])
@pytest.mark.parametrize("together", [True, False])
async def test_of_two_rows_of_one_package_in_one_submission_the_same_one_counts(database, door, names, together):
    first, second = (a_record(name=name) for name in names)
    submission = submitted(door, 1)

    if together:
        outcomes = await submission.outcomes(first, second)
    else:
        outcomes = [*await submission.outcomes(first), *await submission.outcomes(second)]

    winner = (await package(database))["name"]
    assert winner == "A"  # It has the greater fingerprint; its place does not matter.
    assert outcomes.count("duplicate") == (1 if together or names[0] == winner else 0)
    assert len(await rows(database, "SELECT 1 FROM observations WHERE is_current")) == 1


async def test_a_row_that_repeats_one_of_its_own_submission_is_a_duplicate_in_any_batch(database, door):
    submission = submitted(door, 1)

    assert await submission.outcomes(a_record(), a_record()) == ["new", "duplicate"]
    assert await submission.outcomes(a_record()) == ["duplicate"]
    assert len(await rows(database, "SELECT 1 FROM observations")) == 1


async def test_what_another_submission_says_again_is_unchanged_once_and_then_a_duplicate(door):
    await submitted(door, 1).record(a_record())
    again = submitted(door, 2, at=9)

    assert await again.outcomes(a_record()) == ["unchanged"]
    assert await again.outcomes(a_record()) == ["duplicate"]


async def test_saying_it_again_outdates_what_arrived_in_between(database, door):
    await submitted(door, 1, at=1).record(a_record(name="A"))
    await submitted(door, 3, at=3).record(a_record(name="A"))

    assert await submitted(door, 2, at=2).outcomes(a_record(name="B")) == ["superseded"]
    assert (await package(database))["name"] == "A"


async def test_an_observation_tells_the_submission_and_the_row_it_came_by(database, door):
    await submitted(door, 41).record(replace(a_record("1"), row=3), replace(a_record("2"), row=4))

    async with database.reading() as session:
        ids = [row.id for row in await session.execute(text("SELECT id FROM observations ORDER BY id"))]
        told = await list_observations(session, ids)
    assert [(one["submission_id"], one["submission_row"], one["source"]) for one in told.values()] == [
        (41, 3, "push"),
        (41, 4, "push"),
    ]


async def test_a_field_that_a_sender_stated_and_now_leaves_out_is_reported(database, door):
    await submitted(door, 1).record(a_record(satker_name="Dinas Contoh", contract_value=Decimal(7)))

    receipt = await submitted(door, 2, at=1).record(a_sketch("2"), a_sketch(name="Pekerjaan Contoh"))

    (problem,) = receipt.problems
    assert problem.code == "field-vanished"
    assert {"satker_name", "awards", "contract_value", "pagu"} <= set(problem.field.split(", "))
    assert receipt.positions == [1]
    assert (await package(database))["satker_name"] is None


async def test_what_pulled_sources_do_not_lose_a_push_may_take_back(database, door):
    await submitted(door, 1, source="push:ocds").record(a_record())

    receipt = await submitted(door, 2, at=1, source="push:ocds").record(a_record(pagu=None, status="other"))

    assert ((await package(database))["pagu"], receipt.problems) == (None, [])


async def test_every_shape_of_rows_is_a_source_of_its_own_and_the_hubs_own_goes_first(database, door):
    for number, source in enumerate(("spse", "push:ocds", "push:inaproc:tender", "push"), start=1):
        await submitted(door, number, source=source).record(a_sketch(name=source, stage=source))

    held = await package(database)
    assert (held["name"], held["stage"], held["source"]) == ("push", "push", "push")
    current = await rows(database, "SELECT source FROM observations WHERE is_current ORDER BY source")
    assert [row["source"] for row in current] == ["push", "push:inaproc:tender", "push:ocds", "spse"]


def test_pushes_are_ranked_before_all_others_and_among_themselves_by_name():
    said = [
        Said("inaproc", {"fiscal_years": [2025], "hps": Decimal(3), "name": "inaproc"}),
        Said("push:ocds", {"fiscal_years": [2025], "hps": Decimal(1), "pagu": Decimal(1)}),
        Said("push:inaproc:tender", {"fiscal_years": [2025], "hps": Decimal(2)}),
    ]

    state = derive(said, zone=TimeZone.WIB, institutions={})

    assert (state["hps"], state["pagu"], state["name"], state["source"]) == (Decimal(2), Decimal(1), "inaproc", "push")
    taken = attribution(said)
    assert (taken["hps"], taken["pagu"], taken["name"]) == ("push:inaproc:tender", "push:ocds", "inaproc")
    assert disagreements(said)["hps"] == {
        "push:inaproc:tender": Decimal(2),
        "push:ocds": Decimal(1),
        "inaproc": Decimal(3),
    }


async def test_what_arrived_before_a_package_was_said_to_be_gone_does_not_bring_it_back(database, door):
    await submitted(door, 1, at=1).record(a_record())
    whole = submitted(door, 3, at=3)
    async with whole.writing() as session:
        assert await withdraw_packages(session, whole.sender, [("tender", "10001000")], now=LONG_AFTER) == 1

    assert await submitted(door, 2, at=2).outcomes(a_record(stage="late")) == ["superseded"]
    assert (await package(database))["withdrawn"] is True
    assert await submitted(door, 4, at=4).outcomes(a_record()) == ["changed"]
    assert (await package(database))["withdrawn"] is False


async def test_a_withdrawal_by_a_push_can_be_undone(database, door):
    await submitted(door, 1).record(a_record())
    key = [("tender", "10001000")]
    async with door.writing() as session:
        await withdraw_packages(session, door.sender, key, now=NOW)
        assert await restore_packages(session, door.sender, key, now=NOW) == 1

    assert (await package(database))["withdrawn"] is False


async def test_what_was_prepared_ahead_ends_as_what_was_not(database, door):
    records = [
        a_record("1", institution_name="Kota Surabaya"),
        a_record("2", institution_name="Kota Khayalan"),
        a_sketch("3", awards=[an_award(bid_value=Decimal(2)), an_award("PT Contoh Dua", bid_value=Decimal(3))]),
        a_sketch("4", fiscal_years=[]),
    ]
    preparer = Preparer("push", TimeZone.WIB)
    preparer.learn(["new"], {})
    elsewhere = await door_of(database, "jatimprov", source="push")

    ahead = await door.record(*preparer.prepare(records))
    plain = await elsewhere.record(*records)

    assert (ahead.outcomes, ahead.problems) == (plain.outcomes, plain.problems)
    hashes = await rows(database, "SELECT code, array_agg(DISTINCT state_hash) AS all FROM packages GROUP BY code")
    assert sorted((row["code"], len(row["all"])) for row in hashes) == [("1", 1), ("2", 1), ("3", 1)]
    assert ahead.institutions == {"Kota Surabaya": "D181"}


async def test_what_was_derived_ahead_gives_way_where_others_speak_of_the_package(database, door):
    await (await door_of(database, source=Interface.SPSE)).record(a_record(stage="from spse"))
    preparer = Preparer("push", TimeZone.WIB)
    preparer.learn(["new"], {"Kota Surabaya": "D181"})

    await door.record(*preparer.prepare([a_sketch(name="from push")]))

    held = await package(database)
    assert (held["name"], held["stage"], held["institution"]) == ("from push", "from spse", "D181")


UNUSUAL = st.text(st.sampled_from('\\\t\n\r\x01\x02"{},\x7fN.a é€😀\u2028'), max_size=6)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(UNUSUAL, UNUSUAL, st.lists(UNUSUAL, max_size=3), UNUSUAL)
async def test_texts_are_kept_to_the_letter_whatever_they_hold(database, name, stage, labels, supplier):
    door = await door_of(database, source="push")
    code = next(fresh_codes)
    winner = an_award(supplier or "x", npwp=name, address=stage, bid_value=Decimal(1))

    for time in range(2):  # As new, then as changed.
        stage += "!"
        ids = {"kd_pkt_dce": stage}
        record = a_sketch(code, name=name, stage=stage, labels=labels, source_ids=ids, awards=[winner])
        await door.record(record, now=NOW + minutes(time))
        held = await one(
            database,
            """SELECT name, stage, labels, source_ids, (SELECT array_agg(ARRAY[supplier_name, npwp, address]) FROM awards
               WHERE package_id = p.id) AS awards, (SELECT state ->> 'name' FROM package_versions v
               WHERE v.package_id = p.id AND v.version = p.version) AS told FROM packages p WHERE code = :code""",
            code=code,
        )
        assert (held["name"], held["told"], held["stage"], held["labels"]) == (name, name, stage, labels)
        assert held["source_ids"] == ids
        assert held["awards"] == [[supplier or "x", name, winner["address"]]]


async def test_a_lost_connection_is_told_as_an_outage_also_while_copying(database, door):
    async def lose_it():
        async with database.transaction() as session:
            backend = await session.scalar(text("SELECT pg_backend_pid()"))
            await execute(database, f"SELECT pg_terminate_backend({backend})")
            await copy_rows(session, "changes", ("at",), [])

    with pytest.raises(DBAPIError) as caught:
        await lose_it()

    assert is_outage(caught.value)
    assert await rows(database, "SELECT 1 FROM packages") == []


async def test_a_row_that_the_database_refuses_spoils_the_batch_and_nothing_else(database, door):
    impossible = replace(a_record("2"), kind="no kind at all")
    with pytest.raises(DBAPIError) as caught:
        await door.record(a_record("1"), impossible)

    assert not is_outage(caught.value)
    assert await door.outcomes(a_record("1", kind=PackageKind.TENDER)) == ["new"]


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO observations (package_id, source, fields, content_hash, received_at, last_seen_at, parser_version,
           is_current) VALUES (-7, 'push', '{}', 'x', now(), now(), 'x', true)""",
        "INSERT INTO package_versions (package_id, version, state, observation_ids, at) VALUES (-7, 1, '{}', '{}', now())",
        "INSERT INTO awards (package_id, position, supplier_id, supplier_name) SELECT -7, 1, id, name FROM suppliers",
        "INSERT INTO awards (package_id, position, supplier_id, supplier_name) SELECT id, 7, -7, 'x' FROM packages",
        "DELETE FROM suppliers",
        "DELETE FROM packages",
    ],
)
async def test_nothing_is_left_without_its_package_or_supplier(database, door, statement):
    await door.record(a_record())

    with pytest.raises(DBAPIError, match=r"refused|cannot be deleted|not there"):
        async with door.writing() as session:
            await session.execute(text(statement))

    assert len(await rows(database, "SELECT 1 FROM awards")) == 1


async def test_a_package_of_which_nothing_was_said_goes_with_its_awards(database, door):
    await door.record(a_record("1"), a_record("2"))

    await execute(
        database,
        *(f"DELETE FROM {table} WHERE package_id = (SELECT id FROM packages WHERE code = '1')"
          for table in ("observations", "package_versions")),
        "DELETE FROM packages WHERE code = '1'",
    )  # fmt: skip

    left = await one(
        database, "SELECT count(*) AS awards, min(p.code) AS code FROM awards JOIN packages p ON p.id = package_id"
    )
    assert (left["awards"], left["code"]) == (1, "2")
