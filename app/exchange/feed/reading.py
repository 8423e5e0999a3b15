"""Reading the feed: what has happened after a place, in the one order that no writer can break."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.exchange.feed.cursor import Position
from app.exchange.feed.items import other_document, package_document, written
from app.exchange.feed.places import HEAD, NAMED, VISIBLE, expect_known, position_of
from app.kit.db import ReadSession, speaking_plainly

_AT_ONCE = 100
"""So many items are written in one go: whoever else asks meanwhile waits no longer than they take."""
WALKED = 20_000
"""So many changes one page looks through for those that are wanted; a page of few wanted ones may come out short."""


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes are wanted. `kind` and `fiscal_year` are asked of packages, and let nothing else through."""

    entity: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    fiscal_year: tuple[int, ...] = ()
    latest: bool = False
    """Only the change by which each thing is as it is now."""

    @property
    def is_whole(self) -> bool:
        return self == ChangeFilter()


EVERYTHING = ChangeFilter()


@dataclass(frozen=True, slots=True)
class Item:
    """One change: where it stands, what it is about, and its JSON as every follower gets it."""

    position: Position
    entity: str
    op: str
    at: datetime
    content: bytes


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes in order. `next` is where to go on, also when there are none; `more` says that more may be there already."""

    items: Sequence[Item]
    next: Position
    epoch: int
    more: bool


_AFTER = "(c.epoch, c.xid, c.seq) > ($1::int, $2::text::xid8, $3::bigint)"
_ORDER = "ORDER BY epoch, xid, seq"
_IN_ORDER = "ORDER BY f.epoch, f.xid, f.seq"
"""The same where the transaction is shown as text: numbers, not their spelling, are what counts (999 before 1000)."""
_COLUMNS = "c.epoch, c.xid, c.seq, c.at, c.entity, c.entity_id, c.version, c.op, c.node_id, c.state"
_SHOWN = """
    f.epoch, f.xid::text AS xid, f.seq, (extract(epoch FROM f.at) * 1000000)::bigint AS at, f.entity, f.entity_id,
    f.version, f.op, coalesce(v.state, f.state)::text AS state, n.slug, p.kind, p.code, p.first_seen_at
"""
_DOCUMENTS = """
    LEFT JOIN package_versions v ON f.entity = 'package' AND v.package_id = f.entity_id AND v.version = f.version
    LEFT JOIN packages p ON f.entity = 'package' AND p.id = f.entity_id
    LEFT JOIN nodes n ON n.id = p.node_id
"""

# The whole feed, or what little of it is wanted: walked in its own order.
_WALK = f"""
    WITH walked AS MATERIALIZED (
        SELECT {_COLUMNS} FROM changes c WHERE {_AFTER} AND {VISIBLE} {_ORDER} LIMIT $4
    ), wanted AS MATERIALIZED (
        SELECT * FROM walked f WHERE %s {_ORDER} LIMIT $5
    )
    SELECT {_SHOWN} FROM wanted f {_DOCUMENTS} {_IN_ORDER}
"""  # noqa: S608 (constants of this module)

# What concerns a few nodes is found by their packages: a feed of all nodes would be walked for nothing.
_BY_NODE = f"""
    WITH mine AS MATERIALIZED (
        SELECT {_COLUMNS} FROM packages p JOIN changes c ON c.entity = 'package' AND c.entity_id = p.id
        WHERE p.node_id = ANY($4::bigint[]) AND {_AFTER} AND {VISIBLE} AND %s
        UNION ALL
        SELECT {_COLUMNS} FROM changes c
        WHERE c.entity <> 'package' AND c.node_id = ANY($4::bigint[]) AND {_AFTER} AND {VISIBLE} AND %s
    ), wanted AS MATERIALIZED (SELECT * FROM mine {_ORDER} LIMIT $5)
    SELECT {_SHOWN} FROM wanted f {_DOCUMENTS} {_IN_ORDER}
"""  # noqa: S608 (the same)

# The last change that everybody may see already, or that was looked at last.
_WALKED_TO = f"""
    SELECT * FROM (
        SELECT {NAMED}, count(*) OVER () AS walked, row_number() OVER () AS place
        FROM (SELECT * FROM changes c WHERE {_AFTER} AND {VISIBLE} {_ORDER} LIMIT $4) c
    ) w WHERE place = walked
"""  # noqa: S608 (the same)
_COUNT = f"SELECT count(*) FROM (SELECT FROM changes c WHERE {_AFTER} AND {VISIBLE} {_ORDER} LIMIT $4) c"  # noqa: S608


async def read_changes(session: ReadSession, wanted: ChangeFilter, *, after: Position, limit: int) -> ChangePage:
    """What has happened after a place, at most `limit` changes.

    Raises FeedRestarted where the change that `after` names is not there: the database is older than its follower.
    """
    place = (after.epoch, str(after.xid), after.seq)
    async with speaking_plainly(session) as driver:
        await expect_known(driver, after)
        epoch = await driver.fetchval("SELECT max(epoch) FROM feed_epochs")
        if wanted.node:
            nodes = await driver.fetch("SELECT id FROM nodes WHERE slug = ANY($1::text[])", list(wanted.node))
            statement = _BY_NODE % _conditions_by_node(wanted)
            rows = await driver.fetch(statement, *place, [row["id"] for row in nodes], limit + 1)
            looked = None if len(rows) > limit else await driver.fetchrow(HEAD)
        else:
            look = limit + 1 if wanted.is_whole else max(WALKED, limit + 1)
            rows = await driver.fetch(_WALK % _conditions_of(wanted), *place, look, limit + 1)
            is_over = wanted.is_whole or len(rows) > limit
            looked = None if is_over else await driver.fetchrow(_WALKED_TO, *place, look)
    items: list[Item] = []
    for number, row in enumerate(rows[:limit], start=1):
        items.append(_item(row))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    if looked is not None:
        more = not wanted.node and looked["walked"] == look
        return ChangePage(items, position_of(looked), epoch, more)
    return ChangePage(items, items[-1].position if items else after, epoch, len(rows) > limit)


async def count_changes(session: ReadSession, *, after: Position, most: int) -> int:
    """How many changes there are after a place, counted no further than `most`."""
    async with speaking_plainly(session) as driver:
        return int(await driver.fetchval(_COUNT, after.epoch, str(after.xid), after.seq, most))


def _conditions_of(wanted: ChangeFilter) -> str:
    """Conditions on a change `f`. Words and years have been checked: they are the vocabulary's own."""
    conditions = ["true"]
    if wanted.entity:
        conditions.append(f"f.entity IN ({_words(wanted.entity)})")
    if wanted.kind or wanted.fiscal_year:
        conditions.append(
            f"f.entity = 'package' AND EXISTS (SELECT FROM packages p WHERE p.id = f.entity_id AND {_of_package(wanted)})"
        )
    if wanted.latest:
        conditions.append(f"({_latest_package('f')} OR {_latest_other('f')})")
    return " AND ".join(conditions)


def _conditions_by_node(wanted: ChangeFilter) -> tuple[str, str]:
    packages = [_of_package(wanted)]
    others = [f"c.entity IN ({_words(wanted.entity)})" if wanted.entity else "true"]
    if wanted.entity and "package" not in wanted.entity:
        packages.append("false")
    if wanted.kind or wanted.fiscal_year:
        others.append("false")
    if wanted.latest:
        packages.append("c.version = p.version")
        others.append(_latest_other("c"))
    return " AND ".join(packages), " AND ".join(others)


def _of_package(wanted: ChangeFilter) -> str:
    conditions = ["true"]
    if wanted.kind:
        conditions.append(f"p.kind IN ({_words(wanted.kind)})")
    if wanted.fiscal_year:
        conditions.append(f"p.fiscal_year IN ({', '.join(str(int(year)) for year in wanted.fiscal_year)})")
    return " AND ".join(conditions)


def _latest_package(change: str) -> str:
    current = f"(SELECT p.version FROM packages p WHERE p.id = {change}.entity_id)"  # noqa: S608 (the same)
    return f"({change}.entity = 'package' AND {change}.version = {current})"


def _latest_other(change: str) -> str:
    return (
        f"({change}.entity <> 'package' AND NOT EXISTS (SELECT FROM changes later WHERE later.entity <> 'package' "
        f"AND later.entity = {change}.entity AND later.entity_id = {change}.entity_id AND later.seq > {change}.seq))"
    )


def _words(words: Sequence[str]) -> str:
    if not all(word.replace("_", "").isalpha() for word in words):
        msg = f"{words} are no words of the vocabulary"
        raise ValueError(msg)
    return ", ".join(f"'{word}'" for word in words)


def _item(row: Any) -> Item:
    position = position_of(row)
    entity, at = row["entity"], _moment(row["at"])
    if entity == "package":
        always = {
            "node": row["slug"],
            "kind": row["kind"],
            "code": row["code"],
            "version": row["version"],
            "first_seen_at": row["first_seen_at"],
            "changed_at": at,
        }
        document = package_document(always, row["state"])
    else:
        document = other_document(entity, row["state"])
    head = {"cursor": position.encode(), "at": at, "entity": entity, "op": row["op"], "version": row["version"]}
    return Item(position, entity, row["op"], at, written(head, document))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
