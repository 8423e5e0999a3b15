"""Everything that the simulated nodes know of every package, compared field by field with what the hub knows afterwards."""

from datetime import datetime
from decimal import Decimal

from app.adapters.catalogue import ADAPTERS
from app.collection.collecting import collect_run
from app.core.vocabulary import Interface
from app.kit.json import loads
from app.registry.service import EndpointDraft, revise_node
from tests.collection.road import SLUG, conserves, truth
from tests.conftest import NOW

TOKEN = "simulasi-integrator"
YEAR = 2025


async def known(road):
    """What the hub knows of the packages of the year, by kind and code."""
    rows = await road.rows(
        """
        SELECT p.kind, p.code, CAST(v.state AS text) FROM packages p
        JOIN package_versions v ON v.package_id = p.id AND v.version = p.version
        WHERE :year = ANY(p.fiscal_years)
        """,
        year=YEAR,
    )
    return {(kind, code): loads(state) for kind, code, state in rows}


def told(world, kinds):
    return {(one["kind"], one["code"]): one for one in world.details(SLUG, YEAR) if one["kind"] in kinds}


async def collect_by(road, simulator, interface):
    spse = EndpointDraft("spse", simulator.url(SLUG))
    gateway = EndpointDraft("inaproc", f"{simulator.base_url}/-/inaproc", {"kd_klpd": "D181", "token": TOKEN})
    async with road.database.transaction() as session:
        await revise_node(session, SLUG, {"endpoints": (spse, gateway)}, now=NOW)
    run_id = await road.start(SLUG, YEAR, interface=interface)
    await collect_run(road.collector, run_id)
    return await road.run(run_id)


def amount(value):
    return None if value is None else Decimal(value)


def moment(text):
    return None if text is None else datetime.fromisoformat(text)


def priced(rows, name, price):
    return sorted((row[name], amount(row.get(price)) or 0) for row in rows)


def realized(rows, value, day):
    return sorted((amount(row.get(value)) or 0, str(row.get(day) or "")) for row in rows)


def differences(ours, theirs, *, dates):
    """Fields in which a package as the hub knows it is not what the node says."""
    pairs = {
        "status": (ours["status"], theirs["status"]),
        "pagu": (amount(ours["pagu"]), theirs["pagu"]),
        "hps": (amount(ours["hps"]), theirs["hps"]),
        "value": (amount(ours["value"]), theirs["value"]),
        "value_basis": (ours["value_basis"], theirs["value_basis"]),
        "realized": (amount(ours["realized_value"]), theirs["realized"]),
        "realizations": (
            realized(ours["realizations"], "value", "realized_on"),
            realized(theirs["realizations"], "value", "date"),
        ),
    }
    if theirs["status"] == "completed":
        for mine, its in (("contract_value", "contract"), ("negotiated_value", "negotiated"), ("bid_value", "bid")):
            pairs[mine] = (
                priced(ours["awards"], "supplier_name", mine),
                priced(theirs["winners"], "name", its),
            )
        pairs |= {field: (moment(ours[field]), theirs[dates][field]) for field in theirs[dates]}
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


def shown(wrong):
    return "\n".join(f"{key}: {found}" for key, found in wrong.items())


async def test_the_pages_of_a_node_are_read_to_the_sen(road, simulator, world):
    run = await road.collect(year=YEAR)

    ours, theirs = await known(road), told(world, ADAPTERS[Interface.SPSE].kinds)
    wrong = {key: found for key in theirs if (found := differences(ours[key], theirs[key], dates="scheduled"))}
    assert not wrong, shown(wrong)
    assert (run.state, run.seen) == ("completed", len(theirs))
    assert all(ours[key]["fiscal_years"] == theirs[key]["fiscal_years"] for key in theirs)
    assert conserves(run)


async def test_offers_and_schedules_are_read_whole(road, simulator, world):
    await road.collect(year=YEAR)

    ours, theirs = await known(road), told(world, {"tender", "non_tender"})
    for key, package in theirs.items():
        if package["status"] == "completed":
            assert ours[key]["bidders"] == package["bidders"], key
            assert priced(ours[key]["offers"], "supplier_name", "bid_value") == priced(package["offers"], "name", "bid")
        stages = [(stage["name"], moment(stage["starts_at"]), stage["changes"]) for stage in ours[key]["schedule"]]
        assert stages == [(stage["name"], stage["starts_at"], stage["changes"]) for stage in package["schedule"]]


async def test_the_gateway_is_read_to_the_sen(road, simulator, world):
    run = await collect_by(road, simulator, Interface.INAPROC)

    ours, theirs = await known(road), told(world, ADAPTERS[Interface.INAPROC].kinds)
    wrong = {key: found for key in theirs if (found := differences(ours[key], theirs[key], dates="actual"))}
    assert not wrong, shown(wrong)
    assert (run.state, conserves(run)) == ("completed", True)


async def test_a_node_read_by_both_ways_has_one_set_of_packages(road, simulator, world):
    by_pages = await collect_by(road, simulator, Interface.SPSE)
    by_gateway = await collect_by(road, simulator, Interface.INAPROC)

    assert by_gateway.state == "completed"
    assert by_gateway.new < by_gateway.seen
    assert await road.scalar("SELECT count(*) FROM packages") <= by_pages.seen + by_gateway.new
    assert await road.figures() == truth(world)
    ours, theirs = await known(road), told(world, ADAPTERS[Interface.INAPROC].kinds)
    wrong = {key: found for key in theirs if (found := differences(ours[key], theirs[key], dates="actual"))}
    assert not wrong, shown(wrong)
    assert {ours[key]["source"] for key in theirs} == {"inaproc"}
