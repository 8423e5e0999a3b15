"""`rakor probes` as people and scripts meet it: what it shows, and its honest exit code."""

import asyncio
import json
import os
from datetime import timedelta
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from app.adapters.protocol import NodeFacts, NodeRefused
from app.cli import app
from app.cli.watch import _days, _share
from app.kit.clock import utc_now
from app.kit.db import open_database
from app.registry.probe_queries import Uptime
from app.registry.probing import probe_due_endpoints
from tests.records import execute
from tests.registry.probing_nodes import Told, a_prober, down, only_these_nodes

GOOD, BAD = "https://baik.example/x", "https://mati.example/y"


@pytest.fixture
def here(database_urls, monkeypatch):
    """Run a verb inside this process, with a terminal wide enough for its tables."""
    for name in [name for name in os.environ if name.startswith("RAKOR_")]:
        monkeypatch.delenv(name)
    for console in ("out", "err"):
        monkeypatch.setattr(f"app.cli.watch.{console}.width", 200)

    def invoke(*arguments, **settings):
        environment = {"RAKOR_DATABASE_URL": database_urls.app, **settings}
        result = CliRunner().invoke(app, ["probes", *arguments], env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def probed(database_urls):
    """Probe two invented nodes, the second of which answers as it is told to."""

    async def probe(answer):
        database = open_database(database_urls.app, pool_size=2)
        told = Told()
        told.answers = {BAD: answer}
        await only_these_nodes(database, {"contoh-baik": GOOD, "contoh-mati": BAD})
        await probe_due_endpoints(a_prober(database, told), utc_now() - timedelta(minutes=2))
        ends = "now() + interval '20 days 1 hour'"
        await execute(database, f"UPDATE endpoint_health SET certificate_expires_at = {ends} WHERE state = 'ok'")
        await database.close()

    return lambda answer: asyncio.run(probe(answer))


def test_all_is_well_is_exit_code_0_and_says_of_each_node_how_it_is(here, probed):
    probed(NodeFacts("4.5u20990101"))

    shown, told = here(), here("--json")

    assert (shown.exit_code, told.exit_code) == (0, 0)
    answer = json.loads(told.stdout)
    assert (answer["down"], answer["unknown"]) == (0, 0)
    good, other = answer["nodes"]
    assert (good["node"], good["state"], good["failure"]) == ("contoh-baik", "ok", None)
    assert (good["software_version"], good["certificate_days_left"]) == ("4.5u20990101", 20)
    assert good["uptime"]["24h"] == {"probes": 1, "ok": 1, "ratio": 1, "latency_ms_mean": 0}
    assert other["node"] == "contoh-mati"
    assert "contoh-baik" in shown.stdout
    assert "20 days" in shown.stdout
    assert "100 %" in shown.stdout
    assert "2 nodes: 2 answer, 0 do not, 0 were not probed yet." in shown.stderr


@pytest.mark.parametrize(
    ("answer", "state", "failure"), [(down(), "failing", "unreachable"), (NodeRefused("403"), "open", "refused")]
)
def test_a_node_that_does_not_answer_is_exit_code_1_and_comes_first(here, probed, answer, state, failure):
    probed(answer)

    shown, told = here(), here("--json")

    assert (shown.exit_code, told.exit_code) == (1, 1)
    assert json.loads(told.stdout)["down"] == 1
    assert f"{state} ({failure})" in shown.stdout
    assert shown.stdout.index("contoh-mati") < shown.stdout.index("contoh-baik")


def test_one_node_is_shown_with_its_endpoints_and_latest_probes(here, probed):
    probed(NodeRefused("HTTP 403"))

    bad, good = here("contoh-mati"), here("contoh-baik")

    assert (bad.exit_code, good.exit_code) == (1, 0)
    assert "contoh-mati: open" in bad.stdout
    assert BAD in bad.stdout
    assert "Node menolak permintaan hub" in bad.stdout
    assert "HTTP 403" in bad.stdout
    assert "up 24h 0 %" in bad.stdout
    answer = json.loads(here("contoh-mati", "--json").stdout)
    assert (answer["state"], answer["down"], len(answer["probes"])) == ("open", True, 1)
    assert answer["probes"][0]["failure"] == answer["endpoints"][0]["last_failure"] == "refused"


def test_what_was_never_probed_is_neither_well_nor_down(here):
    everything = json.loads(here("--json").stdout)
    province = json.loads(here("--json", RAKOR_PROVINCE="35").stdout)
    other = json.loads(here("--json", "--province", "63", RAKOR_PROVINCE="35").stdout)
    one = here("surabaya")

    assert everything["unknown"] == len(everything["nodes"]) > 500
    assert (len(province["nodes"]), len(other["nodes"])) == (39, 14)
    assert one.exit_code == 0
    assert "surabaya: unknown" in one.stdout
    assert "It was not probed yet." in one.stderr


def test_a_node_that_is_not_registered_is_refused_in_one_line(here):
    refused = here("atlantis")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Node not found. No node is registered as “atlantis”.\n"


def test_a_share_never_rounds_up_to_all():
    assert _share(Uptime(35040, 35039, SimpleNamespace())) == "99.99 %"
    assert _share(Uptime(96, 96, SimpleNamespace())) == "100 %"
    assert _share(Uptime(3, 1, SimpleNamespace())) == "33.33 %"
    assert _share(Uptime(4, 0, SimpleNamespace())) == "0 %"
    assert _share(Uptime()) == "–"


def test_a_certificate_that_ends_soon_is_coloured():
    assert [(str(_days(left)), _days(left).style) for left in (None, -1, 0, 29, 30)] == [
        ("–", ""),
        ("expired", "red"),
        ("0 days", "yellow"),
        ("29 days", "yellow"),
        ("30 days", ""),
    ]
