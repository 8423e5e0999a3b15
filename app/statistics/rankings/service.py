"""Rank the nodes of some places among their peers, for one fiscal year or over the last five."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.core.dates import TimeZone
from app.core.ranking import Peers, RankingFormula, Volume, volumes_of
from app.core.ranking_formulas import COMPOSITE, RANKINGS, READINESS, SAVINGS, TIMELINESS
from app.core.ranking_table import Table, place, place_all, repetitions, repetitions_of_all, with_intervals
from app.kit.db import ReadSession
from app.statistics.grounds import cover_nodes
from app.statistics.measures import Grain
from app.statistics.queries import Coverage
from app.statistics.rankings import queries
from app.statistics.rankings.conditions import PROBED_FOR, judge_readiness
from app.statistics.rankings.errors import RankingNotFound
from app.statistics.rankings.gathering import GATHERED, Data, Ready, amount, by_node
from app.statistics.rankings.queries import Candidate

YEARS_OF_HISTORY = 5
LOOKED_AT_EVERY = timedelta(minutes=1)
"""How old the state of nodes may be in a composite that is given again: the dice of all components cost seconds."""

FIGURES_OF = {formula.ranking: formula.components or (formula.ranking,) for formula in RANKINGS.values()}


@dataclass(frozen=True, slots=True)
class Question:
    """Who is compared, and for which fiscal year; None is everybody, and the latest year with completed packages."""

    fiscal_year: int | None = None
    provinces: tuple[str, ...] = ()
    peers: Peers | None = None
    volume: Volume | None = None


@dataclass(frozen=True, slots=True)
class VolumeGroup:
    """One third of the peers by pagu: how many nodes, from the smallest to the largest pagu among them."""

    group: Volume
    nodes: int
    smallest: Decimal
    largest: Decimal


@dataclass(frozen=True, slots=True)
class Field:
    """Those who are compared in one fiscal year, and what each figure rests on."""

    nodes: Mapping[str, Candidate]
    volumes: Mapping[str, Volume]
    groups: Sequence[VolumeGroup]
    ready: Mapping[str, Mapping[str, Ready]]
    """By figure and node."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One ranking with everything that its answer tells. `true_until` is when time alone changes it."""

    formula: RankingFormula
    fiscal_year: int
    field: Field
    table: Table
    components: Mapping[str, Table]
    coverage: Coverage
    true_until: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """The same ranking for several fiscal years, the latest first."""

    formula: RankingFormula
    years: Mapping[int, Table]
    nodes: Mapping[str, Candidate]
    coverage: Coverage
    true_until: datetime | None


def formula_of(ranking: str) -> RankingFormula:
    """Raises RankingNotFound."""
    if ranking not in RANKINGS:
        raise RankingNotFound(ranking, RANKINGS)
    return RANKINGS[ranking]


async def rank(session: ReadSession, ranking: str, asked: Question, *, now: datetime) -> Ranked:
    """One ranking for one fiscal year, with intervals. Raises RankingNotFound."""
    formula = formula_of(ranking)
    candidates = await _candidates(session, asked)
    year = await _year(session, asked, candidates, now)
    fields = await _gather(session, formula, asked, candidates, [year], is_by_month=True, now=now)
    field = fields[year]
    # Drawing anew is plain arithmetic and takes its time: other requests go on meanwhile.
    table, components = await asyncio.to_thread(_compute, formula, field.ready, with_spans=True)
    coverage = await cover_nodes(session, list(field.nodes), [year], now=now)
    return Ranked(formula, year, field, table, components, coverage, _true_until(formula, coverage, now))


async def history(session: ReadSession, ranking: str, asked: Question, *, now: datetime) -> History:
    """The same ranking for the five fiscal years up to the one asked for: each as the ranking of that year answers today."""
    formula = formula_of(ranking)
    candidates = await _candidates(session, asked)
    year = await _year(session, asked, candidates, now)
    years = list(range(year, year - YEARS_OF_HISTORY, -1))
    fields = await _gather(session, formula, asked, candidates, years, is_by_month=False, now=now)
    tables = await asyncio.to_thread(
        lambda: {each: _compute(formula, fields[each].ready, with_spans=False)[0] for each in years}
    )
    nodes = {slug: node for field in fields.values() for slug, node in field.nodes.items()}
    coverage = await cover_nodes(session, sorted(nodes), [year], now=now)
    return History(formula, tables, dict(sorted(nodes.items())), coverage, _true_until(formula, coverage, now))


async def _candidates(session: ReadSession, asked: Question) -> list[Candidate]:
    found = await queries.active_nodes(session, asked.provinces)
    return [node for node in found if asked.peers is None or Peers.of(node.region_type) is asked.peers]


async def _year(session: ReadSession, asked: Question, candidates: Sequence[Candidate], now: datetime) -> int:
    if asked.fiscal_year is not None:
        return asked.fiscal_year
    # Packages of next year are announced early: what has not begun is no year to rank by.
    this_year = now.astimezone(TimeZone.WIB.info).year
    found = await queries.latest_year(session, [node.id for node in candidates], not_after=this_year)
    return found if found is not None else this_year


async def _gather(
    session: ReadSession,
    formula: RankingFormula,
    asked: Question,
    candidates: Sequence[Candidate],
    years: Sequence[int],
    *,
    is_by_month: bool,
    now: datetime,
) -> dict[int, Field]:
    """What the figures of a ranking rest on, year by year; by month where it is to be drawn anew."""
    ids = [node.id for node in candidates]
    figures = FIGURES_OF[formula.ranking]
    grains = _grains(figures) if is_by_month else {Grain.PLACE}
    cells = {grain: await queries.sums(session, grain, ids, years) for grain in sorted(grains)}
    days = await queries.award_days(session, ids, years) if TIMELINESS.ranking in figures else []
    readings = {row["node_id"]: row for row in await queries.readings(session, ids)}
    states = await queries.states(session, ids, now=now, probed_for=PROBED_FOR) if READINESS.ranking in figures else []
    fields = {}
    for year in years:
        data = Data(
            cells={
                grain: by_node([row for row in rows if row["fiscal_year"] == year]) for grain, rows in cells.items()
            },
            days={row["node_id"]: row for row in days if row["fiscal_year"] == year},
            conditions=judge_readiness(states, readings, year, now=now),
            read_in_part=frozenset(
                node for node, row in readings.items() if year in row["asked"] and year not in row["read"]
            ),
        )
        fields[year] = _field(figures, asked, candidates, data)
    return fields


def _grains(figures: Sequence[str]) -> set[Grain]:
    """The months that figures are drawn anew by; the state of nodes needs none."""
    grains = {Grain.AWARDED if figure == SAVINGS.ranking else Grain.ANNOUNCED for figure in figures}
    return {Grain.PLACE} if figures == (READINESS.ranking,) else grains


def _field(figures: Sequence[str], asked: Question, candidates: Sequence[Candidate], data: Data) -> Field:
    amounts = {node.slug: amount(data.rows(node.id), "volume") for node in candidates}
    # Nodes of which no pagu is known are in no third.
    volumes = volumes_of({slug: known for slug, known in amounts.items() if known > 0})
    nodes = {node.slug: node for node in candidates if asked.volume is None or volumes.get(node.slug) is asked.volume}
    groups = []
    for group in Volume:
        among = [amounts[slug] for slug, volume in volumes.items() if volume is group]
        if among:
            groups.append(VolumeGroup(group, len(among), min(among), max(among)))
    ready = {figure: {slug: GATHERED[figure](data, node.id) for slug, node in nodes.items()} for figure in figures}
    return Field(nodes, volumes, groups, ready)


def _compute(
    formula: RankingFormula, ready: Mapping[str, Mapping[str, Ready]], *, with_spans: bool
) -> tuple[Table, dict[str, Table]]:
    """The table of a ranking, and those of its components if it has any."""
    contenders = {figure: {slug: one.contender for slug, one in found.items()} for figure, found in ready.items()}
    tables = {figure: place(RANKINGS[figure], among) for figure, among in contenders.items()}
    if formula is not COMPOSITE:
        table = tables[formula.ranking]
        return (with_intervals(table, repetitions(table, contenders[formula.ranking])) if with_spans else table), {}
    table = place_all(formula, tables)
    if with_spans:
        repeated = [(RANKINGS[figure], repetitions(tables[figure], contenders[figure])) for figure in tables]
        table = with_intervals(table, repetitions_of_all(table, repeated))
    return table, tables


def _true_until(formula: RankingFormula, coverage: Coverage, now: datetime) -> datetime | None:
    """The end of the year on which the default rests, the next reading that turns old, the next look at nodes."""
    local = now.astimezone(TimeZone.WIB.info)
    moments = [local.replace(year=local.year + 1, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)]
    if coverage.stale_at is not None:
        moments.append(coverage.stale_at)
    if formula is READINESS:
        moments.append(now)
    elif READINESS.ranking in FIGURES_OF[formula.ranking]:
        moments.append(now + LOOKED_AT_EVERY)
    return min(moments).astimezone(UTC)
