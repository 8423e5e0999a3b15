"""Time passes in the simulated world, and orders come to it over HTTP."""

from collections import Counter
from datetime import timedelta

import httpx
import pytest

from app.simulator.index import index_row
from app.simulator.nodes import KINDS
from app.simulator.running import running_simulator
from tests.simulator.worlds import a_node, a_world, every_package


def a_busy_world(**changes):
    counts = {"tenders": (60, 60), "non_tenders": (80, 80), "recorded": (40, 40), "self_managed": (20, 20)}
    return a_world(a_node(), a_node("lain"), **{**counts, "emergency": (5, 5), **changes})


def state(world):
    return {(one.slug, one.kind, one.code): one for one in every_package(world)}


def test_the_same_days_bring_the_same_however_they_pass():
    at_once, one_by_one = a_busy_world(), a_busy_world()

    at_once.advance(30)
    for _ in range(30):
        one_by_one.advance()

    assert state(at_once) == state(one_by_one)
    assert at_once.today == one_by_one.today == at_once.settings.reference_day + timedelta(days=30)


def test_another_seed_brings_other_days():
    world, other = a_busy_world(), a_busy_world(seed=1)
    for each in (world, other):
        each.advance(30)

    assert state(world).keys() != state(other).keys()


def test_running_packages_come_to_an_end_and_what_has_ended_stays_as_it_was():
    world = a_busy_world()
    before = state(world)

    world.advance(90)

    after = state(world)
    running = [key for key, one in before.items() if one.status == "running"]
    ends = Counter((after[key].kind in {"tender", "non_tender"}, after[key].status) for key in running)
    assert ends[True, "completed"] > len(running) / 3
    assert ends[False, "completed"]
    assert ends[True, "failed"] + ends[True, "cancelled"]
    assert all(after[key] == one for key, one in before.items() if one.status != "running")


def test_a_package_that_was_decided_has_winner_offers_contract_and_value():
    world = a_busy_world()
    before = state(world)

    world.advance(90)

    decided = [
        one
        for key, one in state(world).items()
        if one.kind in {"tender", "non_tender"} and one.status == "completed" and before.get(key) != one
    ]
    for package in decided:
        winner = package.winners[0]
        assert package.evaluated
        assert package.finished
        assert package.schedule[-1].ends_at.date() < world.today
        assert winner.supplier in {one.supplier for one in package.participants}
        assert len(package.participants) == package.registered
        assert package.stage in {"Tender Sudah Selesai", "Paket Sudah Selesai"}
    contracted = [one for one in decided if one.winners[0].contract is not None]
    assert len(contracted) > len(decided) * 0.8
    assert {one["code"] for one in world.details("contoh", 2026) if one["value_basis"] == "contract"} >= {
        one.code for one in contracted if one.slug == "contoh" and one.fiscal_year == 2026
    }


def test_winners_are_named_when_the_stage_that_announces_them_begins():
    world = a_busy_world()
    for _ in range(40):
        world.advance()
        for package in every_package(world):
            if package.kind == "tender" and package.status == "running" and package.schedule:
                announced = next(stage for stage in package.schedule if stage.name == "Pengumuman Pemenang")
                assert package.evaluated == (announced.starts_at.date() <= world.today)


def test_new_packages_are_announced_on_working_days_with_codes_of_their_own():
    world = a_busy_world()
    before = state(world)

    world.advance(60)

    new = [one for key, one in state(world).items() if key not in before]
    assert {one.kind for one in new} >= {"tender", "non_tender", "recorded"}
    assert all(one.created_on.weekday() < 5 or one.published_on.weekday() < 5 for one in new)
    assert all(one.published_on > world.settings.reference_day for one in new)
    latest = max(int(code) for slug, kind, code in before if (slug, kind) == ("contoh", "tender"))
    assert all(int(one.code) > latest for one in new if (one.slug, one.kind) == ("contoh", "tender"))
    assert 2027 in world.years("contoh")


def test_some_schedules_are_moved_and_remember_how_they_stood():
    world = a_busy_world()
    before = state(world)

    world.advance(20)

    moved = [
        (before[key].schedule, one.schedule)
        for key, one in state(world).items()
        if key in before and before[key].schedule != one.schedule
    ]
    for old, new in moved:
        for was, now in zip(old, new, strict=True):
            if was != now:
                assert now.changes > was.changes
                assert now.revisions[was.changes].starts_at == was.starts_at
                assert now.starts_at > was.starts_at
    assert moved


def test_a_silent_edit_changes_the_details_and_no_row():
    world = a_busy_world()
    rows = {key: index_row(one) for key, one in state(world).items()}
    details = {(one["kind"], one["code"]): one for one in world.details("contoh", 2025) + world.details("contoh", 2026)}

    edited = world.edit_silently("contoh", 25)

    after = {(one["kind"], one["code"]): one for one in world.details("contoh", 2025) + world.details("contoh", 2026)}
    assert {key: index_row(one) for key, one in state(world).items()} == rows
    assert {key for key, one in details.items() if after[key] != one} == {(one.kind, one.code) for one in edited}
    assert len(edited) == 25


def test_packages_vanish_on_request_and_only_as_many_as_there_are():
    world = a_busy_world()
    before = state(world)

    vanished = world.vanish("contoh", 3) + world.vanish("contoh", 1_000, kind="emergency")

    gone = before.keys() - state(world).keys()
    assert gone == {(one.slug, one.kind, one.code) for one in vanished}
    assert world.everything("contoh", "emergency") == {}


def test_a_package_can_be_announced_at_once():
    world = a_busy_world()

    new = [package for kind in KINDS for package in world.announce("contoh", kind, 2)]

    assert len({(one.kind, one.code) for one in new}) == 10
    assert all(world.find_package("contoh", one.kind, one.code) == one for one in new)
    assert {one.status for one in new} == {"running"}


@pytest.fixture
def served():
    with (
        running_simulator(a_busy_world()) as simulator,
        httpx.Client(base_url=simulator.base_url, timeout=60) as client,
    ):
        yield simulator, client


def test_days_pass_over_http(served):
    simulator, client = served

    answer = client.post("/-/advance?days=7").json()

    assert answer == {"today": simulator.world.today.isoformat()} == client.get("/-/today").json()
    alone = a_busy_world()
    alone.advance(7)
    assert state(simulator.world) == state(alone)


def test_orders_over_http_say_what_they_did(served):
    simulator, client = served

    edited = client.post("/-/edit/contoh?count=2&kind=tender").json()
    vanished = client.post("/-/vanish/contoh?count=2").json()

    assert [one["kind"] for one in edited] == ["tender", "tender"]
    assert all(simulator.world.find_package("contoh", one["kind"], one["code"]) is None for one in vanished)
    assert len(vanished) == 2


def test_faults_are_set_and_taken_away_over_http(served):
    _, client = served

    client.post("/-/faults/lain", json={"refuse": True, "swap_cells": [1, 2]}).raise_for_status()
    statuses = [client.get("/contoh/lelang").status_code, client.get("/lain/lelang").status_code]
    client.post("/-/faults", json={"fail_every": 1, "fail_status": 502}).raise_for_status()
    statuses += [client.get("/contoh/lelang").status_code, client.get("/lain/lelang").status_code]
    client.post("/-/faults", json={}).raise_for_status()
    client.post("/-/faults/lain").raise_for_status()
    statuses += [client.get("/contoh/lelang").status_code, client.get("/lain/lelang").status_code]

    assert statuses == [200, 403, 502, 403, 200, 200]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/-/advance?days=0", b""),
        ("/-/advance?days=x", b""),
        ("/-/advance?days=99999", b""),
        ("/-/edit/tidak-ada", b""),
        ("/-/vanish/contoh?kind=lelang", b""),
        ("/-/faults/contoh", b'{"no_such_fault": 1}'),
        ("/-/faults/contoh", b'{"fail_every": "often"}'),
        ("/-/faults/contoh", b'{"fail_every": true}'),
        ("/-/faults/contoh", b'{"latency_seconds": -1}'),
        ("/-/faults/contoh", b'{"rewrite": {"a": 1}}'),
        ("/-/faults/contoh", b'{"swap_cells": [1]}'),
        ("/-/faults/contoh", b"[1]"),
        ("/-/faults/contoh", b"{"),
        ("/-/dance", b""),
    ],
)
def test_an_order_that_makes_no_sense_changes_nothing_and_says_so(served, path, body):
    simulator, client = served
    before = state(simulator.world)

    answer = client.post(path, content=body)

    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert state(simulator.world) == before
    assert simulator.app.faults.nodes == {}


async def test_orders_from_other_machines_are_refused(served):
    simulator, _ = served
    transport = httpx.ASGITransport(simulator.app, client=("192.0.2.1", 4000))

    async with httpx.AsyncClient(transport=transport, base_url="http://simulasi") as stranger:
        answer = await stranger.post("/-/advance?days=1")

    assert answer.status_code == 403
    assert simulator.world.today == simulator.world.settings.reference_day
