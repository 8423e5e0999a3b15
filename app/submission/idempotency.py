"""The same request twice is one request: by its Idempotency-Key, or by the very same bytes sent again at once.

Follows draft-ietf-httpapi-idempotency-key-header-07: a key belongs to its caller, its first answer is given again to the
byte, another request under it is refused (422), one under way is told so (409).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text

from app.kit.db import WriteSession, take_turns
from app.kit.json import dumps_canonical
from app.submission.errors import IdempotencyKeyInvalid, IdempotencyKeyReused, RequestInFlight
from app.submission.tables import IdempotencyKey, Submission

RESEND_WINDOW = timedelta(hours=1)
"""Within this time the same bytes are taken for a repetition of a request; later they are a new statement of the same."""
KEPT_FOR = timedelta(days=30)
_PRINTABLE = re.compile("[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: to the byte what it was the first time."""

    status: int
    body: bytes
    submission_id: int | None
    is_replayed: bool = False


def read_key(values: list[str]) -> str | None:
    """The key of a request: a quoted string as the draft has it, or bare as most clients send it."""
    if not values:
        return None
    key = values[0].strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(values) > 1 or _PRINTABLE.fullmatch(key) is None:
        raise IdempotencyKeyInvalid
    return key


def fingerprint_of(request: dict[str, object], sha256: bytes) -> bytes:
    """What makes two requests the same: their parameters and their bytes."""
    return hashlib.sha256(dumps_canonical(request) + sha256).digest()


async def claim_key(session: WriteSession, caller: str, key: str, fingerprint: bytes) -> Answer | None:
    """Claim a key for this transaction: None when it is new, the answer it was given when it is known."""
    is_ours = await session.scalar(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": f"{caller}\n{key}"}
    )
    if not is_ours:
        raise RequestInFlight
    known = await session.get(IdempotencyKey, (caller, key))
    if known is None:
        return None
    if known.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return Answer(known.status, known.body, known.submission_id, is_replayed=True)


async def remember_key(
    session: WriteSession, caller: str, key: str, fingerprint: bytes, answer: Answer, *, now: datetime
) -> None:
    """Remember an answer in the transaction of its effect: both are there, or neither."""
    session.add(
        IdempotencyKey(
            caller=caller,
            key=key,
            fingerprint=fingerprint,
            submission_id=answer.submission_id,
            status=answer.status,
            body=answer.body,
            answered_at=now,
        )
    )
    await session.flush()


async def find_resend(
    session: WriteSession, node_id: int, caller: str, fingerprint: bytes, *, now: datetime
) -> Submission | None:
    """The submission that the same caller's same bytes made a moment ago, if the node's word is still that one.

    Whoever sends A, then B, then A again means A anew: only the last submission of a node can be repeated.
    """
    await take_turns(session, f"resend:{node_id}:{fingerprint.hex()}")
    last = await session.scalar(
        select(Submission)
        .where(Submission.node_id == node_id, ~Submission.dry_run, Submission.state != "failed")
        .order_by(Submission.id.desc())
        .limit(1)
    )
    if last is None or last.fingerprint != fingerprint or last.caller != caller:
        return None
    return last if last.received_at > now - RESEND_WINDOW else None


async def forget_keys(session: WriteSession, *, now: datetime) -> None:
    """Forget keys that no client repeats any more."""
    await session.execute(text("DELETE FROM idempotency_keys WHERE answered_at < :before"), {"before": now - KEPT_FOR})
