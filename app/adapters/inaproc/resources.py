"""The gateway's lists of each kind of package, as paths below `/api/v1`.

Source: documentation of data.inaproc.id and rows recorded of institution K34, 2023 to 2025.
"""

from app.adapters.lkpp.lists import KindLists
from app.core.vocabulary import PackageKind

KINDS: dict[PackageKind, KindLists] = {
    PackageKind.TENDER: KindLists(
        code="kd_tender",
        announcement="tender/pengumuman",
        version="versi_tender",
        finished="tender/tender-selesai",
        values="tender/tender-selesai-nilai",
        participants="tender/peserta-tender",
        schedule="tender/jadwal-tahapan-tender",
        contracts="tender/tender-ekontrak-kontrak",
    ),
    PackageKind.NON_TENDER: KindLists(
        code="kd_nontender",
        announcement="tender/non-tender-pengumuman",
        version="versi_nontender",
        finished="tender/non-tender-selesai",
        values="tender/non-tender-selesai",
        schedule="tender/jadwal-tahapan-non-tender",
        contracts="tender/non-tender-ekontrak-kontrak",
    ),
    PackageKind.RECORDED: KindLists(
        code="kd_nontender_pct",
        announcement="tender/pencatatan-non-tender",
        realizations="tender/pencatatan-non-tender-realisasi",
    ),
    PackageKind.SELF_MANAGED: KindLists(
        code="kd_swakelola_pct",
        announcement="tender/pencatatan-swakelola",
        realizations="tender/pencatatan-swakelola-realisasi",
    ),
}
"""The gateway has no list of emergency packages."""
