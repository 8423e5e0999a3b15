"""Background entry points of submission; worker.py joins them to their names."""

import structlog

from app.kit.clock import utc_now
from app.kit.db import Database, is_outage
from app.submission.bodies import sweep_bodies
from app.submission.idempotency import forget_keys
from app.submission.processing import Intake
from app.submission.processing import process_submission as process
from app.submission.service import requeue_orphans

log = structlog.get_logger()


async def process_submission(intake: Intake, submission_id: int) -> None:
    """Carry one submission on to its end. If the database is lost, it is given back to the queue when it is there again."""
    try:
        await process(intake, submission_id)
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("submission.interrupted", submission=submission_id, error=type(error).__name__)


async def tend_submissions(database: Database) -> None:
    """Give submissions that no job carries back to the queue."""
    async with database.transaction() as session:
        orphans = await requeue_orphans(session)
    if orphans:
        log.info("submissions.tended", orphans=orphans)


async def tend_bodies(database: Database) -> None:
    """Sweep away what broken uploads left, and keys that nobody repeats any more."""
    async with database.transaction() as session:
        swept = await sweep_bodies(session, now=utc_now())
        await forget_keys(session, now=utc_now())
    if swept:
        log.info("bodies.swept", pieces=swept)
