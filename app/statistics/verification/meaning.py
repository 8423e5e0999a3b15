"""What each published number counts, said once more in plain words: nothing here is shared with what keeps the numbers.

A package adds to a number only what is not nothing, so a number that is not mentioned is zero.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from app.statistics.verification.facts import Facts

Number = int | Decimal

COMPETED = frozenset({"tender", "non_tender"})
"""A supplier is chosen on the node, and what was agreed can be set against pagu and HPS."""
CARRIED_OUT = frozenset({"recorded", "self_managed", "emergency"})
"""Nobody competes on the node; what counts is how much of the budget has been realised."""
UNDER_WAY = frozenset({"running", "completed"})

RESERVED_UP_TO = Decimal(15_000_000_000)
"""Perpres 12/2021 article 65: ceilings of up to Rp15 miliar are reserved for small enterprises and cooperatives."""
_SMALL = re.compile(r"\bkecil", re.IGNORECASE)
_NOT_SMALL = re.compile(r"non[ -]?kecil", re.IGNORECASE)


def is_sold(package: Facts) -> bool:
    """A competition that has come to its end with a winner."""
    return package.kind in COMPETED and package.status == "completed"


def is_carried(package: Facts) -> bool:
    return package.kind in CARRIED_OUT and package.status in UNDER_WAY


def spent(package: Facts) -> Decimal | None:
    """What was agreed after a competition; without one, what has been realised so far."""
    if package.kind in COMPETED:
        return package.value
    return package.realized_value if is_carried(package) else None


def measures(package: Facts) -> Iterator[tuple[str, Number]]:
    """What one package adds to which sums of its groups."""
    yield "packages", 1
    yield package.status, 1
    yield from _how_well_known(package)
    yield from _budgets(package)
    yield from _savings(package)
    if package.kind in COMPETED:
        yield from _competition(package)
    if is_carried(package):
        yield from _absorption(package)
    yield from _spending(package)
    if package.is_repeated:
        yield "repeated", 1
    if package.date_basis == "scheduled":
        yield "scheduled_dates", 1


def _how_well_known(package: Facts) -> Iterator[tuple[str, Number]]:
    """Of how many packages each thing is known that any package can have; the word “other” says that it is not."""
    if package.institution is not None:
        yield "institution_known", 1
    if package.category not in {None, "other"}:
        yield "category_known", 1
    if package.method not in {None, "other"}:
        yield "method_known", 1
    if package.announced_month is not None:
        yield "announced_known", 1
    if package.is_planned:
        yield "planned", 1
        yield "planned_pagu", package.pagu or 0


def _budgets(package: Facts) -> Iterator[tuple[str, Number]]:
    """Ceilings and estimates, by what has become of the package."""
    if package.pagu is not None:
        yield "pagu_known", 1
        yield f"pagu_{package.status}", package.pagu
    if package.hps is not None:
        yield f"hps_{package.status}", package.hps


def _savings(package: Facts) -> Iterator[tuple[str, Number]]:
    """The agreed value, beside pagu and HPS of those packages alone of which both sides are known."""
    if package.value_basis is not None:
        yield f"basis_{package.value_basis}", 1
    if package.value is None:
        if package.status == "completed":
            yield "no_value", 1
        return
    yield "value", package.value
    if package.pagu is None:
        yield "no_pagu", 1
    else:
        yield "pagu_packages", 1
        yield "pagu_base", package.pagu
        yield "pagu_value", package.value
    if package.hps is None:
        yield "no_hps", 1
    else:
        yield "hps_packages", 1
        yield "hps_base", package.hps
        yield "hps_value", package.value


def _competition(package: Facts) -> Iterator[tuple[str, Number]]:
    yield "contestable", 1
    if package.hps is not None:
        yield "hps_known", 1
    if package.schedule_changes is not None:
        yield "schedule_known", 1
        yield "schedule_changes", package.schedule_changes
        if package.schedule_changes > 0:
            yield "schedule_moved", 1
    if package.business_size is not None and package.pagu is not None and package.pagu <= RESERVED_UP_TO:
        yield "reserved_packages", 1
        if _SMALL.search(package.business_size) and not _NOT_SMALL.search(package.business_size):
            yield "reserved_small", 1
    if not is_sold(package):
        return
    yield "sold", 1
    if package.value is not None:
        yield "value_known", 1
    if package.awarded_month is not None:
        yield "awarded_known", 1
    if package.participants is not None:
        yield "participants_known", 1
        yield "participants", package.participants
    if package.bidders is not None:
        yield "bidders_known", 1
        yield "bidders", package.bidders
    if package.bidders == 1:
        yield "single_bid", 1
    if package.is_contracted:
        yield "contracted", 1
        yield "contracted_pagu", package.pagu or 0


def _absorption(package: Facts) -> Iterator[tuple[str, Number]]:
    """What has been realised, beside the pagu of those packages alone of which both are known."""
    yield "carried", 1
    if package.realized_value is None:
        yield "no_realized", 1
        return
    yield "realized", package.realized_value
    if package.pagu is None:
        yield "realized_no_pagu", 1
    else:
        yield "absorbed_packages", 1
        yield "absorbed_pagu", package.pagu
        yield "absorbed_value", package.realized_value


def _spending(package: Facts) -> Iterator[tuple[str, Number]]:
    """What was spent, and how much of it on domestic products (PDN) and with small enterprises (UMK)."""
    amount = spent(package)
    if amount is None:
        return
    yield "spent_packages", 1
    yield "spent", amount
    if package.pdn_value is not None:
        yield "pdn_packages", 1
        yield "pdn_base", amount
        yield "pdn_value", package.pdn_value
    if package.umk_value is not None:
        yield "umk_packages", 1
        yield "umk_base", amount
        yield "umk_value", package.umk_value


def spans(package: Facts) -> Iterator[tuple[str, int]]:
    """How many days a package that was sold took: to the award, from there to the contract, and in all."""
    if not is_sold(package):
        return
    to_award, to_contract = package.days_to_award, package.days_to_contract
    if to_award is not None:
        yield "award", to_award
    if to_contract is not None:
        yield "contract", to_contract
    if to_award is not None and to_contract is not None:
        yield "whole", to_award + to_contract


GRAINS: Mapping[str, tuple[str, ...]] = {
    "place": (),
    "trade": ("category", "method"),
    "announced": ("announced_month",),
    "awarded": ("awarded_month",),
    "announced_trade": ("category", "method", "fund_sources", "announced_month"),
    "awarded_trade": ("category", "method", "fund_sources", "awarded_month"),
}
"""What each grain tells apart, beside fiscal year, kind and institution."""
