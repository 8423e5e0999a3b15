"""Rankings over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import StringConstraints

from app.core.ranking import Peers, Volume
from app.core.ranking_formulas import RANKINGS
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading
from app.kit.web.ready import mark_ready
from app.kit.web.schema import Page
from app.registry.schemas import ProvinceCode
from app.statistics.rankings import service, telling
from app.statistics.rankings.errors import RankingNotFound
from app.statistics.rankings.schemas import (
    PeersAsked,
    RankingFormulaRead,
    RankingHistoryRead,
    RankingRead,
    VolumeAsked,
)
from app.statistics.rankings.service import Question

router = APIRouter(tags=["statistics"])

RankingName = Annotated[
    str, Path(description="Which ranking; `GET /rankings` lists them.", max_length=40, examples=["savings"])
]
Slugs = Annotated[
    list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]{1,63}$")]],
    Query(description="Slugs of the nodes to show; none shows all.", max_length=800),
]


def _question(
    fiscal_year: Annotated[
        int | None,
        Query(
            ge=2000,
            le=2100,
            description="Default: the latest fiscal year that has begun and of which these nodes have completed packages.",
            examples=[2025],
        ),
    ] = None,
    province: Annotated[list[ProvinceCode], Query(description="Only nodes of these provinces.", max_length=50)] = [],  # noqa: B006 (FastAPI copies defaults)
    peers: Annotated[
        PeersAsked,
        Query(description="Only nodes of such a region; ministry-other are those without any region."),
    ] = "all",
    volume: Annotated[
        VolumeAsked,
        Query(description="Only this third of these peers by the pagu of running and completed packages of the year."),
    ] = "all",
) -> Question:
    return Question(
        fiscal_year=fiscal_year,
        provinces=tuple(dict.fromkeys(province)),
        peers=None if peers == "all" else Peers(peers),
        volume=None if volume == "all" else Volume(volume),
    )


Asked = Annotated[Question, Depends(_question)]


@router.get("/rankings", response_model=Page[RankingFormulaRead])
async def get_rankings() -> Response:
    """Every ranking with its formula: what is compared, who is ranked at all, and how the uncertainty is found."""
    return ExactJSON({"items": [telling.formula(formula) for formula in RANKINGS.values()], "next": None})


@router.get("/rankings/{ranking}", response_model=RankingRead, responses=problems.responses(RankingNotFound))
async def get_ranking(request: Request, session: Reading, now: Now, ranking: RankingName, asked: Asked) -> Response:
    """Active nodes by rank among their peers, for one fiscal year.

    No node is ranked on missing data: who falls short of the published rules is listed in `not_ranked` with every reason.
    Each rank has an interval (the middle 90 % of 200 repetitions on data drawn anew; the same data give the same
    interval) and says what would move the node up by one place. Nodes whose published figures are equal share a rank.
    """
    ranked = await service.rank(session, ranking, asked, now=now)
    mark_ready(request, until=ranked.true_until)
    return ExactJSON(telling.ranking(ranked, asked))


@router.get(
    "/rankings/{ranking}/history", response_model=RankingHistoryRead, responses=problems.responses(RankingNotFound)
)
async def get_ranking_history(
    request: Request,
    session: Reading,
    now: Now,
    ranking: RankingName,
    asked: Asked,
    node: Slugs = [],  # noqa: B006
) -> Response:
    """Where nodes stood in the five fiscal years up to the one asked for.

    Every year is what the ranking of that year answers today, with the data and the formula of today: figures corrected
    since then are corrected here too. Thirds by volume are those of each year.
    """
    found = await service.history(session, ranking, asked, now=now)
    mark_ready(request, until=found.true_until)
    return ExactJSON(telling.history(found, asked, node))
