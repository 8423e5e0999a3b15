"""What can be told: a kind of thing and what became of it, as the feed says them, and what is no change."""

from typing import Literal, get_args

EventType = Literal[
    "package.upsert", "package.withdrawn", "node.upsert", "node.retired", "run.upsert", "reported_figures.upsert"
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
PING = "webhook.ping"
RESTARTED = "feed.restarted"
