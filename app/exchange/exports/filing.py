"""An export as a file: written as its rows come, hashed when it is whole."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import text

from app.exchange.exports.forms.csv_form import CsvForm
from app.exchange.exports.forms.ndjson_form import NdjsonForm
from app.exchange.exports.forms.parquet_form import ParquetForm
from app.exchange.exports.forms.protocol import Filing, Form, Heading, Streaming
from app.exchange.exports.forms.xlsx_form import XlsxForm
from app.exchange.exports.layout import Layout, Line, Spelling
from app.exchange.exports.pieces import PIECE_BYTES
from app.exchange.exports.questions import PackagesAsked, Wanted
from app.exchange.exports.sources import Source, open_source
from app.exchange.feed.places import read_head
from app.kit.db import ReadSession

_TOGETHER = 5_000


class PutDown(Exception):
    """Whoever writes was asked to stop; the export can be begun anew."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An export whose moment is fixed and whose rows are counted, none of them read yet."""

    wanted: Wanted
    source: Source
    heading: Heading


@dataclass(frozen=True, slots=True)
class Filed:
    """What can be said of a whole file."""

    moment: datetime
    cursor: str | None
    rows: int
    length: int
    sha256: bytes


async def begin_export(session: ReadSession, wanted: Wanted, *, now: datetime) -> Begun:
    """Fix the moment: whatever is read in this session from now on is of this one."""
    seen_at: datetime = await session.scalar(text("SELECT clock_timestamp()"))
    head = await read_head(session)
    spelling = Spelling.PLAIN if wanted.form is Form.CSV else Spelling.JSON
    source = await open_source(session, wanted, spelling, now=now)
    as_of = wanted.asked.as_of if isinstance(wanted.asked, PackagesAsked) else None
    heading = Heading(
        dataset=wanted.dataset,
        moment=as_of or seen_at,
        rows=source.rows,
        cursor=None if head is None or as_of is not None else head.encode(),
        question=wanted.told(),
        masked=not wanted.audience.sees_all,
    )
    return Begun(wanted, source, heading)


def stream_of(wanted: Wanted, layout: Layout) -> Streaming:
    """The form of an export that is sent while it is made."""
    return CsvForm(layout, mark=wanted.mark) if wanted.form is Form.CSV else NdjsonForm(layout)


async def bytes_of(begun: Begun) -> AsyncGenerator[bytes]:
    """The export in pieces, as its rows come."""
    form = stream_of(begun.wanted, begun.source.layout)
    if beginning := form.begin():
        yield beginning
    async with aclosing(begun.source.lines) as batches:
        async for lines in batches:
            if written := form.write(lines):
                yield written


def _never() -> bool:
    return False


async def file_export(begun: Begun, file: BinaryIO, *, is_stopping: Callable[[], bool] = _never) -> int:
    """Write the whole export into an empty file, beside whatever else this process has to do; how many rows it had."""
    writer = await asyncio.to_thread(_open_form, begun, file)
    rows = 0
    waiting: list[Line] = []
    async with aclosing(begun.source.lines) as batches:
        async for lines in batches:
            if is_stopping():
                raise PutDown
            rows += len(lines)
            waiting += lines
            # Handing over to a thread costs more than a few lines do.
            if len(waiting) >= _TOGETHER:
                await asyncio.to_thread(writer.write, waiting)
                waiting = []
    await asyncio.to_thread(writer.write, waiting)
    await asyncio.to_thread(writer.close)
    return rows


async def make_file(begun: Begun, file: BinaryIO) -> Filed:
    """The same into a file of this process, and what can be said of it then."""
    rows = await file_export(begun, file)
    length, sha256 = await asyncio.to_thread(_measured, file)
    return Filed(begun.heading.moment, begun.heading.cursor, rows, length, sha256)


def _open_form(begun: Begun, file: BinaryIO) -> Filing:
    layout, heading = begun.source.layout, begun.heading
    match begun.wanted.form:
        case Form.XLSX:
            return XlsxForm(file, layout, heading)
        case Form.PARQUET:
            return ParquetForm(file, layout, heading)
        case Form.CSV | Form.NDJSON:
            return _Streamed(stream_of(begun.wanted, layout), file)


class _Streamed:
    """What would be sent, into a file."""

    def __init__(self, form: Streaming, file: BinaryIO) -> None:
        self._form = form
        self._file = file
        file.write(form.begin())

    def write(self, lines: Iterable[Line]) -> None:
        self._file.write(self._form.write(lines))

    def close(self) -> None:
        """All is written."""


def _measured(file: BinaryIO) -> tuple[int, bytes]:
    digest = hashlib.sha256()
    length = 0
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
        length += len(piece)
    file.seek(0)
    return length, digest.digest()
