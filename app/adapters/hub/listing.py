"""One line of the feed as an entry of a list. Pure."""

import hashlib
from typing import Any

import msgspec

from app.adapters.protocol import IndexEntry
from app.core.problems import Problem
from app.core.text import CodeUnreadable, canonical_code, clean_text, is_storable
from app.core.vocabulary import PackageKind, PackageStatus
from app.kit.json import loads
from app.kit.json_plain import plain_bytes

_SETTLED = {PackageStatus.COMPLETED, PackageStatus.FAILED, PackageStatus.CANCELLED}
_SHOWN = 300


def read_line(line: bytes, *, node: str, kind: PackageKind, fiscal_year: int) -> IndexEntry | Problem | None:
    """The package that a line tells of; None where it tells that one is gone, which no list shows.

    The entry's row is the line itself, to the letter: its hash is the one by which followers of that hub know it. The
    fingerprint is of the package's document alone, since a hub that moved gives other cursors to the same changes.
    """
    try:
        text = line.decode()
        item: Any = loads(text)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return _problem("row-unreadable", kind, line.decode(errors="replace"))
    if not isinstance(item, dict) or not isinstance(package := item.get("package"), dict) or not is_storable(text):
        return _problem("row-unreadable", kind, text)
    if item.get("op") == "withdrawn":
        return None
    if item.get("op") != "upsert" or (package.get("node"), package.get("kind")) != (node, kind):
        return _problem("row-unreadable", kind, text)
    years = package.get("fiscal_years")
    if not isinstance(years, list) or package.get("fiscal_year") != fiscal_year or fiscal_year not in years:
        return _problem("fiscal-year-unreadable", kind, str(years))
    try:
        code = canonical_code(str(package.get("code")))
    except CodeUnreadable:
        return _problem("code-unreadable", kind, str(package.get("code")))
    fingerprint = hashlib.sha256(plain_bytes(package)).hexdigest()
    return IndexEntry(kind, code, [text], fingerprint, settled=package.get("status") in _SETTLED)


def _problem(code: str, kind: PackageKind, value: str) -> Problem:
    return Problem(code, kind=kind.value, field="changes", value=clean_text(value)[:_SHOWN])
