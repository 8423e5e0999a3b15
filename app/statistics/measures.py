"""What is summed, in which grains, and from which packages: the one list that tables and "as known then" share.

The triggers that keep the sums say the same in the migration that made them (cf00figures); a test holds the two together.
"""

from enum import StrEnum

from app.core.vocabulary import PackageStatus, ValueBasis


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

SAVING = "kind IN ('tender', 'non_tender')"
CARRIED = "kind IN ('recorded', 'self_managed', 'emergency') AND status IN ('running', 'completed')"
"""Packages that are carried out without a competition on the node: their realisation is absorption."""
SPENT = f"CASE WHEN {SAVING} THEN value WHEN {CARRIED} THEN realized_value END"
"""The agreed value where one is agreed, else what recorded packages have realised so far."""
SOLD = f"{SAVING} AND status = 'completed'"
RESERVED = "pagu <= 15000000000 AND kind IN ('tender', 'non_tender') AND business_size IS NOT NULL"
"""Perpres 12/2021 article 65: ceilings up to Rp15 miliar are reserved for small enterprises and cooperatives."""
SMALL = "business_size ~* '\\mkecil' AND business_size !~* 'non[ -]?kecil'"

# Condition under which a package counts; None is always.
_CONDITIONS: dict[str, str | None] = {
    "packages": None,
    **{str(status): f"status = '{status}'" for status in PackageStatus},
    "pagu_known": "pagu IS NOT NULL",
    "hps_known": f"{SAVING} AND hps IS NOT NULL",
    "value_known": f"{SOLD} AND value IS NOT NULL",
    "pagu_packages": "value IS NOT NULL AND pagu IS NOT NULL",
    "hps_packages": "value IS NOT NULL AND hps IS NOT NULL",
    "no_value": "status = 'completed' AND value IS NULL",
    "no_pagu": "value IS NOT NULL AND pagu IS NULL",
    "no_hps": "value IS NOT NULL AND hps IS NULL",
    **{f"basis_{basis}": f"value_basis = '{basis}'" for basis in ValueBasis},
    "contestable": SAVING,
    "sold": SOLD,
    "repeated": "is_repeated",
    "participants_known": f"{SOLD} AND participants IS NOT NULL",
    "bidders_known": f"{SOLD} AND bidders IS NOT NULL",
    "single_bid": f"{SOLD} AND bidders = 1",
    "contracted": f"{SOLD} AND (contract_value IS NOT NULL OR contracted_at IS NOT NULL)",
    "schedule_known": f"{SAVING} AND schedule_changes IS NOT NULL",
    "schedule_moved": f"{SAVING} AND schedule_changes > 0",
    "scheduled_dates": "date_basis = 'scheduled'",
    "carried": CARRIED,
    "absorbed_packages": f"{CARRIED} AND realized_value IS NOT NULL AND pagu IS NOT NULL",
    "no_realized": f"{CARRIED} AND realized_value IS NULL",
    "realized_no_pagu": f"{CARRIED} AND realized_value IS NOT NULL AND pagu IS NULL",
    "spent_packages": f"({SPENT}) IS NOT NULL",
    "pdn_packages": f"({SPENT}) IS NOT NULL AND pdn_value IS NOT NULL",
    "umk_packages": f"({SPENT}) IS NOT NULL AND umk_value IS NOT NULL",
    "reserved_packages": RESERVED,
    "reserved_small": f"{RESERVED} AND {SMALL}",
    "institution_known": "institution IS NOT NULL",
    "category_known": "category <> 'other'",
    "method_known": "method <> 'other'",
    "announced_known": "announced_month IS NOT NULL",
    "awarded_known": f"{SOLD} AND awarded_month IS NOT NULL",
    "planned": "cardinality(rup_codes) > 0",
}
# What is summed, and over which packages.
_AMOUNTS: dict[str, tuple[str, str | None]] = {
    **{f"pagu_{status}": ("pagu", f"status = '{status}'") for status in PackageStatus},
    **{f"hps_{status}": ("hps", f"status = '{status}'") for status in PackageStatus},
    "value": ("value", None),
    "pagu_base": ("pagu", "value IS NOT NULL"),
    "pagu_value": ("value", "pagu IS NOT NULL"),
    "hps_base": ("hps", "value IS NOT NULL"),
    "hps_value": ("value", "hps IS NOT NULL"),
    "absorbed_pagu": ("pagu", f"{CARRIED} AND realized_value IS NOT NULL"),
    "absorbed_value": ("realized_value", f"{CARRIED} AND pagu IS NOT NULL"),
    "realized": ("realized_value", CARRIED),
    "spent": (SPENT, None),
    "pdn_base": (SPENT, "pdn_value IS NOT NULL"),
    "pdn_value": ("pdn_value", f"({SPENT}) IS NOT NULL"),
    "umk_base": (SPENT, "umk_value IS NOT NULL"),
    "umk_value": ("umk_value", f"({SPENT}) IS NOT NULL"),
    "contracted_pagu": ("pagu", f"{SOLD} AND (contract_value IS NOT NULL OR contracted_at IS NOT NULL)"),
    "planned_pagu": ("pagu", "cardinality(rup_codes) > 0"),
}
_TALLIES: dict[str, tuple[str, str | None]] = {
    "participants": ("participants", SOLD),
    "bidders": ("bidders", SOLD),
    "schedule_changes": ("schedule_changes", SAVING),
}

COUNTS = (*_CONDITIONS, *_TALLIES)
"""Measures that are whole numbers."""
AMOUNTS = tuple(_AMOUNTS)
"""Measures in rupiah."""


def measured(name: str) -> str:
    """A measure as SQL over signed rows of packages: `sign` is +1 for what counts and −1 for what counts no longer."""
    if name in _CONDITIONS:
        condition = _CONDITIONS[name]
        return f"sum(sign) FILTER (WHERE {condition})" if condition else "sum(sign)"
    amount, condition = _AMOUNTS.get(name) or _TALLIES[name]
    return f"sum(sign * ({amount})){f' FILTER (WHERE {condition})' if condition else ''}"


FUND_SOURCES = """
    CASE cardinality(fund_sources) WHEN 0 THEN '' WHEN 1 THEN fund_sources[1] ELSE (
        SELECT string_agg(DISTINCT source COLLATE "C", ',' ORDER BY source COLLATE "C")
        FROM unnest(fund_sources) AS source) END COLLATE "C"
"""
"""All fund sources of a package as one word of the key, so that no package counts twice."""
