"""What a node states of itself: kept with every earlier statement, and remarked upon where it contradicts itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.access.audit import record_act
from app.access.callers import Caller, Role
from app.access.permissions import Act, require
from app.core.problems import Problem
from app.core.vocabulary import SAVING_KINDS, PackageKind
from app.kit.db import ReadSession, WriteSession, take_turns, write_for_node
from app.registry.service import get_node
from app.statistics import reported_queries as queries
from app.statistics.reported_errors import ReportedFiguresNotFound, RevisionOutdated
from app.statistics.reported_tables import ReportedFigures


@dataclass(frozen=True, slots=True)
class Totals:
    """What is stated of a year, or of one kind in it; None is not stated. Savings may be negative."""

    packages: int | None = None
    pagu: Decimal | None = None
    hps: Decimal | None = None
    value: Decimal | None = None
    savings: Decimal | None = None

    def stated(self) -> dict[str, Any]:
        """Only what is stated, by name."""
        return {name: amount for name in TOTALS if (amount := getattr(self, name)) is not None}


TOTALS = tuple(field.name for field in fields(Totals))


@dataclass(frozen=True, slots=True)
class Statement:
    """All that a node states of one fiscal year. Two that say the same are equal."""

    totals: Totals
    kinds: Mapping[str, Totals]
    savings_base: str | None = None
    source_document: Mapping[str, Any] | None = None
    stated_on: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement as it was received; `is_new` and `is_first` say what the request that brought it changed."""

    row: ReportedFigures
    remarks: Sequence[Problem]
    is_new: bool = False
    is_first: bool = False


async def state_figures(
    session: WriteSession,
    slug: str,
    fiscal_year: int,
    statement: Statement,
    *,
    caller: Caller,
    expected: str | None,
    now: datetime,
) -> Stated:
    """Keep a node's statement of a fiscal year; what it said before stays in the history.

    Saying the same again changes nothing. `expected` is the revision that the caller believes to be the last one, or
    `*` for any; a caller who is wrong about it is refused, unless their own words already stand there.
    """
    require(caller, Act.REPORT_FIGURES, slug)
    node = await get_node(session, slug)
    await write_for_node(session, node.id)
    await take_turns(session, f"reported-figures:{node.id}:{fiscal_year}")
    last = await queries.find_current(session, node.id, fiscal_year)
    if last is not None and statement_of(last) == statement:
        return Stated(last, remarks_on(last))
    if expected is not None and (last is None or expected not in {"*", str(last.revision)}):
        raise RevisionOutdated(last.revision if last else None)
    row = ReportedFigures(
        node_id=node.id,
        fiscal_year=fiscal_year,
        revision=last.revision + 1 if last else 1,
        **{name: getattr(statement.totals, name) for name in TOTALS},
        savings_base=statement.savings_base,
        kinds={kind: totals.stated() for kind, totals in statement.kinds.items()},
        source_document=statement.source_document,
        stated_on=statement.stated_on,
        note=statement.note,
        role=caller.role,
        caller=caller.id,
        # Whoever waited for their turn came later, whatever their clock said when they began.
        received_at=max(now, last.received_at) if last else now,
    )
    session.add(row)
    await session.flush()
    if caller.role is not Role.NODE:
        # A node's own word is data. Somebody else speaking for it is an act that must be found again.
        await record_act(
            session,
            caller=caller,
            act="figures.stated-for-node",
            subject=f"node {slug}",
            details={"fiscal_year": fiscal_year, "revision": row.revision},
            now=now,
        )
    return Stated(row, remarks_on(row), is_new=True, is_first=last is None)


async def get_stated(session: ReadSession, slug: str, fiscal_year: int) -> Stated:
    """What a node states now of a fiscal year."""
    node = await get_node(session, slug)
    row = await queries.find_current(session, node.id, fiscal_year)
    if row is None:
        raise ReportedFiguresNotFound(slug, fiscal_year)
    return Stated(row, remarks_on(row))


async def list_stated_years(session: ReadSession, slug: str, *, before: int | None, limit: int) -> list[Stated]:
    """What a node states now, of every year that it speaks of, latest year first."""
    node = await get_node(session, slug)
    rows = await queries.list_current(session, node.id, before=before, limit=limit)
    return [Stated(row, remarks_on(row)) for row in rows]


async def list_revisions(session: ReadSession, slug: str, fiscal_year: int, *, after: int, limit: int) -> list[Stated]:
    """Every statement of a fiscal year, first to last."""
    node = await get_node(session, slug)
    if await queries.find_current(session, node.id, fiscal_year) is None:
        raise ReportedFiguresNotFound(slug, fiscal_year)
    rows = await queries.list_revisions(session, node.id, fiscal_year, after=after, limit=limit)
    return [Stated(row, remarks_on(row)) for row in rows]


def statement_of(row: ReportedFigures) -> Statement:
    """What a kept row says."""
    return Statement(
        totals=Totals(**{name: getattr(row, name) for name in TOTALS}),
        kinds={kind: Totals(**stated) for kind, stated in row.kinds.items()},
        savings_base=row.savings_base,
        source_document=row.source_document,
        stated_on=row.stated_on,
        note=row.note,
    )


# -- what a statement says against itself


def remarks_on(row: ReportedFigures) -> list[Problem]:
    """Where a statement contradicts itself. It is kept as it is: which of its figures is wrong, only the node knows."""
    statement = statement_of(row)
    remarks = [*_savings(statement.totals, statement.savings_base, None), *_parts(statement)]
    for kind, totals in statement.kinds.items():
        if kind in SAVING_KINDS:
            remarks += _savings(totals, statement.savings_base, kind)
    if statement.stated_on is not None and statement.stated_on > (row.received_at + timedelta(days=1)).date():
        remarks.append(Problem("date-in-future", field="stated_on", value=statement.stated_on.isoformat()))
    return remarks


def _savings(totals: Totals, base: str | None, kind: str | None) -> Iterator[Problem]:
    """Savings are base minus value; where no base is named, either may be meant."""
    if totals.savings is None or totals.value is None:
        return
    bases = {
        name: amount for name in ((base,) if base else ("pagu", "hps")) if (amount := getattr(totals, name)) is not None
    }
    if bases and all(amount - totals.value != totals.savings for amount in bases.values()):
        name, amount = next(iter(bases.items()))
        shown = f"{totals.savings} ≠ {amount} − {totals.value}"
        yield Problem("savings-contradict", kind=kind, field=name, value=shown)


def _parts(statement: Statement) -> Iterator[Problem]:
    """Kinds that are more than their total, or that are all stated and still make another one."""
    is_whole = set(statement.kinds) == set(PackageKind)
    for name in TOTALS:
        total = getattr(statement.totals, name)
        parts = [amount for kind in statement.kinds.values() if (amount := getattr(kind, name)) is not None]
        if total is None or not parts:
            continue
        added = sum(parts)
        if is_whole and len(parts) == len(PackageKind):
            contradicts = added != total
        else:
            # Savings may be negative in a kind that is not stated, so a part of them may exceed the whole.
            contradicts = added > total and name != "savings"
        if contradicts:
            yield Problem("parts-contradict", field=name, value=f"{added} ≠ {total}")
