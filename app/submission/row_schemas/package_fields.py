"""Every field of a pushed package, by the names under which packages are published."""

from app.submission.row_schemas.fields import FieldSpec, Shape

_PDN_ID, _PDN_EN = "Nilai produk dalam negeri.", "The share of domestic products."
_UMK_ID, _UMK_EN = "Nilai usaha mikro dan kecil.", "The share of micro and small businesses."
_NPWP_ID, _NPWP_EN = "Disimpan seperti dikirim, disamarkan untuk publik.", "Kept as sent, masked for the public."

AWARD = (
    FieldSpec("supplier_name", Shape.TEXT, "Nama pemenang.", "The winner's name.", "CV Contoh Makmur", "Pemenang", aliases=("nama pemenang", "penyedia", "nama penyedia", "pelaksana"), required=True),
    FieldSpec("npwp", Shape.TEXT, f"NPWP pemenang. {_NPWP_ID}", f"Its tax number. {_NPWP_EN}", "00.000.000.0-000.000", "NPWP Pemenang", aliases=("npwp", "npwp penyedia")),
    FieldSpec("address", Shape.TEXT, "Alamat pemenang.", "Its address.", "Jalan Contoh 1", "Alamat Pemenang", aliases=("alamat penyedia",)),
    FieldSpec("bid_value", Shape.AMOUNT, "Harga penawaran pemenang ini.", "What this winner bid.", 1_400_000_000, "Harga Penawaran Pemenang"),
    FieldSpec("corrected_value", Shape.AMOUNT, "Harga terkoreksi pemenang ini.", "The same, corrected arithmetically.", 1_400_000_000, "Harga Terkoreksi Pemenang"),
    FieldSpec("negotiated_value", Shape.AMOUNT, "Hasil negosiasi dengan pemenang ini.", "What was negotiated with this winner.", 1_380_000_000, "Nilai Negosiasi Pemenang"),
    FieldSpec("contract_value", Shape.AMOUNT, "Nilai kontrak pemenang ini.", "What this winner's contract says.", 1_375_000_000.5, "Nilai Kontrak Pemenang"),
    FieldSpec("award_value", Shape.AMOUNT, "Nilai penetapan, bila sumber hanya menyebut satu nilai tanpa dasarnya.", "The awarded amount, where only one without a basis is known.", 1_375_000_000, "Nilai Penetapan Pemenang"),
    FieldSpec("pdn_value", Shape.AMOUNT, _PDN_ID, _PDN_EN, 900_000_000, "Nilai PDN Pemenang"),
    FieldSpec("umk_value", Shape.AMOUNT, _UMK_ID, _UMK_EN, 1_375_000_000, "Nilai UMK Pemenang"),
    FieldSpec("value", Shape.READ_ONLY),
)  # fmt: skip

OFFER = (
    FieldSpec("supplier_name", Shape.TEXT, "Nama peserta.", "The participant's name.", "PT Contoh Karya", required=True),
    FieldSpec("npwp", Shape.TEXT, f"NPWP peserta. {_NPWP_ID}", f"Its tax number. {_NPWP_EN}", "00.000.000.0-000.000"),
    FieldSpec("bid_value", Shape.AMOUNT, "Harga penawaran; kosong bila hanya mendaftar.", "The bid; null for one who registered only.", 1_450_000_000),
    FieldSpec("corrected_value", Shape.AMOUNT, "Harga terkoreksi.", "The same, corrected arithmetically.", 1_450_000_000),
    FieldSpec("negotiated_value", Shape.AMOUNT, "Hasil negosiasi.", "What was negotiated.", 1_440_000_000),
    FieldSpec("score", Shape.SCORE, "Skor akhir, paling banyak dua desimal.", "The final score, two decimals at most.", 87.5),
    FieldSpec("is_winner", Shape.YES, "Apakah menang.", "Whether it won.", example=False),
    FieldSpec("reason", Shape.LONG_TEXT, "Alasan gugur.", "Why the offer failed.", "Tidak memenuhi syarat teknis"),
)  # fmt: skip

REALIZATION = (
    FieldSpec("type_text", Shape.TEXT, "Jenis realisasi.", "Which kind of document.", "Kwitansi"),
    FieldSpec("number", Shape.TEXT, "Nomor dokumen.", "Its number.", "CONTOH/1/2025"),
    FieldSpec("value", Shape.AMOUNT, "Nilai realisasi.", "The amount.", 12_500_000),
    FieldSpec("realized_on", Shape.DAY, "Tanggal realisasi.", "Its day.", "2025-03-18"),
    FieldSpec("supplier_name", Shape.TEXT, "Nama penyedia atau pelaksana.", "Who was paid.", "CV Contoh Makmur"),
    FieldSpec("npwp", Shape.TEXT, f"NPWP. {_NPWP_ID}", f"The tax number. {_NPWP_EN}", "00.000.000.0-000.000"),
    FieldSpec("note", Shape.LONG_TEXT, "Keterangan.", "A note.", "Pembayaran bulan Maret"),
)

STAGE_REVISION = (
    FieldSpec("edited_at", Shape.MOMENT, "Waktu perubahan.", "When it was changed.", "2025-02-01T09:00:00+07:00"),
    FieldSpec("starts_at", Shape.MOMENT, "Mulai semula.", "The start as it was.", "2025-02-03T08:00:00+07:00"),
    FieldSpec("ends_at", Shape.MOMENT, "Akhir semula.", "The end as it was.", "2025-02-10T16:00:00+07:00"),
    FieldSpec("reason", Shape.LONG_TEXT, "Alasan perubahan.", "Why it was changed.", "Penambahan waktu"),
)

STAGE = (
    FieldSpec("name", Shape.TEXT, "Nama tahap.", "The stage.", "Pengumuman Pemenang", required=True),
    FieldSpec("starts_at", Shape.MOMENT, "Rencana mulai.", "Planned start.", "2025-03-01T08:00:00+07:00"),
    FieldSpec("ends_at", Shape.MOMENT, "Rencana selesai.", "Planned end.", "2025-03-01T16:00:00+07:00"),
    FieldSpec("changes", Shape.COUNT, "Berapa kali diubah.", "How often it was moved.", 1),
    FieldSpec("revisions", Shape.OBJECTS, "Jadwal sebelum tiap perubahan.", "How it stood before each change.", parts=STAGE_REVISION),
)  # fmt: skip

PACKAGE = (
    FieldSpec("kind", Shape.WORD, "Jenis paket: tender, non_tender, recorded (pencatatan non-tender), self_managed (swakelola), emergency (darurat).", "Which process: tender, non_tender, recorded, self_managed or emergency. `?kind=` gives it to rows without one.", "tender", "Jenis Paket", "Tender", aliases=("jenis", "jenis proses"), required=True),
    FieldSpec("code", Shape.CODE, "Kode paket pada SPSE, tanpa nol di depan.", "The node's own code; leading zeros are dropped.", "10102584000", "Kode Paket", aliases=("kode", "kode tender", "kode non tender", "kode nontender", "kd tender", "kd paket", "id paket"), required=True),
    FieldSpec("fiscal_year", Shape.YEAR, "Tahun anggaran; paket dihitung pada tahun ini.", "The first fiscal year; the package counts there. `?fiscal_year=` gives it to rows without one.", 2025, "Tahun Anggaran", aliases=("tahun", "ta"), required=True),
    FieldSpec("fiscal_years", Shape.YEARS, "Semua tahun anggaran, untuk paket tahun jamak.", "All fiscal years, where there are several.", [2025, 2026], "Tahun Jamak", "2025; 2026", aliases=("semua tahun anggaran", "list tahun anggaran")),
    FieldSpec("name", Shape.TEXT, "Nama paket.", "The package's name.", "Pemeliharaan Jalan Contoh", "Nama Paket", aliases=("nama", "nama tender", "nama pekerjaan", "paket")),
    FieldSpec("labels", Shape.TEXTS, "Label seperti Tender Ulang.", "Badges such as Tender Ulang.", ["Tender Ulang"], "Label"),
    FieldSpec("institution", Shape.TEXT, "Kode K/L/PD (kd_klpd).", "kd_klpd of the buyer.", "D181", "Kode K/L/PD", aliases=("kd klpd", "kode instansi")),
    FieldSpec("institution_name", Shape.TEXT, "Nama K/L/PD.", "The buyer's name.", "Kota Contoh", "Nama K/L/PD", aliases=("k/l/pd", "instansi", "nama instansi", "klpd", "nama klpd")),
    FieldSpec("satker_name", Shape.TEXT, "Satuan kerja.", "The work unit that buys.", "Dinas Contoh", "Satuan Kerja", aliases=("satker", "nama satker", "nama satuan kerja", "opd", "skpd")),
    FieldSpec("category", Shape.WORD, "Jenis pengadaan; kata yang belum dikenal disimpan apa adanya.", "What is bought; an unknown word is kept in category_text.", "works", "Jenis Pengadaan", "Pekerjaan Konstruksi", aliases=("kategori", "kategori pengadaan", "kategori pekerjaan")),
    FieldSpec("category_text", Shape.TEXT, "Jenis pengadaan menurut sumber.", "The source's own words for the category.", "Pekerjaan Konstruksi"),
    FieldSpec("method", Shape.WORD, "Metode pemilihan; kata yang belum dikenal disimpan apa adanya.", "How the supplier is chosen; an unknown word is kept in method_text.", "tender", "Metode Pemilihan", "Tender", aliases=("metode", "metode pengadaan")),
    FieldSpec("method_text", Shape.TEXT, "Metode pemilihan menurut sumber.", "The source's own words for the method.", "Tender"),
    FieldSpec("evaluation_text", Shape.TEXT, "Metode evaluasi.", "How offers are compared.", "Harga Terendah Sistem Gugur", "Metode Evaluasi"),
    FieldSpec("qualification_text", Shape.TEXT, "Metode kualifikasi.", "How bidders are qualified.", "Pascakualifikasi Satu File", "Metode Kualifikasi"),
    FieldSpec("business_size", Shape.TEXT, "Kualifikasi usaha.", "What size a bidder must have.", "Usaha Kecil", "Kualifikasi Usaha"),
    FieldSpec("self_managed_type", Shape.COUNT, "Tipe swakelola, 1 sampai 4.", "Type of self-management, 1 to 4.", 1, "Tipe Swakelola"),
    FieldSpec("contract_type", Shape.TEXT, "Jenis kontrak.", "How the contract pays.", "Lumsum", "Jenis Kontrak", aliases=("kontrak pembayaran", "cara pembayaran")),
    FieldSpec("description", Shape.LONG_TEXT, "Uraian pekerjaan.", "What is to be done.", "Pemeliharaan berkala ruas contoh", "Uraian Pekerjaan", aliases=("uraian", "uraian singkat pekerjaan")),
    FieldSpec("locations", Shape.TEXTS, "Lokasi pekerjaan; beberapa dipisah titik koma.", "Where it is done.", ["Kota Contoh"], "Lokasi Pekerjaan", aliases=("lokasi",)),
    FieldSpec("status", Shape.WORD, "Status: running, completed, failed, cancelled, no_schedule, other, atau kata SPSE.", "How far it has come, as a code of the hub or a word of SPSE, INAPROC or OCDS.", "completed", "Status", "Selesai", aliases=("status paket", "status tender")),
    FieldSpec("stage", Shape.TEXT, "Tahap menurut sumber.", "The node's own words for the status.", "Tender Sudah Selesai", "Tahap", aliases=("tahapan", "tahap saat ini")),
    FieldSpec("reason", Shape.LONG_TEXT, "Alasan batal, gagal, atau diulang.", "Why it was cancelled, failed or repeated.", "Tidak ada penawaran", "Alasan", aliases=("alasan pembatalan", "keterangan")),
    FieldSpec("fund_sources", Shape.TEXTS, "Sumber dana; beberapa dipisah titik koma.", "Where the money comes from.", ["APBD"], "Sumber Dana"),
    FieldSpec("rup_codes", Shape.TEXTS, "Kode RUP; beberapa dipisah titik koma.", "Codes in the general procurement plan.", ["67643676"], "Kode RUP", aliases=("kd rup", "id rup")),
    FieldSpec("pagu", Shape.AMOUNT, "Pagu anggaran, rupiah.", "Budget ceiling.", 1_500_000_000, "Pagu", aliases=("pagu anggaran", "nilai pagu", "nilai pagu paket", "pagu paket", "pagu rp")),
    FieldSpec("hps", Shape.AMOUNT, "Harga perkiraan sendiri, rupiah.", "Owner's estimate.", 1_487_500_000.25, "HPS", aliases=("nilai hps", "nilai hps paket", "hps rp", "harga perkiraan sendiri")),
    FieldSpec("contract_value", Shape.AMOUNT, "Nilai kontrak seluruh paket.", "What the contracts come to.", 1_375_000_000.5, "Nilai Kontrak", aliases=("harga kontrak",)),
    FieldSpec("negotiated_value", Shape.AMOUNT, "Nilai hasil negosiasi seluruh paket.", "What was negotiated.", 1_380_000_000, "Nilai Negosiasi", aliases=("hasil negosiasi", "harga negosiasi")),
    FieldSpec("corrected_value", Shape.AMOUNT, "Harga terkoreksi.", "The bid, corrected arithmetically.", 1_400_000_000, "Harga Terkoreksi", aliases=("nilai terkoreksi",)),
    FieldSpec("bid_value", Shape.AMOUNT, "Harga penawaran.", "What was bid.", 1_400_000_000, "Harga Penawaran", aliases=("nilai penawaran",)),
    FieldSpec("award_value", Shape.AMOUNT, "Nilai penetapan, bila hanya satu nilai diketahui tanpa dasarnya.", "The awarded amount, where only one without a basis is known.", 1_375_000_000, "Nilai Penetapan"),
    FieldSpec("pdn_value", Shape.AMOUNT, _PDN_ID, _PDN_EN, 900_000_000, "Nilai PDN", aliases=("pdn",)),
    FieldSpec("umk_value", Shape.AMOUNT, _UMK_ID, _UMK_EN, 1_375_000_000, "Nilai UMK", aliases=("umk",)),
    FieldSpec("realized_value", Shape.AMOUNT, "Nilai total realisasi (pencatatan, swakelola, darurat).", "Total realisation of a recorded, self-managed or emergency package.", 12_500_000, "Nilai Realisasi", aliases=("total realisasi", "nilai total realisasi", "realisasi")),
    FieldSpec("participants", Shape.COUNT, "Jumlah peserta.", "How many took part.", 25, "Jumlah Peserta", aliases=("peserta",)),
    FieldSpec("bidders", Shape.COUNT, "Jumlah penawar.", "How many made an offer.", 4, "Jumlah Penawar", aliases=("penawar",)),
    FieldSpec("awards", Shape.OBJECTS, "Para pemenang.", "The winners; an empty list says that there is none.", parts=AWARD),
    FieldSpec("offers", Shape.OBJECTS, "Para peserta dan penawarannya.", "Who took part and what they offered.", parts=OFFER),
    FieldSpec("realizations", Shape.OBJECTS, "Rincian realisasi.", "Payments by which a recorded package was carried out.", parts=REALIZATION),
    FieldSpec("schedule", Shape.OBJECTS, "Jadwal tahapan.", "The planned stages.", parts=STAGE),
    FieldSpec("announced_at", Shape.MOMENT, "Tanggal pengumuman.", "When it was announced; without an offset, on the node's clock.", "2025-02-03T08:00:00+07:00", "Tanggal Pengumuman", "03-02-2025", aliases=("tgl pengumuman", "tanggal tayang")),
    FieldSpec("awarded_at", Shape.MOMENT, "Tanggal penetapan pemenang.", "When the winner was chosen.", "2025-03-01T15:30:00+07:00", "Tanggal Penetapan Pemenang", "01-03-2025", aliases=("tanggal penetapan", "tgl penetapan pemenang")),
    FieldSpec("contracted_at", Shape.MOMENT, "Tanggal kontrak.", "When the contract was signed.", "2025-03-10T10:00:00+07:00", "Tanggal Kontrak", "10-03-2025", aliases=("tgl kontrak",)),
    FieldSpec("date_basis", Shape.WORD, "actual: sungguh terjadi; scheduled: baru direncanakan.", "actual: the dates happened (taken for granted where absent); scheduled: they are only planned.", "actual"),
    FieldSpec("created_on", Shape.DAY, "Tanggal pembuatan paket.", "The day the package was made.", "2025-01-20", "Tanggal Pembuatan", "20-01-2025", aliases=("tgl pembuatan", "tanggal buat paket")),
    FieldSpec("finished_on", Shape.DAY, "Tanggal paket selesai.", "The day a recorded package was finished.", "2025-12-01", "Tanggal Selesai", "01-12-2025", aliases=("tanggal paket selesai", "tgl selesai")),
    FieldSpec("source_ids", Shape.NAMED_TEXTS, "Id lain paket menurut sumber.", "Other ids that the source gives the package, by its own names.", {"kd_pkt_dce": "4059010"}),
    FieldSpec("updated_at", Shape.MOMENT, "Kapan baris ini terakhir diubah di sistem pengirim; yang lebih lama tidak menggantikan yang lebih baru.", "The sender's own time of this row: an older row never replaces a newer one.", "2025-03-11T07:00:00+07:00", "Diperbarui Pada", "11-03-2025 07:00", aliases=("terakhir diubah", "updated", "last update")),
    FieldSpec("node", Shape.TEXT, "Node pemilik data, bila ingin diperiksa: slug atau kd_lpse yang dikirimi.", "Whose data it is, if you want it checked: the slug or kd_lpse you are sending to.", "", "Node", aliases=("kd lpse", "lpse id")),
    FieldSpec("value", Shape.READ_ONLY, "Dihitung oleh hub; tidak diambil.", "Computed by the hub; not taken."),
    *(
        FieldSpec(name, Shape.READ_ONLY, "Ditambahkan oleh hub; tidak diambil.", "Added by the hub; not taken.")
        for name in ("value_basis", "version", "source", "first_seen_at", "last_seen_at", "changed_at", "withdrawn", "field_sources", "disagreements")
    ),
)  # fmt: skip
"""Absent means "not spoken of", null "says: none"."""
