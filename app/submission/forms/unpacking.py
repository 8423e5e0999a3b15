"""A body's bytes without their compression: never more than the limit, and never a half stream for a whole one."""

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, assert_never

import zstandard

from app.submission.forms.catalogue import Encoding
from app.submission.forms.failures import BodyUnreadable, FormLimits

_STEP = 256 * 1024
_OUTPUT_STEP = 1024 * 1024
# A zstd block of four bytes can stand for 128 KiB: so much goes in at once that what comes out can still be held.
_ZSTD_STEP = 1024
# RFC 9659: content coding "zstd" uses windows of at most 8 MiB.
_ZSTD_WINDOW = 8 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_MAX_MEMBERS = 100_000


def unpack(file: BinaryIO, encoding: Encoding, limits: FormLimits) -> Iterator[bytes]:
    """The content in pieces. Raises BodyUnreadable where the stream is broken, cut, or larger than the limit."""
    size = 0
    for piece in _pieces(file, encoding):
        size += len(piece)
        if size > limits.content_bytes:
            raise BodyUnreadable("content-too-large", f"> {limits.content_bytes} byte", f"{encoding}")
        if size > limits.unjudged_bytes and size > limits.unpacked_ratio * file.tell():
            raise BodyUnreadable("content-too-large", f"> 1:{limits.unpacked_ratio}", f"{encoding}")
        yield piece


def _pieces(file: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    match encoding:
        case Encoding.IDENTITY:
            while data := file.read(_STEP):
                yield data
        case Encoding.GZIP:
            yield from _gunzip(file)
        case Encoding.ZSTD:
            yield from _unzstd(file)
        case _:
            assert_never(encoding)


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    """Members one after the other, as RFC 1952 allows; zero bytes after the last are padding."""
    members = 0
    data = file.read(_STEP)
    while data:
        stream = zlib.decompressobj(_GZIP)
        members += 1
        if members > _MAX_MEMBERS:
            raise BodyUnreadable("content-cut", "gzip", f"> {_MAX_MEMBERS} member")
        while not stream.eof:
            try:
                piece = stream.decompress(data, _OUTPUT_STEP)
            except zlib.error as error:
                raise BodyUnreadable("content-cut", "gzip", str(error)) from error
            if piece:
                yield piece
            data = stream.unconsumed_tail
            # A full step may have left output inside the stream although all input was taken.
            if not data and not stream.eof and len(piece) < _OUTPUT_STEP:
                data = file.read(_STEP)
                if not data:
                    raise BodyUnreadable("content-cut", "gzip", "end of stream missing")
        data = stream.unused_data or file.read(_STEP)
        while data and not (data := data.lstrip(b"\0")):
            data = file.read(_STEP)


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    """Frames one after the other, as RFC 8878 allows."""
    stream = None
    while data := file.read(_STEP):
        for start in range(0, len(data), _ZSTD_STEP):
            rest = data[start : start + _ZSTD_STEP]
            while rest:
                stream = stream or zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
                try:
                    piece = stream.decompress(rest)
                except zstandard.ZstdError as error:
                    raise BodyUnreadable("content-cut", "zstd", str(error)) from error
                if piece:
                    yield piece
                rest = b""
                if stream.eof:
                    rest, stream = stream.unused_data, None
    if stream is not None:
        raise BodyUnreadable("content-cut", "zstd", "end of stream missing")


class Unpacked(io.RawIOBase):
    """The content as a file to read from, for who needs one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is wider than what io hands over
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
