"""What the three tables of sums must hold, added up one package and one award at a time: no SQL, nothing of the hub's own."""

from collections import defaultdict
from decimal import Decimal

STATUSES = ("running", "completed", "failed", "cancelled", "no_schedule", "other")
BASES = ("contract", "negotiated", "corrected", "bid", "award")


def competes(p):
    return p["kind"] in {"tender", "non_tender"}


def sold(p):
    return competes(p) and p["status"] == "completed"


def carried(p):
    return not competes(p) and p["status"] in {"running", "completed"}


def spent(p):
    return p["value"] if competes(p) else p["realized_value"] if carried(p) else None


def has(*names):
    return lambda p: all(p[name] is not None for name in names)


def lacks(name, given):
    return lambda p: p[name] is None and p[given] is not None


def contracted(p):
    return sold(p) and (p["contract_value"] is not None or p["contracted_at"] is not None)


def reserved(p):
    return competes(p) and has("pagu", "business_size")(p) and p["pagu"] <= 15 * 10**9


def small(p):
    size = p["business_size"].lower().replace("-", " ").replace("non kecil", "").replace("nonkecil", "")
    return size == p["business_size"].lower().replace("-", " ") and any(
        word.startswith("kecil") for word in size.split()
    )


def both(*conditions):
    return lambda p: all(condition(p) for condition in conditions)


COUNTED = {
    "packages": has("node_id"),
    **{status: lambda p, status=status: p["status"] == status for status in STATUSES},
    "pagu_known": has("pagu"),
    "hps_known": both(competes, has("hps")),
    "value_known": both(sold, has("value")),
    "pagu_packages": has("value", "pagu"),
    "hps_packages": has("value", "hps"),
    "no_value": lambda p: p["status"] == "completed" and p["value"] is None,
    "no_pagu": lacks("pagu", "value"),
    "no_hps": lacks("hps", "value"),
    **{f"basis_{basis}": lambda p, basis=basis: p["value_basis"] == basis for basis in BASES},
    "contestable": competes,
    "sold": sold,
    "repeated": lambda p: p["is_repeated"],
    "participants_known": both(sold, has("participants")),
    "bidders_known": both(sold, has("bidders")),
    "single_bid": lambda p: sold(p) and p["bidders"] == 1,
    "contracted": contracted,
    "schedule_known": both(competes, has("schedule_changes")),
    "schedule_moved": lambda p: competes(p) and (p["schedule_changes"] or 0) > 0,
    "scheduled_dates": lambda p: p["date_basis"] == "scheduled",
    "carried": carried,
    "absorbed_packages": both(carried, has("realized_value", "pagu")),
    "no_realized": lambda p: carried(p) and p["realized_value"] is None,
    "realized_no_pagu": both(carried, lacks("pagu", "realized_value")),
    "spent_packages": lambda p: spent(p) is not None,
    "pdn_packages": lambda p: spent(p) is not None and p["pdn_value"] is not None,
    "umk_packages": lambda p: spent(p) is not None and p["umk_value"] is not None,
    "reserved_packages": reserved,
    "reserved_small": lambda p: reserved(p) and small(p),
    "institution_known": has("institution"),
    "category_known": lambda p: p["category"] not in {None, "other"},
    "method_known": lambda p: p["method"] not in {None, "other"},
    "announced_known": has("announced_month"),
    "awarded_known": both(sold, has("awarded_month")),
    "planned": lambda p: len(p["rup_codes"]) > 0,
}
# name → over which packages, and what of them.
SUMMED = {
    **{f"pagu_{status}": (COUNTED[status], "pagu") for status in STATUSES},
    **{f"hps_{status}": (COUNTED[status], "hps") for status in STATUSES},
    "value": (has("value"), "value"),
    "pagu_base": (COUNTED["pagu_packages"], "pagu"),
    "pagu_value": (COUNTED["pagu_packages"], "value"),
    "hps_base": (COUNTED["hps_packages"], "hps"),
    "hps_value": (COUNTED["hps_packages"], "value"),
    "participants": (sold, "participants"),
    "bidders": (sold, "bidders"),
    "schedule_changes": (competes, "schedule_changes"),
    "absorbed_pagu": (COUNTED["absorbed_packages"], "pagu"),
    "absorbed_value": (COUNTED["absorbed_packages"], "realized_value"),
    "realized": (carried, "realized_value"),
    "spent": (COUNTED["spent_packages"], spent),
    "pdn_base": (COUNTED["pdn_packages"], spent),
    "pdn_value": (COUNTED["pdn_packages"], "pdn_value"),
    "umk_base": (COUNTED["umk_packages"], spent),
    "umk_value": (COUNTED["umk_packages"], "umk_value"),
    "contracted_pagu": (contracted, "pagu"),
    "planned_pagu": (COUNTED["planned"], "pagu"),
}

GRAINS = {
    "place": (),
    "trade": ("category", "method"),
    "announced": ("announced_month",),
    "awarded": ("awarded_month",),
    "announced_trade": ("category", "method", "fund_sources", "announced_month"),
    "awarded_trade": ("category", "method", "fund_sources", "awarded_month"),
}


def place(p):
    return p["node_id"], p["fiscal_year"], p["kind"], p["institution"] or ""


def package_sums(packages):
    groups = defaultdict(lambda: defaultdict(Decimal))
    for p in packages:
        if p["withdrawn"]:
            continue
        detail = {name: p[name] or "" for name in ("category", "method", "announced_month", "awarded_month")}
        detail["fund_sources"] = ",".join(sorted(set(p["fund_sources"])))
        for grain, kept in GRAINS.items():
            told = [detail[name] if name in kept else "*" for name in ("category", "method", "fund_sources")]
            month = next((detail[name] for name in kept if name.endswith("month")), "*")
            sums = groups[grain, *place(p), *told, month]
            for name, condition in COUNTED.items():
                sums[name] += bool(condition(p))
            for name, (condition, amount) in SUMMED.items():
                if condition(p):
                    sums[name] += (amount(p) if callable(amount) else p[amount]) or 0
    return nothing_left_out(groups)


def day_counts(packages):
    groups = defaultdict(lambda: {"packages": 0})
    for p in packages:
        if p["withdrawn"] or not sold(p):
            continue
        first, second = p["days_to_award"], p["days_to_contract"]
        whole = None if first is None or second is None else first + second
        for span, days in (("award", first), ("contract", second), ("whole", whole)):
            if days is not None:
                groups[*place(p), span, p["date_basis"] or "", days]["packages"] += 1
    return nothing_left_out(groups)


def supplier_sums(packages, awards):
    counted = {p["id"]: p for p in packages if sold(p) and not p["withdrawn"]}
    groups = defaultdict(lambda: {"awards": 0, "valued": 0, "value": Decimal(0)})
    for award in awards:
        if p := counted.get(award["package_id"]):
            sums = groups[*place(p), award["supplier_id"]]
            sums["awards"] += 1
            sums["valued"] += award["value"] is not None
            sums["value"] += award["value"] or 0
    return nothing_left_out(groups)


def nothing_left_out(groups):
    """Only what is not nothing: a group without packages may stay as a row of zeros."""
    held = {key: {name: amount for name, amount in sums.items() if amount} for key, sums in groups.items()}
    return {key: sums for key, sums in held.items() if sums}
