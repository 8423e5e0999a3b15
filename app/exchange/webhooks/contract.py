"""What subscribers receive, for the published contract: callbacks of the subscription. Nothing here is ever called."""

from typing import Annotated, Any

from fastapi import APIRouter, Header

from app.exchange.webhooks.schemas import MessageRead, PingRead, RestartRead

# Callbacks, not the section `webhooks`: of that, generators of clients make code as if it were to be called.
messages = APIRouter(generate_unique_id_function=lambda route: route.name)
_SUBSCRIBED = "{$request.body#/url}"

_ANSWERS: dict[int | str, dict[str, Any]] = {
    "2XX": {"description": "Taken: this message is not sent again."},
    410: {"description": "Nothing more is wanted: the subscription is disabled."},
    "default": {"description": "Not taken: the message is sent again later. Retry-After is kept."},
}
MessageId = Annotated[
    str,
    Header(
        alias="webhook-id",
        description="The same for the same message, however often it is sent: keep it, and drop repetitions.",
        examples=["chg_0000000100000000000002e400000000000000019f86d081"],
    ),
]
Timestamp = Annotated[
    int,
    Header(
        alias="webhook-timestamp",
        description="The moment of this attempt, in seconds since 1970; refuse what is older than minutes.",
        examples=[1796083200],
    ),
]
Signature = Annotated[
    str,
    Header(
        alias="webhook-signature",
        description="`v1,` and the base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, keyed with the bytes "
        "behind `whsec_`; several, separated by spaces, while a secret is being rotated.",
        examples=["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="],
    ),
]


@messages.post(_SUBSCRIBED, responses=_ANSWERS, status_code=204)
def receive_change(message: MessageRead, message_id: MessageId, timestamp: Timestamp, signature: Signature) -> None:
    """Something happened that the subscription's filters let through: one change of the feed."""


@messages.post(_SUBSCRIBED, responses=_ANSWERS, status_code=204)
def receive_ping(message: PingRead, message_id: MessageId, timestamp: Timestamp, signature: Signature) -> None:
    """Somebody wants to know whether messages arrive; sent once."""


@messages.post(_SUBSCRIBED, responses=_ANSWERS, status_code=204)
def receive_feed_restarted(
    message: RestartRead, message_id: MessageId, timestamp: Timestamp, signature: Signature
) -> None:
    """The hub's database was moved or restored from a backup. Compare with the feed what you hold; messages go on."""
