"""Invented packages of every kind, status and basis, and the same packages later."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal

from app.core.vocabulary import Category, DateBasis, Method, PackageKind, PackageStatus
from tests.records import an_award

STATUSES = tuple(PackageStatus)
BASES = ("contract_value", "negotiated_value", "corrected_value", "bid_value", "award_value")
NON_TENDERS = (Method.DIRECT_PROCUREMENT, Method.DIRECT_APPOINTMENT, Method.E_PURCHASING)
NPWP = "01.234.567.8-901.000"


def moment(day, hour=3):
    return datetime(2025, 3, day, hour, tzinfo=UTC)


def an_offer(name, bid=None, **fields):
    return {"supplier_name": name, "npwp": NPWP, "bid_value": None if bid is None else Decimal(bid), **fields}


def a_payment(number, value, name="CV Contoh Makmur", **fields):
    return {
        "type_text": "Kwitansi", "number": number, "value": Decimal(value), "realized_on": date(2025, 4, 2),
        "supplier_name": name, "npwp": None, "note": None, **fields,
    }  # fmt: skip


def a_stage(name, day, **fields):
    return {"name": name, "starts_at": moment(day), "ends_at": moment(day, 9), **fields}


SCHEDULE = [
    a_stage("Pengumuman Pascakualifikasi", 1),
    a_stage("Pemberian Penjelasan", 2),
    a_stage("Upload Dokumen Penawaran", 5),
    a_stage("Pembukaan Dokumen Penawaran", 6),
    a_stage("Penetapan Pemenang", 9),
]
FULL = {
    "name": "Pembangunan Jembatan Contoh",
    "description": "Pekerjaan yang dikarang untuk pengujian",
    "institution": "D181",
    "institution_name": "Pemerintah Daerah Kota Surabaya",
    "satker_name": "Dinas Pekerjaan Umum",
    "category": Category.WORKS,
    "category_text": "Pekerjaan Konstruksi",
    "method": Method.TENDER,
    "method_text": "Tender",
    "evaluation_text": "Harga Terendah Sistem Gugur",
    "business_size": "Usaha Kecil",
    "stage": "Tender Sudah Selesai",
    "fund_sources": ["APBD", "BLUD"],
    "rup_codes": ["44604827", "44604828"],
    "source_ids": {"mak": "1.03.01.5.2.3"},
    "pagu": Decimal("1000000.00"),
    "hps": Decimal("900000.50"),
    "participants": 7,
    "bidders": 2,
    "offers": [
        an_offer("CV Contoh Makmur", "850000.25", is_winner=True),
        an_offer("PT Contoh Kalah", "950000", reason="Harga di atas HPS"),
        an_offer("PT Contoh Mendaftar"),
    ],
    "schedule": SCHEDULE,
    "announced_at": moment(1),
    "awarded_at": moment(9),
    "contracted_at": moment(12),
    "date_basis": DateBasis.ACTUAL,
}


def by_status(status, kind=PackageKind.TENDER):
    """A package as it is told of while it has this status."""
    fields = {**FULL, "status": status}
    if status in {PackageStatus.COMPLETED, PackageStatus.CANCELLED, PackageStatus.FAILED}:
        fields["awards"] = [an_award(npwp=NPWP, address="Jl. Contoh 1", negotiated_value=Decimal("840000.10"))]
    if status == PackageStatus.NO_SCHEDULE:
        fields |= {"schedule": [], "offers": [], "announced_at": None, "awarded_at": None, "contracted_at": None}
    if kind not in {PackageKind.TENDER, PackageKind.NON_TENDER}:
        fields |= {"realizations": [a_payment("001/KW", "1000.50"), a_payment(None, "20", name=None)]}
        fields |= {"realized_value": Decimal("1020.50"), "finished_on": date(2025, 5, 6), "hps": None, "offers": []}
    if kind == PackageKind.NON_TENDER:
        fields |= {"method": Method.DIRECT_PROCUREMENT, "method_text": "Pengadaan Langsung"}
    if kind == PackageKind.SELF_MANAGED:
        fields |= {"method": None, "method_text": None, "self_managed_type": 1, "awards": []}
    return fields


def by_basis(basis):
    """A completed tender whose value has this basis, with two winners."""
    winners = [an_award("CV Satu", **{basis: Decimal("100.25")}), an_award("CV Dua", **{basis: Decimal(200)})]
    return {**FULL, "status": PackageStatus.COMPLETED, "awards": winners}


def everything():
    """Kind, code and fields of one package each: every kind in every status, every basis, and odd ones."""
    number = itertools.count(1001)
    for kind, status in itertools.product(PackageKind, STATUSES):
        yield kind, str(next(number)), by_status(status, kind)
    for basis in BASES:
        yield PackageKind.TENDER, str(next(number)), by_basis(basis)
    for kind in PackageKind:
        # Nothing is known but its year; and the same code in every kind.
        yield kind, "77", {}
    yield (
        PackageKind.TENDER,
        "78",
        {**FULL, "status": PackageStatus.COMPLETED, "contract_value": Decimal(5), "awards": []},
    )
    yield PackageKind.TENDER, "79.A-b_c", {
        **FULL,
        "date_basis": DateBasis.SCHEDULED,
        "status": PackageStatus.COMPLETED,
        "awards": [an_award("CV Sama", contract_value=Decimal(1)), an_award("CV Sama", contract_value=Decimal(2))],
    }  # fmt: skip
    for category, method in zip(Category, itertools.cycle(Method), strict=False):
        fields = {**FULL, "category": category, "method": method, "category_text": None, "method_text": None}
        kind = PackageKind.NON_TENDER if method in NON_TENDERS else PackageKind.TENDER
        yield kind, str(next(number)), {**fields, "status": PackageStatus.RUNNING}
