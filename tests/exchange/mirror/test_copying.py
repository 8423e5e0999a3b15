"""A copy holds everything that the hub sends, follows what becomes of it, and survives being killed."""

import random
import signal
import time
from decimal import Decimal

import httpx
import pytest

from app.exchange.mirror import hub as asking
from tests.cli.commands import running
from tests.conftest import NOW
from tests.records import minutes
from tests.workers import wait_until


def feed(hub):
    """The whole feed, line by line, as it is sent."""
    answer = httpx.get(f"{hub.root}/api/v1/changes", params={"limit": 5000}, headers={"Accept": "application/x-ndjson"})
    return answer.raise_for_status().text.splitlines()


def test_a_copy_has_every_change_to_the_letter_and_is_equal(hub, target, mirror):
    code, said = mirror(hub)

    lines = feed(hub)
    assert (code, said["equal"], said["changes"], said["new"]) == (0, True, len(lines), len(lines))
    assert said["checkpoint"]["count"] == len(lines)
    assert [item for (item,) in target.rows("SELECT item FROM mirror.changes ORDER BY place")] == lines


def test_a_copy_that_is_up_to_date_fetches_nothing(hub, mirror):
    mirror(hub)

    code, said = mirror(hub)

    assert (code, said["equal"], said["new"]) == (0, True, 0)


def test_pages_of_any_size_make_the_same_copy(hub, target, mirror):
    mirror(hub, "--page-size", "7")

    assert [item for (item,) in target.rows("SELECT item FROM mirror.changes ORDER BY place")] == feed(hub)
    assert mirror(hub, "--verify")[0] == 0


def test_the_present_state_is_there_to_be_asked_in_sql(hub, target, mirror):
    mirror(hub)

    listed = httpx.get(f"{hub.root}/api/v1/packages", params={"node": "surabaya", "limit": 500}).json()["items"]
    packages = target.rows("SELECT code, version, name, status, fiscal_year, pagu, hps, value FROM mirror.packages")
    assert {str(row[0]): tuple(map(str, row[1:])) for row in packages} == {
        one["code"]: tuple(
            str(one[name]) if name not in {"pagu", "hps", "value"} or one[name] is None else f"{one[name]:.2f}"
            for name in ("version", "name", "status", "fiscal_year", "pagu", "hps", "value")
        )
        for one in listed
    }
    assert target.value("SELECT count(*) FROM mirror.packages WHERE withdrawn") == 0
    assert target.rows("SELECT DISTINCT supplier_name, value::text FROM mirror.awards") == [
        ("CV Contoh Makmur", "800000.00")
    ]
    assert target.value("SELECT name FROM mirror.nodes WHERE slug = 'surabaya'") == "LPSE Kota Surabaya"
    assert target.rows("SELECT retired FROM mirror.nodes WHERE slug = 'gresikkab'") == [(True,)]
    assert target.rows("SELECT node, fiscal_year, state FROM mirror.runs") == [("surabaya", 2025, "queued")]
    figures = "SELECT node, fiscal_year, (document ->> 'savings')::numeric FROM mirror.reported_figures"
    assert target.rows(figures) == [("surabaya", 2025, Decimal("1.50"))]
    assert target.value("SELECT count(*) FROM mirror.versions WHERE key = 'surabaya/tender/1001'") == 2


def test_what_changes_and_what_is_withdrawn_follows_and_every_version_stays(hub, target, mirror):
    mirror(hub)
    hub.record(1003, name="Nama baru", now=NOW + minutes(2))
    hub.withdraw(1004)

    code, said = mirror(hub)

    assert (code, said["new"]) == (0, 2)
    assert target.rows("SELECT version, name, withdrawn FROM mirror.packages WHERE code = '1003'") == [
        (2, "Nama baru", False)
    ]
    assert target.rows("SELECT op, withdrawn FROM mirror.packages WHERE code = '1004'") == [("withdrawn", True)]
    assert target.value("SELECT count(*) FROM mirror.awards WHERE code = '1004'") == 0
    versions = "SELECT array_agg(op ORDER BY place) FROM mirror.changes WHERE key = 'surabaya/tender/1004'"
    assert target.value(versions) == ["upsert", "withdrawn"]
    hub.reckon()


def test_a_copy_that_is_killed_again_and_again_is_equal_in_the_end(hub, target, mirror):
    chance = random.Random(6)
    lines = feed(hub)
    kept = [0]
    for _ in range(3):
        with running(None, "mirror", hub.root, "--into", target.url, "--page-size", "1") as command:
            wait_until(lambda: _kept(target) > kept[-1], what="a page")
            time.sleep(chance.random() / 10)
            command.process.kill()
            command.wait()
        kept.append(_kept(target))
    assert 0 < kept[1] < len(lines)

    code, said = mirror(hub)

    assert (code, said["equal"], said["new"]) == (0, True, len(lines) - kept[-1])
    assert [item for (item,) in target.rows("SELECT item FROM mirror.changes ORDER BY place")] == lines
    assert mirror(hub, "--verify")[0] == 0


def _kept(target):
    if not target.value("SELECT to_regclass('mirror.changes') IS NOT NULL"):
        return 0
    return target.value("SELECT count(*) FROM mirror.changes")


@pytest.fixture(params=["on a terminal", "in the background of a script"])
def ctrl_c(request):
    """What a script starts in its background ignores Ctrl-C, and so does what that starts."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN if "background" in request.param else signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_a_follower_has_what_happens_soon_and_ends_when_it_is_told_to(hub, target):
    with running(None, "mirror", hub.root, "--into", target.url, "--follow", "--json") as command:
        wait_until(lambda: _known(target, "1005"), what="the first copy")
        hub.record(2001)
        wait_until(lambda: _known(target, "2001"), what="the new package")
        command.process.send_signal(signal.SIGTERM)

        assert command.wait(60) == 0
    assert '"equal":' in "".join(command.out)


def _known(target, code):
    if not target.value("SELECT to_regclass('mirror.packages') IS NOT NULL"):
        return False
    return target.value("SELECT count(*) FROM mirror.packages WHERE code = %s", code)


def test_changes_that_are_too_large_together_come_in_smaller_pages(hub, target, mirror, monkeypatch):
    monkeypatch.setattr(asking, "MOST_BYTES", 60_000)

    code, said = mirror(hub)

    assert (code, said["changes"]) == (0, len(feed(hub)))
    assert sum(map(len, feed(hub))) > 60_000


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
def test_pages_are_read_however_they_are_compressed(hub, mirror, monkeypatch, encoding):
    monkeypatch.setattr("app.kit.http.named.ACCEPTED", encoding)

    code, said = mirror(hub)

    assert (code, said["changes"]) == (0, len(feed(hub)))
