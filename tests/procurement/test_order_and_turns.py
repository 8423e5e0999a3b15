"""In whatever order and however many at a time writers come to the one door, the same state follows."""

import asyncio
import itertools
import random
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.problems import Problem
from app.core.vocabulary import Interface
from app.procurement.service import record_packages
from tests.conftest import NOW
from tests.records import BANJARMASIN, JAYAPURA, SURABAYA, a_record, a_sketch, an_award, door_of, minutes, one, rows

SAYINGS = (
    {"stage": "Pengumuman", "status": "running"},
    {"stage": "Selesai", "status": "completed", "awards": [an_award(contract_value=Decimal("7.00"))]},
    {"stage": "Selesai", "status": "completed", "institution_name": "Provinsi Jawa Timur", "awards": []},
    {"pagu": None, "hps": Decimal("3.00"), "fiscal_years": [2026, 2024]},
)
SAID = st.tuples(st.sampled_from([Interface.SPSE, Interface.PUSH]), st.integers(0, 5), st.sampled_from(SAYINGS))
fresh_codes = (str(number) for number in itertools.count(20_000))

END = """
    SELECT state_hash, fiscal_year, status, institution, value,
           (SELECT array_agg(ARRAY[source, content_hash, CAST(source_at AS text)] ORDER BY source)
            FROM observations o WHERE o.package_id = p.id AND is_current) AS current
    FROM packages p WHERE code = :code
"""


async def end_after(door, said, batches):
    """Record what was said, cut into batches of these sizes, and look at what the package is in the end."""
    code = next(fresh_codes)
    waiting = iter(said)
    async with door.writing() as session:
        for size in itertools.chain(batches, itertools.repeat(1)):
            batch = list(itertools.islice(waiting, size))
            if not batch:
                break
            for source in Interface:
                mine = [
                    a_sketch(code, source_at=NOW + minutes(at), **fields) for by, at, fields in batch if by is source
                ]
                if mine:
                    await record_packages(session, door.speaking(source).sender, mine, now=NOW)
    return await one(door.database, END, code=code)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    said=st.lists(SAID, min_size=2, max_size=7).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))),
    batches=st.lists(st.integers(1, 4), max_size=3),
)
async def test_what_sources_said_with_their_own_times_ends_the_same_in_every_order(database, said, batches):
    door = await door_of(database)
    straight, shuffled = said

    assert await end_after(door, shuffled, batches) == await end_after(door, straight, [])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_a_partial_record_weighs_less_than_whole_ones_in_every_order(database, order):
    door = await door_of(database)
    early, late = (a_record(stage=stage, source_at=NOW + minutes(at)) for stage, at in (("early", 0), ("late", 2)))
    partial = a_sketch(stage="partial", source_at=NOW + minutes(9), problems=(Problem("detail-missing"),))

    for position in order:
        await door.record((early, late, partial)[position])

    assert (await one(database, "SELECT stage FROM packages"))["stage"] == "late"


async def test_writers_of_one_node_take_turns(database):
    door = await door_of(database)

    async with door.writing() as session:
        await record_packages(session, door.sender, [a_record(stage="first")], now=NOW)
        second = asyncio.create_task(door.outcomes(a_record(stage="second")))
        done, _waiting = await asyncio.wait([second], timeout=0.25)
        assert not done

    assert await asyncio.wait_for(second, 10) == ["changed"]
    history = await rows(database, "SELECT version, state->>'stage' AS stage FROM package_versions ORDER BY version")
    assert [(row["version"], row["stage"]) for row in history] == [(1, "first"), (2, "second")]


async def test_a_writer_of_another_node_does_not_wait_even_for_the_same_supplier_and_figures(database):
    surabaya, jayapura = await door_of(database), await door_of(database, JAYAPURA)
    await surabaya.record(a_record("1"))
    await jayapura.record(a_record("1"))

    async with surabaya.writing() as session:
        await record_packages(session, surabaya.sender, [a_record("2")], now=NOW)
        assert await asyncio.wait_for(jayapura.outcomes(a_record("2")), 5) == ["new"]


async def test_many_writers_of_many_nodes_who_share_new_suppliers_never_stand_in_a_ring(database):
    chance = random.Random(7)
    doors = [await door_of(database, slug) for slug in (SURABAYA, BANJARMASIN, JAYAPURA, "jatimprov")]
    suppliers = [f"CV Contoh {number}" for number in range(30)]

    async def write(door, batch):
        records = [
            a_record(
                f"{batch}{n}", awards=[an_award(name, bid_value=Decimal(1)) for name in chance.sample(suppliers, 3)]
            )
            for n in range(10)
        ]
        chance.shuffle(records)
        return await door.outcomes(*records)

    outcomes = await asyncio.wait_for(
        asyncio.gather(*(write(door, batch) for batch in range(1, 6) for door in doors)), timeout=30
    )

    assert {outcome for batch in outcomes for outcome in batch} == {"new"}
    counted = await one(
        database,
        """SELECT (SELECT count(*) FROM packages) AS packages, (SELECT count(*) FROM awards) AS awards,
                  (SELECT count(*) FROM suppliers) AS suppliers, (SELECT count(DISTINCT identity) FROM suppliers) AS known,
                  (SELECT CAST(sum(packages) AS bigint) FROM package_summaries WHERE grain = 'place') AS summarised""",
    )
    assert (counted["packages"], counted["awards"], counted["summarised"]) == (200, 600, 200)
    assert counted["suppliers"] == counted["known"] <= 30


async def test_two_writers_of_one_package_leave_one_history_without_a_gap(database):
    doors = [await door_of(database, source=source) for source in (Interface.SPSE, Interface.INAPROC, Interface.PUSH)]

    await asyncio.gather(*(door.record(a_record(stage=f"{n}")) for n in range(8) for door in doors))

    versions = await rows(database, "SELECT version FROM package_versions ORDER BY version")
    assert [row["version"] for row in versions] == list(range(1, len(versions) + 1))
    held = await one(database, "SELECT version, stage, state_hash FROM packages")
    assert held["version"] == len(versions)
    current = await rows(database, "SELECT source, fields->>'stage' AS stage FROM observations WHERE is_current")
    assert {row["source"]: row["stage"] for row in current}["push"] == held["stage"]
    assert len(current) == 3
