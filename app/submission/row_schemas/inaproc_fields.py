"""The fields of INAPROC's rows that packages are made of, and which list has which.

Source: rows recorded of data.inaproc.id/api/v1/tender/*, 2023 to 2025, and its documentation. Rows have more fields
(officials, addresses, seals of the service): those are not read.
"""

from app.submission.row_schemas.fields import FieldSpec, Shape

_FIELDS = (
    FieldSpec("kd_tender", Shape.CODE, "Kode tender.", "The tender's code.", 10102584000, required=True),
    FieldSpec("kd_nontender", Shape.CODE, "Kode non-tender.", "The non-tender's code.", 10404030000, required=True),
    FieldSpec("kd_nontender_pct", Shape.CODE, "Kode pencatatan non-tender.", "The recorded package's code.", 10312492000, required=True),
    FieldSpec("kd_swakelola_pct", Shape.CODE, "Kode pencatatan swakelola.", "The self-managed package's code.", 10312493000, required=True),
    FieldSpec("kd_lpse", Shape.COUNT, "Kode LPSE; bila ditulis, harus LPSE node yang dikirimi.", "The LPSE; where stated, it must be the node's.", 10),
    FieldSpec("tahun_anggaran", Shape.YEAR, "Tahun anggaran; bila tidak ada, dari ?fiscal_year=.", "Fiscal year; without one, `?fiscal_year=`.", 2025),
    FieldSpec("list_tahun_anggaran", Shape.TEXT, "Semua tahun anggaran, dipisah titik koma.", "All fiscal years, by semicolons.", "2025;2026"),
    FieldSpec("kd_klpd", Shape.TEXT, "Kode K/L/PD.", "The buyer's code.", "D181"),
    FieldSpec("nama_klpd", Shape.TEXT, "Nama K/L/PD.", "The buyer's name.", "Kota Contoh"),
    FieldSpec("kd_satker", Shape.CODE, "Kode satuan kerja pada SPSE.", "The work unit's code at the LPSE.", "128194"),
    FieldSpec("kd_satker_str", Shape.CODE, "Kode satuan kerja nasional.", "The work unit's national code.", "452677"),
    FieldSpec("nama_satker", Shape.TEXT, "Satuan kerja.", "The work unit.", "Dinas Contoh"),
    FieldSpec("nama_paket", Shape.TEXT, "Nama paket.", "The package's name.", "Pemeliharaan Jalan Contoh"),
    FieldSpec("kd_rup", Shape.CODE, "Kode RUP; beberapa dipisah titik koma.", "Codes of the plan, by semicolons.", "67643676"),
    FieldSpec("kd_rup_paket", Shape.CODE, "Kode RUP; beberapa dipisah titik koma.", "Codes of the plan, by semicolons.", "67643676"),
    FieldSpec("kd_pkt_dce", Shape.CODE, "Kode paket pada DCE.", "Another id.", 10832472000),
    FieldSpec("kd_paket", Shape.CODE, "Kode paket.", "Another id.", 4292194),
    FieldSpec("kd_paket_dce", Shape.CODE, "Kode paket pada DCE.", "Another id.", 10460975000),
    FieldSpec("lls_id", Shape.CODE, "Id lelang.", "Another id.", 10404030000),
    FieldSpec("kontrak_id", Shape.CODE, "Id kontrak.", "The contract's id.", 1688194),
    FieldSpec("sppbj_id", Shape.CODE, "Id SPPBJ.", "The letter of appointment's id.", 2010194),
    FieldSpec("no_sppbj", Shape.TEXT, "Nomor SPPBJ.", "The letter of appointment's number.", "CONTOH/1/2025"),
    FieldSpec("no_kontrak", Shape.TEXT, "Nomor kontrak.", "The contract's number.", "CONTOH/2/2025"),
    FieldSpec("versi_addendum", Shape.COUNT, "Versi adendum; yang tertinggi berlaku.", "Which version of the contract; the highest counts.", 0),
    FieldSpec("versi_tender", Shape.COUNT, "Versi tender.", "How often it was announced.", 1),
    FieldSpec("versi_nontender", Shape.COUNT, "Versi non-tender.", "How often it was announced.", 1),
    FieldSpec("jenis_pengadaan", Shape.TEXT, "Jenis pengadaan.", "What is bought.", "Pekerjaan Konstruksi"),
    FieldSpec("kategori_pengadaan", Shape.TEXT, "Jenis pengadaan.", "What is bought.", "Pengadaan Barang"),
    FieldSpec("kgr_id", Shape.COUNT, "Nomor jenis pengadaan.", "The category's number.", 2),
    FieldSpec("kgr_nama", Shape.TEXT, "Jenis pengadaan.", "What is bought.", "Pekerjaan Konstruksi"),
    FieldSpec("mtd_pemilihan", Shape.TEXT, "Metode pemilihan.", "How the supplier is chosen.", "Tender"),
    FieldSpec("mtd_kualifikasi", Shape.TEXT, "Metode kualifikasi.", "How bidders are qualified.", "Pasca Satu File"),
    FieldSpec("mtd_evaluasi", Shape.TEXT, "Metode evaluasi.", "How offers are compared.", "Harga Terendah Sistem Gugur"),
    FieldSpec("kualifikasi_paket", Shape.TEXT, "Kualifikasi usaha.", "What size a bidder must have.", "Kecil"),
    FieldSpec("kontrak_pembayaran", Shape.TEXT, "Jenis kontrak.", "How the contract pays.", "Lumsum"),
    FieldSpec("sumber_dana", Shape.TEXT, "Sumber dana.", "Where the money comes from.", "APBD"),
    FieldSpec("lokasi_pekerjaan", Shape.LONG_TEXT, "Lokasi pekerjaan.", "Where it is done.", "Jalan Contoh 1"),
    FieldSpec("kabkota", Shape.TEXT, "Kabupaten atau kota.", "The regency.", "Contoh (Kota)"),
    FieldSpec("status_tender", Shape.TEXT, "Status tender.", "The tender's status.", "Selesai"),
    FieldSpec("status_nontender", Shape.TEXT, "Status non-tender.", "The non-tender's status.", "Selesai"),
    FieldSpec("status_nontender_pct", Shape.TEXT, "Status pencatatan.", "The recorded package's status.", "Aktif"),
    FieldSpec("status_nontender_pct_ket", Shape.TEXT, "Keterangan status.", "The status in words.", "Paket Selesai"),
    FieldSpec("status_swakelola_pct", Shape.TEXT, "Status pencatatan.", "The self-managed package's status.", "Aktif"),
    FieldSpec("status_swakelola_pct_ket", Shape.TEXT, "Keterangan status.", "The status in words.", "Paket Selesai"),
    FieldSpec("tanggal_status", Shape.TEXT, "Tanggal status; dari dua pengumuman, yang terbaru berlaku.", "Of two announcements the later counts.", "2025-06-04T00:00:00Z"),
    FieldSpec("ket_ditutup", Shape.LONG_TEXT, "Alasan ditutup.", "Why it was closed.", "Tidak ada penawaran"),
    FieldSpec("ket_diulang", Shape.LONG_TEXT, "Alasan diulang.", "Why it was repeated.", "Tidak ada penawaran"),
    FieldSpec("alasan_pembatalan", Shape.LONG_TEXT, "Alasan pembatalan.", "Why it was cancelled.", "Salah input"),
    FieldSpec("repeat_order", Shape.TEXT, "Ya bila repeat order.", "Ya for a repeat order.", "Tidak"),
    FieldSpec("uraian_pekerjaan", Shape.LONG_TEXT, "Uraian pekerjaan.", "What is to be done.", "Pemeliharaan contoh"),
    FieldSpec("tipe_swakelola", Shape.COUNT, "Tipe swakelola, 1 sampai 4.", "Type of self-management.", 1),
    FieldSpec("pagu", Shape.AMOUNT, "Pagu.", "Budget ceiling.", 1_500_000_000),
    FieldSpec("hps", Shape.AMOUNT, "Harga perkiraan sendiri.", "Owner's estimate.", 1_487_500_000.25),
    FieldSpec("nilai_penawaran", Shape.AMOUNT, "Harga penawaran.", "The bid.", 1_400_000_000),
    FieldSpec("nilai_terkoreksi", Shape.AMOUNT, "Harga terkoreksi.", "The corrected bid.", 1_400_000_000),
    FieldSpec("nilai_negosiasi", Shape.AMOUNT, "Hasil negosiasi.", "What was negotiated.", 1_380_000_000),
    FieldSpec("nilai_kontrak", Shape.AMOUNT, "Nilai kontrak.", "The contract's value.", 1_375_000_000.5),
    FieldSpec("nilai_pdn_kontrak", Shape.AMOUNT, "Nilai PDN.", "The share of domestic products.", 900_000_000),
    FieldSpec("nilai_umk_kontrak", Shape.AMOUNT, "Nilai UMK.", "The share of small businesses.", 900_000_000),
    FieldSpec("nilai_pdn_pct", Shape.AMOUNT, "Nilai PDN.", "The share of domestic products.", 9_000_000),
    FieldSpec("nilai_umk_pct", Shape.AMOUNT, "Nilai UMK.", "The share of small businesses.", 9_000_000),
    FieldSpec("total_realisasi", Shape.AMOUNT, "Nilai total realisasi.", "Total realisation.", 12_500_000),
    FieldSpec("nilai_realisasi", Shape.AMOUNT, "Nilai realisasi.", "The realisation's amount.", 12_500_000),
    FieldSpec("kd_penyedia", Shape.CODE, "Kode penyedia.", "The supplier's number.", 3030260),
    FieldSpec("nama_penyedia", Shape.TEXT, "Nama penyedia.", "The supplier.", "CV Contoh Makmur"),
    FieldSpec("nama_pelaksana", Shape.TEXT, "Nama pelaksana.", "Who carried it out.", "Kelompok Contoh"),
    *(
        FieldSpec(name, Shape.TEXT, "NPWP, disamarkan untuk publik.", "The tax number, masked for the public.", "00.000.000.0-000.000")
        for name in ("npwp_penyedia", "npwp_16_penyedia", "npwp16_penyedia", "npwp_penyedia_16", "npwp_pelaksana")
    ),
    FieldSpec("kd_peserta", Shape.CODE, "Kode peserta.", "The participant's number.", 11222183000),
    FieldSpec("pemenang", Shape.COUNT, "1 bila menang.", "1 for a winner.", 1),
    FieldSpec("pemenang_terverifikasi", Shape.COUNT, "1 bila menang dan terverifikasi.", "1 for a verified winner.", 0),
    FieldSpec("alasan", Shape.LONG_TEXT, "Alasan gugur.", "Why the offer failed.", "Tidak memenuhi syarat teknis"),
    FieldSpec("dtj_id", Shape.CODE, "Id baris jadwal.", "The schedule row's id.", 10731552000),
    FieldSpec("nama_tahapan", Shape.TEXT, "Nama tahap.", "The stage.", "Pengumuman pemenang"),
    FieldSpec("nama_akt", Shape.TEXT, "Nama kegiatan, bila tahap kosong.", "The activity, where there is no stage.", "Pengumuman"),
    FieldSpec("tgl_awal", Shape.MOMENT, "Rencana mulai.", "Planned start.", "2025-03-01T08:00:00Z"),
    FieldSpec("tgl_akhir", Shape.MOMENT, "Rencana selesai.", "Planned end.", "2025-03-01T16:00:00Z"),
    FieldSpec("tgl_buat_paket", Shape.MOMENT, "Tanggal pembuatan.", "When the package was made.", "2025-01-20T09:07:06Z"),
    FieldSpec("tgl_pengumuman_tender", Shape.MOMENT, "Tanggal pengumuman; “Z” dibaca sebagai jam setempat.", "When it was announced; its “Z” is the node's clock.", "2025-02-03T08:00:00Z"),
    FieldSpec("tgl_pengumuman_nontender", Shape.MOMENT, "Tanggal pengumuman; “Z” dibaca sebagai jam setempat.", "When it was announced; its “Z” is the node's clock.", "2025-02-03T08:00:00Z"),
    FieldSpec("tgl_penetapan_pemenang", Shape.MOMENT, "Tanggal penetapan pemenang.", "When the winner was chosen.", "2025-03-01T15:30:00Z"),
    FieldSpec("tgl_kontrak", Shape.MOMENT, "Tanggal kontrak.", "When the contract was signed.", "2025-03-10T00:00:00Z"),
    FieldSpec("tgl_selesai_nontender", Shape.MOMENT, "Tanggal selesai.", "When it was finished.", "2025-03-20T15:00:00Z"),
    FieldSpec("tgl_selesai_paket", Shape.MOMENT, "Tanggal paket selesai.", "When it was finished.", "2025-12-01T00:00:00Z"),
    FieldSpec("tgl_realisasi", Shape.MOMENT, "Tanggal realisasi.", "The realisation's day.", "2025-03-18T00:00:00Z"),
    FieldSpec("jenis_realisasi", Shape.TEXT, "Jenis realisasi.", "Which kind of document.", "Kwitansi"),
    FieldSpec("no_realisasi", Shape.TEXT, "Nomor realisasi.", "Its number.", "CONTOH/3/2025"),
    FieldSpec("ket_realisasi", Shape.LONG_TEXT, "Keterangan.", "A note.", "Pembayaran bulan Maret"),
    FieldSpec("dok_realisasi", Shape.LONG_TEXT, "Dokumen.", "The document.", "SP2D contoh"),
    FieldSpec("rsk_id", Shape.CODE, "Id realisasi.", "The realisation's id.", 1074194),
)  # fmt: skip

FIELDS: dict[str, FieldSpec] = {field.name: field for field in _FIELDS}

_WHOSE = "kd_lpse tahun_anggaran kd_klpd nama_klpd kd_satker kd_satker_str nama_satker"
_WHAT = "nama_paket kd_rup kd_pkt_dce pagu hps jenis_pengadaan mtd_pemilihan kualifikasi_paket kontrak_pembayaran sumber_dana"
_WHERE = "lokasi_pekerjaan kabkota"
_WON = "nilai_penawaran nilai_terkoreksi nilai_negosiasi nilai_kontrak nilai_pdn_kontrak nilai_umk_kontrak kd_penyedia nama_penyedia npwp_penyedia"
_SIGNED = "nama_paket kontrak_id sppbj_id no_sppbj no_kontrak versi_addendum nilai_kontrak nilai_pdn_kontrak nilai_umk_kontrak kd_penyedia nama_penyedia npwp_penyedia tgl_kontrak"
_STAGE = "nama_tahapan nama_akt tgl_awal tgl_akhir dtj_id"
_PAID = "jenis_realisasi no_realisasi tgl_realisasi nilai_realisasi ket_realisasi dok_realisasi"

RESOURCE_FIELDS: dict[str, str] = {
    "pengumuman": f"kd_tender {_WHOSE} {_WHAT} {_WHERE} list_tahun_anggaran kgr_id kgr_nama mtd_kualifikasi mtd_evaluasi status_tender tanggal_status ket_ditutup ket_diulang versi_tender tgl_buat_paket tgl_pengumuman_tender uraian_pekerjaan",
    "tender-selesai": f"kd_tender {_WHOSE} {_WHAT} mtd_kualifikasi mtd_evaluasi status_tender tgl_pengumuman_tender tgl_penetapan_pemenang",
    "tender-selesai-nilai": f"kd_tender {_WHOSE} nama_paket kd_paket kd_rup_paket pagu hps {_WHERE} {_WON} npwp_16_penyedia tgl_pengumuman_tender tgl_penetapan_pemenang",
    "peserta-tender": f"kd_tender {_WHOSE} kd_pkt_dce kd_peserta kd_penyedia nama_penyedia npwp_penyedia npwp_penyedia_16 nilai_penawaran nilai_terkoreksi pemenang pemenang_terverifikasi alasan",
    "jadwal-tahapan-tender": f"kd_tender {_WHOSE} {_STAGE}",
    "tender-ekontrak": f"kd_tender {_WHOSE} {_SIGNED} npwp_16_penyedia",
    "tender-ekontrak-kontrak": f"kd_tender {_WHOSE} {_SIGNED} npwp_16_penyedia",
    "non-tender-pengumuman": f"kd_nontender {_WHOSE} {_WHAT} {_WHERE} lls_id status_nontender ket_ditutup ket_diulang repeat_order versi_nontender tgl_buat_paket tgl_pengumuman_nontender",
    "non-tender-selesai": f"kd_nontender {_WHOSE} {_WHAT} {_WHERE} {_WON} npwp16_penyedia lls_id kontrak_id status_nontender tgl_pengumuman_nontender tgl_selesai_nontender",
    "jadwal-tahapan-non-tender": f"kd_nontender {_WHOSE} {_STAGE}",
    "non-tender-ekontrak": f"kd_nontender {_WHOSE} {_SIGNED} npwp16_penyedia",
    "non-tender-ekontrak-kontrak": f"kd_nontender {_WHOSE} {_SIGNED} npwp16_penyedia",
    "pencatatan-non-tender": f"kd_nontender_pct {_WHOSE} nama_paket kd_rup kd_pkt_dce pagu kategori_pengadaan mtd_pemilihan sumber_dana status_nontender_pct status_nontender_pct_ket alasan_pembatalan total_realisasi nilai_pdn_pct nilai_umk_pct tgl_buat_paket tgl_selesai_paket uraian_pekerjaan",
    "pencatatan-non-tender-realisasi": f"kd_nontender_pct {_WHOSE} nama_paket kd_rup_paket kd_paket_dce pagu {_PAID} nama_penyedia npwp_penyedia",
    "pencatatan-swakelola": f"kd_swakelola_pct {_WHOSE} nama_paket kd_rup kd_pkt_dce pagu sumber_dana tipe_swakelola status_swakelola_pct status_swakelola_pct_ket alasan_pembatalan total_realisasi nilai_pdn_pct nilai_umk_pct tgl_buat_paket tgl_selesai_paket uraian_pekerjaan",
    "pencatatan-swakelola-realisasi": f"kd_swakelola_pct {_WHOSE} nama_paket {_PAID} nama_pelaksana npwp_pelaksana rsk_id",
}  # fmt: skip


def fields_of(resource: str) -> tuple[FieldSpec, ...]:
    return tuple(FIELDS[name] for name in RESOURCE_FIELDS[resource].split())
