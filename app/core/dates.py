"""Indonesian dates and the three clocks of the country."""

import re
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

MONTHS = (
    "januari",
    "februari",
    "maret",
    "april",
    "mei",
    "juni",
    "juli",
    "agustus",
    "september",
    "oktober",
    "november",
    "desember",
)
_ABBREVIATIONS = {"jan": 1, "feb": 2, "peb": 2, "pebruari": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "agu": 8, "agt": 8, "ags": 8, "sep": 9, "sept": 9, "okt": 10, "nov": 11, "nop": 11, "nopember": 11, "des": 12}  # fmt: skip
_MONTH_NUMBERS = {name: number for number, name in enumerate(MONTHS, start=1)} | _ABBREVIATIONS
_DATE = re.compile(r"(\d{1,2})[\s-]+([A-Za-z]+)[\s-]+(\d{4})(?:[\s,]+(\d{1,2})[:.](\d{2}))?")
_NUMERIC_DATE = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})")


class TimeZone(StrEnum):
    """The three official clocks: West, Central and East Indonesia."""

    WIB = "WIB"
    WITA = "WITA"
    WIT = "WIT"

    @property
    def info(self) -> ZoneInfo:
        return ZoneInfo({"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}[self])


def end_of_day(day: date, zone: TimeZone = TimeZone.WIB) -> datetime:
    """The last moment of a day, aware: what happens at midnight belongs to the next one."""
    return datetime.combine(day, time.max, zone.info)


class DateUnreadable(ValueError):
    """The text is not a date this country writes."""


def parse_date(text: str) -> date:
    """Read "11 Agustus 2026" or "10-04-2026" (day first, as recorded on SPSE pages)."""
    cleaned = " ".join(text.split())
    if numeric := _NUMERIC_DATE.fullmatch(cleaned):
        day, month, year = (int(part) for part in numeric.groups())
        return _checked(year, month, day, text).date()
    return _parse_words(cleaned, text).date()


def parse_moment(text: str, zone: TimeZone) -> datetime:
    """Read "6 Februari 2026 16:05" on a node's wall clock; the answer is aware."""
    return _parse_words(" ".join(text.split()), text).replace(tzinfo=zone.info)


def _parse_words(cleaned: str, text: str) -> datetime:
    match = _DATE.fullmatch(cleaned)
    month = _MONTH_NUMBERS.get(match[2].lower()) if match else None
    if match is None or month is None:
        raise DateUnreadable(text)
    return _checked(int(match[3]), month, int(match[1]), text, int(match[4] or 0), int(match[5] or 0))


def _checked(year: int, month: int, day: int, text: str, hour: int = 0, minute: int = 0) -> datetime:
    if not 1990 <= year <= 2100:
        raise DateUnreadable(text)
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 (the caller attaches the node's zone)
    except ValueError as error:
        raise DateUnreadable(text) from error
