"""Range requests (RFC 9110, 14): which bytes of a file a reader still wants, when the file is still the one it had."""

import re
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

from app.kit.errors import HubError, Kind

_ONE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)
_MOST_DIGITS = 18


class RangeNotSatisfiable(HubError):
    kind = Kind.RANGE
    code = "range-not-satisfiable"
    title = "Range not satisfiable"

    def __init__(self, length: int = 0) -> None:
        self.headers = {"Content-Range": f"bytes */{length}", "Accept-Ranges": "bytes"}
        super().__init__(
            f"The file has {length} bytes, and the range lies beyond them.",
            f"Berkas ini berukuran {length} byte, dan rentang yang diminta di luar itu.",
        )


def wanted_range(headers: Headers, *, length: int, tag: str, modified: str) -> tuple[int, int] | None:
    """The first byte wanted and the one after the last; None is all of it. `tag` must be a strong one.

    Whoever asks for several ranges, or in words that nobody knows, gets the whole, as the standard has it.
    """
    stated = headers.get("range")
    if stated is None or not _is_unchanged(headers.get("if-range"), tag, modified):
        return None
    found = _ONE.fullmatch(stated)
    if found is None or not (found[1] or found[2]) or max(len(found[1]), len(found[2])) > _MOST_DIGITS:
        return None
    if not found[1]:
        start, end = max(length - int(found[2]), 0), length
        if int(found[2]) == 0 or length == 0:
            raise RangeNotSatisfiable(length)
        return start, end
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    if start >= length:
        raise RangeNotSatisfiable(length)
    return start, min(int(found[2]) + 1, length) if found[2] else length


def _is_unchanged(if_range: str | None, tag: str, modified: str) -> bool:
    """Whether the file is still the one of which the reader has a part."""
    if if_range is None:
        return True
    stated = if_range.strip()
    if stated.startswith(('"', "W/")):
        return stated == tag
    try:
        return parsedate_to_datetime(stated) == parsedate_to_datetime(modified)
    except (ValueError, TypeError):
        return False
