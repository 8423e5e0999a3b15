"""Taking rows in: a batch goes through the one door, each row gets its outcome, and what is wrong is written down."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text

from app.core.dates import TimeZone
from app.core.problems import MAX_VALUE_LENGTH, PROBLEM_KINDS, Problem, Severity
from app.core.records import PackageRecord
from app.kit.db import WriteSession
from app.kit.json import dumps_text
from app.procurement.entries import Outcome, Sender
from app.procurement.preparing import Prepared
from app.procurement.service import record_packages
from app.registry.tables import Node
from app.submission.intake import Unit
from app.submission.row_schemas.catalogue import RowSchema
from app.submission.rows import RowProblem
from app.submission.tables import Submission

MAX_ORIGINAL = 4000
"""How much of a row is kept beside its problem; the whole body is kept anyway."""
MAX_LISTED = 100_000
"""How many problems of one submission are listed one by one; all are counted."""


@dataclass(slots=True)
class Taken:
    """What became of the rows of some units, and what was wrong with them."""

    counts: Counter[str] = field(default_factory=Counter)
    outcomes: list[Outcome] = field(default_factory=list)
    institutions: dict[str, str] = field(default_factory=dict)
    found: list[tuple[RowProblem, str | None]] = field(default_factory=list)

    def note(self, problem: RowProblem, original: str | None = None) -> None:
        self.found.append((problem, original))


def sender_of(submission: Submission, node: Node, schema: RowSchema) -> Sender:
    """Whose records a submission brings: its node's, by a source of the schema's own, arrived when the body had come."""
    return Sender(
        node_id=node.id,
        time_zone=TimeZone(node.time_zone),
        source=schema.source,
        parser_version=schema.parser_version,
        submission_id=submission.id,
        arrived_at=submission.received_at,
    )


async def take_in(session: WriteSession, sender: Sender, units: Sequence[Unit], *, now: datetime) -> Taken:
    """Take a batch of units in, within the caller's transaction. Every row of every unit is counted once."""
    taken = Taken()
    carried: list[Unit] = []
    records: list[PackageRecord | Prepared] = []
    for unit in units:
        if unit.reading.problems:
            original = unit.original()
            for problem in unit.reading.problems:
                taken.note(problem, original)
        if unit.reading.record is None:
            _count(taken, unit, Outcome.REJECTED)
        else:
            carried.append(unit)
            records.append(unit.prepared or unit.reading.record)
    if not carried:
        return taken
    receipt = await record_packages(session, sender, records, now=now)
    for unit, outcome in zip(carried, receipt.outcomes, strict=True):
        _count(taken, unit, outcome)
    for noticed, position in zip(receipt.problems, receipt.positions, strict=True):
        unit = carried[position]
        pointer = "/" + noticed.field.replace(".", "/") if noticed.field and ", " not in noticed.field else None
        taken.note(RowProblem(noticed, unit.row, pointer=pointer), unit.original())
    taken.outcomes, taken.institutions = receipt.outcomes, receipt.institutions
    return taken


def _count(taken: Taken, unit: Unit, outcome: Outcome) -> None:
    # Rows that repeat one of their package's rows to the byte are duplicates, whatever became of the package.
    taken.counts[outcome] += len(unit.rows)
    taken.counts[Outcome.DUPLICATE] += unit.repeated
    taken.counts["seen"] += len(unit.rows) + unit.repeated


_INSERT_PROBLEMS = text("""
    INSERT INTO submission_problems (submission_id, row, pointer, cell, code, severity, kind, package, field, value, original)
    SELECT :submission_id, r.row, r.pointer, r.cell, r.code, r.severity, r.kind, r.package, r.field, r.value, r.original
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
      AS r (row bigint, pointer text, cell text, code text, severity text, kind text, package text, field text,
            value text, original text)
""")


async def store_problems(session: WriteSession, submission_id: int, taken: Taken, *, listed: int) -> None:
    """List what was wrong; beyond a bound it is only counted, so that a hostile body fills no disk."""
    room = max(0, MAX_LISTED - listed)
    if rows := [_row(problem, original) for problem, original in taken.found[:room]]:
        await session.execute(_INSERT_PROBLEMS, {"submission_id": submission_id, "rows": dumps_text(rows)})


def severity_of(code: str) -> Severity:
    return PROBLEM_KINDS[code].severity


def codes_of(found: Iterable[tuple[RowProblem, str | None]]) -> Counter[str]:
    return Counter(problem.problem.code for problem, _original in found)


def body_problem(code: str, value: str | None = None, *, field: str | None = None) -> RowProblem:
    """Something wrong with the body as a whole."""
    return RowProblem(Problem(code, field=field, value=value), 0)


def _row(found: RowProblem, original: str | None) -> dict[str, object]:
    problem = found.problem
    return {
        "row": found.row,
        "pointer": _storable(found.pointer),
        "cell": found.cell,
        "code": problem.code,
        "severity": severity_of(problem.code),
        "kind": problem.kind,
        "package": _storable(problem.package),
        "field": _storable(problem.field),
        "value": _storable(problem.value, MAX_VALUE_LENGTH),
        "original": _storable(original, MAX_ORIGINAL),
    }


def _storable(value: str | None, length: int = MAX_VALUE_LENGTH) -> str | None:
    """What strangers wrote may hold NUL or half a character; the rest of it is still worth showing."""
    if value is None:
        return None
    return value[:length].encode("utf-8", "replace").decode().replace("\x00", "�")


def spread(units: Sequence[Unit]) -> Iterator[Sequence[Unit]]:
    """Two halves of a batch that the database refused, to find the unit it is about."""
    middle = len(units) // 2
    yield units[:middle]
    yield units[middle:]
