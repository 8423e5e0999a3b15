"""The row schemas over HTTP: their list, each as JSON Schema, each as a spreadsheet template. Public."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.kit.paging import CursorInvalid, decode_cursor, encode_cursor
from app.kit.web import problems
from app.kit.web.answers import ExactJSON
from app.kit.web.schema import DEFAULT_PAGE, AfterCode, Limit, Message, Page
from app.submission.errors import RowSchemaNotFound
from app.submission.forms.catalogue import XLSX_MEDIA_TYPE
from app.submission.intake import find_schema
from app.submission.row_schemas.catalogue import ROW_SCHEMAS, RowSchema
from app.submission.schemas import RowSchemaRead
from app.submission.templates import build_template

router = APIRouter(tags=["submission"])

SchemaName = Annotated[
    str, Path(pattern="^[a-z0-9:_-]{1,60}$", description="Name of a row schema.", examples=["rakor-package"])
]


@router.get("/submission-schemas", response_model=Page[RowSchemaRead], responses=problems.responses(CursorInvalid))
async def list_submission_schemas(limit: Limit = DEFAULT_PAGE, after: AfterCode = None) -> Response:
    """The row schemas that the push door understands, by name."""
    key = decode_cursor(after, str)
    names = sorted(name for name in ROW_SCHEMAS if key is None or name > key[0])
    items = [_read(ROW_SCHEMAS[name]) for name in names[:limit]]
    return ExactJSON(Page(items=items, next=encode_cursor(names[limit - 1]) if len(names) > limit else None))


@router.get(
    "/submission-schemas/{schema}",
    response_class=Response,
    responses={
        200: {
            "description": "A JSON Schema (2020-12) of one row.",
            "content": {"application/schema+json": {"schema": {"type": "object"}}},
        },
        **problems.responses(RowSchemaNotFound),
    },
)
async def get_submission_schema(schema: SchemaName) -> Response:
    """One row of a schema, field by field, as JSON Schema."""
    return ExactJSON(_get(schema).json_schema(), media_type="application/schema+json")


@router.get(
    "/submission-schemas/{schema}/template.xlsx",
    response_class=Response,
    responses={
        200: {"description": "An empty workbook to fill in.", "content": {XLSX_MEDIA_TYPE: {}}},
        **problems.responses(RowSchemaNotFound),
    },
)
async def download_template(schema: SchemaName) -> Response:
    """A workbook to fill in: headings and help in Indonesian, lists to choose from, examples on a sheet of their own."""
    found = _get(schema)
    content = await asyncio.to_thread(build_template, found.columns, found.title_id)
    headers = {"Content-Disposition": f'attachment; filename="templat-{found.name.replace(":", "-")}.xlsx"'}
    return Response(content, media_type=XLSX_MEDIA_TYPE, headers=headers)


def _read(schema: RowSchema) -> RowSchemaRead:
    return RowSchemaRead(
        name=schema.name,
        title=Message(id=schema.title_id, en=schema.title_en),
        template=f"/api/v1/submission-schemas/{schema.name}/template.xlsx",
        json_schema=f"/api/v1/submission-schemas/{schema.name}",
    )


def _get(name: str) -> RowSchema:
    schema = find_schema(name)
    if schema is None:
        raise RowSchemaNotFound(name)
    return schema
