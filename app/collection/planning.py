"""When each node, interface and fiscal year is asked again: often for the current year, rarely for old ones, never in step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from app.adapters.catalogue import ADAPTERS
from app.collection.rhythm import Rhythm
from app.collection.scope import Claim, scope_of
from app.core.dates import TimeZone
from app.kit.db import ReadSession, WriteSession

_PROBE_OVERDUE = timedelta(hours=1)
"""An endpoint whose probe is overdue for so long is not probed at all: a run is its only way back."""


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run that the schedule wants now."""

    slug: str
    interface: str
    fiscal_year: int
    full: bool


def current_fiscal_year(now: datetime) -> int:
    """The fiscal year is the calendar year, begun first in the west where the hub's clock stands."""
    return now.astimezone(TimeZone.WIB.info).year


async def note_plan(session: WriteSession, claim: Claim, state: str, rhythm: Rhythm, *, now: datetime) -> None:
    """Write down when this node, interface and year is due again. A run of some kinds only says nothing of that."""
    if set(claim.kinds) != ADAPTERS[claim.interface].kinds:
        return
    failures = await session.scalar(
        text("""
            SELECT failures FROM collection_plans
            WHERE node_id = :node_id AND interface = :interface AND fiscal_year = :fiscal_year
        """),
        scope_of(claim),
    )
    failures = 0 if state == "completed" else (failures or 0) + 1
    age = current_fiscal_year(now) - claim.fiscal_year
    is_reconciled = claim.full and state == "completed"
    await session.execute(
        text("""
            INSERT INTO collection_plans AS p (node_id, interface, fiscal_year, due_at, full_due_at, failures, noted_at)
            VALUES (:node_id, :interface, :fiscal_year, :due_at, :full_due_at, :failures, :now)
            ON CONFLICT (node_id, interface, fiscal_year) DO UPDATE SET
                due_at = excluded.due_at, failures = excluded.failures, noted_at = excluded.noted_at,
                full_due_at = CASE WHEN :is_reconciled THEN excluded.full_due_at ELSE p.full_due_at END
        """),
        scope_of(claim)
        | {
            "due_at": now + rhythm.due_after(state, age=age, failures=failures),
            "full_due_at": now + rhythm.full_after(),
            "failures": failures,
            "is_reconciled": is_reconciled,
            "now": now,
        },
    )


async def list_due(session: ReadSession, province: str, rhythm: Rhythm, *, now: datetime) -> Sequence[DueRun]:
    """What the schedule wants now, current years first.

    An endpoint whose circuit is open waits until a probe closes it, or until it is clear that nobody probes it.
    """
    current = current_fiscal_year(now)
    rows = await session.execute(
        text("""
            SELECT n.slug, e.interface, y.fiscal_year, coalesce(p.full_due_at <= :now, false) AS full
            FROM nodes n
            JOIN LATERAL (
                SELECT interface, max(h.recovered_at) AS recovered_at FROM endpoints
                LEFT JOIN endpoint_health h ON h.endpoint_id = endpoints.id
                WHERE node_id = n.id AND interface = ANY(CAST(:interfaces AS text[]))
                  AND (coalesce(h.state, 'unknown') <> 'open' OR h.next_probe_at < :given_up)
                GROUP BY interface
            ) e ON true
            CROSS JOIN unnest(CAST(:years AS integer[])) AS y (fiscal_year)
            LEFT JOIN collection_plans p
              ON p.node_id = n.id AND p.interface = e.interface AND p.fiscal_year = y.fiscal_year
            WHERE n.province = :province AND n.state = 'active'
              AND (p.due_at IS NULL OR p.due_at <= :now OR (p.failures > 0 AND e.recovered_at > p.noted_at))
              AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.node_id = n.id AND r.fiscal_year = y.fiscal_year
                              AND r.interface = e.interface AND r.state IN ('queued', 'running'))
            ORDER BY y.fiscal_year DESC, p.due_at NULLS FIRST, n.id
        """),
        {
            "province": province,
            "interfaces": list(ADAPTERS),
            "years": [current - age for age in range(rhythm.years)],
            "now": now,
            "given_up": now - _PROBE_OVERDUE,
        },
    )
    return [DueRun(row.slug, row.interface, row.fiscal_year, row.full) for row in rows]
