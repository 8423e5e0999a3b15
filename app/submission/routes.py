"""The push door over HTTP: bodies in, receipts and problems out. Everything here needs a key."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.access.errors import KeyInvalid, KeyMissing, NotAllowed
from app.access.permissions import Act, require
from app.access.web import AnyCaller
from app.core.vocabulary import PackageKind
from app.kit.db import Database
from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.bodies import BodyCut, BodyTooLarge, BodyTooSlow, read_chunks
from app.kit.web.deps import Now, Reading
from app.kit.web.schema import DEFAULT_PAGE, After, Limit, Page
from app.registry import service as registry
from app.registry.errors import NodeNotFound
from app.registry.routes import NodeSlug
from app.submission import queries, reporting, requests, service
from app.submission.bodies import receive_body, stored_pieces
from app.submission.errors import (
    ColumnsUnreadable,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    MediaTypeUnsupported,
    NodeRetired,
    RequestInFlight,
    SchemaUnknown,
    ScopeMissing,
    SubmissionNotFound,
)
from app.submission.forms.catalogue import XLSX_MEDIA_TYPE
from app.submission.idempotency import Answer, read_key
from app.submission.schemas import SubmissionProblemRead, SubmissionRead, SubmissionState

router = APIRouter(tags=["submission"])

SubmissionId = Annotated[int, Path(ge=1, lt=2**63)]
SchemaName = Annotated[
    str, Query(pattern="^[a-z0-9:_-]{1,60}$", description="In which row schema the rows are written.")
]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Rows as a JSON array, JSON lines, CSV or an XLSX workbook; plain, or with Content-Encoding gzip or zstd.",
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}}
            for media_type in ("application/json", "application/x-ndjson", "text/csv", XLSX_MEDIA_TYPE)
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "The same key, parameters and body are answered the same, to the byte, and taken in once.",
            "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
        }
    ],
}


@router.post(
    "/nodes/{node}/submissions",
    response_model=SubmissionRead,
    status_code=201,
    openapi_extra=_BODY,
    responses={
        200: {"description": "A dry run, or the very same bytes sent again.", "model": SubmissionRead},
        202: {"description": "A large body: kept, and being taken in. Follow it at Location.", "model": SubmissionRead},
        **problems.responses(
            NodeNotFound,
            NodeRetired,
            RequestInFlight,
            MediaTypeUnsupported,
            BodyTooLarge,
            BodyTooSlow,
            BodyCut,
            SchemaUnknown,
            ScopeMissing,
            ColumnsUnreadable,
            IdempotencyKeyInvalid,
            IdempotencyKeyReused,
            KeyMissing,
            KeyInvalid,
            NotAllowed,
        ),
    },
)
async def push_packages(
    request: Request,
    caller: AnyCaller,
    now: Now,
    node: NodeSlug,
    schema: SchemaName = "rakor-package",
    fiscal_year: Annotated[int | None, Query(ge=2000, le=2100, description="Of rows that state none.")] = None,
    kind: Annotated[PackageKind | None, Query(description="Of rows that state none.")] = None,
    complete: Annotated[
        bool,
        Query(
            description="Nothing of that fiscal year and kind is missing: what several such lists lack is withdrawn."
        ),
    ] = False,
    dry_run: Annotated[bool, Query(description="Say what would become of every row, and store nothing.")] = False,
    column: Annotated[
        list[str],
        Query(description="For tables: FIELD:HEADING, for a column that has a heading of its own.", max_length=200),
    ] = [],  # noqa: B006 (FastAPI copies defaults)
) -> Response:
    """Hand over packages of a node. The body is kept as received and judged row by row: good rows enter, bad ones become problems."""
    database: Database = request.app.state.database
    form = requests.read_form(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
    key = read_key(request.headers.getlist("idempotency-key"))
    row_schema = requests.get_schema(schema)
    columns = requests.read_columns(column)
    async with database.reading() as session:
        target = await service.get_open_node(session, caller, node)
    plan = requests.plan_body(
        target, row_schema, form, columns, fiscal_year=fiscal_year, kind=kind, complete=complete, now=now
    )
    chunks = read_chunks(request, max_bytes=request.app.state.max_submission_bytes)
    body = await receive_body(database, chunks, now=now)
    push = service.Push(caller, target, plan, complete, dry_run, key, request.state.request_id)
    return _answer(await service.submit(database, push, body, request.app.state.submission_policy, now=now))


@router.get(
    "/nodes/{node}/submissions",
    response_model=Page[SubmissionRead],
    responses=problems.responses(NodeNotFound, CursorInvalid, KeyMissing, KeyInvalid, NotAllowed),
)
async def list_node_submissions(
    session: Reading,
    caller: AnyCaller,
    node: NodeSlug,
    state: Annotated[SubmissionState | None, Query(description="Only submissions in this state.")] = None,
    schema: Annotated[SchemaName | None, Query(description="Only submissions in this row schema.")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """List what was handed over for a node, newest first."""
    require(caller, Act.READ_SUBMISSIONS, node)
    await registry.get_node(session, node)
    key = decode_cursor(after, int)
    wanted = queries.SubmissionFilter(node, state, schema)
    found = await queries.list_submissions(session, wanted, before=key[0] if key else None, limit=limit + 1)
    items = [await queries.receipt(session, submission, node) for submission in found[:limit]]
    return _private({"items": items, "next": encode_cursor(found[limit - 1].id) if len(found) > limit else None})


@router.get(
    "/submissions/{id}",
    response_model=SubmissionRead,
    responses=problems.responses(SubmissionNotFound, KeyMissing, KeyInvalid),
)
async def get_submission(session: Reading, caller: AnyCaller, id: SubmissionId) -> Response:  # noqa: A002 (the API's word)
    """One submission: its state, what became of its rows, and the first problems."""
    found, node = await service.get_submission(session, caller, id)
    return _private(await queries.receipt(session, found, node))


@router.get(
    "/submissions/{id}/problems",
    response_model=Page[SubmissionProblemRead],
    responses=problems.responses(SubmissionNotFound, CursorInvalid, KeyMissing, KeyInvalid),
)
async def list_submission_problems(
    session: Reading,
    caller: AnyCaller,
    id: SubmissionId,  # noqa: A002 (the API's word)
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> Response:
    """What was wrong, row by row, each with its place and a sentence in both languages."""
    _found, node = await service.get_submission(session, caller, id)
    key = decode_cursor(after, int)
    rows = await queries.list_problems(session, id, after=key[0] if key else 0, limit=limit + 1)
    items = [queries.problem_read(row, node) for row in rows[:limit]]
    return _private({"items": items, "next": encode_cursor(rows[limit - 1].id) if len(rows) > limit else None})


@router.get(
    "/submissions/{id}/problems.{suffix}",
    response_class=Response,
    responses={
        200: {"description": "A table for a spreadsheet program.", "content": {XLSX_MEDIA_TYPE: {}, "text/csv": {}}},
        **problems.responses(SubmissionNotFound, KeyMissing, KeyInvalid),
    },
)
async def download_submission_problems(
    request: Request,
    caller: AnyCaller,
    id: SubmissionId,  # noqa: A002 (the API's word)
    suffix: Annotated[reporting.ReportForm, Path(description="Which table.")],
) -> Response:
    """The problems as a table, each beside the row as it came: to mend the sheet by, and send it again."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found, _node = await service.get_submission(session, caller, id)
    content = reporting.report_of(database, found, suffix)
    headers = {
        "Content-Disposition": f'attachment; filename="kiriman-{id}-masalah.{suffix}"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(content, media_type=reporting.MEDIA_TYPES[suffix], headers=headers)


@router.get(
    "/submissions/{id}/body",
    response_class=Response,
    responses={
        200: {"description": "The body as received.", "content": {"application/octet-stream": {}}},
        **problems.responses(SubmissionNotFound, KeyMissing, KeyInvalid),
    },
)
async def download_submission_body(request: Request, caller: AnyCaller, id: SubmissionId) -> Response:  # noqa: A002 (the API's word)
    """The body exactly as it was received: its SHA-256 stands in the receipt."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        found, _node = await service.get_submission(session, caller, id)
    headers = {
        "Content-Disposition": f'attachment; filename="kiriman-{id}"',
        "Cache-Control": "private, no-store",
        "X-Source-Form": found.form,
        "X-Source-Encoding": found.encoding,
    }
    pieces: AsyncIterator[bytes] = stored_pieces(database, found.body_id)
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


def _answer(answer: Answer) -> Response:
    headers = {"Cache-Control": "no-store"}
    if answer.submission_id is not None:
        headers["Location"] = f"/api/v1/submissions/{answer.submission_id}"
    if answer.is_replayed:
        headers["Idempotency-Replayed"] = "true"
    media_type = "application/problem+json" if answer.status == 422 else "application/json"
    return Response(answer.body, status_code=answer.status, media_type=media_type, headers=headers)


def _private(content: dict[str, Any]) -> Response:
    return ExactJSON(content, headers={"Cache-Control": "private, no-cache", "Vary": "Authorization"})
