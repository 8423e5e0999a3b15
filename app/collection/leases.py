"""Places at a host as leases: how many requests to it each worker may have under way, shared fairly, expiring by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from app.kit.db import WriteSession, take_turns

LEASE_SECONDS = 10.0
"""A worker silent for this long has lost its places."""

TURN_SECONDS = 5.0
"""Where there are more workers than places, each holds one for so long before the next has its turn."""

UNSERVED_SECONDS = 2.0
"""Who has waited for so long found no free place; who has only just made room for another drives nobody out."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker needs: the host's limit over all workers, how many places it could use, how many are in use now."""

    concurrency: int
    wanted: int
    used: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A worker that has places at a host, or waits for them (`places` 0) since so many seconds."""

    places: int
    wanted: int
    waiting_seconds: float


def share_of(wish: Wish, mine: Holder | None, others: Sequence[Holder]) -> int:
    """How many places a worker may use from now on, given all others at the same host.

    Everybody may have an equal share; what somebody does not want is divided among those who do. Where there are more
    workers than places they take turns, who has waited longest first.
    """
    free = wish.concurrency - sum(other.places for other in others)
    share = _equal_share(wish.concurrency, [wish.wanted, *(other.wanted for other in others)])
    # What others have they keep until they renew, and what they are due they may come for at any time.
    reserved = sum(max(other.places, min(other.wanted, share)) for other in others)
    granted = min(wish.wanted, max(share, wish.concurrency - reserved), free)
    queue = [other for other in others if other.places == 0 and other.wanted]
    if mine is not None and mine.places:
        # As many make room as wait in vain, who has sat longest first.
        to_leave = sum(other.waiting_seconds >= UNSERVED_SECONDS for other in queue) - (free - mine.places)
        before_me = sum(other.places > 0 and other.waiting_seconds > mine.waiting_seconds for other in others)
        is_crowded = len(others) >= wish.concurrency and mine.waiting_seconds >= TURN_SECONDS
        return 0 if is_crowded and before_me < to_leave else max(0, granted)
    waited = mine.waiting_seconds if mine is not None else 0.0
    before_me = sum(other.waiting_seconds > waited for other in queue)
    return max(0, min(granted, free - before_me))


def _equal_share(places: int, wishes: Sequence[int]) -> int:
    """The most that everybody may have alike, where those who want less leave the rest to the others; at least one."""
    share, left, hungry = 0, places, [wanted for wanted in wishes if wanted > 0]
    while hungry and left >= len(hungry):
        step = min(left // len(hungry), min(hungry) - share)
        share, left = share + step, left - step * len(hungry)
        hungry = [wanted for wanted in hungry if wanted > share]
    return max(1, share)


async def renew_lease(session: WriteSession, host: str, holder: str, wish: Wish) -> int:
    """Say that this worker still needs the host; the answer is how many requests it may have under way."""
    await take_turns(session, f"host:{host}")
    rows = await session.execute(
        text("""
            SELECT holder, places, wanted, extract(epoch FROM clock_timestamp() - since) AS waiting_seconds
            FROM host_leases WHERE host = :host AND expires_at > clock_timestamp()
        """),
        {"host": host},
    )
    mine: Holder | None = None
    others: list[Holder] = []
    for row in rows:
        known = Holder(row.places, row.wanted, float(row.waiting_seconds))
        if row.holder == holder:
            mine = known
        else:
            others.append(known)
    granted = share_of(wish, mine, others)
    # Requests under way hold their places until they end, whatever is granted from now on.
    places = max(granted, wish.used)
    await session.execute(
        text("""
            INSERT INTO host_leases AS l (host, holder, places, wanted, since, expires_at)
            VALUES (:host, :holder, :places, :wanted, clock_timestamp(), clock_timestamp() + :lease * interval '1 second')
            ON CONFLICT (host, holder) DO UPDATE SET
                places = excluded.places, wanted = excluded.wanted, expires_at = excluded.expires_at,
                since = CASE WHEN (l.places = 0) = (excluded.places = 0) THEN l.since ELSE excluded.since END
        """),
        {"host": host, "holder": holder, "places": places, "wanted": wish.wanted, "lease": LEASE_SECONDS},
    )
    return granted


async def give_back(session: WriteSession, holder: str, host: str | None = None) -> None:
    """End a worker's leases, at one host or at all; those that expired go too."""
    await session.execute(
        text("""
            DELETE FROM host_leases
            WHERE (holder = :holder AND (CAST(:host AS text) IS NULL OR host = :host))
               OR expires_at < clock_timestamp() - interval '1 minute'
        """),
        {"holder": holder, "host": host},
    )
