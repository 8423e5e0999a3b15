"""What the generator lets a package cost: ceilings, estimates, and the offers of those who won."""

from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Literal

from app.simulator.names import CONSULTING_FIRM, CONSULTING_PERSON, CONSULTING_WORKS, INTEGRATED_WORKS, WORKS
from app.simulator.nodes import Kind
from app.simulator.packages import Supplier, Winner

Outcome = Literal[
    "contract",
    "negotiated",
    "corrected",
    "bid",
    "several",
    "mixed",
    "above_hps",
    "above_pagu",
    "no_amount",
    "no_winner",
]
"""How a completed package ended; `mixed` is several winners who do not all have the same amounts."""

_CENT = Decimal("0.01")
_RATE = 10_000


def share(amount: Decimal, rng: Random, low: float, high: float) -> Decimal:
    """A random part of an amount, exact to the sen: the rate is drawn as a whole number of ten-thousandths."""
    rate = rng.randint(round(low * _RATE), round(high * _RATE))
    return amount * rate / _RATE


def tidy(amount: Decimal, rng: Random) -> Decimal:
    """Most amounts are whole thousands or rupiah; one in six has sen."""
    step = rng.choices((Decimal(1000), Decimal(1), _CENT), (45, 38, 17))[0]
    return ((amount / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step).quantize(_CENT)


def draw_pagu(rng: Random, kind: Kind, category: str, method: str) -> Decimal:
    """A ceiling in whole thousands; direct procurement stays under its legal limits (Perpres 46/2025)."""
    if kind == "tender":
        low, high = (
            (300, 6_000) if category in {CONSULTING_FIRM, CONSULTING_WORKS, CONSULTING_PERSON} else (400, 25_000)
        )
        if category == INTEGRATED_WORKS:
            low, high = 40_000, 250_000
    elif method == "Penunjukan Langsung":
        low, high = 150, 3_000
    elif category == WORKS:
        low, high = 40, 400
    else:
        low, high = (20, 100) if category in {CONSULTING_FIRM, CONSULTING_WORKS, CONSULTING_PERSON} else (10, 200)
    # The smaller of two draws: many small packages and a few large ones, without a float in sight.
    thousands = min(rng.randint(low * 1000, high * 1000) for _ in range(2))
    return Decimal(thousands * 1000).quantize(_CENT)


def draw_hps(rng: Random, pagu: Decimal) -> Decimal:
    return pagu if rng.random() < 0.1 else min(pagu, tidy(share(pagu, rng, 0.92, 1.0), rng))


def draw_winners(rng: Random, outcome: Outcome, suppliers: list[Supplier], pagu: Decimal, hps: Decimal) -> list[Winner]:
    """The winners' rows of one package. Offers stay under the owner's estimate unless the outcome says otherwise."""
    if outcome == "no_winner":
        return []
    if outcome == "no_amount":
        return [Winner(suppliers[0])]
    if outcome not in {"several", "mixed"}:
        return [_offer(rng, outcome, suppliers[0], pagu, hps)]
    part = hps / len(suppliers)
    winners = [_offer(rng, "contract", supplier, part, part) for supplier in suppliers]
    return _uneven(rng, winners) if outcome == "mixed" else winners


def _offer(rng: Random, outcome: Outcome, supplier: Supplier, pagu: Decimal, hps: Decimal) -> Winner:
    bid = tidy(share(hps, rng, 0.80, 0.995), rng)
    corrected = tidy(share(bid, rng, 0.985, 1.004), rng) if rng.random() < 0.1 else bid
    negotiated = tidy(share(corrected, rng, 0.97, 1.0), rng)
    match outcome:
        case "bid":
            return Winner(supplier, bid=bid)
        case "corrected":
            return Winner(supplier, bid=bid, corrected=corrected)
        case "negotiated":
            return Winner(supplier, bid=bid, corrected=corrected, negotiated=negotiated)
        case "above_hps":
            contract = min(pagu, tidy(share(hps, rng, 1.002, 1.03), rng)) if pagu > hps else hps + Decimal(1)
        case "above_pagu":
            contract = tidy(share(pagu, rng, 1.002, 1.03), rng)
        case _:
            contract = negotiated if rng.random() < 0.7 else tidy(share(negotiated, rng, 0.985, 1.0), rng)
    pdn = contract if rng.random() < 0.6 else tidy(share(contract, rng, 0.2, 0.95), rng) if rng.random() < 0.8 else None
    umk = contract if rng.random() < 0.5 else None
    states_negotiation = rng.random() < 0.8
    return Winner(supplier, bid, corrected, negotiated if states_negotiation else None, contract, pdn, umk)


def _uneven(rng: Random, winners: list[Winner]) -> list[Winner]:
    """Only the first winner keeps a contract; what the others have differs, down to one who has nothing."""
    negotiation_for_all, correction_for_all = rng.random() < 0.5, rng.random() < 0.7
    nothing_for_last = rng.random() < 0.2
    uneven = [winners[0]]
    for position, winner in enumerate(winners[1:], start=2):
        if nothing_for_last and position == len(winners):
            uneven.append(Winner(winner.supplier))
            continue
        negotiated = winner.negotiated or winner.corrected
        uneven.append(
            Winner(
                winner.supplier,
                bid=winner.bid,
                corrected=winner.corrected if correction_for_all else None,
                negotiated=negotiated if negotiation_for_all else None,
            )
        )
    return uneven
