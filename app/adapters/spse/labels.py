"""The labels under which SPSE pages state things, in `name_key` form: "K/L/PD/Instansi Lainnya" is "k l pd instansi lainnya".

Labels differ between kinds, versions and years, so each field has its synonyms, today's first. No real tender
announcement was recorded: its labels are those that public consumers of SPSE 4.5 rely on; those of the other kinds are
recorded (August 2026).
"""

CODE = ("kode tender", "kode non tender", "kode lelang", "kode seleksi", "kode paket", "kode swakelola")
NAME = ("nama tender", "nama non tender", "nama lelang", "nama seleksi", "nama paket", "nama swakelola")
STAGE = (
    "tahap tender saat ini",
    "tahap paket saat ini",
    "tahap non tender saat ini",
    "tahap lelang saat ini",
    "tahap seleksi saat ini",
    "tahap saat ini",
)
PAGU = ("nilai pagu paket", "nilai pagu", "pagu paket", "pagu")
HPS = ("nilai hps paket", "nilai hps", "hps paket", "hps")
INSTITUTION = ("k l pd instansi lainnya", "k l pd instansi lain", "k l pd", "k l d i", "instansi")
SATKER = ("satuan kerja", "satker")
CATEGORY = ("jenis pengadaan", "kategori")
METHOD = ("metode pengadaan", "metode pemilihan")
QUALIFICATION = ("metode kualifikasi",)
DOCUMENTS = ("metode dokumen",)
EVALUATION = ("metode evaluasi",)
BUSINESS_SIZE = ("kualifikasi usaha", "kualifikasi perusahaan")
YEARS = ("tahun anggaran",)
CREATED = ("tanggal pembuatan",)
CONTRACT_TYPE = ("jenis kontrak", "cara pembayaran")
LOCATIONS = ("lokasi pekerjaan",)
PLANS = ("rencana umum pengadaan",)
DESCRIPTION = ("uraian singkat pekerjaan", "uraian pekerjaan")
REASONS = ("alasan pembatalan", "alasan penutupan", "alasan ditutup", "alasan di ulang", "alasan diulang")
NATIVE_PAPUANS = ("khusus orang asli papua oap", "khusus orang asli papua", "khusus oap")
PARTICIPANTS = (
    "peserta tender",
    "peserta non tender",
    "peserta lelang",
    "peserta seleksi",
    "peserta paket",
    "peserta",
)
SELF_MANAGED_TYPE = ("tipe pelaksana swakelola", "tipe pelaksana", "tipe swakelola")
REALIZED = ("nilai total realisasi", "total realisasi")
PDN = ("nilai pdn",)
UMK = ("nilai umk",)
FINISHED = ("tanggal paket selesai", "tanggal selesai paket")
