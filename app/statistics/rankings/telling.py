"""Rankings as they travel."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.core.ranking import Peers, RankingFormula, Rule, Shortfall
from app.core.ranking_table import NO_INTERVAL, Placed, Table
from app.statistics.grounds import coverage_of
from app.statistics.queries import Coverage
from app.statistics.rankings.queries import Candidate
from app.statistics.rankings.service import Field, History, Question, Ranked


def formula(told: RankingFormula) -> dict[str, Any]:
    """A formula with everything that decides who stands where."""
    plan = told.resampling
    return {
        "ranking": told.ranking,
        "id": told.id,
        "version": told.version,
        "title": told.title,
        "definition": told.definition,
        "unit": told.unit,
        "direction": told.direction,
        "eligibility": [_rule(rule) for rule in told.rules],
        "uncertainty": None
        if plan is None
        else {
            "what": plan.what,
            "replicates": plan.replicates,
            "level": plan.level,
            "cells_needed": plan.cells_needed,
        },
        "step_unit": told.step_unit,
        "components": list(told.components),
        "parameters": dict(told.parameters or {}),
    }


def ranking(ranked: Ranked, asked: Question) -> dict[str, Any]:
    """One ranking of one fiscal year."""
    field, table = ranked.field, ranked.table
    return {
        **_asked(ranked.formula, asked, ranked.coverage),
        "fiscal_year": ranked.fiscal_year,
        "volumes": [
            {"group": group.group, "nodes": group.nodes, "smallest": group.smallest, "largest": group.largest}
            for group in field.groups
        ],
        "items": [_item(ranked, slug, placed) for slug, placed in table.placed.items()],
        "not_ranked": [
            {**_node(field, slug), "reasons": [_reason(reason) for reason in reasons]}
            for slug, reasons in table.not_ranked.items()
        ],
    }


def history(found: History, asked: Question, slugs: Sequence[str]) -> dict[str, Any]:
    """Several fiscal years by node; only those asked for, if any are named."""
    return {
        **_asked(found.formula, asked, found.coverage),
        "fiscal_years": list(found.years),
        "items": [
            {
                "node": slug,
                "name": node.name,
                "region": node.region,
                "years": [_year(year, table, slug) for year, table in found.years.items()],
            }
            for slug, node in found.nodes.items()
            if not slugs or slug in slugs
        ],
    }


def _asked(told: RankingFormula, asked: Question, coverage: Coverage) -> dict[str, Any]:
    return {
        "ranking": told.ranking,
        "formula": formula(told),
        "province": list(asked.provinces),
        "peers": asked.peers or "all",
        "volume": asked.volume or "all",
        "as_of": coverage.newest_at,
        "coverage": coverage_of(coverage),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "fact": rule.fact,
        "at_least": rule.at_least,
        "at_most": rule.at_most,
        "sentence": rule.sentence,
    }


def _node(field: Field, slug: str) -> dict[str, Any]:
    node: Candidate = field.nodes[slug]
    return {
        "node": slug,
        "name": node.name,
        "region": node.region,
        "peers": Peers.of(node.region_type),
        "volume": field.volumes.get(slug),
    }


def _item(ranked: Ranked, slug: str, placed: Placed) -> dict[str, Any]:
    told = ranked.formula
    low, high = placed.interval or (None, None)
    reason = placed.no_interval
    return {
        "rank": placed.rank,
        "rank_low": low,
        "rank_high": high,
        "no_interval": None if reason is None else {"code": reason, "message": NO_INTERVAL[reason]},
        **_node(ranked.field, slug),
        "value": told.published(placed.points),
        "score": _score(placed.score),
        **_basis(ranked, slug),
        "to_next": None
        if placed.step is None
        else {
            "node": placed.step.key,
            "rank": placed.step.rank,
            "value": told.published(placed.step.points),
            "change": placed.step.change,
            "unit": told.step_unit,
            "message": placed.step.sentence,
        },
    }


def _basis(ranked: Ranked, slug: str) -> dict[str, Any]:
    if not ranked.components:
        ready = ranked.field.ready[ranked.formula.ranking][slug]
        return {"packages": ready.packages, "basis": ready.basis}
    components = {}
    for name, table in ranked.components.items():
        placed = table.placed[slug]
        components[name] = {
            "rank": placed.rank,
            "value": table.formula.published(placed.points),
            "score": _score(placed.score),
        }
    return {"packages": None, "basis": {"components": components}}


def _reason(reason: Shortfall) -> dict[str, Any]:
    return {
        "code": reason.code,
        "component": reason.component,
        "found": reason.found,
        "needed": reason.needed,
        "message": reason.sentence,
    }


def _year(year: int, table: Table, slug: str) -> dict[str, Any]:
    placed = table.placed.get(slug)
    return {
        "fiscal_year": year,
        "rank": None if placed is None else placed.rank,
        "ranked": len(table.placed),
        "value": None if placed is None else table.formula.published(placed.points),
        "score": None if placed is None else _score(placed.score),
    }


def _score(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-6)
