"""Packages that a list no longer shows: counted over complete runs, withdrawn when several agree, never when it shrank."""

from collections.abc import Sequence

from sqlalchemy import text

from app.collection.scope import Claim, scope_of
from app.collection.sightings import columns_of
from app.core.absence import Absence
from app.core.problems import Problem
from app.core.vocabulary import PackageKind
from app.kit.db import WriteSession, take_turns

Key = tuple[str, str, int]
"""Kind, code, and the kd_lpse that the source states (0: the node that was asked)."""


async def take_absence_turn(session: WriteSession, node_id: int) -> None:
    """A run that ends and a person who decides take turns at what a node's lists lack."""
    await take_turns(session, f"absence:{node_id}")


async def measure_absence(session: WriteSession, claim: Claim, kind: PackageKind) -> Absence:
    """Compare a run's list with what earlier ones showed."""
    row = (
        await session.execute(
            text("""
                SELECT count(*) AS known, count(*) FILTER (WHERE i.code IS NULL) AS missing
                FROM sightings s
                LEFT JOIN run_items i
                  ON i.run_id = :run_id AND i.kind = s.kind AND i.code = s.code AND i.lpse = s.lpse
                WHERE s.node_id = :node_id AND s.interface = :interface AND s.kind = :kind
                  AND :fiscal_year = ANY(s.fiscal_years) AND NOT s.withdrawn
            """),
            scope_of(claim) | {"kind": kind},
        )
    ).one()
    return Absence(kind, row.known, row.missing)


# A package of several years stands in several lists, and each is counted for itself: what one year's list lacks, the run of
# another year neither adds to nor takes back.
_NOTED_BY_THIS_LIST = (
    "EXISTS (SELECT 1 FROM runs noted WHERE noted.id = s.missing_run_id AND noted.fiscal_year = :fiscal_year)"
)
_MARK_MISSING = """
    UPDATE sightings s SET missing_run_id = :run_id,
           missing_runs = CASE WHEN {noted} THEN s.missing_runs ELSE 0 END + {counted}
    WHERE s.node_id = :node_id AND s.interface = :interface AND s.kind = ANY(CAST(:kinds AS text[]))
      AND :fiscal_year = ANY(s.fiscal_years) AND NOT s.withdrawn
      AND s.missing_run_id IS DISTINCT FROM :run_id AND {open}
      AND NOT EXISTS (SELECT 1 FROM run_items i
                      WHERE i.run_id = :run_id AND i.kind = s.kind AND i.code = s.code AND i.lpse = s.lpse)
    RETURNING s.kind, s.code, s.lpse, s.missing_runs, s.fiscal_years
"""
_MARK_SHRUNK = text(_MARK_MISSING.format(noted=_NOTED_BY_THIS_LIST, counted=0, open="true"))
_COUNT_MISSING = text(
    _MARK_MISSING.format(noted=_NOTED_BY_THIS_LIST, counted=1, open=f"(s.missing_runs = 0 OR {_NOTED_BY_THIS_LIST})")
)


async def mark_shrunk(session: WriteSession, claim: Claim, kinds: Sequence[PackageKind]) -> None:
    """Remember what a list that shrank did not show, for a person to decide on; nothing is counted against it."""
    await session.execute(_MARK_SHRUNK, scope_of(claim) | {"kinds": list(kinds)})


async def count_absence(
    session: WriteSession, claim: Claim, kinds: Sequence[PackageKind], *, withdraw_after: int
) -> tuple[list[Key], list[Problem]]:
    """Count one complete run against what its lists did not show; the answer is what enough of them agree on.

    A package of several years that only one year's list no longer shows stays, without that year's list.
    """
    missing = (await session.execute(_COUNT_MISSING, scope_of(claim) | {"kinds": list(kinds)})).all()
    agreed = [row for row in missing if row.missing_runs >= withdraw_after]
    moved: list[Key] = [(row.kind, row.code, row.lpse) for row in agreed if len(row.fiscal_years) > 1]
    gone: list[Key] = [(row.kind, row.code, row.lpse) for row in agreed if len(row.fiscal_years) == 1]
    await mark_moved(session, claim, moved)
    await mark_withdrawn(session, claim, gone)
    pending = [row for row in missing if row.missing_runs < withdraw_after]
    problems = [
        Problem("list-shrink-pending", kind=kind, field=kind, value=str(count))
        for kind in kinds
        if (count := sum(row.kind == kind for row in pending))
    ]
    return gone, problems


async def mark_withdrawn(session: WriteSession, claim: Claim, keys: Sequence[Key]) -> None:
    await _update_sightings(session, claim, keys, "withdrawn = true")


async def mark_moved(session: WriteSession, claim: Claim, keys: Sequence[Key]) -> None:
    """From now on packages of several years stand in the lists of their other years only."""
    await _update_sightings(
        session,
        claim,
        keys,
        "fiscal_years = array_remove(s.fiscal_years, CAST(:fiscal_year AS integer)), missing_runs = 0, "
        "missing_run_id = NULL, parts = s.parts - CAST(CAST(:fiscal_year AS integer) AS text)",
    )


async def forget_absence(session: WriteSession, claim: Claim) -> None:
    """What a list shows again is not missing, whatever became of its details and of the run."""
    await session.execute(
        text(f"""
            UPDATE sightings s SET missing_runs = 0, missing_run_id = NULL
            FROM run_items i
            WHERE i.run_id = :run_id AND s.node_id = :node_id AND s.interface = :interface
              AND s.kind = i.kind AND s.code = i.code AND s.lpse = i.lpse AND NOT s.withdrawn AND {_NOTED_BY_THIS_LIST}
        """),  # noqa: S608 (a constant of this module)
        scope_of(claim),
    )


async def _update_sightings(session: WriteSession, claim: Claim, keys: Sequence[Key], assignments: str) -> None:
    if not keys:
        return
    await session.execute(
        text(f"""
            UPDATE sightings s SET {assignments}
            FROM unnest(CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:lpses AS integer[]))
              AS k (kind, code, lpse)
            WHERE s.node_id = :node_id AND s.interface = :interface
              AND s.kind = k.kind AND s.code = k.code AND s.lpse = k.lpse
        """),  # noqa: S608 (assignments are constants of this module)
        scope_of(claim) | columns_of(keys),
    )
