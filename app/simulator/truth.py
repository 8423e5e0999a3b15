"""The totals of the world, counted from the generated packages themselves, before anything is rendered."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.simulator.nodes import SAVING_KINDS
from app.simulator.packages import BASES, STATUSES, Basis, SimulatedPackage

NOTHING = Decimal("0.00")


def value_of(package: SimulatedPackage) -> tuple[Decimal, Basis] | None:
    """What was finally agreed, summed over the winners, by the first basis that every one of them has.

    Only a completed package with at least one winner has a value.
    """
    if package.status != "completed" or not package.winners:
        return None
    for basis in BASES:
        amounts = [winner.amount(basis) for winner in package.winners]
        stated = [amount for amount in amounts if amount is not None]
        if len(stated) == len(amounts):
            return sum(stated, NOTHING), basis
    return None


def figures(packages: Iterable[SimulatedPackage]) -> dict[str, Any]:
    """Savings and coverage over the packages given; amounts are Decimal rupiah."""
    statuses: Counter[str] = Counter()
    basis_counts: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    pagu = pagu_value = hps = hps_value = NOTHING
    with_pagu = with_hps = 0
    for package in packages:
        statuses[package.status] += 1
        if package.status != "completed":
            continue
        agreed = value_of(package)
        if agreed is None:
            left_out["no_value"] += 1
            continue
        value, basis = agreed
        basis_counts[basis] += 1
        if package.pagu is None:
            left_out["no_pagu"] += 1
        else:
            with_pagu, pagu, pagu_value = with_pagu + 1, pagu + package.pagu, pagu_value + value
        if package.hps is None:
            left_out["no_hps"] += 1
        else:
            with_hps, hps, hps_value = with_hps + 1, hps + package.hps, hps_value + value
    return {
        "packages": statuses.total(),
        "completed": statuses["completed"],
        "statuses": {status: statuses[status] for status in STATUSES},
        "by_pagu": {"packages": with_pagu, "pagu": pagu, "value": pagu_value, "savings": pagu - pagu_value},
        "by_hps": {"packages": with_hps, "hps": hps, "value": hps_value, "savings": hps - hps_value},
        "left_out": {reason: left_out[reason] for reason in ("no_value", "no_pagu", "no_hps")},
        "basis": {basis: basis_counts[basis] for basis in BASES},
    }


def truth_of(slug: str, year: int, packages: Sequence[SimulatedPackage]) -> dict[str, Any]:
    """The truth of one node and fiscal year: `figures` over all packages, and again for each kind.

    `packages` must be those whose first fiscal year it is; a package of several years counts in its first alone.
    """
    return {
        "node": slug,
        "fiscal_year": year,
        **figures(packages),
        "kinds": {kind: figures(package for package in packages if package.kind == kind) for kind in SAVING_KINDS},
    }


def as_json(value: Any) -> Any:
    """The truth with amounts as strings of two decimals, so that no reader passes them through a float; dates as ISO."""
    match value:
        case Decimal():
            return f"{value:.2f}"
        case date():  # Moments are dates too.
            return value.isoformat()
        case list():
            return [as_json(item) for item in value]
        case dict():
            return {str(key): as_json(item) for key, item in value.items()}
        case _:
            return value
