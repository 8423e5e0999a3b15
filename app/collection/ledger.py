"""The book a run keeps: every page is stored with its counts in one short transaction that only the current attempt can commit."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, text, update

from app.adapters.protocol import IndexEntry, IndexPage, NodeFacts
from app.collection.errors import RunSuperseded
from app.collection.owners import by_owner
from app.collection.scope import Claim, scope_of
from app.collection.sightings import item_key, sight, silent_edits
from app.collection.tables import Run, RunItem, RunList, RunProblem
from app.core.problems import Problem
from app.core.records import PackageRecord
from app.core.vocabulary import PackageKind
from app.kit.db import WriteSession, write_for_node
from app.kit.json import dumps_text
from app.procurement.entries import Outcome, Sender
from app.procurement.service import confirm_packages, record_packages
from app.registry.service import note_attempt, note_facts

COUNTED = tuple(str(outcome) for outcome in Outcome)

ROW_PROBLEMS = ("row-unreadable", "code-unreadable")
"""A row of a list that names no package we could know it by: it is counted as rejected."""


async def _count(
    session: WriteSession, claim: Claim, counts: Counter[str], problems: Sequence[Problem], now: datetime
) -> None:
    """Add to the run's counts if this attempt still owns it; otherwise refuse, and the transaction goes back."""
    outcomes = {name: counts[name] for name in COUNTED}
    added = outcomes | {
        "seen": sum(outcomes.values()),
        "listed": counts["listed"],
        "requests": counts["requests"],
        "problems": len(problems),
    }
    owned = await session.execute(
        update(Run)
        .where(Run.id == claim.run_id, Run.attempt == claim.attempt, Run.state == "running")
        .values(
            {"attempt": Run.attempt} | {name: getattr(Run, name) + number for name, number in added.items() if number}
        )
        # Nobody holds the run as an object here; looking for it would cost more than the statement.
        .execution_options(synchronize_session=False)
    )
    if owned.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result is a CursorResult
        raise RunSuperseded
    if problems:
        await session.execute(insert(RunProblem), [problem_row(claim.run_id, problem, now) for problem in problems])


def problem_row(run_id: int, problem: Problem, now: datetime) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "code": problem.code,
        "severity": problem.severity,
        "kind": problem.kind,
        "package": problem.package,
        "field": problem.field,
        "value": problem.value,
        "at": now,
    }


async def list_position(session: WriteSession, claim: Claim, kind: PackageKind) -> tuple[str, bool]:
    """Where to go on with the list of a kind, in the adapter's words, and whether it has been read to its end."""
    found = await session.execute(
        select(RunList.position, RunList.is_complete).where(RunList.run_id == claim.run_id, RunList.kind == kind)
    )
    row = found.one_or_none()
    return (row.position, row.is_complete) if row else ("", False)


async def store_list_page(
    session: WriteSession, claim: Claim, kind: PackageKind, page: IndexPage, *, requests: int, now: datetime
) -> None:
    """Put a page of the list into the book: what it shows waits for its details, what cannot be read is counted."""
    codes = Counter(problem.code for problem in page.problems)
    duplicates = codes["duplicate-row"]
    rejected = sum(codes[code] for code in ROW_PROBLEMS)
    fresh = await _store_entries(session, claim, page.entries)
    counts = Counter(
        {"listed": fresh + duplicates + rejected, "duplicate": duplicates, "rejected": rejected, "requests": requests}
    )
    await _count(session, claim, counts, page.problems, now)
    await session.execute(
        text("""
            INSERT INTO run_lists (run_id, kind, position, is_complete) VALUES (:run_id, :kind, :position, false)
            ON CONFLICT (run_id, kind) DO UPDATE SET position = excluded.position, is_complete = false
        """),
        {"run_id": claim.run_id, "kind": kind, "position": page.position},
    )


async def _store_entries(session: WriteSession, claim: Claim, entries: Sequence[IndexEntry]) -> int:
    """Put packages on the working list and count those that are new there; what is told in parts is put together."""
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}
    for entry in entries:
        found = rows.setdefault(
            item_key(entry),
            {
                "kind": entry.kind,
                "code": entry.code,
                "lpse": entry.lpse or 0,
                "row": entry.row,
                "fingerprint": entry.fingerprint,
                "settled": entry.settled,
            },
        )
        if isinstance(entry.row, dict):
            found["row"] = {**found["row"], **entry.row}
    stored = await session.execute(
        text("""
            INSERT INTO run_items AS i (run_id, kind, code, lpse, "row", fingerprint, settled)
            SELECT :run_id, r.kind, r.code, r.lpse, r."row", r.fingerprint, r.settled
            FROM jsonb_to_recordset(CAST(:rows AS jsonb))
              AS r (kind text, code text, lpse integer, "row" jsonb, fingerprint text, settled boolean)
            ON CONFLICT (run_id, kind, code, lpse) DO UPDATE SET "row" = i."row" || excluded."row"
            WHERE jsonb_typeof(excluded."row") = 'object'
            RETURNING xmax = 0 AS is_new
        """),
        {"run_id": claim.run_id, "rows": dumps_text(list(rows.values()))},
    )
    return sum(row.is_new for row in stored)


async def finish_list(session: WriteSession, claim: Claim, kind: PackageKind, *, requests: int, now: datetime) -> None:
    """Note that the list of a kind has been read to its proven end."""
    await _count(session, claim, Counter(requests=requests), (), now)
    await session.execute(
        text("""
            INSERT INTO run_lists (run_id, kind, position, is_complete) VALUES (:run_id, :kind, '', true)
            ON CONFLICT (run_id, kind) DO UPDATE SET is_complete = true
        """),
        {"run_id": claim.run_id, "kind": kind},
    )


async def kinds_without_parts(session: WriteSession, claim: Claim) -> frozenset[str]:
    """The kinds of which the source left out a whole part, in any attempt at this run."""
    found = await session.scalars(
        select(RunProblem.kind).where(RunProblem.run_id == claim.run_id, RunProblem.code == "source-without-part")
    )
    return frozenset(kind for kind in found if kind is not None)


async def skip_settled(
    session: WriteSession, claim: Claim, sender: Sender, *, recheck_after: timedelta | None, now: datetime
) -> None:
    """Count as unchanged what the list shows exactly as last time, if it is settled and was read in detail recently.

    Each package has a moment of its own, between half of `recheck_after` and all of it, at which it is read again all
    the same: so the re-check of the rest goes round slowly instead of coming all at once. None: it never comes.
    """
    if claim.full:
        return
    skipped = await session.execute(
        text("""
            UPDATE run_items i SET outcome = 'unchanged'
            FROM sightings s
            WHERE i.run_id = :run_id AND i.outcome IS NULL AND i.settled
              AND s.node_id = :node_id AND s.interface = :interface
              AND s.kind = i.kind AND s.code = i.code AND s.lpse = i.lpse
              AND s.settled AND s.fingerprint = i.fingerprint AND NOT s.withdrawn
              AND (CAST(:recheck_after AS interval) IS NULL
                   OR s.detailed_at > CAST(:now AS timestamptz) - CAST(:recheck_after AS interval)
                                             * (0.5 + (hashtext(i.code) & 1023) / 2048.0))
            RETURNING i.kind, i.code, i.lpse
        """),
        scope_of(claim) | {"recheck_after": recheck_after, "now": now},
    )
    keys = [(row.kind, row.code, row.lpse) for row in skipped]
    await _count(session, claim, Counter(unchanged=len(keys)), (), now)
    for owner, mine in await by_owner(session, claim, sender, keys, lambda key: key[2], now):
        await write_for_node(session, owner.node_id)
        await confirm_packages(session, owner, [(kind, code) for kind, code, _ in mine], now=now)
    await sight(session, claim, keys, detailed=False, now=now)


async def store_details(
    session: WriteSession,
    claim: Claim,
    sender: Sender,
    found: Sequence[tuple[IndexEntry, PackageRecord]],
    failed: Sequence[tuple[IndexEntry, Problem]],
    *,
    requests: int,
    now: datetime,
) -> None:
    """Hand records to the one door and write down what became of each; entries that gave no record are rejected."""
    counts: Counter[str] = Counter(rejected=len(failed), requests=requests)
    problems = [problem for _entry, problem in failed]
    marks = {item_key(entry): str(Outcome.REJECTED) for entry, _problem in failed}
    whole: list[tuple[str, str, int]] = []
    for owner, mine in await by_owner(session, claim, sender, found, lambda pair: pair[0].lpse or 0, now):
        await write_for_node(session, owner.node_id)
        receipt = await record_packages(session, owner, [record for _, record in mine], now=now)
        problems += receipt.problems
        for (entry, record), outcome in zip(mine, receipt.outcomes, strict=True):
            counts[outcome] += 1
            marks[item_key(entry)] = outcome
            if outcome != Outcome.REJECTED and not any(problem.severity == "error" for problem in record.problems):
                whole.append(item_key(entry))
    problems += await silent_edits(session, claim, marks)
    await _count(session, claim, counts, problems, now)
    await session.execute(
        text("""
            UPDATE run_items i SET outcome = r.outcome
            FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (kind text, code text, lpse integer, outcome text)
            WHERE i.run_id = :run_id AND i.kind = r.kind AND i.code = r.code AND i.lpse = r.lpse
        """),
        {
            "run_id": claim.run_id,
            "rows": dumps_text(
                [
                    {"kind": kind, "code": code, "lpse": lpse, "outcome": outcome}
                    for (kind, code, lpse), outcome in marks.items()
                ]
            ),
        },
    )
    await sight(session, claim, whole, detailed=True, now=now)


async def close_run(
    session: WriteSession,
    claim: Claim,
    state: str,
    problems: Sequence[Problem],
    *,
    requests: int,
    facts: NodeFacts | None = None,
    withdrawn: int = 0,
    now: datetime,
) -> None:
    """End a run: its counts stay, its working list goes, and the node's freshness follows."""
    await _count(session, claim, Counter(requests=requests), problems, now)
    await session.execute(
        update(Run).where(Run.id == claim.run_id).values(state=state, finished_at=now, withdrawn=withdrawn)
    )
    await clear_book(session, claim.run_id)
    facts = facts or NodeFacts()
    await note_facts(session, claim.node_id, software_version=facts.software_version, stated_time_zone=facts.time_zone)
    await note_attempt(
        session,
        node_id=claim.node_id,
        fiscal_year=claim.fiscal_year,
        state=state,
        software_version=facts.software_version,
        now=now,
    )


async def clear_book(session: WriteSession, run_id: int) -> None:
    """Take the working list of a run away: nothing of it is needed once the run has ended."""
    await session.execute(delete(RunItem).where(RunItem.run_id == run_id))
    await session.execute(delete(RunList).where(RunList.run_id == run_id))
