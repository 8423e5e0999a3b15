"""What a node's list last said of each package, so that the next run can tell what is new."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.adapters.protocol import IndexEntry
from app.collection.scope import Claim, scope_of
from app.core.problems import Problem
from app.kit.db import WriteSession
from app.procurement.entries import Outcome


def item_key(entry: IndexEntry) -> tuple[str, str, int]:
    """By what a package is known on a run's working list."""
    return entry.kind, entry.code, entry.lpse or 0


def columns_of(keys: Sequence[tuple[str, str, int]]) -> dict[str, list[Any]]:
    """Keys of a working list as the three arrays that SQL takes them in."""
    return {
        "kinds": [kind for kind, _, _ in keys],
        "codes": [code for _, code, _ in keys],
        "lpses": [lpse for _, _, lpse in keys],
    }


async def sight(
    session: WriteSession, claim: Claim, keys: Sequence[tuple[str, str, int]], *, detailed: bool, now: datetime
) -> None:
    """Remember what the list says of these packages, so that the next run can tell what is new."""
    if not keys:
        return
    await session.execute(
        text("""
            INSERT INTO sightings AS s (node_id, interface, kind, code, lpse, fiscal_years, fingerprint, settled,
                                        detailed_at, last_seen_at, parts)
            SELECT :node_id, :interface, i.kind, i.code, i.lpse, ARRAY[CAST(:fiscal_year AS integer)], i.fingerprint,
                   i.settled, :now, :now,
                   CASE WHEN jsonb_typeof(i."row") = 'object'
                        THEN jsonb_build_object(CAST(CAST(:fiscal_year AS integer) AS text), i."row") END
            FROM run_items i
            JOIN unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:lpses AS integer[]))
              AS k (kind, code, lpse) USING (kind, code, lpse)
            WHERE i.run_id = :run_id
            ON CONFLICT (node_id, interface, kind, code, lpse) DO UPDATE SET
                fiscal_years = CASE WHEN :fiscal_year = ANY(s.fiscal_years) THEN s.fiscal_years
                                    ELSE s.fiscal_years || CAST(:fiscal_year AS integer) END,
                fingerprint = excluded.fingerprint, settled = excluded.settled, last_seen_at = excluded.last_seen_at,
                detailed_at = CASE WHEN :detailed THEN excluded.detailed_at ELSE s.detailed_at END,
                missing_runs = CASE WHEN s.withdrawn THEN 0 ELSE s.missing_runs END,
                missing_run_id = CASE WHEN s.withdrawn THEN NULL ELSE s.missing_run_id END, withdrawn = false,
                parts = coalesce(s.parts, '{}') || excluded.parts
        """),
        scope_of(claim) | columns_of(keys) | {"detailed": detailed, "now": now},
    )


async def silent_edits(
    session: WriteSession, claim: Claim, outcomes: Mapping[tuple[str, str, int], str]
) -> list[Problem]:
    """Settled packages whose details changed although the list shows them exactly as before."""
    changed = [key for key, outcome in outcomes.items() if outcome == Outcome.CHANGED]
    if not changed:
        return []
    rows = await session.execute(
        text("""
            SELECT i.kind, i.code FROM run_items i
            JOIN unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:lpses AS integer[]))
              AS k (kind, code, lpse) USING (kind, code, lpse)
            JOIN sightings s ON s.node_id = :node_id AND s.interface = :interface
              AND s.kind = i.kind AND s.code = i.code AND s.lpse = i.lpse
            WHERE i.run_id = :run_id AND i.settled AND s.settled AND s.fingerprint = i.fingerprint AND NOT s.withdrawn
            ORDER BY i.kind, i.code
        """),
        scope_of(claim) | columns_of(changed),
    )
    return [Problem("silent-edit", kind=row.kind, package=row.code) for row in rows]
