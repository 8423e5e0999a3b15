"""Search for those who do not see everything: a package is found by what is shown to them, never by what is hidden."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.access.callers import Caller
from app.access.permissions import Act, may
from app.kit.db import ReadSession
from app.procurement import queries
from app.procurement.masking import masked
from app.procurement.queries import PackageFilter

_MORE_AT_ONCE = 500
_MOST_READS = 20
"""Of one page. Past it a page ends early, with a cursor: only where ten thousand packages hide the same words."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of packages; `next` is the id after which the following page begins."""

    packages: list[dict[str, Any]]
    next: int | None


async def search_packages(
    session: ReadSession, wanted: PackageFilter, *, caller: Caller | None, after: int | None, limit: int
) -> Found:
    """A page of what a caller may find: None is the public.

    The database searches the whole text; whatever was found is looked at again where something of it is masked. Nearly
    nothing is, so that a page nearly always takes one read.
    """
    if not wanted.q or may(caller, Act.READ_PERSONAL):
        rows = await queries.list_packages(session, wanted, after=after, limit=limit + 1)
        return Found(rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None)
    loosely = await queries.without_negations(session, wanted.q)
    shown: list[dict[str, Any]] = []
    size = limit + 1
    for _ in range(_MOST_READS):
        rows = await queries.list_packages(session, wanted, after=after, limit=size, loosely=loosely)
        shown += await _found_by_what_is_shown(session, rows, wanted.q, caller, all_of_them=loosely is not None)
        if len(shown) > limit:
            return Found(shown[:limit], shown[limit - 1]["id"])
        if len(rows) < size:
            return Found(shown, None)
        after = rows[-1]["id"]
        size = max(size, _MORE_AT_ONCE)
    return Found(shown, after)


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
