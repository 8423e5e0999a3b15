"""What reconciliation and the progress of e-procurement compute, in the words in which they are published."""

from app.core.formulas import Formula

RECONCILIATION = Formula(
    id="reconciliation",
    version=1,
    title={"id": "Rekonsiliasi angka yang dilaporkan", "en": "Reconciliation of reported figures"},
    definition={
        "id": (
            "Pernyataan terakhir sebuah node untuk satu tahun anggaran disandingkan dengan angka yang dihitung dari paket "
            "node itu, apa pun instansinya; paket dihitung pada tahun anggaran pertamanya dan paket yang ditarik tidak "
            "dihitung. Karena node dapat memaksudkan salah satu dari dua cakupan, keduanya ditampilkan. completed: paket "
            "tender dan non-tender yang selesai; pagu dan HPS dijumlahkan atas semuanya, nilai atas yang memiliki nilai. "
            "all: paket semua jenis apa pun statusnya; nilainya adalah nilai tender dan non-tender yang selesai ditambah "
            "realisasi pencatatan, swakelola, dan darurat yang berjalan atau selesai. Efisiensi pada kedua cakupan adalah "
            "Σ(dasar − nilai) atas paket yang memiliki keduanya, dengan dasar yang disebut node; bila tidak disebut: pagu, "
            "atau HPS bila hanya HPS yang dilaporkan. Selisih = dilaporkan − dihitung; rasionya terhadap yang dihitung. "
            "Hasil setiap angka: equal bila selisih kurang dari satu rupiah (jumlah paket: tanpa selisih), close bila "
            "paling banyak 1 persen dari yang dihitung, selain itu differs. Hasil suatu cakupan adalah yang terburuk dari "
            "angkanya; hasil baris adalah cakupan yang lebih baik, dan judged_by menyebut cakupan mana (bila sama: "
            "completed). Angka per jenis dinilai tersendiri dengan cara yang sama. Jumlah keseluruhan hanya menyandingkan "
            "baris yang kedua angkanya diketahui."
        ),
        "en": (
            "What a node last stated of a fiscal year is set against what follows from the packages of that node, whoever "
            "buys; a package counts in the first of its fiscal years, and what was withdrawn does not count. A node may "
            "mean one of two populations, so both are shown. completed: completed tender and non-tender packages; pagu and "
            "HPS are summed over all of them, the value over those that have one. all: packages of every kind, whatever "
            "their status; its value is that of completed tenders and non-tenders, and what running and completed "
            "recorded, self-managed and emergency packages have realised. Savings in both are Σ(base − value) over "
            "packages that have both, by the base the node names; if it names none: pagu, or HPS where only HPS is "
            "reported. Gap = reported − computed; its ratio is to the computed. Of each total: equal when the gap is below "
            "one rupiah (packages: no gap), close when it is at most 1 percent of the computed, else differs. A population "
            "is judged by the worst of its totals, a row by the better of its populations, and judged_by says which (on a "
            "tie: completed). Kinds are judged apart in the same way. Grand totals compare only rows of which both sides "
            "are known."
        ),
    },
)

SOURCES = Formula(
    id="reconciliation-sources",
    version=1,
    title={"id": "Perbandingan antarsumber", "en": "One source against another"},
    definition={
        "id": (
            "Atas paket yang saat ini ditampilkan oleh paling sedikit dua sumber, setiap pasang sumber disandingkan. both: "
            "paket yang angkanya disebut keduanya; differ: di antaranya yang berbeda; difference = Σ(sumber yang lebih "
            "dipercaya − sumber lain); absolute = Σ besar selisih tanpa tanda, sehingga selisih yang saling meniadakan "
            "tetap tampak. Nilai per dasar adalah jumlah seluruh pemenang bila setiap pemenang memilikinya, atau nilai yang "
            "disebut untuk paket bila tidak satu pun pemenang memilikinya. Status yang tidak dikenal (other) tidak dianggap "
            "sebagai pernyataan. Angka yang tidak disebut bukan nol dan bukan perbedaan."
        ),
        "en": (
            "Over packages that at least two sources show now, each pair of sources is compared. both: packages of which "
            "both state the figure; differ: those among them where it is not the same; difference = Σ(the more trusted "
            "source − the other); absolute = Σ of the sizes of the differences, so that what cancels out is still seen. An "
            "amount by its basis is the sum over all winners where each has it, or the one stated for the package where "
            "none has. A status that is not known (other) states nothing. A figure that is not stated is neither zero nor "
            "a difference."
        ),
    },
)

PROGRESS = Formula(
    id="progress",
    version=1,
    title={"id": "Kemajuan pengadaan secara elektronik", "en": "Progress of e-procurement"},
    definition={
        "id": (
            "Per pemerintah daerah (instansi daerah itu, di node mana pun paketnya) dan tahun anggaran, atas semua paket "
            "apa pun statusnya, termasuk yang gagal dan batal; paket dihitung pada tahun anggaran pertamanya, yang ditarik "
            "tidak dihitung. planned: paket yang menyebut kode RUP. electronic: tender dan non-tender. recorded: "
            "pencatatan, swakelola, dan darurat. Porsi menurut paket adalah bagian dari jumlah paket; porsi menurut pagu "
            "adalah bagian dari jumlah pagu yang diketahui. Komponen e-kontrak (bobot 5 dari ITKP) = paket tender dan "
            "non-tender selesai yang nilai atau tanggal kontraknya diketahui ÷ paket tender dan non-tender selesai; poin = "
            "rasio × 5. Sumber data tidak membedakan kontrak yang dibuat lewat e-kontrak dari kontrak yang dicatat, maka "
            "angkanya adalah perkiraan. Komponen ITKP lain memerlukan data yang tidak dimiliki pusat data ini; apa yang "
            "kurang disebut dan tidak ada angka yang dikarang. Versi SPSE terkini adalah yang terbaru terlihat di antara "
            "semua node aktif; node dengan versi lebih lama ditandai outdated, dengan jumlah versi lebih baru yang terlihat "
            "dan selisih hari antara tanggal kedua versi."
        ),
        "en": (
            "Per local government (that region's institutions, on whichever nodes they buy) and fiscal year, over all "
            "packages whatever their status, failed and cancelled ones included; a package counts in the first of its "
            "fiscal years, and what was withdrawn does not count. planned: packages that name a RUP code. electronic: "
            "tenders and non-tenders. recorded: recorded, self-managed and emergency packages. A share by packages is a "
            "part of all packages; a share by pagu is a part of all pagu that is known. The e-contract component (weight 5 "
            "of the ITKP) = completed tenders and non-tenders of which a contract's value or date is known ÷ completed "
            "tenders and non-tenders; points = ratio × 5. No source tells contracts made by e-contract from those merely "
            "noted, so it is an approximation. The other components of the ITKP need data that this hub does not have; "
            "what is missing is said and no number is invented. The current SPSE version is the newest one seen among all "
            "active nodes; a node with an older one is outdated, by as many newer versions as are seen and as many days as "
            "lie between the dates of the two."
        ),
    },
)

FORMULAS_OF_PROGRESS: dict[str, Formula] = {formula.id: formula for formula in (RECONCILIATION, SOURCES, PROGRESS)}
"""By id, as the list of published formulas takes them."""
