"""Background entry points of collection; worker.py joins them to their names."""

import structlog

from app.collection.collecting import Collector, collect_run
from app.collection.rhythm import Rhythm
from app.collection.service import requeue_orphans, schedule_due_runs
from app.kit.clock import utc_now
from app.kit.db import Database, is_outage
from app.procurement.raw import prepare_partitions

log = structlog.get_logger()


async def collect_node(collector: Collector, run_id: int) -> None:
    """Carry one run on to its end. If the database is lost, the run is given back to the queue when it is there again."""
    try:
        await collect_run(collector, run_id)
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("run.interrupted", run=run_id, error=type(error).__name__)


async def tend_runs(database: Database, *, province: str | None, rhythm: Rhythm) -> None:
    """Queue what is due, and give orphaned runs back to the queue."""
    async with database.transaction() as session:
        orphans = await requeue_orphans(session)
        due = 0
        if province is not None:
            due = await schedule_due_runs(session, province, rhythm, now=utc_now())
    if orphans or due:
        log.info("runs.tended", orphans=orphans, due=due)


async def tend_storage(database: Database, *, raw_months: int) -> None:
    """Make room for next month's raw answers and drop those past their retention."""
    async with database.transaction() as session:
        await prepare_partitions(session, now=utc_now(), keep_months=raw_months)
