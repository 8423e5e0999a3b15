"""The components of ITKP, the index of procurement governance: which the hub can compute, and what the others lack.

FACTS 4.4 (SE Ka LKPP 4/2021 and 5/2025): 100 points, of which 30 are for the use of systems.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from app.core.savings import ratio

Unit = Literal["packages", "rupiah"]


@dataclass(frozen=True, slots=True)
class Component:
    """One component: its weight in points, what is divided by what, and which data the hub lacks for it.

    `part` and `base` name the sums of a government's packages; None is what nothing here can say.
    """

    id: str
    weight: int
    title: dict[str, str]
    unit: Unit | None = None
    part: str | None = None
    base: str | None = None
    missing: dict[str, str] | None = None


def _named(indonesian: str, english: str) -> dict[str, str]:
    return {"id": indonesian, "en": english}


COMPONENTS = (
    Component(
        "sirup",
        10,
        _named("Pengumuman RUP di SiRUP", "Plans announced in SiRUP"),
        unit="rupiah",
        missing=_named(
            "Perlu nilai RUP yang diumumkan di SiRUP dan total belanja pengadaan dari APBD; keduanya tidak ada di pusat data.",
            "Needs the amount of plans announced in SiRUP and the total procurement budget; the hub has neither.",
        ),
    ),
    Component(
        "e_tendering",
        5,
        _named("E-tendering", "E-tendering"),
        unit="rupiah",
        part="tender_pagu",
        missing=_named(
            "Perlu pagu RUP untuk tender dan seleksi dari SiRUP; yang diketahui hanya pagu paket tender di SPSE.",
            "Needs the pagu of planned tenders from SiRUP; only the pagu of the tenders themselves is known.",
        ),
    ),
    Component(
        "e_purchasing",
        4,
        _named("E-purchasing", "E-purchasing"),
        unit="packages",
        missing=_named(
            "Perlu paket katalog elektronik (selesai dan aktif); data itu tidak berada di SPSE.",
            "Needs the packages of the electronic catalogue, completed and active; they are not in SPSE.",
        ),
    ),
    Component(
        "online_shop",
        1,
        _named("Toko daring", "Online shop"),
        missing=_named(
            "Perlu data transaksi toko daring (Bela Pengadaan); data itu tidak berada di SPSE.",
            "Needs the transactions of the online shop; they are not in SPSE.",
        ),
    ),
    Component(
        "non_e_tendering",
        5,
        _named("Non e-tendering dan non e-purchasing", "Neither e-tendering nor e-purchasing"),
        unit="rupiah",
        part="other_pagu",
        missing=_named(
            "Perlu pagu RUP untuk non-tender dan pencatatan dari SiRUP; yang diketahui hanya pagu paketnya di SPSE.",
            "Needs the pagu of planned non-tenders and recorded packages from SiRUP; only the packages' own is known.",
        ),
    ),
    Component(
        "e_contract", 5, _named("E-kontrak", "E-contract"), unit="packages", part="contracted", base="sold_completed"
    ),
    Component(
        "people",
        30,
        _named("SDM pengadaan", "Procurement staff"),
        missing=_named(
            "Perlu jumlah dan sertifikasi pengelola pengadaan; data itu tidak berada di SPSE.",
            "Needs the number and certificates of procurement staff; they are not in SPSE.",
        ),
    ),
    Component(
        "maturity",
        40,
        _named("Kematangan UKPBJ", "Maturity of the procurement unit"),
        missing=_named(
            "Perlu hasil penilaian kematangan UKPBJ (9 variabel) dari LKPP; data itu tidak berada di SPSE.",
            "Needs LKPP's assessment of the procurement unit's maturity (9 variables); it is not in SPSE.",
        ),
    ),
)

ALL_POINTS = sum(component.weight for component in COMPONENTS)
_NO_BASE = _named(
    "Belum ada tender atau non-tender yang selesai pada tahun ini, sehingga belum ada yang dapat dihitung.",
    "No tender or non-tender of this year is completed, so there is nothing to divide by yet.",
)


def components_of(sums: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every component with what is known of it; `points` only where both sides of its ratio are known and not zero."""
    return [_component(component, sums) for component in COMPONENTS]


def _component(component: Component, sums: Mapping[str, Any]) -> dict[str, Any]:
    part = None if component.part is None else sums[component.part]
    base = None if component.base is None else sums[component.base]
    share = points = None
    if part is not None and base is not None:
        share = ratio(Decimal(part), Decimal(base))
        points = ratio(Decimal(part) * component.weight, Decimal(base))
    missing = component.missing
    if missing is None and share is None:
        missing = _NO_BASE
    return {
        "id": component.id,
        "title": component.title,
        "weight": component.weight,
        "available": missing is None,
        "unit": component.unit,
        "numerator": part,
        "denominator": base,
        "ratio": share,
        "points": points,
        "missing": missing,
    }
