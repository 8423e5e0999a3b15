"""Which cells show a date: a workbook says so by their number format alone."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import IO

from app.kit.spreadsheets.failures import WorkbookTooLarge
from app.kit.spreadsheets.markup import Attributes, elements

_MAX_STYLES = 100_000
# Number formats that show a date without being spelled out in the workbook (ECMA-376 part 1, 18.8.30).
_BUILTIN_DATES = frozenset({*range(14, 18), 22, *range(27, 37), *range(50, 59)})
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a spreadsheet's dates have no zone)
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_SERIAL = 2_958_466
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_MAX_DIGITS = 40
# Doubles are exact up to here.
_EXACT_BELOW = 10**15


def shows_date(format_code: str) -> bool:
    """Whether a number format has a day or a year in its first section."""
    shown = _NOT_SHOWN.sub("", format_code).partition(";")[0].lower()
    return "d" in shown or "y" in shown


def date_styles(source: IO[bytes]) -> frozenset[str]:
    """The style numbers, as cells write them, that show a date."""
    codes: dict[str, str] = {}
    styles: set[str] = set()
    count = 0
    inside = ""

    def start(name: str, attributes: Attributes) -> None:
        nonlocal count, inside
        if name in {"cellXfs", "cellStyleXfs", "dxfs"}:
            inside = name
        elif name == "numFmt" and inside != "dxfs":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and inside == "cellXfs":
            if _is_date(attributes.get("numFmtId", ""), codes):
                styles.add(str(count))
            count += 1
        if len(codes) > _MAX_STYLES or count > _MAX_STYLES:
            msg = f"more than {_MAX_STYLES} styles"
            raise WorkbookTooLarge(msg)

    elements(source, start)
    return frozenset(styles)


def _is_date(number: str, codes: dict[str, str]) -> bool:
    if number in codes:
        return shows_date(codes[number])
    return number.isascii() and number.isdigit() and len(number) < 4 and int(number) in _BUILTIN_DATES


def number_of(text: str) -> int | Decimal | str:
    """The number that a cell holds: of a binary fraction the shortest decimal that stands for it. No number: the text."""
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
        return int(text)
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    if number.is_integer() and abs(number) < _EXACT_BELOW:
        return int(number)
    exact = Decimal(repr(number))
    return exact if exact.is_finite() else text


def day_of(number: int | Decimal, *, is_1904: bool) -> date | datetime | None:
    """The date, or the moment of a wall clock, that a number stands for; None where there is none."""
    if not 0 <= number < _LAST_SERIAL:
        return None
    epoch = _EPOCH_1904 if is_1904 else _EPOCH
    days = int(number)
    if days == number:
        return (epoch + timedelta(days=days)).date()
    # Sixteen o'clock is two thirds of a day, which no binary number is: moments are meant to the millisecond.
    return epoch + timedelta(days=days, milliseconds=round((number - days) * 86_400_000))
