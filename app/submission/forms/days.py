"""Days and moments as people write them into tables: day first as in Indonesia, or refused where the order is unclear."""

import re
from datetime import date, datetime, timedelta, timezone, tzinfo

from app.core.dates import DateUnreadable, TimeZone, parse_date
from app.submission.forms.refusals import ValueRefused, shorten
from app.submission.rows import Cell

_MAX_LENGTH = 60
_YEARS = range(1990, 2101)

_WEEKDAY = re.compile(r"^(?:senin|selasa|rabu|kamis|jum['\u2019]?at|sabtu|minggu|ahad)\s*,?\s+", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[-/. ](?:[0-9]{1,2}|[A-Za-z]{3,9})[-/. ]'?[0-9]{2}")
_IN_WORDS = re.compile(r"([0-9]{1,2})[\s-]+([A-Za-z]+)\.?[\s-]+([0-9]{4})")
# Moments are kept to the microsecond. Databases write a seventh decimal, mostly 0; one that says more is not cut off.
_WITH_CLOCK = re.compile(
    r"(?P<day>.*[0-9])(?:T|,? )(?:(?:pukul|jam) )?"
    r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,6})0{0,3})?)?"
    r" ?(?P<zone>WIB|WITA|WIT|Z|UTC|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)
# The names of months that programs set to English write and core.dates does not know.
_ENGLISH_MONTHS = {
    "january": "januari", "february": "februari", "march": "maret", "may": "mei", "june": "juni", "july": "juli",
    "august": "agustus", "aug": "agustus", "october": "oktober", "oct": "oktober", "december": "desember", "dec": "desember",
}  # fmt: skip


def read_day(value: Cell) -> date:
    """A day: "11 Agustus 2026", "11-08-2026", "11/08/2026", "2026-08-11", or a spreadsheet's own date."""
    match value.value:
        case datetime() as moment:
            return _in_range(moment.date(), moment)
        case date() as day:
            return _in_range(day, day)
        case str() as text:
            stated = _trimmed(text)
            clock = _WITH_CLOCK.fullmatch(stated)
            if clock is None:
                return _day_of_text(stated, text)
            if clock["zone"] and clock["zone"].upper() not in TimeZone.__members__:
                raise _day_of_other_clock(text)
            return _moment_of(clock, text, TimeZone.WIB.info).date()
        case other:
            raise _day_as_number(other)


def read_moment(value: Cell, zone: TimeZone) -> datetime:
    """A moment, aware; without an offset it is the node's wall clock, and a day alone is its midnight."""
    match value.value:
        case datetime() as moment:
            _in_range(moment.date(), moment)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone.info)
        case date() as day:
            return _midnight(_in_range(day, day), zone)
        case str() as text:
            stated = _trimmed(text)
            if clock := _WITH_CLOCK.fullmatch(stated):
                return _moment_of(clock, text, zone.info)
            return _midnight(_day_of_text(stated, text), zone)
        case other:
            raise _day_as_number(other)


def _trimmed(text: str) -> str:
    stated = " ".join(text.split())
    if len(stated) > _MAX_LENGTH:
        raise _unreadable(text)
    return _WEEKDAY.sub("", stated)


def _midnight(day: date, zone: TimeZone) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone.info)


def _moment_of(clock: re.Match[str], text: str, wall_clock: tzinfo) -> datetime:
    day = _day_of_text(clock["day"], text)
    fraction = (clock["fraction"] or "0").ljust(6, "0")
    try:
        return datetime(
            day.year,
            day.month,
            day.day,
            int(clock["hour"]),
            int(clock["minute"]),
            int(clock["second"] or 0),
            int(fraction),
            tzinfo=_zone_of(clock, wall_clock),
        )
    except ValueError as error:
        raise _unreadable(text) from error


def _zone_of(clock: re.Match[str], wall_clock: tzinfo) -> tzinfo:
    stated = (clock["zone"] or "").upper()
    if not stated:
        return wall_clock
    if stated in TimeZone.__members__:
        return TimeZone(stated).info
    if stated in {"Z", "UTC"}:
        return timezone(timedelta(0))
    sign = -1 if stated[0] == "-" else 1
    # timezone() refuses an offset of a day and more with the ValueError that our caller expects.
    return timezone(sign * timedelta(hours=int(stated[1:3]), minutes=int(stated[-2:])))


def _day_of_text(stated: str, text: str) -> date:
    if year_first := _YEAR_FIRST.fullmatch(stated):
        return _built(int(year_first[1]), int(year_first[3]), int(year_first[4]), text)
    if day_first := _DAY_FIRST.fullmatch(stated):
        day, month, year = int(day_first[1]), int(day_first[3]), int(day_first[4])
        if month > 12 >= day:
            raise _month_first(text)
        return _built(year, month, day, text)
    if in_words := _IN_WORDS.fullmatch(stated):
        day_number, month_name, year_number = in_words.groups()
        month_name = _ENGLISH_MONTHS.get(month_name.lower(), month_name)
        try:
            return parse_date(f"{day_number} {month_name} {year_number}")
        except DateUnreadable as error:
            raise _unreadable(text) from error
    raise _short_year(text) if _SHORT_YEAR.fullmatch(stated) else _unreadable(text)


def _built(year: int, month: int, day: int, text: str) -> date:
    try:
        return _in_range(date(year, month, day), text)
    except ValueRefused:
        raise
    except ValueError as error:
        raise _unreadable(text) from error


def _in_range(day: date, stated: object) -> date:
    if day.year not in _YEARS:
        raise ValueRefused(
            "date-unreadable",
            f"Tahun pada “{shorten(stated)}” di luar 1990 sampai 2100.",
            f"The year in “{shorten(stated)}” lies outside 1990 to 2100.",
        )
    return day


def _unreadable(text: object) -> ValueRefused:
    return ValueRefused(
        "date-unreadable",
        f"“{shorten(text)}” bukan tanggal. Tulis misalnya 11 Agustus 2026, 11-08-2026 atau 2026-08-11.",
        f"“{shorten(text)}” is no date. Write for example 11 Agustus 2026, 11-08-2026 or 2026-08-11.",
    )


def _day_as_number(number: object) -> ValueRefused:
    return ValueRefused(
        "date-unreadable",
        f"Sel berisi angka {shorten(number)}, bukan tanggal. Beri sel format tanggal, atau tulis misalnya 11-08-2026.",
        f"The cell holds the number {shorten(number)}, not a date. Format it as a date, or write for example 11-08-2026.",
    )


def _short_year(text: str) -> ValueRefused:
    return ValueRefused(
        "date-ambiguous",
        f"“{shorten(text)}” tidak jelas: tahunnya hanya dua angka. Tulis tahun dengan empat angka, misalnya 03-04-2026 untuk 3 April.",
        f"“{shorten(text)}” is unclear: its year has two digits. Write four, for example 03-04-2026 for 3 April.",
    )


def _month_first(text: str) -> ValueRefused:
    return ValueRefused(
        "date-ambiguous",
        f"“{shorten(text)}” tampaknya menulis bulan di depan. Tulis hari lebih dulu, misalnya 13-08-2026, atau 2026-08-13.",
        f"“{shorten(text)}” seems to have the month first. Write the day first, for example 13-08-2026, or 2026-08-13.",
    )


def _day_of_other_clock(text: str) -> ValueRefused:
    return ValueRefused(
        "date-ambiguous",
        f"“{shorten(text)}” adalah saat menurut jam lain, sehingga harinya dapat bergeser. Tulis tanggalnya saja.",
        f"“{shorten(text)}” is a moment of another clock, where the day may be another. Write the day alone.",
    )
