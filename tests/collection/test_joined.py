"""Sources that tell of one package in several lists: joined in the book, whatever is repeated, killed or left out."""

from contextlib import asynccontextmanager, suppress
from decimal import Decimal

import pytest

from app.adapters.catalogue import ADAPTERS
from app.adapters.protocol import IndexIncomplete
from app.collection.collecting import collect_run
from app.core.problems import Problem
from app.core.vocabulary import Interface, PackageKind
from app.kit.db import Database
from app.registry.service import EndpointDraft, revise_node
from app.statistics.verification import verify_figures
from tests.collection.fakes import FakeAdapter, row
from tests.collection.road import SLUG, Road, a_collector, conserves
from tests.conftest import NOW
from tests.records import an_award

OWN, NEIGHBOUR, STRANGER = 10, "gresikkab", 99_991
ADDRESS = "https://gerbang.contoh.id"


def announced(code, lpse=None, **fields):
    return row(code, lpse=lpse, **{"name": f"Pekerjaan Contoh {code}", "status": "completed", **fields})


def awarded(code, lpse=None, value="800.00", **fields):
    return row(code, "award", lpse=lpse, **{"awards": [an_award(contract_value=Decimal(value))], **fields})


@pytest.fixture
def source(monkeypatch):
    """INAPROC, as a table of this process that is told in parts."""
    adapter = FakeAdapter(Interface.INAPROC, kinds=[PackageKind.TENDER])
    monkeypatch.setitem(ADAPTERS, Interface.INAPROC, adapter)
    return adapter


@pytest.fixture
async def road(database):
    async with database.transaction() as session:
        for slug in (SLUG, NEIGHBOUR):
            endpoints = (EndpointDraft("inaproc", f"{ADDRESS}/{slug}"),)
            await revise_node(session, slug, {"endpoints": endpoints}, now=NOW)
    return Road(database, a_collector(database))


async def neighbour(road):
    return await road.scalar("SELECT kd_lpse FROM nodes WHERE slug = :slug", slug=NEIGHBOUR)


async def kept(road):
    """Node, code, name, value and version of every package."""
    return await road.rows("""
        SELECT n.slug, p.code, p.name, p.value, p.version FROM packages p JOIN nodes n ON n.id = p.node_id
        WHERE NOT withdrawn ORDER BY 1, 2
    """)


async def agree(road):
    async with road.database.reading() as session:
        assert (await verify_figures(session)).differences == ()


async def test_parts_on_many_pages_make_one_package_however_often_they_are_told(road, source):
    source.show(
        [announced("1"), announced("2")], [awarded("2"), awarded("1")], [announced("1"), awarded("1")], [awarded("2")]
    )

    run = await road.collect()

    assert (run.state, run.listed, run.seen, run.new, conserves(run)) == ("completed", 2, 2, 2, True)
    assert await kept(road) == [
        (SLUG, "1", "Pekerjaan Contoh 1", Decimal("800.00"), 1), (SLUG, "2", "Pekerjaan Contoh 2", Decimal("800.00"), 1),
    ]  # fmt: skip
    await agree(road)


async def test_an_unchanged_source_is_read_again_without_a_trace(road, source):
    source.show([announced("1"), announced("2")], [awarded("2"), awarded("1")])
    await road.collect()
    before = await road.rows("SELECT (SELECT count(*) FROM changes WHERE entity = 'package'), (SELECT count(*) FROM observations), max(id) FROM raw_answers")  # fmt: skip
    source.show([announced("2"), awarded("1")], [], [announced("1"), awarded("2"), announced("2")])
    read = source.asked["detail"]

    again = await road.collect()

    assert (again.state, again.unchanged, again.changed, again.new) == ("completed", 2, 0, 0)
    assert source.asked["detail"] == read
    assert await road.rows("SELECT (SELECT count(*) FROM changes WHERE entity = 'package'), (SELECT count(*) FROM observations), max(id) FROM raw_answers") == before  # fmt: skip


async def test_one_changed_part_changes_its_package_alone(road, source):
    source.show([announced("1"), announced("2")], [awarded("1"), awarded("2")])
    await road.collect()
    source.show([announced("1"), announced("2")], [awarded("1"), awarded("2", value="799.99")])

    again = await road.collect()

    assert (again.unchanged, again.changed) == (1, 1)
    assert [(code, value, version) for _slug, code, _name, value, version in await kept(road)] == [
        ("1", Decimal("800.00"), 1), ("2", Decimal("799.99"), 2),
    ]  # fmt: skip


class PowerCut(BaseException):
    """Ends an attempt as kill -9 does: nothing after it is done."""


class Mortal(Database):
    """A database whose user is killed at one of its commits, before it or just after it."""

    def __init__(self, database, commit, *, is_kept):
        self.__dict__ = dict(vars(database))
        self._left, self._is_kept = commit, is_kept

    @asynccontextmanager
    async def transaction(self):
        self._left -= 1
        async with super().transaction() as session:
            yield session
            if self._left == 0 and not self._is_kept:
                raise PowerCut
        if self._left == 0:
            raise PowerCut


@pytest.mark.parametrize("is_kept", [True, False], ids=["just after", "just before"])
async def test_killed_at_every_commit_it_ends_the_same(road, source, is_kept):
    source.show(
        [announced("1"), announced("2", lpse=STRANGER), announced("3")],
        [awarded("1")],
        [awarded("2", lpse=STRANGER)],
        [announced("1"), awarded("3")],
    )
    run_id = await road.start()

    commit = 0
    while (run := await road.run(run_id)).finished_at is None:
        commit += 1
        mortal = a_collector(Mortal(road.database, commit, is_kept=is_kept))
        with suppress(PowerCut):
            await collect_run(mortal, run_id)

    assert run.attempt >= 7
    assert (run.state, run.listed, run.seen, run.new, conserves(run)) == ("completed", 3, 3, 3, True)
    assert [(slug, code, value, version) for slug, code, _name, value, version in await kept(road)] == [
        (f"lpse-{STRANGER}", "2", Decimal("800.00"), 1), (SLUG, "1", Decimal("800.00"), 1), (SLUG, "3", Decimal("800.00"), 1),
    ]  # fmt: skip
    await agree(road)


async def test_packages_of_other_nodes_go_to_them(road, source):
    theirs = await neighbour(road)
    source.show(
        [announced("1"), announced("2", lpse=OWN), announced("3", lpse=theirs), announced("4", lpse=STRANGER)],
        [awarded("3", lpse=theirs), awarded("4", lpse=STRANGER)],
    )

    run = await road.collect()

    assert (run.state, run.seen, run.new, conserves(run)) == ("completed", 4, 4, True)
    assert [(slug, code) for slug, code, *_ in await kept(road)] == [
        (NEIGHBOUR, "3"), (f"lpse-{STRANGER}", "4"), (SLUG, "1"), (SLUG, "2"),
    ]  # fmt: skip
    found = await road.rows("SELECT state, kd_lpse, province FROM nodes WHERE slug = :slug", slug=f"lpse-{STRANGER}")
    assert found == [("discovered", STRANGER, None)]
    again = await road.collect()
    assert (again.unchanged, again.new) == (4, 0)
    await agree(road)


async def test_packages_of_other_nodes_are_withdrawn_there(road, source):
    theirs = await neighbour(road)
    others = [announced(str(number)) for number in range(10, 60)]
    source.show([*others, announced("3", lpse=theirs), announced("4", lpse=STRANGER)])
    await road.collect()
    source.show(others)

    assert [(await road.collect()).withdrawn for _ in range(3)] == [0, 0, 2]

    assert await road.rows("SELECT code, withdrawn FROM packages WHERE code IN ('3', '4') ORDER BY 1") == [("3", True), ("4", True)]  # fmt: skip
    await agree(road)
    source.show([*others, announced("4", lpse=STRANGER)])
    assert (await road.collect()).changed == 1
    assert (f"lpse-{STRANGER}", "4") in [(slug, code) for slug, code, *_ in await kept(road)]


async def test_the_same_code_at_two_nodes_is_two_packages(road, source):
    source.show([announced("1", lpse=OWN), announced("1", lpse=STRANGER, name="Paket lain")])

    run = await road.collect()

    assert (run.new, run.seen) == (2, 2)
    assert {(slug, name) for slug, _code, name, *_ in await kept(road)} == {
        (SLUG, "Pekerjaan Contoh 1"), (f"lpse-{STRANGER}", "Paket lain"),
    }  # fmt: skip


async def test_what_another_address_of_the_source_shows_is_not_withdrawn(road, source):
    theirs = await neighbour(road)
    others = [announced(str(number)) for number in range(10, 60)]
    source.show([*others, announced("3", lpse=theirs)])
    await road.collect()
    source.show([announced("3", lpse=theirs)])
    await road.collect(NEIGHBOUR)
    source.show(others)

    for _ in range(4):
        await road.collect()

    assert (NEIGHBOUR, "3") in [(slug, code) for slug, code, *_ in await kept(road)]
    assert await road.scalar("SELECT count(*) FROM changes WHERE op = 'withdrawn'") == 0


async def test_half_a_list_changes_nothing(road, source):
    source.show([announced("1"), announced("2")], [awarded("1"), awarded("2")])
    await road.collect()
    before = await kept(road)
    source.show([announced("1"), announced("2"), announced("3")], [awarded("1"), awarded("2")])

    def cut(_kind, number):
        if number == 1:
            raise IndexIncomplete("the list does not go on")

    source.stumble = cut

    run = await road.collect()

    assert (run.state, run.changed, run.new, conserves(run)) == ("incomplete", 0, 0, True)
    assert await road.codes(run) == {"list-incomplete"}
    assert await kept(road) == before
    source.stumble = lambda _kind, _number: None
    assert ((await road.collect()).state, (await kept(road))[:2]) == ("completed", before)
    await agree(road)


async def test_a_part_that_the_source_leaves_out_takes_nothing_away(road, source):
    source.show([announced("1"), announced("2")], [awarded("1"), awarded("2")])
    await road.collect()
    before = await kept(road)
    without = Problem("source-without-part", kind="tender", field="award", value="404")
    source.show([announced("1"), announced("2", stage="lain"), announced("3")], [without])

    run = await road.collect()

    assert (run.state, run.changed, run.new, run.rejected, conserves(run)) == ("incomplete", 0, 1, 2, True)
    assert [found[:4] for found in await kept(road)][:2] == [found[:4] for found in before]
    lost = [problem for problem in await road.problems(run) if problem.code == "detail-missing"]
    assert sorted((problem.package, problem.field) for problem in lost) == [("1", "awards"), ("2", "awards")]
    source.show([announced("1"), announced("2"), announced("3")], [awarded("1"), awarded("2")])
    assert (await road.collect()).state == "completed"
    await agree(road)


async def test_a_part_that_was_never_there_is_not_waited_for(road, source):
    without = Problem("source-without-part", kind="tender", field="award", value="404")
    source.show([announced("1", status="running")], [without])
    await road.collect()
    source.show([announced("1", status="completed")], [without])

    run = await road.collect()

    assert (run.state, run.changed) == ("completed", 1)


async def test_parts_in_the_lists_of_two_years_are_one_package(road, source):
    source.show([announced("1", fiscal_years=[2024, 2025])], year=2024)
    source.show([awarded("1", fiscal_years=[2024, 2025])], year=2025)
    await road.collect(year=2024)
    await road.collect(year=2025)

    for _ in range(2):
        for year in (2024, 2025):
            run = await road.collect(year=year)
            assert (run.state, run.seen, run.unchanged) == ("completed", 1, 1)

    assert await kept(road) == [(SLUG, "1", "Pekerjaan Contoh 1", Decimal("800.00"), 2)]
    await agree(road)
