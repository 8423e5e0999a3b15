"""Publishing: pages of releases and of records, one process, one release."""

import asyncio
from dataclasses import dataclass

from app.exchange.feed.cursor import START, Position
from app.exchange.ocds.compiling import compile_releases, version_releases
from app.exchange.ocds.errors import ProcessNotFound, ReleaseNotFound
from app.exchange.ocds.identity import name_in, split_release_id
from app.exchange.ocds.queries import (
    Histories,
    Wanted,
    find_entries,
    find_package_id,
    find_packages,
    is_known,
    read_histories,
)
from app.exchange.ocds.releases import releases_of
from app.exchange.ocds.stating import Object
from app.kit.db import ReadSession


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Releases in the order of the feed; `before` and `after` are where its neighbours are, None where it has none."""

    releases: list[Object]
    before: Position | None
    after: Position | None


async def read_releases(
    session: ReadSession,
    prefix: str,
    wanted: Wanted,
    *,
    after: Position = START,
    before: Position | None = None,
    limit: int,
) -> ReleasePage:
    """A page of releases behind a place in the feed, or right before another one.

    Who follows links cannot be told to begin anew: a place of a database that is no more leads to the beginning, where
    everything is repeated and nothing missed.
    """
    if not await is_known(session, after if before is None else before):
        after, before = START, None
    backwards = before is not None
    entries = await find_entries(
        session, wanted, place=after if before is None else before, backwards=backwards, limit=limit + 1
    )
    has_more = len(entries) > limit
    entries = entries[:limit][::-1] if backwards else entries[:limit]
    upto: dict[int, int | None] = {}
    for entry in entries:
        upto[entry.package_id] = max(entry.version, upto.get(entry.package_id) or 0)
    histories = await read_histories(session, prefix, upto)
    made = await asyncio.to_thread(_made, histories)
    releases = [made[entry.package_id][entry.version] for entry in entries]
    if not entries:
        return ReleasePage([], None, None)
    has_earlier = has_more if backwards else not after.is_start
    has_later = True if backwards else has_more
    return ReleasePage(
        releases,
        entries[0].position if has_earlier else None,
        entries[-1].position if has_later else None,
    )


def _made(histories: Histories) -> dict[int, dict[int, Object]]:
    """Releases by package and version."""
    return {
        package_id: {
            version.number: release for version, release in zip(versions, releases_of(process, versions), strict=True)
        }
        for package_id, (process, versions) in histories.items()
    }


async def get_release(session: ReadSession, prefix: str, identifier: str) -> Object:
    ocid, version = split_release_id(identifier) or ("", 0)
    name = name_in(prefix, ocid)
    package_id = None if name is None else await find_package_id(session, name)
    if package_id is None:
        raise ReleaseNotFound(identifier)
    histories = await read_histories(session, prefix, {package_id: version})
    found = _made(histories).get(package_id, {}).get(version)
    if found is None:
        raise ReleaseNotFound(identifier)
    return found


async def read_records(
    session: ReadSession, prefix: str, wanted: Wanted, *, after: int, limit: int
) -> tuple[list[Object], int | None]:
    """A page of records, oldest processes on the hub first; and where the next page begins."""
    ids, following = await find_packages(session, wanted, after=after, limit=limit)
    histories = await read_histories(session, prefix, dict.fromkeys(ids))
    return await asyncio.to_thread(
        lambda: [record_of(releases) for releases in releases_by_package(histories)]
    ), following


async def get_record(session: ReadSession, prefix: str, ocid: str) -> Object:
    """One process with all its releases, what they come to, and what each of its fields has ever been."""
    name = name_in(prefix, ocid)
    package_id = None if name is None else await find_package_id(session, name)
    if package_id is None:
        raise ProcessNotFound(ocid)
    (releases,) = releases_by_package(await read_histories(session, prefix, {package_id: None}))
    return {**record_of(releases), "versionedRelease": version_releases(releases)}


def releases_by_package(histories: Histories) -> list[list[Object]]:
    """All releases of each process, first to last, processes by the ids of their packages."""
    return [releases_of(process, versions) for _, (process, versions) in sorted(histories.items())]


def record_of(releases: list[Object]) -> Object:
    return {"ocid": releases[0]["ocid"], "releases": releases, "compiledRelease": compile_releases(releases)}
