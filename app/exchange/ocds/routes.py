"""Open Contracting data over HTTP: pages of releases and records, single ones, whole years, and the extensions used."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from app.core.vocabulary import PackageKind
from app.exchange.feed.cursor import CURSOR, decode
from app.exchange.ocds import service
from app.exchange.ocds.errors import ExtensionNotFound, ProcessNotFound, ReleaseNotFound
from app.exchange.ocds.extensions import FILES
from app.exchange.ocds.identity import OCID, RELEASE_ID
from app.exchange.ocds.packaging import API, record_package, release_package
from app.exchange.ocds.queries import Wanted, years_published
from app.exchange.ocds.schemas import BulkIndexRead, RecordPackageRead, ReleasePackageRead
from app.exchange.ocds.streams import batches, compiled_lines, gzipped, record_lines
from app.exchange.ocds.web import Publishing, links_of, next_link, place_of
from app.kit.db import Database
from app.kit.json import iso_utc
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.deps import Now, Reading
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Moment
from app.procurement.asking import NodeSlugs
from app.procurement.filtering import PackageFilter
from app.registry.schemas import ProvinceCode

router = APIRouter(prefix="/ocds", tags=["exchange"])

LINES = "application/x-ndjson"
GZIP = "application/gzip"


def _packages(
    fiscal_year: Annotated[
        list[Annotated[int, Query(ge=2000, le=2100)]],
        Query(description="Processes that now belong to these years.", max_length=50),
    ] = [],  # noqa: B006 (FastAPI copies defaults)
    node: NodeSlugs = [],  # noqa: B006
    province: Annotated[
        list[ProvinceCode], Query(description="Processes of all institutions below that code.", max_length=50)
    ] = [],  # noqa: B006
    kind: Annotated[list[PackageKind], Query(max_length=5)] = [],  # noqa: B006
) -> PackageFilter:
    return PackageFilter(
        fiscal_year=tuple(fiscal_year),
        node=tuple(node),
        province=tuple(province),
        kind=tuple(str(word.value) for word in kind),
    )


Packages = Annotated[PackageFilter, Depends(_packages)]
Bound = Annotated[Moment | None, Query(description="A moment with its offset, inclusive.")]
Cursor = Annotated[
    str | None, Query(description="Out of `links` of another page.", json_schema_extra={"pattern": CURSOR})
]


@router.get(
    "/releases",
    response_model=ReleasePackageRead,
    responses=problems.responses(CursorInvalid),
)
async def get_releases(
    request: Request,
    session: Reading,
    now: Now,
    publication: Publishing,
    packages: Packages,
    released_from: Annotated[Bound, Query(alias="releasedFrom")] = None,
    released_to: Annotated[Bound, Query(alias="releasedTo")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: Cursor = None,
    before: Cursor = None,
) -> Response:
    """Releases of contracting processes as release packages of OCDS 1.1: one release for each version of a package.

    They come in the order in which the hub recorded them; follow `links.next` until there is none, and keep the last
    address to go on from there later. No release ever appears before a place once passed; an address of before the hub was
    put back to an older state leads to the beginning. With `before`, which `links.prev`
    has, the page is the one right before that place.
    """
    page = await service.read_releases(
        session,
        publication.prefix,
        Wanted(packages, released_from, released_to),
        after=decode(after),
        before=None if before is None else decode(before),
        limit=limit,
    )
    place = place_of(request, publication)
    links = links_of(place, following="after", after=page.after, before=page.before)
    return ExactJSON(release_package(publication, place, page.releases, now=now, links=links))


@router.get("/releases/{release}", response_model=ReleasePackageRead, responses=problems.responses(ReleaseNotFound))
async def get_release(
    request: Request,
    session: Reading,
    now: Now,
    publication: Publishing,
    release: Annotated[
        str, Path(pattern=RELEASE_ID, max_length=200, examples=["ocds-000000-surabaya.tender.10102584000-1"])
    ],
) -> Response:
    """One release by its id, in a package of its own."""
    found = await service.get_release(session, publication.prefix, release)
    return ExactJSON(release_package(publication, place_of(request, publication), [found], now=now))


@router.get("/records", response_model=RecordPackageRead, responses=problems.responses(CursorInvalid))
async def get_records(
    request: Request,
    session: Reading,
    now: Now,
    publication: Publishing,
    packages: Packages,
    updated_from: Annotated[Bound, Query(alias="updatedFrom")] = None,
    updated_to: Annotated[Bound, Query(alias="updatedTo")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """Contracting processes as record packages of OCDS 1.1, oldest on the hub first: all releases and what they come to.

    `updatedFrom` and `updatedTo` choose by a process's last change.
    """
    key = decode_cursor(after, int)
    wanted = Wanted(packages, updated_from, updated_to)
    records, following = await service.read_records(
        session, publication.prefix, wanted, after=key[0] if key else 0, limit=limit
    )
    place = place_of(request, publication)
    links = next_link(place, None if following is None else encode_cursor(following))
    return ExactJSON(record_package(publication, place, records, now=now, links=links))


@router.get("/records/{ocid}", response_model=RecordPackageRead, responses=problems.responses(ProcessNotFound))
async def get_record(
    request: Request,
    session: Reading,
    now: Now,
    publication: Publishing,
    ocid: Annotated[str, Path(pattern=OCID, max_length=190, examples=["ocds-000000-surabaya.tender.10102584000"])],
) -> Response:
    """One contracting process: all releases, the compiled release, and every value that its fields have ever had."""
    record = await service.get_record(session, publication.prefix, ocid)
    return ExactJSON(record_package(publication, place_of(request, publication), [record], now=now))


@router.get("/bulk", response_model=BulkIndexRead)
async def get_bulk_index(request: Request, session: Reading, publication: Publishing) -> Response:
    """The fiscal years that can be downloaded whole."""
    base = f"{place_of(request, publication).root}{API}/bulk"
    years = [
        {
            **row,
            "changed_at": iso_utc(row["changed_at"]),
            "files": [
                {"url": f"{base}/{row['year']}.{ending}{asked}", "content": content, "media_type": media_type}
                for ending, media_type in (("jsonl", LINES), ("jsonl.gz", GZIP))
                for content, asked in (("compiled", ""), ("records", "?content=records"))
            ],
        }
        for row in await years_published(session)
    ]
    return ExactJSON({"years": years})


_LINE = {"schema": {"type": "string"}, "example": ""}
_FILE = {"schema": {"type": "string", "format": "binary"}, "example": ""}
Content = Annotated[
    Literal["compiled", "records"],
    Query(description="A line is the compiled release of a process, or its record with all releases."),
]
Year = Annotated[int, Path(ge=2000, le=2100, examples=[2025])]


@router.get(
    "/bulk/{year}.jsonl",
    response_class=Response,
    responses={200: {"description": "One process a line.", "content": {LINES: _LINE}}, **problems.responses()},
)
async def download_year(
    request: Request, publication: Publishing, year: Year, content: Content = "compiled"
) -> Response:
    """All contracting processes of a fiscal year, one a line, sent while they are read."""
    return _streamed(_lines(request, publication.prefix, year, content), LINES, f"ocds-{year}-{content}.jsonl")


@router.get(
    "/bulk/{year}.jsonl.gz",
    response_class=Response,
    responses={200: {"description": "One process a line.", "content": {GZIP: _FILE}}, **problems.responses()},
)
async def download_year_packed(
    request: Request, publication: Publishing, year: Year, content: Content = "compiled"
) -> Response:
    """The same as a gzip file."""
    lines = gzipped(_lines(request, publication.prefix, year, content))
    return _streamed(lines, GZIP, f"ocds-{year}-{content}.jsonl.gz")


def _lines(request: Request, prefix: str, year: int, content: str) -> AsyncIterator[bytes]:
    database: Database = request.app.state.database
    make = record_lines if content == "records" else compiled_lines
    return batches(database, prefix, PackageFilter(fiscal_year=(year,)), make)


def _streamed(pieces: AsyncIterator[bytes], media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


@router.get(
    "/extensions/{name}/{file:path}",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {}, "text/csv": {}}},
        **problems.responses(ExtensionNotFound),
    },
)
async def get_extension_file(
    name: Annotated[str, Path(max_length=40, examples=["bids"])],
    file: Annotated[str, Path(max_length=80, examples=["extension.json"])],
) -> Response:
    """What an extension adds to the schema: `extension.json`, `release-schema.json`, or one of its codelists."""
    found = FILES.get((name, file))
    if found is None:
        raise ExtensionNotFound(name[:40], file[:80])
    content, media_type = found
    return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=86400"})
