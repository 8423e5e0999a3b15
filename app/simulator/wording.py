"""Rupiah and dates as SPSE 4.5 writes them, written here anew so that no parser is tested against its own twin."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip

_SWAPPED = str.maketrans({",": ".", ".": ","})
_UNITS = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "M"), (Decimal(100_000), "Jt"))
_TENTH = Decimal("0.1")


def rupiah(amount: Decimal | None) -> str:
    """`Rp. 1.234.567,60`; an amount that is not there is an empty cell."""
    return "" if amount is None else "Rp. " + f"{amount:,.2f}".translate(_SWAPPED)


def abbreviated(amount: Decimal | None) -> str:
    """`22,7 M`, `60 M`, `0,8 Jt`: what the index shows of the HPS, good for a glance and for nothing else."""
    if amount is None:
        return ""
    for least, unit in _UNITS:
        if amount >= least:
            scaled = amount / (Decimal(10) ** 6 if unit == "Jt" else least)
            break
    else:
        scaled, unit = amount / 1000, "Rb"
    text = str(scaled.quantize(_TENTH, rounding=ROUND_HALF_UP)).replace(".", ",")
    return f"{text.removesuffix(',0')} {unit}"


def long_date(day: date) -> str:
    """`11 Agustus 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def long_moment(moment: datetime) -> str:
    """`6 Februari 2026 16:05`."""
    return f"{long_date(moment)} {moment:%H:%M}"
