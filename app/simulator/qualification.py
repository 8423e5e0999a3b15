"""The nested tables of *Syarat Kualifikasi*: the larger half of every announcement, and a trial for any parser."""

from app.simulator.packages import SimulatedPackage

_PERMITS = (
    ("NIB dan izin usaha contoh", "Berlaku"),
    ("Rekening atas nama perusahaan contoh", "Aktif"),
    ("Konfirmasi Status Wajib Pajak", "Valid"),
    ("Akta pendirian beserta perubahan terakhir", "Ada"),
    ("Sertifikat badan usaha contoh", "Berlaku"),
)
_LEGAL = (
    "Peserta memiliki status pajak yang dapat dikonfirmasi pada tahun berjalan (contoh).",
    "Peserta memiliki atau menguasai tempat usaha dengan alamat yang jelas, milik sendiri maupun sewa (contoh).",
    """Peserta dapat mengikatkan diri pada kontrak, yang dibuktikan dengan:<br>
                a) akta pendirian dan perubahannya;<br>
                b) surat kuasa apabila diwakilkan;<br>
                c) bukti bahwa penerima kuasa adalah pegawai tetap; dan<br>
                d) kartu identitas.""",
    "Peserta menyetujui pakta integritas (contoh).",
    "Peserta menyetujui surat pernyataan tidak dalam pengawasan pengadilan (contoh).",
    "Peserta tidak masuk dalam daftar hitam pada saat penawaran dibuka (contoh).",
)
_TECHNICAL = (
    "Pernah menyelesaikan pekerjaan pada divisi yang sama, di lingkungan pemerintah maupun swasta (contoh).",
    "Pernah menyelesaikan pekerjaan pada kelompok yang sama dalam tiga tahun terakhir, termasuk sebagai subkontrak (contoh).",
    "Untuk usaha non kecil: nilai pekerjaan sejenis tertinggi dalam sepuluh tahun terakhir paling kurang separuh HPS (contoh).",
    "Untuk usaha kecil: pengalaman dikecualikan bagi badan usaha yang berdiri kurang dari tiga tahun (contoh).",
    "Memiliki tenaga ahli dan peralatan utama sebagaimana disebut dalam dokumen pemilihan (contoh).",
)
_KBKI = {"Pengadaan Barang": ("38", "381"), "Pekerjaan Konstruksi": ("53", "531")}


def _permits() -> str:
    return "".join(
        f"""
                <tr>
                    <td>{permit}</td>
                    <td>{state}</td>
                </tr>"""
        for permit, state in _PERMITS
    )


def _legal() -> str:
    return "".join(
        f"""
    <tr>
        <td>
            <div style="word-wrap: break-word;">{condition}<br>
            </div>
        </td>
    </tr>"""
        for condition in _LEGAL
    )


def _technical() -> str:
    return "".join(
        f"\n            {letter}) {condition}\n            <br>"
        for letter, condition in zip("abcde", _TECHNICAL, strict=True)
    )


_BEFORE = f"""<strong>Persyaratan Kualifikasi Administrasi/Legalitas</strong>
<table class="table table-sm">
    <tbody><tr>
        <th>Izin Usaha</th>
    </tr>
    <tr>
        <td>
            <table class="table table-sm">
                <tbody><tr>
                    <td>Jenis Izin</td>
                    <td>Bidang Usaha/Sub Bidang Usaha/Klasifikasi/Sub Klasifikasi</td>
                </tr>{_permits()}
            </tbody></table>
        </td>
    </tr>{_legal()}
</tbody></table>
<strong>Persyaratan Kualifikasi Teknis</strong>
<table class="table table-sm">
    <tbody><tr>
        <td>
            Memiliki Pengalaman Pekerjaan:
            <br>{_technical()}
        </td>
    </tr>
    <tr>
        <td>
            <strong>Tabel Data KBKI</strong><table class="table table-sm">
                <thead>
                <tr>
                    <th width="150" nowrap="nowrap">Divisi</th>
                    <th width="170" nowrap="nowrap">Kelompok</th>
                    <th width="1000">Deskripsi</th>
                    <th width="200" nowrap="nowrap">Tahun</th>
                </tr>
                </thead>
                <tbody id="bodyTblKbkiList">
                <tr>
"""
_AFTER = """
                </tr>
                </tbody>
            </table>
        </td>
    </tr>
</tbody></table>
"""


def requirements(package: SimulatedPackage) -> str:
    """The same conditions for everybody; only the KBKI line follows the category."""
    division, group = _KBKI.get(package.category, ("83", "839"))
    return f"""{_BEFORE}                    <td>{division}</td>
                    <td>{group}</td>
                    <td>{package.category} (contoh)</td>
                    <td>KBKI 2015</td>{_AFTER}"""
