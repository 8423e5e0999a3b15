"""What the book of a run says of it once it has been read: how much was listed, kept and broken."""

from dataclasses import dataclass

from sqlalchemy import text

from app.collection.scope import Claim
from app.kit.db import WriteSession

SHAPE_PROBLEMS = ("detail-drift", "code-mismatch", "node-drift", "row-unreadable", "code-unreadable")
"""Something no longer has the shape we know: many of these in one run are drift."""
VALUE_PROBLEMS = (
    "amount-unreadable",
    "date-unreadable",
    "count-unreadable",
    "field-vanished",
    "field-emptied",
    "field-empty",
)
"""A value that cannot be read says little of the node; a large share of packages with one is drift too (changed units)."""
GAP_PROBLEMS = (*SHAPE_PROBLEMS, "detail-missing", "fiscal-year-unreadable")
"""Something of a package, or all of it, was not read: the run is not complete."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the book of a run says of it: rows listed, records kept, and packages (or rows) by what was wrong."""

    listed: int
    kept: int
    broken: int
    misshapen: int
    unreadable: int
    gaps: int


async def sum_up(session: WriteSession, claim: Claim) -> Findings:
    """Sum up a run over all of its attempts."""
    row = await session.execute(
        text("""
            SELECT r.listed, r.seen - r.rejected - r.duplicate AS kept,
                   count(*) FILTER (WHERE p.codes && ARRAY['node-drift']) AS broken,
                   count(*) FILTER (WHERE p.codes && CAST(:shapes AS text[])) AS misshapen,
                   count(*) FILTER (WHERE p.codes && CAST(:values AS text[])) AS unreadable,
                   count(*) FILTER (WHERE p.codes && CAST(:gaps AS text[])) AS gaps
            FROM runs r
            LEFT JOIN LATERAL (
                SELECT array_agg(DISTINCT code) AS codes FROM run_problems
                WHERE run_id = r.id AND kind IS NOT NULL
                GROUP BY kind, coalesce(package, 'row ' || id)
            ) p ON true
            WHERE r.id = :run_id
            GROUP BY r.id
        """),
        {
            "run_id": claim.run_id,
            "shapes": list(SHAPE_PROBLEMS),
            "values": list(VALUE_PROBLEMS),
            "gaps": list(GAP_PROBLEMS),
        },
    )
    return Findings(*row.one())
