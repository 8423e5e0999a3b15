"""Raw answers: kept compressed behind this one module, for the observations that changed content."""

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from app.core.records import RawAnswer
from app.kit.db import ReadSession, WriteSession

LEVEL = 6

_INSERT = text("""
    INSERT INTO raw_answers (fetched_on, observation_id, page, url, media_type, sha256, length, body, fetched_at)
    SELECT CAST(r.fetched_at AT TIME ZONE 'UTC' AS date), r.*
    FROM unnest(CAST(:observations AS bigint[]), CAST(:pages AS text[]), CAST(:urls AS text[]),
                CAST(:media_types AS text[]), CAST(:hashes AS bytea[]), CAST(:lengths AS integer[]),
                CAST(:bodies AS bytea[]), CAST(:moments AS timestamptz[]))
      AS r (observation_id, page, url, media_type, sha256, length, body, fetched_at)
""")


async def keep_answers(session: WriteSession, answers: Sequence[tuple[int, RawAnswer]]) -> None:
    """Keep the answers behind observations: (observation id, answer) pairs."""
    if not answers:
        return
    await session.execute(
        _INSERT,
        {
            "observations": [observation_id for observation_id, _ in answers],
            "pages": [answer.page for _, answer in answers],
            "urls": [answer.url for _, answer in answers],
            "media_types": [answer.media_type for _, answer in answers],
            "hashes": [hashlib.sha256(answer.body).digest() for _, answer in answers],
            "lengths": [len(answer.body) for _, answer in answers],
            "bodies": [zlib.compress(answer.body, LEVEL) for _, answer in answers],
            "moments": [answer.fetched_at for _, answer in answers],
        },
    )


async def read_answers(session: ReadSession, observation_id: int) -> list[RawAnswer]:
    """The answers behind one observation, as they came."""
    rows = await session.execute(
        text("""
            SELECT page, url, body, media_type, fetched_at FROM raw_answers
            WHERE observation_id = :observation_id ORDER BY id
        """),
        {"observation_id": observation_id},
    )
    return [RawAnswer(row.page, row.url, zlib.decompress(row.body), row.media_type, row.fetched_at) for row in rows]


async def prepare_partitions(session: WriteSession, *, now: datetime, keep_months: int) -> None:
    """Make the partitions of this month and the next, and drop those older than the retention.

    Runs as the application's role through a function of the owner, which alone may change tables.
    """
    await session.execute(
        text("SELECT rakor_prepare_raw_partitions(CAST(:today AS date), :keep)"),
        {"today": now.date(), "keep": keep_months},
    )
