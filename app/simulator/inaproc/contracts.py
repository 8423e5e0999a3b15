"""Rows of the gateway about signed contracts, some of them in an earlier version."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from app.simulator.inaproc import wording
from app.simulator.inaproc.rows import Row, day_of, supplier_id, whose
from app.simulator.inaproc.wording import midnight, money, number_of
from app.simulator.moments import happened
from app.simulator.nodes import SimulatedNode
from app.simulator.packages import SimulatedPackage, Winner


def contracts(node: SimulatedNode, package: SimulatedPackage) -> Iterator[Row]:
    """`tender-ekontrak-kontrak` and its twin: what was signed, some of it in an earlier version; a few rows are empty."""
    if package.status != "completed":
        return
    signed = [winner for winner in package.winners if winner.contract is not None]
    for winner in signed:
        has_addendum = number_of("addendum", package.code, winner.supplier.name) % 12 == 0
        if has_addendum and winner.contract is not None:
            first = (winner.contract * Decimal("0.97")).quantize(Decimal("0.01"))
            yield _contract(node, package, winner, first, version=0)
        yield _contract(node, package, winner, winner.contract, version=int(has_addendum))
    if not signed and number_of("empty", package.code) % 3 == 0:
        yield _contract(node, package, None, None, version=None)


def _contract(
    node: SimulatedNode, package: SimulatedPackage, winner: Winner | None, value: Decimal | None, *, version: int | None
) -> Row:
    code = package.code
    signed_on = day_of(happened(package).contracted_at)
    supplier = winner.supplier if winner else None
    final = winner is not None and value == winner.contract
    states = ("Kontrak Selesai", "Kontrak Sedang Berjalan", "Kontrak Selesai", "Pemutusan Kontrak", None)
    return {
        **whose(node, package),
        "kd_tender" if package.kind == "tender" else "kd_nontender": int(code),
        "nama_paket": package.name,
        "kontrak_id": number_of("kontrak", code, supplier.name) if supplier else None,
        "sppbj_id": number_of("sppbj", code) if supplier else None,
        "kd_penyedia": supplier_id(supplier.name) if supplier else None,
        "nama_penyedia": supplier.name if supplier else None,
        "npwp_penyedia": wording.npwp15(supplier) if supplier else None,
        "npwp_16_penyedia" if package.kind == "tender" else "npwp16_penyedia": wording.npwp16(supplier)
        if supplier
        else None,
        "tipe_penyedia": "Penyedia Badan Usaha Non KSO" if supplier else None,
        "bentuk_usaha_penyedia": None,
        "anggota_kso": None,
        "nilai_kontrak": money(value, code, "signed"),
        "nilai_pdn_kontrak": money(winner.pdn, code, "pdn") if winner and final else None,
        "nilai_umk_kontrak": money(winner.umk, code, "umk") if winner and final else None,
        "no_kontrak": f"{number_of(code) % 900 + 100}/SIM/{signed_on.year}" if supplier and signed_on else None,
        "no_sppbj": f"{number_of(code) % 900 + 99}/SIM/SPPBJ" if supplier else None,
        "jenis_kontrak": package.contract_type,
        "status_kontrak": states[number_of("state", code) % len(states)] if supplier else None,
        "versi_addendum": version,
        "apakah_addendum": ("Ya" if version else "Tidak") if supplier else None,
        "alasan_addendum": "Perubahan volume (simulasi)" if version else None,
        "alasan_ubah_nilai_kontrak": None,
        "alasan_penetapan_status_kontrak": None,
        "tgl_kontrak": midnight(signed_on, code, "signed") if supplier else None,
        "tgl_kontrak_awal": midnight(signed_on, code, "begin") if supplier else None,
        "tgl_kontrak_akhir": midnight(signed_on + timedelta(days=90), code, "end") if supplier and signed_on else None,
        "tgl_penetapan_status_kontrak": None,
        "lingkup_pekerjaan": "<p>Lingkup pekerjaan contoh &nbsp;(simulasi)</p>",
        "nama_ppk": wording.masked_name(code, "ppk"),
        "nip_ppk": wording.masked_number(code, "ppk"),
    }
