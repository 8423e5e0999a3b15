"""Rupiah as people and SPSE write them, read exactly or refused."""

import re
from decimal import Decimal

MAX_AMOUNT = Decimal("999999999999999999.99")
"""What NUMERIC(20,2) holds. Anything above is not an amount of public money."""

# "Rp. 1.234.567,00", "Rp 591.918.878": thousands in groups of three dots, at most two decimals after a comma.
# Source: recorded SPSE 4.5 pages and data.inaproc.id/realisasi, 2025 and 2026.
_RUPIAH = re.compile(
    r"(?P<sign>-?)\s*(?:Rp\.?)?\s*(?P<minus>-?)\s*(?P<whole>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<cents>\d{1,2}))?",
    re.IGNORECASE,
)


class AmountUnreadable(ValueError):
    """The text is not one unambiguous amount of rupiah."""


def parse_rupiah(text: str) -> Decimal:
    """Read an amount exactly as SPSE pages write it, in rupiah with two decimals.

    Refuses what could mean two things or only approximates: "22,7 M", "1,500", "Rp 1.50", exponents.
    """
    cleaned = text.replace("\xa0", " ").strip()
    match = _RUPIAH.fullmatch(cleaned)
    if match is None or not cleaned.isascii():
        raise AmountUnreadable(text)
    whole = match["whole"].replace(".", "")
    amount = Decimal(f"{whole}.{(match['cents'] or '0').ljust(2, '0')}")
    if amount > MAX_AMOUNT:
        raise AmountUnreadable(text)
    return -amount if match["sign"] or match["minus"] else amount


def format_rupiah(amount: Decimal) -> str:
    """Write an amount as Indonesian officials do: Rp 1.234.567,89."""
    text = f"{abs(amount):,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    return f"{'-' if amount < 0 else ''}Rp {text}"
