"""The one table that maps the hub's words onto the codelists of OCDS 1.1."""

import re

from app.core.text import name_key
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus

CURRENCY = "IDR"
LANGUAGE = "id"

# The codelist tenderStatus. A status that nobody knows is left out.
TENDER_STATUSES: dict[str, str] = {
    PackageStatus.NO_SCHEDULE: "planned",
    PackageStatus.RUNNING: "active",
    PackageStatus.COMPLETED: "complete",
    PackageStatus.CANCELLED: "cancelled",
    PackageStatus.FAILED: "unsuccessful",
}
VANISHED = "withdrawn"
"""Of a package that no source shows any longer."""

CATEGORIES: dict[str, str] = {
    Category.GOODS: "goods",
    Category.WORKS: "works",
    Category.INTEGRATED_WORKS: "works",
    Category.CONSULTING_FIRM_CONSTRUCTION: "services",
    Category.CONSULTING_FIRM_NON_CONSTRUCTION: "services",
    Category.CONSULTING_INDIVIDUAL_CONSTRUCTION: "services",
    Category.CONSULTING_INDIVIDUAL_NON_CONSTRUCTION: "services",
    Category.OTHER_SERVICES: "services",
}
CONSULTING = frozenset(category for category in Category if category.startswith("consulting"))
CONSULTING_CODE = "consultingServices"

# A contest (kontes, sayembara) is open to all; a catalogue (e-purchasing) to those who are in it.
METHODS: dict[str, str] = {
    Method.TENDER: "open",
    Method.FAST_TENDER: "open",
    Method.SELECTION: "open",
    Method.CONTEST: "open",
    Method.E_PURCHASING: "limited",
    Method.DIRECT_PROCUREMENT: "direct",
    Method.DIRECT_APPOINTMENT: "direct",
}
METHODS_OF_KINDS: dict[str, str] = {
    PackageKind.TENDER: "open",
    PackageKind.NON_TENDER: "direct",
    PackageKind.RECORDED: "direct",
    PackageKind.SELF_MANAGED: "direct",
    PackageKind.EMERGENCY: "direct",
}
"""Where the method is not known, or is none of OCDS's: the kind still tells whether there was a competition."""

_METHOD_NAMES: dict[str, str] = {
    Method.TENDER: "Tender",
    Method.FAST_TENDER: "Tender Cepat",
    Method.SELECTION: "Seleksi",
    Method.DIRECT_PROCUREMENT: "Pengadaan Langsung",
    Method.DIRECT_APPOINTMENT: "Penunjukan Langsung",
    Method.E_PURCHASING: "E-purchasing",
    Method.CONTEST: "Kontes/Sayembara",
}
_KIND_NAMES: dict[str, str] = {
    PackageKind.RECORDED: "Pencatatan Non Tender",
    PackageKind.SELF_MANAGED: "Pencatatan Swakelola",
    PackageKind.EMERGENCY: "Pengadaan Darurat",
}
_SELF_MANAGED_TYPES = {1: "I", 2: "II", 3: "III", 4: "IV"}


def method_details(kind: str, method: str | None, stated: str | None, self_managed_type: int | None) -> str | None:
    """The method in the country's own words, the source's where it has any."""
    if stated or method in _METHOD_NAMES:
        return stated or _METHOD_NAMES[str(method)]
    if self_managed_type in _SELF_MANAGED_TYPES:
        return f"Swakelola Tipe {_SELF_MANAGED_TYPES[self_managed_type]}"
    return _KIND_NAMES.get(kind)


# Stages of a schedule by what OCDS asks of them (FACTS of SPSE: "Upload Dokumen Penawaran", "Penetapan pemenang", …). A
# publisher of OCDS whom the hub collects has stated the periods themselves.
PERIODS: dict[str, re.Pattern[str]] = {
    "enquiryPeriod": re.compile(r"enquiryperiod$|(pemberian )?penjelasan"),
    "tenderPeriod": re.compile(r"tenderperiod$|(upload|pemasukan|penyampaian) (file )?(dokumen )?penawaran"),
    "awardPeriod": re.compile(r"awardperiod$|(pembukaan|evaluasi)\b.*\bpenawaran|penetapan pemenang"),
}


def period_of(stage: str | None) -> str | None:
    """Which period of a tender a stage belongs to."""
    key = name_key(stage or "")
    return next((name for name, pattern in PERIODS.items() if pattern.match(key)), None)
