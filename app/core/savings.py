"""The savings formula, as published: which packages count, and what is divided by what."""

from decimal import ROUND_HALF_UP, Decimal

FORMULA_ID = "savings"
FORMULA_VERSION = 1

DEFINITION = {
    "id": (
        "Efisiensi dihitung atas paket tender dan non-tender yang selesai dan memiliki kedua angka yang dipakai: "
        "terhadap pagu = Σ(pagu − nilai), terhadap HPS = Σ(HPS − nilai). Persentase adalah rasio dari jumlah, bukan "
        "rata-rata rasio. Efisiensi negatif tetap dihitung. Paket gagal, batal, dan yang ditarik tidak dihitung. "
        "Nilai memakai dasar pertama yang dimiliki semua pemenang: kontrak, negosiasi, terkoreksi, penawaran; "
        "bila sumber hanya menyebut satu nilai penetapan (award), nilai itu yang dipakai."
    ),
    "en": (
        "Savings are computed over completed tender and non-tender packages that have both figures used: "
        "by pagu = Σ(pagu − value), by HPS = Σ(HPS − value). A ratio is the ratio of sums, never a mean of ratios. "
        "Negative savings stay. Failed, cancelled and withdrawn packages do not count. "
        "Value follows the first basis that every winner has: contract, negotiated, corrected, bid; "
        "where a source states one awarded amount only (award), that one."
    ),
}

_SIX_DECIMALS = Decimal("0.000001")


def ratio(part: Decimal, base: Decimal) -> Decimal | None:
    """`part / base` with six decimals, half away from zero; None when there is nothing to divide by."""
    if base == 0:
        return None
    return (part / base).quantize(_SIX_DECIMALS, rounding=ROUND_HALF_UP)
