"""The words that pushed packages may use: the hub's codes, their Indonesian words, and those of SPSE, INAPROC and OCDS."""

from functools import lru_cache

from app.adapters.lkpp import vocabulary as lkpp
from app.adapters.ocds import vocabulary as ocds
from app.adapters.spse import vocabulary as spse
from app.core.text import name_key
from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus

KIND_WORDS: dict[PackageKind, str] = {
    PackageKind.TENDER: "Tender",
    PackageKind.NON_TENDER: "Non Tender",
    PackageKind.RECORDED: "Pencatatan Non Tender",
    PackageKind.SELF_MANAGED: "Pencatatan Swakelola",
    PackageKind.EMERGENCY: "Pengadaan Darurat",
}
STATUS_WORDS: dict[PackageStatus, str] = {
    PackageStatus.RUNNING: "Sedang Berjalan",
    PackageStatus.COMPLETED: "Selesai",
    PackageStatus.FAILED: "Gagal",
    PackageStatus.CANCELLED: "Batal",
    PackageStatus.NO_SCHEDULE: "Tidak Ada Jadwal",
    PackageStatus.OTHER: "Lainnya",
}
CATEGORY_WORDS: dict[Category, str] = {
    Category.GOODS: "Pengadaan Barang",
    Category.WORKS: "Pekerjaan Konstruksi",
    Category.INTEGRATED_WORKS: "Pekerjaan Konstruksi Terintegrasi",
    Category.CONSULTING_FIRM_CONSTRUCTION: "Jasa Konsultansi Badan Usaha Konstruksi",
    Category.CONSULTING_FIRM_NON_CONSTRUCTION: "Jasa Konsultansi Badan Usaha Non Konstruksi",
    Category.CONSULTING_INDIVIDUAL_CONSTRUCTION: "Jasa Konsultansi Perorangan Konstruksi",
    Category.CONSULTING_INDIVIDUAL_NON_CONSTRUCTION: "Jasa Konsultansi Perorangan Non Konstruksi",
    Category.OTHER_SERVICES: "Jasa Lainnya",
    Category.OTHER: "Lainnya",
}
METHOD_WORDS: dict[Method, str] = {
    Method.TENDER: "Tender",
    Method.FAST_TENDER: "Tender Cepat",
    Method.SELECTION: "Seleksi",
    Method.DIRECT_PROCUREMENT: "Pengadaan Langsung",
    Method.DIRECT_APPOINTMENT: "Penunjukan Langsung",
    Method.E_PURCHASING: "E-purchasing",
    Method.CONTEST: "Kontes/Sayembara",
    Method.OTHER: "Lainnya",
}
DATE_BASIS_WORDS: dict[DateBasis, str] = {DateBasis.ACTUAL: "Terjadi", DateBasis.SCHEDULED: "Rencana"}

# In `name_key` form. Interfaces and people shorten what the pages of an LPSE spell out.
_KINDS: dict[str, PackageKind] = {name_key(word): kind for kind, word in KIND_WORDS.items()} | {
    "lelang": PackageKind.TENDER,
    "seleksi": PackageKind.TENDER,
    "tender cepat": PackageKind.TENDER,
    "non tender": PackageKind.NON_TENDER,
    "nontender": PackageKind.NON_TENDER,
    "non_tender": PackageKind.NON_TENDER,
    "pengadaan langsung": PackageKind.NON_TENDER,
    "penunjukan langsung": PackageKind.NON_TENDER,
    "pencatatan": PackageKind.RECORDED,
    "pencatatan nontender": PackageKind.RECORDED,
    "pencatatan non_tender": PackageKind.RECORDED,
    "swakelola": PackageKind.SELF_MANAGED,
    "darurat": PackageKind.EMERGENCY,
    "pencatatan darurat": PackageKind.EMERGENCY,
    "pencatatan pengadaan darurat": PackageKind.EMERGENCY,
}
_STATUSES = (
    {name_key(word): status for status, word in STATUS_WORDS.items()}
    | ocds.STATUSES
    | {"gagal": PackageStatus.FAILED, "berjalan": PackageStatus.RUNNING, "selesai": PackageStatus.COMPLETED}
)
_CATEGORIES = ocds.CATEGORIES | {
    "barang": Category.GOODS,
    "konstruksi": Category.WORKS,
    "jasa lain": Category.OTHER_SERVICES,
    "lainnya": Category.OTHER,
}
_METHODS = {
    "epurchasing": Method.E_PURCHASING,
    "lainnya": Method.OTHER,
    **dict.fromkeys(ocds.CODED_METHODS, Method.OTHER),
}

# A body says the same few words over and over.
_remembered = lru_cache(maxsize=2048)

KIND_CODES = {kind.value: kind for kind in PackageKind}
STATUS_CODES = {status.value: status for status in PackageStatus}
CATEGORY_CODES = {category.value: category for category in Category}
METHOD_CODES = {method.value: method for method in Method}
DATE_BASIS_CODES = {basis.value: basis for basis in DateBasis}


def _as_code(text: str) -> str:
    """A code in capitals, or with spaces or hyphens in it, is still that code."""
    return name_key(text.replace("-", " ")).replace(" ", "_")


@_remembered
def kind_of(text: str) -> PackageKind | None:
    return KIND_CODES.get(text) or _KINDS.get(name_key(text)) or KIND_CODES.get(_as_code(text))


@_remembered
def status_of(text: str, reason: str = "") -> PackageStatus | None:
    """A status in anybody's words; a stage of the schedule says that the package is running."""
    known = _STATUSES.get(name_key(text)) or STATUS_CODES.get(_as_code(text))
    return known or lkpp.status_of(text, reason) or spse.status_of(text)


@_remembered
def category_of(text: str) -> Category | None:
    return spse.category_of(text) or _CATEGORIES.get(name_key(text)) or CATEGORY_CODES.get(_as_code(text))


@_remembered
def method_of(text: str) -> Method | None:
    return spse.method_of(text) or _METHODS.get(name_key(text)) or METHOD_CODES.get(_as_code(text))


def date_basis_of(text: str) -> DateBasis | None:
    return DATE_BASIS_CODES.get(_as_code(text)) or next(
        (basis for basis, word in DATE_BASIS_WORDS.items() if name_key(word) == name_key(text)), None
    )
