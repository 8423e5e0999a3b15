"""Whole years as streams: JSON lines and archives, made while they are sent, with memory for one batch."""

import asyncio
import io
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from app.exchange.ocds.compiling import compile_releases
from app.exchange.ocds.packaging import Place, Publication, release_package
from app.exchange.ocds.queries import Histories, Wanted, find_packages, read_histories
from app.exchange.ocds.service import record_of, releases_by_package
from app.exchange.ocds.stating import Object
from app.kit.db import Database
from app.kit.json import dumps
from app.procurement.filtering import PackageFilter

BATCH = 200
"""Processes whose versions are in memory at a time."""
_GZIP = 16 + zlib.MAX_WBITS

Make = Callable[[list[list[Object]]], bytes]
"""Bytes made of processes, each a list of its releases."""


async def batches(database: Database, prefix: str, wanted: PackageFilter, make: Make) -> AsyncIterator[bytes]:
    """What is made of each batch of processes. Each is read in a moment of its own: a slow reader keeps nobody waiting."""
    place: int | None = 0
    while place is not None:
        async with database.reading() as session:
            ids, place = await find_packages(session, Wanted(wanted), after=place, limit=BATCH)
            histories = await read_histories(session, prefix, dict.fromkeys(ids))

        if histories:
            yield await asyncio.to_thread(_made, make, histories)


def _made(make: Make, histories: Histories) -> bytes:
    return make(releases_by_package(histories))


def compiled_lines(processes: list[list[Object]]) -> bytes:
    return b"".join(dumps(compile_releases(releases)) + b"\n" for releases in processes)


def record_lines(processes: list[list[Object]]) -> bytes:
    return b"".join(dumps(record_of(releases)) + b"\n" for releases in processes)


async def gzipped(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same as one gzip file; one that was cut lacks its checksum at the end."""
    packer = zlib.compressobj(6, wbits=_GZIP)
    async for piece in pieces:
        if packed := await asyncio.to_thread(packer.compress, piece):
            yield packed
    yield packer.flush()


class _Sink(io.RawIOBase):
    """What an archive writes into: taken out again after every file."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # zipfile writes bytes
        self._written += piece
        return len(piece)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def archived(
    database: Database, publication: Publication, place: Place, wanted: PackageFilter, *, name: str, now: datetime
) -> AsyncIterator[bytes]:
    """A zip of release packages, one file a batch of processes."""
    sink = _Sink()
    moment = (now.year, now.month, now.day, now.hour, now.minute, now.second)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        number = 0

        def package(processes: list[list[Object]]) -> bytes:
            nonlocal number
            number += 1
            releases = [release for process in processes for release in process]
            entry = zipfile.ZipInfo(f"{name}-{number:04}.json", moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, dumps(release_package(publication, place, releases, now=now)))
            return sink.take()

        async for piece in batches(database, publication.prefix, wanted, package):
            yield piece
    yield sink.take()
