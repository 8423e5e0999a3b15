"""Reading the values of one package's rows, and remembering what could not be read. Pure."""

import html
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple

from app.adapters.lkpp.rows import Row, whole_number
from app.adapters.reporting import Reporter
from app.core.dates import TimeZone
from app.core.money import AmountUnreadable, parse_rupiah
from app.core.text import clean_text

_NOTHING = frozenset({"", "-"})
_PLAIN = re.compile(r"-?\d{1,18}(?:\.\d{1,2})?", re.ASCII)
# Recorded: "2023-10-17T22:08:00.607", "2024-05-03T21:30:00Z", "2025-08-27 17:00:00.000000Z", "2024-01-05T09:07:06.5Z".
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?)?"
    r"\s?(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
# Rows of before 2022: "May 7, 2021 12:00:00 AM".
_ENGLISH = re.compile(
    r"(?P<month>[A-Za-z]{3})[a-z]* (?P<day>\d{1,2}), (?P<year>\d{4})"
    r"(?:,? (?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))? (?P<half>[AP]M))?",
    re.ASCII,
)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_YEARS = range(1990, 2101)
"""Outside stand the values that mean nothing: the years 0001 and 9999, and 1970, the first second of a computer's time."""
_FISCAL_YEARS = range(2000, 2101)
_MAX_COUNT = 1_000_000
_LINE_END = re.compile(r"_x000[dD]_")
"""How a spreadsheet on the way wrote a carriage return (recorded)."""
_MARKUP = re.compile(r"<[/!a-zA-Z][^<>]{0,2000}>")
_UTC = frozenset({None, "Z", "+00:00", "+0000", "-00:00", "-0000"})


class Amount(NamedTuple):
    """An amount as read. `known` is false where one is stated that cannot be used: then it is not the same as none."""

    value: Decimal | None
    known: bool = True


class Reader(Reporter):
    """Reads the rows of one package."""

    def text(self, row: Row, field: str) -> str | None:
        """A text without its markup, or a number where one is written as that (nip_ppk, kd_rup)."""
        value = row.get(field)
        if value is None:
            return None
        if isinstance(value, bool | dict | list):
            self.report("detail-drift", field=field, value=value)
            return None
        return clean_text(html.unescape(_MARKUP.sub(" ", _LINE_END.sub(" ", str(value))))) or None

    def stated(self, row: Row, field: str) -> Amount:
        """Rupiah, exactly as stated: whole and fractional numbers are mixed. What could mean two things is refused."""
        value = row.get(field)
        if value is None or (isinstance(value, str) and value.strip() in _NOTHING):
            return Amount(None)
        amount = self.exact(_number_in(value) if isinstance(value, str) else value, field)
        return Amount(amount, known=amount is not None)

    def amount(self, row: Row, field: str) -> Decimal | None:
        return self.stated(row, field).value

    def price(self, row: Row, field: str) -> Amount:
        """What somebody asked or agreed to: zero is none."""
        amount = self.stated(row, field)
        if amount.value == 0:
            self.report("amount-zero", field=field, value=row.get(field))
            return Amount(None)
        return amount

    def moment(self, row: Row, field: str) -> datetime | None:
        """A moment on the clock of the LPSE, to the second: it is written as if it were UTC ("Z"), which it is not."""
        value = row.get(field)
        if value is None or value == "":
            return None
        moment = _moment(value, self.zone) if isinstance(value, str) else None
        if moment is None:
            self.report("date-unreadable", field=field, value=value)
        return moment

    def day(self, row: Row, field: str) -> date | None:
        moment = self.moment(row, field)
        return None if moment is None else moment.astimezone(self.zone.info).date()

    def count(self, row: Row, field: str) -> int | None:
        value = row.get(field)
        number = whole_number(value)
        if value in (None, "") or (number is not None and 0 <= number < _MAX_COUNT):
            return number
        self.report("count-unreadable", field=field, value=value)
        return None

    def years(self, row: Row, field: str) -> list[int]:
        """Fiscal years: 2025, or "2025;2026;2027"."""
        value = row.get(field)
        texts = [] if value is None else [part.strip() for part in re.split("[;,]", str(value)) if part.strip()]
        years = [int(text) for text in texts if re.fullmatch(r"\d{4}", text, re.ASCII)]
        if len(years) != len(texts) or any(year not in _FISCAL_YEARS for year in years):
            self.report("fiscal-year-unreadable", field=field, value=value)
        return [year for year in years if year in _FISCAL_YEARS]


def _number_in(text: str) -> Decimal | str:
    """The number that a text holds; the text where it holds none, or may hold two."""
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    # "1.500" may be one and a half or fifteen hundred; with "Rp", a comma or a second dot it is Indonesian.
    if text.lower().startswith("rp") or "," in text or text.count(".") > 1:
        with suppress(AmountUnreadable):
            return parse_rupiah(text)
    return text


def _moment(text: str, zone: TimeZone) -> datetime | None:
    cleaned = " ".join(text.split())
    if found := _ISO.fullmatch(cleaned):
        month, hour = int(found["month"]), int(found["hour"] or 0)
        info = zone.info if found["offset"] in _UTC else _offset(found["offset"])
    elif (found := _ENGLISH.fullmatch(cleaned)) and found["month"].lower() in _MONTHS:
        month, hour = _MONTHS[found["month"].lower()], int(found["hour"] or 0)
        info = zone.info
        if found["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if found["half"] == "PM" else 0)
    else:
        return None
    year = int(found["year"])
    if year not in _YEARS:
        return None
    try:
        day, minute, second = int(found["day"]), int(found["minute"] or 0), int(found["second"] or 0)
        return datetime(year, month, day, hour, minute, second, tzinfo=info)
    except ValueError:
        return None


def _offset(text: str) -> timezone:
    """An offset that is really one, as "+07:00"."""
    sign = -1 if text.startswith("-") else 1
    digits = text[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(sign * shift) if shift < timedelta(hours=24) else UTC
