"""The problems of a submission as a table for a person: read page by page, written to a file, sent from there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from enum import StrEnum

from app.core.problems import Severity, message_of
from app.kit.db import Database
from app.submission.bodies import PIECE_BYTES, spool
from app.submission.forms.catalogue import XLSX_MEDIA_TYPE
from app.submission.queries import list_problems
from app.submission.reports import ReportedProblem, list_columns, write_report_csv, write_report_xlsx
from app.submission.tables import Submission, SubmissionProblem

_AT_ONCE = 1000


class ReportForm(StrEnum):
    """Which table."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {ReportForm.CSV: "text/csv; charset=utf-8", ReportForm.XLSX: XLSX_MEDIA_TYPE}


async def report_of(database: Database, submission: Submission, form: ReportForm) -> AsyncIterator[bytes]:
    """The report in pieces, in little memory however many problems there are."""
    loop = asyncio.get_running_loop()

    async def page(after: int) -> list[SubmissionProblem]:
        async with database.reading() as session:
            return list(await list_problems(session, submission.id, after=after, limit=_AT_ONCE))

    def reported() -> Iterator[ReportedProblem]:
        # Runs in the writer's thread; the database is asked on the loop.
        after = 0
        while rows := asyncio.run_coroutine_threadsafe(page(after), loop).result():
            yield from map(_reported, rows)
            after = rows[-1].id

    columns = list_columns(row.original for row in await page(0))
    with spool() as file:
        if form is ReportForm.XLSX:
            await asyncio.to_thread(write_report_xlsx, reported(), file, columns=columns)
        else:
            await asyncio.to_thread(file.writelines, write_report_csv(reported(), columns=columns))
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


def _reported(row: SubmissionProblem) -> ReportedProblem:
    message = message_of(row.code, field=row.field, value=row.value)
    return ReportedProblem(
        row=row.row,
        pointer=row.pointer,
        cell=row.cell,
        code=row.code,
        severity=Severity(row.severity),
        field=row.field,
        value=row.value,
        message_id=message["id"],
        message_en=message["en"],
        original=row.original,
    )
