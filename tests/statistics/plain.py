"""Every figure reckoned in plain Python from rows of packages: what is counted, said once more and nowhere shared."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

SALES = {"tender", "non_tender"}
STATUSES = ("running", "completed", "failed", "cancelled", "no_schedule", "other")
NOTHING = Decimal(0)


def share(part, base):
    """Six decimals, half away from zero."""
    if not base:
        return None
    exact = Fraction(part) / Fraction(base)
    millionths, rest = divmod(abs(exact.numerator) * 10**6, exact.denominator)
    millionths += 2 * rest >= exact.denominator
    return Decimal(millionths if exact >= 0 else -millionths).scaleb(-6)


def total(rows, name):
    return sum((row[name] for row in rows if row[name] is not None), NOTHING)


def known(rows, *names):
    return [row for row in rows if all(row[name] is not None for name in names)]


def keys_of(row, month):
    region = row["region"]
    return {
        "node": row["node"],
        "region": region,
        "province": region and region[:2],
        "institution": row["institution"],
        "fiscal_year": row["fiscal_year"],
        "kind": row["kind"],
        "category": row["category"],
        "method": row["method"],
        "month": row[month],
        "fund_sources": ",".join(sorted(set(row["fund_sources"]))) or None,
    }


def savings(rows, _everything):
    valued = known(rows, "value")

    def block(base):
        both = known(valued, base)
        saved = total(both, base) - total(both, "value")
        return {
            "packages": len(both),
            base: total(both, base),
            "value": total(both, "value"),
            "savings": saved,
            "ratio": share(saved, total(both, base)),
        }

    completed = [row for row in rows if row["status"] == "completed"]
    return {
        "packages": len(rows),
        "completed": len(completed),
        "by_pagu": block("pagu"),
        "by_hps": block("hps"),
        "left_out": {
            "no_value": len(completed) - len(known(completed, "value")),
            "no_pagu": len(valued) - len(known(valued, "pagu")),
            "no_hps": len(valued) - len(known(valued, "hps")),
        },
        "basis": {
            basis: sum(row["value_basis"] == basis for row in rows)
            for basis in ("contract", "negotiated", "corrected", "bid", "award")
        },
    }


def packages(rows, _everything):
    by_status = {
        status: {
            "packages": len(those := [row for row in rows if row["status"] == status]),
            "pagu": total(those, "pagu"),
            "hps": total(those, "hps"),
        }
        for status in STATUSES
    }
    return {
        "packages": len(rows),
        "by_status": by_status,
        "pagu": total(rows, "pagu"),
        "hps": total(rows, "hps"),
        "value": total(rows, "value"),
        "repeated": sum("Tender Ulang" in row["labels"] or "Seleksi Ulang" in row["labels"] for row in rows),
        "left_out": {
            "no_pagu": len(rows) - len(known(rows, "pagu")),
            "no_hps": sum(row["kind"] in SALES and row["hps"] is None for row in rows),
            "no_value": sum(
                row["kind"] in SALES and row["status"] == "completed" and row["value"] is None for row in rows
            ),
        },
    }


def competition(rows, everything):
    ends = {status: [row for row in rows if row["status"] == status] for status in STATUSES}
    completed = ends["completed"]
    failures = len(ends["failed"]) + len(ends["cancelled"])
    repeated = packages(rows, None)["repeated"]

    def heads(name):
        counted = known(completed, name)
        heads = sum(row[name] for row in counted)
        return {"packages": len(counted), "sum": heads, "mean": share(heads, len(counted))}

    bids = known(completed, "bidders")
    single = sum(row["bidders"] == 1 for row in bids)
    return {
        "packages": len(rows),
        "completed": len(completed),
        "failed": len(ends["failed"]),
        "cancelled": len(ends["cancelled"]),
        "failed_share": share(failures, failures + len(completed)),
        "repeated": repeated,
        "repeated_share": share(repeated, len(rows)),
        "participants": heads("participants"),
        "bidders": {**heads("bidders"), "single": single, "single_share": share(single, len(bids))},
        "suppliers": suppliers(completed, everything),
        "left_out": {
            "no_participants": len(completed) - len(known(completed, "participants")),
            "no_bidders": len(completed) - len(bids),
        },
    }


def suppliers(completed, everything):
    first_years = {}
    for row in everything:
        if row["status"] == "completed" and row["kind"] in SALES:
            for supplier, _value in row["awards"]:
                first_years[supplier] = min(first_years.get(supplier, 9999), row["fiscal_year"])
    won = defaultdict(lambda: NOTHING)
    years = defaultdict(set)
    awards = [(supplier, value, row["fiscal_year"]) for row in completed for supplier, value in row["awards"]]
    for supplier, value, year in awards:
        won[supplier] += value or NOTHING
        years[supplier].add(year)
    largest = sorted(won.values(), reverse=True)
    value = sum(largest, NOTHING)
    return {
        "distinct": len(won),
        "new": sum(first_years[supplier] in years[supplier] for supplier in won),
        "awards": len(awards),
        "valued_awards": sum(amount is not None for _supplier, amount, _year in awards),
        "value": value,
        "hhi": share(sum(amount * amount for amount in largest), value * value),
        **{f"top_{n}_share": share(sum(largest[:n], NOTHING), value) for n in (1, 5, 10)},
    }


def percentile(days, tenths):
    """Linear between the two nearest of the sorted days."""
    if not days:
        return None
    place = Fraction(tenths, 10) * (len(days) - 1)
    low = int(place)
    high = min(low + 1, len(days) - 1)
    exact = days[low] + (days[high] - days[low]) * (place - low)
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def timeliness(rows, _everything):
    completed = [row for row in rows if row["status"] == "completed"]

    def day(row, earlier, later):
        if row[earlier] is None or row[later] is None:
            return None
        ahead = row["offset"]
        return ((row[later] + ahead).date() - (row[earlier] + ahead).date()).days

    def days(row, span):
        award = day(row, "announced_at", "awarded_at")
        contract = day(row, "awarded_at", "contracted_at")
        if span == "award":
            return award
        if span == "contract":
            return contract
        return None if award is None or contract is None else award + contract

    def spread(span, basis):
        counted = sorted(
            found
            for row in completed
            if row["date_basis"] == basis and (found := days(row, span)) is not None and found >= 0
        )
        return {"packages": len(counted), "median": percentile(counted, 5), "p90": percentile(counted, 9)}

    def left_out(span):
        found = [days(row, span) for row in completed]
        return {
            "unknown": sum(day is None for day in found),
            "out_of_order": sum(day is not None and day < 0 for day in found),
        }

    moves = [sum(changes) for row in rows if (changes := [s["changes"] for s in row["schedule"] if s.get("changes") is not None])]  # fmt: skip
    spans = ("award", "contract", "whole")
    return {
        "packages": len(rows),
        "completed": len(completed),
        **{span: spread(span, "actual") for span in spans},
        "scheduled": {span: spread(span, "scheduled") for span in spans},
        "schedule": {
            "packages": len(moves),
            "moved": sum(changes > 0 for changes in moves),
            "moved_share": share(sum(changes > 0 for changes in moves), len(moves)),
            "changes": sum(moves),
        },
        "left_out": {span: left_out(span) for span in spans},
    }


def carried_out(rows):
    return [row for row in rows if row["kind"] not in SALES and row["status"] in {"running", "completed"}]


def absorption(rows, _everything):
    carried = carried_out(rows)
    realized = known(carried, "realized_value")
    both = known(realized, "pagu")
    pagu, spent = total(both, "pagu"), total(both, "realized_value")
    return {
        "packages": len(rows),
        "carried": len(carried),
        "absorbed": {"packages": len(both), "pagu": pagu, "realized": spent, "remaining": pagu - spent, "ratio": share(spent, pagu)},
        "realized": total(realized, "realized_value"),
        "left_out": {
            "not_carried": len(rows) - len(carried),
            "no_realized": len(carried) - len(realized),
            "no_pagu": len(realized) - len(both),
        },
    }  # fmt: skip


def pdn_umk(rows, _everything):
    carried = {id(row) for row in carried_out(rows)}
    spendings = []
    for row in rows:
        spent = row["value"] if row["kind"] in SALES else row["realized_value"] if id(row) in carried else None
        if spent is not None:
            spendings.append({**row, "spent": spent})

    def block(name):
        both = known(spendings, name)
        spent, value = total(both, "spent"), total(both, name)
        return {"packages": len(both), "spent": spent, "value": value, "share": share(value, spent)}

    umk = block("umk_value")
    sized = [
        r
        for r in rows
        if r["kind"] in SALES and r["business_size"] and r["pagu"] is not None and r["pagu"] <= 15 * 10**9
    ]
    small = [row for row in sized if row["business_size"] in {"Kecil", "Usaha Kecil"}]
    return {
        "packages": len(rows),
        "spent": {"packages": len(spendings), "value": total(spendings, "spent")},
        "pdn": block("pdn_value"),
        "umk": {
            **umk,
            "threshold": Decimal("0.4"),
            "to_threshold": (umk["spent"] * 4 / 10 - umk["value"]).quantize(Decimal("0.01"), ROUND_HALF_UP) if umk["spent"] else None,
            "reaches_threshold": umk["value"] * 10 >= umk["spent"] * 4 if umk["spent"] else None,
        },
        "reserved": {"packages": len(sized), "small": len(small), "small_share": share(len(small), len(sized))},
        "left_out": {
            "no_spending": len(rows) - len(spendings),
            "no_pdn": len(spendings) - len(known(spendings, "pdn_value")),
            "no_umk": len(spendings) - umk["packages"],
        },
    }  # fmt: skip


def coverage(rows, _everything):
    sales = [row for row in rows if row["kind"] in SALES]
    sold = [row for row in sales if row["status"] == "completed"]

    def fact(those, test):
        found = sum(map(test, those))
        return {"packages": found, "of": len(those), "share": share(found, len(those))}

    def said(name):
        return lambda row: row[name] is not None

    facts = {
        "pagu": (rows, said("pagu")),
        "hps": (sales, said("hps")),
        "value": (sold, said("value")),
        "institution": (rows, said("institution")),
        "category": (rows, lambda row: row["category"] not in {None, "other"}),
        "method": (rows, lambda row: row["method"] not in {None, "other"}),
        "announced_month": (rows, said("announced_at")),
        "awarded_month": (sold, said("awarded_at")),
        "participants": (sold, said("participants")),
        "bidders": (sold, said("bidders")),
        "schedule": (sales, lambda row: any(stage.get("changes") is not None for stage in row["schedule"])),
        "rup_codes": (rows, lambda row: bool(row["rup_codes"])),
    }
    return {
        "packages": len(rows),
        "completed": sum(row["status"] == "completed" for row in rows),
        "known": {name: fact(those, test) for name, (those, test) in facts.items()},
        "scheduled_dates": sum(row["date_basis"] == "scheduled" for row in rows),
    }


EVERY_KIND = {"tender", "non_tender", "recorded", "self_managed", "emergency"}
FIGURES = {
    "savings": (savings, SALES, "awarded_month"),
    "packages": (packages, EVERY_KIND, "announced_month"),
    "competition": (competition, SALES, "announced_month"),
    "timeliness": (timeliness, SALES, "announced_month"),
    "absorption": (absorption, EVERY_KIND - SALES, "announced_month"),
    "pdn-umk": (pdn_umk, EVERY_KIND, "announced_month"),
    "coverage": (coverage, EVERY_KIND, "announced_month"),
}


def answered(name, everything, filters, group_by):
    """Items and total as the API must tell them."""
    figure, kinds, month = FIGURES[name]
    counted = [
        (keys, row)
        for row in everything
        if row["kind"] in kinds
        and all((keys := keys_of(row, month))[name] in wanted for name, wanted in filters.items())
        for keys in [keys_of(row, month)]
    ]
    groups = defaultdict(list)
    for keys, row in counted:
        groups[tuple(keys[name] for name in group_by)].append(row)
    ordered = sorted(groups, key=lambda key: [(part is None, part) for part in key])
    items = [{**dict(zip(group_by, key, strict=True)), **figure(groups[key], everything)} for key in ordered]
    return {"items": items, "total": figure([row for _keys, row in counted], everything)}
