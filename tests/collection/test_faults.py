"""Nodes that let a run down: every fault ends it in the right state, says what was wrong, and loses or alters nothing."""

import asyncio
import socket
import time

import pytest

from app.collection import collecting, ledger
from tests.collection.road import KINDS, SLUG, a_collector, completed_package, conserves, listed, point_at, truth


@pytest.fixture
def patient(road):
    """The road walked one page after the other: then the answer after a failed one is the answer to the same question."""
    road.collector = a_collector(road.database, packages_at_once=1)
    return road


async def test_a_node_that_refuses_fails_the_run_and_is_not_asked_again(road, simulator):
    simulator.faults.refuse = True

    run = await road.collect()

    assert (run.state, run.seen) == ("failed", 0)
    assert await road.codes(run) == {"node-refused"}
    assert simulator.requests.total() <= 2


async def test_a_node_that_refuses_after_good_data_keeps_them(road, simulator, world):
    await road.collect()
    before = await road.snapshot()
    simulator.faults.refuse = True

    run = await road.collect()

    assert run.state == "failed"
    assert await road.snapshot() == before
    assert await road.figures() == truth(world)


@pytest.mark.parametrize("every", [2, 5])
async def test_failing_now_and_then_costs_only_patience(patient, simulator, world, every):
    road = patient
    simulator.faults.fail_every = every

    run = await road.collect()

    assert (run.state, run.seen) == ("completed", listed(world))
    assert await road.figures() == truth(world)


async def test_a_node_that_only_fails_is_unreachable(road, simulator):
    simulator.faults.fail_every = 1

    run = await road.collect()

    assert (run.state, run.seen) == ("failed", 0)
    assert await road.codes(run) == {"node-unreachable"}
    assert run.requests == 4


async def test_truncated_answers_are_asked_for_again(patient, simulator, world):
    road = patient
    simulator.faults.truncate_every = 3

    run = await road.collect()

    assert (run.state, run.seen) == ("completed", listed(world))
    assert await road.figures() == truth(world)


async def test_expiring_sessions_are_begun_anew(patient, simulator, world):
    road = patient
    simulator.faults.expire_tokens_every = 4

    run = await road.collect()

    assert (run.state, run.seen) == ("completed", listed(world))
    assert await road.figures() == truth(world)


async def test_a_host_that_asks_for_a_pause_gets_it(patient, simulator, world):
    road = patient
    simulator.faults.too_many_every = 25
    simulator.faults.retry_after_seconds = 1
    began = time.monotonic()

    run = await road.collect()

    asked_for = simulator.requests.total() // 25
    assert (run.state, run.seen) == ("completed", listed(world))
    assert asked_for >= 1
    assert time.monotonic() - began >= asked_for * 1.0
    assert await road.figures() == truth(world)


async def test_a_host_that_asks_for_a_year_of_patience_ends_the_run_at_once(road, simulator):
    simulator.faults.too_many_every = 1
    simulator.faults.retry_after_seconds = 365 * 24 * 3600

    async with asyncio.timeout(60):
        run = await road.collect()
        again = await road.collect()

    assert (run.state, again.state) == ("failed", "failed")
    assert await road.codes(run) == await road.codes(again) == {"node-unreachable"}
    assert (run.requests, again.requests) == (1, 0)


async def test_a_login_page_in_the_place_of_the_list_is_drift_and_removes_nothing(road, simulator, world):
    await road.collect()
    before = await road.snapshot()
    simulator.faults.login_page = True

    run = await road.collect()

    assert (run.state, run.seen) == ("drift", 0)
    assert await road.codes(run) == {"node-drift"}
    assert await road.snapshot() == before
    assert await road.figures() == truth(world)


async def test_an_empty_list_after_data_is_incomplete_and_removes_nothing(road, simulator, world):
    first = await road.collect()
    before = await road.snapshot()
    simulator.faults.empty_index = True

    run = await road.collect()

    assert (run.state, run.seen, run.withdrawn) == ("incomplete", 0, 0)
    assert await road.codes(run) == {"list-shrunk"}
    values = {problem.kind: problem.value for problem in await road.problems(run)}
    known = {kind: len(world.listed(SLUG, 2025, kind)) for kind in KINDS}
    assert values == {kind: f"{count} / {count}" for kind, count in known.items() if count}
    assert await road.snapshot() == before
    assert first.seen == sum(known.values())


async def test_a_list_of_two_that_becomes_empty_is_no_completed_run(road, simulator, world):
    for package in list(world.listed(SLUG, 2025, "tender"))[2:]:
        world.withdraw(SLUG, "tender", package.code)
    await road.collect(kinds=["tender"])
    simulator.faults.empty_index = True

    run = await road.collect(kinds=["tender"])

    assert run.state == "incomplete"
    assert await road.codes(run) == {"list-shrunk"}


async def test_a_list_that_lost_most_of_its_rows_is_incomplete_with_numbers(road, simulator, world):
    await road.collect()
    before = await road.snapshot()
    tenders = list(world.listed(SLUG, 2025, "tender"))
    for package in tenders[1:]:
        world.withdraw(SLUG, "tender", package.code)

    run = await road.collect()

    assert run.state == "incomplete"
    assert [(p.code, p.value) for p in await road.problems(run) if p.severity == "error"] == [
        ("list-shrunk", f"{len(tenders) - 1} / {len(tenders)}")
    ]
    assert await road.snapshot() == before


async def test_a_list_without_order_is_incomplete_and_what_it_shows_is_kept(road, simulator, world):
    simulator.faults.ignore_order = True
    simulator.world.settings = _smaller_pages(world)

    run = await road.collect()

    assert run.state == "incomplete"
    assert await road.codes(run) == {"list-incomplete"}
    assert conserves(run)
    assert run.new > 0


async def test_a_dead_port_fails_at_once(road, database):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        await point_at(database, _Nowhere(closed.getsockname()[1]), SLUG)

        async with asyncio.timeout(60):
            run = await road.collect()

    assert (run.state, run.requests) == ("failed", 0)
    assert await road.codes(run) == {"node-unreachable"}


async def test_a_renamed_mandatory_label_is_drift_and_the_old_data_stay(road, simulator, world):
    await road.collect()
    before = await road.snapshot()
    simulator.faults.rewrite = {"Nilai Pagu Paket": "Anggaran Perkiraan"}

    run = await road.collect(full=True)

    assert run.state == "drift"
    assert "detail-drift" in await road.codes(run)
    assert conserves(run)
    assert await road.snapshot() == before
    assert await road.figures() == truth(world)


async def test_a_renamed_mandatory_label_gives_no_wrong_value_to_new_packages(road, simulator, world):
    simulator.faults.rewrite = {"Nilai Pagu Paket": "Anggaran Perkiraan"}

    run = await road.collect()

    assert run.state == "drift"
    assert await road.scalar("SELECT count(*) FROM packages WHERE pagu IS NOT NULL") == 0
    assert {problem.package for problem in await road.problems(run) if problem.code == "detail-drift"} == {
        package.code for kind in KINDS for package in world.listed(SLUG, 2025, kind)
    }


async def test_amounts_in_a_changed_unit_are_drift_and_nowhere_a_wrong_value(road, simulator, world):
    simulator.faults.rewrite = {"Rp. ": "Rp. jt "}

    run = await road.collect()

    assert run.state == "drift"
    assert "amount-unreadable" in await road.codes(run)
    assert await road.scalar("SELECT count(*) FROM packages WHERE coalesce(pagu, hps, value) IS NOT NULL") == 0


async def test_one_amount_that_cannot_be_read_is_null_and_a_problem(road, simulator, world):
    package = completed_package(world)
    amount = f"{package.winners[0].contract:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    simulator.faults.rewrite = {amount: "lihat lampiran"}

    run = await road.collect()

    assert run.state == "completed"
    unreadable = [problem for problem in await road.problems(run) if problem.code == "amount-unreadable"]
    assert {problem.package for problem in unreadable} == {package.code}
    assert all("lihat lampiran" in problem.value for problem in unreadable)
    contracts = "SELECT a.contract_value FROM awards a JOIN packages p ON p.id = a.package_id WHERE p.code = :code"
    assert await road.rows(contracts, code=package.code) == [(None,)]


async def test_an_unknown_status_is_other_and_a_problem(road, simulator, world):
    package = completed_package(world, kind="non_tender")
    world.amend(SLUG, "non_tender", package.code, stage="Tahap Yang Tak Dikenal")

    run = await road.collect()

    assert run.state == "completed"
    assert [(p.package, p.value) for p in await road.problems(run) if p.code == "status-unknown"] == [
        (package.code, "Tahap Yang Tak Dikenal")
    ]
    rows = await road.rows("SELECT status, stage FROM packages WHERE code = :code", code=package.code)
    assert rows == [("other", "Tahap Yang Tak Dikenal")]


async def test_one_package_without_its_page_leaves_the_run_incomplete(road, simulator, world):
    package = completed_package(world)
    await road.collect()
    before = await road.snapshot()
    simulator.faults.rewrite = {f'href="/{SLUG}/lelang/{package.code}': "x", f">{package.code}<": ">1<"}

    run = await road.collect(full=True)

    assert run.state == "incomplete"
    assert await road.codes(run) == {"code-mismatch"}
    assert (run.rejected, conserves(run)) == (1, True)
    assert await road.snapshot() == before


async def test_columns_that_moved_are_drift_and_nothing_is_stored(road, simulator):
    simulator.faults.rewrite = {'"data":[["': '"data":[["baru","', '],["': '],["baru","'}

    run = await road.collect()

    assert run.state == "drift"
    assert run.rejected == run.seen == run.listed > 0
    assert await road.codes(run) == {"row-unreadable"}
    assert await road.snapshot() == []


@pytest.mark.parametrize("text", ["\\u0000\\ud800", "\u0000\ufffe", "\u202e"])
async def test_text_that_no_database_takes_does_no_harm(road, simulator, world, text):
    # The satker stands on pages only, where anything goes; the name stands in the list too, which is JSON.
    package = completed_package(world)
    old = package.name if "\\" in text else package.satker
    simulator.faults.rewrite = {old: f"{old[:5]}{text}{old[5:]}"}

    run = await road.collect()

    assert (run.state, run.seen) == ("completed", listed(world))
    assert await road.figures() == truth(world)


async def test_a_fault_of_the_hub_itself_closes_the_run_and_keeps_what_was_stored(road, world, monkeypatch):
    store, calls = ledger.store_details, []

    async def stumbling(*arguments, **named):
        calls.append(1)
        if len(calls) == 3:
            raise ZeroDivisionError
        return await store(*arguments, **named)

    monkeypatch.setattr(collecting.ledger, "store_details", stumbling)

    run = await road.collect()

    assert run.state == "failed"
    assert await road.codes(run) == {"hub-error"}
    assert 0 < run.new == await road.scalar("SELECT count(*) FROM packages") < listed(world)
    assert conserves(run)
    assert await road.rows("SELECT run_id FROM run_items UNION SELECT run_id FROM run_lists") == []


async def test_what_one_run_could_not_read_the_next_one_reads(road, simulator, world):
    simulator.faults.fail_every = 1
    await road.collect()
    simulator.faults.fail_every = 0

    run = await road.collect()

    assert run.state == "completed"
    assert await road.figures() == truth(world)


async def test_a_node_that_dies_in_the_middle_leaves_an_incomplete_run_that_lost_nothing(road, simulator, world):
    road.collector = a_collector(road.database, lambda: _break_after(simulator, 30))

    run = await road.collect()

    assert run.state == "incomplete"
    assert 0 < run.new == await road.scalar("SELECT count(*) FROM packages") < listed(world)
    assert "node-unreachable" in await road.codes(run)
    simulator.faults.fail_every = 0
    road.collector = a_collector(road.database)
    assert (await road.collect()).state == "completed"
    assert await road.figures() == truth(world)


def _break_after(simulator, requests):
    if simulator.requests.total() > requests:
        simulator.faults.fail_every = 1
    return False


class _Nowhere:
    """Stands for a simulator that is gone."""

    def __init__(self, port):
        self._port = port

    def url(self, slug):
        return f"http://127.0.0.1:{self._port}/{slug}"


def _smaller_pages(world):
    return type(world.settings)(**{**_fields(world.settings), "max_length": 5})


def _fields(settings):
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


async def test_a_mandatory_amount_that_is_empty_everywhere_is_drift_and_what_was_known_stands(road, simulator, world):
    await road.collect()
    known = await road.rows("SELECT code, pagu FROM packages WHERE kind IN ('tender', 'non_tender') ORDER BY 1")
    label = '<th class="bgwarning" width="200">Nilai Pagu Paket</th>\n            <td>'
    simulator.faults.rewrite = {label: label + "</td><td>"}

    run = await road.collect(full=True)

    assert run.state == "drift"
    assert {"field-empty", "field-emptied"} <= {problem.code for problem in await road.problems(run)}
    assert await road.rows("SELECT code, pagu FROM packages WHERE kind IN ('tender', 'non_tender') ORDER BY 1") == known
