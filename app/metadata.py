"""All tables in one place, for migrations."""

from app.access import tables as access
from app.collection import tables as collection
from app.exchange.exports import tables as exports
from app.exchange.feed import tables as feed
from app.exchange.webhooks import tables as webhooks
from app.kit.db import Base
from app.procurement import tables as procurement
from app.registry import probe_tables as probes
from app.registry import proposal_tables as proposals
from app.registry import tables as registry
from app.statistics import reported_tables as reported
from app.statistics import tables as statistics
from app.submission import tables as submission

TABLES = (
    access,
    registry,
    probes,
    proposals,
    procurement,
    collection,
    statistics,
    reported,
    submission,
    feed,
    exports,
    webhooks,
)
metadata = Base.metadata
