"""How the gateway writes things: its vocabulary, its clocks that pretend to be UTC, its numbers and its masks."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from zlib import crc32

from app.simulator.nodes import SimulatedNode
from app.simulator.packages import SimulatedPackage, Status, Supplier

TENDER_STATUS: Mapping[Status, str] = {
    "completed": "Selesai",
    "failed": "Gagal/Batal",
    "cancelled": "Gagal/Batal",
    "running": "Tender Sedang Berjalan",
    "no_schedule": "Tender Sedang Berjalan",
}
NON_TENDER_STATUS: Mapping[Status, str] = {
    **TENDER_STATUS,
    "running": "Paket Sedang Berjalan",
    "no_schedule": "Paket Sedang Berjalan",
}
RECORDING_STATUS: Mapping[Status, tuple[str, str]] = {
    "completed": ("Aktif", "Paket Selesai"),
    "running": ("Aktif", "Paket Sedang Berjalan"),
    "cancelled": ("Ditutup", "Paket Dibatalkan"),
    "failed": ("Ditutup", "Paket Dibatalkan"),
    "no_schedule": ("Aktif", "Paket Sedang Berjalan"),
}
BUSINESS_SIZES: Mapping[str, str] = {"Perusahaan Kecil": "Kecil", "Perusahaan Non Kecil": "Non Kecil"}
"""Anything else is null."""
REALIZATION_TYPES: Mapping[str, str] = {
    "Kuitansi": "Kwitansi",
    "Dokumen FA Detail": "Dokumen Lainnya",
    "Surat Permintaan Pembayaran": "Dokumen Lainnya",
}
"""The other types are called as on the pages."""
STAGES: Mapping[str, str] = {
    "Pengumuman Pascakualifikasi": "Pengumuman pascakualifikasi",
    "Pengumuman Prakualifikasi": "Pengumuman prakualifikasi",
    "Pengumuman Tender": "Pengumuman tender",
    "Download Dokumen Pemilihan": "Download dokumen pemilihan dan kualifikasi",
    "Download Dokumen Kualifikasi": "Download dokumen prakualifikasi",
    "Pemberian Penjelasan": "Penjelasan dokumen lelang",
    "Pembukaan Dokumen Penawaran": "Pembukaan file dokumen penawaran",
    "Pembuktian Kualifikasi": "Pembuktian kualifikasi",
    "Penetapan Pemenang": "Penetapan pemenang",
    "Pengumuman Pemenang": "Pengumuman pemenang",
    "Masa Sanggah": "Masa Sanggah Hasil Lelang",
    "Surat Penunjukan Penyedia Barang/Jasa": "Surat penunjukan penyedia barang/jasa",
    "Penandatanganan Kontrak": "Penandatanganan  kontrak",
}
"""Two spaces stand in the last one on the real gateway too. Stages that are not here keep their name."""


def qualification(package: SimulatedPackage) -> str:
    words = package.qualification.replace("Pascakualifikasi", "Pasca").replace("Prakualifikasi", "Pra")
    return f"{words} Kualitas Biaya" if package.evaluation == "Kualitas dan Biaya" else words


def institution_type(name: str) -> str:
    for word, kind in (("Kab", "KABUPATEN"), ("Kota", "KOTA"), ("Prov", "PROVINSI"), ("Kementerian", "KEMENTERIAN")):
        if word in name:
            return kind
    return "LEMBAGA"


def number_of(*parts: object) -> int:
    """A number that follows from what it belongs to."""
    return crc32("/".join(map(str, parts)).encode())


def money(amount: Decimal | None, *key: object) -> int | float | None:
    """A JSON number that is exact to the sen: an integer, or a float, and some integers look like floats."""
    if amount is None:
        return None
    if amount != amount.to_integral_value() or number_of("float", *key) % 10 == 0:
        return float(amount)
    return int(amount)


def clock(moment: datetime | None, *key: object) -> str | None:
    """The node's wall clock with a Z behind it that is not true, in one of three spellings."""
    if moment is None:
        return None
    match number_of("clock", *key) % 3:
        case 0:
            return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
        case 1:
            return f"{moment:%Y-%m-%d %H:%M:%S}.000000Z"
        case _:
            return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def midnight(day: date | None, *key: object) -> str | None:
    """Only the day is known: the clock says midnight."""
    if day is None:
        return None
    zeros = ".000000Z" if number_of("midnight", *key) % 2 else "Z"
    return f"{day:%Y-%m-%d}T00:00:00{zeros}"


def working_hour(day: date, *key: object) -> str:
    """A moment of a day of which nothing but the day matters."""
    seconds = number_of("hour", *key) % (9 * 3600)
    return f"{datetime.combine(day, time(8 + seconds // 3600, seconds // 60 % 60, seconds % 60)):%Y-%m-%dT%H:%M:%S}.{seconds % 1000:03d}Z"


def masked_name(*key: object) -> str:
    first, second = divmod(number_of("name", *key) % 676, 26)
    return f"{chr(65 + first)}**** {chr(65 + second)}*****"


def masked_number(*key: object) -> str:
    return f"***************{number_of('nip', *key) % 20:03d}"


def npwp16(supplier: Supplier) -> str | None:
    """The whole number of which the pages show a few digits."""
    if not supplier.npwp:
        return None
    filling = iter(f"{number_of('npwp', supplier.name):010d}")
    return "".join(next(filling) if sign == "*" else sign for sign in supplier.npwp)


def npwp15(supplier: Supplier) -> str | None:
    whole = npwp16(supplier)
    if whole is None:
        return None
    old = whole[1:]
    return f"{old[:2]}.{old[2:5]}.{old[5:8]}.{old[8]}-{old[9:12]}.{old[12:]}"


def lpse_name(node: SimulatedNode) -> str:
    return f"LPSE {node.institution_name}"
