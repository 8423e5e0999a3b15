"""What every adapter must do, tried on the simulated world by every interface that tells of it."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.adapters import protocol, row_streams
from app.adapters.catalogue import ADAPTERS
from app.adapters.hub import adapter as hub_adapter
from app.adapters.inaproc import adapter as inaproc_adapter
from app.adapters.inaproc import listing
from app.adapters.isb import adapter as isb_adapter
from app.adapters.ocds import adapter as ocds_adapter
from app.adapters.protocol import IndexIncomplete, NodeContractBroken, NodeFailure, NodeRefused, NodeUnreachable
from app.core.problems import PROBLEM_KINDS
from app.core.vocabulary import PackageKind
from app.kit.http import GuardedClient
from app.simulator.faults import Faults
from app.simulator.running import running_simulator
from tests.adapters.loopback import POLICY, index_of, merged
from tests.adapters.other_hub import a_hub_that_knows, answer_for
from tests.adapters.simulations import SIMULATIONS, SLUG, YEAR, a_world, told_by, truth_of, value_of

HARMLESS = {"field-empty", "winner-without-amount", "completed-without-winner"}
"""Problems of the simulated data themselves."""
FRUGAL = replace(POLICY, max_wire_bytes=2**21, max_stream_wire_bytes=2**21, max_stream_bytes=2**20)
HURRIED = replace(FRUGAL, total_seconds=0.3, overall_seconds=0.8, stream_seconds=0.3)

# Every way in which the simulator may let a visitor down for good, and who must act then.
BREAKDOWNS = {
    "refuse": ({"refuse": True}, NodeRefused),
    "forbidden": ({"fail_every": 1, "fail_status": 403}, NodeRefused),
    "down": ({"down": True}, NodeUnreachable),
    "broken": ({"fail_every": 1, "fail_status": 503}, NodeUnreachable),
    "busy": ({"too_many_every": 1, "retry_after_seconds": 0}, NodeUnreachable),
    "cut": ({"truncate_every": 1}, NodeUnreachable),
    "silent": ({"latency_seconds": 2.0}, NodeUnreachable),
    "dribbling": ({"body_seconds": 20.0}, NodeUnreachable),
    "endless": ({"endless_every": 1}, NodeFailure),
    "gone": ({"fail_every": 1, "fail_status": 404}, NodeContractBroken),
    "error_page": ({"error_page_every": 1}, NodeFailure),
    "login_page": ({"login_page": True}, NodeFailure),
    "login_everywhere": ({"login_everywhere": True}, NodeFailure),
    "drift": (
        {"rewrite": {'"data"': '"isi"', "[{": "{", "authenticityToken": "tanda", "SPSE v": "Versi "}},
        NodeFailure,
    ),
    "unordered": ({"ignore_order": True}, IndexIncomplete),
}
SLOW = {"silent", "dribbling"}
"""Breakdowns that only show when time runs out; at the others a busy machine may take its time."""
IN_LISTS_ONLY = {"login_page", "unordered"}
"""Breakdowns that no probe meets."""
TELLING = ("refuse", "forbidden", "gone", "error_page", "drift", "cut")
"""Breakdowns that show what was asked, or what came."""
# What a patient visitor does not even notice.
STUTTERS = {
    "fails": {"fail_every": 3},
    "fails otherwise": {"fail_every": 3, "fail_status": 502},
    "cuts": {"truncate_every": 4},
    "both": {"fail_every": 3, "truncate_every": 4},
    "wants a pause": {"too_many_every": 3, "retry_after_seconds": 0},
    "is slow": {"latency_seconds": 0.01, "body_seconds": 0.05},
    "forgets sessions": {"expire_tokens_every": 3},
}
MISTAKES = [(name, mistake) for name, simulation in SIMULATIONS.items() for mistake in simulation.wrong]


@pytest.fixture(scope="module")
def simulator(server, template):
    world = a_world()
    with (
        running_simulator(world) as running,
        a_hub_that_knows(world, SLUG, server, template) as root,
        closing(answer_for(running, root)),
    ):
        yield running


@pytest.fixture(autouse=True)
def unharmed(simulator, monkeypatch):
    """Every test begins with a healthy world, in a year of which it has packages; lists come in several pages."""
    for module in (inaproc_adapter, isb_adapter, ocds_adapter):
        monkeypatch.setattr(module, "utc_now", lambda: datetime(YEAR + 1, 6, 1, tzinfo=UTC))
    monkeypatch.setattr(listing, "LIMIT", 120)
    monkeypatch.setattr(hub_adapter, "LIMIT", 20)
    monkeypatch.setattr(row_streams, "BATCH", 100)
    monkeypatch.setattr(row_streams, "_PAUSE_SECONDS", 0.01)
    simulator.app.faults = Faults()
    yield
    simulator.app.faults = Faults()


@pytest.fixture(params=sorted(ADAPTERS))
def simulation(request):
    return SIMULATIONS[request.param]


def mine(book):
    """The packages of the node itself, by kind and code: an interface of an institution tells of its neighbours too."""
    return {(kind, code): entry for (kind, code, lpse), entry in book.items() if lpse in {None, 7}}


async def pages_of(visit, simulation, world, *, kinds=None, years=None):
    return [
        page
        for kind in kinds or simulation.kinds
        for year in years or simulation.years(world)
        for page in await index_of(visit, kind, year)
    ]


@pytest.fixture(scope="module")
def read_before():
    """The records of each interface: reading them is what takes long, and nothing here changes the world."""
    return {}


@pytest.fixture
async def records(simulation, simulator, read_before):
    """All that the interface says of the packages of one year."""
    if simulation.interface not in read_before:
        read_before[simulation.interface] = await all_records(simulation, simulator)
    return read_before[simulation.interface]


async def all_records(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        book = mine(merged(await pages_of(visit, simulation, simulator.world)))
        found = [await visit.detail(entry) for entry in book.values()]
    return {
        (record.kind, record.code): record for record in found if min(record.fields["fiscal_years"], default=0) == YEAR
    }


def test_every_adapter_is_simulated():
    assert set(SIMULATIONS) == set(ADAPTERS)


def test_an_adapter_says_what_it_is(simulation):
    adapter = simulation.adapter

    assert adapter.interface is simulation.interface
    assert adapter.kinds
    assert adapter.kinds <= frozenset(PackageKind)
    assert adapter.parser_version
    assert isinstance(adapter.joins, bool)
    assert isinstance(adapter.lists_tell_all, bool)


# --- Lists


async def test_a_list_is_complete_and_names_every_package(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        for kind in simulation.kinds:
            for year in (YEAR, YEAR + 1):
                pages = await index_of(visit, kind, year)

                book = mine(merged(pages))
                assert {code for _, code in book} == simulation.listed(simulator.world, kind, year)
                assert sum(page.received for page in pages) >= len(book)
                assert not any(page.problems for page in pages)
                assert all(entry.kind is kind for entry in book.values())


async def test_an_entry_is_a_row_with_a_fingerprint_or_named_rows_without(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        entries = merged(await pages_of(visit, simulation, simulator.world)).values()

    for entry in entries:
        assert bool(entry.fingerprint) is not simulation.adapter.joins
        if simulation.adapter.joins:
            assert all(name.partition("#")[2] for name in entry.row)


async def test_every_package_says_which_lpse_it_is_of(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        book = merged(await index_of(visit, PackageKind.TENDER, YEAR))

    assert {lpse for _, _, lpse in book} == simulation.hosts


async def test_a_list_is_the_same_when_asked_again(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        once = merged(await index_of(visit, simulation.kinds[0], YEAR))
    async with simulation.visit(simulator) as visit:
        again = merged(await index_of(visit, simulation.kinds[0], YEAR))

    assert once == again


async def test_a_year_without_packages_is_an_empty_list(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        assert merged(await pages_of(visit, simulation, simulator.world, years=[YEAR - 10])) == {}


async def test_a_killed_run_resumes_behind_every_page_with_the_same_packages(simulation, simulator):
    kind = PackageKind.TENDER
    async with simulation.visit(simulator) as visit:
        pages = await index_of(visit, kind, YEAR)
    whole = merged(pages)
    assert simulation.adapter.joins is False or len(pages) > 3

    for kept in range(1, len(pages) + 1):
        async with simulation.visit(simulator) as visit:
            resumed = await index_of(visit, kind, YEAR, resume=pages[kept - 1].position)
        assert merged([*pages[:kept], *resumed]) == whole, kept


async def test_a_position_that_is_none_of_ours_begins_at_the_beginning(simulation, simulator):
    kind = PackageKind.TENDER
    async with simulation.visit(simulator) as visit:
        whole = merged(await index_of(visit, kind, YEAR))
    async with simulation.visit(simulator) as visit:
        assert merged(await index_of(visit, kind, YEAR, resume='{"bukan": ["posisi"]}')) == whole


async def test_neither_the_order_of_pages_nor_their_repetition_changes_a_record(simulation, simulator):
    kinds = [PackageKind.TENDER]
    async with simulation.visit(simulator) as visit:
        pages = await pages_of(visit, simulation, simulator.world, kinds=kinds)
        forth, back = merged(pages), merged([*reversed(pages), *pages[::2]])

        assert forth == back
        for key in sorted(forth)[:40]:
            one, other = await visit.detail(forth[key]), await visit.detail(back[key])
            assert (one.fields, one.problems) == (other.fields, other.problems)


# --- Records


async def test_every_record_equals_the_nodes_own_truth(simulation, simulator, records):
    truth = {
        (detail["kind"], detail["code"]): detail
        for detail in simulator.world.details(SLUG, YEAR)
        if detail["kind"] in simulation.adapter.kinds
    }

    assert records.keys() == truth.keys()
    for key, detail in truth.items():
        assert told_by(records[key], simulation) == truth_of(detail, simulation), key


async def test_an_interface_is_not_said_to_leave_out_what_it_tells(simulation, simulator, records):
    """The table of what an interface does not speak of must not hide what it does tell rightly."""
    everything = replace(simulation, unspoken={})
    equal, differing = Counter(), Counter()
    for detail in simulator.world.details(SLUG, YEAR):
        if (record := records.get((detail["kind"], detail["code"]))) is not None:
            truth, told = truth_of(detail, everything), told_by(record, everything)
            for name in simulation.unspoken:
                (equal if truth[name] == told[name] else differing)[name] += 1

    assert set(differing) == set(simulation.unspoken), equal


async def test_totals_equal_the_nodes_own(simulation, simulator, records):
    truth = simulator.world.truth(SLUG, YEAR)
    completed = [
        (record.fields, value_of(record))
        for (kind, _), record in records.items()
        if kind in {PackageKind.TENDER, PackageKind.NON_TENDER}
    ]
    for name in ("pagu", "hps"):
        agreed = [(fields[name], value) for fields, value in completed if value is not None and fields.get(name)]
        expected = truth[f"by_{name}"]
        assert (len(agreed), sum(amount for amount, _ in agreed)) == (expected["packages"], expected[name])
        if "winners" not in simulation.unspoken:
            assert sum(value for _, value in agreed) == expected["value"]


async def test_problems_are_published_and_only_those_of_the_data(records):
    found = {problem.code for record in records.values() for problem in record.problems}

    assert found <= HARMLESS <= set(PROBLEM_KINDS)


async def test_every_record_brings_its_evidence(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        book = mine(merged(await index_of(visit, PackageKind.TENDER, YEAR)))
        for entry in list(book.values())[:10]:
            record = await visit.detail(entry)

            assert record.raw
            assert record.lpse == entry.lpse
            for raw in record.raw:
                assert raw.body
                assert raw.url.startswith(simulator.base_url)
                assert raw.fetched_at.tzinfo is not None
            assert any(record.code.encode() in raw.body for raw in record.raw)


async def test_packages_that_other_years_lists_complete_come_out_whole(simulation, simulator):
    """Announced in the book of one year, decided in that of another: together they are one package without problems."""
    world = simulator.world
    async with simulation.visit(simulator) as visit:
        parts = [
            mine(merged(await pages_of(visit, simulation, world, kinds=[PackageKind.TENDER], years=[year])))
            for year in simulation.years(world)
        ]
        spread = {key for one in parts for other in parts if one is not other for key in one.keys() & other.keys()}
        assert bool(spread) is (simulation.adapter.joins and simulation.listed(world, PackageKind.TENDER, YEAR + 1) != {
            package.code for package in world.packages(SLUG, YEAR + 1, "tender")
        })  # fmt: skip
        for key in spread:
            entries = [part[key] for part in parts if key in part]
            whole = {name: row for entry in entries for name, row in entry.row.items()}
            record = await visit.detail(replace(entries[0], row=whole))
            [detail] = [one for year in (YEAR, YEAR + 1) for one in world.details(SLUG, year) if (one["kind"], one["code"]) == key]  # fmt: skip
            assert told_by(record, simulation) == truth_of(detail, simulation)
            assert {problem.code for problem in record.problems} <= HARMLESS


async def test_a_package_whose_rows_are_lost_in_part_is_told_as_far_as_it_goes(simulation, simulator):
    """Whatever list was not read: no failure, no other package, no other amount that was stated for it as a whole."""
    async with simulation.visit(simulator) as visit:
        book = mine(merged(await pages_of(visit, simulation, simulator.world, years=[YEAR])))
        for entry in list(book.values())[::7]:
            whole = (await visit.detail(entry)).fields
            for entry_in_part in in_part(entry):
                record = await visit.detail(entry_in_part)
                assert (record.kind, record.code, record.lpse) == (entry.kind, entry.code, entry.lpse)
                for name in ("pagu", "hps", "realized_value"):
                    assert record.fields.get(name) in {None, whole.get(name)}


def in_part(entry):
    """The entry without the rows of one list; of a list of rows there is nothing to lose."""
    if not isinstance(entry.row, dict):
        return [entry]
    lists = {name.partition("#")[0] for name in entry.row}
    return [
        replace(entry, row={name: row for name, row in entry.row.items() if name.partition("#")[0] != lost})
        for lost in lists
    ] + [replace(entry, row={})]


# --- When a node lets us down


async def test_a_node_that_goes_away_behind_its_list_loses_details_or_nothing(simulation, simulator):
    async with simulation.visit(simulator) as visit:
        entry, *_ = mine(merged(await index_of(visit, PackageKind.TENDER, YEAR))).values()
        before = await visit.detail(entry)
        simulator.app.faults = Faults(down=True)
        simulator.requests.clear()
        after = await visit.detail(entry)

    if simulation.adapter.lists_tell_all:
        assert (after.fields, after.problems) == (before.fields, before.problems)
        assert simulator.requests.total() == 0
    else:
        assert {problem.code for problem in after.problems} == {"detail-missing"}
        assert after.fields.keys() < before.fields.keys()


@pytest.mark.parametrize("stutter", STUTTERS)
async def test_a_stuttering_node_is_read_all_the_same(simulation, simulator, stutter):
    kind = simulation.kinds[0]
    async with simulation.visit(simulator) as visit:
        whole = merged(await index_of(visit, kind, YEAR))
    simulator.app.faults = Faults(**STUTTERS[stutter])
    async with simulation.visit(simulator) as visit:
        assert merged(await index_of(visit, kind, YEAR)) == whole


def policy_for(breakdown):
    return HURRIED if breakdown in SLOW else FRUGAL


@pytest.mark.parametrize("breakdown", BREAKDOWNS)
async def test_a_breakdown_says_who_must_act(simulation, simulator, breakdown):
    faults, failure = BREAKDOWNS[breakdown]
    simulator.app.faults = Faults(**faults)
    if breakdown in simulation.unharmed:
        async with simulation.visit(simulator) as visit:
            assert await index_of(visit, PackageKind.TENDER, YEAR)
        return
    with pytest.raises(failure) as caught:
        async with simulation.visit(simulator, policy=policy_for(breakdown)) as visit:
            await index_of(visit, PackageKind.TENDER, YEAR)

    assert type(caught.value) in vars(protocol).values()
    assert caught.value.reason


@pytest.mark.parametrize("breakdown", BREAKDOWNS)
async def test_a_probe_says_the_same(simulation, simulator, breakdown):
    faults, failure = BREAKDOWNS[breakdown]
    simulator.app.faults = Faults(**faults)
    if breakdown in {*simulation.unharmed, *IN_LISTS_ONLY}:
        await probed(simulation, simulator)
        return
    with pytest.raises(failure):
        await probed(simulation, simulator, policy_for(breakdown))


async def probed(simulation, simulator, policy=POLICY, **changes):
    endpoint = simulation.endpoint(simulator, **changes)
    async with GuardedClient(policy) as client:
        facts = await simulation.adapter.probe(client, endpoint)
        return facts, client.requests


async def test_a_probe_asks_little_of_a_healthy_node(simulation, simulator):
    facts, requests = await probed(simulation, simulator)

    assert isinstance(facts, protocol.NodeFacts)
    assert requests <= 2


async def test_a_refusing_node_is_left_alone(simulation, simulator):
    simulator.faults.refuse = True
    simulator.requests.clear()
    async with simulation.visit(simulator) as visit:
        with pytest.raises(NodeRefused):
            await index_of(visit, simulation.kinds[0], YEAR)

    assert simulator.requests.total() <= 2


@pytest.mark.parametrize(("interface", "mistake"), MISTAKES)
async def test_a_wrong_endpoint_is_for_the_operator(interface, mistake, simulator):
    simulation = SIMULATIONS[interface]
    failure, changes = simulation.wrong[mistake]
    for attempt in (listed, probed):
        with pytest.raises(getattr(protocol, failure)) as caught:
            await attempt(simulation, simulator, **changes)
        assert not any(hidden in told(caught.value) for hidden in simulation.hidden)


async def listed(simulation, simulator, **changes):
    async with simulation.visit(simulator, **changes) as visit:
        return await index_of(visit, simulation.kinds[-1], YEAR)


def told(error):
    """All that a failure tells, and those behind it, in a log as well."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), getattr(error, "evidence", None) or ""]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(texts)


async def test_nothing_tells_the_secret(simulation, simulator):
    texts = []
    async with simulation.visit(simulator) as visit:
        for kind in simulation.kinds:
            pages = await index_of(visit, kind, YEAR)
            texts += [f"{page.position} {page.problems}" for page in pages]
            for entry in list(merged(pages).values())[:5]:
                record = await visit.detail(entry)
                texts += [f"{entry} {record.problems}", *(f"{raw.url} {raw.body.decode()}" for raw in record.raw)]
    for breakdown in TELLING:
        simulator.app.faults = Faults(**BREAKDOWNS[breakdown][0])
        async with simulation.visit(simulator, policy=FRUGAL) as visit:
            with pytest.raises(NodeFailure) as caught:
                await index_of(visit, PackageKind.TENDER, YEAR)
        texts.append(told(caught.value))

    for hidden in simulation.hidden:
        assert not [text for text in texts if hidden in text]
