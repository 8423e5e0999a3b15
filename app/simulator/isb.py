"""The older services of the LKPP at `/-/isb/api/…`: whole years as bare arrays, and the open Satu Data."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from app.simulator.inaproc.gateway import RESOURCES
from app.simulator.inaproc.rows import Row
from app.simulator.inaproc.wording import institution_type, lpse_name, money, number_of, qualification
from app.simulator.moments import ANNOUNCING, happened
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import SimulatedPackage, Stage
from app.simulator.web import JSON, Question, Reply
from app.simulator.world import World

KEY = "00000000-0000-4000-8000-000000000000"
"""The first half of a service's address; with the number behind it, it is all that a reader must know."""
DATASETS: dict[str, tuple[str, str]] = {
    "SPSE-TenderPengumuman": ("1013", "pengumuman"),
    "SPSE-TenderSelesai": ("1014", "tender-selesai"),
    "SPSE-TenderSelesaiNilai": ("1015", "tender-selesai-nilai"),
    "SPSE-PesertaTender": ("1070", "peserta-tender"),
    "SPSE-JadwalTahapanTender": ("1068", "jadwal-tahapan-tender"),
    "SPSE-TenderEkontrak-Kontrak": ("1073", "tender-ekontrak-kontrak"),
    "SPSE-NonTenderPengumuman": ("1016", "non-tender-pengumuman"),
    "SPSE-NonTenderSelesai": ("1017", "non-tender-selesai"),
    "SPSE-JadwalTahapanNonTender": ("1069", "jadwal-tahapan-non-tender"),
    "SPSE-NonTenderEkontrak-Kontrak": ("1080", "non-tender-ekontrak-kontrak"),
    "SPSE-PencatatanNonTender": ("1057", "pencatatan-non-tender"),
    "SPSE-PencatatanNonTenderRealisasi": ("1058", "pencatatan-non-tender-realisasi"),
    "SPSE-PencatatanSwakelola": ("1059", "pencatatan-swakelola"),
    "SPSE-PencatatanSwakelolaRealisasi": ("1060", "pencatatan-swakelola-realisasi"),
}
"""Dataset, its number, and the resource of the gateway that says the same."""
_NOT_HERE = frozenset(
    {"last_update_ref", "kabkota", "provinsi", "kgr_id", "kgr_nama", "psr_id", "kontrak_id", "dtj_id"}
)
"""Fields that the gateway added later."""


class Isb:
    """Answers by node and year over all nodes of a world. What it does not know it says with status 200."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._masters: dict[str, Callable[[], Iterator[Row]]] = {
            "MasterLPSE": self._master_lpse,
            "MasterKLPD": self._master_klpd,
        }

    def answer(self, question: Question) -> Reply:
        found: Iterator[Row] | None = None
        match question.parts[2:]:
            case ("api", "satudata", name) if name in self._masters:
                found = self._masters[name]()
            case ("api", "satudata", "TenderUmumPublik", year, number):
                found = self._tenders(year, number)
            case ("api", key, "json", number, dataset, "tipe", "4:4", "parameter", parameter):
                if key == KEY and DATASETS.get(dataset, ("", ""))[0] == number:
                    year, _, lpse = parameter.partition(":")
                    found = self._dataset(DATASETS[dataset][1], year, lpse)
        if found is None:
            text = f"URL-NOT-DEFINED: /{'/'.join(question.parts[2:])}"
            return Reply(text.encode(), content_type="text/plain; charset=utf-8")
        return Reply(json.dumps(list(found), ensure_ascii=False).encode(), content_type=JSON)

    def _nodes(self, lpse: str) -> Iterator[SimulatedNode]:
        return (node for node in self.world.nodes.values() if node.kd_lpse is not None and str(node.kd_lpse) == lpse)

    def _dataset(self, resource: str, year: str, lpse: str) -> Iterator[Row]:
        kind, make = RESOURCES[resource]
        for node in self._nodes(lpse):
            for package in self.world.everything(node.slug, kind).values():
                for row in make(node, package):
                    if str(row["tahun_anggaran"]) == year:
                        kept = {name: value for name, value in row.items() if name not in _NOT_HERE}
                        yield {**kept, "_event_date": self.world.today.isoformat()}

    def _tenders(self, year: str, lpse: str) -> Iterator[Row]:
        for node in self._nodes(lpse):
            for package in self.world.everything(node.slug, "tender").values():
                if str(package.fiscal_year) == year:
                    yield _public_tender(node, package)

    def _master_lpse(self) -> Iterator[Row]:
        for node in self.world.nodes.values():
            if node.kd_lpse is not None:
                event = self.world.today.isoformat()
                yield {"kd_lpse": node.kd_lpse, "nama_lpse": lpse_name(node), "_event_date": event}

    def _master_klpd(self) -> Iterator[Row]:
        told: set[str] = set()
        for node in self.world.nodes.values():
            for name in (node.institution_name, *node.other_institutions):
                code = node.institution_code(name)
                if code not in told:
                    told.add(code)
                    yield {
                        "kd_klpd": code,
                        "nama_klpd": name,
                        "jenis_klpd": institution_type(name),
                        "kd_provinsi": 1,
                        "kd_kabupaten": number_of("kabupaten", name) % 90_000,
                    }


def _public_tender(node: SimulatedNode, package: SimulatedPackage) -> Row:
    """A row of `TenderUmumPublik`: keys with spaces, no winner, no value."""
    fund = package.plan[0].fund if package.plan else "LAINNYA"
    offers = [one for one in package.participants if one.bid is not None]
    return {
        "Kode Tender": int(package.code),
        "Repo id LPSE": node.kd_lpse,
        "LPSE": lpse_name(node),
        "Status_Tender": "Ditutup" if package.status in {"failed", "cancelled"} else "Aktif",
        "Nama Paket": package.name,
        "Pagu": money(package.pagu, package.code),
        "HPS": money(package.hps, package.code),
        "tanggal paket dibuat": _without_zone(datetime.combine(package.created_on, datetime.min.time())),
        "tanggal paket tayang": _without_zone(happened(package).announced_at),
        "Kategori Pekerjaan": package.category,
        "Metode Pemilihan": package.method,
        "Metode Pengadaan": qualification(package),
        "Metode Evaluasi": package.evaluation,
        "Cara Pembayaran": package.contract_type,
        "Jenis Penetapan Pemenang": "Tender Non Itemized",
        "Instansi dan Satker": [
            {
                "rup_id": int(item.code),
                "stk_nama": package.satker,
                "nama_instansi": package.institution,
                "jenis_instansi": institution_type(package.institution),
            }
            for item in package.plan
        ],
        "Apakah paket konsolidasi": "YA" if package.consolidated else "TIDAK",
        "daftar paket konsolidasi": None,
        "anggaran": [
            {
                "rup_id": int(package.plan[0].code) if package.plan else None,
                "sbd_id": fund,
                "ang_nilai": money(package.pagu, package.code),
                "ang_tahun": year,
                "ang_koderekening": "-",
            }
            for year in package.fiscal_years
        ],
        "lokasi_paket": [
            {"lokasi": {"kbp_nama": "Contoh (Kab.)", "prp_nama": "Provinsi Contoh", "pkt_lokasi": place}}
            for place in package.locations
        ],
        "Jumlah Pendaftar": package.registered,
        "Jumlah Penawar": len(offers) if package.evaluated else None,
        "jumlah_kirim_kualifikasi": None,
        "Durasi Tender": None,
        "Versi_spse_paket": "Versi 4.5",
        "jadwal_pengumuman": _days(_stage(package, ANNOUNCING)),
        "jadwal_penawaran": _days(_stage(package, ("Upload Dokumen Penawaran",))),
    }


def _stage(package: SimulatedPackage, names: tuple[str, ...]) -> Stage | None:
    return next((stage for stage in package.schedule if stage.name in names), None)


def _days(stage: Stage | None) -> dict[str, Any] | None:
    if stage is None:
        return None
    return {
        "tanggal_mulai": stage.starts_at.date().isoformat(),
        "tanggal_akhir": stage.ends_at.date().isoformat(),
    }


def _without_zone(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}"
