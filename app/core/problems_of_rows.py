"""What can be wrong with one pushed row."""

from app.core.problem_kinds import ProblemKind, Severity

PROBLEMS_OF_ROWS: dict[str, ProblemKind] = {
    "package-twice": ProblemKind(
        Severity.WARNING,
        "Paket “{field}” ada pada lebih dari satu baris kiriman ini dengan isi berbeda dan tanpa updated_at. Hanya satu "
        "yang dipakai, bukan menurut urutan baris. Sisakan satu baris saja.",
        "The package “{field}” stands in several rows of this body that differ and state no updated_at. One of them counts, "
        "not by the order of rows. Keep one row only.",
    ),
    "json-unreadable": ProblemKind(
        Severity.ERROR,
        "Baris ini bukan JSON yang sah ({value}). Baris tidak diterima.",
        "The row is not valid JSON ({value}). It was not accepted.",
    ),
    "json-not-object": ProblemKind(
        Severity.ERROR,
        "Baris ini bukan objek JSON: “{value}”. Tulis satu paket sebagai {{…}}. Baris tidak diterima.",
        "The row is no JSON object: “{value}”. Write one package as {{…}}. It was not accepted.",
    ),
    "json-too-deep": ProblemKind(
        Severity.ERROR,
        "Isi “{field}” bersarang terlalu dalam. Baris tidak diterima.",
        "What stands in “{field}” is nested too deep. The row was not accepted.",
    ),
    "key-twice": ProblemKind(
        Severity.ERROR,
        "Nama “{field}” muncul lebih dari sekali dalam satu objek: “{value}”. Baris tidak diterima, karena tidak jelas mana yang benar.",
        "The name “{field}” stands more than once in one object: “{value}”. The row was not accepted: which one is right is unclear.",
    ),
    "field-unknown": ProblemKind(
        Severity.ERROR,
        "Field “{field}” tidak dikenal dalam skema ini: {value}. Periksa ejaannya, atau hapus. Baris tidak diterima.",
        "The field “{field}” is not known in this schema: {value}. Check its spelling, or leave it out. The row was not accepted.",
    ),
    "field-missing": ProblemKind(
        Severity.ERROR,
        "“{field}” wajib diisi tetapi tidak ada atau kosong. Baris tidak diterima.",
        "“{field}” is mandatory but absent or empty. The row was not accepted.",
    ),
    "field-read-only": ProblemKind(
        Severity.WARNING,
        "“{field}” ({value}) dihitung oleh hub dan tidak diambil; nilai lain pada baris ini tidak sama. Tulis nilainya menurut dasarnya, misalnya contract_value.",
        "“{field}” ({value}) is computed by the hub and was not taken; no amount of this row equals it. State it by its basis, such as contract_value.",
    ),
    "text-expected": ProblemKind(
        Severity.ERROR,
        "“{field}” harus berupa teks dalam tanda kutip: “{value}”. Baris tidak diterima.",
        "“{field}” must be a text in quotes: “{value}”. The row was not accepted.",
    ),
    "number-expected": ProblemKind(
        Severity.ERROR,
        "“{field}” harus berupa bilangan bulat tanpa tanda kutip, dalam batas yang wajar: “{value}”. Baris tidak diterima.",
        "“{field}” must be a whole number without quotes, within reason: “{value}”. The row was not accepted.",
    ),
    "yes-no-expected": ProblemKind(
        Severity.ERROR,
        "“{field}” harus true, false, atau null: “{value}”. Baris tidak diterima.",
        "“{field}” must be true, false or null: “{value}”. The row was not accepted.",
    ),
    "list-expected": ProblemKind(
        Severity.ERROR,
        "“{field}” harus berupa daftar [ … ]: “{value}”. Baris tidak diterima.",
        "“{field}” must be a list [ … ]: “{value}”. The row was not accepted.",
    ),
    "list-too-long": ProblemKind(
        Severity.ERROR,
        "Daftar “{field}” terlalu panjang ({value}). Baris tidak diterima.",
        "The list “{field}” is too long ({value}). The row was not accepted.",
    ),
    "object-expected": ProblemKind(
        Severity.ERROR,
        "“{field}” harus berupa objek {{ … }}: “{value}”. Baris tidak diterima.",
        "“{field}” must be an object {{ … }}: “{value}”. The row was not accepted.",
    ),
    "word-unknown": ProblemKind(
        Severity.ERROR,
        "“{value}” bukan salah satu pilihan untuk “{field}”. Baris tidak diterima.",
        "“{value}” is none of the choices of “{field}”. The row was not accepted.",
    ),
    "kind-unknown": ProblemKind(
        Severity.ERROR,
        "Jenis paket “{value}” tidak dikenal. Tulis tender, non_tender, recorded, self_managed, atau emergency. Baris tidak diterima.",
        "The kind “{value}” is not known. Write tender, non_tender, recorded, self_managed or emergency. The row was not accepted.",
    ),
    "fiscal-years-disagree": ProblemKind(
        Severity.ERROR,
        "fiscal_year bukan tahun pertama dari fiscal_years: {value}. Baris tidak diterima.",
        "fiscal_year is not the first of fiscal_years: {value}. The row was not accepted.",
    ),
    "text-hidden-characters": ProblemKind(
        Severity.ERROR,
        "Teks pada “{field}” memuat karakter kendali, pembalik arah, atau karakter tanpa lebar yang tidak terlihat: “{value}”. Hapus karakter itu. Baris tidak diterima.",
        "The text in “{field}” has control, direction or zero-width characters that nobody sees: “{value}”. Remove them. The row was not accepted.",
    ),
    "text-too-long": ProblemKind(
        Severity.ERROR,
        "Teks pada “{field}” terlalu panjang ({value}). Baris tidak diterima.",
        "The text in “{field}” is too long ({value}). The row was not accepted.",
    ),
    "node-mismatch": ProblemKind(
        Severity.ERROR,
        "Baris ini menyebut node lain pada “{field}”: “{value}”. Kirim ke alamat node pemilik data. Baris tidak diterima.",
        "The row names another node in “{field}”: “{value}”. Send it to the node whose data it is. It was not accepted.",
    ),
    "updated-in-future": ProblemKind(
        Severity.ERROR,
        "Waktu pada “{field}” lebih dari satu hari di masa depan: {value}. Periksa jam sistem pengirim. Baris tidak diterima.",
        "The time in “{field}” is more than a day in the future: {value}. Check the sender's clock. The row was not accepted.",
    ),
    "package-row-refused": ProblemKind(
        Severity.ERROR,
        "Baris lain dari paket yang sama ditolak (baris {value}), sehingga paket ini tidak diambil sebagian. Perbaiki baris itu lalu kirim lagi.",
        "Another row of the same package was refused (row {value}), and half a package is not taken. Mend that row and send both again.",
    ),
    "ocid-missing": ProblemKind(
        Severity.ERROR,
        "Rilis ini tidak memiliki “ocid” atau kode paket yang dapat dibaca: “{value}”. Baris tidak diterima.",
        "The release has no “ocid” or package code that can be read: “{value}”. The row was not accepted.",
    ),
}
