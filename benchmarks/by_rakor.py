"""One node collected by Rakor's own collector, in a process of its own: prints its run as one JSON line."""

import asyncio
import json
import sys
import time
from typing import Any

import structlog

from app.collection.collecting import Collector, collect_run
from app.collection.hosts import HostGate
from app.collection.policy import CollectionPolicy
from app.collection.service import get_run, start_run
from app.kit.clock import utc_now
from app.kit.db import open_database
from app.kit.http import OutboundPolicy, parse_networks


async def collect(options: dict[str, Any]) -> dict[str, Any]:
    """Do what a worker does with one job; only the queue that would hand it over is left out."""
    database = open_database(options["database_url"], application_name="benchmark")
    policy = CollectionPolicy(outbound=OutboundPolicy(allowed_networks=parse_networks("127.0.0.0/8")))
    collector = Collector(database, HostGate(database, policy), policy)
    try:
        async with database.transaction() as session:
            run = await start_run(
                session, options["slug"], fiscal_year=options["year"], full=options["full"], now=utc_now()
            )
        await collect_run(collector, run.id)
        async with database.reading() as session:
            finished, _slug = await get_run(session, run.id)
    finally:
        await database.close()
    counts = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "duplicate", "withdrawn")
    return {
        "state": finished.state,
        "problems": finished.problems,
        "counts": {name: getattr(finished, name) for name in counts},
    }


def main() -> None:
    started = time.process_time()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    options = json.load(sys.stdin)
    if options:
        sys.stdout.write(json.dumps({**asyncio.run(collect(options)), "start_up": started}) + "\n")


if __name__ == "__main__":
    main()
