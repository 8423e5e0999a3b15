"""Whether a copy is equal to its hub: the same changes in the same order, and tables that say what follows from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.exchange.mirror.chain import START, chained
from app.exchange.mirror.hub import Checkpoint, FeedRestarted, FollowedHub
from app.exchange.mirror.keeping import Copy, Place
from app.exchange.mirror.schema import first_stray

_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a copy is not equal: the first such place in the feed (0 where no place is to blame), and what is wrong there."""

    place: int
    what: str
    thing: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found. `equal` is None where the hub has reckoned nothing yet that a copy of this length could be held against."""

    checkpoint: Checkpoint | None
    difference: Difference | None = None

    @property
    def equal(self) -> bool | None:
        if self.difference is not None:
            return False
        return None if self.checkpoint is None else True


def prove(copy: Copy, hub: FollowedHub) -> Proof:
    """Hold what has come since the last proof against the hub's newest checkpoint that the copy has reached."""
    place = copy.place()
    checkpoint = hub.newest(most=place.count)
    if checkpoint is None:
        return Proof(None)
    if checkpoint.count < place.proved_count:
        # The hub has begun to reckon anew.
        return _held_against(copy, hub, place, checkpoint, 0, START)
    return _held_against(copy, hub, place, checkpoint, place.proved_count, place.proved_digest)


def prove_whole(copy: Copy, hub: FollowedHub) -> Proof:
    """The same from the first change on, believing nothing that was found before: each line anew, each table by the log."""
    place = copy.place()
    checkpoint = hub.newest(most=place.count)
    if (difference := _within(copy, place)) is not None:
        return Proof(checkpoint, difference)
    if checkpoint is None:
        return Proof(None)
    return _held_against(copy, hub, place, checkpoint, 0, START)


def _held_against(
    copy: Copy, hub: FollowedHub, place: Place, checkpoint: Checkpoint, since: int, digest: bytes
) -> Proof:
    for hashes in _hashes(copy, since, checkpoint.count):
        digest = chained(digest, hashes)
    cursor = copy.value("SELECT max(cursor) FROM {}.changes WHERE place = %s", [checkpoint.count])
    if digest == checkpoint.digest and cursor == checkpoint.cursor:
        copy.execute(
            "UPDATE {}.about SET proved_count = %s, proved_digest = %s, proved_at = now()", [checkpoint.count, digest]
        )
        return Proof(checkpoint)
    return Proof(checkpoint, _first_difference(copy, hub, checkpoint))


def _within(copy: Copy, place: Place) -> Difference | None:
    """What is wrong with the copy alone, whatever the hub says."""
    spoilt = copy.value("SELECT min(place) FROM {}.changes WHERE sha256 <> pg_catalog.sha256(convert_to(item, 'UTF8'))")
    if spoilt is not None:
        return _at(copy, spoilt, "the copy's line is no longer the one that came")
    count, last = copy.execute("SELECT count(*), coalesce(max(place), 0) FROM {}.changes").fetchone() or (0, 0)
    if (count, last) != (place.count, place.count):
        return Difference(_first_gap(copy), f"the copy's log has {count} changes, and says that it has {place.count}")
    digest = START
    for hashes in _hashes(copy, 0, place.count):
        digest = chained(digest, hashes)
    if digest != place.digest:
        return Difference(0, "the copy's log no longer hashes to what it did when its last change came")
    for table, question in first_stray(copy.schema):
        stray = copy.connection.execute(question.encode()).fetchone()
        if stray is not None and stray[0] is not None:
            return _at(copy, stray[0], f"the table “{table}” is not what follows from the log")
    return None


def _first_gap(copy: Copy) -> int:
    found = copy.value(
        "SELECT coalesce(min(n), 0) FROM (SELECT place, row_number() OVER (ORDER BY place) AS n FROM {}.changes) c "
        "WHERE place <> n"
    )
    return int(found)


def _hashes(copy: Copy, since: int, until: int) -> Iterator[list[bytes]]:
    """What the changes hash to, from one place to another, some at a time."""
    while since < until:
        upto = min(until, since + _AT_ONCE)
        rows = copy.execute(
            "SELECT sha256 FROM {}.changes WHERE place > %s AND place <= %s ORDER BY place", [since, upto]
        ).fetchall()
        yield [bytes(row[0]) for row in rows]
        since = upto


def _first_difference(copy: Copy, hub: FollowedHub, newest: Checkpoint) -> Difference:
    """The first place at which the hub sends something else. It is between two checkpoints: only what is there is read again."""
    good, bad = _between(copy, hub, newest)
    after, place = (good.cursor, good.count) if good else ("", 0)
    while place < bad.count:
        try:
            page = hub.page(after)
        except FeedRestarted:
            return _at(copy, place, "the hub does not know this change: it was restored from a backup")
        hashes = [one for some in _hashes(copy, place, place + len(page.items)) for one in some]
        for theirs, ours in zip(page.items, [*hashes, *[None] * len(page.items)], strict=False):
            place += 1
            if theirs.sha256 != ours:
                return _at(copy, place, "the hub sends something else", thing=f"{theirs.entity} {theirs.key}")
        if not page.items:
            return Difference(place, "the hub has no more changes, though its checkpoint counts more")
        after = page.next
    return Difference(
        0, "the hub sends what the copy has, yet its checkpoint says otherwise: it is the hub's that is wrong"
    )


def _between(copy: Copy, hub: FollowedHub, newest: Checkpoint) -> tuple[Checkpoint | None, Checkpoint]:
    """The last checkpoint that the copy agrees with, and the first that it does not."""
    ascending = sorted((one for one in hub.checkpoints() if one.count <= newest.count), key=lambda one: one.count)
    good: Checkpoint | None = None
    digest, count = START, 0
    for checkpoint in ascending:
        for hashes in _hashes(copy, count, checkpoint.count):
            digest = chained(digest, hashes)
        count = checkpoint.count
        if digest != checkpoint.digest:
            return good, checkpoint
        good = checkpoint
    return good, newest


def _at(copy: Copy, place: int, what: str, thing: str | None = None) -> Difference:
    row: Any = copy.execute("SELECT entity, key FROM {}.changes WHERE place = %s", [place]).fetchone()
    return Difference(place, what, thing or (f"{row[0]} {row[1]}" if row else None))
