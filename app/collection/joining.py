"""Packages that are told in parts: what one year's lists say of them is put beside what other years' lists said.

A package announced in one year may have its winner in the next year's list; read alone, either list would tell half of it.
"""

from typing import Any

from sqlalchemy import text

from app.adapters.protocol import IndexEntry
from app.collection.scope import Claim, scope_of
from app.core.vocabulary import PackageKind
from app.kit.db import WriteSession
from app.kit.json import loads

# All parts of a package: those of this run, and those that the last complete runs of other years found.
_WHOLE = """
    CASE WHEN jsonb_typeof(i."row") = 'object' THEN coalesce((
        SELECT jsonb_object_agg(part.key, part.value)
        FROM sightings s, jsonb_each(s.parts - CAST(:fiscal_year AS text)) AS told (year, parts), jsonb_each(told.parts) AS part
        WHERE s.node_id = :node_id AND s.interface = :interface
          AND s.kind = i.kind AND s.code = i.code AND s.lpse = i.lpse
    ), '{}') || i."row" ELSE i."row" END
"""

_SIGN = text(f"""
    UPDATE run_items i SET fingerprint = encode(sha256(convert_to(CAST({_WHOLE} AS text), 'UTF8')), 'hex')
    WHERE i.run_id = :run_id AND i.fingerprint = ''
""")  # noqa: S608 (a constant of this module)

_NEXT = text(f"""
    SELECT i.kind, i.code, i.lpse, CAST({_WHOLE} AS text) AS "row", i.fingerprint, i.settled
    FROM run_items i
    WHERE i.run_id = :run_id AND i.outcome IS NULL AND i.kind = ANY(CAST(:kinds AS text[]))
    ORDER BY i.settled DESC, array_position(CAST(:kinds AS text[]), i.kind), i.code, i.lpse
    LIMIT :limit
""")  # noqa: S608 (the same)


async def sign_joined(session: WriteSession, claim: Claim) -> None:
    """Give packages that were put together from several lists the fingerprint of all that was said of them."""
    await session.execute(_SIGN, _parameters(claim))


async def next_entries(
    session: WriteSession, claim: Claim, limit: int, *, kinds: tuple[PackageKind, ...] | None = None
) -> list[IndexEntry]:
    """The next packages whose details are still to be read; finished tenders first, since figures rest on them."""
    ordered = [str(kind) for kind in PackageKind if kind in (claim.kinds if kinds is None else kinds)]
    rows = await session.execute(_NEXT, _parameters(claim) | {"kinds": ordered, "limit": limit})
    return [
        IndexEntry(
            kind=PackageKind(row.kind),
            code=row.code,
            row=loads(row.row),
            fingerprint=row.fingerprint,
            settled=row.settled,
            lpse=row.lpse or None,
        )
        for row in rows
    ]


def _parameters(claim: Claim) -> dict[str, Any]:
    return {**scope_of(claim), "fiscal_year": str(claim.fiscal_year)}
