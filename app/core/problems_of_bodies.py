"""What can be wrong with a pushed body, its tables and their cells."""

from app.core.problem_kinds import ProblemKind, Severity

PROBLEMS_OF_BODIES: dict[str, ProblemKind] = {
    "row-unstorable": ProblemKind(
        Severity.ERROR,
        "Baris ini ditolak oleh basis data hub. Baris lain tidak terpengaruh.",
        "The hub's database refused this row. Other rows are not affected.",
    ),
    "package-too-many-rows": ProblemKind(
        Severity.ERROR,
        "Paket “{field}” muncul pada terlalu banyak baris: {value}. Tidak satu pun diterima.",
        "The package “{field}” stands in too many rows: {value}. None of them was accepted.",
    ),
    "body-damaged": ProblemKind(
        Severity.ERROR,
        "Isi kiriman yang tersimpan tidak lagi sama dengan yang diterima. Kirimkan kembali.",
        "The stored body is no longer what was received. Send it again.",
    ),
    "submission-given-up": ProblemKind(
        Severity.ERROR,
        "Pengolahan kiriman ini berulang kali terhenti dan tidak dilanjutkan. Yang sudah diterima tetap tersimpan.",
        "Work on this submission broke off again and again and was given up. What was taken in stays.",
    ),
    "body-empty": ProblemKind(
        Severity.ERROR,
        "Isi kiriman kosong: tidak ada satu byte pun.",
        "The body is empty: not a single byte.",
    ),
    "amount-ambiguous": ProblemKind(
        Severity.ERROR,
        "Nilai pada “{field}” dapat dibaca dengan dua cara: “{value}”. Tulis tanpa pemisah ribuan (1500) atau dengan dua desimal (1.500,00).",
        "The amount in “{field}” can be read in two ways: “{value}”. Write it without separators (1500) or with two decimals (1.500,00).",
    ),
    "amount-abbreviated": ProblemKind(
        Severity.ERROR,
        "Nilai pada “{field}” disingkat: “{value}”. Tulis seluruh angkanya, misalnya 22700000000.",
        "The amount in “{field}” is abbreviated: “{value}”. Write all its figures, for example 22700000000.",
    ),
    "amount-too-precise": ProblemKind(
        Severity.ERROR,
        "Nilai pada “{field}” memiliki lebih dari dua angka desimal: “{value}”. Rupiah ditulis paling halus sampai sen; tidak ada yang dibulatkan.",
        "The amount in “{field}” has more than two decimals: “{value}”. Rupiah go down to the sen; nothing is rounded.",
    ),
    "number-imprecise": ProblemKind(
        Severity.ERROR,
        "Angka pada “{field}” lebih panjang dari 15 angka yang disimpan aplikasi spreadsheet: “{value}”. Tulis sebagai teks.",
        "The number in “{field}” is longer than the 15 digits that a spreadsheet program keeps: “{value}”. Write it as text.",
    ),
    "cell-not-text": ProblemKind(
        Severity.ERROR,
        "Sel “{field}” berisi tanggal atau jawaban ya/tidak, bukan teks: {value}. Beri kolom itu format Teks, lalu tulis ulang isinya.",
        "The cell “{field}” holds a date or a yes/no, not a text: {value}. Give its column the format Text and write it again.",
    ),
    "identifier-unreadable": ProblemKind(
        Severity.ERROR,
        "“{field}” adalah kode atau nomor, tetapi selnya berisi {value}. Tulis sebagai teks, atau sebagai bilangan bulat.",
        "“{field}” is a code or a reference number, but its cell holds {value}. Write it as text, or as a whole number.",
    ),
    "date-ambiguous": ProblemKind(
        Severity.ERROR,
        "Tanggal pada “{field}” tidak jelas: “{value}”. Tulis hari, bulan, lalu tahun empat angka, misalnya 13-08-2026.",
        "The date in “{field}” is unclear: “{value}”. Write day, month and a year of four digits, for example 13-08-2026.",
    ),
    "answer-unreadable": ProblemKind(
        Severity.ERROR,
        "Jawaban pada “{field}” tidak dapat dibaca: “{value}”. Tulis Ya atau Tidak.",
        "The answer in “{field}” cannot be read: “{value}”. Write Ya or Tidak.",
    ),
    "row-shape": ProblemKind(
        Severity.ERROR,
        "Jumlah kolom baris ini tidak sesuai dengan judulnya: “{value}”. Periksa tanda kutip dan pemisahnya. Baris tidak diterima.",
        "This row's columns are not those of the heading: “{value}”. Check its quotes and separators. It was not accepted.",
    ),
    "row-quotes": ProblemKind(
        Severity.ERROR,
        "Tanda kutip pada baris ini tidak berpasangan: “{value}”. Di dalam kutip, tulis kutip dua kali. Baris tidak diterima.",
        "The quotes of this row do not match: “{value}”. Inside quotes, write a quote twice. It was not accepted.",
    ),
    "row-not-text": ProblemKind(
        Severity.ERROR,
        "Baris ini memuat byte yang bukan teks: “{value}”. Simpan ulang sebagai CSV UTF-8. Baris tidak diterima.",
        "This row has bytes that are no text: “{value}”. Save it again as CSV UTF-8. It was not accepted.",
    ),
    "row-too-long": ProblemKind(
        Severity.ERROR,
        "Baris ini lebih panjang dari batas ({field}): “{value}”. Baris tidak diterima.",
        "This row is longer than the limit ({field}): “{value}”. It was not accepted.",
    ),
    "cell-error": ProblemKind(
        Severity.ERROR,
        "Sel “{field}” berisi kesalahan spreadsheet: {value}. Perbaiki rumusnya atau tulis nilainya. Baris tidak diterima.",
        "The cell “{field}” holds a spreadsheet error: {value}. Mend its formula or write the value. The row was not accepted.",
    ),
    "column-unknown": ProblemKind(
        Severity.WARNING,
        "Kolom “{value}” tidak dikenal dan tidak dibaca. Judul terdekat yang dikenal: {field}.",
        "The column “{value}” is not known and was not read. The nearest known heading: {field}.",
    ),
    "column-missing": ProblemKind(
        Severity.ERROR,
        "Kolom “{field}” tidak ada. Judul yang ada: {value}.",
        "There is no column “{field}”. The headings that are there: {value}.",
    ),
    "column-twice": ProblemKind(
        Severity.ERROR,
        "Dua kolom mengisi “{field}”: “{value}”. Hapus salah satu, atau sebutkan yang dipakai dengan column=FIELD:JUDUL.",
        "Two columns fill “{field}”: “{value}”. Remove one of them, or name the one to use by column=FIELD:HEADING.",
    ),
    "heading-missing": ProblemKind(
        Severity.ERROR,
        "Tidak ada baris judul yang dikenal di antara 20 baris pertama. Yang ada: {value}. Pakai judul dari templat, atau petakan dengan column=FIELD:JUDUL.",
        "None of the first 20 rows is a known heading. What is there: {value}. Use the template's headings, or map them by column=FIELD:HEADING.",
    ),
    "content-cut": ProblemKind(
        Severity.ERROR,
        "Kiriman terpotong atau rusak sebelum selesai dibaca ({field}): {value}. Tidak ada baris yang diambil; kirim ulang.",
        "The body is cut off or broken before its end ({field}): {value}. No row was taken in; send it again.",
    ),
    "content-not-list": ProblemKind(
        Severity.ERROR,
        "Kiriman bukan daftar baris JSON: {value}. Kirim larik objek, atau objek dengan daftar pada “data”, “releases” atau “records”.",
        "The body is no JSON list of rows: {value}. Send an array of objects, or an object with a list in “data”, “releases” or “records”.",
    ),
    "content-too-large": ProblemKind(
        Severity.ERROR,
        "Isi kiriman melampaui batas ({field}): {value}. Pecah menjadi beberapa kiriman.",
        "The body's content is beyond a limit ({field}): {value}. Split it into several submissions.",
    ),
    "content-not-text": ProblemKind(
        Severity.ERROR,
        "Kiriman bukan teks UTF-8 atau Windows-1252 ({field}): {value}. Simpan ulang sebagai CSV UTF-8.",
        "The body is not text in UTF-8 or Windows-1252 ({field}): {value}. Save it again as CSV UTF-8.",
    ),
    "content-not-workbook": ProblemKind(
        Severity.ERROR,
        "Berkas bukan buku kerja XLSX yang dapat dibaca: {value}. Buka di aplikasi spreadsheet dan simpan sebagai .xlsx tanpa kata sandi.",
        "The file is no readable XLSX workbook: {value}. Open it in a spreadsheet program and save it as .xlsx without a password.",
    ),
    "content-wrong-form": ProblemKind(
        Severity.ERROR,
        "Isi kiriman tidak sesuai dengan Content-Type-nya: {value}. Sebutkan bentuk yang benar.",
        "The body is not what its Content-Type says: {value}. Name the right one.",
    ),
}
