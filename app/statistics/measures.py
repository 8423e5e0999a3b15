"""What is summed, in which grains, and from which packages: the one list that tables and "as known then" share.

The triggers that keep the sums say the same in the migration that made them (cf00figures); a test holds the two together.
"""

from enum import StrEnum

from app.core.vocabulary import PackageStatus
from app.procurement.counting import CARRIED, CONDITIONS, SAVING, SOLD, SPENT


class Grain(StrEnum):
    """How finely sums are told apart, beside node, fiscal year, kind and institution."""

    PLACE = "place"
    TRADE = "trade"
    ANNOUNCED = "announced"
    AWARDED = "awarded"
    ANNOUNCED_TRADE = "announced_trade"
    AWARDED_TRADE = "awarded_trade"


GRAIN_COLUMNS: dict[Grain, tuple[str, ...]] = {
    Grain.PLACE: (),
    Grain.TRADE: ("category", "method"),
    Grain.ANNOUNCED: ("announced_month",),
    Grain.AWARDED: ("awarded_month",),
    Grain.ANNOUNCED_TRADE: ("category", "method", "fund_sources", "announced_month"),
    Grain.AWARDED_TRADE: ("category", "method", "fund_sources", "awarded_month"),
}

# What is summed, and over which packages.
_AMOUNTS: dict[str, tuple[str, str | None]] = {
    **{f"pagu_{status}": ("p.pagu", f"p.status = '{status}'") for status in PackageStatus},
    **{f"hps_{status}": ("p.hps", f"p.status = '{status}'") for status in PackageStatus},
    "value": ("p.value", None),
    "pagu_base": ("p.pagu", "p.value IS NOT NULL"),
    "pagu_value": ("p.value", "p.pagu IS NOT NULL"),
    "hps_base": ("p.hps", "p.value IS NOT NULL"),
    "hps_value": ("p.value", "hps IS NOT NULL"),
    "absorbed_pagu": ("p.pagu", f"{CARRIED} AND p.realized_value IS NOT NULL"),
    "absorbed_value": ("p.realized_value", f"{CARRIED} AND p.pagu IS NOT NULL"),
    "realized": ("p.realized_value", CARRIED),
    "spent": (SPENT, None),
    "pdn_base": (SPENT, "p.pdn_value IS NOT NULL"),
    "pdn_value": ("p.pdn_value", f"({SPENT}) IS NOT NULL"),
    "umk_base": (SPENT, "p.umk_value IS NOT NULL"),
    "umk_value": ("p.umk_value", f"({SPENT}) IS NOT NULL"),
    "contracted_pagu": ("p.pagu", f"{SOLD} AND (p.contract_value IS NOT NULL OR p.contracted_at IS NOT NULL)"),
    "planned_pagu": ("p.pagu", "cardinality(p.rup_codes) > 0"),
}
_TALLIES: dict[str, tuple[str, str | None]] = {
    "participants": ("p.participants", SOLD),
    "bidders": ("p.bidders", SOLD),
    "schedule_changes": ("p.schedule_changes", SAVING),
}

COUNTS = (*CONDITIONS, *_TALLIES)
"""Measures that are whole numbers."""
AMOUNTS = tuple(_AMOUNTS)
"""Measures in rupiah."""


def measured(name: str) -> str:
    """A measure as SQL over signed rows `p` of packages: `sign` is +1 for what counts and −1 for what counts no longer."""
    if name in CONDITIONS:
        condition = CONDITIONS[name]
        return f"sum(sign) FILTER (WHERE {condition})" if condition else "sum(sign)"
    amount, condition = _AMOUNTS.get(name) or _TALLIES[name]
    return f"sum(sign * ({amount})){f' FILTER (WHERE {condition})' if condition else ''}"
