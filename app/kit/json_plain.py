"""One spelling for one meaning: rows of sources named by what they say, and brought into a form that can be stored."""

import hashlib
import re
from decimal import Decimal
from typing import Any

import msgspec

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_DIGITS = 100
_HUGE = 10**_MAX_DIGITS
_MAX_DEPTH = 100
_SHOWN = 300
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def row_key(resource: str, row: Any) -> str:
    """Names a row by its resource and what it says: the same row twice has one name, wherever it stood."""
    return name_row(resource, row)[0]


def name_row(resource: str, row: Any) -> tuple[str, Any]:
    """The row's name, and the row as it can be kept: see `plain`."""
    kept = plain(row)
    return f"{resource}#{hashlib.sha256(_encoder.encode(kept)).hexdigest()[:16]}", kept


def plain_bytes(value: Any) -> bytes:
    """JSON in the one spelling that a meaning has here, with every digit that was stated."""
    return _encoder.encode(plain(value))


def plain(value: Any, depth: int = 0) -> Any:
    """The same meaning in one spelling that PostgreSQL can hold.

    Numbers lose needless zeros and nothing else; those beyond any meaning, characters that cannot be stored, and what is
    nested deeper than anybody reads, become text that shows it.
    """
    match value:
        case None | bool():
            return value
        case str():
            return _UNSTORABLE.sub("\ufffd", value) if _UNSTORABLE.search(value) else value
        case Decimal():
            return _plain_number(value)
        case int():
            return value if abs(value) < _HUGE else f"{Decimal(value):.20E}"
        case dict() | list() if depth >= _MAX_DEPTH:
            return "…"
        case dict():
            return {plain(key): plain(item, depth + 1) for key, item in value.items()}
        case list():
            return [plain(item, depth + 1) for item in value]
        case _:
            return value


def _plain_number(number: Decimal) -> Decimal | int | str:
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or abs(number.adjusted()) >= _MAX_DIGITS or len(digits) > _MAX_DIGITS:
        return 0 if number.is_zero() else str(number)[:_SHOWN]
    if not any(digits):
        return 0
    while digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    exact = Decimal((sign, digits, exponent))
    return int(exact) if exponent >= 0 else exact
