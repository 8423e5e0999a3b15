"""What a comparison comes to, as a sentence for a person in both languages."""

from decimal import Decimal

from app.core.money import format_rupiah
from app.statistics.reconciliation.judging import Amount, Comparison, Gap, Population, Verdict
from app.statistics.reported import TOTALS

_LABELS = {
    "packages": ("jumlah paket", "packages"),
    "pagu": ("pagu", "pagu"),
    "hps": ("HPS", "HPS"),
    "value": ("nilai", "value"),
    "savings": ("efisiensi", "savings"),
}
_POPULATIONS = {
    Population.COMPLETED: ("tender dan non-tender yang selesai", "completed tenders and non-tenders"),
    Population.ALL: ("semua paket", "all packages"),
}


def sentence(comparison: Comparison, *, is_computed: bool) -> dict[str, str]:
    """What a comparison comes to, for a person."""
    if comparison.verdict is Verdict.NOT_REPORTED:
        return {
            "id": "Node ini belum menyatakan angka untuk tahun ini.",
            "en": "This node has stated no figures of this year.",
        }
    if comparison.judged_by is None and not is_computed:
        return {
            "id": "Node menyatakan angka, tetapi pusat data belum memiliki satu paket pun dari tahun ini.",
            "en": "The node states figures, but the hub has no package of this year.",
        }
    if comparison.judged_by is None:
        return {
            "id": "Angka yang dinyatakan belum dapat disandingkan: pada paket yang ada, angka itu tidak diketahui.",
            "en": "What is stated cannot be compared: it is known of none of the packages.",
        }
    indonesian, english = _POPULATIONS[comparison.judged_by]
    if comparison.verdict is Verdict.EQUAL:
        return {
            "id": f"Pernyataan node sama dengan hasil hitung atas {indonesian}.",
            "en": f"The node's statement equals what is computed over {english}.",
        }
    gaps = comparison.gaps[comparison.judged_by]
    name = max(
        (name for name in TOTALS if gaps[name].verdict is comparison.verdict), key=lambda name: _size(gaps[name])
    )
    gap = gaps[name]
    is_close = comparison.verdict is Verdict.CLOSE
    return {
        "id": (
            f"{'Selisih paling banyak 1 persen' if is_close else 'Berbeda lebih dari 1 persen'} terhadap {indonesian}; "
            f"terbesar pada {_LABELS[name][0]}: dilaporkan {_indonesian(name, gap.reported)}, dihitung "
            f"{_indonesian(name, gap.computed)}, selisih {_indonesian(name, gap.gap)}."
        ),
        "en": (
            f"{'At most 1 percent' if is_close else 'More than 1 percent'} off what is computed over {english}; most in "
            f"{_LABELS[name][1]}: reported {_english(name, gap.reported)}, computed {_english(name, gap.computed)}, gap "
            f"{_english(name, gap.gap)}."
        ),
    }


def _size(gap: Gap) -> Decimal:
    """How large a gap is beside the others; what there is nothing to divide by is the largest."""
    return Decimal("Infinity") if gap.ratio is None else abs(gap.ratio)


def _indonesian(name: str, amount: Amount | None) -> str:
    assert amount is not None
    return f"{amount:,}".replace(",", ".") if name == "packages" else format_rupiah(Decimal(amount))


def _english(name: str, amount: Amount | None) -> str:
    assert amount is not None
    if name == "packages":
        return f"{amount:,}"
    return f"{'-' if amount < 0 else ''}Rp {abs(Decimal(amount)):,.2f}"


def pair_sentence(source: str, other: str, *, packages: int, differing: int, is_by_amount: bool) -> dict[str, str]:
    """What two sources come to on the packages that both show; `is_by_amount`: not only their statuses differ."""
    if not differing:
        return {
            "id": f"{source} dan {other} sama-sama menampilkan {packages} paket dan tidak berbeda.",
            "en": f"{source} and {other} both show {packages} packages and do not differ.",
        }
    return {
        "id": (
            f"{source} dan {other} sama-sama menampilkan {packages} paket; {differing} di antaranya berbeda"
            f"{'' if is_by_amount else ', hanya statusnya'}."
        ),
        "en": (
            f"{source} and {other} both show {packages} packages; {differing} of them differ"
            f"{'' if is_by_amount else ', in their status only'}."
        ),
    }
