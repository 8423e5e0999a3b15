"""Statistics over HTTP: each figure is one route, all with the same grammar."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.core.formulas import Formula
from app.core.formulas_of_figures import FIGURE_FORMULAS
from app.core.formulas_of_progress import FORMULAS_OF_PROGRESS
from app.core.ranking_formulas import RANKINGS
from app.kit.db import ReadSession
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading
from app.kit.web.ready import mark_ready
from app.statistics import service
from app.statistics.asking import Asked
from app.statistics.errors import FormulaNotFound
from app.statistics.figure_schemas import (
    AbsorptionRead,
    CompetitionRead,
    CoverageFigureRead,
    PackagesRead,
    PdnUmkRead,
    SavingsRead,
    TimelinessRead,
)
from app.statistics.grounds import formula_of
from app.statistics.questions import Question
from app.statistics.schemas import FormulaList, FormulaRead

router = APIRouter(tags=["statistics"])
_RESPONSES = problems.responses()

FORMULAS: dict[str, Formula] = {
    **FIGURE_FORMULAS,
    **FORMULAS_OF_PROGRESS,
    **{ranking.id: ranking.formula for ranking in RANKINGS.values()},
}
"""Every published formula by its id."""


async def _answer(name: str, request: Request, session: ReadSession, question: Question, now: datetime) -> Response:
    answer = await service.answer(session, name, question, now=now)
    mark_ready(request, until=answer.true_until)
    return ExactJSON(answer.content)


@router.get("/statistics/savings", response_model=SavingsRead, response_model_exclude_unset=True, responses=_RESPONSES)
async def get_savings(request: Request, session: Reading, now: Now, asked: Asked) -> Response:
    """What was saved, against pagu and against HPS, by the published formula.

    Every figure says on how many packages it rests, which it had to leave out, and how fresh the nodes behind it are.
    Amounts are exact rupiah; a ratio is the ratio of the sums. Months are those of the award on the node's clock.
    """
    return await _answer("savings", request, session, asked, now)


@router.get(
    "/statistics/packages", response_model=PackagesRead, response_model_exclude_unset=True, responses=_RESPONSES
)
async def get_package_figures(request: Request, session: Reading, now: Now, asked: Asked) -> Response:
    """How many packages there are and what they are worth, by status; group by kind, category, fund_sources or month for more.

    Months are those of the announcement on the node's clock.
    """
    return await _answer("packages", request, session, asked, now)


@router.get(
    "/statistics/competition", response_model=CompetitionRead, response_model_exclude_unset=True, responses=_RESPONSES
)
async def get_competition(request: Request, session: Reading, now: Now, asked: Asked) -> Response:
    """How much competition there was: participants, bidders, single bids, failures, and how value spreads over suppliers."""
    return await _answer("competition", request, session, asked, now)


@router.get(
    "/statistics/timeliness", response_model=TimelinessRead, response_model_exclude_unset=True, responses=_RESPONSES
)
async def get_timeliness(request: Request, session: Reading, now: Now, asked: Asked) -> Response:
    """How many days from announcement to award to contract (exact median and p90), and how often schedules moved.

    Dates that were only planned are told apart in `scheduled`.
    """
    return await _answer("timeliness", request, session, asked, now)


@router.get(
    "/statistics/absorption", response_model=AbsorptionRead, response_model_exclude_unset=True, responses=_RESPONSES
)
async def get_absorption(request: Request, session: Reading, now: Now, asked: Asked) -> Response:
    """How much of their pagu recorded, self-managed and emergency packages have realised. It is no saving."""
    return await _answer("absorption", request, session, asked, now)


@router.get("/statistics/pdn-umk", response_model=PdnUmkRead, response_model_exclude_unset=True, responses=_RESPONSES)
async def get_pdn_umk(request: Request, session: Reading, now: Now, asked: Asked) -> Response:
    """What of the spending is domestic product (PDN) and what goes to small business (UMK), beside the thresholds."""
    return await _answer("pdn-umk", request, session, asked, now)


@router.get(
    "/statistics/coverage", response_model=CoverageFigureRead, response_model_exclude_unset=True, responses=_RESPONSES
)
async def get_coverage(request: Request, session: Reading, now: Now, asked: Asked) -> Response:
    """How complete the data are: which facts are known of how many packages, and which nodes are not fresh."""
    return await _answer("coverage", request, session, asked, now)


@router.get("/statistics/formulas", response_model=FormulaList)
async def get_formulas() -> Response:
    """Every formula by which figures are computed, in its present version."""
    return ExactJSON({"items": [formula_of(formula) for formula in FORMULAS.values()]})


@router.get("/statistics/formulas/{formula}", response_model=FormulaRead, responses=problems.responses(FormulaNotFound))
async def get_formula(
    formula: Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$", examples=["savings"])],
) -> Response:
    """What a figure means, in plain Indonesian and English."""
    if formula not in FORMULAS:
        raise FormulaNotFound(formula)
    return ExactJSON(formula_of(FORMULAS[formula]))
