"""What travels of subscriptions, deliveries and messages."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from app.access.schemas import KeyName, NodeSlug
from app.core.vocabulary import PackageKind, PackageStatus
from app.exchange.feed.cursor import CURSOR
from app.exchange.feed.schemas import ChangeRead, Cursor, Entity
from app.exchange.webhooks.events import EventType
from app.kit.web.schema import Input, Moment, Schema, WholeNumber

WebhookState = Literal["active", "paused", "disabled"]
DeliveryState = Literal["pending", "delivered", "failed"]
Op = Literal["upsert", "withdrawn", "retired"]
Year = Annotated[WholeNumber, Field(ge=2000, le=2100)]

_URL = "Where messages are posted: https, on port 443 or 8443 of the public internet."
TargetUrl = Annotated[
    str,
    StringConstraints(min_length=8, max_length=2000, pattern=r"^[hH][tT][tT][pP][sS]?://[\x21-\x7e]+$"),
    Field(description=_URL, examples=["https://penerima.example/rakor"]),
]
Description = Annotated[
    KeyName | None, Field(description="What it is for, in words.", examples=["Dasbor pengadaan Kota Surabaya"])
]
Types = Annotated[list[EventType], Field(max_length=6, description="Kinds of events.", examples=[["package.upsert"]])]
Entities = Annotated[list[Entity], Field(max_length=4, description="Kinds of things.")]
Ops = Annotated[list[Op], Field(max_length=3, description="What became of them.")]
Nodes = Annotated[
    list[NodeSlug],
    Field(max_length=800, description="Nodes that it happened to. A node's key hears of its own nodes only."),
]
Kinds = Annotated[list[PackageKind], Field(max_length=5, description="Packages of these kinds alone.")]
Years = Annotated[
    list[Year], Field(max_length=50, description="Packages that belong to these years alone.", examples=[[2025]])
]
Statuses = Annotated[list[PackageStatus], Field(max_length=6, description="Packages in these states alone.")]


class WebhookFilters(Input):
    """Which changes are wanted: those that fit each filter given; an empty one lets everything through."""

    type: Annotated[Types, Field(default_factory=list)]
    entity: Annotated[Entities, Field(default_factory=list)]
    op: Annotated[Ops, Field(default_factory=list)]
    node: Annotated[Nodes, Field(default_factory=list)]
    kind: Annotated[Kinds, Field(default_factory=list)]
    fiscal_year: Annotated[Years, Field(default_factory=list)]
    status: Annotated[Statuses, Field(default_factory=list)]

    def given(self) -> dict[str, tuple[str | int, ...]]:
        """What was said, each word once."""
        return {
            name: tuple(dict.fromkeys(value if isinstance(value, int) else str(value) for value in getattr(self, name)))
            for name in self.model_fields_set
        }


class WebhookCreate(Input):
    """A subscription to be made."""

    url: TargetUrl
    description: Description = None
    filters: Annotated[WebhookFilters, Field(default_factory=WebhookFilters)]
    from_start: Annotated[
        bool, Field(strict=True, description="Tell everything that ever happened, not only what happens from now on.")
    ] = False


class WebhookUpdate(Input):
    """What is to change; of the filters, those that are given."""

    url: Annotated[TargetUrl | None, Field(description=_URL)] = None
    description: Description = None
    filters: Annotated[WebhookFilters | None, Field(description="Those filters that are to change.")] = None
    state: Annotated[
        Literal["active", "paused"] | None,
        Field(description="paused: nothing is sent. active: it goes on from its place, with all that waits."),
    ] = None


class SecretCreate(Input):
    """A new secret for a subscription."""

    overlap_hours: Annotated[
        WholeNumber,
        Field(ge=0, le=720, description="How many hours messages are signed by the one before, too.", examples=[24]),
    ] = 24


class ReplayCreate(Input):
    """From where everything is told again: a place in the feed, or a moment; one of the two."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1, "maxProperties": 1})

    since: Annotated[
        Moment | None,
        WithJsonSchema(
            {
                "type": "string",
                "format": "date-time",
                "description": "Everything recorded from this moment on.",
                "examples": ["2026-11-29T00:00:00+07:00"],
            }
        ),
    ] = None
    after: Annotated[
        Cursor | None,
        WithJsonSchema(
            {
                "type": "string",
                "pattern": CURSOR,
                "description": "Everything behind this place in the feed.",
                "examples": ["0000000100000000000002e400000000000000019f86d081"],
            }
        ),
    ] = None

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if len(self.model_fields_set) != 1 or (self.after is None and self.since is None):
            msg = "give either “after” or “since”"
            raise ValueError(msg)
        return self


class FiltersRead(Schema):
    """Which changes are wanted; an empty filter lets everything through."""

    type: Types
    entity: Entities
    op: Ops
    node: Nodes
    kind: Kinds
    fiscal_year: Years
    status: Statuses


class WebhookRead(Schema):
    """A subscription, without its secret: that is shown once, when it is made."""

    id: Annotated[int, Field(examples=[3])]
    nodes: Annotated[
        list[NodeSlug], Field(description="The nodes that it belongs to; empty where the province made it.")
    ]
    url: Annotated[str, Field(examples=["https://penerima.example/rakor"])]
    description: Description
    filters: FiltersRead
    state: Annotated[
        WebhookState, Field(description="active: messages are sent. paused: by its keeper. disabled: by the hub.")
    ]
    reason: Annotated[
        Literal["gone", "failing"] | None,
        Field(description="Why it is disabled. gone: answered 410. failing: took nothing for five days."),
    ]
    created_at: datetime
    changed_at: Annotated[datetime, Field(description="When it was last revised, or disabled.")]
    disabled_at: Annotated[datetime | None, Field(description="When it was disabled; null unless it is.")]
    place: Annotated[Cursor, Field(description="Up to here of the feed everything wanted was made a delivery.")]
    failures: Annotated[int, Field(description="Attempts in a row that failed.", examples=[0])]
    failing_since: Annotated[datetime | None, Field(description="Since when every attempt has failed.")]
    held_until: Annotated[datetime | None, Field(description="Until then nothing is sent: it fails, or asked for it.")]
    last_attempt_at: Annotated[datetime | None, Field(description="When a message was last sent.")]
    last_success_at: Annotated[datetime | None, Field(description="When a message was last taken.")]
    former_ends_at: Annotated[
        datetime | None,
        Field(description="Until when a secret from before a rotation signs, too; null when none does."),
    ]
    waiting: Annotated[int, Field(description="Deliveries that wait: at most 200; the rest waits in the feed.")]


class WebhookIssued(WebhookRead):
    """A subscription with its secret."""

    secret: Annotated[
        str,
        Field(description="Signs its messages; shown this once.", examples=["whsec_…"]),
    ]


class AttemptRead(Schema):
    """One attempt to deliver a message."""

    at: Annotated[datetime, Field(description="When it was made.")]
    status: Annotated[int | None, Field(description="What it was answered; null when no answer came.", examples=[503])]
    latency_ms: Annotated[int, Field(description="How long it took, in milliseconds.", examples=[35])]
    error: Annotated[
        str | None, Field(description="Why it failed, as a code; null when it did not.", examples=["http-503"])
    ]
    detail: Annotated[str | None, Field(description="What was said to it, shortened and masked.")]


class DeliveryRead(Schema):
    """One message to one subscriber, and how its delivery went."""

    id: Annotated[int, Field(examples=[41])]
    webhook: Annotated[int, Field(description="The subscription.", examples=[3])]
    message_id: Annotated[
        str, Field(description="The header webhook-id: the same however often it is sent.", examples=["chg_0000…"])
    ]
    type: Annotated[str, Field(description="As in the message.", examples=["package.upsert"])]
    cursor: Annotated[Cursor | None, Field(description="The change that it tells of; null for a ping.")]
    state: Annotated[
        DeliveryState, Field(description="pending: it waits for its next attempt. failed: all its attempts did.")
    ]
    created_at: datetime
    next_attempt_at: Annotated[datetime | None, Field(description="Not before this; null when it has ended.")]
    finished_at: Annotated[datetime | None, Field(description="When it was taken or given up; null while it waits.")]
    attempts: Annotated[list[AttemptRead], Field(description="The last twenty, oldest first.")]


class MessageRead(Schema):
    """What is posted to a subscriber, by the Standard Webhooks conventions."""

    type: Annotated[EventType, Field(description="What happened to what kind of thing.", examples=["package.upsert"])]
    timestamp: Annotated[datetime, Field(description="When the hub recorded it.")]
    data: Annotated[ChangeRead, Field(description="The change as the feed has it (`GET /api/v1/changes`).")]


class PingData(Schema):
    """What a ping tells: nothing but which subscription it is for."""

    webhook: Annotated[int, Field(description="The subscription that it was sent for.", examples=[3])]


class PingRead(Schema):
    """What `POST /webhooks/{webhook}/ping` has sent."""

    type: Annotated[Literal["webhook.ping"], Field(description="Always this.")]
    timestamp: Annotated[datetime, Field(description="When it was asked for.")]
    data: PingData


class RestartData(Schema):
    """From where messages go on."""

    epoch: Annotated[int, Field(description="The feed's present epoch.", examples=[2])]
    cursor: Cursor


class RestartRead(Schema):
    """The hub's database was moved or restored: what was told before may be missing from it."""

    type: Annotated[Literal["feed.restarted"], Field(description="Always this.")]
    timestamp: Annotated[datetime, Field(description="When the hub noticed.")]
    data: RestartData
