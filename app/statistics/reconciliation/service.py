"""Answer how far what nodes report lies from what is computed, and what one source says from another."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.vocabulary import SAVING_KINDS, PackageKind
from app.kit.db import ReadSession
from app.procurement.masking import masked
from app.statistics.grounds import cover_nodes
from app.statistics.queries import Coverage
from app.statistics.reconciliation import queries
from app.statistics.reconciliation.errors import ScopeTooWide
from app.statistics.reconciliation.judging import (
    Comparison,
    GrandGap,
    Population,
    Verdict,
    add_up,
    compare,
    savings_base,
)
from app.statistics.reconciliation.queries import FieldDifference, NodeScope, PairDifference, Place, Sums
from app.statistics.reconciliation.sentences import sentence
from app.statistics.reported import Totals, statement_of
from app.statistics.reported_queries import reported_by_nodes
from app.statistics.reported_tables import ReportedFigures

MOST_PACKAGES = 100_000
"""How many packages sources are compared over at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """One node and year on both sides."""

    place: Place
    statement: Mapping[str, Any] | None
    """What a reader needs to find the statement and judge it; None where there is none."""
    comparison: Comparison
    kinds: Mapping[str, Comparison]
    """The kinds that the statement tells apart."""
    rests_on: Mapping[str, int]
    message: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One page of rows, and all rows added up."""

    rows: Sequence[Row]
    next: tuple[str, int] | None
    verdicts: Mapping[str, int]
    total: Mapping[Population, Mapping[str, GrandGap]]
    coverage: Coverage


async def reconcile(
    session: ReadSession,
    scope: NodeScope,
    *,
    reported: bool | None,
    after: tuple[str, int] | None,
    limit: int,
    now: datetime,
) -> Reconciliation:
    """Set every statement in scope against what is computed, and show a page of them.

    Nodes and years that only one side speaks of are rows too; they count in no total.
    """
    places = await queries.list_places(session, scope, reported=reported)
    following = [place for place in places if after is None or (place.node, place.fiscal_year) > after]
    shown = following[:limit]
    stated = {
        (found.node, found.figures.fiscal_year): found.figures
        for found in await reported_by_nodes(
            session,
            nodes=sorted({place.node for place in places if place.is_reported}),
            fiscal_years=sorted({place.fiscal_year for place in places if place.is_reported}),
        )
    }
    # Totals are over every row with a statement; of the others only those on the page are needed.
    wanted = {place for place in places if place.is_reported} | set(shown)
    sums = await queries.sum_places(session, wanted)
    rows = {
        place: _row(
            place, stated.get((place.node, place.fiscal_year)), sums.get((place.node_id, place.fiscal_year), {})
        )
        for place in wanted
    }
    verdicts = Counter(row.comparison.verdict for row in rows.values() if row.place.is_reported)
    verdicts[Verdict.NOT_REPORTED] = sum(not place.is_reported for place in places)
    return Reconciliation(
        rows=[rows[place] for place in shown],
        next=(shown[-1].node, shown[-1].fiscal_year) if len(following) > limit else None,
        verdicts={verdict: verdicts[verdict] for verdict in Verdict},
        total=add_up([row.comparison for row in rows.values() if row.place.is_reported]),
        coverage=await cover_nodes(session, await queries.slugs_in(session, scope), scope.fiscal_year, now=now),
    )


_OF_ALL = ("packages", "completed", "pagu_known", "hps_known", "value_known")
# Nothing else agrees on a value, so nothing else can lack one.
_OF_SOLD = ("no_value", "no_pagu", "no_hps")


def _row(place: Place, figures: ReportedFigures | None, sums: Mapping[str, Sums]) -> Row:
    statement = None if figures is None else statement_of(figures)
    named = None if statement is None else statement.savings_base
    base = savings_base(Totals() if statement is None else statement.totals, named)
    comparison = compare(None if statement is None else statement.totals, sums, base)
    kinds = {} if statement is None else statement.kinds
    return Row(
        place=place,
        statement=None if figures is None else _shown(figures),
        comparison=comparison,
        kinds={
            kind: compare(kinds[kind], sums, savings_base(kinds[kind], named), [kind])
            for kind in PackageKind
            if kind in kinds
        },
        rests_on={
            **{name: int(sum(kind[name] for kind in sums.values())) for name in _OF_ALL},
            **{name: int(sum(sums[kind][name] for kind in SAVING_KINDS if kind in sums)) for name in _OF_SOLD},
        },
        message=sentence(comparison, is_computed=bool(sums)),
    )


def _shown(figures: ReportedFigures) -> dict[str, Any]:
    """A statement's own particulars, as everybody may see them."""
    shown = {
        "revision": figures.revision,
        "savings_base": figures.savings_base,
        "stated_on": figures.stated_on,
        "stated_by": figures.role,
        "received_at": figures.received_at,
    }
    return shown | masked({"source_document": figures.source_document})


# -- one source against another


@dataclass(frozen=True, slots=True)
class PairTotal:
    """Two sources over all nodes and years asked for."""

    source: str
    other: str
    packages: int = 0
    differing: int = 0
    status: FieldDifference = field(default=FieldDifference(0, 0))
    amounts: Mapping[str, FieldDifference] = field(
        default_factory=lambda: dict.fromkeys(queries.COMPARED_AMOUNTS, FieldDifference(0, 0))
    )

    def plus(self, pair: PairDifference) -> "PairTotal":
        return PairTotal(
            self.source,
            self.other,
            self.packages + pair.packages,
            self.differing + pair.differing,
            self.status.plus(pair.status),
            {name: amount.plus(pair.amounts[name]) for name, amount in self.amounts.items()},
        )


@dataclass(frozen=True, slots=True)
class SourceComparison:
    """Pairs of sources by node and year, and by pair over all of them."""

    pairs: Sequence[PairDifference]
    totals: Sequence[PairTotal]
    coverage: Coverage


async def compare_sources(session: ReadSession, scope: NodeScope, *, now: datetime) -> SourceComparison:
    """Compare what sources say of the same packages of some fiscal years. Raises ScopeTooWide where they are too many.

    What it costs is bounded, not how it is asked: a year of a small hub may be asked whole, one of a large hub may not.
    """
    packages = await queries.count_packages(session, scope)
    if packages > MOST_PACKAGES:
        raise ScopeTooWide(packages, MOST_PACKAGES)
    pairs = await queries.compare_sources(session, scope)
    totals: dict[tuple[str, str], PairTotal] = {}
    for pair in pairs:
        key = (pair.source, pair.other)
        totals[key] = totals.get(key, PairTotal(*key)).plus(pair)
    slugs = await queries.slugs_in(session, scope)
    return SourceComparison(
        pairs=pairs,
        totals=list(totals.values()),
        coverage=await cover_nodes(session, slugs, scope.fiscal_year, now=now),
    )
