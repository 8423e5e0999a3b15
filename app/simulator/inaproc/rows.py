"""Rows of the gateway about tenders and non-tenders, told from the same packages as the pages of SPSE."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from app.simulator.inaproc import wording
from app.simulator.inaproc.wording import clock, midnight, money, number_of
from app.simulator.moments import happened
from app.simulator.names import CATEGORY_IDS
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import SimulatedPackage, Winner

Row = dict[str, Any]
Rows = Callable[[SimulatedNode, SimulatedPackage], Iterator[Row]]


def whose(node: SimulatedNode, package: SimulatedPackage, *, named: bool = True) -> Row:
    """What every row says of where its package belongs."""
    satker = number_of(package.satker)
    row: Row = {
        "kd_klpd": node.institution_code(package.institution),
        "kd_lpse": node.kd_lpse,
        "kd_satker": f"{satker % 900 + 100}{node.kd_lpse or 0:03d}",
        "kd_satker_str": f"{satker % 900_000 + 100_000}",
        "tahun_anggaran": package.fiscal_year,
    }
    if named:
        row |= {
            "jenis_klpd": wording.institution_type(package.institution),
            "nama_klpd": package.institution,
            "nama_satker": package.satker,
        }
    return row


def package_id(package: SimulatedPackage) -> int:
    """`kd_pkt_dce`: the number of the package, which is not the number of its procurement."""
    return (int(package.code[:-3]) - 7) * 1000 + int(package.code[-3:])


def plan_codes(package: SimulatedPackage) -> str:
    return ";".join(item.code for item in package.plan)


def funds(package: SimulatedPackage) -> str:
    return ";".join(dict.fromkeys(item.fund for item in package.plan))


def _described(node: SimulatedNode, package: SimulatedPackage) -> Row:
    """What announcements and results of tenders and non-tenders have in common."""
    return {
        **whose(node, package),
        "nama_lpse": wording.lpse_name(node),
        "url_lpse": f"https://lpse.{node.slug}.contoh.example/eproc4",
        "nama_paket": package.name,
        "kd_rup": plan_codes(package),
        "kd_pkt_dce": package_id(package),
        "jenis_pengadaan": package.category,
        "mtd_pemilihan": package.method,
        "kontrak_pembayaran": package.contract_type,
        "kualifikasi_paket": wording.BUSINESS_SIZES.get(package.business_size),
        "sumber_dana": funds(package),
        "pagu": money(package.pagu, package.code, "pagu"),
        "hps": money(package.hps, package.code, "hps"),
        "lokasi_pekerjaan": "; ".join(package.locations),
        "kabkota": "Contoh (Kab.)",
    }


def moves_over_the_year(package: SimulatedPackage) -> bool:
    """Half of the finished packages of several years are announced in the books of the last one only.

    So winners have no announcement in their year, and announcements no winners: rows cannot be held to each other.
    """
    return len(package.fiscal_years) > 1 and package.status == "completed" and number_of("year", package.code) % 2 == 0


def announcements(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`pengumuman`."""
    announced = happened(package).announced_at
    category = CATEGORY_IDS.get(package.category)
    row = {
        **_described(node, package),
        "provinsi": "Provinsi Contoh",
        "kd_tender": int(package.code),
        "status_tender": wording.TENDER_STATUS[package.status],
        "versi_tender": package.repetition,
        "mtd_evaluasi": package.evaluation,
        "mtd_kualifikasi": wording.qualification(package),
        "kgr_id": None if category is None else int(category),
        "kgr_nama": package.category,
        "list_tahun_anggaran": ";".join(map(str, package.fiscal_years)),
        "ket_ditutup": package.reason_cancelled,
        "ket_diulang": package.reason_retried,
        "nama_pokja": ";".join(wording.masked_name(package.code, "pokja", number) for number in range(3)),
        "nip_pokja": wording.masked_number(package.code, "pokja"),
        "nama_ppk": wording.masked_name(package.code, "ppk"),
        "nip_ppk": wording.masked_number(package.code, "ppk"),
        "tanggal_status": midnight(package.published_on + timedelta(days=60), package.code, "status"),
        "tgl_buat_paket": wording.working_hour(package.created_on, package.code),
        "tgl_kolektif_kolegial": wording.working_hour(package.published_on, package.code),
        "tgl_pengumuman_tender": clock(announced, package.code, "announced"),
    }
    if moves_over_the_year(package):
        row["tahun_anggaran"] = package.fiscal_years[-1]
    yield row


def results(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`tender-selesai`: one row of each finished tender."""
    if package.status != "completed":
        return
    moments = happened(package)
    described = _described(node, package)
    del described["lokasi_pekerjaan"], described["kabkota"]
    yield {
        **described,
        "kd_tender": int(package.code),
        "status_tender": "Selesai",
        "mak": f"5.2.{number_of(package.code) % 90 + 10}.01",
        "mtd_evaluasi": package.evaluation,
        "mtd_kualifikasi": wording.qualification(package),
        "tgl_pengumuman_tender": clock(moments.announced_at, package.code, "announced/result"),
        "tgl_penetapan_pemenang": clock(moments.awarded_at, package.code, "awarded"),
    }


def _winner_amounts(package: SimulatedPackage, winner: Winner | None, *, npwp16: str) -> Row:
    """Names and amounts of one winner, or nulls in their places."""
    supplier = winner.supplier if winner else None

    def amount(name: str) -> int | float | None:
        return money(getattr(winner, name), package.code, name) if winner else None

    return {
        "kd_penyedia": supplier_id(supplier.name) if supplier else None,
        "nama_penyedia": supplier.name if supplier else None,
        "npwp_penyedia": wording.npwp15(supplier) if supplier else None,
        npwp16: wording.npwp16(supplier) if supplier else None,
        "nilai_penawaran": amount("bid"),
        "nilai_terkoreksi": amount("corrected"),
        "nilai_negosiasi": amount("negotiated"),
        "nilai_kontrak": amount("contract"),
        "nilai_pdn_kontrak": amount("pdn"),
        "nilai_umk_kontrak": amount("umk"),
    }


def supplier_id(name: str) -> int:
    return number_of("supplier", name) % 90_000_000 + 100_000


def values(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`tender-selesai-nilai`: one row of each winner; a finished tender without one has a row of nulls.

    Moments are cut to days here, and the name of the package is missing.
    """
    if package.status != "completed":
        return
    moments = happened(package)
    for winner in package.winners or (None,):
        where = whose(node, package)
        del where["kd_satker_str"]
        yield {
            **where,
            "kd_tender": int(package.code),
            "kd_paket": package_id(package),
            "kd_rup_paket": plan_codes(package),
            "pagu": money(package.pagu, package.code, "pagu/value"),
            "hps": money(package.hps, package.code, "hps/value"),
            "lokasi_pekerjaan": "; ".join(package.locations),
            "kabkota": "Contoh (Kab.)",
            "provinsi": "Provinsi Contoh",
            "psr_id": number_of("psr", package.code, winner.supplier.name) if winner else None,
            "tgl_pengumuman_tender": midnight(day_of(moments.announced_at), package.code, "announced"),
            "tgl_penetapan_pemenang": midnight(day_of(moments.awarded_at), package.code, "awarded"),
            **_winner_amounts(package, winner, npwp16="npwp_16_penyedia"),
        }


def participants(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`peserta-tender`, once names are public."""
    won = {winner.supplier for winner in package.winners}
    for one in package.participants if package.evaluated else ():
        yield {
            **whose(node, package, named=False),
            "kd_tender": int(package.code),
            "kd_pkt_dce": package_id(package),
            "kd_peserta": number_of("peserta", package.code, one.supplier.name),
            "kd_penyedia": supplier_id(one.supplier.name),
            "nama_penyedia": one.supplier.name,
            "npwp_penyedia": wording.npwp15(one.supplier),
            "npwp_penyedia_16": wording.npwp16(one.supplier),
            "nilai_penawaran": money(one.bid, package.code, one.supplier.name),
            "nilai_terkoreksi": money(one.corrected, package.code, one.supplier.name, "corrected"),
            "pemenang": int(one.supplier in won),
            "pemenang_terverifikasi": 0,
            "alasan": None,
        }


def schedule(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`jadwal-tahapan-tender` and `jadwal-tahapan-non-tender`."""
    is_tender = package.kind == "tender"
    for position, stage in enumerate(package.schedule):
        yield {
            **whose(node, package, named=False),
            "kd_tender" if is_tender else "kd_nontender": int(package.code),
            "dtj_id": (int(package.code[:-3]) * 16 + position) * 1000 + int(package.code[-3:]),
            "kd_akt": 290 + position,
            "kd_tahapan": 18_777 + number_of(stage.name) % 100,
            "nama_akt": None if is_tender else stage.name.upper().replace(" ", "_"),
            "nama_tahapan": wording.STAGES.get(stage.name, stage.name),
            "tgl_awal": clock(stage.starts_at, package.code, position),
            "tgl_akhir": clock(stage.ends_at, package.code, position, "end"),
        }


def non_tender_announcements(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`non-tender-pengumuman`."""
    code = package.code
    yield {
        **_described(node, package),
        "kd_nontender": int(code),
        "lls_id": int(code),
        "status_nontender": wording.NON_TENDER_STATUS[package.status],
        "versi_nontender": package.repetition,
        "ket_ditutup": package.reason_cancelled,
        "ket_diulang": package.reason_retried,
        "mak": f"5.2.{number_of(code) % 90 + 10}.01",
        "nip_nama_pokja": None,
        "nip_nama_pp": f"{wording.masked_number(code, 'pp')} - {wording.masked_name(code, 'pp')}",
        "nip_nama_ppk": f"{wording.masked_number(code, 'ppk')} - {wording.masked_name(code, 'ppk')}",
        "repeat_order": "Tidak",
        "tgl_buat_paket": wording.working_hour(package.created_on, code),
        "tgl_kolektif_kolegial": wording.working_hour(package.published_on, code),
        "tgl_pengumuman_nontender": clock(happened(package).announced_at, code, "announced"),
    }


def non_tender_results(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`non-tender-selesai`: one row of each winner of a finished non-tender."""
    if package.status != "completed":
        return
    moments = happened(package)
    for winner in package.winners:
        yield {
            **_described(node, package),
            "provinsi": "Provinsi Contoh",
            "kd_nontender": int(package.code),
            "lls_id": int(package.code),
            "lpse_id": node.kd_lpse,
            "kontrak_id": number_of("kontrak", package.code, winner.supplier.name) if winner.contract else None,
            "mak": f"5.2.{number_of(package.code) % 90 + 10}.01",
            "status_nontender": "Selesai",
            "tgl_pengumuman_nontender": clock(moments.announced_at, package.code, "announced/result"),
            "tgl_selesai_nontender": clock(moments.awarded_at, package.code, "awarded"),
            **_winner_amounts(package, winner, npwp16="npwp16_penyedia"),
        }


def day_of(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
