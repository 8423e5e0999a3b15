"""Bodies as received: hashed while they come, small ones held, large ones stored piece by piece, read back into a file."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from sqlalchemy import CursorResult, select, text

from app.kit.db import Database, WriteSession
from app.submission.tables import SubmissionBody

PIECE_BYTES = 1024 * 1024
"""Bodies up to one piece are held in memory; of larger ones each piece is stored in a short transaction of its own."""
ABANDONED_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Body:
    """A body that has come to its end. `content` is the whole of a small one; of a large one the pieces are stored."""

    id: uuid.UUID
    sha256: bytes
    length: int
    content: bytes | None


async def receive_body(database: Database, chunks: AsyncIterator[bytes], *, now: datetime) -> Body:
    """Take a body in to its end, in little memory whatever its size. One that breaks off leaves pieces that are swept away."""
    body_id = uuid.uuid4()
    digest = hashlib.sha256()
    held = bytearray()
    length = piece = 0
    async for chunk in chunks:
        digest.update(chunk)
        length += len(chunk)
        held += chunk
        while len(held) > PIECE_BYTES:
            async with database.transaction() as session:
                await store_piece(session, body_id, piece, bytes(held[:PIECE_BYTES]), now=now)
            del held[:PIECE_BYTES]
            piece += 1
    if piece == 0:
        return Body(body_id, digest.digest(), length, bytes(held))
    async with database.transaction() as session:
        await store_piece(session, body_id, piece, bytes(held), now=now)
    return Body(body_id, digest.digest(), length, None)


async def store_piece(session: WriteSession, body_id: uuid.UUID, piece: int, content: bytes, *, now: datetime) -> None:
    await session.execute(
        text("INSERT INTO submission_bodies (body_id, piece, content, stored_at) VALUES (:id, :piece, :content, :now)"),
        {"id": body_id, "piece": piece, "content": content, "now": now},
    )


async def stored_pieces(database: Database, body_id: uuid.UUID) -> AsyncIterator[bytes]:
    """The pieces of a stored body in order, each by a short look of its own."""
    piece = 0
    while True:
        async with database.reading() as session:
            content = await session.scalar(
                select(SubmissionBody.content).where(SubmissionBody.body_id == body_id, SubmissionBody.piece == piece)
            )
        if content is None:
            return
        yield content
        piece += 1


@contextmanager
def spool() -> Iterator[BinaryIO]:
    """A file of our own that is gone when it is closed."""
    with TemporaryFile(prefix="rakor-") as file:
        yield cast("BinaryIO", file)


async def fill(file: BinaryIO, database: Database, body_id: uuid.UUID) -> bytes:
    """Write a stored body into a file; the answer is its SHA-256."""
    digest = hashlib.sha256()
    async for content in stored_pieces(database, body_id):
        digest.update(content)
        file.write(content)
    file.seek(0)
    return digest.digest()


async def sweep_bodies(session: WriteSession, *, now: datetime) -> int:
    """Remove pieces of uploads that broke off or were not needed; the answer is how many pieces."""
    swept = cast(
        "CursorResult[object]",
        await session.execute(
            text("""
                DELETE FROM submission_bodies b
                WHERE b.stored_at < :before AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.body_id = b.body_id)
            """),
            {"before": now - ABANDONED_AFTER},
        ),
    )
    return swept.rowcount
