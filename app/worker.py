"""The worker's door: takes jobs from the queue, and keeps the queue itself in order."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from typing import Any

import procrastinate
import structlog
from procrastinate import App, BaseConnector, PsycopgConnector
from procrastinate.manager import JobManager

from app.access.credentials import find_secret
from app.collection import jobs
from app.collection.collecting import Collector
from app.collection.hosts import HostGate
from app.collection.policy import CollectionPolicy, HostPolicy, WorkingHours
from app.collection.rhythm import Rhythm
from app.collection.service import COLLECT_NODE
from app.core.dates import TimeZone
from app.exchange.exports import jobs as exports
from app.exchange.exports.preparing import PREPARE_EXPORT, ExportPolicy
from app.exchange.feed.checkpoints import reckon_checkpoints
from app.exchange.webhooks.jobs import tend_webhook_storage
from app.exchange.webhooks.sending import Courier
from app.exchange.webhooks.targets import outbound_policy as webhook_policy
from app.jobs.queue import QUEUE
from app.kit.db import Database, driver_url, open_database
from app.kit.http import OutboundPolicy
from app.kit.log import configure_logging
from app.kit.postgres import PostgresUnavailable
from app.kit.server import leave_servers
from app.procurement.epochs import SETTLE_EPOCH
from app.procurement.jobs import derive_node
from app.registry.health import CircuitPolicy
from app.registry.probing import Prober, tend_probe_storage, tend_probes
from app.registry.service import DERIVE_NODE
from app.settings import HostManners, Settings
from app.submission import jobs as submissions
from app.submission.processing import Intake
from app.submission.service import PROCESS_SUBMISSION
from app.submission.service import Policy as SubmissionPolicy

MAX_POOL = 12
LONGEST_REQUEST_SECONDS = 90.0
"""With all its tries: a node that never answers ends its run well within two minutes."""
LARGEST_PAGE_BYTES = 8 * 1024 * 1024
"""The largest pages seen have 3 MB; whoever sends more in one answer wants our memory. Whole years are streamed."""
HEARTBEAT_SECONDS = 1.0
STALLED_SECONDS = 6.0
"""A worker silent for this long is taken for dead; its jobs go to others, and its late writes are refused by the runs' fences."""
DRAIN_SECONDS = 20.0
"""How long a stopping worker waits for requests under way; what they would have brought is asked for again."""

log = structlog.get_logger()


def collection_policy(settings: Settings) -> CollectionPolicy:
    """The knobs of collection, from the environment."""
    public = HostPolicy(settings.host_requests_per_second, settings.host_concurrency)
    return CollectionPolicy(
        outbound=OutboundPolicy(
            allowed_networks=settings.allowed_networks,
            max_wire_bytes=LARGEST_PAGE_BYTES,
            max_body_bytes=LARGEST_PAGE_BYTES,
            total_seconds=LONGEST_REQUEST_SECONDS / 2,
            overall_seconds=LONGEST_REQUEST_SECONDS,
        ),
        public_hosts=public,
        local_hosts=HostPolicy(settings.local_requests_per_second, settings.local_concurrency),
        special_hosts={host: _host_policy(manners, public) for host, manners in settings.host_policies.items()},
        recheck_after=timedelta(days=settings.recheck_days) if settings.recheck_days else None,
        withdraw_after_runs=settings.withdraw_after_runs,
        rhythm=Rhythm(
            every=timedelta(hours=settings.schedule_hours),
            years=settings.schedule_years,
            full_every=timedelta(days=settings.reconcile_days),
        ),
    )


def _host_policy(manners: HostManners, public: HostPolicy) -> HostPolicy:
    hours = None
    if manners.hours is not None:
        span, _, zone = manners.hours.partition(" ")
        opens, closes = (time.fromisoformat(clock) for clock in span.split("-"))
        hours = WorkingHours(opens, closes, TimeZone(zone or TimeZone.WIB))
    return HostPolicy(
        manners.requests_per_second or public.requests_per_second, manners.concurrency or public.concurrency, hours
    )


def prober_of(settings: Settings, collector: Collector) -> Prober:
    """Who probes the province's nodes; through the same gate as collection, so that a host is asked gently by both."""

    async def secret(options: Mapping[str, Any]) -> str | None:
        name = options.get("credential")
        if not isinstance(name, str):
            return None
        async with collector.database.reading() as session:
            return await find_secret(session, name)

    return Prober(
        database=collector.database,
        outbound=collector.policy.outbound,
        gate=collector.gate,
        circuit=CircuitPolicy(probe_every=timedelta(minutes=settings.probe_minutes)),
        province=settings.province,
        find_secret=secret,
        is_stopping=collector.is_stopping,
    )


class QueueKeeper(JobManager):
    """The queue as this worker sees it: which worker it is, whether the queue was lost, and which jobs are still its own."""

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self.worker_id: int | None = None
        self.lost = asyncio.Event()

    async def register_worker(self) -> int:
        self.worker_id = await super().register_worker()
        return self.worker_id

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> procrastinate.jobs.Job | None:
        with self._noticing_loss():
            return await super().fetch_job(queues, worker_id)

    async def update_heartbeat(self, worker_id: int) -> None:
        with self._noticing_loss():
            await super().update_heartbeat(worker_id)

    async def listen_for_jobs(self, **options: Any) -> None:
        with self._noticing_loss():
            await super().listen_for_jobs(**options)

    async def finish_job(
        self,
        job: procrastinate.jobs.Job,
        status: procrastinate.jobs.Status,
        delete_job: bool,  # noqa: FBT001 (the library's signature)
    ) -> None:
        """End a job, unless it was given to another worker meanwhile because this one had fallen silent."""
        await self.connector.execute_query_async(
            query="""
                SELECT procrastinate_finish_job_v1(id, %(status)s::procrastinate_job_status, %(delete_job)s)
                FROM procrastinate_jobs WHERE id = %(job_id)s AND status = 'doing' AND worker_id = %(worker_id)s
            """,
            job_id=job.id,
            status=status.value,
            delete_job=delete_job,
            worker_id=job.worker_id,
        )

    async def revive_stalled(self) -> None:
        """Give the jobs of dead workers back to the queue; each resumes where its book says."""
        for job in await self.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            if job.worker_id is not None and job.worker_id == self.worker_id:
                continue  # This worker was frozen and is awake again: its own jobs go on.
            with contextlib.suppress(procrastinate.exceptions.ConnectorException):  # another worker was faster
                await self.retry_job(job)
                log.info("job.revived", job=job.id, task=job.task_name)

    @contextlib.contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.lost.set()
            raise


def queue_app(url: str, collector: Collector, policy: ExportPolicy) -> tuple[App, QueueKeeper]:
    """The one table that joins a job's name to its function. Jobs put their work down when the queue is lost."""
    app = App(connector=PsycopgConnector(conninfo=driver_url(url, ""), min_size=1, max_size=4))
    app.job_manager = keeper = QueueKeeper(app.connector)
    until_lost = replace(collector, is_stopping=lambda: keeper.lost.is_set() or collector.is_stopping())
    tasks: dict[str, Callable[..., Awaitable[None]]] = {
        COLLECT_NODE: partial(jobs.collect_node, until_lost),
        DERIVE_NODE: partial(_derive_node, collector.database),
        PROCESS_SUBMISSION: partial(submissions.process_submission, _intake(until_lost)),
        PREPARE_EXPORT: partial(exports.prepare_export, collector.database, policy, until_lost.is_stopping),
    }
    for name, function in tasks.items():
        app.task(name=name, queue=QUEUE)(_named(function, name))
    return app, keeper


def _intake(collector: Collector) -> Intake:
    """What submissions are taken in with: the worker's database, and its word on when to put work down."""
    policy = SubmissionPolicy(withdraw_after=collector.policy.withdraw_after_runs)
    return Intake(collector.database, policy, collector.is_stopping)


async def _derive_node(database: Database, node_id: int) -> None:
    await derive_node(database, node_id)


def _named(function: Callable[..., Awaitable[None]], name: str) -> Callable[..., Awaitable[None]]:
    async def run(**arguments: object) -> None:
        await function(**arguments)

    run.__name__ = name
    return run


async def work(settings: Settings, url: str, *, parent: int | None = None) -> None:
    """Work until asked to stop (SIGTERM, SIGINT, or the end of the parent process). What is begun is left resumable."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    # Batches of rows are many small objects that live briefly: looking through all that was loaded at start finds nothing.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    # A run holds a connection only while it stores: a few serve many.
    database = open_database(
        url,
        pool_size=min(settings.worker_concurrency, MAX_POOL) + 4,
        application_name="rakor-worker",
        first_words=SETTLE_EPOCH,
    )
    policy = collection_policy(settings)
    collector = Collector(database, HostGate(database, policy), policy, stopping.is_set)
    courier = Courier(database, webhook_policy(settings.allowed_networks), is_stopping=stopping.is_set)
    log.info("worker.started", concurrency=settings.worker_concurrency)
    chores = [
        asyncio.create_task(_repeat(5, partial(_tend_runs, collector, settings), stopping)),
        asyncio.create_task(_repeat(5, partial(submissions.tend_submissions, database), stopping)),
        asyncio.create_task(_repeat(3600, partial(submissions.tend_bodies, database), stopping)),
        asyncio.create_task(_repeat(5, partial(_tend_checkpoints, database, stopping), stopping)),
        asyncio.create_task(_repeat(1, courier.tend_until_idle, stopping)),
        asyncio.create_task(_repeat(3600, partial(tend_webhook_storage, database), stopping)),
        asyncio.create_task(_repeat(30, partial(exports.tend_exports, database), stopping)),
        asyncio.create_task(_repeat(3600, partial(exports.sweep_exports, database), stopping)),
        asyncio.create_task(
            _repeat(3600, partial(jobs.tend_storage, database, raw_months=settings.raw_months), stopping)
        ),
    ]
    if settings.province is not None and settings.probe_minutes:
        chores += [
            asyncio.create_task(_repeat(5, partial(tend_probes, prober_of(settings, collector)), stopping)),
            asyncio.create_task(
                _repeat(3600, partial(tend_probe_storage, database, keep_days=settings.probe_days), stopping)
            ),
        ]
    if parent is not None:
        chores.append(asyncio.create_task(_leave_with(parent, stopping)))
    try:
        while not stopping.is_set():
            # The queue's connection does not outlive the database; when it is lost, begin again.
            try:
                await _serve_queue(settings, url, collector, stopping)
                if not stopping.is_set():
                    log.warning("queue.lost")
            except Exception as error:  # noqa: BLE001 (whatever ended the queue's loop, the worker goes on)
                log.warning("queue.interrupted", error=type(error).__name__)
                await _pause(1, stopping)
    finally:
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        with contextlib.suppress(Exception):  # A lost database forgets our places by itself.
            await collector.gate.close()
        with contextlib.suppress(Exception):  # Leases end by themselves, too.
            await courier.close()
        await database.close()
        log.info("worker.stopped")


async def _serve_queue(settings: Settings, url: str, collector: Collector, stopping: asyncio.Event) -> None:
    # The queue's own pool waits for a lost database for half a minute and hears no signal meanwhile.
    await collector.database.ping()
    app, keeper = queue_app(url, collector, ExportPolicy(keep=timedelta(days=settings.export_days)))
    async with app.open_async():
        reviving = asyncio.create_task(_repeat(2, keeper.revive_stalled, stopping))
        serving = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=settings.worker_concurrency,
                install_signal_handlers=False,
                fetch_job_polling_interval=2,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                shutdown_graceful_timeout=DRAIN_SECONDS,
                delete_jobs="always",  # The runs' own book says how they ended.
            )
        )
        ends = [asyncio.create_task(event.wait()) for event in (stopping, keeper.lost)]
        try:
            await asyncio.wait({serving, *ends}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # A cancelled worker waits for its running jobs; these look at both events and put their work down.
            for task in (reviving, *ends, serving):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


async def _tend_runs(collector: Collector, settings: Settings) -> None:
    await jobs.tend_runs(collector.database, province=settings.province, rhythm=collector.policy.rhythm)


async def _tend_checkpoints(database: Database, stopping: asyncio.Event) -> None:
    await reckon_checkpoints(database, is_stopping=stopping.is_set)


async def _repeat(seconds: float, chore: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await chore()
        except Exception as error:  # noqa: BLE001 (a chore that fails is tried again; the next outage must not end it)
            log.warning("chore.failed", error=type(error).__name__, detail=str(error)[:200])
        await _pause(seconds, stopping)


async def _pause(seconds: float, stopping: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


async def _leave_with(parent: int, stopping: asyncio.Event) -> None:
    """Stop when the process that started this one has gone, however it ended."""
    while not stopping.is_set():
        if os.getppid() != parent:
            log.info("worker.orphaned")
            stopping.set()
        await _pause(0.2, stopping)


def main() -> None:
    """Run one worker: `python -m app.worker`."""
    parser = argparse.ArgumentParser(prog="rakor worker", description="Take jobs from the queue until stopped.")
    parser.add_argument("--leave-with", type=int, metavar="PID", help="stop when this parent process is gone")
    options = parser.parse_args()
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    # The worker says in its own words what became of a job or of the queue.
    for library in ("procrastinate", "psycopg.pool", "sqlalchemy.pool"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        urls = settings.server_urls()
    except PostgresUnavailable as error:
        log.error("database.unavailable", detail=str(error))  # noqa: TRY400 (its message says it all)
        raise SystemExit(3) from None
    try:
        asyncio.run(work(settings, urls.app, parent=options.leave_with))
    finally:
        leave_servers()


if __name__ == "__main__":
    main()
