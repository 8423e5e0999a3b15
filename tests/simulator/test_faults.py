"""Every way in which a simulated node can let its visitors down, over real HTTP."""

import time
from dataclasses import fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from app.simulator.faults import Faults
from app.simulator.running import running_simulator
from tests.simulator.test_spse_manners import BY_CODE, Visitor
from tests.simulator.worlds import a_node, a_world


@pytest.fixture(scope="module")
def running():
    counts = {"tenders": (60, 60), "non_tenders": (40, 40), "recorded": (30, 30)}
    with running_simulator(a_world(a_node(), a_node("lain"), **counts)) as simulator:
        yield simulator


@pytest.fixture
def simulator(running):
    running.app.faults = Faults()
    yield running
    running.app.faults = Faults()


@pytest.fixture
def visitor(simulator):
    visitor = Visitor(simulator)
    visitor.enter()
    yield visitor
    visitor.client.close()


def codes(rows):
    return [int(row[0]) for row in rows]


def page_through(visitor, length=10):
    found, start = [], 0
    while page := visitor.rows(**BY_CODE, start=str(start), length=str(length)):
        found += codes(page)
        start += length
    return found


def announcement(visitor, simulator):
    code = next(iter(simulator.world.everything("contoh", "tender")))
    return visitor.get(f"/lelang/{code}/pengumumanlelang")


def test_a_node_without_faults_shows_everything_in_order(visitor, simulator):
    assert page_through(visitor) == sorted(int(one.code) for one in simulator.world.listed("contoh", 2025, "tender"))


def test_a_slow_head_keeps_everybody_waiting(visitor, simulator):
    simulator.app.faults = Faults(latency_seconds=0.3)

    began = time.monotonic()
    with visitor.client.stream("GET", f"{visitor.base}/lelang") as answer:
        head = time.monotonic() - began
        answer.read()

    assert head >= 0.3


def test_a_slow_body_comes_in_pieces_after_a_quick_head(visitor, simulator):
    simulator.app.faults = Faults(body_seconds=300)
    began = time.monotonic()
    with visitor.client.stream("GET", f"{visitor.base}/lelang") as answer:
        assert next(answer.iter_raw())
    assert time.monotonic() - began < 200

    simulator.app.faults = Faults(body_seconds=0.5)
    began = time.monotonic()
    body = visitor.client.get(f"{visitor.base}/lelang").content

    assert time.monotonic() - began >= 0.4
    assert body.endswith(b"</html>\n")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_errors_have_the_status_that_was_asked_for(visitor, simulator, status):
    simulator.app.faults = Faults(fail_every=1, fail_status=status)

    assert visitor.get("/lelang").status_code == status


def test_retry_after_is_a_number_or_a_date_or_missing(visitor, simulator):
    said = []
    for faults in (
        Faults(too_many_every=1, retry_after_seconds=90),
        Faults(too_many_every=1, retry_after_seconds=90, retry_after_date=True),
        Faults(too_many_every=1, retry_after_seconds=None),
    ):
        simulator.app.faults = faults
        said.append(visitor.get("/lelang").headers.get("retry-after"))

    assert (said[0], said[2]) == ("90", None)
    assert 30 < (parsedate_to_datetime(said[1]) - datetime.now(UTC)).total_seconds() <= 90


def test_an_endless_body_does_not_end(visitor, simulator):
    simulator.app.faults = Faults(endless_every=1)

    with visitor.client.stream("GET", f"{visitor.base}/lelang") as answer:
        received = 0
        for chunk in answer.iter_raw():
            received += len(chunk)
            if received > 2_000_000:
                break

    assert received > 2_000_000
    simulator.app.faults = Faults()
    assert visitor.get("/lelang").status_code == 200


def test_a_node_that_is_down_closes_the_connection_without_a_word(visitor, simulator):
    simulator.app.faults = Faults(nodes={"contoh": Faults(down=True)})

    for _ in range(3):
        with pytest.raises(httpx.TransportError):
            visitor.get("/lelang")

    assert httpx.get(simulator.url("lain") + "/lelang", timeout=60).status_code == 200
    simulator.app.faults = Faults()
    assert visitor.get("/lelang").status_code == 200


@pytest.mark.parametrize(
    ("faults", "words"),
    [(Faults(login_everywhere=True), "Sesi Anda telah berakhir"), (Faults(error_page_every=1), "Kode Error")],
)
def test_wrong_pages_come_with_status_200(visitor, simulator, faults, words):
    simulator.app.faults = faults

    answer = announcement(visitor, simulator)

    assert answer.status_code == 200
    assert words in answer.text


def test_details_alone_can_be_refused(visitor, simulator):
    simulator.app.faults = Faults(refuse_details=True)

    assert announcement(visitor, simulator).status_code == 403
    assert visitor.get("/pencatatan/pengumumannonspk?id=1").status_code == 403
    assert visitor.rows(**BY_CODE)


def test_a_list_that_shrank_keeps_the_same_few_packages(visitor, simulator):
    simulator.app.faults = Faults(keep_percent=10)

    first, second = page_through(visitor), page_through(visitor)

    listed = simulator.world.listed("contoh", 2025, "tender")
    assert first == second
    assert 0 < len(first) < len(listed) / 4
    assert announcement(visitor, simulator).status_code == 200


def test_totals_can_lie(visitor, simulator):
    simulator.app.faults = Faults(totals=3)

    body = visitor.ask(**BY_CODE).json()

    assert (body["recordsTotal"], body["recordsFiltered"]) == (3, 3)
    assert len(body["data"]) > 3


def test_ties_change_places_with_every_request(visitor, simulator):
    simulator.app.faults = Faults(ties=True)

    orders = {tuple(codes(visitor.rows(**BY_CODE))) for _ in range(6)}

    assert len(orders) > 1
    assert len({tuple(sorted(order)) for order in orders}) == 1


@pytest.mark.parametrize(("shift", "missing", "twice"), [(2, 0, 5), (-2, 5, 0)])
def test_rows_shift_while_one_pages(visitor, simulator, shift, missing, twice):
    everything = page_through(visitor)
    simulator.app.faults = Faults(shift_rows=shift)

    seen = page_through(visitor)

    assert (len(set(everything) - set(seen)) >= missing, len(seen) - len(set(seen)) >= twice) == (True, True)
    assert set(seen) <= set(everything)
    assert bool(set(everything) - set(seen)) == bool(missing)


def test_rows_can_stand_twice(visitor, simulator):
    simulator.app.faults = Faults(duplicate_every=5)

    seen = codes(visitor.rows(**BY_CODE, length="20"))

    assert len(seen) == 24
    assert len(set(seen)) == 20


def test_new_packages_appear_while_one_pages(visitor, simulator):
    before = len(simulator.world.everything("contoh", "tender"))
    simulator.app.faults = Faults(announce_every=2)

    for _ in range(6):
        visitor.rows(**BY_CODE, year=2026)

    assert len(simulator.world.everything("contoh", "tender")) == before + 3


@pytest.mark.parametrize(
    ("faults", "cells"),
    [
        (Faults(drop_cell_at=4), lambda row: [*row[:4], *row[5:]]),
        (Faults(insert_cell_at=4), lambda row: [*row[:4], "?", *row[4:]]),
        (Faults(swap_cells=(3, 4)), lambda row: [*row[:3], row[4], row[3], *row[5:]]),
    ],
)
def test_columns_can_move(visitor, simulator, faults, cells):
    rows = visitor.rows(**BY_CODE)
    simulator.app.faults = faults

    assert visitor.rows(**BY_CODE) == [cells(row) for row in rows]


def test_cells_can_be_half_empty_in_lists_and_on_pages(visitor, simulator):
    rows, page = visitor.rows(**BY_CODE), announcement(visitor, simulator)
    simulator.app.faults = Faults(empty_cells_every=2)

    poor_rows, poor_page = visitor.rows(**BY_CODE), announcement(visitor, simulator)

    def empty(page):
        return sum(not cell.text(strip=True) for cell in LexborHTMLParser(page.text).css("td"))

    assert codes(rows) == codes(poor_rows)
    blanks = sum(cell == "" for row in poor_rows for cell in row)
    assert 0.3 < blanks / sum(len(row) - 1 for row in rows) < 0.6
    assert empty(poor_page) > empty(page) + 5


def test_a_label_can_be_renamed_on_every_page(visitor, simulator):
    simulator.app.faults = Faults(rewrite={"Nilai Pagu Paket": "Pagu Baru"})

    assert "Pagu Baru" in announcement(visitor, simulator).text
    assert "Nilai Pagu Paket" not in announcement(visitor, simulator).text


def test_an_old_host_sends_everybody_to_the_new_one(simulator):
    old = f"{simulator.base_url}/lama/contoh"

    answer = httpx.get(f"{old}/lelang?tahun=2025", timeout=60)
    followed = httpx.get(f"{old}/lelang?tahun=2025", follow_redirects=True, timeout=60)

    assert (answer.status_code, answer.headers["location"]) == (301, f"{simulator.url('contoh')}/lelang?tahun=2025")
    assert followed.status_code == 200
    assert httpx.get(f"{simulator.base_url}/lama/tidak-ada", timeout=60).status_code == 404


def test_every_index_fault_is_known_to_disturb_the_index():
    """The index answers from prepared rows unless it is told that something is wrong."""
    strange = {
        "ignore_order": True, "ties": True, "empty_index": True, "keep_percent": 50, "shift_rows": 1,
        "duplicate_every": 1, "drop_cell_at": 0, "insert_cell_at": 0, "swap_cells": (0, 1), "empty_cells_every": 3,
    }  # fmt: skip

    assert all(Faults(**{name: value}).disturbs_index for name, value in strange.items())
    assert not Faults(totals=3, fail_every=2, rewrite={"a": "b"}).disturbs_index
    assert set(strange) < {field.name for field in fields(Faults)}
