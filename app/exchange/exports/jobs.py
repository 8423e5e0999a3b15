"""Background entry points of exports; worker.py joins them to their names."""

import uuid
from collections.abc import Callable

import structlog

from app.exchange.exports import preparing
from app.exchange.exports.preparing import ExportPolicy
from app.kit.clock import utc_now
from app.kit.db import Database, is_outage

log = structlog.get_logger()


async def prepare_export(
    database: Database, policy: ExportPolicy, is_stopping: Callable[[], bool], export_id: str
) -> None:
    """Make the file of one export. If the database is lost, it is given back to the queue when it is there again."""
    try:
        await preparing.prepare(database, policy, uuid.UUID(export_id), is_stopping=is_stopping)
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("export.interrupted", export=export_id, error=type(error).__name__)


async def tend_exports(database: Database) -> None:
    """Give exports that no job carries back to the queue."""
    async with database.transaction() as session:
        orphans = await preparing.tend(session, now=utc_now())
    if orphans:
        log.info("exports.tended", orphans=orphans)


async def sweep_exports(database: Database) -> None:
    """Sweep away files whose time is over."""
    async with database.transaction() as session:
        swept = await preparing.sweep(session, now=utc_now())
    if swept:
        log.info("exports.swept", exports=swept)
