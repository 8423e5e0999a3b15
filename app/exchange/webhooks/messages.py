"""What subscribers are told: which changes they want, and what a message about one looks like."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from app.exchange.feed.reading import Item
from app.exchange.webhooks.events import EVENT_TYPES
from app.kit.json import dumps, iso_utc, loads

# By what a thing is told from others of its kind: what is told of one thing is sent in order.
_IDENTITY = {
    "package": ("node", "kind", "code"),
    "node": ("slug",),
    "run": ("id",),
    "reported_figures": ("node", "fiscal_year"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which changes a subscriber wants; nothing named means all. The last three let nothing but packages through."""

    type: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()
    op: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    fiscal_year: tuple[int, ...] = ()
    status: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: dict[str, list[Any]]) -> Self:
        return cls(**{field.name: tuple(stored.get(field.name, ())) for field in fields(cls)})

    def stored(self) -> dict[str, list[Any]]:
        return {name: list(values) for name, values in asdict(self).items()}

    @property
    def events(self) -> frozenset[str]:
        """The kinds of events of which anything at all may be wanted."""
        return frozenset(
            event
            for event in self.type or EVENT_TYPES
            if _fits(self.entity, event.partition(".")[0])
            and _fits(self.op, event.partition(".")[2])
            and (event.startswith("package.") or not (self.kind or self.fiscal_year or self.status))
        )

    @property
    def entities(self) -> frozenset[str]:
        """The kinds of things of which anything at all may be wanted."""
        return frozenset(event.partition(".")[0] for event in self.events)

    @property
    def takes_all(self) -> bool:
        return not any(asdict(self).values())

    def take(self, message: "Message") -> bool:
        """Whether this change is wanted, as it says itself: a package by its own year, not by the one it has today."""
        document = message.document
        return (
            message.type in self.events
            and _fits(self.node, message.node)
            and _fits(self.kind, document.get("kind"))
            and _fits(self.fiscal_year, document.get("fiscal_year"))
            and _fits(self.status, document.get("status"))
        )


def _fits(wanted: tuple[Any, ...], said: Any) -> bool:
    return not wanted or said in wanted


@dataclass(frozen=True, slots=True)
class Message:
    """One change as a message. `id` follows from the change: sent twice or replayed next year, it is the same."""

    item: Item
    document: dict[str, Any]

    @classmethod
    def of(cls, item: Item) -> Self:
        return cls(item, loads(item.content)[item.entity])

    @property
    def entity(self) -> str:
        return self.item.entity

    @property
    def type(self) -> str:
        return f"{self.item.entity}.{self.item.op}"

    @property
    def cursor(self) -> str:
        return self.item.position.encode()

    @property
    def id(self) -> str:
        return message_id(self.cursor)

    @property
    def node(self) -> Any:
        return self.document.get("slug" if self.entity == "node" else "node")

    @property
    def subject(self) -> str:
        return " ".join([self.entity, *(str(self.document.get(name)) for name in _IDENTITY[self.entity])])

    @property
    def payload(self) -> bytes:
        return _payload(self.type, self.item.at, self.item.content)


def message_id(cursor: str) -> str:
    return f"chg_{cursor}"


def notice(event: str, at: datetime, data: dict[str, Any]) -> bytes:
    """The payload of what is no change: a ping, or that the feed begins anew."""
    return _payload(event, at, dumps(data))


def _payload(event: str, at: datetime, data: bytes) -> bytes:
    # Put together as text, so that data are to the byte what the feed says.
    return b'{"type":"%s","timestamp":"%s","data":%s}' % (event.encode(), iso_utc(at).encode(), data)


def entities_of(filters: Iterable[Filters]) -> tuple[str, ...]:
    """The kinds of things that any of several subscribers may want; empty when that is everything."""
    wanted = frozenset[str]().union(*(each.entities for each in filters))
    return () if len(wanted) == len(_IDENTITY) else tuple(sorted(wanted))
