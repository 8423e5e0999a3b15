"""Several addresses of one node, credentials that may be missing, and one package told by two sources."""

from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from app.access.credentials import store_secret
from app.adapters.catalogue import ADAPTERS
from app.adapters.protocol import NodeContractBroken, NodeRefused, NodeUnreachable
from app.core.vocabulary import DateBasis, Interface, PackageKind
from app.kit.json import loads
from app.registry.service import EndpointDraft, revise_node
from app.statistics.verification import verify_figures
from tests.collection.fakes import FakeAdapter, row
from tests.collection.road import SLUG, Road, a_collector, completed_package, listed, point_at, truth
from tests.conftest import NOW
from tests.records import an_award

FIRST, SECOND, THIRD = (f"https://{name}.contoh.id/x" for name in ("pertama", "kedua", "ketiga"))


@pytest.fixture
def source(monkeypatch):
    adapter = FakeAdapter(Interface.INAPROC, kinds=[PackageKind.TENDER])
    adapter.show([row("1", status="completed")])
    monkeypatch.setitem(ADAPTERS, Interface.INAPROC, adapter)
    return adapter


@pytest.fixture
async def road(database):
    return Road(database, a_collector(database))


async def place(road, *drafts):
    async with road.database.transaction() as session:
        await revise_node(session, SLUG, {"endpoints": drafts}, now=NOW)


def at(url, **options):
    return EndpointDraft("inaproc", url, options)


async def health(road):
    return dict(
        await road.rows("""
            SELECT e.base_url, h.state FROM endpoints e LEFT JOIN endpoint_health h ON h.endpoint_id = e.id
            WHERE e.interface = 'inaproc' ORDER BY e.position
        """)
    )


@pytest.mark.parametrize("failure", [NodeUnreachable("gone"), NodeRefused("no"), NodeContractBroken("parked")])
async def test_where_the_first_address_lets_nobody_in_the_second_is_asked(road, source, failure):
    await place(road, at(FIRST), at(SECOND), at(THIRD))
    source.failing = {FIRST: failure}

    run = await road.collect()

    assert (run.state, run.seen) == ("completed", 1)
    assert (source.asked[FIRST], source.asked[SECOND], source.asked[THIRD]) == (1, 1, 0)
    noted = await health(road)
    assert (noted[FIRST] in {"failing", "open"}, noted[SECOND], noted[THIRD]) == (True, "ok", None)


async def test_where_all_addresses_fail_the_run_does_for_the_last_ones_reason(road, source):
    await place(road, at(FIRST), at(SECOND))
    source.failing = {FIRST: NodeRefused("no"), SECOND: NodeUnreachable("gone")}

    run = await road.collect()

    assert (run.state, await road.codes(run)) == ("failed", {"node-unreachable"})
    assert await health(road) == {FIRST: "open", SECOND: "failing"}


async def test_a_node_that_falls_silent_in_the_middle_is_not_asked_elsewhere(road, source):
    await place(road, at(FIRST), at(SECOND))
    source.show([row("1", status="completed")], [row("2", status="completed")])

    def fall_silent(_kind, number):
        if number == 1:
            raise NodeUnreachable("gone")

    source.stumble = fall_silent

    run = await road.collect()

    assert run.state == "failed"
    assert source.asked[SECOND] == 0
    assert (await health(road))[FIRST] == "ok"  # it let us in


async def test_requests_at_every_address_are_counted(database, simulator, world):
    road = Road(database, a_collector(database))
    await point_at(database, simulator)
    good = simulator.url(SLUG)
    refused = good.rpartition("/")[0] + "/tidak-ada"
    async with database.transaction() as session:
        drafts = (EndpointDraft("spse", refused), EndpointDraft("spse", good))
        await revise_node(session, SLUG, {"endpoints": drafts}, now=NOW)

    run = await road.collect()

    assert (run.state, run.seen) == ("completed", listed(world))
    assert run.requests == simulator.requests.total() + 1  # what is no node counts its visitors nowhere
    assert await road.figures() == truth(world)


async def test_without_its_credential_nothing_is_asked(road, source):
    await place(road, at(FIRST, credential="gerbang"))

    run = await road.collect()

    assert (run.state, run.requests, source.asked.total()) == ("failed", 0, 0)
    [problem] = await road.problems(run)
    assert (problem.code, problem.value, problem.severity) == ("credential-missing", "gerbang", "error")


async def test_a_stored_credential_reaches_the_adapter_and_nobody_else(road, source, client: httpx.AsyncClient):
    await place(road, at(FIRST, credential="gerbang"), at(SECOND))
    async with road.database.transaction() as session:
        await store_secret(session, "gerbang", "rahasia-contoh", now=NOW)

    run = await road.collect()

    assert run.state == "completed"
    [endpoint] = source.seen_endpoints
    assert (endpoint.base_url, endpoint.secret) == (FIRST, "rahasia-contoh")
    assert "rahasia" not in repr(endpoint)
    for path in (f"/api/v1/nodes/{SLUG}", f"/api/v1/runs/{run.id}", f"/api/v1/runs/{run.id}/problems"):
        assert "rahasia" not in (await client.get(path)).text


async def test_an_address_without_its_credential_gives_way_to_the_next(road, source):
    await place(road, at(FIRST, credential="gerbang"), at(SECOND))

    run = await road.collect()

    assert (run.state, source.asked[FIRST], source.asked[SECOND]) == ("completed", 0, 1)


class TestTwoSources:
    """SPSE as simulated, and a second source that tells of the same packages."""

    @pytest.fixture
    async def package(self, database, simulator, world):
        async with database.transaction() as session:
            drafts = (EndpointDraft("spse", simulator.url(SLUG)), EndpointDraft("inaproc", FIRST))
            await revise_node(session, SLUG, {"endpoints": drafts}, now=NOW)
        return completed_package(world)

    def tell(self, source, package, **fields):
        source.show([row(package.code, name=package.name, status="completed", fiscal_years=[2025], **fields)])

    async def shown(self, client, package):
        return loads((await client.get(f"/api/v1/packages/{SLUG}/tender/{package.code}")).content)

    async def both(self, road):
        return [await road.collect(interface=interface) for interface in (Interface.SPSE, Interface.INAPROC)]

    async def test_what_two_sources_say_alike_is_one_package_without_a_word(self, road, world, source, package, client):
        self.tell(source, package, pagu=package.pagu, hps=package.hps)

        first, second = await self.both(road)

        assert (first.new, second.new, second.changed) == (listed(world), 0, 1)
        assert await road.scalar("SELECT count(*) FROM packages WHERE code = :code", code=package.code) == 1
        assert "sources-disagree" not in {problem.code for problem in await road.problems(second)}
        shown = await self.shown(client, package)
        assert (shown["source"], shown["disagreements"]) == ("inaproc", [])
        assert shown["field_sources"]["pagu"] == "inaproc"
        assert shown["field_sources"]["awards"] == "spse"
        assert await road.figures() == truth(world)

    async def test_what_they_say_differently_is_said_and_the_more_trusted_counts(self, road, source, package, client):
        self.tell(source, package, pagu=package.pagu + 1, hps=package.hps, awards=[an_award(contract_value=Decimal(5))])

        _first, second = await self.both(road)

        said = [problem for problem in await road.problems(second) if problem.code == "sources-disagree"]
        assert {problem.field for problem in said} == {"pagu", "contract_value"}
        assert {(problem.package, problem.severity) for problem in said} == {(package.code, "warning")}
        shown = await self.shown(client, package)
        assert (shown["pagu"], shown["value"]) == (package.pagu + 1, Decimal("5.00"))
        stated = {found["field"]: found["stated"] for found in shown["disagreements"]}
        assert stated["pagu"] == {"inaproc": package.pagu + 1, "spse": package.pagu}
        assert set(stated) == {"pagu", "contract_value"}
        async with road.database.reading() as session:
            assert (await verify_figures(session)).differences == ()

    async def test_dates_that_happened_go_before_dates_that_were_planned_and_never_mix(
        self, road, source, package, client
    ):
        await road.collect(interface=Interface.SPSE)
        before = await self.shown(client, package)
        assert (before["date_basis"], before["awarded_at"] is not None) == ("scheduled", True)
        happened = datetime(2025, 12, 31, 18, tzinfo=UTC)
        self.tell(source, package, awarded_at=happened, date_basis=DateBasis.ACTUAL)

        await road.collect(interface=Interface.INAPROC)

        after = await self.shown(client, package)
        assert (after["date_basis"], after["awarded_at"]) == ("actual", "2025-12-31T18:00:00Z")
        assert (after["announced_at"], after["contracted_at"]) == (None, None)
        assert after["field_sources"]["awarded_at"] == "inaproc"
        assert "announced_at" not in after["field_sources"]
        month = "SELECT awarded_month FROM packages WHERE code = :code"
        assert await road.scalar(month, code=package.code) == "2026-01"  # by the node's own clock
        async with road.database.reading() as session:
            assert (await verify_figures(session)).differences == ()
