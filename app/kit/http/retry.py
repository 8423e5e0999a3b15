"""When to ask again, and how long to wait before."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom

from app.kit.http.answer import Answer
from app.kit.http.failures import AnswerBroken, ConnectFailed, DeadlineExceeded, HostUnresolved, OutboundFailure
from app.kit.http.policy import OutboundPolicy

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
RETRIED_FAILURES = (AnswerBroken, ConnectFailed, DeadlineExceeded, HostUnresolved)

_SECONDS = re.compile(r"[0-9]{1,9}")
_chance = SystemRandom()


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header in either form (RFC 9110, 10.2.3); None when there is none that can be understood."""
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def pause_before(retry: int, outcome: Answer | OutboundFailure, policy: OutboundPolicy, now: datetime) -> float | None:
    """Seconds to wait before the `retry`-th retry (from 1); None when the host asks for more patience than we have.

    Exponential with full jitter, so that many who failed together do not return together.
    """
    backoff = min(policy.max_backoff_seconds, policy.backoff_seconds * 2.0 ** (retry - 1))
    jitter = _chance.uniform(0, backoff)
    if isinstance(outcome, OutboundFailure):
        return jitter
    asked = retry_after_seconds(outcome.headers.get("retry-after"), now)
    if asked is None:
        return jitter
    if asked > policy.retry_after_limit_seconds:
        return None
    return asked + min(jitter, policy.backoff_seconds)
