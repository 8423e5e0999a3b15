"""The rankings as published: what is compared, who is ranked, what is drawn anew for the interval, what would move a node up."""

from decimal import Decimal

from app.core.ranking import Direction, RankingFormula, Resampling, Rule, StepUnit, Unit

_INTERVAL = {
    "id": (
        "Selang peringkat adalah 90 % bagian tengah dari peringkat pada 200 pengulangan, diperlebar bila perlu agar "
        "memuat peringkatnya sendiri. Node yang datanya terlalu sedikit untuk diundi ulang tidak diberi selang."
    ),
    "en": (
        "The interval of a rank is the middle 90 % of the ranks in 200 repetitions, widened where needed to hold the rank "
        "itself. A node with too little data to be drawn anew has no interval."
    ),
}


def _drawn(indonesian: str, english: str) -> Resampling:
    return Resampling(what={"id": f"{indonesian} {_INTERVAL['id']}", "en": f"{english} {_INTERVAL['en']}"})


READ_IN_PART = Rule(
    code="year-read-in-part",
    fact="year_read",
    at_least=1,
    sentence={
        "id": "Tahun anggaran ini belum pernah terbaca lengkap dari node, sehingga datanya belum utuh.",
        "en": "This fiscal year was never read completely from the node, so its data are not whole yet.",
    },
)

SAVINGS = RankingFormula(
    ranking="savings",
    version=1,
    title={"id": "Peringkat efisiensi", "en": "Savings rate"},
    definition={
        "id": (
            "Efisiensi terhadap pagu: Σ(pagu − nilai) / Σ pagu atas paket tender dan non-tender yang selesai dan memiliki "
            "kedua angka itu; rasio dari jumlah, bukan rata-rata rasio. Makin tinggi makin baik. Efisiensi yang tinggi "
            "bukan dengan sendirinya tanda pengadaan yang baik: pagu yang dianggarkan berlebihan memberi hasil yang sama. "
            "Efisiensi terhadap HPS disajikan di sampingnya."
        ),
        "en": (
            "Savings against pagu: Σ(pagu − value) / Σ pagu over completed tender and non-tender packages that have both "
            "figures; a ratio of sums, never a mean of ratios. Higher is better. High savings alone are no proof of good "
            "procurement: ceilings set too high look the same. Savings against HPS stand beside it."
        ),
    },
    unit=Unit.SHARE,
    direction=Direction.HIGHER,
    rules=(
        READ_IN_PART,
        Rule(
            code="too-few-packages",
            fact="counted_packages",
            at_least=10,
            sentence={
                "id": "Baru {found} paket selesai yang memiliki pagu dan nilai; diperlukan sedikitnya {needed}.",
                "en": "Only {found} completed packages have both pagu and value; at least {needed} are needed.",
            },
        ),
        Rule(
            code="too-many-left-out",
            fact="left_out_share",
            at_most=Decimal("0.20"),
            is_share=True,
            sentence={
                "id": "Pagu atau nilai tidak diketahui pada {found} paket selesai; yang dibolehkan paling banyak {needed}.",
                "en": "Pagu or value is not known of {found} of the completed packages; at most {needed} is allowed.",
            },
        ),
        Rule(
            code="pagu-zero",
            fact="pagu",
            at_least=Decimal("0.01"),
            sentence={
                "id": "Jumlah pagunya nol, sehingga tidak ada pembaginya.",
                "en": "The pagu adds up to zero, so there is nothing to divide by.",
            },
        ),
    ),
    resampling=_drawn(
        "Jumlah pagu dan nilai per bulan penetapan diundi ulang dengan pengembalian, sebanyak bulan yang ada.",
        "The sums of pagu and value by month of award are drawn anew with replacement, as many as there are months.",
    ),
    step_unit=StepUnit.RUPIAH,
    step={
        "id": "Atas pagu yang sama, nilai yang disepakati harus {change} lebih rendah untuk menyamai {node} (peringkat {rank}).",
        "en": "On the same pagu, the agreed values would have to be {change} lower to equal {node} (rank {rank}).",
    },
)

COMPETITION = RankingFormula(
    ranking="competition",
    version=1,
    title={"id": "Peringkat persaingan", "en": "Competition"},
    definition={
        "id": (
            "Porsi penawar tunggal: tender selesai dengan tepat satu penawar dibagi tender selesai yang jumlah penawarnya "
            "diketahui. Makin rendah makin baik. Rata-rata penawar per tender disajikan di sampingnya."
        ),
        "en": (
            "The single-bid share: completed tenders with exactly one bidder divided by completed tenders whose number of "
            "bidders is known. Lower is better. The mean number of bidders stands beside it."
        ),
    },
    unit=Unit.SHARE,
    direction=Direction.LOWER,
    rules=(
        READ_IN_PART,
        Rule(
            code="too-few-tenders",
            fact="bidders_known",
            at_least=10,
            sentence={
                "id": "Baru {found} tender selesai yang jumlah penawarnya diketahui; diperlukan sedikitnya {needed}.",
                "en": "Only {found} completed tenders have a known number of bidders; at least {needed} are needed.",
            },
        ),
        Rule(
            code="bidders-unknown",
            fact="bidders_known_share",
            at_least=Decimal("0.80"),
            is_share=True,
            sentence={
                "id": "Jumlah penawar baru diketahui pada {found} tender selesai; diperlukan sedikitnya {needed}.",
                "en": "The number of bidders is known of {found} of the completed tenders; at least {needed} is needed.",
            },
        ),
    ),
    resampling=_drawn(
        "Jumlah tender per bulan pengumuman diundi ulang dengan pengembalian, sebanyak bulan yang ada.",
        "The counts of tenders by month of announcement are drawn anew with replacement, as many as there are months.",
    ),
    step_unit=StepUnit.PACKAGES,
    step={
        "id": "{change} tender berpenawar tunggal harus memperoleh penawar kedua untuk menyamai {node} (peringkat {rank}).",
        "en": "{change} of the single-bid tenders would have to get a second bidder to equal {node} (rank {rank}).",
    },
)

TIMELINESS = RankingFormula(
    ranking="timeliness",
    version=1,
    title={"id": "Peringkat ketepatan waktu", "en": "Timeliness"},
    definition={
        "id": (
            "Median hari kalender dari pengumuman sampai penetapan pemenang, atas tender selesai; hanya tanggal yang "
            "benar-benar terjadi, bukan tanggal jadwal. Makin sedikit makin baik. Hari negatif dikeluarkan dan disebut. "
            "Median dan p90 dihitung persis, dengan interpolasi linear di antara dua paket yang berdekatan."
        ),
        "en": (
            "The median of calendar days from announcement to award over completed tenders; only dates that happened, none "
            "from a schedule. Fewer is better. Negative days are left out and counted. Median and p90 are exact, by linear "
            "interpolation between the two nearest packages."
        ),
    },
    unit=Unit.DAYS,
    direction=Direction.LOWER,
    rules=(
        READ_IN_PART,
        Rule(
            code="too-few-dates",
            fact="dated_tenders",
            at_least=10,
            sentence={
                "id": "Baru {found} tender selesai yang kedua tanggalnya benar-benar terjadi; diperlukan sedikitnya {needed}.",
                "en": "Only {found} completed tenders have both dates as they happened; at least {needed} are needed.",
            },
        ),
        Rule(
            code="dates-unknown",
            fact="dated_share",
            at_least=Decimal("0.80"),
            is_share=True,
            sentence={
                "id": "Kedua tanggal yang benar-benar terjadi baru diketahui pada {found} tender selesai; diperlukan "
                "sedikitnya {needed}.",
                "en": "Both dates as they happened are known of {found} of the completed tenders; at least {needed} is "
                "needed.",
            },
        ),
    ),
    resampling=_drawn(
        "Tender diundi ulang dengan pengembalian, sebanyak tender yang ada, dan mediannya dihitung lagi.",
        "Tenders are drawn anew with replacement, as many as there are, and the median is taken again.",
    ),
    step_unit=StepUnit.PACKAGES,
    step={
        "id": "{change} tender yang paling lama harus ditetapkan dalam {days} hari untuk menyamai {node} (peringkat {rank}).",
        "en": "{change} of the slowest tenders would have to be awarded within {days} days to equal {node} (rank {rank}).",
    },
)

COMPLETENESS = RankingFormula(
    ranking="completeness",
    version=1,
    title={"id": "Peringkat kelengkapan data", "en": "Completeness"},
    definition={
        "id": (
            "Fakta yang diketahui dibagi fakta yang semestinya ada: pagu dan instansi dari setiap paket; HPS, jenis "
            "pengadaan, metode, dan tanggal pengumuman dari setiap tender dan non-tender; nilai dari setiap tender dan "
            "non-tender yang selesai. Setiap fakta berbobot sama. Jenis pengadaan dan metode yang kata-katanya tidak "
            "dikenali dihitung tidak diketahui. Makin tinggi makin baik."
        ),
        "en": (
            "Known facts divided by expected facts: pagu and institution of every package; HPS, category, method and date "
            "of announcement of every tender and non-tender; value of every completed tender and non-tender. Every fact "
            "weighs the same. A category or method whose words are not understood counts as unknown. Higher is better."
        ),
    },
    unit=Unit.SHARE,
    direction=Direction.HIGHER,
    rules=(
        READ_IN_PART,
        Rule(
            code="too-few-packages",
            fact="packages",
            at_least=10,
            sentence={
                "id": "Baru ada {found} paket; diperlukan sedikitnya {needed}.",
                "en": "There are only {found} packages; at least {needed} are needed.",
            },
        ),
    ),
    resampling=_drawn(
        "Jumlah fakta per bulan pengumuman diundi ulang dengan pengembalian, sebanyak bulan yang ada.",
        "The counts of facts by month of announcement are drawn anew with replacement, as many as there are months.",
    ),
    step_unit=StepUnit.FACTS,
    step={
        "id": "{change} fakta yang kini kosong harus terisi untuk menyamai {node} (peringkat {rank}).",
        "en": "{change} of the facts now missing would have to be known to equal {node} (rank {rank}).",
    },
)

READINESS = RankingFormula(
    ranking="readiness",
    version=1,
    title={"id": "Peringkat kesiapan sistem", "en": "Readiness"},
    definition={
        "id": (
            "Syarat yang terpenuhi dibagi syarat yang dapat dinilai, masing-masing berbobot sama. reachable: tidak satu pun "
            "alamat node sedang gagal dijawab. steady: sedikitnya 95 % dari sedikitnya 24 pemeriksaan dalam 7 hari terakhir "
            "berhasil. fresh: ada tahun anggaran yang terbaca lengkap dalam 48 jam terakhir. version_current: versi SPSE "
            "yang disebut node sedikitnya 4.5. year_read: tahun anggaran yang ditanyakan pernah terbaca lengkap, dan tersendiri "
            "bagi masing-masing dari dua tahun sebelumnya. Syarat yang belum pernah diperiksa tidak dinilai. Empat syarat "
            "pertama adalah keadaan hari ini, tahun anggaran mana pun yang ditanyakan. Makin tinggi makin baik."
        ),
        "en": (
            "Conditions met divided by conditions that can be judged, each with the same weight. reachable: none of the "
            "node's addresses is failing. steady: at least 95 % of at least 24 probes in the last 7 days went well. fresh: "
            "some fiscal year was read completely within the last 48 hours. version_current: the SPSE version that the node "
            "states is at least 4.5. year_read: the fiscal year asked for was once read completely, and each of the two years "
            "before for itself. What was never tried is not judged. The first four are the state of today, whatever fiscal "
            "year is asked for. Higher is better."
        ),
    },
    unit=Unit.SHARE,
    direction=Direction.HIGHER,
    rules=(
        Rule(
            code="too-few-conditions",
            fact="judged_conditions",
            at_least=4,
            sentence={
                "id": "Baru {found} syarat yang dapat dinilai; diperlukan sedikitnya {needed}.",
                "en": "Only {found} conditions can be judged; at least {needed} are needed.",
            },
        ),
    ),
    resampling=None,
    step_unit=StepUnit.CONDITIONS,
    step={
        "id": "{change} syarat lagi harus terpenuhi untuk menyamai {node} (peringkat {rank}).",
        "en": "{change} more conditions would have to be met to equal {node} (rank {rank}).",
    },
    parameters={
        "probes_ok_at_least": Decimal("0.95"),
        "probes_at_least": 24,
        "probes_within_days": 7,
        "fresh_within_hours": 48,
        "version_at_least": Decimal("4.5"),
        "years": 3,
    },
)

SINGLE = (SAVINGS, COMPETITION, TIMELINESS, COMPLETENESS, READINESS)
"""The rankings by one indicator each; the composite is made of them, in this order."""

COMPOSITE = RankingFormula(
    ranking="composite",
    version=1,
    title={"id": "Peringkat gabungan", "en": "Composite"},
    definition={
        "id": (
            "Rata-rata skor efisiensi, persaingan, ketepatan waktu, kelengkapan, dan kesiapan, masing-masing berbobot sama. "
            "Skor adalah porsi node sekelompok yang tertinggal, yang sama dihitung setengah: (di bawahnya + yang sama / 2) / "
            "semua, di antara semua yang diperingkat dalam komponen itu. Skor tidak bergantung pada satuan atau besarnya "
            "rupiah. Hanya node yang diperingkat dalam kelima komponen yang diperingkat di sini. Makin tinggi makin baik."
        ),
        "en": (
            "The mean of the scores in savings, competition, timeliness, completeness and readiness, each with the same "
            "weight. A score is the share of the peers left behind, ties counted half: (below + equal / 2) / all, among all "
            "that are ranked in that component. It depends on no unit and no size of amounts. Only nodes ranked in all five "
            "are ranked here. Higher is better."
        ),
    },
    unit=Unit.SCORE,
    direction=Direction.HIGHER,
    rules=(),
    resampling=_drawn(
        "Setiap komponen diundi ulang seperti pada peringkatnya sendiri; kesiapan tidak diundi.",
        "Every component is drawn anew as in its own ranking; readiness is not drawn.",
    ),
    step_unit=StepUnit.SCORE,
    step={
        "id": "Skor rata-rata harus naik {change} untuk menyamai {node} (peringkat {rank}).",
        "en": "The mean score would have to rise by {change} to equal {node} (rank {rank}).",
    },
    components=tuple(formula.ranking for formula in SINGLE),
)

RANKINGS = {formula.ranking: formula for formula in (*SINGLE, COMPOSITE)}
