"""When a message is sent again, how long a failing receiver is left alone, and when it is given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import SystemRandom

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After the first attempt, the second, …: the schedule that Standard Webhooks recommends, a good three days."""
JITTER = 0.2
"""Those that failed together come again at different moments: each pause is shorter or longer by up to this share."""
LONGEST_RETRY_AFTER = timedelta(hours=24)
LONGEST_PAUSE_ASKED = timedelta(hours=1)
"""So long at most a receiver that asks for it (429, 503) is sent nothing at all."""
GIVEN_UP_AFTER = timedelta(days=5)
"""A receiver that has taken nothing for so long is disabled."""

_FAILURES_BORNE = 3
_FIRST_HOLD = timedelta(seconds=5)
_LONGEST_HOLD = timedelta(minutes=10)
_chance = SystemRandom()


def next_attempt(tries: int, now: datetime, asked: timedelta | None) -> datetime | None:
    """When to try again after so many attempts, as late as the receiver asked; None when the schedule has run out."""
    if tries > len(PAUSES):
        return None
    pause = PAUSES[tries - 1] * _chance.uniform(1 - JITTER, 1 + JITTER)
    if asked is not None:
        pause = max(pause, min(asked, LONGEST_RETRY_AFTER))
    return now + pause


def held_until(failures: int, *, now: datetime, asked: Sequence[timedelta]) -> datetime | None:
    """Until when a receiver that failed so often in a row is sent nothing, whatever is due; None: no longer."""
    pause = timedelta(0)
    if failures >= _FAILURES_BORNE:
        pause = min(_FIRST_HOLD * 2 ** min(failures - _FAILURES_BORNE, 20), _LONGEST_HOLD)
    pause = max([pause, *(min(each, LONGEST_PAUSE_ASKED) for each in asked)])
    return now + pause if pause else None


def was_down(failures: int) -> bool:
    """Whether so many failures in a row mean the receiver rather than one message; then all that waits is due again."""
    return failures >= _FAILURES_BORNE
