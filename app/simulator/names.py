"""The invented vocabulary: every name says that it is an example, every trade word is one that SPSE uses."""

from functools import cache

from app.simulator.packages import Supplier
from app.simulator.seeds import dice

_FORMS = ("CV Contoh", "PT Contoh", "CV. Contoh", "PT. Contoh", "UD Contoh", "Koperasi Contoh")
_WORDS = (
    "Sejahtera", "Karya Bersama", "Maju Jaya", "Bina Sarana", "Mitra Abadi", "Cipta Rancang", "Sumber Rejeki",
    "Tirta Makmur", "Graha Utama", "Lintas Daya", "Prima Konsultan", "Medika Sentosa",
)  # fmt: skip
_ODD_WORDS = ("Jaya & Rekan", 'Usaha "Baru"', "Nusa'ntara", "A & B  Bersama")
"""Names that must be escaped, and one with two spaces: all three occur on real pages."""

SUPPLIERS = 420

SATKERS = (
    "Dinas Contoh Pendidikan", "DINAS CONTOH KESEHATAN", "Dinas Contoh Pekerjaan Umum dan Penataan Ruang",
    "RSUD CONTOH SEHAT", "Sekretariat Daerah Contoh", "Badan Contoh Perencanaan & Riset", "Dinas Contoh Perhubungan",
    "DINAS CONTOH PERTANIAN DAN KETAHANAN PANGAN", "Kecamatan Contoh Utara", "Dinas Contoh Komunikasi dan Informatika",
)  # fmt: skip

GOODS = "Pengadaan Barang"
WORKS = "Pekerjaan Konstruksi"
INTEGRATED_WORKS = "Pekerjaan Konstruksi Terintegrasi"
OTHER_SERVICES = "Jasa Lainnya"
CONSULTING_WORKS = "Jasa Konsultansi Badan Usaha Konstruksi"
CONSULTING_FIRM = "Jasa Konsultansi Badan Usaha Non Konstruksi"
CONSULTING_PERSON = "Jasa Konsultansi Perorangan Non Konstruksi"

CATEGORY_IDS = {
    GOODS: "0", CONSULTING_FIRM: "1", WORKS: "2", OTHER_SERVICES: "3", CONSULTING_PERSON: "4", CONSULTING_WORKS: "5",
}  # fmt: skip
"""`kategoriId` of the index form; the id of integrated works is not known."""

OBJECTS = {
    GOODS: (
        "Pengadaan Meja dan Kursi Belajar", "Belanja Modal Komputer", "Pengadaan  Alat Kesehatan Puskesmas",
        "Pengadaan Bibit Padi & Pupuk", "Pengadaan Pompa Air < 5 PK", 'Pengadaan Papan Tulis "Interaktif"',
    ),
    WORKS: (
        "Rehabilitasi Ruang Kelas", "Peningkatan Jalan Lingkungan", "Pembangunan Saluran Drainase",
        "Pembangunan Gedung Puskesmas", "Pemeliharaan Jembatan", "Pekerjaan Pagar & Paving",
    ),
    INTEGRATED_WORKS: ("Rancang Bangun Gedung Rawat Inap", "Rancang Bangun Instalasi Pengolahan Air"),
    OTHER_SERVICES: (
        "Jasa Kebersihan Kantor", "Sewa Kendaraan Operasional", "Jasa Tenaga Keamanan", "Paket Pertemuan Koordinasi",
        "Langganan Internet Jum'at Sehat",
    ),
    CONSULTING_WORKS: ("Perencanaan Teknis Jalan", "Pengawasan Pembangunan Gedung", "Perencanaan PSU Saluran"),
    CONSULTING_FIRM: ("Penyusunan Dokumen Rencana Induk", "Kajian Pelayanan Publik", "Survei Kepuasan Masyarakat"),
    CONSULTING_PERSON: ("Tenaga Ahli Pendamping Arsitektur Data", "Tenaga Ahli Penilai Kinerja"),
}  # fmt: skip

PLACES = ("Kecamatan Contoh", "Kelurahan Contoh", "Desa Contoh", "SDN Contoh", "Puskesmas Contoh", "Ruas Contoh")

FUNDS = ("APBD", "APBDP", "BLUD", "APBN", "LAINNYA")
FUND_WEIGHTS = (72, 9, 10, 5, 4)

CONTRACT_TYPES = ("Lumsum", "Harga Satuan", "Gabungan Lumsum dan Harga Satuan", "Waktu Penugasan")
BUSINESS_SIZES = ("Perusahaan Kecil", "Perusahaan Non Kecil", "Perusahaan Kecil dan Non Kecil")

REASONS_CANCELLED = (
    "Anggaran kegiatan dialihkan (simulasi)",
    "Terdapat kesalahan dalam dokumen pemilihan & akan ditayangkan kembali (simulasi)",
    "Pekerjaan tidak lagi dibutuhkan oleh satuan kerja (simulasi)",
)
REASONS_FAILED = (
    "Tidak ada peserta yang lulus evaluasi penawaran (simulasi)",
    "Tidak ada peserta yang menyampaikan dokumen penawaran (simulasi)",
)


@cache
def supplier(number: int) -> Supplier:
    """The same number is the same company on every node, so that winners recur."""
    rng = dice(f"supplier/{number}")
    odd = number % 19 == 0
    word = _ODD_WORDS[number // 19 % len(_ODD_WORDS)] if odd else _WORDS[number % len(_WORDS)]
    digits = [str(rng.randrange(10)) for _ in range(6)]
    city = number % 40
    return Supplier(
        name=f"{_FORMS[number // 3 % len(_FORMS)]} {word} {number}",
        npwp=f"0{digits[0]}*{digits[1]}**{digits[2]}****{digits[3]}{digits[4]}**{digits[5]}",
        street=f"Jl. Contoh Raya No. {number % 90 + 1} RT 0{number % 9 + 1}",
        city=f"Contoh {city} ({'Kota' if city % 3 == 0 else 'Kab.'})",
        province="Provinsi Contoh",
    )


@cache
def person(number: int) -> Supplier:
    """An invented individual consultant."""
    company = supplier(number)
    return Supplier(f"Orang Contoh {number}", company.npwp, company.street, company.city, company.province)
