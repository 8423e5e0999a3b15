"""What travels of keys and of the trail."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from app.access.callers import Role
from app.core.text import clean_text
from app.kit.web.schema import Input, Schema, WholeNumber

KeyState = Literal["active", "expired", "revoked"]
Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$"), Field(examples=["00" * 32])]


def _is_clean(text: str) -> str:
    if clean_text(text) != text:
        msg = "must be one line without control characters or surrounding space"
        raise ValueError(msg)
    return text


KeyName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_is_clean),
    Field(description="Who holds it, in words.", examples=["Sinkronisasi harian LPSE Kota Surabaya"]),
]
NodeSlug = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,62}$"), Field(examples=["surabaya"])]
Expiry = Annotated[
    AwareDatetime | None,
    Field(description="When it ends, within ten years.", examples=["2027-01-31T17:00:00Z"]),
]


class KeyCreate(Input):
    """A key to be made."""

    role: Annotated[
        Role,
        Field(
            description="province: everything. node: pushes and reads what was handed over for its own nodes, starts their "
            "collection, states their figures. reader: reads what the public does not, and writes nothing."
        ),
    ]
    name: KeyName
    nodes: Annotated[
        list[NodeSlug],
        Field(max_length=1000, default_factory=list, description="The nodes of a key of the role node; else empty."),
    ]
    expires_at: Annotated[Expiry, Field(description="When it ends; a year from now if this is not given.")] = None


class RotationCreate(Input):
    """A new secret for a key."""

    overlap_hours: Annotated[
        WholeNumber, Field(ge=0, le=720, description="How many hours the secret it had goes on opening.", examples=[24])
    ] = 24
    expires_at: Annotated[Expiry, Field(description="When the key ends; as before if this is not given.")] = None


class KeyRead(Schema):
    """A key, without its secret: that is shown once, when it is made."""

    id: Annotated[int, Field(examples=[12])]
    name: KeyName
    role: Role
    nodes: Annotated[list[NodeSlug], Field(description="The nodes it speaks for; empty unless its role is node.")]
    state: KeyState
    created_at: datetime
    expires_at: Annotated[datetime | None, Field(description="Null only for keys made before keys had to end.")]
    revoked_at: datetime | None
    former_ends_at: Annotated[
        datetime | None,
        Field(description="Until when a secret from before a rotation still opens; null when only the newest does."),
    ]
    last_used_on: Annotated[date | None, Field(description="The last day (UTC) on which it was used; null if never.")]


class KeyIssued(KeyRead):
    """A key with its secret."""

    key: Annotated[
        str,
        Field(description="The secret, shown this once: send it as “Authorization: Bearer …”.", examples=["rakor_…"]),
    ]


class AuditRead(Schema):
    """One administrative act. `hash` seals the entry together with the hash of the one before it."""

    id: Annotated[int, Field(description="Consecutive from 1: a number that is missing was removed.", examples=[7])]
    at: datetime
    actor: Annotated[
        str | None,
        Field(
            description="Who did it: “key:12”, “oidc:<issuer>|<subject>” or “command-line”; null in entries from before "
            "actors were named.",
            examples=["key:12"],
        ),
    ]
    key_id: Annotated[int | None, Field(description="The key it was done with, if any.", examples=[12])]
    act: Annotated[str, Field(examples=["node.revised"])]
    subject: Annotated[str, Field(examples=["node surabaya"])]
    details: dict[str, Any]
    previous_hash: Hash
    hash: Annotated[Hash, Field(description="SHA-256, hexadecimal. The newest one, kept elsewhere, seals all before.")]
