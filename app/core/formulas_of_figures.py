"""What each figure means, in the words in which it is published: which packages count, and what is divided by what."""

from app.core.formulas import Formula
from app.core.savings import DEFINITION, FORMULA_ID, FORMULA_VERSION

_BELONGS = {
    "id": "Paket dihitung pada tahun anggaran pertamanya; paket yang ditarik dari node tidak dihitung.",
    "en": "A package counts in the first of its fiscal years; what was withdrawn from its node does not count.",
}


def _formula(name: str, *, title: tuple[str, str], definition: tuple[str, str], version: int = 1) -> Formula:
    return Formula(
        id=name,
        version=version,
        title={"id": title[0], "en": title[1]},
        definition={"id": f"{definition[0]} {_BELONGS['id']}", "en": f"{definition[1]} {_BELONGS['en']}"},
    )


SAVINGS = Formula(
    id=FORMULA_ID,
    version=FORMULA_VERSION,
    title={"id": "Efisiensi pengadaan", "en": "Savings"},
    definition=DEFINITION,
)

PACKAGES = _formula(
    "packages",
    title=("Jumlah dan nilai paket", "Packages and amounts"),
    definition=(
        (
            "Jumlah paket dan jumlah pagu, HPS, dan nilai menurut status, atas semua jenis paket. Setiap jumlah rupiah hanya "
            "mencakup paket yang angkanya diketahui; left_out menyebut berapa yang tidak. Nilai hanya ada pada paket selesai. "
            "Bulan adalah bulan pengumuman menurut waktu node. Paket dengan beberapa sumber dana berada pada satu kelompok "
            "gabungan (APBD,BLUD) sehingga tidak terhitung dua kali."
        ),
        (
            "How many packages there are, and their pagu, HPS and value by status, over all kinds. Each amount covers the "
            "packages of which it is known; left_out says of how many it is not. Only completed packages have a value. Month "
            "is the month of the announcement on the node's clock. A package with several fund sources stands in one joint "
            "group (APBD,BLUD), so that none counts twice."
        ),
    ),
)

COMPETITION = _formula(
    "competition",
    title=("Persaingan", "Competition"),
    definition=(
        (
            "Atas tender dan non-tender. Peserta adalah yang mendaftar, penawar (bidders) adalah yang memasukkan penawaran; "
            "rata-rata dan porsi penawar tunggal dihitung atas paket selesai yang jumlah penawarnya diketahui. Porsi gagal = "
            "(gagal + batal) / (selesai + gagal + batal). Diulang = paket berlabel ulang. Pemasok dikenali dari NPWP "
            "sebagaimana ditampilkan bersama namanya; pemasok baru adalah yang tahun anggaran pertamanya di pusat data ini "
            "termasuk tahun kelompok tersebut. HHI = Σ (nilai pemasok / Σ nilai)², dari 0 sampai 1, atas nilai yang disepakati; "
            "top_n adalah porsi n pemasok terbesar."
        ),
        (
            "Over tenders and non-tenders. Participants registered, bidders handed in an offer; means and the share of single "
            "bids are over completed packages whose bidders are known. The failed share is (failed + cancelled) / (completed + "
            "failed + cancelled). Repeated are packages announced anew. A supplier is known by the NPWP as shown together with "
            "the name; new is one whose first fiscal year on this hub is among the years of the group. HHI = Σ (supplier's "
            "value / Σ value)², from 0 to 1, over agreed values; top_n is the share of the n largest suppliers."
        ),
    ),
)

TIMELINESS = _formula(
    "timeliness",
    title=("Ketepatan waktu", "Timeliness"),
    definition=(
        (
            "Hari kalender menurut waktu node, atas tender dan non-tender yang selesai: award = pengumuman sampai penetapan "
            "pemenang, contract = penetapan sampai kontrak, whole = pengumuman sampai kontrak. Median dan p90 dihitung persis "
            "atas semua paket kelompok itu, dengan interpolasi linear di antara dua hari yang berdekatan. Tanggal yang hanya "
            "direncanakan (jadwal) disajikan terpisah di scheduled dan tidak pernah dicampur. Urutan yang tidak mungkin "
            "(hari negatif) dikeluarkan dan disebut. Perubahan jadwal dihitung atas paket yang jadwalnya diketahui."
        ),
        (
            "Calendar days on the node's clock, over completed tenders and non-tenders: award = announced to awarded, contract "
            "= awarded to contracted, whole = announced to contracted. Median and p90 are exact over all packages of the "
            "group, by linear interpolation between the two nearest days. Dates that were only planned stand apart in "
            "scheduled and are never mixed in. An order that cannot be (negative days) is left out and counted. Schedule "
            "changes are over packages whose schedule is known."
        ),
    ),
)

ABSORPTION = _formula(
    "absorption",
    title=("Penyerapan", "Absorption"),
    definition=(
        (
            "Atas pencatatan non-tender, swakelola, dan pengadaan darurat yang berjalan atau selesai: realisasi dibagi pagu, "
            "atas paket yang memiliki keduanya; rasio dari jumlah. Ini penyerapan, bukan efisiensi."
        ),
        (
            "Over recorded, self-managed and emergency packages that run or are completed: realisation divided by pagu, over "
            "those that have both; a ratio of sums. This is absorption, not savings."
        ),
    ),
)

PDN_UMK = _formula(
    "pdn-umk",
    title=("Produk dalam negeri dan usaha kecil", "Domestic product and small business"),
    definition=(
        (
            "Nilai PDN dan UMK dibagi nilai belanja, atas paket yang memiliki keduanya. Nilai belanja adalah nilai yang "
            "disepakati pada tender dan non-tender yang selesai, dan realisasi pada pencatatan, swakelola, dan darurat. Ambang "
            "UMK 40 % adalah bagian anggaran barang/jasa menurut Perpres 12/2021 Pasal 65 dan Inpres 2/2022; di sini dibandingkan "
            "dengan belanja yang tercatat, jadi menunjukkan arah dan bukan penilaian kepatuhan. Untuk PDN tidak ada ambang "
            "porsi (Pasal 66 mengatur kewajiban per produk). reserved = tender dan non-tender dengan pagu sampai Rp15 miliar "
            "yang kualifikasi usahanya diketahui, dan berapa yang disediakan bagi usaha kecil."
        ),
        (
            "Values of domestic product (PDN) and of small business (UMK) divided by what was spent, over packages that have "
            "both. Spent is the agreed value of completed tenders and non-tenders and the realisation of recorded, "
            "self-managed and emergency packages. The threshold of 40 % for UMK is of the budget for goods and services "
            "(Perpres 12/2021 article 65, Inpres 2/2022); compared here with recorded spending, it shows a direction and judges "
            "no compliance. For PDN no share is prescribed (article 66 speaks of single products). reserved = tenders and "
            "non-tenders with a pagu up to Rp15 miliar whose bidder size is known, and how many are kept for small business."
        ),
    ),
)

COVERAGE = _formula(
    "coverage",
    title=("Kelengkapan data", "Coverage"),
    definition=(
        (
            "Berapa paket yang diketahui pagu, HPS, nilai, instansi, jenis pengadaan, metode, tanggal, penawar, jadwal, dan "
            "kode RUP-nya, dari berapa paket yang seharusnya memilikinya. Jenis pengadaan dan metode yang kata-katanya tidak "
            "dikenali dihitung tidak diketahui."
        ),
        (
            "Of how many packages pagu, HPS, value, institution, category, method, dates, bidders, schedule and RUP code are "
            "known, of how many that should have them. A category or method whose words are not understood counts as unknown."
        ),
    ),
)

FIGURE_FORMULAS = {
    formula.id: formula for formula in (SAVINGS, PACKAGES, COMPETITION, TIMELINESS, ABSORPTION, PDN_UMK, COVERAGE)
}
