"""The progress of e-procurement over HTTP."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.core.formulas_of_progress import PROGRESS
from app.kit.paging import CODE_CURSOR, NUMBER_CURSOR, CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading
from app.kit.web.schema import DEFAULT_PAGE, Limit
from app.registry.schemas import ProvinceCode, RegionCode
from app.statistics.grounds import grounds
from app.statistics.progress import service
from app.statistics.progress.schemas import ProgressRead
from app.statistics.progress.service import Row, Software, UsedHost
from app.statistics.progress.versions import Releases, release_of
from app.statistics.questions import FigureFilter

router = APIRouter(tags=["statistics"])
_CURSOR = f"{CODE_CURSOR.removesuffix('$')}-{NUMBER_CURSOR.removeprefix('^')}"


@router.get("/statistics/progress", response_model=ProgressRead, responses=problems.responses(CursorInvalid))
async def get_progress(
    session: Reading,
    now: Now,
    fiscal_year: Annotated[
        list[Annotated[int, Query(ge=2000, le=2100)]],
        Query(description="Fiscal years; without any, those of which there are packages.", max_length=50),
    ] = [],  # noqa: B006 (FastAPI copies defaults)
    province: Annotated[list[ProvinceCode], Query(description="Governments below that code.", max_length=50)] = [],  # noqa: B006
    region: Annotated[list[RegionCode], Query(description="Governments.", max_length=600)] = [],  # noqa: B006
    limit: Limit = DEFAULT_PAGE,
    after: Annotated[
        str | None, Query(description="The `next` of the page before.", json_schema_extra={"pattern": _CURSOR})
    ] = None,
) -> Response:
    """How far each local government has come with e-procurement, by fiscal year.

    Shares of planned, electronic and recorded procurement; the components of ITKP that the hub's data give, and of the
    others which data are missing; the nodes it uses with their SPSE version. A government of which nothing is known is
    listed too. `software` says which versions the nodes of the places asked for run, and which of them are old.
    """
    key = decode_cursor(after, str, int)
    # Never a ready answer: a probe may meet another version without any figure's changing.
    found = await service.measure_progress(
        session,
        FigureFilter(fiscal_year=tuple(fiscal_year), province=tuple(province), region=tuple(region)),
        after=None if key is None else (key[0], key[1]),
        limit=limit,
        now=now,
    )
    releases = found.software.releases
    return ExactJSON(
        {
            "items": [_item(row, releases) for row in found.rows],
            "next": None if found.next is None else encode_cursor(*found.next),
            "total": {"rows": found.count, **found.total},
            "software": _software(found.software),
            **grounds(found.coverage, PROGRESS),
        }
    )


def _item(row: Row, releases: Releases) -> dict[str, Any]:
    return {
        **asdict(row.government),
        "fiscal_year": row.fiscal_year,
        **row.figure,
        "nodes": [_host(used, releases) for used in row.hosts],
    }


def _host(used: UsedHost, releases: Releases) -> dict[str, Any]:
    host = used.host
    return {
        "node": host.slug,
        "name": host.name,
        "state": host.state,
        "is_own": used.is_own,
        "packages": used.packages,
        "software_version": host.version,
        "version_seen_at": host.seen_at,
        **asdict(releases.standing_of(host.version)),
    }


def _software(software: Software) -> dict[str, Any]:
    return {
        "current": software.releases.current,
        "nodes": software.nodes,
        "outdated": software.outdated,
        "unknown": len(software.unknown),
        "unknown_slugs": software.unknown,
        "versions": [
            {
                "version": version,
                "released_on": release.released_on if (release := release_of(version)) else None,
                "nodes": len(slugs),
                "slugs": slugs,
                **asdict(software.releases.standing_of(version)),
            }
            for version, slugs in software.versions
        ],
    }
