"""Keyset pages: `?limit=&after=` in, `{"items": […], "next": …}` out; complete while writers go on."""

import re
from typing import Any

from app.kit.errors import HubError, Kind

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

# Every text of these forms is a cursor, and PostgreSQL can compare with what it says: the published contract can
# therefore state exactly what “after” takes, and a forged cursor does no harm.
NUMBER_CURSOR = "^[0-7][0-9a-f]{15}$"
"""A whole number from 0 to 2^63 - 1, as 16 hexadecimal digits."""
CODE_CURSOR = "^([2-6][0-9a-f]|7[0-9a-e]){1,100}$"
"""Printable ASCII, two hexadecimal digits a character."""

_FORMS: dict[type, re.Pattern[str]] = {int: re.compile(NUMBER_CURSOR), str: re.compile(CODE_CURSOR)}


class CursorInvalid(HubError):
    kind = Kind.INVALID
    code = "cursor-invalid"
    title = "Cursor not valid"

    def __init__(self) -> None:
        super().__init__(
            "The value of “after” is not a cursor that this list gave out. Start again without it.",
            "Nilai “after” bukan penanda halaman dari daftar ini. Mulailah lagi tanpa penanda.",
        )


def encode_cursor(*key: int | str) -> str:
    """Make an opaque cursor from the sort key of a page's last item: numbers from 0, codes of printable ASCII."""
    return "-".join(f"{part:016x}" if isinstance(part, int) else part.encode("ascii").hex() for part in key)


def decode_cursor(cursor: str | None, *types: type[int | str]) -> list[Any] | None:
    """The sort key in a cursor, checked against the types the list sorts by; None without a cursor."""
    if cursor is None:
        return None
    parts = cursor.split("-")
    if len(parts) != len(types) or not all(
        _FORMS[expected].fullmatch(part) for part, expected in zip(parts, types, strict=True)
    ):
        raise CursorInvalid
    return [
        int(part, 16) if expected is int else bytes.fromhex(part).decode("ascii")
        for part, expected in zip(parts, types, strict=True)
    ]
