"""Which versions stand on a page, in the order of the feed; and everything that the releases of a process are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.core.dates import TimeZone
from app.exchange.feed.cursor import Position
from app.exchange.feed.errors import FeedRestarted
from app.exchange.feed.places import VISIBLE, expect_known, position_of
from app.exchange.ocds.identity import PackageName, ocid_of
from app.exchange.ocds.releases import Version
from app.exchange.ocds.stating import Process
from app.kit.db import ReadSession, speaking_plainly
from app.kit.json import loads
from app.procurement.filtering import PackageFilter, conditions_of
from app.procurement.finding import Range, find_ids, places_of, used
from app.procurement.masking import masked

ALL = PackageFilter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which packages, and which of their versions by the moment the hub recorded them; both bounds are part of it.

    Of whole processes the last version counts.
    """

    packages: PackageFilter = ALL
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one package, and its place in the feed."""

    position: Position
    package_id: int
    version: int


_PLACE = "(CAST(:epoch AS integer), CAST(CAST(:xid AS text) AS xid8), CAST(:seq AS bigint))"


async def is_known(session: ReadSession, place: Position) -> bool:
    """Whether a place is one of this database, and not of one that was put back to an earlier state since."""
    async with speaking_plainly(session) as driver:
        try:
            await expect_known(driver, place)
        except FeedRestarted:
            return False
    return True


async def find_entries(
    session: ReadSession, wanted: Wanted, *, place: Position, backwards: bool, limit: int
) -> list[Entry]:
    """Versions behind a place of the feed, or before it with the nearest first."""
    conditions = conditions_of(wanted.packages, await places_of(session, wanted.packages))
    where = ["c.entity = 'package'", VISIBLE, *conditions.by_columns]
    # The start lies before everything, and everything behind nothing.
    if not place.is_start:
        where.append(f"(c.epoch, c.xid, c.seq) {'<' if backwards else '>'} {_PLACE}")
    if wanted.since is not None:
        where.append("c.at >= :since")
    if wanted.until is not None:
        where.append("c.at <= :until")
    joined = "JOIN packages p ON p.id = c.entity_id" if conditions.by_columns else ""
    order = "DESC" if backwards else "ASC"
    statement = f"""
        SELECT c.epoch, CAST(c.xid AS text) AS xid, c.seq, CAST(extract(epoch FROM c.at) * 1000000 AS bigint) AS at,
               c.entity, c.entity_id, c.version, c.op
        FROM changes c {joined} WHERE {" AND ".join(where)}
        ORDER BY c.epoch {order}, c.xid {order}, c.seq {order} LIMIT :limit
    """  # noqa: S608 (constants of this module and of the filters)
    bounds = {"since": wanted.since, "until": wanted.until, "limit": limit}
    at = {"epoch": place.epoch, "xid": str(place.xid), "seq": place.seq}
    rows = await session.execute(text(statement), used(statement, {**conditions.parameters, **bounds, **at}))
    return [Entry(position_of(row), row["entity_id"], row["version"]) for row in rows.mappings()]


async def find_packages(
    session: ReadSession, wanted: Wanted, *, after: int, limit: int
) -> tuple[list[int], int | None]:
    """Ids of a page of packages, and where the next one begins; None at the end. Pages before the end are full."""
    packages = replace(wanted.packages, changed_from=wanted.since)
    conditions = conditions_of(packages, await places_of(session, packages))
    also: Sequence[str] = ()
    if wanted.until is not None:
        also, conditions.parameters["until"] = ("p.changed_at <= :until",), wanted.until
    found: list[int] = []
    place: int | None = after
    while place is not None and len(found) <= limit:
        ids, place = await find_ids(session, conditions, Range(place, limit + 1 - len(found), also=also))
        found += ids
    return found[:limit], found[limit - 1] if len(found) > limit else None


async def find_package_id(session: ReadSession, name: PackageName) -> int | None:
    statement = text("""
        SELECT p.id FROM packages p JOIN nodes n ON n.id = p.node_id
        WHERE n.slug = :node AND p.kind = :kind AND p.code = :code
    """)
    found: int | None = await session.scalar(statement, {"node": name.node, "kind": name.kind, "code": name.code})
    return found


Histories = dict[int, tuple[Process, list[Version]]]


async def read_histories(session: ReadSession, prefix: str, upto: dict[int, int | None]) -> Histories:
    """The packages of these ids, each with its versions from the first one up to one of them (None: to the last)."""
    if not upto:
        return {}
    statement = text("""
        SELECT p.id, n.slug, n.time_zone, p.kind, p.code, p.institution, i.name AS institution_name,
               v.version, v.at, CAST(v.state AS text) AS state
        FROM unnest(CAST(:ids AS bigint[]), CAST(:versions AS integer[])) AS wanted (id, version)
        JOIN packages p ON p.id = wanted.id
        JOIN nodes n ON n.id = p.node_id
        LEFT JOIN institutions i ON i.kd_klpd = p.institution
        JOIN package_versions v ON v.package_id = p.id AND v.version <= coalesce(wanted.version, p.version)
        ORDER BY p.id, v.version
    """)
    rows = await session.execute(statement, {"ids": list(upto), "versions": list(upto.values())})
    found: Histories = {}
    for row in rows.mappings():
        if row["id"] not in found:
            found[row["id"]] = (_process(prefix, row), [])
        found[row["id"]][1].append(Version(row["version"], row["at"], masked(loads(row["state"]))))
    return found


def _process(prefix: str, row: Any) -> Process:
    name = PackageName(row["slug"], row["kind"], row["code"])
    return Process(name, ocid_of(prefix, name), TimeZone(row["time_zone"]), row["institution"], row["institution_name"])


async def years_published(session: ReadSession) -> list[dict[str, Any]]:
    """How many packages there are of each fiscal year."""
    statement = text("""
        SELECT fiscal_year AS year, count(*) AS processes, max(changed_at) AS changed_at FROM packages
        GROUP BY fiscal_year ORDER BY fiscal_year
    """)
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def nodes_with_packages(session: ReadSession, year: int) -> list[dict[str, Any]]:
    """Nodes that have packages of a fiscal year, by the number of their LPSE where it is known."""
    statement = text("""
        SELECT n.slug, n.kd_lpse, n.name FROM nodes n
        WHERE EXISTS (SELECT FROM packages p WHERE p.node_id = n.id AND p.fiscal_year = :year) ORDER BY n.slug
    """)
    return [dict(row) for row in (await session.execute(statement, {"year": year})).mappings()]


async def find_slug(session: ReadSession, code: str) -> str | None:
    """The node that a crawler knows by this code: its kd_lpse, or its slug."""
    number = int(code) if code.isascii() and code.isdecimal() and len(code) < 10 else None
    statement = text("""
        SELECT slug FROM nodes WHERE kd_lpse = CAST(:number AS integer) OR slug = :code
        ORDER BY kd_lpse IS DISTINCT FROM CAST(:number AS integer) LIMIT 1
    """)
    found: str | None = await session.scalar(statement, {"number": number, "code": code})
    return found
