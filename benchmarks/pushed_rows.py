"""Invented rows as a node pushes them: thirty fields and one award each, of several institutions, kinds and years."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.core.records import PackageFields, PackageRecord
from app.core.vocabulary import Category, Method, PackageKind, PackageStatus

WORKS = ("Pembangunan", "Rehabilitasi", "Pengadaan", "Pemeliharaan", "Penyusunan", "Peningkatan", "Pengawasan")
THINGS = (
    "Gedung Contoh",
    "Jalan Simulasi",
    "Jembatan Rekaan",
    "Alat Kesehatan",
    "Komputer",
    "Irigasi",
    "Dokumen Kajian",
)
PLACES = ("Kecamatan Contoh", "Kelurahan Rekaan", "Desa Simulasi", "Kawasan Percontohan")
OFFICES = ("Dinas Pekerjaan Umum", "Dinas Pendidikan", "Dinas Kesehatan", "Bappeda", "Sekretariat Daerah")
INSTITUTIONS = ("Kota Surabaya", "Provinsi Jawa Timur", "Kota Banjarmasin", "Kota Jayapura", "Kabupaten Sidoarjo")
FIRMS = ("CV Contoh", "PT Simulasi", "UD Rekaan", "CV Percontohan")
NAMES = ("Makmur", "Sentosa", "Abadi", "Karya", "Mandiri", "Utama", "Jaya", "Bersama")
BEGIN = datetime(2025, 1, 6, 2, tzinfo=UTC)


def invent(count: int, *, seed: int = 20261122) -> Iterator[dict[str, Any]]:
    """Rows of the hub's own package schema, as decoded JSON; amounts are Decimal."""
    chance = random.Random(seed)
    for number in range(count):
        works, thing, place = chance.choice(WORKS), chance.choice(THINGS), chance.choice(PLACES)
        announced = BEGIN + timedelta(minutes=chance.randrange(400_000))
        pagu = Decimal(chance.randrange(5_000_000_000, 900_000_000_000)) / 100
        hps = (pagu * Decimal("0.98")).quantize(Decimal("0.01"))
        contract = (hps * Decimal(chance.randrange(800, 999)) / 1000).quantize(Decimal("0.01"))
        yield {
            "kind": chance.choice(("tender", "tender", "non_tender")),
            "code": str(10_000_000 + number),
            "name": f"{works} {thing} {place} Paket {number} Tahun Anggaran 2025",
            "labels": ["Tender Ulang"] if chance.random() < 0.1 else [],
            "institution_name": INSTITUTIONS[number % len(INSTITUTIONS)],
            "satker_name": f"{chance.choice(OFFICES)} {INSTITUTIONS[number % len(INSTITUTIONS)]}",
            "category": str(chance.choice((Category.WORKS, Category.GOODS, Category.OTHER_SERVICES))),
            "category_text": "Pekerjaan Konstruksi",
            "method": str(chance.choice((Method.TENDER, Method.SELECTION, Method.DIRECT_PROCUREMENT))),
            "method_text": "Tender - Pascakualifikasi Satu File - Harga Terendah Sistem Gugur",
            "evaluation_text": "Harga Terendah Sistem Gugur",
            "qualification_text": "Pascakualifikasi Satu File",
            "business_size": "Usaha Kecil",
            "contract_type": "Harga Satuan",
            "locations": [f"{place}, {INSTITUTIONS[number % len(INSTITUTIONS)]}"],
            "status": "completed",
            "stage": "Tender Sudah Selesai",
            "fiscal_years": [2025],
            "fund_sources": ["APBD"],
            "rup_codes": [str(50_000_000 + number)],
            "pagu": pagu,
            "hps": hps,
            "pdn_value": contract,
            "participants": chance.randrange(5, 60),
            "bidders": chance.randrange(1, 5),
            "announced_at": announced,
            "awarded_at": announced + timedelta(days=chance.randrange(20, 60)),
            "contracted_at": announced + timedelta(days=chance.randrange(60, 90)),
            "created_on": (announced - timedelta(days=3)).date(),
            "awards": [
                {
                    "supplier_name": f"{chance.choice(FIRMS)} {chance.choice(NAMES)} {chance.randrange(2_000)}",
                    "npwp": f"0{chance.randrange(10)}*{chance.randrange(10)}**{chance.randrange(10)}****",
                    "address": f"Jl. Contoh Nomor {chance.randrange(300)}, {place}",
                    "bid_value": (hps * Decimal("0.99")).quantize(Decimal("0.01")),
                    "corrected_value": (hps * Decimal("0.99")).quantize(Decimal("0.01")),
                    "negotiated_value": contract,
                    "contract_value": contract,
                }
            ],
        }


def ndjson(row: dict[str, Any]) -> bytes:
    """One line as a sender writes it: amounts are numbers with exactly their digits."""
    amounts: list[str] = []

    def spelled(value: Any) -> Any:
        if isinstance(value, Decimal):
            amounts.append(str(value))
            return f"@{len(amounts) - 1}@"
        if isinstance(value, datetime | date):
            return value.isoformat()
        msg = f"{type(value).__name__} has no JSON form"
        raise TypeError(msg)

    line = json.dumps(row, default=spelled, ensure_ascii=False)
    for place, amount in enumerate(amounts):
        line = line.replace(f'"@{place}@"', amount, 1)
    return line.encode()


def record_of(row: dict[str, Any], number: int) -> PackageRecord:
    """The canonical record that the row's schema makes of it."""
    fields: PackageFields = {name: value for name, value in row.items() if name not in {"kind", "code"}}  # type: ignore[assignment]
    fields["category"] = Category(row["category"])
    fields["method"] = Method(row["method"])
    fields["status"] = PackageStatus(row["status"])
    return PackageRecord(PackageKind(row["kind"]), row["code"], fields, row=number)
