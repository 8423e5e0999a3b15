"""Background entry points of procurement; worker.py joins them to their names."""

import structlog

from app.core.dates import TimeZone
from app.core.vocabulary import Interface
from app.kit.clock import utc_now
from app.kit.db import Database, write_for_node
from app.procurement.entries import Sender
from app.procurement.service import derive_again
from app.registry.tables import Node

_AT_ONCE = 200

log = structlog.get_logger()


async def derive_node(database: Database, node_id: int) -> int:
    """Derive all packages of a node anew, in short transactions; the answer is how many changed."""
    changed, after = 0, 0
    while True:
        async with database.transaction() as session:
            node = await session.get_one(Node, node_id)
            await write_for_node(session, node_id)
            # No source speaks here: the sender only says whose packages they are, and on which clock.
            sender = Sender(node_id, TimeZone(node.time_zone), Interface.PUSH, parser_version="")
            last, differing = await derive_again(session, sender, after=after, limit=_AT_ONCE, now=utc_now())
        changed += differing
        if last is None:
            log.info("node.derived", node=node.slug, changed=changed)
            return changed
        after = last
