"""The demo as a newcomer runs it: from nothing to figures that are true, killed in the middle, and a second time."""

import os
import signal

import pytest

from app.kit.postgres import erase_server
from tests.cli.commands import children, running
from tests.workers import wait_until

JAKARTA, SOUTH_PAPUA = ("31", 1), ("93", 4)
"""Provinces with few nodes, and how many."""


@pytest.fixture
def folder(tmp_path):
    """A data directory whose path contains a space."""
    place = tmp_path / "data of a newcomer"
    yield place
    erase_server(place)


def start(folder, province):
    return running(None, "demo", "--province", province[0], "--exit", RAKOR_DATA_DIR=str(folder), COLUMNS="120")


def is_true(demo, province):
    """Whether the demo itself found all its figures equal to the simulator's truth."""
    years = 2
    return f"All {province[1] * years} figures of node and year equal the simulator's own truth" in "".join(demo.out)


def done_nodes(demo):
    return [line for line in demo.err if line.startswith("✓")]


def table_of(demo):
    """The rows of the table: a node's slug and its numbers."""
    return [line.split() for line in demo.out if line.strip().endswith("%")]


def test_a_demo_that_is_killed_and_started_again_ends_in_the_true_totals(folder):
    with start(folder, JAKARTA) as killed:
        wait_until(lambda: done_nodes(killed), what="the first figure")
        killed.process.kill()  # its worker and its simulated nodes leave by themselves
    assert killed.out == []

    with start(folder, JAKARTA) as again:
        assert again.wait() == 0, again.err
    with start(folder, JAKARTA) as once_more:
        assert once_more.wait() == 0, once_more.err

    assert is_true(again, JAKARTA)
    assert is_true(once_more, JAKARTA)
    # The last one shows what is there and collects nothing.
    assert done_nodes(once_more) == []
    assert table_of(once_more) == table_of(again)
    assert len(table_of(again)) == JAKARTA[1] + 1
    assert "Traceback" not in "".join([*again.err, *once_more.err])


@pytest.mark.nightly
def test_a_demo_killed_with_all_its_processes_again_and_again_ends_in_the_true_totals(folder):
    for _ in range(3):
        with start(folder, SOUTH_PAPUA) as killed:
            wait_until(lambda killed=killed: done_nodes(killed) or killed.out, what="the next figure")
            for pid in [*children(killed), killed.process.pid]:
                os.kill(pid, signal.SIGKILL)

    with start(folder, SOUTH_PAPUA) as again:
        assert again.wait() == 0, again.err

    assert is_true(again, SOUTH_PAPUA)


def test_a_province_without_nodes_is_one_clear_line(tmp_path):
    with running(None, "demo", "--province", "00", "--exit", RAKOR_DATA_DIR=str(tmp_path)) as demo:
        assert demo.wait() == 1

    assert len(demo.err) == 1
    assert "00" in demo.err[0]
