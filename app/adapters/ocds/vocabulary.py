"""The one table that maps OCDS's words, and the Indonesian ones that publishers put beside them, onto ours."""

from app.adapters.words import CATEGORIES as INDONESIAN_CATEGORIES
from app.adapters.words import METHODS
from app.core.text import name_key
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus

# The codelist tenderStatus of OCDS 1.1. A planned tender has no schedule yet.
STATUSES: dict[str, PackageStatus] = {
    "planning": PackageStatus.NO_SCHEDULE,
    "planned": PackageStatus.NO_SCHEDULE,
    "active": PackageStatus.RUNNING,
    "complete": PackageStatus.COMPLETED,
    "cancelled": PackageStatus.CANCELLED,
    "withdrawn": PackageStatus.CANCELLED,
    "unsuccessful": PackageStatus.FAILED,
}

# The codelist procurementCategory. "services" are consultancy or others: only the publisher's own words can tell.
CATEGORIES: dict[str, Category] = {
    "goods": Category.GOODS,
    "works": Category.WORKS,
    "services": Category.OTHER,
}
# The codelist method. Each word stands for several of ours (open: Tender, Tender Cepat and Seleksi alike).
CODED_METHODS = frozenset({"open", "selective", "limited", "direct"})
_DIRECT = frozenset({"direct", "limited"})
_DIRECT_METHODS = frozenset({Method.DIRECT_PROCUREMENT, Method.DIRECT_APPOINTMENT})


def status_of(text: str) -> PackageStatus | None:
    return STATUSES.get(name_key(text))


def category_of(texts: list[str]) -> tuple[Category, str] | None:
    """The category, and the words that say it; an Indonesian name says more than a word of the codelist.

    ICW's feed writes it into tender.description (recorded, 2024).
    """
    for table in (INDONESIAN_CATEGORIES, CATEGORIES):
        for text in texts:
            if (category := table.get(name_key(text))) is not None:
                return category, text
    return None


def method_of(details: str | None, method: str | None) -> Method | None:
    """The method as the details word it; a word of the codelist alone is known, but too coarse to be one of ours."""
    if details and (found := METHODS.get(name_key(details))) is not None:
        return found
    return Method.OTHER if not details and method and name_key(method) in CODED_METHODS else None


def kind_of(details: str | None, method: str | None) -> PackageKind | None:
    """Direct and limited procurement are non-tenders, all else is a tender; None where nothing is said."""
    found = METHODS.get(name_key(details or ""))
    if found is not None and found not in {Method.E_PURCHASING, Method.OTHER}:
        return PackageKind.NON_TENDER if found in _DIRECT_METHODS else PackageKind.TENDER
    if method:
        return PackageKind.NON_TENDER if name_key(method) in _DIRECT else PackageKind.TENDER
    return PackageKind.TENDER if details else None
