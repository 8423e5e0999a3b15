"""What a complete list lacks: counted over several such lists, withdrawn when they agree, never when a list shrank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.core.absence import Absence
from app.core.vocabulary import PackageKind
from app.kit.db import ReadSession, WriteSession, take_turns
from app.procurement.entries import Sender
from app.procurement.service import withdraw_packages
from app.submission.rows import RowProblem
from app.submission.tables import Submission
from app.submission.taking import body_problem

Key = tuple[str, str]
"""Kind and code of a package of the submission's node."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A package that the sender stated before and a complete list lacks; `lists` lacked it in a row, this one included."""

    key: Key
    lists: int


# What this schema of this node last said of the year and kind, and has not said again since the list arrived. Lists that
# shrank do not count: a person decides about them.
_MISSING = text("""
    SELECT p.kind, p.code,
           (SELECT count(*) FROM submissions earlier
            WHERE earlier.node_id = :node_id AND earlier.schema = :schema AND earlier.complete AND NOT earlier.dry_run
              AND NOT earlier.shrunk AND earlier.fiscal_year = :fiscal_year AND earlier.kind = :kind
              AND (earlier.state = 'completed' OR earlier.id = :id)
              AND earlier.received_at > o.last_seen_at AND earlier.received_at <= :received_at) AS lists
    FROM packages p
    JOIN observations o ON o.package_id = p.id AND o.source = :source AND o.is_current AND o.withdrawn_at IS NULL
    WHERE p.node_id = :node_id AND p.kind = :kind AND o.fields -> 'fiscal_years' @> to_jsonb(CAST(:fiscal_year AS integer))
      AND o.last_seen_at < :received_at
      AND NOT EXISTS (SELECT 1 FROM observations late WHERE late.package_id = p.id AND late.submission_id = :id)
    ORDER BY p.kind, p.code
""")
_KNOWN = text("""
    SELECT count(*) FROM packages p
    JOIN observations o ON o.package_id = p.id AND o.source = :source AND o.is_current AND o.withdrawn_at IS NULL
    WHERE p.node_id = :node_id AND p.kind = :kind AND o.fields -> 'fiscal_years' @> to_jsonb(CAST(:fiscal_year AS integer))
""")


async def judge_absence(
    session: WriteSession, submission: Submission, sender: Sender, *, withdraw_after: int, now: datetime
) -> tuple[int, list[RowProblem]]:
    """Hold a complete list against what its sender stated before; how many packages are withdrawn, and what to say of it.

    A list with refused rows proves no absence: what is refused may be what seems to be missing.
    """
    if submission.rejected:
        return 0, [body_problem("list-incomplete", str(submission.rejected), field=submission.kind)]
    await take_turns(session, f"absence:{submission.node_id}")
    missing = await find_missing(session, submission, sender.source)
    if not missing:
        return 0, []
    kind = PackageKind(submission.kind or "")
    known = await session.scalar(_KNOWN, _scope(submission, sender.source)) or 0
    if Absence(kind, known, len(missing)).is_shrink():
        await session.execute(text("UPDATE submissions SET shrunk = true WHERE id = :id"), {"id": submission.id})
        return 0, [body_problem("list-shrunk", f"{len(missing)} / {known}", field=kind)]
    gone = [found.key for found in missing if found.lists >= withdraw_after]
    withdrawn = await withdraw_packages(session, sender, gone, now=now)
    pending = len(missing) - len(gone)
    return withdrawn, [body_problem("list-shrink-pending", str(pending), field=kind)] if pending else []


async def find_missing(session: ReadSession, submission: Submission, source: str) -> Sequence[Missing]:
    """The packages that a complete list lacks."""
    rows = await session.execute(_MISSING, _scope(submission, source))
    return [Missing((row.kind, row.code), row.lists) for row in rows]


def _scope(submission: Submission, source: str) -> dict[str, object]:
    return {
        "id": submission.id,
        "node_id": submission.node_id,
        "schema": submission.schema,
        "source": source,
        "fiscal_year": submission.fiscal_year,
        "kind": submission.kind,
        "received_at": submission.received_at,
    }
