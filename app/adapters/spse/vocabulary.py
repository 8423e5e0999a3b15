"""The one table that maps SPSE's words onto ours; a word that is not here is kept as text and becomes `other`."""

from app.core.text import name_key
from app.core.vocabulary import Category, Method, PackageStatus

# Keys are in `name_key` form: case, punctuation and white space are folded.
_PROCESSES = (
    "tender",
    "tender cepat",
    "seleksi",
    "lelang",
    "non tender",
    "paket",
    "pengadaan langsung",
    "penunjukan langsung",
)
_OUTCOMES = {
    "sudah selesai": PackageStatus.COMPLETED,
    "selesai": PackageStatus.COMPLETED,
    "gagal": PackageStatus.FAILED,
    "batal": PackageStatus.CANCELLED,
    "dibatalkan": PackageStatus.CANCELLED,
    "sedang berjalan": PackageStatus.RUNNING,
}
# "Tender Sudah Selesai", "Seleksi Gagal", "Paket Dibatalkan": a process and its outcome.
STATUSES: dict[str, PackageStatus] = {
    f"{process} {outcome}": status for process in _PROCESSES for outcome, status in _OUTCOMES.items()
} | {"tidak ada jadwal": PackageStatus.NO_SCHEDULE}

# Any stage of the schedule means that the package is running. Their number is open (nodes show about sixty), so they
# are known by the verb with which they begin, as every recorded one does.
STAGE_BEGINNINGS = frozenset(
    {
        "download",
        "evaluasi",
        "kirim",
        "klarifikasi",
        "koreksi",
        "masa",
        "negosiasi",
        "pemasukan",
        "pembuatan",
        "pembukaan",
        "pembuktian",
        "pemberian",
        "pemberitahuan",
        "pendaftaran",
        "penandatanganan",
        "penetapan",
        "pengambilan",
        "pengiriman",
        "pengumuman",
        "penilaian",
        "penjelasan",
        "penyampaian",
        "penyusunan",
        "reverse",
        "surat",
        "tanda",
        "undangan",
        "unggah",
        "upload",
        "verifikasi",
    }
)
_NOT_A_STAGE = frozenset({"gagal", "batal", "dibatalkan", "selesai"})
_SEVERAL_STAGES = "[...]"

CATEGORIES: dict[str, Category] = {
    "pengadaan barang": Category.GOODS,
    "pekerjaan konstruksi": Category.WORKS,
    "pekerjaan konstruksi terintegrasi": Category.INTEGRATED_WORKS,
    "jasa konsultansi badan usaha konstruksi": Category.CONSULTING_FIRM_CONSTRUCTION,
    "jasa konsultansi badan usaha non konstruksi": Category.CONSULTING_FIRM_NON_CONSTRUCTION,
    "jasa konsultansi perorangan konstruksi": Category.CONSULTING_INDIVIDUAL_CONSTRUCTION,
    "jasa konsultansi perorangan non konstruksi": Category.CONSULTING_INDIVIDUAL_NON_CONSTRUCTION,
    # Older pages leave the second half away; kategoriId 4 is the non-construction one.
    "jasa konsultansi perorangan": Category.CONSULTING_INDIVIDUAL_NON_CONSTRUCTION,
    "jasa lainnya": Category.OTHER_SERVICES,
}

METHODS: dict[str, Method] = {
    "tender": Method.TENDER,
    "tender cepat": Method.FAST_TENDER,
    "seleksi": Method.SELECTION,
    "pengadaan langsung": Method.DIRECT_PROCUREMENT,
    "penunjukan langsung": Method.DIRECT_APPOINTMENT,
    "e purchasing": Method.E_PURCHASING,
    "epurchasing": Method.E_PURCHASING,
    "kontes": Method.CONTEST,
    "sayembara": Method.CONTEST,
    "kontes sayembara": Method.CONTEST,
    # Words for which the shared schema has no method of its own; known, and therefore no problem.
    "darurat": Method.OTHER,
    "pengadaan darurat": Method.OTHER,
    "dikecualikan": Method.OTHER,
    "pengadaan dikecualikan": Method.OTHER,
}

# Who carries a self-managed package out. Type 1 is recorded (2026), the others are those of the node's own filter.
SELF_MANAGED_TYPES: dict[str, int] = {
    "k l pd penanggung jawab anggaran": 1,
    "k l pd lain": 2,
    "k l pd lain pelaksana swakelola": 2,
    "k l pd lainnya": 2,
    "instansi pemerintah lain": 2,
    "instansi pemerintah lain pelaksana swakelola": 2,
    "organisasi masyarakat": 3,
    "organisasi kemasyarakatan": 3,
    "ormas": 3,
    "kelompok masyarakat": 4,
    "pokmas": 4,
    **{f"{word} {number}": number for word in ("tipe", "swakelola tipe") for number in range(1, 5)},
    "tipe i": 1,
    "tipe ii": 2,
    "tipe iii": 3,
    "tipe iv": 4,
}


def status_of(text: str) -> PackageStatus | None:
    """Read a status or a stage; None when the words are not known."""
    key = name_key(text)
    if (status := STATUSES.get(key)) is not None:
        return status
    words = key.split()
    if _NOT_A_STAGE.intersection(words):
        return None
    if text.rstrip().endswith(_SEVERAL_STAGES) or (words and words[0] in STAGE_BEGINNINGS):
        return PackageStatus.RUNNING
    return None


def badge_status(labels: list[str]) -> PackageStatus | None:
    """What the badges beside a name say of its end ("Tender Batal"); "Tender Ulang" says nothing of it."""
    for label in labels:
        if (status := STATUSES.get(name_key(label))) in {PackageStatus.FAILED, PackageStatus.CANCELLED}:
            return status
    return None


def category_of(text: str) -> Category | None:
    return CATEGORIES.get(name_key(text))


def method_of(text: str) -> Method | None:
    """Read a method; tender pages write "Tender - Pascakualifikasi Satu File - …", the method first."""
    return METHODS.get(name_key(text)) or METHODS.get(name_key(text.partition(" - ")[0]))


def self_managed_type_of(text: str) -> int | None:
    return SELF_MANAGED_TYPES.get(name_key(text))
