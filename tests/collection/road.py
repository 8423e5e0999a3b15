"""The road from simulated nodes to a test's database, and the two truths that are compared at its end."""

from dataclasses import dataclass
from ipaddress import ip_network

from sqlalchemy import text

from app.cli.simulate import simulated_nodes
from app.collection.collecting import Collector, collect_run
from app.collection.hosts import HostGate
from app.collection.policy import CollectionPolicy
from app.collection.queries import list_problems
from app.collection.service import get_run, start_run
from app.collection.tables import Run
from app.kit.db import Database
from app.kit.http import OutboundPolicy
from app.registry.service import EndpointDraft, revise_node
from app.simulator.nodes import WorldSettings
from app.simulator.world import World
from app.statistics.questions import FigureFilter, Question
from app.statistics.service import answer
from tests.conftest import NOW

SLUG = "surabaya"
YEARS = (2024, 2025)
KINDS = ("tender", "non_tender", "recorded", "self_managed", "emergency")
OUTBOUND = OutboundPolicy(allowed_networks=(ip_network("127.0.0.0/8"),), backoff_seconds=0.01)


def a_world(*slugs, **settings):
    """Nodes of the shipped register, simulated under their own names."""
    chosen = [node for node in simulated_nodes("35") if node.slug in (slugs or (SLUG,))]
    return World(chosen, WorldSettings(**{"years": YEARS, "tenders": (6, 8), "non_tenders": (10, 12), **settings}))


async def point_at(database: Database, simulator, *slugs):
    """The registered nodes answer on loopback from now on."""
    async with database.transaction() as session:
        for slug in slugs or simulator.world.nodes:
            await revise_node(session, slug, {"endpoints": (EndpointDraft("spse", simulator.url(slug)),)}, now=NOW)


def a_policy(**changes):
    return CollectionPolicy(**{"outbound": OUTBOUND, "packages_per_commit": 2, **changes})


def a_collector(database: Database, is_stopping=lambda: False, **changes):
    policy = a_policy(**changes)
    return Collector(database, HostGate(database, policy), policy, is_stopping)


@dataclass
class Road:
    """A database whose nodes are simulated, and a collector that walks there without the queue."""

    database: Database
    collector: Collector

    async def start(self, slug=SLUG, year=2025, **wanted) -> int:
        async with self.database.transaction() as session:
            return (await start_run(session, slug, fiscal_year=year, now=NOW, **wanted)).id

    async def collect(self, slug=SLUG, year=2025, **wanted) -> Run:
        run_id = await self.start(slug, year, **wanted)
        await collect_run(self.collector, run_id)
        return await self.run(run_id)

    async def run(self, run_id) -> Run:
        async with self.database.reading() as session:
            return (await get_run(session, run_id))[0]

    async def problems(self, run: Run):
        async with self.database.reading() as session:
            return await list_problems(session, run.id, after=None, limit=1000)

    async def codes(self, run: Run):
        """The codes of the run's problems that are no mere warnings."""
        return {problem.code for problem in await self.problems(run) if problem.severity == "error"}

    async def figures(self, slug=SLUG, year=2025):
        async with self.database.reading() as session:
            wanted = FigureFilter(node=(slug,), fiscal_year=(year,))
            return comparable((await answer(session, "savings", Question(wanted), now=NOW)).content["total"])

    async def scalar(self, query, **parameters):
        async with self.database.reading() as session:
            return await session.scalar(text(query), parameters)

    async def rows(self, query, **parameters):
        async with self.database.reading() as session:
            return [tuple(row) for row in await session.execute(text(query), parameters)]

    async def snapshot(self):
        """All that is known of packages, to see that nothing of it was lost or altered."""
        return await self.rows("""
            SELECT n.slug, p.kind, p.code, p.version, p.status, p.pagu, p.hps, p.value, p.withdrawn,
                   (SELECT count(*) FROM awards a WHERE a.package_id = p.id)
            FROM packages p JOIN nodes n ON n.id = p.node_id ORDER BY 1, 2, 3
        """)


def comparable(figure):
    """What the hub and the simulator both say of a node and year."""
    return {
        **{name: figure[name] for name in ("packages", "completed", "left_out")},
        **{name: {**figure[name], "ratio": None} for name in ("by_pagu", "by_hps")},
        "basis": {basis: number for basis, number in figure["basis"].items() if number},
    }


def truth(world: World, slug=SLUG, year=2025):
    return comparable(world.truth(slug, year))


def listed(world: World, slug=SLUG, year=2025):
    """How many packages the node lists in a year; one of several years stands in each of them."""
    return sum(len(world.listed(slug, year, kind)) for kind in KINDS)


def running(world: World, slug=SLUG, year=2025):
    """How many packages of a year are not settled, so that every run looks at them again."""
    every = [package for kind in KINDS for package in world.listed(slug, year, kind)]
    return sum(package.status in {"running", "no_schedule"} for package in every)


def conserves(run: Run):
    """TRUST 5: every row that was seen has exactly one outcome."""
    return run.seen == run.new + run.changed + run.unchanged + run.superseded + run.rejected + run.duplicate


def completed_package(world: World, kind="tender", slug=SLUG, year=2025):
    """Some finished package with a single winner that has a contract, and a pagu."""
    return next(
        package
        for package in world.packages(slug, year, kind)
        if package.status == "completed" and len(package.winners) == 1 and package.winners[0].contract
    )
