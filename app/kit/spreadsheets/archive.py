"""The zip file that a workbook is: opened with care for what a stranger may have put there."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

from app.kit.spreadsheets.failures import NotAWorkbook, WorkbookBroken, WorkbookLimits, WorkbookTooLarge

_MAX_DIRECTORY_BYTES = 4 * 1024 * 1024
_BEGINNING = 64 * 1024
_ENCRYPTED = 0x1

# An OLE compound file is an .xls of 1997 to 2003, or the wrapping of a workbook with a password (MS-OFFCRYPTO 2.3.2).
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD_MARK = "EncryptedPackage".encode("utf-16-le")
_ODS_MARK = b"mimetypeapplication/vnd.oasis.opendocument"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    OverflowError,
)


class Archive:
    """The parts of a workbook by their names."""

    def __init__(self, file: BinaryIO, limits: WorkbookLimits) -> None:
        _refuse_strangers(file)
        self._limits = limits
        with _as_broken():
            self._zip = zipfile.ZipFile(cast("IO[bytes]", _Careful(file)))
        # Some programs differ in the case of names between the directory and the references to it.
        self._parts = {info.filename.lower().lstrip("/"): info for info in self._zip.infolist()}

    def has(self, name: str) -> bool:
        return name.lower() in self._parts

    @contextmanager
    def open(self, name: str, limit: int) -> Iterator[IO[bytes]]:
        """One part, unpacked while it is read; its checksum is looked at when its end is reached."""
        info = self._parts.get(name.lower())
        if info is None:
            msg = f"the part {name[:100]} is missing"
            raise WorkbookBroken(msg)
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} or info.flag_bits & _ENCRYPTED:
            msg = f"the part {name[:100]} is packed in an unknown way"
            raise WorkbookBroken(msg)
        is_bomb = info.file_size > self._limits.small_bytes and (
            info.file_size > self._limits.ratio * max(1, info.compress_size)
        )
        if info.file_size > limit or is_bomb:
            msg = f"{name[:100]}: {info.file_size} bytes in {info.compress_size}"
            raise WorkbookTooLarge(msg)
        with _as_broken(), self._zip.open(info) as part:
            yield part


def relative(base: str, target: str) -> str:
    """The name of a part that another one refers to."""
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target.replace("\\", "/")))


class _Careful:
    """A file that gives no more at once than a workbook's directory may measure, whatever size that states of itself."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, _MAX_DIRECTORY_BYTES + 1) if size >= 0 else _MAX_DIRECTORY_BYTES + 1)
        if len(data) > _MAX_DIRECTORY_BYTES:
            msg = "the directory of the archive is too large"
            raise WorkbookBroken(msg)
        return data


@contextmanager
def _as_broken() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise WorkbookBroken(str(error)[:200] or type(error).__name__) from error


def _refuse_strangers(file: BinaryIO) -> None:
    file.seek(0)
    beginning = file.read(_BEGINNING)
    file.seek(0)
    if beginning.startswith(_OLE_MARK):
        has_password = _PASSWORD_MARK in beginning or _PASSWORD_MARK in _end_of(file)
        raise NotAWorkbook("kata sandi / password" if has_password else ".xls (Excel 97–2003)")
    if _ODS_MARK in beginning[:200]:
        raise NotAWorkbook(".ods (OpenDocument)")
    if not beginning.startswith(b"PK"):
        raise NotAWorkbook(beginning[:60].decode(errors="replace"))


def _end_of(file: BinaryIO) -> bytes:
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _BEGINNING))
    return file.read(_BEGINNING)
