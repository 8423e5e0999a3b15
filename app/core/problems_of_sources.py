"""What can be wrong with a package, whatever way it came, and with what sources show."""

from app.core.problem_kinds import ProblemKind, Severity

PROBLEMS_OF_SOURCES: dict[str, ProblemKind] = {
    "amount-unreadable": ProblemKind(
        Severity.ERROR,
        "Nilai pada “{field}” tidak dapat dibaca sebagai jumlah rupiah: “{value}”. Nilai itu tidak dipakai dan tidak ditebak.",
        "The amount in “{field}” cannot be read as rupiah: “{value}”. It was not used, and not guessed.",
    ),
    "amount-negative": ProblemKind(
        Severity.ERROR,
        "Nilai pada “{field}” negatif: “{value}”. Nilai itu tidak dipakai.",
        "The amount in “{field}” is negative: “{value}”. It was not used.",
    ),
    "amount-zero": ProblemKind(
        Severity.WARNING,
        "Harga pada “{field}” tertulis nol: “{value}”. Harga nol tidak dianggap sebagai harga yang disepakati.",
        "The price in “{field}” is stated as zero: “{value}”. A price of zero is not taken for one that was agreed.",
    ),
    "currency-foreign": ProblemKind(
        Severity.ERROR,
        "Nilai pada “{field}” tidak dalam rupiah: “{value}”. Nilai itu tidak dipakai dan tidak dikonversi.",
        "The amount in “{field}” is not in rupiah: “{value}”. It was not used, and not converted.",
    ),
    "field-vanished": ProblemKind(
        Severity.WARNING,
        "Sumber tidak lagi menyebut “{field}” yang sebelumnya terisi; bentuk halaman mungkin berubah.",
        "The source no longer states “{field}”, which it used to fill; the page may have changed its shape.",
    ),
    "amount-too-large": ProblemKind(
        Severity.ERROR,
        "Nilai pada “{field}” melampaui batas yang masuk akal: “{value}”. Paket ini tidak diterima.",
        "The amount in “{field}” is beyond any plausible limit: “{value}”. The package was not accepted.",
    ),
    "text-unstorable": ProblemKind(
        Severity.ERROR,
        "Teks pada “{field}” memuat karakter yang tidak dapat disimpan. Paket ini tidak diterima.",
        "The text in “{field}” has characters that cannot be stored. The package was not accepted.",
    ),
    "date-unreadable": ProblemKind(
        Severity.ERROR,
        "Tanggal pada “{field}” tidak dapat dibaca: “{value}”. Tanggal itu tidak dipakai.",
        "The date in “{field}” cannot be read: “{value}”. It was not used.",
    ),
    "count-unreadable": ProblemKind(
        Severity.ERROR,
        "Jumlah pada “{field}” tidak dapat dibaca: “{value}”. Jumlah itu tidak dipakai.",
        "The count in “{field}” cannot be read: “{value}”. It was not used.",
    ),
    "code-unreadable": ProblemKind(
        Severity.ERROR,
        "Kode paket tidak dapat dibaca: “{value}”. Baris ini tidak diterima.",
        "The package code cannot be read: “{value}”. The row was not accepted.",
    ),
    "row-unreadable": ProblemKind(
        Severity.ERROR,
        "Baris daftar paket tidak sesuai bentuk yang dikenal: “{value}”. Baris ini tidak diterima.",
        "The row of the package list has an unknown shape: “{value}”. It was not accepted.",
    ),
    "fiscal-year-unreadable": ProblemKind(
        Severity.ERROR,
        "Tahun anggaran tidak dapat dibaca: “{value}”. Paket ini tidak diterima.",
        "The fiscal year cannot be read: “{value}”. The package was not accepted.",
    ),
    "duplicate-row": ProblemKind(
        Severity.WARNING,
        "Kode paket muncul lebih dari sekali dalam satu daftar: “{value}”. Hanya satu yang dipakai.",
        "The package code appears more than once in one list: “{value}”. One of them was used.",
    ),
    "detail-missing": ProblemKind(
        Severity.ERROR,
        "Halaman rincian “{field}” paket ini tidak dapat diambil: “{value}”. Data lama dipertahankan.",
        "The detail page “{field}” of this package could not be fetched: “{value}”. What was known is kept.",
    ),
    "detail-drift": ProblemKind(
        Severity.ERROR,
        "Halaman rincian tidak memuat “{field}” yang wajib ada; bentuk halaman mungkin berubah: “{value}”.",
        "The detail page lacks the mandatory “{field}”; the page may have changed its shape: “{value}”.",
    ),
    "code-mismatch": ProblemKind(
        Severity.ERROR,
        "Halaman rincian menyebut kode lain untuk paket ini: “{value}”. Isinya tidak dipakai.",
        "The detail page names another code for this package: “{value}”. It was not used.",
    ),
    "status-unknown": ProblemKind(
        Severity.WARNING,
        "Status “{value}” belum dikenal. Paket dicatat dengan status “other”.",
        "The status “{value}” is not known. The package is kept as “other”.",
    ),
    "category-unknown": ProblemKind(
        Severity.WARNING,
        "Jenis pengadaan “{value}” belum dikenal. Paket dicatat dengan jenis “other”.",
        "The category “{value}” is not known. The package is kept as “other”.",
    ),
    "method-unknown": ProblemKind(
        Severity.WARNING,
        "Metode pemilihan “{value}” belum dikenal. Paket dicatat dengan metode “other”.",
        "The method “{value}” is not known. The package is kept as “other”.",
    ),
    "self-managed-type-unknown": ProblemKind(
        Severity.WARNING,
        "Tipe swakelola “{value}” belum dikenal. Tipe dikosongkan.",
        "The type of self-management “{value}” is not known. It was left empty.",
    ),
    "score-unreadable": ProblemKind(
        Severity.ERROR,
        "Skor pada “{field}” tidak dapat dibaca: “{value}”. Skor itu tidak dipakai.",
        "The score in “{field}” cannot be read: “{value}”. It was not used.",
    ),
    "pages-disagree": ProblemKind(
        Severity.WARNING,
        "Halaman-halaman satu paket menyebut “{field}” yang berbeda: {value}. Yang pertama dipakai.",
        "The pages of one package state different “{field}”: {value}. The first one was used.",
    ),
    "institution-unknown": ProblemKind(
        Severity.WARNING,
        "Instansi “{value}” tidak cocok dengan daftar K/L/PD. Paket belum dihitung pada wilayah mana pun.",
        "The institution “{value}” matches no K/L/PD. The package counts for no region yet.",
    ),
    "contract-value-differs": ProblemKind(
        Severity.WARNING,
        "Nilai kontrak pada daftar paket (“{value}”) berbeda dari jumlah nilai kontrak para pemenang.",
        "The contract value in the package list (“{value}”) differs from the sum of the winners' contract values.",
    ),
    "winner-without-amount": ProblemKind(
        Severity.WARNING,
        "Pemenang “{value}” tidak memiliki nilai apa pun.",
        "The winner “{value}” has no amount at all.",
    ),
    "completed-without-winner": ProblemKind(
        Severity.WARNING,
        "Paket dinyatakan selesai tetapi tidak memuat pemenang.",
        "The package is completed but names no winner.",
    ),
    "list-incomplete": ProblemKind(
        Severity.ERROR,
        "Daftar paket “{field}” tidak terbaca lengkap: {value}. Tidak ada data yang dihapus.",
        "The package list “{field}” was not read completely: {value}. Nothing was removed.",
    ),
    "list-shrunk": ProblemKind(
        Severity.ERROR,
        "Daftar paket “{field}” menyusut tidak wajar: {value} paket yang dikenal tidak tampil. Tidak ada data yang dihapus.",
        "The package list “{field}” shrank suspiciously: {value} known packages were not in it. Nothing was removed.",
    ),
    "node-unreachable": ProblemKind(
        Severity.ERROR,
        "Node tidak dapat dihubungi atau tidak menjawab dengan semestinya: {value}.",
        "The node could not be reached, or gave no proper answer: {value}.",
    ),
    "node-refused": ProblemKind(
        Severity.ERROR,
        "Node menolak permintaan: {value}. Pengambilan dihentikan sampai operator memeriksanya.",
        "The node refused: {value}. Collection stopped until the operator has looked.",
    ),
    "field-emptied": ProblemKind(
        Severity.WARNING,
        "Sumber kini mengosongkan “{field}” yang sebelumnya terisi; nilai terakhir dipertahankan.",
        "The source now leaves “{field}” empty, which it used to fill; what it stated last is kept.",
    ),
    "field-empty": ProblemKind(
        Severity.WARNING,
        "Kolom wajib “{field}” kosong pada sumber.",
        "The mandatory “{field}” is empty at the source.",
    ),
    "date-in-future": ProblemKind(
        Severity.WARNING,
        "Tanggal pada “{field}” jauh di masa depan: {value}. Periksa kebenarannya.",
        "The date in “{field}” lies far in the future: {value}. Check whether it is right.",
    ),
    "list-empty": ProblemKind(
        Severity.WARNING,
        "Node tidak menampilkan satu paket pun untuk tahun ini, dan belum pernah. Periksa alamat dan tahun anggarannya.",
        "The node lists no package at all for this year, and never did. Check its address and the fiscal year.",
    ),
    "sources-disagree": ProblemKind(
        Severity.WARNING,
        "Sumber-sumber menyebut “{field}” yang berbeda untuk paket ini: {value}. Dipakai menurut urutan kepercayaan sumber.",
        "The sources state different “{field}” for this package: {value}. The more trusted source was used.",
    ),
    "savings-contradict": ProblemKind(
        Severity.WARNING,
        "Efisiensi yang dinyatakan tidak sama dengan “{field}” dikurangi nilai: {value}. Pernyataan tetap dicatat apa adanya.",
        "The stated savings are not “{field}” less value: {value}. The statement is kept as it is.",
    ),
    "parts-contradict": ProblemKind(
        Severity.WARNING,
        "Jumlah “{field}” per jenis pengadaan tidak sesuai dengan totalnya: {value}. Pernyataan tetap dicatat apa adanya.",
        "The kinds' “{field}” do not add up to the total: {value}. The statement is kept as it is.",
    ),
    "realization-differs": ProblemKind(
        Severity.WARNING,
        "Nilai total realisasi yang tertulis (“{value}”) berbeda dari jumlah baris realisasinya.",
        "The stated total realisation (“{value}”) differs from the sum of its rows.",
    ),
    "rows-disagree": ProblemKind(
        Severity.ERROR,
        "Baris-baris sumber menyebut “{field}” yang saling bertentangan: {value}. Nilainya tidak dijumlahkan dan tidak ditebak.",
        "Rows of the source contradict each other in “{field}”: {value}. They were neither added up nor guessed.",
    ),
    "row-without-package": ProblemKind(
        Severity.WARNING,
        "Baris “{field}” menyebut paket yang tidak ada dalam pengumuman: “{value}”. Yang disebutnya tetap dicatat.",
        "A row of “{field}” names a package without an announcement: “{value}”. What it says is kept all the same.",
    ),
    "source-without-part": ProblemKind(
        Severity.WARNING,
        "Sumber tidak memberikan bagian “{field}”: {value}. Isinya belum diketahui, bukan kosong.",
        "The source did not give the part “{field}”: {value}. What it says is unknown, not empty.",
    ),
    "list-shrink-pending": ProblemKind(
        Severity.WARNING,
        "{value} paket tidak lagi tampil dalam daftar “{field}”. Paket ditarik bila beberapa pengambilan lengkap sepakat.",
        "{value} packages are no longer in the list “{field}”. They are withdrawn once several complete runs agree.",
    ),
    "credential-missing": ProblemKind(
        Severity.ERROR,
        "Kredensial “{value}” untuk antarmuka ini belum disimpan. Simpan dengan `rakor credential set`.",
        "The credential “{value}” of this interface is not stored. Store it with `rakor credential set`.",
    ),
    "silent-edit": ProblemKind(
        Severity.WARNING,
        "Rincian paket berubah tanpa perubahan pada daftar paket.",
        "The package's details changed without a change in the list.",
    ),
    "hub-error": ProblemKind(
        Severity.ERROR,
        "Pengambilan data berhenti karena kesalahan pada hub sendiri; data yang sudah tersimpan tetap utuh.",
        "Collection stopped because of a fault of the hub itself; what had been stored is intact.",
    ),
    "node-drift": ProblemKind(
        Severity.ERROR,
        "Jawaban node tidak lagi berbentuk seperti yang dikenal: {value}.",
        "The node's answer no longer has the known shape: {value}.",
    ),
}
