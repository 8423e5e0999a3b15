"""What the feed looks like over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from app.exchange.feed.cursor import CURSOR
from app.kit.web.schema import Schema

Entity = Literal["package", "node", "run", "reported_figures"]
_EXAMPLE = "0000000100000000000002e400000000000000019f86d081"
Cursor = Annotated[
    str, Field(pattern=CURSOR, description="A place in the feed; give it back as `after`.", examples=[_EXAMPLE])
]


class ChangeRead(Schema):
    """One change: when, of what, and the thing itself under its entity's name."""

    cursor: Cursor
    at: Annotated[datetime, Field(description="When the hub recorded it.")]
    entity: Annotated[Entity, Field(description="What kind of thing changed; the key under which it stands.")]
    op: Annotated[
        Literal["upsert", "withdrawn", "retired"],
        Field(
            description="upsert: it is there, as told. withdrawn: a package that no source shows any longer (a tombstone "
            "that says how it last was). retired: a node that is no longer collected."
        ),
    ]
    version: Annotated[int | None, Field(description="Counts the states of this one thing from 1.", examples=[1])]
    package: Annotated[
        dict[str, Any] | None,
        Field(
            description="The fields of a package as of this version, personal data masked; what is unknown of its parts is left out.",
            examples=[{"node": "surabaya", "kind": "tender", "code": "10102584000", "status": "completed"}],
        ),
    ] = None
    node: Annotated[
        dict[str, Any] | None, Field(description="An LPSE node of the register.", examples=[{"slug": "surabaya"}])
    ] = None
    run: Annotated[
        dict[str, Any] | None,
        Field(
            description="An attempt to collect a node, at each of its states.", examples=[{"id": 1, "state": "queued"}]
        ),
    ] = None
    reported_figures: Annotated[
        dict[str, Any] | None,
        Field(
            description="What a node stated of a fiscal year.",
            examples=[{"node": "surabaya", "fiscal_year": 2025, "revision": 1}],
        ),
    ] = None


class ChangesRead(Schema):
    """Changes in order, and where to go on."""

    items: list[ChangeRead]
    next: Annotated[
        Cursor, Field(description="Where to go on, also on an empty page: keep it, ask with it as `after`.")
    ]
    more: Annotated[bool, Field(description="There may be more already; false at the end of what has happened.")]
    epoch: Annotated[
        int, Field(description="Grows by one when the hub's database was restored elsewhere.", examples=[1])
    ]
    digest: Annotated[
        str,
        Field(
            description="SHA-256 of the items as sent, each followed by a line end: of the body that "
            "`Accept: application/x-ndjson` gets.",
            min_length=64,
            max_length=64,
        ),
    ]


class CheckpointRead(Schema):
    """The whole feed up to one change. Dₙ = SHA-256(Dₙ₋₁ + SHA-256(item n as sent)), D₀ being 32 zero bytes."""

    cursor: Annotated[Cursor, Field(description="Of the last change that is counted.")]
    count: Annotated[int, Field(description="How many changes there are up to it.", examples=[5407])]
    digest: Annotated[str, Field(description="Dₙ in hexadecimal digits.", min_length=64, max_length=64)]
    epoch: Annotated[int, Field(examples=[1])]
    at: Annotated[datetime, Field(description="When it was reckoned.")]
