"""Probing on a real database: what a probe leaves behind, and how gently it asks."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from app.adapters.protocol import NodeContractBroken, NodeFacts, NodeRefused, NodeUnreachable
from app.core.dates import TimeZone
from app.kit.http import OutboundFailure, TlsFailed
from app.registry import probing
from app.registry.probing import Prober, probe_due_endpoints
from app.simulator.running import running_simulator
from tests.collection.road import SLUG, a_world
from tests.conftest import NOW
from tests.kit.strangers import reply, resolving, says, stranger
from tests.kit.test_http_tls import authority, node_tls  # noqa: F401 (fixtures)
from tests.records import one, rows
from tests.registry.probing_nodes import (
    CONTOH,
    OUTBOUND,
    Fetching,
    Told,
    a_prober,
    counted_transactions,
    down,
    health,
    minutes,
    only_these_nodes,
    urls,
)


@pytest.fixture
def told():
    return Told()


# -- what a probe leaves behind


async def test_a_good_probe_is_kept_with_what_it_learnt(database, told):
    ids = await only_these_nodes(database, urls(1))
    told.answers[CONTOH] = NodeFacts("4.5u20990101", TimeZone.WIB, f"{CONTOH}/")

    tally = await probe_due_endpoints(a_prober(database, told), NOW)

    assert tally == {"ok": 1}
    probe = await one(database, "SELECT * FROM probes")
    assert (probe["node_id"], probe["interface"], probe["base_url"]) == (ids["contoh-0"], "spse", CONTOH)
    assert (probe["ok"], probe["failure"], probe["software_version"]) == (True, None, "4.5u20990101")
    assert NOW <= probe["at"] < NOW + minutes(1)
    now = await health(database)
    assert (now["state"], now["software_version"], now["moved_to"]) == ("ok", "4.5u20990101", None)
    assert now["last_probe_at"] == now["last_ok_at"] == probe["at"]
    assert probe["at"] + minutes(13.5) <= now["next_probe_at"] <= probe["at"] + minutes(16.5)
    hour = await one(database, "SELECT * FROM probe_hours")
    assert (hour["hour"], hour["probes"], hour["ok"]) == (NOW.replace(minute=0, second=0, microsecond=0), 1, 1)


async def test_a_failed_probe_says_why_and_keeps_what_was_known(database, told):
    await only_these_nodes(database, urls(1))
    prober = a_prober(database, told)
    await probe_due_endpoints(prober, NOW)
    told.answers[CONTOH] = NodeContractBroken(f"isi\x00 aneh {'x' * 500}")

    tally = await probe_due_endpoints(prober, NOW + minutes(20))

    assert tally == {"contract-broken": 1}
    probe = (await rows(database, "SELECT * FROM probes ORDER BY id"))[-1]
    assert (probe["ok"], probe["failure"], probe["software_version"]) == (False, "contract-broken", None)
    assert probe["detail"].startswith("isi aneh xxx")
    assert len(probe["detail"]) == 300
    now = await health(database)
    assert (now["state"], now["consecutive_failures"], now["last_failure"]) == ("failing", 1, "contract-broken")
    assert now["software_version"] == "4.5u20990101"
    assert now["last_ok_at"] < now["last_probe_at"] == now["last_failure_at"]


async def test_an_address_that_leads_elsewhere_is_a_hint_until_it_no_longer_does(database, told):
    await only_these_nodes(database, urls(1))
    prober = a_prober(database, told)
    told.answers[CONTOH] = NodeFacts(base_url="https://spse.contoh.example/baru")
    await probe_due_endpoints(prober, NOW)
    assert (await health(database))["moved_to"] == "https://spse.contoh.example/baru"

    told.answers[CONTOH] = down()
    await probe_due_endpoints(prober, NOW + minutes(20))
    assert (await health(database))["moved_to"] == "https://spse.contoh.example/baru"

    told.answers[CONTOH] = NodeFacts(base_url=CONTOH.upper().replace("HTTPS", "https") + "/")
    await probe_due_endpoints(prober, NOW + minutes(40))
    assert (await health(database))["moved_to"] is None


async def test_what_a_stranger_says_of_itself_is_made_fit_to_be_stored(database, told):
    await only_these_nodes(database, urls(2))
    told.answers[CONTOH] = NodeFacts(f"4.5\x00u\ud800{'9' * 1000}", base_url=f"https://x.example/\ud800{'y' * 1000}")

    assert await probe_due_endpoints(a_prober(database, told), NOW) == {"ok": 2}

    now = await health(database)
    assert now["software_version"] == f"4.5u{'9' * 295}…"
    assert (now["moved_to"][:19], len(now["moved_to"])) == ("https://x.example/y", 300)


async def test_the_shipped_adapter_probes_a_simulated_node(database):
    with running_simulator(a_world()) as simulator:
        base = simulator.url(SLUG)
        await only_these_nodes(database, {"contoh-0": base})
        assert await probe_due_endpoints(Prober(database, OUTBOUND), NOW) == {"ok": 1}

    now = await health(database, base)
    assert now["software_version"].startswith("4.")
    assert (now["state"], now["moved_to"]) == ("ok", None)


async def test_hours_sum_up_what_their_probes_said(database):
    await only_these_nodes(database, urls(1))

    async def slowly(client, endpoint):
        return NodeFacts()

    told = Told()
    prober = a_prober(database, told)
    moments = [NOW + minutes(n) for n in (0, 17, 34, 51, 68)]
    for number, moment in enumerate(moments):
        told.answers[CONTOH] = down() if number in {1, 4} else slowly
        await probe_due_endpoints(prober, moment)

    sums = await rows(database, "SELECT * FROM probe_hours ORDER BY hour")
    kept = await rows(
        database,
        """SELECT date_trunc('hour', at) AS hour, count(*) AS probes, count(*) FILTER (WHERE ok) AS ok,
           coalesce(sum(latency_ms) FILTER (WHERE ok), 0) AS ms FROM probes GROUP BY 1 ORDER BY 1""",
    )
    assert [(row["hour"], row["probes"], row["ok"], row["latency_sum_ms"]) for row in sums] == [
        (row["hour"], row["probes"], row["ok"], row["ms"]) for row in kept
    ]
    assert [(row["probes"], row["ok"]) for row in sums] == [(4, 3), (1, 0)]


async def test_probes_of_a_real_connection_have_latency_and_certificate(database, authority, node_tls):  # noqa: F811
    async def after_a_while(asked, writer):
        await asyncio.sleep(0.05)
        writer.write(reply(b"<html></html>"))

    async with stranger(after_a_while, tls=node_tls) as host:
        base = host.url("/contoh", host="node.example", scheme="https")
        await only_these_nodes(database, {"contoh-0": base})
        prober = a_prober(database, Fetching(), resolver=resolving(["127.0.0.1"]), ca_file=authority)
        assert await probe_due_endpoints(prober, NOW) == {"ok": 1}

    probe = await one(database, "SELECT * FROM probes")
    now = await health(database, base)
    ends = datetime(2126, 10, 29, 15, 1, 47, tzinfo=UTC)
    assert probe["certificate_expires_at"] == now["certificate_expires_at"] == ends
    assert 50 <= probe["latency_ms"] < 60_000
    assert now["latency_ms"] == probe["latency_ms"]


async def test_a_certificate_nobody_vouches_for_opens_the_circuit_at_once(database, node_tls):  # noqa: F811
    class Careful(Fetching):
        async def probe(self, client, endpoint):
            try:
                return await super().probe(client, endpoint)
            except TlsFailed as failure:
                raise NodeRefused(str(failure)) from failure

    async with stranger(says(reply()), tls=node_tls) as host:
        base = host.url("/contoh", host="node.example", scheme="https")
        await only_these_nodes(database, {"contoh-0": base})
        tally = await probe_due_endpoints(a_prober(database, Careful(), resolver=resolving(["127.0.0.1"])), NOW)

    assert tally == {"tls-failed": 1}
    now = await health(database, base)
    assert (now["state"], now["last_failure"], now["latency_ms"]) == ("open", "tls-failed", None)
    assert now["next_probe_at"] == now["last_probe_at"] + minutes(60)


# -- politeness


class Slow:
    """A gate that lets one request through at a time, a good while after it was asked."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.reports = []
        self.turn = asyncio.Lock()

    @asynccontextmanager
    async def slot(self, _host):
        async with self.turn:
            await asyncio.sleep(self.seconds)
            yield

    async def report(self, host, status, retry_after):
        self.reports.append((host, status, retry_after))


async def test_waiting_for_the_gate_is_no_latency(database):
    async with stranger(says(reply(b"<html></html>"))) as host:
        await only_these_nodes(database, {f"contoh-{n}": host.url(f"/contoh{n}") for n in range(2)})
        gate = Slow(1.5)
        assert await probe_due_endpoints(a_prober(database, Fetching(), gate=gate), NOW) == {"ok": 2}

    assert [status for _, status, _ in gate.reports] == [200] * 2
    latencies = [row["latency_ms"] for row in await rows(database, "SELECT latency_ms FROM probes")]
    assert len(latencies) == 2
    assert max(latencies) < 1400


async def test_too_many_requests_say_nothing_of_the_node(database):
    async with stranger(says(reply(status=429, retry_after="60"))) as host:
        base = host.url("/contoh")
        await only_these_nodes(database, {"contoh-0": base})
        gate = Slow(0)
        tally = await probe_due_endpoints(a_prober(database, Fetching(), gate=gate), NOW)

    assert tally == {"deferred": 1}
    assert len(host.asked) == 1
    assert [report[1:] for report in gate.reports] == [(429, 60)]
    now = await health(database, base)
    assert (now["state"], now["last_probe_at"], now["consecutive_failures"]) == ("unknown", None, 0)
    assert now["next_probe_at"] >= NOW + minutes(5)
    assert await rows(database, "SELECT 1 FROM probes UNION ALL SELECT 1 FROM probe_hours") == []


async def test_a_paused_host_is_asked_later_and_its_circuit_stays_as_it_was(database, told):
    class Paused(OutboundFailure):
        code = "host-paused"

    async def paused(client, endpoint):
        raise NodeUnreachable("paused") from Paused("paused")

    await only_these_nodes(database, urls(1))
    told.answers[CONTOH] = down()
    prober = a_prober(database, told)
    for number in range(3):
        await probe_due_endpoints(prober, NOW + minutes(6 * number))
    told.answers[CONTOH] = paused

    assert await probe_due_endpoints(prober, NOW + minutes(18)) == {"deferred": 1}

    now = await health(database)
    assert (now["state"], now["consecutive_failures"]) == ("open", 3)
    assert (await one(database, "SELECT count(*) AS probes FROM probes"))["probes"] == 3


async def test_probes_run_side_by_side_within_their_bounds(database, told):
    await only_these_nodes(database, {**urls(30), **{f"satu-{n}": f"https://satu.example/n{n}" for n in range(12)}})
    told.takes = 0.3

    tally = await probe_due_endpoints(a_prober(database, told, at_once=10, per_host=2), NOW)

    assert tally == {"ok": 42}
    assert told.most_at_once == 10
    assert 2 <= told.most_of_host <= 3
    assert sorted(told.asked) == sorted(set(told.asked))


async def test_a_host_that_keeps_its_nodes_waiting_leaves_places_for_the_others(database, told):
    released = asyncio.Event()

    async def stuck(client, endpoint):
        await released.wait()
        return NodeFacts()

    slow = {f"lambat-{n}": f"https://lambat.example/n{n}" for n in range(20)}
    await only_these_nodes(database, {**slow, **urls(10)})
    told.answers = dict.fromkeys(slow.values(), stuck)

    probing = asyncio.create_task(probe_due_endpoints(a_prober(database, told, at_once=8, per_host=3), NOW))
    async with asyncio.timeout(60):
        while sum(url.startswith("https://contoh") for url in told.asked) < 10:
            await asyncio.sleep(0.02)
    released.set()

    assert await probing == {"ok": 30}


async def test_results_are_kept_in_few_transactions(database, told, monkeypatch):
    # However long it takes, nothing is kept or looked for because time has passed.
    monkeypatch.setattr(probing, "_KEEP_SECONDS", 300.0)
    monkeypatch.setattr(probing, "_LOOK_SECONDS", 300.0)
    await only_these_nodes(database, urls(200))

    async with counted_transactions(database) as counter:
        assert await probe_due_endpoints(a_prober(database, told), NOW) == {"ok": 200}

    assert counter["transactions"] <= 40
