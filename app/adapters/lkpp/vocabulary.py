"""The one table that maps the words of LKPP's services onto ours; a word that is not here is kept as text and becomes `other`."""

import re

from app.adapters.words import CATEGORIES, METHODS
from app.core.text import name_key
from app.core.vocabulary import Category, Method, PackageStatus

# Keys are in `name_key` form: case, punctuation and white space are folded. Recorded: "Selesai", "Gagal/Batal";
# documented: "Tender Sedang Berjalan"; the rest are the words of the LPSE that the services copy.
_OUTCOMES = {
    "selesai": PackageStatus.COMPLETED,
    "sudah selesai": PackageStatus.COMPLETED,
    "gagal": PackageStatus.FAILED,
    "gagal batal": PackageStatus.FAILED,
    "batal gagal": PackageStatus.FAILED,
    "batal": PackageStatus.CANCELLED,
    "dibatalkan": PackageStatus.CANCELLED,
    "ditutup": PackageStatus.CANCELLED,
    "berjalan": PackageStatus.RUNNING,
    "sedang berjalan": PackageStatus.RUNNING,
    "sedang berlangsung": PackageStatus.RUNNING,
}
_PROCESSES = ("tender", "tender cepat", "seleksi", "non tender", "paket", "pengadaan langsung", "penunjukan langsung")
STATUSES: dict[str, PackageStatus] = (
    _OUTCOMES
    | {f"{process} {outcome}": status for process in _PROCESSES for outcome, status in _OUTCOMES.items()}
    | {
        "tidak ada jadwal": PackageStatus.NO_SCHEDULE,
        # Recorded packages have two words: "Aktif" with "Paket Selesai", "Ditutup" with "Paket Dibatalkan". Alone,
        # "Aktif" is whatever was not closed, finished packages among them.
        "aktif": PackageStatus.OTHER,
    }
)
_EITHER = frozenset({"gagal batal", "batal gagal"})
_SAYS_CANCELLED = re.compile(r"batal", re.IGNORECASE)
# Why a tender fails by law (Perpres 16/2018, article 51): what happened among the bidders, or to the procedure.
_GROUNDS_OF_FAILURE = re.compile(
    r"peserta|penyedia|penawar|evaluasi|kualifikasi|negosiasi|sanggah|prosedur|dokumen|kesalahan|persaingan|kolusi|\bhps\b",
    re.IGNORECASE,
)
# Why a buyer gives a purchase up: the money, the plan or the need is gone.
_GROUNDS_OF_CANCELLING = re.compile(
    r"anggaran|\bpagu\b|\bdana\b|efisiensi|refocus|revisi|\brup\b|sirup|dibutuhkan|kebutuhan|diperlukan|dialihkan",
    re.IGNORECASE,
)

# kgr_id, where the text is not known: 0, 1, 2, 3 and 5 as recorded beside kgr_nama, 4 from public consumers' code.
CATEGORY_IDS: dict[int, Category] = {
    0: Category.GOODS,
    1: Category.CONSULTING_FIRM_NON_CONSTRUCTION,
    2: Category.WORKS,
    3: Category.OTHER_SERVICES,
    4: Category.CONSULTING_INDIVIDUAL_NON_CONSTRUCTION,
    5: Category.CONSULTING_FIRM_CONSTRUCTION,
}

# The services shorten what the pages of an LPSE spell out; both are brought to the longer form.
QUALIFICATIONS = {
    "pasca satu file": "Pascakualifikasi Satu File",
    "pasca dua file": "Pascakualifikasi Dua File",
    "pra satu file": "Prakualifikasi Satu File",
    "pra dua file": "Prakualifikasi Dua File",
    "pra dua file kualitas biaya": "Prakualifikasi Dua File Kualitas Biaya",
    "pra dua tahap": "Prakualifikasi Dua Tahap",
}
BUSINESS_SIZES = {"kecil": "Usaha Kecil", "menengah": "Usaha Menengah", "non kecil": "Usaha Non Kecil"}
FUND_SOURCES = ("APBN", "APBNP", "APBD", "APBDP", "BLU", "BLUD", "PHLN", "PNBP", "BUMN", "BUMD", "LAINNYA")
REALIZATION_TYPES = ("Kwitansi", "Dokumen Lainnya", "Surat Perjanjian", "Bukti Pembelian", "Surat Pesanan")

_FUNDS = {name_key(word): word for word in FUND_SOURCES}
_REALIZATIONS = {name_key(word): word for word in REALIZATION_TYPES}


def status_of(text: str, reason: str = "") -> PackageStatus | None:
    """Read a status; None when the word is not known, `other` when it is known to say nothing of the end.

    "Gagal/Batal" is one word for two ends, which only the stated reason tells apart: see `_is_cancelled`.
    """
    key = name_key(text)
    if key in _EITHER:
        return PackageStatus.CANCELLED if _is_cancelled(reason) else PackageStatus.FAILED
    return STATUSES.get(key)


def _is_cancelled(reason: str) -> bool:
    """Cancelled where the reason says so, or where it names only what a buyer decides; in doubt it failed, as most do."""
    if _SAYS_CANCELLED.search(reason):
        return True
    return bool(_GROUNDS_OF_CANCELLING.search(reason)) and not _GROUNDS_OF_FAILURE.search(reason)


def category_of(text: str, number: int | None = None) -> Category | None:
    return CATEGORIES.get(name_key(text)) or (None if number is None else CATEGORY_IDS.get(number))


def method_of(text: str) -> Method | None:
    return METHODS.get(name_key(text))


def qualification_of(text: str) -> str:
    return QUALIFICATIONS.get(name_key(text), text)


def business_size_of(text: str) -> str:
    return BUSINESS_SIZES.get(name_key(text), text)


def fund_source_of(text: str) -> str:
    return _FUNDS.get(name_key(text), text)


def realization_type_of(text: str) -> str:
    return _REALIZATIONS.get(name_key(text), text)


def repeat_label(method: str) -> str:
    """The badge of a package announced anew, as an LPSE words it: "Tender Ulang", "Pengadaan Langsung Ulang"."""
    return f"{method or 'Tender'} Ulang"
