"""Open data over HTTP: datasets in four forms, what describes them, and files that are prepared."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.access.callers import Caller
from app.access.errors import KeyInvalid
from app.access.web import OptionalCaller
from app.exchange.exports import describing
from app.exchange.exports.answering import PATH, answer_with, file_answer, prepared_read
from app.exchange.exports.datasets import DATASETS, Dataset, DatasetName
from app.exchange.exports.describing import Publisher
from app.exchange.exports.errors import ExportNotFound, ExportNotReady, ExportsBusy
from app.exchange.exports.figures import FIGURES, figure_layout
from app.exchange.exports.forms.protocol import MEDIA_TYPES, Form
from app.exchange.exports.questions import FiguresAsked, NodesAsked, PackagesAsked, Wanted
from app.exchange.exports.schemas import ExportRead, PreparedExportRead
from app.exchange.exports.service import Desk, get_export
from app.exchange.exports.sight import audience_of
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import KEY_OPTIONAL, ExactJSON, answer_for
from app.kit.web.deps import Now, Reading
from app.kit.web.limits import address_of
from app.kit.web.ranges import RangeNotSatisfiable
from app.kit.web.schema import DEFAULT_PAGE, AfterCode, AsOf, Limit, Page
from app.procurement.asking import PackagesWanted
from app.registry.asking import NodesWanted
from app.statistics.asking import Asked, Compare, GroupBy

router = APIRouter(tags=["exchange"])

FigureName = StrEnum("FigureName", {name: name for name in FIGURES})  # type: ignore[misc]  # named by what there is
FigureName.__doc__ = "Which figure: the statistics of /statistics, by the last part of their addresses."
TableName = Literal["awards", "nodes", "packages"]
ExportForm = Annotated[Form, Path(description="In which form.", examples=["csv"])]
Figure = Annotated[FigureName, Query(description="Which figure.", examples=["savings"])]
ExportId = Annotated[
    uuid.UUID, Path(description="Id of a prepared export.", examples=["1b4e28ba-2fa1-41d2-883f-0016d3cca427"])
]


class Manner:
    """How an export is handed out, whatever is in it."""

    def __init__(
        self,
        request: Request,
        now: Now,
        prepared: Annotated[
            bool,
            Query(description="Have a file prepared that can be resumed, instead of rows that are sent as they come."),
        ] = False,
        bom: Annotated[
            bool, Query(description="Begin a CSV with the mark by which old spreadsheet programs know UTF-8.")
        ] = False,
    ) -> None:
        self.request = request
        self.now: datetime = now
        self.prepared = prepared
        self.bom = bom

    async def hand_out(self, wanted: Wanted) -> Response:
        desk: Desk = self.request.app.state.exports
        handed = await desk.hand_out(wanted, asker=self._asker(), as_file=self.prepared, now=self.now)
        return answer_with(self.request, wanted, handed, desk.database)

    def _asker(self) -> str:
        """Whose places are counted together: a key's, or an address's."""
        caller: Caller | None = getattr(self.request.state, "caller", None)
        return (
            caller.id if caller is not None else address_of(self.request.scope, self.request.app.state.trusted_proxies)
        )


Manners = Annotated[Manner, Depends()]

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_HEADERS = {
    "X-Export-Moment": {"description": "All rows are as of this moment.", "schema": {"type": "string"}},
    "X-Export-Rows": {"description": "How many rows there are.", "schema": {"type": "integer"}},
    "X-Export-Cursor": {"description": "Where in the change feed to go on from.", "schema": {"type": "string"}},
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The rows. One that ends before its last row was cut: ask again, or for a prepared file.",
        "content": {media_type.partition(";")[0]: _BINARY for media_type in MEDIA_TYPES.values()},
        "headers": _HEADERS,
    },
    206: {"description": "The part of a prepared file that was asked for."},
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **_FILE,
    202: {
        "description": "Too large to be waited for: it is being prepared. Ask again, or follow it at Location.",
        "model": PreparedExportRead,
    },
    **problems.responses(RangeNotSatisfiable, ExportsBusy),
}
_KEYED = {**_ANSWERS, **problems.responses(RangeNotSatisfiable, ExportsBusy, KeyInvalid)}


def _described(description: str, media_type: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": {"type": "object"}}}}


@router.get("/exports", response_model=Page[ExportRead], responses=problems.responses(CursorInvalid))
async def list_exports(limit: Limit = DEFAULT_PAGE, after: AfterCode = None) -> Response:
    """List the datasets that can be taken away, with their columns and where each form of them is."""
    key = decode_cursor(after, str)
    found = [dataset for name, dataset in sorted(DATASETS.items()) if key is None or name > key[0]]
    following = encode_cursor(found[limit - 1].name) if len(found) > limit else None
    return ExactJSON({"items": [_export(dataset) for dataset in found[:limit]], "next": following})


@router.get("/exports/datapackage.json", response_class=Response, responses={200: _described("A data package.")})
async def get_data_package(request: Request, now: Now) -> Response:
    """Everything that can be taken away, as a Frictionless Data Package."""
    publisher: Publisher = request.app.state.publisher
    base_url = publisher.base_url(str(request.base_url))
    return ExactJSON(describing.data_package(base_url, publisher, now=_day(now)))


@router.get(
    "/exports/catalogue.jsonld",
    response_class=Response,
    responses={200: _described("A catalogue.", "application/ld+json")},
)
async def get_catalogue(request: Request, now: Now) -> Response:
    """The same as a DCAT catalogue, which portals of open data harvest."""
    publisher: Publisher = request.app.state.publisher
    base_url = publisher.base_url(str(request.base_url))
    return ExactJSON(describing.catalogue(base_url, publisher, now=_day(now)), media_type="application/ld+json")


@router.get("/exports/statistics.schema.json", response_class=Response, responses={200: _described("A table schema.")})
async def get_statistics_schema(
    figure: Figure = FigureName.savings,  # type: ignore[attr-defined]
    group_by: GroupBy = [],  # noqa: B006 (FastAPI copies defaults)
    compare: Compare = None,
) -> Response:
    """The columns of a figure that is asked for so, as a Frictionless Table Schema."""
    layout = figure_layout(str(figure), group_by, compares=compare is not None)
    return ExactJSON(describing.table_schema(layout))


@router.get("/exports/{dataset}.schema.json", response_class=Response, responses={200: _described("A table schema.")})
async def get_export_schema(
    dataset: Annotated[TableName, Path(description="Which dataset.", examples=["packages"])],
) -> Response:
    """The columns of a dataset's CSV, as a Frictionless Table Schema."""
    described = DATASETS[DatasetName(dataset)]
    return ExactJSON(describing.table_schema(described.layout, described))


@router.get(
    "/exports/prepared/{id}",
    response_model=PreparedExportRead,
    responses=problems.responses(ExportNotFound, KeyInvalid),
    openapi_extra=KEY_OPTIONAL,
)
async def get_prepared_export(session: Reading, caller: OptionalCaller, now: Now, id: ExportId) -> Response:  # noqa: A002 (the API's word)
    """How far a prepared export has come; once it is ready, how many rows and bytes the file has, and its SHA-256."""
    return answer_for(caller, prepared_read(await get_export(session, id, caller, now=now)))


@router.get(
    "/exports/prepared/{id}/file",
    response_class=Response,
    responses={**_FILE, **problems.responses(ExportNotFound, ExportNotReady, RangeNotSatisfiable, KeyInvalid)},
    openapi_extra=KEY_OPTIONAL,
)
async def download_prepared_export(request: Request, caller: OptionalCaller, now: Now, id: ExportId) -> Response:  # noqa: A002
    """The file of a prepared export. `Range` resumes a download that was cut; `If-Range` with its ETag makes that safe."""
    desk: Desk = request.app.state.exports
    async with desk.database.reading() as session:
        export = await get_export(session, id, caller, now=now)
    if export.state != "ready":
        raise ExportNotReady
    return file_answer(request, export, desk.database)


@router.get("/exports/packages.{form}", response_class=Response, responses=_KEYED, openapi_extra=KEY_OPTIONAL)
async def export_packages(
    caller: OptionalCaller, manner: Manners, form: ExportForm, wanted: PackagesWanted, as_of: AsOf = None
) -> Response:
    """Packages as a table: the filters of their list, all rows of one moment, one row a package.

    CSV and NDJSON come as they are read. XLSX and Parquet are made while you wait where they are small; larger ones are
    prepared: 202 with `Location` and `Retry-After`, and the same address gives the file once it is ready.
    """
    asked = PackagesAsked(wanted, as_of)
    return await manner.hand_out(Wanted("packages", form, asked, audience_of(caller), _mark(manner, form)))


@router.get("/exports/awards.{form}", response_class=Response, responses=_KEYED, openapi_extra=KEY_OPTIONAL)
async def export_awards(
    caller: OptionalCaller, manner: Manners, form: ExportForm, wanted: PackagesWanted, as_of: AsOf = None
) -> Response:
    """Winners as a table: those of the packages that the filters of their list choose, one row a winner."""
    asked = PackagesAsked(wanted, as_of)
    return await manner.hand_out(Wanted("awards", form, asked, audience_of(caller), _mark(manner, form)))


@router.get("/exports/statistics.{form}", response_class=Response, responses=_ANSWERS)
async def export_statistics(
    manner: Manners,
    form: ExportForm,
    asked: Asked,
    figure: Figure = FigureName.savings,  # type: ignore[attr-defined]
) -> Response:
    """One figure as a table, by the grammar of all figures: one row a group, every number a column of its own."""
    wanted = Wanted("statistics", form, FiguresAsked(str(figure), asked), mark=_mark(manner, form))
    return await manner.hand_out(wanted)


@router.get("/exports/nodes.{form}", response_class=Response, responses=_ANSWERS)
async def export_nodes(manner: Manners, form: ExportForm, wanted: NodesWanted) -> Response:
    """The nodes of the register as a table, by the filters of their list."""
    return await manner.hand_out(Wanted("nodes", form, NodesAsked(wanted), mark=_mark(manner, form)))


def _mark(manner: Manner, form: Form) -> bool:
    return manner.bom and form is Form.CSV


def _day(now: datetime) -> datetime:
    """Descriptions change with the program, not with the minute: a portal that asks again has them already."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _export(dataset: Dataset) -> dict[str, Any]:
    return {
        "dataset": dataset.name,
        "title": _message(dataset.title),
        "description": _message(dataset.description),
        "key": list(dataset.key),
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "description": {"id": column.indonesian, "en": column.english},
            }
            for column in dataset.layout.columns
        ],
        "files": {str(form): f"{PATH}/{dataset.name}.{form}" for form in Form},
        "table_schema": f"{PATH}/{dataset.name}.schema.json",
    }


def _message(words: tuple[str, str]) -> dict[str, str]:
    return {"id": words[0], "en": words[1]}
