"""Background entry points of webhooks; worker.py calls them."""

from datetime import timedelta

import structlog

from app.exchange.webhooks.book import forget_deliveries
from app.kit.clock import utc_now
from app.kit.db import Database

log = structlog.get_logger()

KEPT = timedelta(days=30)
"""How long it can be looked up what became of a message; what is older is replayed from the feed."""
MOST_KEPT = 20_000
"""and of how many messages of one subscription."""
_AT_ONCE = 5_000


async def tend_webhook_storage(database: Database) -> None:
    """Forget deliveries past their retention; to be called now and then."""
    forgotten = 0
    while True:
        async with database.transaction() as session:
            batch = await forget_deliveries(session, before=utc_now() - KEPT, most=MOST_KEPT, at_most=_AT_ONCE)
        forgotten += batch
        if batch < _AT_ONCE:
            break
    if forgotten:
        log.info("deliveries.forgotten", deliveries=forgotten)
