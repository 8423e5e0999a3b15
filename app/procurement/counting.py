"""Which packages count in which sum, as SQL over `p`: the one list by which figures add up and by which packages are found.

The triggers that keep the sums say the same in the migration that made them (cf00figures); tests hold the two together.
"""

from app.core.vocabulary import PackageStatus, ValueBasis

SAVING = "p.kind IN ('tender', 'non_tender')"
CARRIED = "p.kind IN ('recorded', 'self_managed', 'emergency') AND p.status IN ('running', 'completed')"
"""Packages that are carried out without a competition on the node: their realisation is absorption."""
SPENT = f"CASE WHEN {SAVING} THEN p.value WHEN {CARRIED} THEN p.realized_value END"
"""The agreed value where one is agreed, else what recorded packages have realised so far."""
SOLD = f"{SAVING} AND p.status = 'completed'"
SMALL = "p.business_size ~* '\\mkecil' AND p.business_size !~* 'non[ -]?kecil'"
"""Offered to small enterprises and cooperatives, by the words of its business size."""
_RESERVED = f"p.pagu <= 15000000000 AND {SAVING} AND p.business_size IS NOT NULL"
# Perpres 12/2021 article 65: ceilings up to Rp15 miliar are reserved for small enterprises and cooperatives.

CONDITIONS: dict[str, str | None] = {
    "packages": None,
    **{str(status): f"p.status = '{status}'" for status in PackageStatus},
    "pagu_known": "p.pagu IS NOT NULL",
    "hps_known": f"{SAVING} AND p.hps IS NOT NULL",
    "value_known": f"{SOLD} AND p.value IS NOT NULL",
    "pagu_packages": "p.value IS NOT NULL AND p.pagu IS NOT NULL",
    "hps_packages": "p.value IS NOT NULL AND p.hps IS NOT NULL",
    "no_value": "p.status = 'completed' AND p.value IS NULL",
    "no_pagu": "p.value IS NOT NULL AND p.pagu IS NULL",
    "no_hps": "p.value IS NOT NULL AND p.hps IS NULL",
    **{f"basis_{basis}": f"p.value_basis = '{basis}'" for basis in ValueBasis},
    "contestable": SAVING,
    "sold": SOLD,
    "repeated": "p.is_repeated",
    "participants_known": f"{SOLD} AND p.participants IS NOT NULL",
    "bidders_known": f"{SOLD} AND p.bidders IS NOT NULL",
    "single_bid": f"{SOLD} AND p.bidders = 1",
    "contracted": f"{SOLD} AND (p.contract_value IS NOT NULL OR p.contracted_at IS NOT NULL)",
    "schedule_known": f"{SAVING} AND p.schedule_changes IS NOT NULL",
    "schedule_moved": f"{SAVING} AND p.schedule_changes > 0",
    "scheduled_dates": "p.date_basis = 'scheduled'",
    "carried": CARRIED,
    "absorbed_packages": f"{CARRIED} AND p.realized_value IS NOT NULL AND p.pagu IS NOT NULL",
    "no_realized": f"{CARRIED} AND p.realized_value IS NULL",
    "realized_no_pagu": f"{CARRIED} AND p.realized_value IS NOT NULL AND p.pagu IS NULL",
    "spent_packages": f"({SPENT}) IS NOT NULL",
    "pdn_packages": f"({SPENT}) IS NOT NULL AND p.pdn_value IS NOT NULL",
    "umk_packages": f"({SPENT}) IS NOT NULL AND p.umk_value IS NOT NULL",
    "reserved_packages": _RESERVED,
    "reserved_small": f"{_RESERVED} AND {SMALL}",
    "institution_known": "p.institution IS NOT NULL",
    "category_known": "p.category <> 'other'",
    "method_known": "p.method <> 'other'",
    "announced_known": "p.announced_month IS NOT NULL",
    "awarded_known": f"{SOLD} AND p.awarded_month IS NOT NULL",
    "planned": "cardinality(p.rup_codes) > 0",
}
"""For each count of figures, when a package is in it; None is always."""

# What is not a sum of its own, but left over between two: who asks for it sees the packages all the same.
_LEFT_OVER = {
    "no_hps_known": f"{SAVING} AND p.hps IS NULL",
    "no_value_known": f"{SOLD} AND p.value IS NULL",
    "no_participants": f"{SOLD} AND p.participants IS NULL",
    "no_bidders": f"{SOLD} AND p.bidders IS NULL",
    "no_spending": f"({SPENT}) IS NULL",
    "no_pdn": f"({SPENT}) IS NOT NULL AND p.pdn_value IS NULL",
    "no_umk": f"({SPENT}) IS NOT NULL AND p.umk_value IS NULL",
    "not_carried": f"NOT ({CARRIED})",
    **{
        f"{span}_days_{basis}": f"{SOLD} AND p.date_basis = '{basis}' AND {days} >= 0"
        for span, days in (
            ("award", "p.days_to_award"),
            ("contract", "p.days_to_contract"),
            ("whole", "(p.days_to_award + p.days_to_contract)"),
        )
        for basis in ("actual", "scheduled")
    },
    **{
        name: condition
        for span, days in (
            ("award", "p.days_to_award"),
            ("contract", "p.days_to_contract"),
            ("whole", "(p.days_to_award + p.days_to_contract)"),
        )
        for name, condition in (
            (f"{span}_days_unknown", f"{SOLD} AND {days} IS NULL"),
            (f"{span}_days_out_of_order", f"{SOLD} AND {days} < 0"),
        )
    },
}
COUNTED_IN: dict[str, str] = {
    **{name: f"({condition})" for name, condition in CONDITIONS.items() if condition is not None},
    **{name: f"({condition})" for name, condition in _LEFT_OVER.items()},
}
"""What the filter `counted_in` of a list of packages may name."""
