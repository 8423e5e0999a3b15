"""Reconciliation over HTTP: everybody may see what nodes say of themselves beside what is computed."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import StringConstraints

from app.core.formulas_of_progress import RECONCILIATION, SOURCES
from app.kit.paging import CODE_CURSOR, NUMBER_CURSOR, CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading
from app.kit.web.ready import mark_ready
from app.kit.web.schema import DEFAULT_PAGE, Limit
from app.registry.schemas import ProvinceCode, RegionCode
from app.statistics.grounds import grounds
from app.statistics.reconciliation import service
from app.statistics.reconciliation.errors import ScopeTooWide
from app.statistics.reconciliation.judging import Comparison
from app.statistics.reconciliation.queries import NodeScope, PairDifference
from app.statistics.reconciliation.schemas import ReconciliationRead, SourcesRead
from app.statistics.reconciliation.sentences import pair_sentence
from app.statistics.reconciliation.service import PairTotal, Row

router = APIRouter(tags=["statistics"])

FiscalYears = Annotated[
    list[Annotated[int, Query(ge=2000, le=2100)]],
    Query(description="Fiscal years; a package belongs to its first one.", max_length=50),
]
Nodes = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]{1,63}$")]],
    Query(description="Slugs of nodes.", max_length=800),
]
Provinces = Annotated[list[ProvinceCode], Query(description="Provinces in which nodes are.", max_length=50)]
Regions = Annotated[list[RegionCode], Query(description="Governments that nodes belong to.", max_length=600)]
_CURSOR = f"{CODE_CURSOR.removesuffix('$')}-{NUMBER_CURSOR.removeprefix('^')}"


@router.get(
    "/statistics/reconciliation", response_model=ReconciliationRead, responses=problems.responses(CursorInvalid)
)
async def get_reconciliation(
    request: Request,
    session: Reading,
    now: Now,
    fiscal_year: FiscalYears = [],  # noqa: B006 (FastAPI copies defaults)
    node: Nodes = [],  # noqa: B006
    province: Provinces = [],  # noqa: B006
    region: Regions = [],  # noqa: B006
    reported: Annotated[
        bool | None, Query(description="Only nodes and years that have stated figures, or only those that have not.")
    ] = None,
    limit: Limit = DEFAULT_PAGE,
    after: Annotated[
        str | None, Query(description="The `next` of the page before.", json_schema_extra={"pattern": _CURSOR})
    ] = None,
) -> Response:
    """What nodes report of themselves against what is computed from their packages, by node and fiscal year.

    Every total is shown against completed packages and against all packages, for a node may mean either. What only one
    side speaks of is listed too and counts in no total.
    """
    key = decode_cursor(after, str, int)
    found = await service.reconcile(
        session,
        NodeScope(tuple(fiscal_year), tuple(node), tuple(province), tuple(region)),
        reported=reported,
        after=None if key is None else (key[0], key[1]),
        limit=limit,
        now=now,
    )
    mark_ready(request, until=found.coverage.stale_at)
    total = {population: _by_name(gaps) for population, gaps in found.total.items()}
    return ExactJSON(
        {
            "items": [_item(row) for row in found.rows],
            "next": None if found.next is None else encode_cursor(*found.next),
            "total": {"rows": sum(found.verdicts.values()), "verdicts": found.verdicts, **total},
            **grounds(found.coverage, RECONCILIATION),
        }
    )


@router.get(
    "/statistics/reconciliation/sources", response_model=SourcesRead, responses=problems.responses(ScopeTooWide)
)
async def get_reconciliation_of_sources(
    session: Reading,
    now: Now,
    fiscal_year: Annotated[
        list[Annotated[int, Query(ge=2000, le=2100)]],
        Query(description="Fiscal years; a package belongs to its first one.", min_length=1, max_length=50),
    ],
    node: Nodes = [],  # noqa: B006
    province: Provinces = [],  # noqa: B006
    region: Regions = [],  # noqa: B006
) -> Response:
    """What one source says of packages against another, by node, fiscal year and pair of sources.

    It reads package by package: the nodes and years asked for may have 100 000 packages together, else the answer is
    `scope-too-wide`. On a large hub name a node, a region or a province.
    """
    scope = NodeScope(tuple(fiscal_year), tuple(node), tuple(province), tuple(region))
    # Never a ready answer: what a source says may change without any figure's following it.
    found = await service.compare_sources(session, scope, now=now)
    return ExactJSON(
        {
            "items": [
                {"node": pair.node, "fiscal_year": pair.fiscal_year, **_pair(pair), "examples": pair.examples}
                for pair in found.pairs
            ],
            "total": [_pair(pair) for pair in found.totals],
            **grounds(found.coverage, SOURCES),
        }
    )


def _item(row: Row) -> dict[str, Any]:
    place = row.place
    return {
        "node": place.node,
        "name": place.name,
        "region": place.region,
        "province": place.province,
        "fiscal_year": place.fiscal_year,
        "statement": row.statement,
        **_comparison(row.comparison),
        "kinds": {kind: _comparison(comparison) for kind, comparison in row.kinds.items()},
        "rests_on": row.rests_on,
        "message": row.message,
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        **{population: _by_name(gaps) for population, gaps in comparison.gaps.items()},
        "savings_base": comparison.savings_base,
        "judged_by": comparison.judged_by,
        "verdict": comparison.verdict,
    }


def _by_name(gaps: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(gap) for name, gap in gaps.items()}


def _pair(pair: PairDifference | PairTotal) -> dict[str, Any]:
    return {
        "source": pair.source,
        "other": pair.other,
        "packages": pair.packages,
        "differing": pair.differing,
        "status": {"both": pair.status.both, "differ": pair.status.differ},
        "amounts": {name: asdict(amount) for name, amount in pair.amounts.items()},
        "message": pair_sentence(
            pair.source,
            pair.other,
            packages=pair.packages,
            differing=pair.differing,
            is_by_amount=any(amount.differ for amount in pair.amounts.values()),
        ),
    }
