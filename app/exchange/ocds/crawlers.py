"""The addresses that crawlers of other publishers ask, so that they read this one unchanged but for the host.

OCP's Kingfisher Collect reads opentender.net by LPSE and year, and Find a Tender page by page.
"""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator
from starlette.responses import StreamingResponse

from app.exchange.feed.cursor import CURSOR, decode
from app.exchange.ocds import service
from app.exchange.ocds.errors import NothingToExport
from app.exchange.ocds.packaging import release_package
from app.exchange.ocds.queries import Wanted, find_slug, nodes_with_packages
from app.exchange.ocds.schemas import CrawlerCodesRead, ReleasePackageRead
from app.exchange.ocds.streams import archived
from app.exchange.ocds.web import Publishing, links_of, place_of
from app.kit.paging import CursorInvalid
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading
from app.kit.web.schema import DEFAULT_PAGE, Limit, Moment
from app.procurement.filtering import PackageFilter

router = APIRouter(prefix="/api", tags=["exchange"])

Year = Annotated[int, Query(ge=1990, le=2100, description="Fiscal year.", examples=[2025])]
ZIP = "application/zip"


@router.get("/master/lpse", response_model=CrawlerCodesRead, responses=problems.responses())
@router.get("/master/lpse/", include_in_schema=False)
async def get_crawler_codes(
    session: Reading, year: Year, asked: Annotated[Literal["json"], Query(alias="format")] = "json"
) -> Response:
    """The LPSE that have packages of a year, at the address and in the form of opentender.net."""
    nodes = await nodes_with_packages(session, year)
    codes = [{"code": str(node["kd_lpse"] or node["slug"]), "name": node["name"]} for node in nodes]
    return ExactJSON({"results": codes, "data": codes})


@router.get(
    "/tender/export-ocds-batch",
    response_class=Response,
    responses={
        200: {
            "description": "A zip of release packages.",
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}, "example": ""}},
        },
        **problems.responses(NothingToExport),
    },
)
@router.get("/tender/export-ocds-batch/", include_in_schema=False)
async def get_crawler_archive(
    request: Request,
    session: Reading,
    now: Now,
    publication: Publishing,
    year: Year,
    lpse: Annotated[
        str, Query(pattern="^[a-z0-9-]{1,63}$", description="A code of `/api/master/lpse`.", examples=["10"])
    ],
) -> Response:
    """All releases of one LPSE and year as a zip of release packages, at the address of opentender.net."""
    slug = await find_slug(session, lpse)
    if slug is None:
        raise NothingToExport(lpse)
    wanted = PackageFilter(node=(slug,), fiscal_year=(year,))
    name = f"{lpse}-{year}"
    pieces = archived(
        request.app.state.database, publication, place_of(request, publication), wanted, name=name, now=now
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-cache"}
    return StreamingResponse(pieces, media_type=ZIP, headers=headers)


_WITHOUT_OFFSET = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?")


def _in_utc(stated: object) -> object:
    """Crawlers leave the offset out, and mean UTC."""
    if not isinstance(stated, str) or _WITHOUT_OFFSET.fullmatch(stated) is None:
        return stated
    return f"{stated}Z" if "t" in stated.lower() else f"{stated}T00:00:00Z"


Bound = Annotated[
    Annotated[Moment, BeforeValidator(_in_utc)] | None,
    Query(description="When the release was published, inclusive; without an offset it is UTC."),
]


@router.get(
    "/1.0/ocdsReleasePackages",
    response_model=ReleasePackageRead,
    responses=problems.responses(CursorInvalid),
)
async def get_crawler_releases(
    request: Request,
    session: Reading,
    now: Now,
    publication: Publishing,
    updated_from: Annotated[Bound, Query(alias="updatedFrom")] = None,
    updated_to: Annotated[Bound, Query(alias="updatedTo")] = None,
    limit: Limit = DEFAULT_PAGE,
    cursor: Annotated[
        str | None, Query(description="Out of `links.next`.", json_schema_extra={"pattern": CURSOR})
    ] = None,
) -> Response:
    """Releases page by page, at the address and with the parameters of Find a Tender."""
    page = await service.read_releases(
        session, publication.prefix, Wanted(since=updated_from, until=updated_to), after=decode(cursor), limit=limit
    )
    place = place_of(request, publication)
    links = links_of(place, following="cursor", after=page.after, before=None)
    return ExactJSON(release_package(publication, place, page.releases, now=now, links=links))
