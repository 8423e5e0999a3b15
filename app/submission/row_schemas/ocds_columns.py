"""The columns of flattened releases, by their paths in the standard, and the shape of a release."""

from typing import Any

from app.submission.row_schemas.columns import ColumnKind, ColumnSpec
from app.submission.row_schemas.fields import Shape
from app.submission.row_schemas.protocol import DIALECT

_KINDS = {Shape.AMOUNT: ColumnKind.AMOUNT, Shape.MOMENT: ColumnKind.MOMENT, Shape.COUNT: ColumnKind.WHOLE}
_MOMENTS = frozenset({"date", "datePublished", "dateSigned", "dateModified", "startDate", "endDate"})
_COUNTS = frozenset({"numberOfTenderers"})
_AMOUNT = "amount"

# Path, Indonesian heading, help in both languages, example. Source: OCDS 1.1 release schema, as its flattened
# serialisation names columns (https://standard.open-contracting.org/1.1/en/guidance/build/serialization/).
_PATHS: tuple[tuple[str, str, str, str, str], ...] = (
    ("ocid", "OCID", "Id proses pengadaan; setelah awalan penerbit berisi kode paket.", "The process's id; the package's code stands behind the publisher's prefix.", "ocds-213czf-10102584000"),
    ("id", "Id Rilis", "Id rilis.", "The release's id.", "contoh-1"),
    ("date", "Tanggal Rilis", "Kapan rilis ini dibuat.", "When the release was made.", "2025-03-01T10:00:00+07:00"),
    ("tender/id", "Kode Tender", "Kode paket.", "The package's code.", "10102584000"),
    ("tender/title", "Nama Paket", "Nama paket.", "The package's name.", "Pemeliharaan Jalan Contoh"),
    ("tender/description", "Uraian", "Uraian, atau jenis pengadaan dalam bahasa Indonesia.", "Description, or the category in Indonesian.", "Pekerjaan Konstruksi"),
    ("tender/status", "Status", "planned, active, complete, cancelled, unsuccessful, withdrawn.", "planned, active, complete, cancelled, unsuccessful or withdrawn.", "complete"),
    ("tender/value/amount", "HPS", "Harga perkiraan sendiri.", "Owner's estimate.", "1487500000.25"),
    ("tender/value/currency", "Mata Uang HPS", "IDR.", "IDR.", "IDR"),
    ("tender/procurementMethod", "Metode (OCDS)", "open, selective, limited, direct.", "open, selective, limited or direct.", "open"),
    ("tender/procurementMethodDetails", "Metode Pemilihan", "Metode pemilihan menurut SPSE.", "The method in SPSE's words.", "Tender"),
    ("tender/mainProcurementCategory", "Kategori (OCDS)", "goods, works, services.", "goods, works or services.", "works"),
    ("tender/datePublished", "Tanggal Pengumuman", "Tanggal pengumuman.", "When it was announced.", "2025-02-03"),
    ("tender/numberOfTenderers", "Jumlah Penawar", "Jumlah penawar.", "How many made an offer.", "4"),
    ("tender/procuringEntity/id", "Kode Satuan Kerja", "Id satuan kerja.", "The work unit's id.", "452677"),
    ("tender/procuringEntity/name", "Satuan Kerja", "Satuan kerja.", "The work unit.", "Dinas Contoh"),
    ("buyer/id", "Kode K/L/PD", "Kode K/L/PD (kd_klpd).", "kd_klpd of the buyer.", "D181"),
    ("buyer/name", "Nama K/L/PD", "Nama K/L/PD.", "The buyer's name.", "Kota Contoh"),
    ("planning/budget/amount/amount", "Pagu", "Pagu anggaran.", "Budget ceiling.", "1500000000"),
    ("planning/budget/amount/currency", "Mata Uang Pagu", "IDR.", "IDR.", "IDR"),
    ("planning/budget/id", "MAK", "Mata anggaran kegiatan.", "The budget line.", "1.03.10.2.01"),
    ("planning/budget/uri", "Tautan RUP", "Tautan SiRUP.", "SiRUP's link.", ""),
    ("awards/0/id", "Id Penetapan", "Id penetapan pemenang.", "The award's id.", "1"),
    ("awards/0/status", "Status Penetapan", "active bila berlaku.", "active where it stands.", "active"),
    ("awards/0/date", "Tanggal Penetapan Pemenang", "Tanggal penetapan pemenang.", "When the winner was chosen.", "2025-03-01"),
    ("awards/0/value/amount", "Nilai Penetapan", "Nilai yang ditetapkan.", "The awarded amount.", "1375000000"),
    ("awards/0/value/currency", "Mata Uang Penetapan", "IDR.", "IDR.", "IDR"),
    ("awards/0/suppliers/0/id", "Id Pemenang", "Id pemenang.", "The winner's id.", "521104"),
    ("awards/0/suppliers/0/name", "Pemenang", "Nama pemenang.", "The winner's name.", "CV Contoh Makmur"),
    ("contracts/0/id", "Id Kontrak", "Id kontrak.", "The contract's id.", "1"),
    ("contracts/0/awardID", "Kontrak untuk Penetapan", "Id penetapan yang dikontrakkan.", "The award it follows from.", "1"),
    ("contracts/0/status", "Status Kontrak", "active, terminated, cancelled.", "active, terminated or cancelled.", "active"),
    ("contracts/0/dateSigned", "Tanggal Kontrak", "Tanggal kontrak.", "When it was signed.", "2025-03-10"),
    ("contracts/0/value/amount", "Nilai Kontrak", "Nilai kontrak.", "The contract's value.", "1375000000.50"),
    ("contracts/0/value/currency", "Mata Uang Kontrak", "IDR.", "IDR.", "IDR"),
)  # fmt: skip


def shape_of(path: str) -> Shape:
    """What stands in a field of a release, by the last step of its path."""
    last = path.rpartition("/")[2]
    if last == _AMOUNT:
        return Shape.AMOUNT
    return Shape.MOMENT if last in _MOMENTS else Shape.COUNT if last in _COUNTS else Shape.TEXT


COLUMNS: tuple[ColumnSpec, ...] = tuple(
    ColumnSpec(
        path=path,
        heading=heading,
        kind=_KINDS.get(shape_of(path), ColumnKind.TEXT),
        help_id=help_id,
        help_en=help_en,
        example=example,
        required=path == "ocid",
    )
    for path, heading, help_id, help_en, example in _PATHS
)

_VALUE = {
    "type": ["object", "null"],
    "properties": {
        "amount": {
            "type": ["number", "null"],
            "minimum": 0,
            "description": "At most two decimals and no exponent.",
            "examples": [1487500000.25],
        },
        "currency": {"type": ["string", "null"], "description": "IDR; another is refused.", "examples": ["IDR"]},
    },
}
_ORGANIZATION = {
    "type": "object",
    "properties": {"id": {"type": ["string", "integer"]}, "name": {"type": ["string", "null"]}},
}


def _listed(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    items = {"type": "object", "properties": properties}
    return {"type": ["array", "null"], "description": description, "items": items}


SCHEMA: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "Releases of OCDS 1.1",
    "description": "One release (https://standard.open-contracting.org/1.1/en/schema/release/), a compiled one, or a record "
    "with its compiledRelease. All rows of one ocid are merged. Listed are the fields that are read; others are ignored.",
    "type": "object",
    "required": ["ocid"],
    "properties": {
        "ocid": {
            "type": "string",
            "description": "The process; the package's code stands behind the prefix, or in tender.id.",
            "examples": ["ocds-213czf-10102584000"],
        },
        "id": {"type": ["string", "integer", "null"], "description": "The release's id.", "examples": ["contoh-1"]},
        "date": {
            "type": ["string", "null"],
            "description": "When it was made: the order of merging.",
            "examples": ["2025-03-01T10:00:00+07:00"],
        },
        "tag": {"type": ["array", "null"], "description": "compiled for a compiled one.", "examples": [["award"]]},
        "buyer": {**_ORGANIZATION, "description": "The K/L/PD; id is its kd_klpd."},
        "planning": {
            "type": ["object", "null"],
            "description": "planning.budget.amount is the pagu, planning.budget.period gives the fiscal years.",
        },
        "tender": {
            "type": ["object", "null"],
            "description": "What is asked for, until when, and by whom.",
            "properties": {
                "id": {
                    "type": ["string", "integer", "null"],
                    "description": "SPSE's code.",
                    "examples": ["10102584000"],
                },
                "title": {"type": ["string", "null"], "description": "The package's name."},
                "status": {"type": ["string", "null"], "description": "tenderStatus.", "examples": ["complete"]},
                "value": {**_VALUE, "description": "The HPS."},
            },
        },
        "awards": _listed("Who won.", {"value": {**_VALUE, "description": "The awarded amount."}}),
        "contracts": _listed("What was signed.", {"value": {**_VALUE, "description": "The contract's amount."}}),
        "compiledRelease": {"type": "object", "description": "Of a record."},
    },
}
