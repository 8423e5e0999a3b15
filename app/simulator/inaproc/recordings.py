"""Rows of the gateway about packages that are only recorded; emergencies it does not know."""

from collections.abc import Iterator

from app.simulator.inaproc import wording
from app.simulator.inaproc.rows import Row, funds, package_id, plan_codes, whose
from app.simulator.inaproc.wording import midnight, money, number_of
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import Realization, SimulatedPackage
from app.simulator.recording_pages import SELF_MANAGED_TYPES


def _recording(node: SimulatedNode, package: SimulatedPackage, word: str) -> Row:
    state, explained = wording.RECORDING_STATUS[package.status]
    code = package.code
    return {
        **whose(node, package),
        f"kd_{word}_pct": int(code),
        f"status_{word}_pct": state,
        f"status_{word}_pct_ket": explained,
        "kd_pkt_dce": package_id(package),
        "kd_rup": plan_codes(package),
        "nama_paket": package.name,
        "sumber_dana": funds(package),
        "pagu": money(package.pagu, code, "pagu"),
        "total_realisasi": money(package.realized, code, "realized"),
        "nilai_pdn_pct": money(package.pdn, code, "pdn"),
        "nilai_umk_pct": money(package.umk, code, "umk"),
        "alasan_pembatalan": f"{package.reason_cancelled}_x000d_\n" if package.reason_cancelled else None,
        "informasi_lainnya": None,
        "nama_ppk": wording.masked_name(code, "ppk"),
        "nip_ppk": wording.masked_number(code, "ppk"),
        "tgl_buat_paket": wording.working_hour(package.created_on, code),
        "tgl_mulai_paket": wording.working_hour(package.created_on, code, "begin"),
        "tgl_selesai_paket": midnight(package.finished_on, code, "finish"),
    }


def recorded(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`pencatatan-non-tender`."""
    yield {
        **_recording(node, package, "nontender"),
        "bukti_pembayaran": "NonSPK",
        "kategori_pengadaan": package.category,
        "mtd_pemilihan": package.method,
        "uraian_pekerjaan": f"<p>{package.name}</p>_x000d_\n",
    }


def self_managed(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`pencatatan-swakelola`; half of the rows do not say of which type it is."""
    told = number_of("type", package.code) % 2 == 0
    kind = package.self_managed_type or 1
    yield {
        **_recording(node, package, "swakelola"),
        "tipe_swakelola": kind if told else None,
        "tipe_swakelola_nama": SELF_MANAGED_TYPES[kind] if told else None,
        "uraian_pekerjaan": None,
    }


def _payment(node: SimulatedNode, package: SimulatedPackage, number: int, one: Realization) -> Row:
    return {
        **whose(node, package, named=False),
        "jenis_realisasi": wording.REALIZATION_TYPES.get(one.type_text, one.type_text),
        "no_realisasi": one.number,
        "nilai_realisasi": money(one.value, package.code, number),
        "tgl_realisasi": midnight(one.realized_on, package.code, number),
        "ket_realisasi": one.note,
        "dok_realisasi": None,
        "nama_ppk": wording.masked_name(package.code, "ppk"),
        "nip_ppk": wording.masked_number(package.code, "ppk"),
    }


def recorded_realizations(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`pencatatan-non-tender-realisasi`."""
    for number, one in enumerate(package.realizations):
        yield {
            **_payment(node, package, number, one),
            **whose(node, package),
            "kd_nontender_pct": int(package.code),
            "kd_paket_dce": package_id(package),
            "kd_rup_paket": plan_codes(package),
            "nama_lpse": wording.lpse_name(node),
            "nama_paket": package.name,
            "pagu": money(package.pagu, package.code, "pagu"),
            "nama_penyedia": one.paid_to.name if one.paid_to else None,
            "npwp_penyedia": wording.npwp15(one.paid_to) if one.paid_to else None,
        }


def self_managed_realizations(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`pencatatan-swakelola-realisasi`."""
    for number, one in enumerate(package.realizations):
        row = _payment(node, package, number, one)
        del row["kd_satker_str"]
        yield {
            **row,
            "kd_swakelola_pct": int(package.code),
            "rn_id": number_of("rn", package.code, number),
            "rsk_id": number_of("rsk", package.code, number),
            "nama_pelaksana": one.paid_to.name if one.paid_to else None,
            "npwp_pelaksana": wording.npwp15(one.paid_to) if one.paid_to else None,
        }
