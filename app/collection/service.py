"""Start runs: for one node, for a province, or because the schedule says so."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text

from app.adapters.catalogue import ADAPTERS
from app.collection import queries
from app.collection.errors import BatchNotFound, NodeNotCollectable, ProvinceWithoutNodes, RunNotFound
from app.collection.planning import list_due
from app.collection.rhythm import Rhythm
from app.collection.tables import Run, RunBatch
from app.core.vocabulary import Interface, NodeState, PackageKind
from app.jobs.queue import enqueue
from app.kit.db import ReadSession, WriteSession, take_turns
from app.registry import service as registry
from app.registry.queries import list_province_nodes
from app.registry.tables import Node

COLLECT_NODE = "collect_node"


async def get_run(session: ReadSession, run_id: int) -> tuple[Run, str]:
    """A run with its node's slug."""
    found = await queries.find_run(session, run_id)
    if found is None:
        raise RunNotFound(run_id)
    return found


async def get_batch(session: ReadSession, batch_id: int) -> RunBatch:
    batch = await queries.find_batch(session, batch_id)
    if batch is None:
        raise BatchNotFound(batch_id)
    return batch


async def start_run(
    session: WriteSession,
    slug: str,
    *,
    fiscal_year: int,
    now: datetime,
    kinds: Sequence[PackageKind] | None = None,
    interface: Interface | None = None,
    full: bool = False,
    batch_id: int | None = None,
    origin: str = "request",
) -> Run:
    """Queue a run of one node and year. An equal run that has not begun yet is returned instead of a second one."""
    node = await registry.get_node(session, slug)
    chosen = _interface_of(node, interface)
    wanted = sorted(set(kinds) & ADAPTERS[chosen].kinds if kinds else ADAPTERS[chosen].kinds)
    if not wanted:
        raise NodeNotCollectable(
            slug, "its interface knows none of these kinds", "antarmukanya tidak mengenal jenis paket itu"
        )
    await take_turns(session, f"runs:{node.id}")
    waiting = await session.scalar(
        select(Run).where(
            Run.node_id == node.id,
            Run.fiscal_year == fiscal_year,
            Run.interface == chosen,
            Run.kinds == wanted,
            Run.full == full,
            Run.state == "queued",
        )
    )
    if waiting is not None and batch_id is None:
        return waiting
    run = Run(
        node_id=node.id,
        batch_id=batch_id,
        fiscal_year=fiscal_year,
        interface=chosen,
        kinds=wanted,
        full=full,
        origin=origin if batch_id is None else "batch",
        state="queued",
        requested_at=now,
    )
    session.add(run)
    await session.flush()
    await session.refresh(run)
    await enqueue_run(session, run)
    return run


async def enqueue_run(session: WriteSession, run: Run, *, not_before: datetime | None = None) -> None:
    """One run of a node works at a time; current years go first."""
    await enqueue(
        session,
        COLLECT_NODE,
        {"run_id": run.id},
        lock=f"node:{run.node_id}",
        priority=priority_of(run.fiscal_year),
        not_before=not_before,
    )


def priority_of(fiscal_year: int) -> int:
    return fiscal_year - 2000


def _interface_of(node: Node, wanted: Interface | None) -> Interface:
    """The interface to ask: the one wanted, else the one whose endpoint stands first."""
    if node.state == NodeState.RETIRED:
        raise NodeNotCollectable(node.slug, "it is retired", "node sudah dipensiunkan")
    usable = [interface for interface in _interfaces_of(node) if wanted in {None, interface}]
    if not usable and wanted is not None and node.endpoints:
        raise NodeNotCollectable(
            node.slug, f"it has no endpoint of the interface {wanted}", f"tidak ada alamat untuk antarmuka {wanted}"
        )
    if not usable:
        raise NodeNotCollectable(
            node.slug, "it has no endpoint that can be asked", "tidak ada alamat yang dapat dihubungi"
        )
    return usable[0]


async def start_batch(
    session: WriteSession, province: str, *, fiscal_years: Sequence[int], now: datetime, full: bool = False
) -> RunBatch:
    """Queue a run of every active node of a province, for each year."""
    await registry.get_region(session, province)
    nodes = [node for node in await list_province_nodes(session, province) if _interfaces_of(node)]
    if not nodes:
        raise ProvinceWithoutNodes(province)
    batch = RunBatch(province=province, fiscal_years=sorted(set(fiscal_years), reverse=True), requested_at=now)
    session.add(batch)
    await session.flush()
    for fiscal_year in batch.fiscal_years:
        for node in nodes:
            for interface in _interfaces_of(node):
                await start_run(
                    session,
                    node.slug,
                    fiscal_year=fiscal_year,
                    interface=interface,
                    now=now,
                    full=full,
                    batch_id=batch.id,
                )
    return batch


def _interfaces_of(node: Node) -> list[Interface]:
    """The interfaces by which a node can be asked, in the order of its endpoints."""
    spoken = dict.fromkeys(Interface(endpoint.interface) for endpoint in node.endpoints)
    return [interface for interface in spoken if interface in ADAPTERS]


async def schedule_due_runs(session: WriteSession, province: str, rhythm: Rhythm, *, now: datetime) -> int:
    """Queue what is due of the province's active nodes."""
    # Every worker looks after this: by turns, or one run would be queued twice.
    await take_turns(session, "schedule")
    due = await list_due(session, province, rhythm, now=now)
    for run in due:
        await start_run(
            session,
            run.slug,
            fiscal_year=run.fiscal_year,
            interface=Interface(run.interface),
            full=run.full,
            origin="schedule",
            now=now,
        )
    return len(due)


async def requeue_orphans(session: WriteSession) -> int:
    """Give a job back to every unfinished run that has none: its worker was ended in the middle of it."""
    # Every worker looks after this: by turns, or one run would get several jobs.
    await take_turns(session, "orphaned-runs")
    orphans = await session.scalars(
        select(Run)
        .where(
            Run.state.in_(("queued", "running")),
            text("""NOT EXISTS (
                SELECT 1 FROM procrastinate_jobs j
                WHERE j.task_name = :task AND j.status IN ('todo', 'doing') AND (j.args ->> 'run_id')::bigint = runs.id
            )""").bindparams(task=COLLECT_NODE),
        )
        .with_for_update(skip_locked=True)
    )
    found = orphans.all()
    for run in found:
        await enqueue_run(session, run)
    return len(found)
