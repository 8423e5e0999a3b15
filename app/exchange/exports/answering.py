"""Exports over HTTP: what is said of them in headers, parts of files, and readers that are too slow for a live export."""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.exchange.exports.filing import Filed
from app.exchange.exports.forms.protocol import MEDIA_TYPES
from app.exchange.exports.pieces import PIECE_BYTES, pieces_between
from app.exchange.exports.questions import FiguresAsked, Wanted, wanted_again
from app.exchange.exports.schemas import PreparedExportRead
from app.exchange.exports.service import HandedOut, Made, Streamed
from app.exchange.exports.sight import EVERYBODY, audience_named
from app.exchange.exports.tables import PreparedExport
from app.kit.db import Database
from app.kit.json import iso_utc
from app.kit.web.answers import ExactJSON
from app.kit.web.conditional import condition_of, last_modified
from app.kit.web.ranges import wanted_range

PATH = "/api/v1/exports"
GRACE_SECONDS = 120.0
SLOWEST = 32 * 1024
"""Bytes per second that a live export has to be taken at; a file that was prepared may be taken at any rate."""
LONGEST_SECONDS = 1800.0
"""So long a live export waits for its reader in all."""
_RETRY_SECONDS = "5"


class ReaderTooSlow(Exception):
    """A snapshot of the database is not held open for somebody who takes days; the export ends unfinished, as they see."""


class _Sent(StreamingResponse):
    """A body whose source is closed whatever becomes of it: also where nobody ever begins to read."""

    def __init__(self, *arguments: Any, close: Callable[[], Awaitable[None]], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._close()


def answer_with(request: Request, wanted: Wanted, handed: HandedOut, database: Database) -> Response:
    """The answer to whoever asked for an export at its own address."""
    match handed:
        case Streamed(heading, pieces, close):
            headers = _headers(wanted, heading.moment)
            headers["X-Export-Rows"] = str(heading.rows)
            if heading.cursor is not None:
                headers["X-Export-Cursor"] = heading.cursor

            async def ended() -> None:
                await pieces.aclose()
                await close()

            return _Sent(paced(pieces), media_type=MEDIA_TYPES[wanted.form], headers=headers, close=ended)
        case Made(filed, file, close):
            headers = _headers(wanted, filed.moment)
            headers |= _of_file(filed) | {"Content-Length": str(filed.length)}

            async def read() -> AsyncIterator[bytes]:
                while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                    yield piece

            return _Sent(read(), media_type=MEDIA_TYPES[wanted.form], headers=headers, close=close)
        case PreparedExport() as export if export.state == "ready":
            return file_answer(request, export, database)
        case PreparedExport() as export:
            location = {"Location": f"{PATH}/prepared/{export.id}", "Retry-After": _RETRY_SECONDS}
            return ExactJSON(prepared_read(export), status_code=202, headers={**location, **_caching(export.audience)})


def file_answer(request: Request, export: PreparedExport, database: Database) -> Response:
    """The file of an export that is ready, or the part of it that its reader still wants."""
    filed = filed_of(export)
    wanted = wanted_again(export.dataset, export.form, export.audience, export.question)
    headers = _headers(wanted, filed.moment)
    headers |= _of_file(filed) | {"Accept-Ranges": "bytes", "Content-Location": f"{PATH}/prepared/{export.id}/file"}
    # Who names the tag of what they have wants nothing of it, or all.
    part = None
    if condition_of(request.scope) is None:
        modified = headers["Last-Modified"]
        part = wanted_range(request.headers, length=filed.length, tag=headers["ETag"], modified=modified)
    start, end = part or (0, filed.length)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{filed.length}"
    assert export.file_id is not None
    pieces = pieces_between(database, export.file_id, start, end)
    return _Sent(
        pieces,
        status_code=200 if part is None else 206,
        media_type=MEDIA_TYPES[wanted.form],
        headers=headers,
        close=pieces.aclose,
    )


def prepared_read(export: PreparedExport) -> PreparedExportRead:
    """A prepared export as it is told."""
    return PreparedExportRead.model_validate(
        {
            **{name: getattr(export, name) for name in _TOLD},
            "question": wanted_again(export.dataset, export.form, export.audience, export.question).told(),
            "bytes": export.length,
            "sha256": None if export.sha256 is None else export.sha256.hex(),
            "file": f"{PATH}/prepared/{export.id}/file" if export.state == "ready" else None,
        }
    )


_TOLD = (
    "id", "dataset", "form", "state", "asked_at", "finished_at", "expires_at", "moment", "cursor", "rows",
)  # fmt: skip


def filed_of(export: PreparedExport) -> Filed:
    """What is known of the file of an export that is ready."""
    assert export.moment is not None
    assert export.rows is not None
    assert export.length is not None
    assert export.sha256 is not None
    return Filed(export.moment, export.cursor, export.rows, export.length, export.sha256)


async def paced(
    pieces: AsyncGenerator[bytes], *, grace_seconds: float = GRACE_SECONDS, slowest: float = SLOWEST
) -> AsyncGenerator[bytes]:
    """The pieces, for as long as their reader takes them at some rate. Only time spent waiting for the reader counts."""
    clock = asyncio.get_running_loop().time
    waited = 0.0
    taken = 0
    async with aclosing(pieces):
        async for piece in pieces:
            given_at = clock()
            yield piece
            waited += clock() - given_at
            taken += len(piece)
            if waited > min(grace_seconds + taken / slowest, LONGEST_SECONDS):
                raise ReaderTooSlow


def _headers(wanted: Wanted, moment: datetime) -> dict[str, str]:
    name = f"rakor-{wanted.dataset}-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.{wanted.form}"
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Export-Moment": iso_utc(moment),
        "Link": f'<{_schema_of(wanted)}>; rel="describedby"; type="application/schema+json"',
        "Cache-Control": "no-cache" if wanted.audience == EVERYBODY else "private, no-store",
        "Vary": "Authorization",
    }


def _schema_of(wanted: Wanted) -> str:
    """Where the columns are described; those of a figure depend on how it was asked."""
    address = f"{PATH}/{wanted.dataset}.schema.json"
    if not isinstance(wanted.asked, FiguresAsked):
        return address
    question = wanted.asked.question
    asked = {"figure": wanted.asked.figure}
    if question.group_by:
        asked["group_by"] = ",".join(question.group_by)
    if question.compares_years:
        asked["compare"] = "previous_year"
    return f"{address}?{urlencode(asked, safe=',')}"


def _caching(audience: str) -> dict[str, str]:
    return {
        "Cache-Control": "no-store" if audience_named(audience) == EVERYBODY else "private, no-store",
        "Vary": "Authorization",
    }


def _of_file(filed: Filed) -> dict[str, str]:
    return {
        "X-Export-Rows": str(filed.rows),
        **({} if filed.cursor is None else {"X-Export-Cursor": filed.cursor}),
        "ETag": f'"{filed.sha256.hex()}"',
        "Repr-Digest": f"sha-256=:{base64.b64encode(filed.sha256).decode()}:",
        "Last-Modified": last_modified(filed.moment),
    }
