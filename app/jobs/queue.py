"""Put a job on the queue inside the current transaction: commit and it runs, roll back and it never existed."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.kit.db import WriteSession
from app.kit.json import dumps_text

# procrastinate_defer_jobs_v1 is the library's own function behind its defer(); the release is pinned and a test
# holds its signature.
_DEFER = text("""
    SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, :priority, CAST(:lock AS text), CAST(:queueing_lock AS text), CAST(:arguments AS jsonb),
            CAST(:not_before AS timestamptz))
        ::procrastinate_job_to_defer_v1
    ]))
""")

QUEUE = "rakor"


async def enqueue(
    session: WriteSession,
    task: str,
    arguments: dict[str, Any],
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    priority: int = 0,
    not_before: datetime | None = None,
) -> int:
    """Enqueue one job and return its id; it runs at once, or not before a moment.

    Of the jobs that share `lock` one runs at a time, oldest first; of those that share `queueing_lock` one waits.
    """
    job_id: int = (
        await session.execute(
            _DEFER,
            {
                "queue": QUEUE,
                "task": task,
                "priority": priority,
                "lock": lock,
                "queueing_lock": queueing_lock,
                "arguments": dumps_text(arguments),
                "not_before": not_before,
            },
        )
    ).scalar_one()
    return job_id
