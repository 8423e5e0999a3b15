"""Files in pieces, where every machine sees them: written as they come, read from wherever a reader wants to go on."""

import asyncio
import hashlib
import io
import uuid
from collections.abc import AsyncGenerator

from sqlalchemy import insert, select

from app.exchange.exports.tables import ExportPiece
from app.kit.clock import utc_now
from app.kit.db import Database

PIECE_BYTES = 1024 * 1024


class FileGone(Exception):
    """A file ended before its end."""


class PieceFile(io.RawIOBase):
    """A file to be written from a thread: each piece is kept in a transaction of its own as soon as it is full.

    Nothing of it lies on this machine. What an attempt that broke off has kept is swept away.
    """

    def __init__(self, database: Database, loop: asyncio.AbstractEventLoop) -> None:
        self.file_id = uuid.uuid4()
        self.length = 0
        self._database = database
        self._loop = loop
        self._digest = hashlib.sha256()
        self._held = bytearray()
        self._pieces = 0

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.length

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # of all buffers, those that are written here
        self._digest.update(data)
        self._held += data
        self.length += len(data)
        while len(self._held) >= PIECE_BYTES:
            self._keep(bytes(self._held[:PIECE_BYTES]))
            del self._held[:PIECE_BYTES]
        return len(data)

    def finish(self) -> None:
        """Keep what is left."""
        if self._held:
            self._keep(bytes(self._held))
            self._held.clear()

    def _keep(self, content: bytes) -> None:
        # The database is asked on the loop, which is free while this thread waits.
        asyncio.run_coroutine_threadsafe(self._store(content), self._loop).result()
        self._pieces += 1

    async def _store(self, content: bytes) -> None:
        piece = {"file_id": self.file_id, "piece": self._pieces, "content": content, "stored_at": utc_now()}
        async with self._database.transaction() as session:
            await session.execute(insert(ExportPiece).values(**piece))


async def pieces_between(database: Database, file_id: uuid.UUID, start: int, end: int) -> AsyncGenerator[bytes]:
    """The bytes of a file from `start` up to and not with `end`, each piece by a short look of its own."""
    position = start
    while position < end:
        piece, offset = divmod(position, PIECE_BYTES)
        async with database.reading() as session:
            content = await session.scalar(
                select(ExportPiece.content).where(ExportPiece.file_id == file_id, ExportPiece.piece == piece)
            )
        if content is None:
            # It was swept away meanwhile; what was announced does not come, and the reader sees that.
            raise FileGone
        wanted = content[offset : offset + end - position]
        yield wanted
        position += len(wanted)
