"""The columns of packages and awards: the names of the API, what they mean, and where PostgreSQL has them."""

from collections.abc import Iterable
from enum import StrEnum

from app.core.vocabulary import Category, DateBasis, Interface, Method, PackageKind, PackageStatus, ValueBasis
from app.exchange.exports.layout import Column, Layout, Type


def _word(name: str, words: Iterable[StrEnum], english: str, indonesian: str, sql: str = "") -> Column:
    return Column(name, Type.WORD, english, indonesian, sql or f"p.{name}", tuple(str(word) for word in words))


def _of_packages(name: str, type_: Type, english: str, indonesian: str) -> Column:
    return Column(name, type_, english, indonesian, f"p.{name}")


def _of_awards(name: str, type_: Type, english: str, indonesian: str) -> Column:
    return Column(name, type_, english, indonesian, f"a.{name}")


NODE = Column("node", Type.WORD, "Slug of the node (LPSE).", "Slug node (LPSE).", "n.slug")
KIND = _word("kind", PackageKind, "Kind of procurement.", "Jenis proses pengadaan.")
CODE = Column("code", Type.WORD, "The node's own code of the package.", "Kode paket menurut node.", "p.code")
KEY = (NODE, KIND, CODE)
"""What names a package, in the export of its awards too."""

_NAME = _of_packages("name", Type.TEXT, "Name of the package.", "Nama paket.")
_INSTITUTION_NAME = _of_packages("institution_name", Type.TEXT, "Name of the institution.", "Nama K/L/PD.")
_STATUS = _word("status", PackageStatus, "How far the package has come.", "Status paket.")
_CATEGORY = _word("category", Category, "What is bought.", "Jenis pengadaan.")
_METHOD = _word("method", Method, "How the supplier is chosen.", "Metode pemilihan.")
_INSTITUTION = _of_packages("institution", Type.WORD, "Code of the institution (kd_klpd).", "Kode K/L/PD (kd_klpd).")
_YEAR = _of_packages(
    "fiscal_year", Type.WHOLE, "Fiscal year in which the package counts.", "Tahun anggaran tempat paket dihitung."
)
_AWARDED_AT = _of_packages("awarded_at", Type.MOMENT, "When the winner was named.", "Waktu penetapan pemenang.")
_CHANGED_AT = _of_packages(
    "changed_at", Type.MOMENT, "When the hub recorded this state.", "Waktu keadaan ini dicatat hub."
)
_WITHDRAWN = _of_packages("withdrawn", Type.FLAG, "It vanished from its node.", "Paket hilang dari node.")

_BASES = {
    "contract_value": ("Contract value.", "Nilai kontrak."),
    "negotiated_value": ("Negotiated price.", "Harga negosiasi."),
    "corrected_value": ("Corrected bid.", "Harga terkoreksi."),
    "bid_value": ("Bid.", "Harga penawaran."),
    "award_value": ("Awarded amount where a source states only one.", "Nilai pemenang bila hanya satu yang disebut."),
    "pdn_value": ("Domestic product in it.", "Nilai produk dalam negeri."),
    "umk_value": ("Small business in it.", "Nilai usaha mikro dan kecil."),
}

PACKAGES = Layout(
    before=KEY,
    texts=(
        _NAME,
        _INSTITUTION_NAME,
        _of_packages("satker_name", Type.TEXT, "The work unit that buys.", "Satuan kerja."),
        _of_packages("category_text", Type.TEXT, "Category in the source's words.", "Jenis pengadaan menurut sumber."),
        _of_packages("method_text", Type.TEXT, "Method in the source's words.", "Metode menurut sumber."),
        _of_packages("evaluation_text", Type.TEXT, "How offers are evaluated.", "Metode evaluasi."),
        _of_packages("qualification_text", Type.TEXT, "How bidders are qualified.", "Metode kualifikasi."),
        _of_packages("business_size", Type.TEXT, "What size a bidder must have.", "Kualifikasi usaha."),
        _of_packages("contract_type", Type.TEXT, "Type of contract.", "Jenis kontrak."),
        _of_packages("stage", Type.TEXT, "Status in the node's own words.", "Tahap menurut node."),
        _of_packages("reason", Type.TEXT, "Why it was cancelled or repeated.", "Alasan batal atau ulang."),
    ),
    lists=(
        _of_packages("labels", Type.TEXTS, "Badges such as Tender Ulang.", "Label, misalnya Tender Ulang."),
        _of_packages("locations", Type.TEXTS, "Where the work is done.", "Lokasi pekerjaan."),
        _of_packages("fund_sources", Type.TEXTS, "Sources of funds.", "Sumber dana."),
        _of_packages("rup_codes", Type.TEXTS, "Codes in the procurement plan (RUP).", "Kode RUP."),
        _of_packages("fiscal_years", Type.YEARS, "All fiscal years.", "Semua tahun anggaran."),
    ),
    after=(
        _STATUS,
        _CATEGORY,
        _METHOD,
        _INSTITUTION,
        _YEAR,
        _of_packages("self_managed_type", Type.WHOLE, "Type of self-management, 1 to 4.", "Tipe swakelola, 1–4."),
        _of_packages("pagu", Type.AMOUNT, "Budget ceiling.", "Pagu."),
        _of_packages("hps", Type.AMOUNT, "Owner's estimate.", "Harga perkiraan sendiri."),
        _of_packages("value", Type.AMOUNT, "What was finally agreed.", "Nilai akhir yang disepakati."),
        _word("value_basis", ValueBasis, "What value rests on.", "Dasar nilai akhir."),
        *(_of_packages(name, Type.AMOUNT, english, indonesian) for name, (english, indonesian) in _BASES.items()),
        _of_packages("realized_value", Type.AMOUNT, "Realisation.", "Nilai realisasi."),
        _of_packages("participants", Type.WHOLE, "Who registered.", "Jumlah peserta."),
        _of_packages("bidders", Type.WHOLE, "Who handed in an offer.", "Jumlah penawar."),
        _of_packages("announced_at", Type.MOMENT, "When it was announced.", "Waktu pengumuman."),
        _AWARDED_AT,
        _of_packages("contracted_at", Type.MOMENT, "When the contract was signed.", "Waktu kontrak."),
        _word("date_basis", DateBasis, "Whether dates happened or were planned.", "Dasar tanggal: nyata atau rencana."),
        _of_packages("announced_month", Type.WORD, "Month announced, node's clock.", "Bulan pengumuman, jam node."),
        _of_packages("awarded_month", Type.WORD, "Month awarded, node's clock.", "Bulan penetapan, jam node."),
        _of_packages("days_to_award", Type.WHOLE, "Days to the award.", "Hari sampai penetapan."),
        _of_packages("days_to_contract", Type.WHOLE, "Days from award to contract.", "Hari dari penetapan ke kontrak."),
        _of_packages("is_repeated", Type.FLAG, "Announced anew after a failure.", "Tender ulang."),
        _of_packages("schedule_changes", Type.WHOLE, "How often stages were moved.", "Berapa kali jadwal berubah."),
        _of_packages("created_on", Type.DATE, "When the node made it.", "Tanggal paket dibuat."),
        _of_packages("finished_on", Type.DATE, "When it was finished.", "Tanggal paket selesai."),
        _of_packages("first_seen_at", Type.MOMENT, "When the hub first saw it.", "Pertama kali dilihat hub."),
        Column(
            "last_seen_at",
            Type.MOMENT,
            "When a source last showed it; unknown with as_of.",
            "Terakhir ditunjukkan sumber; kosong dengan as_of.",
            "(SELECT max(o.last_seen_at) FROM observations o WHERE o.package_id = p.id AND o.is_current)",
        ),
        _CHANGED_AT,
        _of_packages("version", Type.WHOLE, "Which of its states this is.", "Nomor versi."),
        _word("source", Interface, "The most trusted source.", "Sumber yang paling dipercaya."),
        _WITHDRAWN,
    ),
)

AWARDS = Layout(
    before=KEY,
    texts=(
        _NAME,
        _INSTITUTION_NAME,
        _of_awards("supplier_name", Type.TEXT, "Name of the winner.", "Nama pemenang."),
        _of_awards("address", Type.TEXT, "Address of the winner.", "Alamat pemenang."),
        _of_awards("npwp", Type.TEXT, "Tax number, masked for the public.", "NPWP, disamarkan untuk umum."),
    ),
    after=(
        Column("position", Type.WHOLE, "Which winner of the package, from 1.", "Pemenang ke berapa.", "a.position"),
        _of_awards("supplier_id", Type.WHOLE, "Id of /suppliers.", "Id pada /suppliers."),
        _of_awards("value", Type.AMOUNT, "What was finally agreed with it.", "Nilai akhir dengan pemenang ini."),
        *(_of_awards(name, Type.AMOUNT, english, indonesian) for name, (english, indonesian) in _BASES.items()),
        _STATUS,
        _CATEGORY,
        _METHOD,
        _INSTITUTION,
        _YEAR,
        _AWARDED_AT,
        _CHANGED_AT,
        _WITHDRAWN,
    ),
)
