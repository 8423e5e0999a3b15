"""Search for those who do not see everything: a package is found by what is shown to them, never by what is hidden."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.access.callers import Caller
from app.access.permissions import Act, may
from app.kit.db import ReadSession
from app.procurement import queries
from app.procurement.filtering import PackageFilter, Places, conditions_of
from app.procurement.finding import Range, find_ids, names_places, places_of
from app.procurement.masking import masked
from app.procurement.past import read_past

_MORE_AT_ONCE = 500
_MOST_READS = 20
"""Of one page. Past it a page ends early, with a cursor: only where ten thousand packages hide the same words."""
_MOST_READS_OF_THE_PAST = 5
"""The same, where each of them may restore two thousand packages."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of packages; `next` is the id after which the following page begins."""

    packages: list[dict[str, Any]]
    next: int | None


async def search_packages(
    session: ReadSession,
    wanted: PackageFilter,
    *,
    caller: Caller | None,
    as_of: datetime | None = None,
    after: int | None,
    limit: int,
    awards: bool = True,
) -> Found:
    """A page of what a caller may find, as it is or as it was: a caller of None is the public. Awards only if wanted.

    The database searches the whole text; whatever was found is looked at again where something of it is masked. Nearly
    nothing is, so that a page nearly always takes one read.
    """
    q = None if may(caller, Act.READ_PERSONAL) else wanted.q
    loosely = await queries.without_negations(session, q) if q else None
    shown: list[dict[str, Any]] = []
    size = limit + 1
    for _ in range(_MOST_READS if as_of is None else _MOST_READS_OF_THE_PAST):
        rows, after = await _read(session, wanted, as_of=as_of, after=after, limit=size, loosely=loosely, awards=awards)
        if q:
            rows = await _found_by_what_is_shown(session, rows, q, caller, all_of_them=loosely is not None)
        shown += rows
        if len(shown) > limit:
            return Found(shown[:limit], shown[limit - 1]["id"])
        if after is None:
            return Found(shown, None)
        size = max(size, _MORE_AT_ONCE)
    return Found(shown, after)


async def _read(
    session: ReadSession,
    wanted: PackageFilter,
    *,
    as_of: datetime | None,
    after: int | None,
    limit: int,
    loosely: str | None,
    awards: bool,
) -> tuple[list[dict[str, Any]], int | None]:
    """Packages, and the id after which more may follow."""
    if as_of is not None:
        return await read_past(session, wanted, as_of=as_of, after=after, limit=limit, loosely=loosely)
    places = await places_of(session, wanted) if names_places(wanted) else Places()
    conditions = conditions_of(wanted, places, loosely=loosely)
    ids, read_to = await find_ids(session, conditions, Range(after or 0, limit))
    return await queries.read_packages(session, ids, awards=awards), read_to


async def _found_by_what_is_shown(
    session: ReadSession, rows: list[dict[str, Any]], q: str, caller: Caller | None, *, all_of_them: bool
) -> list[dict[str, Any]]:
    texts = {row["id"]: _searched(row, is_whole=may(caller, Act.READ_PERSONAL, row["node"])) for row in rows}
    doubtful = {
        row["id"]: texts[row["id"]] for row in rows if all_of_them or texts[row["id"]] != _searched(row, is_whole=True)
    }
    if not doubtful:
        return rows
    answer = await session.execute(
        text("""
            SELECT id FROM unnest(CAST(:ids AS bigint[]), CAST(:texts AS text[])) AS shown (id, words)
            WHERE to_tsvector('simple', words) @@ websearch_to_tsquery('simple', :q)
        """),
        {"ids": list(doubtful), "texts": list(doubtful.values()), "q": q},
    )
    found = set(answer.scalars())
    return [row for row in rows if row["id"] in found or row["id"] not in doubtful]


def _searched(row: dict[str, Any], *, is_whole: bool) -> str:
    """The text by which a package is found, as the column `packages.search` puts it together."""
    said = {"name": row["name"], "satker_name": row["satker_name"]}
    shown = said if is_whole else masked(said)
    return f"{shown['name'] or ''} {row['code']} {shown['satker_name'] or ''}"
